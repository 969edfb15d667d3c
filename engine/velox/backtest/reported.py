"""A back-test with its report: what `velox backtest --report` and a notebook run."""

from collections.abc import Callable

import msgspec

from velox.backtest.choose import Ask
from velox.backtest.run import Progress, Result, run
from velox.report.keeper import Keeper, Kept
from velox.report.report import Report
from velox.settings import Settings

__all__ = ["Reported", "backtest"]


class Reported(Report):
    """The report of a back-test together with its result: the figures as attributes."""

    def __init__(self, result: Result, kept: Kept) -> None:
        super().__init__(msgspec.to_builtins(result), kept)
        self.result = result


def backtest(ask: Ask, settings: Settings | None = None, tell: Callable[[Progress], None] = lambda _: None) -> Reported:
    """Run a back-test and report it; without settings, by the defaults."""
    keeper = Keeper()
    return Reported(run(ask, settings or Settings(), tell, keeper=keeper), keeper.finish())

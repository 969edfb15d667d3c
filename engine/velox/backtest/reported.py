"""A back-test with its report: what `velox backtest --report` and a notebook run."""

from collections.abc import Callable

import msgspec

from velox.backtest.choose import Ask
from velox.backtest.run import Progress, Result, run
from velox.report.keeper import Keeper
from velox.report.report import Report
from velox.settings import Settings

__all__ = ["backtest", "reported"]


def backtest(ask: Ask, settings: Settings | None = None, tell: Callable[[Progress], None] = lambda _: None) -> Report:
    """Run a back-test and report it; without settings, by the defaults."""
    return reported(ask, settings or Settings(), tell)[1]


def reported(ask: Ask, settings: Settings, tell: Callable[[Progress], None] = lambda _: None) -> tuple[Result, Report]:
    """Run a back-test; gives its result and its report."""
    keeper = Keeper(settings.paper.capital_rupees)
    result = run(ask, settings, tell, keeper=keeper)
    return result, Report(msgspec.to_builtins(result), keeper.finish())

"""A back-test asked of a strategy's object, as in a notebook."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from velox.backtest.charges import costs
from velox.backtest.choose import Ask
from velox.backtest.reported import reported
from velox.errors import BadInput
from velox.market.calendar import day_span
from velox.report.report import Report
from velox.runtime.plan import StrategyPlan
from velox.settings import load as load_settings
from velox.strategy.base import Strategy
from velox.strategy.load import hold
from velox.strategy.notebook import Options

__all__ = ["backtest"]


def backtest(
    strategy: type[Strategy],
    texts: Mapping[str, str],
    days: tuple[str | None, str | None],
    *,
    catalog: str | Path,
    options: Options,
) -> Report:
    """Run a class with these parameters over the days of a catalogue and report it; dates are inclusive."""
    unknown = options.keys() - Options.__annotations__.keys()
    if unknown:
        raise BadInput(f"backtest({min(unknown)}=…) is not known: there are {', '.join(Options.__annotations__)}")
    first, last = (None if day is None else _span(day) for day in days)
    charges = options.get("charges", "discount")
    as_of = options.get("facts_as_of")
    ask = Ask(
        plans=[StrategyPlan(hold(strategy), dict(texts))],
        catalog=Path(catalog),
        first=None if first is None else first[0],
        last=None if last is None else last[1],
        facts_as_of=None if as_of is None else _span(as_of)[0],
        charges=charges,
    )
    asked: dict[str, Any] = {name: options.get(name) for name in ("capital", "slippage", "latency")}
    return reported(ask, costs(load_settings(), charges, **asked))[1]


def _span(text: str) -> tuple[dt.date, dt.date]:
    try:
        return day_span(text)
    except ValueError as error:
        raise BadInput(str(error)) from None

"""A back-test asked of a strategy's object, as in a notebook."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from velox.backtest.charges import costs
from velox.backtest.choose import Ask
from velox.backtest.reported import Reported
from velox.backtest.reported import backtest as reported
from velox.errors import BadInput
from velox.market.calendar import day_span
from velox.market.corporate_actions import NO_ACTIONS, read_actions
from velox.market.lots import Lots
from velox.runtime.plan import StrategyPlan
from velox.sections import CapitalRupees, LatencyMs, SlippageTicks
from velox.settings import load as load_settings
from velox.strategy.base import Strategy
from velox.strategy.load import hold
from velox.strategy.notebook import Options

__all__ = ["backtest"]


# What each option must be, and how that is said.
_MEANT: dict[str, tuple[Any, str]] = {
    "capital": (CapitalRupees, "an amount in rupees, as in 500_000"),
    "slippage": (SlippageTicks, "a whole number of ticks, as in 1"),
    "latency": (LatencyMs, "a whole number of milliseconds, as in 50"),
    "charges": (Literal["discount", "statutory", "none"], "'discount', 'statutory' or 'none'"),
    "facts_as_of": (str, "a date, as in '2026-08-31'"),
    "corporate_actions": (str, "a file of splits, bonuses, dividends and renames, as in 'actions.toml'"),
    "watch": (list[str], "a list of instruments that hooks may choose, as in ['NSE:INFY']"),
}


def backtest(
    strategy: type[Strategy],
    texts: Mapping[str, str],
    days: tuple[str | None, str | None],
    *,
    catalog: str | Path,
    options: Options,
) -> Reported:
    """Run a class with these parameters over the days of a catalogue and report it; dates are inclusive."""
    _judge(options)
    first, last = (None if day is None else _span(day) for day in days)
    charges = options.get("charges", "discount")
    as_of = options.get("facts_as_of")
    settings = load_settings()
    told = options.get("corporate_actions", settings.market.corporate_actions)
    ask = Ask(
        plans=[StrategyPlan(hold(strategy), dict(texts))],
        catalog=Path(catalog),
        first=None if first is None else first[0],
        last=None if last is None else last[1],
        facts_as_of=None if as_of is None else _span(as_of)[0],
        charges=charges,
        actions=NO_ACTIONS if told is None else read_actions(Path(told)),
        lots=Lots(settings.market.instrument_files),
        watched=options.get("watch", []),
    )
    asked: dict[str, Any] = {name: options.get(name) for name in ("capital", "slippage", "latency")}
    return reported(ask, costs(settings, charges, **asked))


def _judge(options: Mapping[str, object]) -> None:
    """Refuse what is no option, and values that an option cannot have."""
    for name, value in options.items():
        if name not in _MEANT:
            raise BadInput(f"backtest({name}=…) is not known: there are {', '.join(_MEANT)}")
        wanted, words = _MEANT[name]
        try:
            msgspec.convert(str(value) if isinstance(value, Path) else value, wanted)
        except msgspec.ValidationError:
            raise BadInput(f"backtest({name}={value!r}) cannot be used: {name} is {words}") from None


def _span(text: str) -> tuple[dt.date, dt.date]:
    try:
        return day_span(text)
    except ValueError as error:
        raise BadInput(str(error)) from None

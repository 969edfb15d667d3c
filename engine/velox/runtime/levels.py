"""Limits of single strategies and single instruments: what a day journals of them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from velox.errors import BadInput
from velox.events import LimitsSet
from velox.market.instruments import InstrumentBook
from velox.runtime.account import level_limits
from velox.settings import LevelLimits, Settings

__all__ = ["check_levels", "level_lines", "level_sets"]

_NONE = LevelLimits()


def check_levels(settings: Settings, book: InstrumentBook) -> None:
    """Refuse limits of an instrument that nobody knows: a misspelt name would limit nothing."""
    for name in settings.limits.instruments:
        try:
            _ = book[name]
        except BadInput as error:
            raise BadInput(f'[limits.instruments."{name}"]: {error}') from None


def level_sets(
    settings: Settings, summary: dict[str, Any], strategies: Mapping[str, int], instruments: Mapping[str, int]
) -> list[LimitsSet]:
    """A record for every strategy and instrument that has limits of its own, or had them and has none any more."""
    limits, found = settings.limits, []
    limited = {told["name"] for told in summary["strategies"] if told["limited"]}
    for name in sorted({*limited, *limits.strategies} & strategies.keys()):
        found.append(level_limits(limits.strategies.get(name, _NONE), instance=strategies[name]))
    for account in summary["accounts"]:
        for name in sorted({*account["limited"], *limits.instruments} & instruments.keys()):
            found.append(level_limits(limits.instruments.get(name, _NONE), instrument=instruments[name]))
    return found


def level_lines(settings: Settings, strategies: set[str]) -> list[str]:
    """The limits of single strategies and instruments in plain words."""
    limits = settings.limits
    lines = [f"Limits of {name}: {_words(each)}." for name, each in {**limits.strategies, **limits.instruments}.items()]
    running = ", ".join(sorted(strategies)) or "no strategies"
    lines += [
        f"[limits.strategies.{name}] limits nothing today: there are {running}."
        for name in limits.strategies
        if name not in strategies
    ]
    return lines


def _words(limits: LevelLimits) -> str:
    told = {name: value for name, value in msgspec.structs.asdict(limits).items() if value}
    return ", ".join(f"{name} {value:,g}" for name, value in told.items()) or "none"

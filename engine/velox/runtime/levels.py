"""Limits of single strategies and single instruments: what a day journals of them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from velox.errors import BadInput
from velox.events import LimitsSet
from velox.market.instruments import InstrumentBook
from velox.runtime.account import level_limits
from velox.rupees import briefly
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
    settings: Settings,
    summary: dict[str, Any],
    strategies: Mapping[str, tuple[int, int]],
    instruments: Mapping[str, int],
) -> list[LimitsSet]:
    """A record for every strategy and instrument that has limits of its own, or had them and has none any more.

    Strategies are given with their number and that of their account.
    """
    limits, found = settings.limits, []
    limited = {told["name"] for told in summary["strategies"] if told["limited"]}
    for name, (number, account) in sorted(strategies.items()):
        row = limits.strategies.get(name) or limits.strategies.get(_without_count(name))
        if row is not None or name in limited:
            found.append(level_limits(row or _NONE, account, instance=number))
    for number, told in enumerate(summary["accounts"]):
        for name in sorted({*told["limited"], *limits.instruments} & instruments.keys()):
            row = limits.instruments.get(name, _NONE)
            found.append(level_limits(row, number, instrument=instruments[name]))
    return found


def _without_count(name: str) -> str:
    """The name that was given a number because several have it."""
    base, _, count = name.rpartition("-")
    return base if base and count.isdecimal() else name


def level_lines(settings: Settings, strategies: set[str]) -> list[str]:
    """The limits of single strategies and instruments in plain words."""
    limits = settings.limits
    lines = [f"Limits of {name}: {_words(each)}." for name, each in {**limits.strategies, **limits.instruments}.items()]
    running = ", ".join(sorted(strategies)) or "no strategies"
    lines += [
        f"[limits.strategies.{name}] limits nothing today: there are {running}."
        for name in limits.strategies
        if name not in strategies and name not in map(_without_count, strategies)
    ]
    return lines


def _words(limits: LevelLimits) -> str:
    told = {name: value for name, value in msgspec.structs.asdict(limits).items() if value}
    return ", ".join(f"{name} {briefly(value)}" for name, value in told.items()) or "none"

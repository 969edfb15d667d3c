"""Which data a back-test ran on: instruments, rows, what the guard made of them, holes."""

import datetime as dt
from collections.abc import Mapping

import msgspec

from velox.research.days import Day

__all__ = ["DayCoverage", "covered"]


class DayCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One day of data."""

    date: dt.date
    rows: dict[str, int]  # by instrument
    verdicts: dict[str, int]  # ticks by the guard's verdict
    candles: int
    gap_candles: int  # of them, those in which ticks may be missing
    is_cold: bool  # the day before it was too long ago
    facts_as_of: str | None
    left_out: list[str]
    synthetic: str  # how it was generated, empty for a recording


def covered(day: Day, verdicts: Mapping[str, int], candles: tuple[int, int], *, is_cold: bool) -> DayCoverage:
    """Describe a day by the guard's counts of it; `candles` are all and those with a gap."""
    return DayCoverage(
        date=day.date,
        rows={item.name: item.rows for item in day.instruments},
        verdicts={name: count for name, count in verdicts.items() if count},
        candles=candles[0],
        gap_candles=candles[1],
        is_cold=is_cold,
        facts_as_of=day.facts.stand_in,
        left_out=day.left_out(),
        synthetic=day.stamp,
    )

"""Which days are covered by the facts, and which of them are trading days."""

import datetime as dt
import functools
import re

import msgspec

from velox.errors import Refused
from velox.market.dated import Dated, table

__all__ = [
    "DayRange",
    "IST",
    "NotATradingDay",
    "NotCovered",
    "check_covered",
    "check_open",
    "covered",
    "covered_ranges",
    "day_span",
    "is_trading_day",
    "ist_ns",
    "last_covered_date",
    "last_trading_day",
    "next_trading_day",
    "previous_trading_day",
    "trading_days",
    "why_closed",
]

IST = dt.timezone(dt.timedelta(hours=5, minutes=30), "IST")  # no daylight saving, hence no time-zone database
_DAY_OR_MONTH = re.compile(r"\d{4}-\d\d(-\d\d)?", re.ASCII)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)
_SATURDAY = 5
_FILE = "calendar.toml"


class NotCovered(Refused):
    """The facts of this date are not known."""


class NotATradingDay(Refused):
    """The market is closed on this date, or its hours are not known."""


class DayRange(Dated, frozen=True, kw_only=True):
    """Days whose facts are known."""


class _Holiday(msgspec.Struct, frozen=True):
    date: dt.date
    name: str
    source: str


class _Special(msgspec.Struct, frozen=True):
    date: dt.date
    name: str
    hours: str
    source: str


def ist_ns(day: dt.date, at: dt.time = dt.time()) -> int:
    """Nanoseconds since the epoch of a wall time in India."""
    since = dt.datetime.combine(day, at, tzinfo=IST) - _EPOCH
    return (since // dt.timedelta(microseconds=1)) * 1_000


def covered_ranges() -> tuple[DayRange, ...]:
    """The ranges of dates whose facts are known, oldest first."""
    return table(_FILE, "covered", DayRange)


def covered(day: dt.date) -> bool:
    """Whether the facts of `day` are known; says nothing about holidays."""
    return any(r.since <= day <= r.until for r in covered_ranges())


def check_covered(day: dt.date) -> None:
    """Raise `NotCovered`, naming the covered ranges, unless `day` is in one."""
    if not covered(day):
        ranges = " and ".join(f"{r.since} to {r.until}" for r in covered_ranges())
        raise NotCovered(
            f"{day} is not covered: market facts are known for {ranges}; "
            "choose such a day, or name one whose facts stand in, with --facts-as-of (never for a live day)"
        )


def last_covered_date() -> dt.date:
    """The newest date whose facts are known."""
    return max(r.until for r in covered_ranges())


@functools.cache
def _holidays() -> dict[dt.date, _Holiday]:
    return {entry.date: entry for entry in table(_FILE, "holiday", _Holiday)}


@functools.cache
def _specials() -> dict[dt.date, _Special]:
    return {entry.date: entry for entry in table(_FILE, "special", _Special)}


def why_closed(day: dt.date) -> str | None:
    """What keeps the market closed on `day` as far as the calendar knows, or None."""
    special = _specials().get(day)
    if special is not None:
        return None if special.hours == "standard" else f"{special.name}, whose hours are not known"
    holiday = _holidays().get(day)
    if holiday is not None:
        return f"a holiday ({holiday.name})"
    return f"a {day:%A}" if day.weekday() >= _SATURDAY else None


def check_open(day: dt.date) -> None:
    """Raise `NotATradingDay` with the reason when the market is closed on `day`."""
    reason = why_closed(day)
    if reason is not None:
        raise NotATradingDay(f"{day} is no trading day: it is {reason}; choose another day")


def is_trading_day(day: dt.date) -> bool:
    """Whether the market trades on `day`; raises `NotCovered` where that is not known."""
    check_covered(day)
    return why_closed(day) is None


def trading_days(first: dt.date, last: dt.date) -> list[dt.date]:
    """The trading days from `first` to `last`, both included; every day between must be covered."""
    days = [first + n * _DAY for n in range((last - first).days + 1)]
    return [day for day in days if is_trading_day(day)]


def previous_trading_day(day: dt.date) -> dt.date:
    """The last trading day before `day`; raises `NotCovered` when that lies before what is known."""
    return last_trading_day(day - _DAY)


def last_trading_day(day: dt.date) -> dt.date:
    """`day` itself when it is a trading day, else the one before."""
    while not is_trading_day(day):
        day -= _DAY
    return day


def next_trading_day(day: dt.date) -> dt.date:
    """The first trading day after `day`; raises `NotCovered` when that lies after what is known."""
    day += _DAY
    while not is_trading_day(day):
        day += _DAY
    return day


def day_span(text: str) -> tuple[dt.date, dt.date]:
    """The first and the last day of a date or of a month; ValueError with a sentence for anything else."""
    found = _DAY_OR_MONTH.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        if found[1]:
            day = dt.date.fromisoformat(text)
            return day, day
        first = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ValueError(f"{text!r} is neither a date like 2026-07-15 nor a month like 2026-07") from None
    return first, (first + 31 * _DAY).replace(day=1) - _DAY

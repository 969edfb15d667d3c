"""Futures and options by name: how a contract is called, when it expires, which one is the near one of a day.

A future is called `NFO:NIFTY26JULFUT`; an option `NFO:NIFTY26JUL24500CE`, one that expires in another week than the
month's last `NFO:NIFTY2670724500CE`: year, month (1 to 9, O, N, D), day. Strikes are in rupees.
"""

import calendar as months
import datetime as dt
import re
from collections.abc import Callable

import msgspec

from velox.market.calendar import why_closed
from velox.market.derivatives import expiry_weekday

__all__ = [
    "EXCHANGE",
    "Contract",
    "contract_name",
    "contract_of",
    "day_after",
    "expiry_of",
    "expiry_text",
    "future_name",
    "last_day",
    "monthly_expiry",
]

EXCHANGE = "NFO"
_DAY = dt.timedelta(days=1)
_MONTHS = [name.upper() for name in months.month_abbr]
_WEEK_MONTHS = "0123456789OND"
_STRIKE = r"(?P<strike>[1-9]\d*(?:\.\d{1,2})?)(?P<right>CE|PE)"
_MONTHLY = re.compile(rf"(?P<of>[A-Z0-9&-]+?)(?P<year>\d\d)(?P<month>{'|'.join(_MONTHS[1:])})(?:FUT|{_STRIKE})")
# Only an index whose name has no digits has weekly contracts.
_WEEKLY = re.compile(rf"(?P<of>[A-Z&-]+)(?P<year>\d\d)(?P<month>[1-9OND])(?P<day>\d\d){_STRIKE}")


_EXPIRY = re.compile(rf"(\d\d)({'|'.join(_MONTHS[1:])})(20\d\d)", re.ASCII)


class Contract(msgspec.Struct, frozen=True):
    """What the name of a contract says; `right` is CE or PE, empty for a future."""

    underlying: str
    expiry: dt.date
    monthly: bool
    strike: str = ""
    right: str = ""


def contract_of(name: str) -> Contract | None:
    """What `NFO:…` names, with the expiry that the facts give it; None for what is no contract."""
    exchange, _, symbol = name.partition(":")
    if exchange != EXCHANGE:
        return None
    if (found := _MONTHLY.fullmatch(symbol)) is not None:
        expiry = monthly_expiry(2000 + int(found["year"]), _MONTHS.index(found["month"]))
        return Contract(found["of"], expiry, True, found["strike"] or "", found["right"] or "")
    if (found := _WEEKLY.fullmatch(symbol)) is None:
        return None
    try:
        expiry = dt.date(2000 + int(found["year"]), _WEEK_MONTHS.index(found["month"]), int(found["day"]))
    except ValueError:
        return None
    return Contract(found["of"], expiry, False, found["strike"], found["right"])


def contract_name(contract: Contract) -> str:
    """The name of a contract, which `contract_of` reads."""
    expiry, end = contract.expiry, f"{contract.strike}{contract.right}" if contract.right else "FUT"
    month = _MONTHS[expiry.month] if contract.monthly else f"{_WEEK_MONTHS[expiry.month]}{expiry.day:02}"
    return f"{EXCHANGE}:{contract.underlying}{expiry.year % 100:02}{month}{end}"


def expiry_of(text: str) -> dt.date | None:
    """The day of `27AUG2026`, as brokers write an expiry; None for what is none of this century."""
    found = _EXPIRY.fullmatch(text)
    try:
        return None if found is None else dt.date(int(found[3]), _MONTHS.index(found[2]), int(found[1]))
    except ValueError:
        return None


def expiry_text(day: dt.date) -> str:
    """The same the other way."""
    return f"{day.day:02}{_MONTHS[day.month]}{day.year}"


def monthly_expiry(year: int, month: int) -> dt.date:
    """The last expiry weekday of a month, or the trading day before it where that is a known holiday."""
    last = dt.date(year, month, months.monthrange(year, month)[1])
    # Where the weekday changes within a month, the last day that is one by its own date counts.
    day = next(d for n in range(14) if f"{(d := last - n * _DAY):%A}" == expiry_weekday("NSE", d))
    return _open_before(day)


def _open_before(day: dt.date) -> dt.date:
    while why_closed(day) is not None:
        day -= _DAY
    return day


def day_after(day: dt.date) -> dt.date:
    """The next day on which the market is open as far as the calendar knows."""
    day += _DAY
    while why_closed(day) is not None:
        day += _DAY
    return day


def last_day(expiry: dt.date, *, delivered: bool) -> dt.date:
    """The day over whose end a contract cannot be kept: its expiry, or the one before where shares are delivered."""
    return _open_before(expiry - _DAY) if delivered else expiry


def future_name(
    underlying: str, place: int, day: dt.date, roll_days: int, expiry_of: Callable[[str], dt.date | None]
) -> str:
    """The future of a day, 0 for the near one; from `roll_days` trading days before its expiry on, one is left out.

    `expiry_of` gives the expiry that an instrument file tells of a name, None where the facts decide.
    """
    left, year, month = place, day.year, day.month
    while True:
        name = f"{EXCHANGE}:{underlying}{year % 100:02}{_MONTHS[month]}FUT"
        expiry = expiry_of(name) or monthly_expiry(year, month)
        for _ in range(roll_days):
            expiry = _open_before(expiry - _DAY)
        # Without a roll the expiry itself is the last day; with one, its first day is the next contract's.
        if day <= expiry if not roll_days else day < expiry:
            if not left:
                return name
            left -= 1
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)

"""Groupings of trades and days: by month, by hour, by instrument, by strategy, by line of charges."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from velox.market.calendar import IST
from velox.report.curve import DayLine
from velox.report.trades import CHARGE_LINES, Trade

__all__ = ["Group", "Slippage", "charges_by_line", "grouped_by", "hours", "months", "slippage"]

_S_NS = 1_000_000_000
_Key = TypeVar("_Key")


class Group(msgspec.Struct):
    """Sums over some trades; money at 1e-8 rupees."""

    trades: int = 0
    winners: int = 0
    gross: int = 0
    charges: int = 0
    net: int = 0
    slippage: int = 0

    def take(self, trade: Trade) -> None:
        """Add a trade."""
        self.trades += 1
        self.winners += trade.net > 0
        self.gross += trade.gross
        self.charges += trade.charged
        self.net += trade.net
        self.slippage += trade.slippage


class Slippage(msgspec.Struct, frozen=True):
    """What all fills together cost against the prices of their decisions, 1e-8 rupees, and fills that had none."""

    cost: int
    unknown: int


def grouped_by(trades: Iterable[Trade], key: Callable[[Trade], _Key]) -> dict[_Key, Group]:
    """Sum trades by a key, in the order in which the keys appear."""
    groups: dict[_Key, Group] = {}
    for trade in trades:
        groups.setdefault(key(trade), Group()).take(trade)
    return groups


def months(days: Iterable[DayLine]) -> dict[tuple[int, int], int]:
    """Net by (year, month), marked at the end of each day: what is held over an end counts in both."""
    found: dict[tuple[int, int], int] = {}
    for day in days:
        key = (day.date.year, day.date.month)
        found[key] = found.get(key, 0) + day.net
    return found


def hours(trades: Iterable[Trade]) -> dict[tuple[int, int], Group]:
    """Trades by (day of the week from Monday 0, hour in India) of their entry."""
    return grouped_by(trades, lambda trade: _place(trade.opened_ns))


def charges_by_line(trades: Sequence[Trade]) -> dict[str, int]:
    """Charges by the lines of a contract note, unrounded."""
    return {line: sum(trade.charges[at] for trade in trades) for at, line in enumerate(CHARGE_LINES)}


def slippage(trades: Iterable[Trade]) -> Slippage:
    """Sum what fills cost against the last price when their orders were made."""
    told = [(trade.slippage, trade.slippage_unknown) for trade in trades]
    return Slippage(sum(cost for cost, _ in told), sum(unknown for _, unknown in told))


def _place(at_ns: int) -> tuple[int, int]:
    at = dt.datetime.fromtimestamp(at_ns // _S_NS, IST)
    return at.weekday(), at.hour

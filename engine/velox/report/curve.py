"""Equity as it went: a point a minute, a line a day, the drawdown below the highest equity so far."""

import datetime as dt
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

__all__ = ["Curve", "DayLine", "Marks", "Point", "together"]

# Kernel time ns, account, equity at 1e-8 rupees.
Marks: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32], npt.NDArray[np.int64]]

_MINUTE_NS = 60_000_000_000


def together(equities: list[int], marks: Marks) -> npt.NDArray[np.int64]:
    """The equity of all accounts at each mark; `equities` holds that of each one before, and then behind them."""
    _, accounts, marked = marks
    if len(equities) <= 1:
        equities[:] = marked[-1:].tolist() or equities
        return marked
    total, totals = sum(equities), np.empty(len(marked), dtype=np.int64)
    for place, (account, equity) in enumerate(zip(accounts.tolist(), marked.tolist(), strict=True)):
        total += equity - equities[account]
        equities[account] = equity
        totals[place] = total
    return totals


class Point(msgspec.Struct):
    """The end of a minute and the deepest drawdown in it; money at 1e-8 rupees."""

    minute_ns: int
    equity: int
    drawdown: int


class DayLine(msgspec.Struct, frozen=True):
    """What a day brought, marked at its last prices; money at 1e-8 rupees."""

    date: dt.date
    net: int
    equity: int
    drawdown: int  # the deepest of the day


class Curve:
    """Takes marks in order of time."""

    def __init__(self, capital: int) -> None:
        self.capital = capital
        self.points: list[Point] = []
        self.days: list[DayLine] = []
        self._equity = capital
        self._peak = capital
        self._day_began = capital
        self._day_drawdown = 0

    def mark(self, at_ns: int, equity: int) -> None:
        """The equity at a time."""
        self._equity = equity
        self._peak = max(self._peak, self._equity)
        drawdown = self._peak - self._equity
        self._day_drawdown = max(self._day_drawdown, drawdown)
        minute = at_ns // _MINUTE_NS * _MINUTE_NS
        if self.points and self.points[-1].minute_ns == minute:
            point = self.points[-1]
            point.equity, point.drawdown = self._equity, max(point.drawdown, drawdown)
        else:
            self.points.append(Point(minute, self._equity, drawdown))

    def end_day(self, date: dt.date) -> None:
        """Close a day behind its last mark."""
        self.days.append(DayLine(date, self._equity - self._day_began, self._equity, self._day_drawdown))
        self._day_began = self._equity
        self._day_drawdown = self._peak - self._equity

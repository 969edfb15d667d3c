"""Equity as it went: a point a minute, a line a day, the drawdown below the highest equity so far."""

import datetime as dt

import msgspec

__all__ = ["Curve", "DayLine", "Point"]

_MINUTE_NS = 60_000_000_000


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
    """Takes marks in order of time; each core counts from the capital, and what those before it made is carried."""

    def __init__(self, capital: int) -> None:
        self.capital = capital
        self.points: list[Point] = []
        self.days: list[DayLine] = []
        self._carried = 0
        self._equity = capital
        self._peak = capital
        self._day_began = capital
        self._day_drawdown = 0

    def mark(self, at_ns: int, equity: int) -> None:
        """The equity at a time."""
        self._equity = self._carried + equity
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

    def end_spell(self) -> None:
        """The next mark is of a core that begins with the capital again."""
        self._carried = self._equity - self.capital

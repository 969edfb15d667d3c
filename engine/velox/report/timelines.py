"""The figures that run along time: equity, drawdown, days, exposure. Nights and days without data take no room."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeAlias

from velox.market.calendar import IST
from velox.report.curve import DayLine
from velox.report.keeper import Exposure, Kept

__all__ = ["RUPEES", "Figure", "day_figure", "equity_figure", "exposure_figure", "local_time"]

Figure: TypeAlias = dict[str, Any]

RUPEES = {"tickformat": "$,~r", "hoverformat": "$,.2f"}

_ONE = 100_000_000
_S_NS = 1_000_000_000
_HOUR_S = 3600
_OPEN_S, _CLOSE_S = 9 * _HOUR_S + 15 * 60, 15 * _HOUR_S + 30 * 60
# Up to so many days are drawn minute by minute; more of them day by day.
_MINUTE_DAYS_MAX = 12
_BARS_MIN = 12  # room for so many, so that a few days are no walls


def local_time(at_ns: int) -> str:
    """A time in India as plotly reads it."""
    return dt.datetime.fromtimestamp(at_ns // _S_NS, IST).strftime("%Y-%m-%d %H:%M:%S")


def equity_figure(kept: Kept) -> Figure:
    """Equity above, the drawdown below the highest equity so far beneath it."""
    if len(kept.days) <= _MINUTE_DAYS_MAX:
        axis = _SessionAxis(kept.days)
        told: list[tuple[float | str, str, int, int]] = [
            (axis.place(p.minute_ns), local_time(p.minute_ns)[:16], p.equity, p.drawdown) for p in kept.points
        ]
        told.insert(0, (0.0, f"{kept.days[0].date} 09:15", kept.capital, 0))
        layout, shape = axis.layout(), "hv"
    else:
        told = [(day.date.isoformat(), day.date.isoformat(), day.equity, day.drawdown) for day in kept.days]
        before = (kept.days[0].date - dt.timedelta(days=1)).isoformat()
        told.insert(0, (before, "before the first day", kept.capital, 0))
        layout, shape = {"type": "date"}, "linear"
    x, when, equity, drawdown = (list(column) for column in zip(*told, strict=True))
    line = {"shape": shape, "width": 1.6}
    capital = kept.capital / _ONE
    return {
        "data": [
            _line("Equity", x, when, [value / _ONE for value in equity]) | {"line": line | {"color": "@accent"}},
            _line("Drawdown", x, when, [-value / _ONE for value in drawdown])
            | {"line": line | {"color": "@down"}, "fill": "tozeroy", "yaxis": "y2"},
        ],
        "layout": {
            "xaxis": layout | {"anchor": "y2"},
            "yaxis": RUPEES | {"domain": [0.36, 1], "title": {"text": "Equity"}},
            "yaxis2": RUPEES | {"domain": [0, 0.28], "title": {"text": "Drawdown"}},
            "hovermode": "x",
            "shapes": [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": capital, "y1": capital,
                        "line": {"dash": "dot", "width": 1, "color": "@muted"}}],
        },
    }  # fmt: skip


def exposure_figure(kept: Kept) -> Figure:
    """What was held at cost: all of it, and long less short; of many days, the most of each."""
    if len(kept.days) <= _MINUTE_DAYS_MAX:
        axis = _SessionAxis(kept.days)
        told: list[tuple[float | str, str, Exposure]] = [
            (axis.place(step.at_ns), local_time(step.at_ns), step) for step in kept.exposure
        ]
        layout = axis.layout()
    else:
        most = {local_time(step.at_ns)[:10]: step for step in sorted(kept.exposure, key=lambda step: step.gross)}
        told = [(day, day, most[day]) for day in sorted(most)]
        layout = {"type": "date"}
    x, when, steps = (list(column) for column in zip(*told, strict=True))
    line = {"shape": "hv", "width": 1.4}
    return {
        "data": [
            _line("All positions", x, when, [step.gross / _ONE for step in steps])
            | {"line": line | {"color": "@muted"}, "fill": "tozeroy"},
            _line("Long less short", x, when, [step.net / _ONE for step in steps])
            | {"line": line | {"color": "@accent"}},
        ],
        "layout": {
            "xaxis": layout,
            "yaxis": RUPEES | {"title": {"text": "Value at cost"}},
            "hovermode": "x",
            "showlegend": True,
        },
    }


def day_figure(days: Sequence[DayLine]) -> Figure:
    """The net of each day."""
    nets = [day.net / _ONE for day in days]
    bars = {
        "type": "bar",
        "x": [day.date.isoformat() for day in days],
        "y": nets,
        "marker": {"color": ["@up" if net >= 0 else "@down" for net in nets]},
        "hovertemplate": "%{x}<br>%{y:$,.2f}<extra></extra>",
    }
    axis = {"type": "category", "nticks": 12, "range": [-0.5, max(len(days), _BARS_MIN) - 0.5]}
    return {"data": [bars], "layout": {"xaxis": axis, "yaxis": RUPEES | {"title": {"text": "Net a day"}}}}


class _SessionAxis:
    """Days side by side, each as wide as a session; what lies outside of one stands at its border."""

    def __init__(self, days: Sequence[DayLine]) -> None:
        self._days = {day.date: place for place, day in enumerate(days)}

    def place(self, at_ns: int) -> float:
        """Where a time stands, in days."""
        at = dt.datetime.fromtimestamp(at_ns // _S_NS, IST)
        since_midnight_s = at.hour * _HOUR_S + at.minute * 60 + at.second
        share = (min(max(since_midnight_s, _OPEN_S), _CLOSE_S) - _OPEN_S) / (_CLOSE_S - _OPEN_S)
        return round(self._days[at.date()] + share, 6)

    def layout(self) -> dict[str, Any]:
        """The axis: hours of a single day, or the beginning of each."""
        dates = list(self._days)
        if len(dates) == 1:
            hours = range(10, 16)
            places = [(hour * _HOUR_S - _OPEN_S) / (_CLOSE_S - _OPEN_S) for hour in hours]
            names = [f"{hour}:00" for hour in hours]
        else:
            places, names = [float(place) for place in self._days.values()], [f"{date:%-d %b}" for date in dates]
        return {"tickvals": places, "ticktext": names, "range": [0, len(dates)]}


def _line(name: str, x: Sequence[object], when: Sequence[str], y: Sequence[float]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(x),
        "y": list(y),
        "text": list(when),
        "hovertemplate": "%{text}<br>" + name + " %{y:$,.2f}<extra></extra>",
    }

"""The figures of a page, as plotly describes them; colours are words that the page resolves for its theme."""

import math
from collections.abc import Sequence

from velox.report.curve import DayLine
from velox.report.keeper import Kept
from velox.report.tables import Group, charges_by_line, hours, months
from velox.report.timelines import RUPEES, Figure, day_figure, equity_figure, exposure_figure
from velox.report.trades import Trade

__all__ = ["LINE_NAMES", "figures"]

_ONE = 100_000_000
_S_NS = 1_000_000_000
_MINUTE_S = 60
_BARS = 30  # of a histogram
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_FROM_ZERO = {"rangemode": "tozero"}


def figures(kept: Kept) -> dict[str, Figure]:
    """Every figure of the page that has something to show, by the name of its place."""
    if not kept.trades:
        return {}
    return {
        "equity": equity_figure(kept),
        "days": day_figure(kept.days),
        "months": _months(kept.days),
        "exposure": exposure_figure(kept),
        "hours": _hours(kept.trades),
        "excursions": _excursions(kept.trades),
        "holds": _holds(kept.trades),
        "slippage": _slippage(kept.trades),
        "charges": _charges(kept.trades),
    }


def _heat(rows: Sequence[str], columns: Sequence[str], cells: dict[tuple[int, int], tuple[float, str]]) -> Figure:
    """A heat map about zero; `cells` by (row, column) hold a value and what is written on it."""
    at = [[cells.get((row, column)) for column in range(len(columns))] for row in range(len(rows))]
    return {
        "data": [{"type": "heatmap", "x": list(columns), "y": list(rows), "zmid": 0, "colorscale": "@diverging",
                  "z": [[None if cell is None else cell[0] for cell in line] for line in at],
                  "text": [["" if cell is None else cell[1] for cell in line] for line in at],
                  "texttemplate": "%{text}", "hovertemplate": "%{y} %{x}<br>%{z:$,.2f}<extra></extra>",
                  "showscale": False, "xgap": 2, "ygap": 2}],
        "layout": {"xaxis": {"type": "category", "side": "top", "showgrid": False},
                   "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
                   "margin": {"l": 80, "r": 20, "t": 30, "b": 8}},
        "config": {"displayModeBar": False},
    }  # fmt: skip


def _short(amount: float) -> str:
    """Money for a small place: crores, lakhs, thousands."""
    for size, word in ((1e7, "Cr"), (1e5, "L"), (1e3, "k")):
        if abs(amount) >= size:
            return f"{'-' if amount < 0 else ''}₹{abs(amount) / size:.1f}{word}"
    return f"{'-' if amount < 0 else ''}₹{abs(amount):.0f}"


def _months(days: Sequence[DayLine]) -> Figure:
    sums = months(days)
    years = list(range(min(year for year, _ in sums), max(year for year, _ in sums) + 1))
    cells = {(years.index(year), month - 1): (net / _ONE, _short(net / _ONE)) for (year, month), net in sums.items()}
    return _heat([str(year) for year in years], _MONTHS, cells)


def _hours(trades: Sequence[Trade]) -> Figure:
    found = hours(trades)
    days = sorted({day for day, _ in found} | set(range(5)))
    slots = list(range(min(9, *(hour for _, hour in found)), max(15, *(hour for _, hour in found)) + 1))

    def cell(group: Group) -> tuple[float, str]:
        many = "1 trade" if group.trades == 1 else f"{group.trades} trades"
        return group.net / _ONE, f"{_short(group.net / _ONE)}<br>{many}"

    cells = {(days.index(day), slots.index(hour)): cell(group) for (day, hour), group in found.items()}
    return _heat([_WEEKDAYS[day] for day in days], [f"{hour:02}:00" for hour in slots], cells)


def _halves(trades: Sequence[Trade]) -> list[tuple[str, str, list[Trade]]]:
    won = [trade for trade in trades if trade.net > 0]
    lost = [trade for trade in trades if trade.net <= 0]
    return [(name, colour, half) for name, colour, half in (("Winners", "@up", won), ("Losers", "@down", lost)) if half]


def _excursions(trades: Sequence[Trade]) -> Figure:
    data = []
    for name, colour, half in _halves(trades):
        for place, side in enumerate(("adverse", "favourable")):
            data.append(
                {"type": "scatter", "mode": "markers", "name": name, "legendgroup": name, "showlegend": place == 0,
                 "x": [getattr(trade, side) / _ONE for trade in half], "y": [trade.net / _ONE for trade in half],
                 "xaxis": f"x{place + 1}" if place else "x", "yaxis": f"y{place + 1}" if place else "y",
                 "text": [f"#{trade.number} {trade.strategy} {trade.instrument}" for trade in half],
                 "hovertemplate": "%{text}<br>" + side + " %{x:$,.0f}<br>net %{y:$,.2f}<extra></extra>",
                 "marker": {"color": colour, "size": 7, "opacity": 0.75}}
            )  # fmt: skip
    return {
        "data": data,
        "layout": {
            "xaxis": RUPEES
            | _FROM_ZERO
            | {"domain": [0, 0.46], "title": {"text": "Deepest loss on the way (MAE)"}, "nticks": 6},
            "xaxis2": RUPEES
            | _FROM_ZERO
            | {"domain": [0.54, 1], "title": {"text": "Highest profit on the way (MFE)"}, "anchor": "y2", "nticks": 6},
            "yaxis": RUPEES | _FROM_ZERO | {"title": {"text": "Net"}},
            "yaxis2": RUPEES | {"anchor": "x2", "matches": "y", "showticklabels": False},
            "showlegend": True,
        },
    }


def _holds(trades: Sequence[Trade]) -> Figure:
    minutes = {trade.number: (trade.closed_ns - trade.opened_ns) / _S_NS / _MINUTE_S for trade in trades}
    closed = [trade for trade in trades if not trade.is_open]
    width = max(1, math.ceil(max((minutes[trade.number] for trade in closed), default=0) / _BARS))
    data = [
        {"type": "histogram", "name": name, "marker": {"color": colour}, "opacity": 0.85,
         "x": [minutes[trade.number] for trade in half], "bingroup": "hold", "xbins": {"start": 0, "size": width},
         "hovertemplate": "%{x} minutes<br>%{y} trades<extra></extra>"}
        for name, colour, half in _halves(closed)
    ]  # fmt: skip
    axis = {"title": {"text": "Minutes held"}, "rangemode": "tozero"}
    return {
        "data": data,
        "layout": {"barmode": "stack", "xaxis": axis, "yaxis": {"title": {"text": "Trades"}}, "showlegend": True},
    }


def _slippage(trades: Sequence[Trade]) -> Figure:
    return {
        "data": [{"type": "histogram", "x": [trade.slippage / _ONE for trade in trades], "nbinsx": _BARS,
                  "marker": {"color": "@muted"}, "hovertemplate": "%{x}<br>%{y} trades<extra></extra>"}],
        "layout": {"xaxis": RUPEES | {"title": {"text": "Slippage a trade"}}, "yaxis": {"title": {"text": "Trades"}}},
    }  # fmt: skip


def _charges(trades: Sequence[Trade]) -> Figure:
    lines = charges_by_line(trades)
    names = [LINE_NAMES[line] for line in lines]
    return {
        "data": [{"type": "bar", "orientation": "h", "y": names, "x": [amount / _ONE for amount in lines.values()],
                  "marker": {"color": "@accent"}, "hovertemplate": "%{y}<br>%{x:$,.2f}<extra></extra>"}],
        "layout": {"xaxis": RUPEES, "yaxis": {"type": "category", "autorange": "reversed"}},
    }  # fmt: skip


LINE_NAMES = {
    "brokerage": "Brokerage",
    "stt": "STT",
    "transaction": "Exchange transaction",
    "sebi": "SEBI fee",
    "stamp": "Stamp duty",
    "gst": "GST",
}

"""What an operator sees of a running day: a live picture in a terminal, plain lines elsewhere."""

import datetime as dt
from typing import Any, Self

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from velox.clock import monotonic_ns
from velox.market.calendar import IST
from velox.runtime.plan import Hello, Message, Said, Status

__all__ = ["View", "rupees"]

_LINE_EVERY_S = 5.0
_ROWS_MAX = 12
_LINES_KEPT = 6


class View:
    """Hears the messages of a supervisor; use it as a context."""

    def __init__(self, title: str, *, quiet: bool = False) -> None:
        self._title = title
        self._console = Console(stderr=quiet)
        self._live = Live(console=self._console, refresh_per_second=8, transient=True) if self._is_terminal() else None
        self._quiet = quiet
        self._said: list[str] = []
        self._line_ns = 0

    def _is_terminal(self) -> bool:
        return self._console.is_terminal

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._live is not None:
            self._live.stop()

    def hear(self, message: Message) -> None:
        """Show one message."""
        match message:
            case Hello():
                for line in message.lines:
                    self._say(line)
            case Said():
                self._say(message.line)
            case Status():
                self._show(message)
            case _:
                pass

    def _say(self, line: str) -> None:
        self._said = [*self._said, line][-_LINES_KEPT:]
        if self._live is not None:
            self._console.print(line, highlight=False)
        else:
            click.echo(line, err=self._quiet)

    def _show(self, status: Status) -> None:
        if self._live is not None:
            self._live.update(_picture(self._title, status))
            return
        now_ns = monotonic_ns()
        if not status.summary["now_ns"]:
            return  # the day has not begun
        if now_ns - self._line_ns >= _LINE_EVERY_S * 1e9:
            self._line_ns = now_ns
            click.echo(_line(status.summary), err=self._quiet)


def rupees(value: float) -> str:
    """Money as people write it: a sign where it matters, two decimals."""
    return f"{'-' if value < 0 else ''}₹{abs(value):,.2f}"


def _clock(now_ns: int) -> str:
    return dt.datetime.fromtimestamp(now_ns // 1_000_000_000, IST).strftime("%H:%M:%S")


def _line(summary: dict[str, Any]) -> str:
    net = sum(s["net_pnl"] for s in summary["strategies"])
    fills = sum(s["fills"] for s in summary["strategies"])
    return (
        f"{_clock(summary['now_ns'])}  {summary['ticks']:,} ticks  {summary['candles']:,} candles  "
        f"{fills} fills  net {rupees(net)}"
    )


def _picture(title: str, status: Status) -> Group:
    return Group(
        Text(f"{title}   {_clock(status.summary['now_ns'])} IST", style="bold"),
        Text(),
        _quotes(status.markets),
        Text(),
        _strategies(status.summary["strategies"]),
        Text(),
        Text(_latency(status.summary["histograms"]), style="dim"),
    )


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:,.2f}"


def _quotes(markets: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("instrument", "last", "bid", "ask", "high", "low", "volume", "candles"):
        table.add_column(heading, justify="left" if heading == "instrument" else "right")
    for m in markets[:_ROWS_MAX]:
        prices = (_number(m[key]) for key in ("last", "bid", "ask", "high", "low"))
        table.add_row(m["name"], *prices, f"{m['volume']:,}", str(m["candles"]))
    if len(markets) > _ROWS_MAX:
        table.caption = f"and {len(markets) - _ROWS_MAX} more instruments"
    return table


def _strategies(strategies: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("strategy", "on", "position", "average", "stop", "trips", "gross", "charges", "net", "state"):
        table.add_column(heading, justify="left" if heading in ("strategy", "on", "state") else "right")
    for s in strategies:
        state = "quarantined" if s["faulted"] else s["trading"] if s["ready"] else "warming up"
        colour = "green" if s["net_pnl"] > 0 else "red" if s["net_pnl"] < 0 else ""
        money = (f"{s[key]:,.2f}" for key in ("gross_pnl", "charges"))
        net = Text(f"{s['net_pnl']:,.2f}", style=colour)
        place = (str(s["quantity"]), _number(s["average"]), _number(s["stop"]), str(s["round_trips"]))
        table.add_row(s["name"], s["instrument"], *place, *money, net, state)
    return table


def _latency(histograms: dict[str, dict[str, int]]) -> str:
    parts = [f"{name} p50 {h['p50_ns']:,} ns p99 {h['p99_ns']:,} ns" for name, h in histograms.items()]
    return "   ".join(parts)

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
from velox.rupees import grouped, money

__all__ = ["View"]

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
            self._live.update(_picture(self._title, status, self._console.width))
            return
        now_ns = monotonic_ns()
        if not status.summary["now_ns"]:
            return  # the day has not begun
        if now_ns - self._line_ns >= _LINE_EVERY_S * 1e9:
            self._line_ns = now_ns
            click.echo(_line(status.summary), err=self._quiet)


def _clock(now_ns: int) -> str:
    return dt.datetime.fromtimestamp(now_ns // 1_000_000_000, IST).strftime("%H:%M:%S")


def _line(summary: dict[str, Any]) -> str:
    net = sum(s["net_pnl"] for s in summary["strategies"])
    fills = sum(s["fills"] for s in summary["strategies"])
    return (
        f"{_clock(summary['now_ns'])}  {summary['ticks']:,} ticks  {summary['candles']:,} candles  "
        f"{fills} fills  net {money(net)}"
    )


def _picture(title: str, status: Status, width: int) -> Group:
    return Group(
        Text(f"{title}   {_clock(status.summary['now_ns'])} IST", style="bold"),
        Text(),
        _quotes(status.markets, width),
        Text(),
        _strategies(status.summary["strategies"], width),
        Text(),
        Text(_latency(status.summary["histograms"]), style="dim"),
    )


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else grouped(value, 2)


def _fitting(columns: dict[str, list[Text]], dropped_first: str, width: int) -> Table:
    """Draw the columns for which there is room: a number that is cut is worse than none."""
    columns = dict(columns)

    def needed() -> int:
        return sum(max(len(heading), *map(len, cells), 0) + 1 for heading, cells in columns.items()) - 1

    for heading in dropped_first.split():
        if needed() > width:
            columns.pop(heading, None)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in columns:
        is_word = heading in ("instrument", "strategy", "on", "state", "account")
        table.add_column(heading, justify="left" if is_word else "right", no_wrap=True)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    return table


def _quotes(markets: list[dict[str, Any]], width: int) -> Table:
    shown = markets[:_ROWS_MAX]
    columns = {"instrument": [Text(m["name"]) for m in shown]}
    columns |= {key: [Text(_number(m[key])) for m in shown] for key in ("last", "bid", "ask", "high", "low")}
    columns["volume"] = [Text(f"{m['volume']:,}") for m in shown]
    columns["candles"] = [Text(str(m["candles"])) for m in shown]
    table = _fitting(columns, "candles low high volume ask bid", width)
    if len(markets) > _ROWS_MAX:
        table.caption = f"and {len(markets) - _ROWS_MAX} more instruments"
    return table


def _strategies(strategies: list[dict[str, Any]], width: int) -> Table:
    columns: dict[str, list[Text]] = {
        "strategy": [Text(s["name"]) for s in strategies],
        "on": [Text(s["instrument"]) for s in strategies],
        "position": [Text(str(s["quantity"])) for s in strategies],
        "average": [Text(_number(s["average"])) for s in strategies],
        "stop": [Text(_number(s["stop"])) for s in strategies],
        "trips": [Text(str(s["round_trips"])) for s in strategies],
        "gross": [Text(grouped(s["gross_pnl"], 2)) for s in strategies],
        "charges": [Text(grouped(s["charges"], 2)) for s in strategies],
        "net": [Text(grouped(s["net_pnl"], 2), style=_colour(s["net_pnl"])) for s in strategies],
        "state": [Text(_state(s)) for s in strategies],
    }
    if len({s["account"] for s in strategies}) > 1:
        columns["account"] = [Text(s["account"]) for s in strategies]
    return _fitting(columns, "trips charges gross average stop state account on position", width)


def _colour(amount: float) -> str:
    return "green" if amount > 0 else "red" if amount < 0 else ""


def _state(strategy: dict[str, Any]) -> str:
    if strategy["faulted"]:
        return "quarantined"
    if strategy["kill"]:
        return "blocked"
    if strategy["waiting"]:
        return "waiting"  # for an order of another strategy
    trading: str = strategy["trading"]
    return trading if strategy["ready"] else "warming up"


def _latency(histograms: dict[str, dict[str, int]]) -> str:
    parts = [f"{name} p50 {h['p50_ns']:,} ns p99 {h['p99_ns']:,} ns" for name, h in histograms.items()]
    return "   ".join(parts)

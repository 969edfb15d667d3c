"""What the script of a page reads: figures, trades, candles and stops as JSON that may stand inside HTML."""

import datetime as dt
from typing import Any

import msgspec

from velox.market.calendar import IST
from velox.report.candles import DayCandles, SeriesCandles
from velox.report.charts import figures
from velox.report.keeper import ExitLine, Kept
from velox.report.timelines import local_time
from velox.report.trades import Trade

__all__ = ["TRADES_MAX", "embedded", "payload"]

TRADES_MAX = 20_000  # rows of the page's table; the frames of a Report have all

_ONE = 100_000_000
_S_NS = 1_000_000_000


def payload(kept: Kept) -> dict[str, Any]:
    """Everything that is drawn."""
    shown = {(series.instrument, day.date.isoformat()) for series in kept.series for day in series.days}
    return {
        "figures": figures(kept),
        "trades": [_trade(trade) for trade in kept.trades[:TRADES_MAX]],
        "series": [_series(series) for series in kept.series],
        "exits": [_exit(line) for line in kept.exits if (line.instrument, local_time(line.at_ns)[:10]) in shown],
    }


def embedded(value: object) -> str:
    """JSON for the inside of a script element, which no text in it can end."""
    text = msgspec.json.encode(value).decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _trade(trade: Trade) -> dict[str, Any]:
    return {
        "number": trade.number,
        "strategy": trade.strategy,
        "instrument": trade.instrument,
        "side": "long" if trade.side > 0 else "short",
        "quantity": trade.quantity,
        "opened": local_time(trade.opened_ns),
        "closed": "" if trade.is_open else local_time(trade.closed_ns),
        "hold_s": None if trade.is_open else (trade.closed_ns - trade.opened_ns) // _S_NS,
        "entry": _rupees(trade.entry_price),
        "exit": _rupees(trade.exit_price),
        "exit_role": trade.exit_role,
        "stop": _rupees(trade.stop) if trade.stop else None,
        "gross": _rupees(trade.gross),
        "charges": _rupees(trade.charged),
        "net": _rupees(trade.net),
        "slippage": _rupees(trade.slippage),
        "r": None if trade.r is None else round(trade.r, 3),
        "adverse": _rupees(trade.adverse),
        "favourable": _rupees(trade.favourable),
    }


def _rupees(value: float | None) -> float | None:
    return None if value is None else round(value / _ONE, 4)


def _series(series: SeriesCandles) -> dict[str, Any]:
    return {
        "instrument": series.instrument,
        "seconds": series.seconds,
        "without_preopen": series.without_preopen,
        "lines": msgspec.to_builtins(series.lines),
        "days": [_day(day, len(series.lines)) for day in series.days],
    }


def _day(day: DayCandles, lines: int) -> dict[str, Any]:
    """Candles in columns; times are seconds since midnight in India."""
    midnight = dt.datetime.combine(day.date, dt.time(), IST)
    begin_ns = int(midnight.timestamp()) * _S_NS
    candles = day.candles
    has_lines = all(len(candle.values) == lines for candle in candles)
    values = zip(*(candle.values for candle in candles), strict=True) if has_lines else []
    return {
        "date": day.date.isoformat(),
        "t": [(candle.ts_open - begin_ns) // _S_NS for candle in candles],
        **{name: [_rupees(getattr(candle, name)) for candle in candles] for name in ("open", "high", "low", "close")},
        "volume": [candle.volume for candle in candles],
        "values": [[round(value, 4) if value == value else None for value in line] for line in values],
    }


def _exit(line: ExitLine) -> dict[str, Any]:
    return {
        "at": local_time(line.at_ns),
        "strategy": line.strategy,
        "instrument": line.instrument,
        "what": line.what,
        "stop": _rupees(line.stop),
        "target": _rupees(line.target),
    }

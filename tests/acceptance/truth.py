"""What a recorded day must come to: rows judged and candles built in polars, indicator values by TA-Lib."""

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import talib
from tests.acceptance.product import Node

__all__ = ["Array", "indicators", "instrument_name", "is_near", "judged", "mismatches", "read_rows", "true_candles"]

Array = npt.NDArray[np.float64]
_OPEN, _CLOSE = dt.time(9, 15), dt.time(15, 30)
_PRICE_MAX, _VOLUME_MAX = 10**15, 10**15
_IST_NS = 19_800 * 10**9
_SPELLED = {"Nifty": "NIFTY", "Nifty_Bank": "BANKNIFTY", "BAJAJ_AUTO": "BAJAJ-AUTO", "MM": "M&M"}


def instrument_name(file: Path) -> str:
    """The instrument of a recording."""
    stem = re.split(r"_?(?:\d{4}-\d\d-\d\d_?|\d{1,2}_[A-Z][a-z]+)$", file.name.split(".")[0])[0]
    return f"NSE:{_SPELLED.get(stem, stem)}"


def read_rows(file: Path) -> pl.DataFrame:
    """Rows in file order: `ts` naive IST, `price` at 1e-8 rupees, `volume`."""
    rows = pl.read_csv(file, schema_overrides={"ltp": pl.Float64, "volume": pl.Int64})
    return rows.select(
        ts=pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S"),
        price=(pl.col("ltp") * 1e8).round().cast(pl.Int64),
        volume="volume",
    )


def judged(rows: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """The rows with the first verdict that holds of each; the guard's rules said again, slowly."""
    newest: dt.datetime | None = None
    last: tuple[object, ...] = ()
    verdicts = []
    for row in rows.iter_rows():
        ts, price, volume = row
        if not 0 < price <= _PRICE_MAX or not 0 <= volume <= _VOLUME_MAX:
            verdict = "impossible"
        elif ts.date() != day:
            verdict = "wrong_day"
        elif not _OPEN <= ts.time() < _CLOSE:
            verdict = "not_continuous"
        elif newest is not None and ts < newest:
            verdict = "out_of_order"
        elif row == last:
            verdict = "duplicate"
        else:
            verdict, newest, last = "applied", ts, row
        verdicts.append(verdict)
    return rows.with_columns(verdict=pl.Series(verdicts, dtype=pl.String))


def true_candles(rows: pl.DataFrame, day: dt.date, seconds: int) -> pl.DataFrame:
    """Candles of judged rows by the arrival rule; prices at 1e-8 rupees."""
    start = dt.datetime.combine(day, _OPEN)
    applied = rows.filter(pl.col("verdict") == "applied").with_columns(
        run=pl.col("volume").cum_max(), slot=(pl.col("ts") - start).dt.total_seconds() // seconds
    )
    price = pl.col("price")
    grouped = applied.group_by("slot", maintain_order=True).agg(
        open=price.first(),
        high=price.max(),
        low=price.min(),
        close=price.last(),
        run=pl.col("run").last(),
        ticks=pl.len(),
    )
    start_ns = int(start.replace(tzinfo=dt.UTC).timestamp()) * 10**9 - _IST_NS
    return grouped.select(
        "open",
        "high",
        "low",
        "close",
        ts_open=start_ns + pl.col("slot") * seconds * 10**9,
        volume=pl.col("run") - pl.col("run").shift(1).fill_null(0),
        ticks=pl.col("ticks").cast(pl.Int64),
    )


def mismatches(told: dict[str, npt.NDArray[np.int64]], true: pl.DataFrame) -> list[str]:
    """The columns in which candles of a journal are not exactly the true ones."""
    return [name for name in true.columns if not np.array_equal(told[name], true[name].to_numpy())]


def indicators(node: Node, candles: Sequence[Array]) -> list[Array]:
    """An indicator's outputs over open, high, low, close and volume in rupees."""
    kind, params = node
    _, high, low, close, volume = candles
    match kind:
        case "ema":
            return [talib.EMA(close, *params)]
        case "sma":
            return [talib.SMA(close, *params)]
        case "rsi":
            return [talib.RSI(close, *params)]
        case "macd":
            return list(talib.MACD(close, *params))
        case "atr":
            return [talib.ATR(high, low, close, *params)]
        case "vwap":
            return [_vwap(high, low, close, volume)]
        case _:
            raise AssertionError(f"nobody knows the truth about {kind}")


def _vwap(high: Array, low: Array, close: Array, volume: Array) -> Array:
    values, turnover, total = [], 0.0, 0.0
    for h, l, c, v in zip(high, low, close, volume, strict=True):  # noqa: E741  the candle's own letters
        turnover, total = turnover + (h + l + c) / 3 * v, total + v
        values.append(turnover / total if total else np.nan)
    return np.array(values)


def is_near(ours: Array, theirs: Array) -> bool:
    """NaN in the same places, and elsewhere as near as floats of different order come."""
    missing = np.isnan(theirs)
    if not np.array_equal(np.isnan(ours), missing):
        return False
    apart = np.abs(ours - theirs)[~missing]
    return bool(np.all(apart <= 1e-9 * np.maximum(1.0, np.abs(theirs[~missing]))))

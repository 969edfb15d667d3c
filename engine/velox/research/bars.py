"""Bars for people and notebooks: candles with indicator columns of one instrument over the days of a catalogue."""

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import velox_core

from velox.errors import BadInput
from velox.market.facts import load
from velox.research.candles import Columns, Indicator, core_bars
from velox.research.catalog import Catalog, Entry, write_parquet

__all__ = ["IndicatorSpec", "compute_bars", "parse_indicators", "parse_timeframe", "write_bars"]

_SECONDS = {"s": 1, "m": 60, "h": 3_600}
_TIMEFRAME_MAX_S = 24 * 3_600
_BASE_COLUMNS = ("ts_open", "open", "high", "low", "close", "volume", "ticks")
_LENGTH_MAX = 100_000

# kind: (names of its parameters, stems of its output columns)
_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ema": (("period",), ("ema",)),
    "sma": (("period",), ("sma",)),
    "rsi": (("period",), ("rsi",)),
    "macd": (("fast", "slow", "signal"), ("macd", "macd_signal", "macd_hist")),
    "atr": (("period",), ("atr",)),
    "vwap": ((), ("vwap",)),
}


class IndicatorSpec(msgspec.Struct, frozen=True):
    """An indicator as asked for on the command line, e.g. `macd:12:26:9`."""

    kind: str
    params: tuple[int, ...]

    @property
    def columns(self) -> list[str]:
        """Names of the output columns, e.g. `macd_12_26_9`."""
        return ["_".join((stem, *map(str, self.params))) for stem in _KINDS[self.kind][1]]

    @property
    def for_core(self) -> Indicator:
        """The form in which the core takes it."""
        return self.kind, [float(p) for p in self.params]


def parse_timeframe(text: str) -> int:
    """Read `30s`, `5m` or `1h` as seconds."""
    match = re.fullmatch(r"([1-9]\d{0,4})([smh])", text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < seconds <= _TIMEFRAME_MAX_S:
        raise BadInput(f"{text!r} is not a timeframe: write a number and s, m or h, like 1m, 15m or 1h")
    return seconds


def parse_indicators(text: str) -> list[IndicatorSpec]:
    """Read `ema:20,macd:12:26:9`; naming one twice is the same as once."""
    return list(dict.fromkeys(_parse_one(part.strip()) for part in text.split(",") if part.strip()))


def compute_bars(
    catalog: Catalog,
    instrument: str,
    timeframe_s: int,
    indicators: Sequence[IndicatorSpec] = (),
    *,
    day: dt.date | None = None,
    as_of: dt.date | None = None,
) -> pl.DataFrame:
    """Compute one day, or all days of an instrument with indicators that run on from day to day."""
    entries = [e for e in catalog.of_instrument(instrument) if not e.candles]
    if day is not None:
        days = ", ".join(str(e.day) for e in entries)
        entries = [e for e in entries if e.day == day]
        if not entries:
            raise BadInput(f"{instrument} has no ticks of {day} in {catalog.root}; it has {days or 'none of any day'}")
    if not entries:
        raise BadInput(f"{instrument} has candles alone, no ticks, in {catalog.root}")
    specs = [spec.for_core for spec in indicators]
    try:
        columns = _one_day(catalog, entries[0], timeframe_s, specs, as_of) if len(entries) == 1 else {}
        columns = columns or _many_days(catalog, entries, timeframe_s, specs, as_of)
    except ValueError as error:
        raise BadInput(f"the bars of {instrument} cannot be computed: {error}") from error
    return _frame(columns, indicators)


def write_bars(frame: pl.DataFrame, out: Path) -> None:
    """Write bars as one Parquet file."""
    if not out.parent.is_dir():
        raise BadInput(f"{out} cannot be written: the folder {out.parent} does not exist")
    if out.is_dir():
        raise BadInput(f"{out} is a folder, not a file to write to")
    try:
        write_parquet(frame, out)
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror or error}") from error


def _parse_one(text: str) -> IndicatorSpec:
    kind, *words = text.split(":")
    if kind not in _KINDS:
        raise BadInput(f"{kind!r} is not an indicator; known are {', '.join(sorted(_KINDS))}")
    names = _KINDS[kind][0]
    if len(words) != len(names):
        usage = ":".join((kind, *(name.upper() for name in names)))
        raise BadInput(f"{text!r} has {len(words)} parameters, {kind} takes {len(names)}: write {usage}")
    for name, word in zip(names, words, strict=True):
        if not re.fullmatch(r"[1-9]\d{0,5}", word) or int(word) > _LENGTH_MAX:
            raise BadInput(f"{name} of {text!r} must be a whole number from 1 to {_LENGTH_MAX}, not {word!r}")
    return IndicatorSpec(kind, tuple(int(word) for word in words))


def _one_day(
    catalog: Catalog, entry: Entry, timeframe_s: int, specs: list[Indicator], as_of: dt.date | None
) -> Columns:
    return core_bars(load(entry.day, as_of=as_of), entry, catalog.read(entry), timeframe_s, specs)


def _many_days(
    catalog: Catalog, entries: list[Entry], timeframe_s: int, specs: list[Indicator], as_of: dt.date | None
) -> Columns:
    """Candles are each day's own; the indicators then run over all of them, told where a session begins."""
    days = [_one_day(catalog, entry, timeframe_s, [], as_of) for entry in entries]
    columns: Columns = {name: np.concatenate([day[name] for day in days]) for name in _BASE_COLUMNS}
    session = np.repeat(np.arange(len(days), dtype=np.int64), [len(day["ts_open"]) for day in days])
    for number, values in enumerate(velox_core.compute_indicators(session, columns, specs)):
        columns[f"output_{number}"] = values
    return columns


def _frame(columns: Columns, indicators: Sequence[IndicatorSpec]) -> pl.DataFrame:
    """Name the outputs; what is not ready yet (NaN) becomes null."""
    base = {name: columns[name] for name in _BASE_COLUMNS}
    outputs = [values for name, values in columns.items() if name not in base]
    names = [name for spec in indicators for name in spec.columns]
    frame = pl.DataFrame(base)
    return frame.with_columns(
        pl.Series(name, values, dtype=pl.Float64).fill_nan(None) for name, values in zip(names, outputs, strict=True)
    )

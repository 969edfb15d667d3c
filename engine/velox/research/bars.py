"""Bars for people and notebooks: candles with indicator columns of one instrument over the days of a catalogue."""

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

import velox_core
from velox.errors import BadInput
from velox.market.facts import Facts, load_for
from velox.market.records import Phase
from velox.research.candles import PLAIN, Columns, HistoryRules, adjusted_columns, adjustments, day_columns, serves
from velox.research.catalog import Catalog, Entry, length_text, write_parquet
from velox.research.merge import group_number
from velox.rupees import counted

__all__ = ["IndicatorSpec", "borrowed_facts", "compute_bars", "parse_indicators", "parse_timeframe", "write_bars"]

_SECOND_NS = 1_000_000_000
_SECONDS = {"s": 1, "m": 60, "h": 3_600}
_TIMEFRAME_MAX_S = 24 * 3_600
_BASE_COLUMNS = ("ts_open", "open", "high", "low", "close", "volume", "ticks")
_INPUTS = ("open", "high", "low", "close", "volume")
_OF_ONE_SESSION = ("vwap", "vwap_bands", "opening_range")
_DAYS_NEAR = 4
_LENGTH_MAX = 100_000
_MULTIPLES = ("deviations", "multiplier")
_MULTIPLE_MAX = 100

# kind: (names of its parameters, stems of its output columns)
_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ema": (("period",), ("ema",)),
    "sma": (("period",), ("sma",)),
    "rsi": (("period",), ("rsi",)),
    "macd": (("fast", "slow", "signal"), ("macd", "macd_signal", "macd_hist")),
    "atr": (("period",), ("atr",)),
    "vwap": ((), ("vwap",)),
    "bbands": (("period", "deviations"), ("bbands_upper", "bbands_middle", "bbands_lower")),
    "stoch": (("period", "k", "d"), ("stoch_k", "stoch_d")),
    "adx": (("period",), ("adx", "plus_di", "minus_di")),
    "cci": (("period",), ("cci",)),
    "willr": (("period",), ("willr",)),
    "obv": ((), ("obv",)),
    "tema": (("period",), ("tema",)),
    "donchian": (("period",), ("donchian_high", "donchian_low", "donchian_middle")),
    "keltner": (("period", "atr", "multiplier"), ("keltner_upper", "keltner_middle", "keltner_lower")),
    "supertrend": (("period", "multiplier"), ("supertrend", "supertrend_up")),
    "hma": (("period",), ("hma",)),
    "vwap_bands": (("deviations",), ("vwap_upper", "vwap_middle", "vwap_lower")),
    "opening_range": (("minutes",), ("opening_high", "opening_low")),
    "previous_day": ((), ("previous_high", "previous_low", "previous_close")),
    "cpr": ((), ("pivot", "cpr_top", "cpr_bottom")),
    "pivot_highs": ((), ("r1", "r2", "r3")),
    "pivot_lows": ((), ("s1", "s2", "s3")),
    "ichimoku": (("conversion", "base", "span"), ("ichimoku_conversion", "ichimoku_base")),
    "ichimoku_cloud": (("conversion", "base", "span"), ("ichimoku_a", "ichimoku_b")),
    "zscore": (("period",), ("zscore",)),
}


class IndicatorSpec(msgspec.Struct, frozen=True):
    """An indicator as asked for on the command line, e.g. `macd:12:26:9`."""

    kind: str
    params: tuple[float, ...]

    @property
    def text(self) -> str:
        """How it is written, e.g. `macd:12:26:9`."""
        return ":".join((self.kind, *self._texts))

    @property
    def columns(self) -> list[str]:
        """Names of the output columns, e.g. `macd_12_26_9`."""
        return ["_".join((stem, *self._texts)) for stem in _KINDS[self.kind][1]]

    @property
    def _texts(self) -> list[str]:
        return [f"{value:g}" for value in self.params]


class _Times(NamedTuple):
    """When candles were: the places of each session's first and its end, begins since the open, numbers of their days
    (one more where they follow each other), their length, and that of a session."""

    sessions: list[tuple[int, int]]
    since_open_s: NDArray[np.uint32]
    days: NDArray[np.int32]
    timeframe_s: int
    session_s: int


def parse_timeframe(text: str) -> int:
    """Read `30s`, `5m` or `1h` as seconds."""
    match = re.fullmatch(r"([1-9]\d{0,4})([smh])", text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < seconds <= _TIMEFRAME_MAX_S:
        raise BadInput(f"{text!r} is not a timeframe: write a number and s, m or h, like 1m, 15m or 1h")
    return seconds


def parse_indicators(text: str) -> list[IndicatorSpec]:
    """Read `ema:20,macd:12:26:9`; each gives columns of its own, so none may stand there twice."""
    specs = [_parse_one(part.strip()) for part in text.split(",") if part.strip()]
    for spec in specs:
        if specs.count(spec) > 1:
            raise BadInput(f"the indicator {spec.text} was named twice; name it once")
    return specs


def compute_bars(
    catalog: Catalog,
    instrument: str,
    timeframe_s: int,
    indicators: Sequence[IndicatorSpec] = (),
    *,
    day: dt.date | None = None,
    rules: HistoryRules = PLAIN,
) -> pl.DataFrame:
    """Compute one day, or all days of an instrument with indicators that run on from day to day.

    Earlier days read as the last one sees them, after the corporate actions that lie between.
    """
    entries = _kept_of(catalog, instrument, day, timeframe_s, rules)
    facts = [load_for(e.instrument, e.day, as_of=rules.facts_as_of) for e in entries]
    days = [
        _in_units(adjusted_columns(day_columns(catalog, e, of_day, timeframe_s), by), e)
        for of_day, e, by in zip(facts, entries, adjustments(catalog, instrument, entries, rules), strict=True)
    ]
    frame = pl.DataFrame({name: np.concatenate([day[name] for day in days]) for name in _BASE_COLUMNS})
    starts = np.cumsum([0, *(len(day["ts_open"]) for day in days)])
    since_open = [
        np.asarray(day["ts_open"], dtype=np.int64) - of_day.loaded.open_ns
        for day, of_day in zip(days, facts, strict=True)
    ]
    times = _Times(
        list(itertools.pairwise(map(int, starts))),
        (np.concatenate(since_open) // _SECOND_NS).astype(np.uint32),
        np.repeat(_day_numbers(facts), [len(day["ts_open"]) for day in days]),
        timeframe_s,
        _session_s(facts[-1], entries[-1]),
    )
    return frame.with_columns(series for spec in indicators for series in _indicator(spec, frame, times))


def _day_numbers(facts: Sequence[Facts]) -> NDArray[np.int32]:
    """Number the days; where one between two is missing, or may be, a number is left out."""
    numbers = [0]
    for before, day in itertools.pairwise(facts):
        known_ns = day.loaded.previous_day_ns
        follows = known_ns == before.loaded.day_start_ns if known_ns else (day.date - before.date).days <= _DAYS_NEAR
        numbers.append(numbers[-1] + (1 if follows else 2))
    return np.array(numbers, dtype=np.int32)


def _session_s(facts: Facts, entry: Entry) -> int:
    """Length of continuous trading."""
    group = facts.loaded.groups[group_number(facts, entry.instrument, is_index=entry.is_index)]
    times = itertools.pairwise([*group.phases, (facts.loaded.end_ns, 0)])
    return next((end - start) // _SECOND_NS for (start, phase), (end, _) in times if phase == Phase.CONTINUOUS)


def borrowed_facts(
    catalog: Catalog, instrument: str, timeframe_s: int, *, day: dt.date | None, rules: HistoryRules
) -> list[str]:
    """Say for which of the days that `compute_bars` takes another date's facts stand in."""
    entries = _kept_of(catalog, instrument, day, timeframe_s, rules)
    borrowed = [load_for(e.instrument, e.day, as_of=rules.facts_as_of) for e in entries]
    return [facts.loaded.notes[0] for facts in borrowed if facts.stand_in]


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


def _in_units(columns: Columns, entry: Entry) -> Columns:
    """The same with volume in whole units, which are then no integers where an instrument has decimals."""
    if not entry.quantity_decimals:
        return columns
    return {**columns, "volume": np.asarray(columns["volume"]) / 10**entry.quantity_decimals}


def _kept_of(
    catalog: Catalog, instrument: str, day: dt.date | None, timeframe_s: int, rules: HistoryRules
) -> list[Entry]:
    """The days of an instrument: those with ticks, or where it has none, with candles of which these can be made."""
    kept = catalog.of_instrument(instrument)
    last = kept[-1].day
    names = {action.was for action in rules.actions.until(instrument, last) if action.was}
    older = [e for e in catalog.entries() if e.instrument in names]
    kept = [e for e in [*older, *kept] if e.instrument == rules.actions.name_on(instrument, e.day, last)]
    kept.sort(key=lambda e: (e.day, e.candles, e.length_s))
    entries = [e for e in kept if not e.candles]
    if not entries:
        shortest: dict[dt.date, Entry] = {}
        for entry in kept:
            if serves(entry, timeframe_s):
                shortest.setdefault(entry.day, entry)
        entries = list(shortest.values())
        if not entries:
            lengths = ", ".join(sorted({length_text(e.length_s) for e in kept}))
            raise BadInput(f"{instrument} has candles of {lengths} alone in {catalog.root}, which give none as asked")
    if day is not None:
        known, what = ", ".join(str(e.day) for e in entries), "candles" if entries[0].candles else "ticks"
        entries = [e for e in entries if e.day == day]
        if not entries:
            raise BadInput(f"{instrument} has no {what} of {day} in {catalog.root}; it has {known}")
    return entries


def _parse_one(text: str) -> IndicatorSpec:
    kind, *words = text.split(":")
    if kind not in _KINDS:
        raise BadInput(f"{kind!r} is not an indicator; known are {', '.join(sorted(_KINDS))}")
    names = _KINDS[kind][0]
    if len(words) != len(names):
        usage = ":".join((kind, *(name.upper() for name in names)))
        raise BadInput(
            f"{text!r} has {counted(len(words), 'parameter')}, {kind} takes {len(names) or 'none'}: write {usage}"
        )
    for name, word in zip(names, words, strict=True):
        if name in _MULTIPLES:
            if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", word) or not 0 < float(word) <= _MULTIPLE_MAX:
                raise BadInput(
                    f"{name} of {text!r} must be a number above 0 and up to {_MULTIPLE_MAX}, "
                    f"with three decimals at most, not {word!r}"
                )
        elif not re.fullmatch(r"[1-9]\d{0,5}", word) or int(word) > _LENGTH_MAX:
            raise BadInput(f"{name} of {text!r} must be a whole number from 1 to {_LENGTH_MAX}, not {word!r}")
    return IndicatorSpec(kind, tuple(float(word) for word in words))


def _indicator(spec: IndicatorSpec, frame: pl.DataFrame, times: _Times) -> list[pl.Series]:
    """Compute an indicator's columns over all days, or session by session; not ready yet (NaN) becomes null."""
    if spec.kind == "opening_range" and spec.params[0] * _SECONDS["m"] % times.timeframe_s:
        raise BadInput(f"{spec.text!r} is no whole number of candles of {times.timeframe_s} s")
    inputs = [frame[name].cast(pl.Float64).to_numpy() for name in _INPUTS]
    spans = times.sessions if spec.kind in _OF_ONE_SESSION else [(0, frame.height)]

    def compute(begin: int, end: int) -> list[NDArray[np.float64]]:
        return velox_core.indicator_values(
            spec.kind,
            spec.params,
            *(x[begin:end] for x in inputs),
            since_open_s=times.since_open_s[begin:end],
            days=times.days[begin:end],
            length_s=times.timeframe_s,
            session_s=times.session_s,
        )

    try:
        parts = [compute(begin, end) for begin, end in spans]
    except ValueError as error:
        raise BadInput(f"{spec.text!r} cannot be computed: {error}") from error
    outputs = [np.concatenate(values) for values in zip(*parts, strict=True)]
    return [
        pl.Series(name, values, dtype=pl.Float64).fill_nan(None)
        for name, values in zip(spec.columns, outputs, strict=True)
    ]

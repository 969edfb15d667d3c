"""How whole a kept day is: what is missing, what came twice, late or backwards, and where nothing moved."""

import datetime as dt
from collections.abc import Sequence

import msgspec
import polars as pl

from velox.market.facts import Facts
from velox.market.venues import offset_ns
from velox.research.catalog import Catalog, Entry, length_text
from velox.research.merge import session_windows

__all__ = ["DayQuality", "Thresholds", "applied_rows", "clock_text", "day_quality", "kind_text"]

_NS = 1_000_000_000
_MINUTE_NS = 60 * _NS
_MISSING_SHOWN = 5


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """From where on something is worth a word."""

    silence_s: int = 60  # without any tick in the continuous session
    frozen_s: int = 300  # of ticks that repeat price and volume
    jump_pct: float = 5.0  # from one tick to the next, or from a candle's close to the next open


class DayQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument's day of ticks or candles; times are those of the market's clocks.

    `judged` is false where the session of the date is not known; what depends on it is then 0.
    """

    instrument: str
    day: dt.date
    kind: str  # ticks, or the length of the candles
    rows: int
    first: str = ""
    last: str = ""
    judged: bool = True
    outside_session: int = 0
    missing_minutes: int = 0  # of the continuous session; of candles: missing ones
    missing: list[str] = []  # the first spans of them
    longest_silence_s: float = 0.0
    silence_from: str = ""
    out_of_order: int = 0
    duplicates: int = 0
    wrong_day: int = 0
    rejects: int = 0
    impossible: int = 0  # a price of 0 or below, a volume below 0
    volume_backwards: int = 0
    jumps: int = 0
    largest_jump_pct: float = 0.0
    jump_at: str = ""
    frozen_s: float = 0.0
    frozen_from: str = ""

    def faults(self, limits: Thresholds) -> list[str]:
        """What is worth a word, in words."""
        minutes = "minutes without a tick" if self.kind == "ticks" else f"candles of {self.kind} missing"
        spans = ", ".join(self.missing) + (", …" if len(self.missing) == _MISSING_SHOWN else "")
        silent = self.longest_silence_s > limits.silence_s and self.kind == "ticks"
        told = [
            (self.missing_minutes, f"{self.missing_minutes:,} {minutes} ({spans})"),
            (silent, f"{self.longest_silence_s:,.0f} s of silence from {self.silence_from}"),
            (self.out_of_order, f"{self.out_of_order:,} rows older than one before"),
            (self.duplicates, f"{self.duplicates:,} repeated rows"),
            (self.wrong_day, f"{self.wrong_day:,} rows of another day"),
            (self.rejects, f"{self.rejects:,} rows could not be read"),
            (self.impossible, f"{self.impossible:,} rows with an impossible price or volume"),
            (self.volume_backwards, f"{self.volume_backwards:,} rows whose volume went backwards"),
            (self.jumps, f"{self.jumps:,} jumps, {self.largest_jump_pct:.1f} % at {self.jump_at}"),
            (self.frozen_s > limits.frozen_s, f"frozen for {self.frozen_s:,.0f} s from {self.frozen_from}"),
            (not self.judged, "the session of this date is not known: name a date with --facts-as-of"),
        ]
        return [sentence for holds, sentence in told if holds]


def kind_text(entry: Entry) -> str:
    """What an entry holds: ticks, 1m, 1d."""
    return length_text(entry.length_s) if entry.candles else "ticks"


def clock_text(instrument: str, ts_ns: int) -> str:
    """The time of day on the market's clocks, to the second."""
    local_ns = ts_ns + offset_ns(instrument)
    return dt.datetime.fromtimestamp(local_ns // _NS, dt.UTC).strftime("%H:%M:%S")


def day_quality(catalog: Catalog, entry: Entry, facts: Facts | None, limits: Thresholds) -> DayQuality:
    """Look through a day of ticks, or of candles shorter than a day; without facts its session is not judged."""
    frame = catalog.read(entry)
    windows = session_windows(facts, entry.instrument, is_index=entry.is_index) if facts else []
    if entry.candles:
        return _of_candles(entry, frame, windows, limits)
    return _of_ticks(entry, frame, windows, limits)


def applied_rows(frame: pl.DataFrame, windows: Sequence[tuple[int, int]]) -> pl.DataFrame:
    """The rows that the guard applies: in the continuous session, possible, in order, each once."""
    rows = _ordered(_possible(_inside(frame, "ts_ns", windows)))
    return rows.filter(~_repeats(rows))


def _inside(frame: pl.DataFrame, column: str, windows: Sequence[tuple[int, int]]) -> pl.DataFrame:
    spans = [pl.col(column).is_between(begin, end, closed="left") for begin, end in windows]
    return frame.filter(pl.any_horizontal(spans)) if spans else frame.clear()


def _possible(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter((pl.col("price") > 0) & (pl.col("volume") >= 0))


def _ordered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("ts_ns") >= pl.col("ts_ns").cum_max())


def _repeats(frame: pl.DataFrame) -> pl.Series:
    same = [pl.col(name) == pl.col(name).shift(1) for name in ("ts_ns", "price", "volume")]
    return frame.select(pl.all_horizontal(same).fill_null(value=False).alias("same")).to_series()


def _of_ticks(entry: Entry, frame: pl.DataFrame, windows: Sequence[tuple[int, int]], limits: Thresholds) -> DayQuality:
    name = entry.instrument
    possible = _possible(frame)
    known = _plain(entry, frame, judged=bool(windows))
    known["impossible"] = frame.height - possible.height
    known["volume_backwards"] = possible.filter(pl.col("volume") < pl.col("volume").cum_max()).height
    if not windows:
        ordered = _ordered(possible)
        known["out_of_order"], known["duplicates"] = possible.height - ordered.height, int(_repeats(ordered).sum())
        return msgspec.convert(known, DayQuality)
    inside = _possible(_inside(frame, "ts_ns", windows))
    ordered = _ordered(inside)
    applied = ordered.filter(~_repeats(ordered))
    known["outside_session"] = possible.height - inside.height
    known["out_of_order"] = inside.height - ordered.height
    known["duplicates"] = ordered.height - applied.height
    known |= _missing(name, applied["ts_ns"], windows, _MINUTE_NS)
    known |= _silence(name, applied["ts_ns"], windows)
    known |= _jumps(name, applied["price"].to_frame("now"), applied["ts_ns"], applied["price"].shift(1), limits)
    known |= _frozen(name, ordered)
    return msgspec.convert(known, DayQuality)


def _of_candles(
    entry: Entry, frame: pl.DataFrame, windows: Sequence[tuple[int, int]], limits: Thresholds
) -> DayQuality:
    known = _plain(entry, frame, judged=bool(windows))
    times = frame["ts_open"]
    known["out_of_order"] = int((times < times.cum_max()).sum())
    known["duplicates"] = frame.height - times.n_unique()
    if windows:
        inside = _inside(frame, "ts_open", windows)
        known["outside_session"] = frame.height - inside.height
        known |= _missing(entry.instrument, inside["ts_open"], windows, entry.length_s * _NS)
    known |= _jumps(entry.instrument, frame["open"].to_frame("now"), times, frame["close"].shift(1), limits)
    return msgspec.convert(known, DayQuality)


def _plain(entry: Entry, frame: pl.DataFrame, *, judged: bool) -> dict[str, object]:
    first, last = (clock_text(entry.instrument, ns) for ns in (entry.first_ns, entry.last_ns))
    return {
        "instrument": entry.instrument,
        "day": entry.day,
        "kind": kind_text(entry),
        "rows": frame.height,
        "first": first,
        "last": last,
        "judged": judged,
        "wrong_day": entry.wrong_day,
        "rejects": entry.rejects,
    }


def _missing(name: str, ts_ns: pl.Series, windows: Sequence[tuple[int, int]], length_ns: int) -> dict[str, object]:
    """The slots of the session in which nothing stands, as spans."""
    due = [begin + n * length_ns for begin, end in windows for n in range(-(-(end - begin) // length_ns))]
    anchor = windows[0][0]
    have = set(((ts_ns - anchor) // length_ns * length_ns + anchor).to_list())
    missing = [slot for slot in due if slot not in have]
    spans: list[list[int]] = []
    for slot in missing:
        if spans and slot == spans[-1][1] + length_ns:
            spans[-1][1] = slot
        else:
            spans.append([slot, slot])
    texts = []
    for begin, end in spans[:_MISSING_SHOWN]:
        first, last = clock_text(name, begin)[:5], clock_text(name, end)[:5]
        texts.append(first if begin == end else f"{first}–{last}")
    return {"missing_minutes": len(missing), "missing": texts}


def _silence(name: str, ts_ns: pl.Series, windows: Sequence[tuple[int, int]]) -> dict[str, object]:
    """The longest time without a tick, from the open and to the close too."""
    longest, since = 0, windows[0][0]
    for begin, end in windows:
        own = ts_ns.filter((ts_ns >= begin) & (ts_ns < end))
        edges = pl.concat([pl.Series([begin]), own, pl.Series([end])])
        gaps = edges.diff()
        place = gaps.arg_max()
        if place is not None and int(gaps[place]) > longest:
            longest, since = int(gaps[place]), int(edges[place - 1])
    return {"longest_silence_s": longest / _NS, "silence_from": clock_text(name, since)}


def _jumps(name: str, now: pl.DataFrame, ts_ns: pl.Series, before: pl.Series, limits: Thresholds) -> dict[str, object]:
    moves = now.select(
        ((pl.col("now") / before.alias("before") - 1).abs() * 100).alias("pct"), ts_ns.alias("ts")
    ).filter(pl.col("pct") > limits.jump_pct)
    if not moves.height:
        return {}
    top = moves.sort("pct", descending=True).row(0)
    return {
        "jumps": moves.height,
        "largest_jump_pct": round(float(top[0]), 4),
        "jump_at": clock_text(name, int(top[1])),
    }


def _frozen(name: str, ordered: pl.DataFrame) -> dict[str, object]:
    """The longest time through which rows came and neither price nor volume moved."""
    runs = (
        ordered.with_columns(pl.struct("price", "volume").rle_id().alias("run"))
        .group_by("run")
        .agg(pl.col("ts_ns").first().alias("begin"), (pl.col("ts_ns").last() - pl.col("ts_ns").first()).alias("span"))
    )
    if not runs.height:
        return {}
    begin, span = runs.sort(["span", "begin"], descending=[True, False]).select("begin", "span").row(0)
    return {"frozen_s": span / _NS, "frozen_from": clock_text(name, begin)} if span else {}

"""What a catalogue holds, a line per instrument."""

import datetime as dt
import itertools
from operator import attrgetter

from velox.market.calendar import IST
from velox.market.venues import offset_ns
from velox.research.catalog import MINUTE_S, Catalog, Entry, length_text

__all__ = ["coverage_lines"]


def coverage_lines(catalog: Catalog) -> list[str]:
    """Describe every instrument, its name first; generated data carries the word SYNTHETIC."""
    groups = itertools.groupby(catalog.entries(), key=attrgetter("instrument"))
    return [_line(name, list(entries)) for name, entries in groups]


def _line(name: str, entries: list[Entry]) -> str:
    ticks = [e for e in entries if not e.candles]
    candles = [e for e in entries if e.candles and e.length_s == MINUTE_S]
    words = [name]
    if ticks:
        words.append(f"days={len(ticks)} rows={sum(e.rows for e in ticks)}")
        words.append(
            f"first={_local(name, min(e.first_ns for e in ticks))} last={_local(name, max(e.last_ns for e in ticks))}"
        )
        words.append(f"wrong_day={sum(e.wrong_day for e in ticks)} rejects={sum(e.rejects for e in ticks)}")
    if candles:
        words.append(f"candle_days={len(candles)} ({candles[0].day} to {candles[-1].day})")
    for length_s in sorted({e.length_s for e in entries if e.candles} - {MINUTE_S}):
        kept = [e for e in entries if e.candles and e.length_s == length_s]
        words.append(f"{length_text(length_s)}_days={len(kept)} ({kept[0].day} to {kept[-1].day})")
    if any(e.synthetic for e in entries):
        words.append("SYNTHETIC")
    return " ".join(words)


def _local(name: str, ts_ns: int) -> str:
    """The time on the clocks of an instrument's market; other clocks than India's are named."""
    ahead_ns = offset_ns(name)
    zone = IST if ahead_ns == offset_ns("NSE:") else dt.timezone(dt.timedelta(microseconds=ahead_ns // 1_000))
    return dt.datetime.fromtimestamp(ts_ns // 1_000_000_000, zone).strftime("%Y-%m-%dT%H:%M:%S") + (
        "" if zone is IST else "Z" if not ahead_ns else f"{zone}"
    )

"""What a row must be to become a candle of the catalogue, whoever gives it: a file, an exchange or a broker.

A row that cannot be a candle is rejected; one that merely looks odd is kept and noted. Both are counted by kind.
"""

import datetime as dt
import functools

import msgspec
import polars as pl

from velox.market import calendar
from velox.market.facts import load_for
from velox.market.instruments import shipped
from velox.market.ticks import tick_size
from velox.market.venues import day_start_ns, offset_ns, venue_of
from velox.research.catalog import CANDLE_SCHEMA, DAY_S, length_text
from velox.research.findings import Findings
from velox.research.merge import session_windows

__all__ = ["PRICES", "Series", "checked_days", "is_index", "readable_and_possible", "session_spans"]

PRICES = ("open", "high", "low", "close")
_NS = 1_000_000_000
_MINUTE_NS = 60 * _NS
# A month's price steps follow the close of the month before; a price may have come this far since.
_DRIFT_PCT = 70


class Series(msgspec.Struct, frozen=True):
    """What rows claim to be: candles of one length of one instrument; `as_of` is the date whose facts may stand in."""

    instrument: str
    length_s: int
    as_of: dt.date | None = None

    @property
    def whole_days(self) -> bool:
        """Whether each candle is a day's."""
        return self.length_s == DAY_S


class _DayRule(msgspec.Struct, frozen=True):
    """What is known of a day: why it is closed, what is not known of it, its spans of continuous trading."""

    day: dt.date
    closed: str = ""
    unknown: str = ""
    windows: list[tuple[int, int]] = []
    tick_at: dt.date | None = None  # whose table of price steps holds


@functools.cache
def _indices() -> frozenset[str]:
    return frozenset(each.name for each in shipped() if not each.tradable)


def is_index(name: str) -> bool:
    """Whether an instrument is known as an index."""
    return name in _indices()


def checked_days(frame: pl.DataFrame, series: Series, findings: Findings) -> dict[dt.date, pl.DataFrame]:
    """The good candles by day, in order of time.

    The frame has `line`, `shown` and, null where they cannot be read, `ts_open`, prices at 1e-8 and `volume`; other
    columns stay as they are.
    """
    frame = readable_and_possible(frame, findings)
    ahead_ns = offset_ns(series.instrument)
    date = pl.from_epoch(pl.col("ts_open") + ahead_ns, time_unit="ns").dt.date()
    frame = frame.with_columns(date.alias("day"))
    rules = [_rule(day, series) for day in frame["day"].unique().sort()]
    frame = _in_session(frame, series, rules, findings)
    frame = _once(frame, findings)
    _note_ticks(frame, series, rules, findings)
    days = frame.sort("ts_open").partition_by("day", as_dict=True, maintain_order=True)
    extra = [name for name in frame.columns if name not in CANDLE_SCHEMA and name not in ("line", "shown", "day")]
    wanted = [*CANDLE_SCHEMA, *extra]
    return {key[0]: _with_ticks(day).select(wanted) for key, day in sorted(days.items())}


def session_spans(series: Series, ts_ns: pl.Series) -> list[tuple[int, int]]:
    """Where continuous trading begins and ends on the days of some moments, as far as that is known."""
    ahead_ns = offset_ns(series.instrument)
    days = pl.from_epoch(ts_ns.unique() + ahead_ns, time_unit="ns").dt.date().unique().sort()
    return [span for day in days for span in _rule(day, series).windows]


def _with_ticks(frame: pl.DataFrame) -> pl.DataFrame:
    # How many ticks made it is not told by most: 0 is unknown.
    return frame if "ticks" in frame.columns else frame.with_columns(pl.lit(0, dtype=pl.Int64).alias("ticks"))


def readable_and_possible(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """The rows whose numbers are those of a candle, whatever their day."""
    frame = findings.take_out(frame, pl.col("ts_open").is_null(), "the time cannot be read")
    for name in PRICES:
        frame = findings.take_out(frame, pl.col(name).is_null(), f"{name} is no price of at most 8 decimals")
    frame = findings.take_out(frame, pl.col("volume").is_null(), "volume is no whole number")
    low, high = pl.col("low"), pl.col("high")
    frame = findings.take_out(frame, pl.min_horizontal(*PRICES) <= 0, "a price is 0 or below")
    frame = findings.take_out(frame, pl.col("volume") < 0, "volume is below 0")
    frame = findings.take_out(frame, high < pl.max_horizontal(*PRICES), "high is below open, low or close")
    return findings.take_out(frame, low > pl.min_horizontal(*PRICES), "low is above open, high or close")


def _rule(day: dt.date, series: Series) -> _DayRule:
    if venue_of(series.instrument, day) is None:
        if not calendar.covered(day) and series.as_of is None:
            weekend = " (and it is a weekend)" if day.weekday() >= 5 else ""
            return _DayRule(day, unknown=f"session and holidays of this date are not known{weekend}")
        if reason := calendar.why_closed(day):
            return _DayRule(day, closed=f"the market is closed: it is {reason}")
    facts = load_for(series.instrument, day, as_of=series.as_of)
    windows = session_windows(facts, series.instrument, is_index=is_index(series.instrument))
    return _DayRule(day, windows=windows, tick_at=facts.rules_date)


def _in_session(frame: pl.DataFrame, series: Series, rules: list[_DayRule], findings: Findings) -> pl.DataFrame:
    for closed in sorted({rule.closed for rule in rules} - {""}):
        own = pl.col("day").is_in([rule.day for rule in rules if rule.closed == closed])
        frame = findings.take_out(frame, own, closed)
    for unknown in sorted({rule.unknown for rule in rules} - {""}):
        findings.note(frame, pl.col("day").is_in([rule.day for rule in rules if rule.unknown == unknown]), unknown)
    if series.whole_days:
        starts = {rule.day: day_start_ns(series.instrument, rule.day) for rule in rules}
        return frame.with_columns(pl.col("day").replace_strict(starts, return_dtype=pl.Int64).alias("ts_open"))
    length_ns = series.length_s * _NS
    opens = {rule.day: rule.windows[0][0] for rule in rules if rule.windows}
    open_ns = pl.col("day").replace_strict(opens, default=None, return_dtype=pl.Int64)
    off_grid = (
        pl.when(open_ns.is_null())
        .then(pl.col("ts_open") % _MINUTE_NS)
        .otherwise((pl.col("ts_open") - open_ns) % length_ns)
    )
    inside = pl.lit(value=False)
    for n in range(max((len(rule.windows) for rule in rules), default=0)):
        begins = {rule.day: rule.windows[n][0] for rule in rules if len(rule.windows) > n}
        ends = {rule.day: rule.windows[n][1] for rule in rules if len(rule.windows) > n}
        begin, end = (
            pl.col("day").replace_strict(bounds, default=None, return_dtype=pl.Int64) for bounds in (begins, ends)
        )
        inside = inside | (pl.col("ts_open").ge(begin) & pl.col("ts_open").lt(end)).fill_null(value=False)
    frame = findings.take_out(frame, open_ns.is_not_null() & ~inside, "outside of the continuous session")
    length = length_text(series.length_s)
    return findings.take_out(frame, off_grid != 0, f"no candle of {length} opens at this time")


def _once(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Keep the first row of each candle."""
    values = [*PRICES, "volume"]
    frame = frame.with_columns(pl.struct(values).first().over("ts_open").alias("first"))
    later = ~pl.col("ts_open").is_first_distinct()
    same = pl.struct(values) == pl.col("first")
    frame = findings.take_out(frame.with_columns(later.alias("later")), pl.col("later") & same, "given twice")
    frame = findings.take_out(frame, pl.col("later"), "given twice with different values; the first was taken")
    findings.note(frame, pl.col("ts_open") < pl.col("ts_open").cum_max(), "out of order; put in its place")
    return frame.drop("first", "later")


def _note_ticks(frame: pl.DataFrame, series: Series, rules: list[_DayRule], findings: Findings) -> None:
    exchange = series.instrument.partition(":")[0]
    if exchange != "NSE" or is_index(series.instrument):
        return
    lows = dict(frame.group_by("day").agg(pl.col("low").min()).iter_rows())
    steps = {
        rule.day: tick_size("cash", lows[rule.day] * _DRIFT_PCT // 100, rule.tick_at)
        for rule in rules
        if rule.tick_at is not None and rule.day in lows
    }
    if not steps:
        return
    step = pl.col("day").replace_strict(steps, default=None, return_dtype=pl.Int64)
    odd = pl.any_horizontal(*(pl.col(name) % step != 0 for name in PRICES))
    findings.note(frame, odd, "a price is no multiple of the tick, as adjusted prices are")

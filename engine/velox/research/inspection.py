"""The gap and parity report of a catalogue: each day looked through, days compared, what lies between them judged."""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import msgspec
import polars as pl

from velox.errors import BadInput
from velox.market import calendar
from velox.market.corporate_actions import NO_ACTIONS, Actions
from velox.market.facts import Facts, load_for
from velox.market.venues import venue_of
from velox.research.catalog import DAY_S, Catalog, Entry
from velox.research.parity import Parity, parities
from velox.research.quality import DayQuality, Thresholds, day_quality
from velox.rupees import counted, grouped

__all__ = ["Ask", "Inspection", "Inspected", "Suspicion", "inspect", "report_lines", "summary_lines"]

_DAY = dt.timedelta(days=1)
_SHOWN_DAYS = 5
# What a split or bonus leaves of a price, and how far an open may lie from it. A move smaller than the least is trade.
_RATIOS = [
    Fraction(*pair) for pair in ((1, 2), (2, 3), (1, 3), (1, 4), (3, 4), (1, 5), (2, 5), (3, 5), (1, 10), (1, 20))
]
_RATIOS += [1 / ratio for ratio in (Fraction(1, 2), Fraction(1, 5), Fraction(1, 10))]
_NEAR_PCT = 4.0
_FROM_PCT = 18.0


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What to look at; empty is everything, dates are inclusive."""

    instruments: Sequence[str] = ()
    first: dt.date | None = None
    last: dt.date | None = None
    as_of: dt.date | None = None
    actions: Actions = NO_ACTIONS  # a step that one of these explains is no suspicion
    thresholds: Thresholds = Thresholds()


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """A step from one day's close to the next open that looks like a split, bonus or consolidation; in rupees."""

    before: dt.date
    day: dt.date
    close: float
    open: float
    ratio: str

    @property
    def sentence(self) -> str:
        """For people."""
        return (
            f"{self.day}: opens at {grouped(self.open, 2)} after {grouped(self.close, 2)} on {self.before}, "
            f"near {self.ratio}: a split or bonus that the data is not adjusted for?"
        )


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument."""

    instrument: str
    synthetic: bool
    days: list[DayQuality]
    parities: list[Parity]
    missing_days: list[dt.date]  # trading days between the first and the last that are not kept
    unknown_days: int  # weekdays between them of which it is not known whether the market traded
    suspicions: list[Suspicion]

    def faults(self, limits: Thresholds) -> list[str]:
        """Everything that is worth a word, by day."""
        told = [f"{day.day} {day.kind}: {fault}" for day in self.days for fault in day.faults(limits)]
        told += [f"{parity.day} {parity.sentence}" for parity in self.parities if not parity.equal]
        if self.missing_days:
            told.append(f"{len(self.missing_days):,} trading days missing: {_listed(self.missing_days)}")
        return told + [suspicion.sentence for suspicion in self.suspicions]


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """A whole catalogue, or what was asked for of it."""

    catalog: str
    thresholds: Thresholds
    instruments: list[Inspected]
    faults: int


def inspect(catalog: Catalog, ask: Ask, done: Callable[[], None] = lambda: None) -> Inspection:
    """Look through a catalogue; calls `done` after each instrument."""
    for name in ask.instruments:
        catalog.of_instrument(name)  # an unknown one is refused with its neighbours
    entries = [e for e in catalog.entries() if _wanted(e, ask)]
    if not entries:
        raise BadInput(f"{catalog.root} holds nothing of these days: look with `velox data coverage`")
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.instrument, []).append(entry)
    found: list[Inspected] = []
    for name, own in by_name.items():
        found.append(_one(catalog, name, own, ask))
        done()
    faults = sum(len(each.faults(ask.thresholds)) for each in found)
    return Inspection(catalog=str(catalog.root), thresholds=ask.thresholds, instruments=found, faults=faults)


def summary_lines(inspection: Inspection) -> Iterator[str]:
    """A line per instrument and one for all."""
    for each in inspection.instruments:
        faults = each.faults(inspection.thresholds)
        kinds = sorted({day.kind for day in each.days})
        rows = sum(day.rows for day in each.days)
        words = (
            [f"{each.instrument}: {counted(len(each.days), 'day')} of {', '.join(kinds)}, {counted(rows, 'row')}"]
            if each.days
            else [f"{each.instrument}: whole days alone"]
        )
        words += [f"{len(each.parities):,} comparisons ({sum(p.equal for p in each.parities):,} equal)"] * bool(
            each.parities
        )
        words.append(f"{len(faults):,} findings" if faults else "nothing to say")
        yield "; ".join(words) + ("  SYNTHETIC" if each.synthetic else "")
    count = len(inspection.instruments)
    yield f"{count:,} instruments, {inspection.faults:,} findings."


def report_lines(inspection: Inspection) -> Iterator[str]:
    """Everything, as text."""
    limits = inspection.thresholds
    yield f"# Gaps and parity of {inspection.catalog}"
    yield ""
    yield (
        f"Told are silences over {limits.silence_s} s, quotes frozen over {limits.frozen_s} s and steps over "
        f"{limits.jump_pct:g} %."
    )
    for each in inspection.instruments:
        yield ""
        yield f"## {each.instrument}{'  SYNTHETIC' if each.synthetic else ''}"
        yield ""
        for day in each.days:
            yield f"- {day.day} {day.kind}: {day.rows:,} rows from {day.first} to {day.last}"
            yield from (f"  - {fault}" for fault in day.faults(limits))
        for parity in each.parities:
            yield f"- {parity.day} {parity.sentence}"
        if each.missing_days:
            yield f"- {len(each.missing_days):,} trading days missing: {', '.join(map(str, each.missing_days))}"
        if each.unknown_days:
            yield f"- of {each.unknown_days:,} weekdays between its days it is not known whether the market traded"
        yield from (f"- {suspicion.sentence}" for suspicion in each.suspicions)


def _wanted(entry: Entry, ask: Ask) -> bool:
    within = (ask.first is None or entry.day >= ask.first) and (ask.last is None or entry.day <= ask.last)
    return within and (not ask.instruments or entry.instrument in ask.instruments)


def _one(catalog: Catalog, name: str, entries: list[Entry], ask: Ask) -> Inspected:
    by_day: dict[dt.date, list[Entry]] = {}
    for entry in entries:
        by_day.setdefault(entry.day, []).append(entry)
    days: list[DayQuality] = []
    compared: list[Parity] = []
    for date, own in sorted(by_day.items()):
        facts = _facts(name, date, ask.as_of)
        days += [day_quality(catalog, e, facts, ask.thresholds) for e in own if not e.candles or e.length_s < DAY_S]
        if facts is not None:
            compared += parities(catalog, own, facts)
    missing, unknown = _between(name, sorted(by_day))
    return Inspected(
        instrument=name,
        synthetic=any(entry.synthetic for entry in entries),
        days=days,
        parities=compared,
        missing_days=missing,
        unknown_days=unknown,
        suspicions=_suspicions(catalog, name, by_day, ask.actions),
    )


def _facts(name: str, date: dt.date, as_of: dt.date | None) -> Facts | None:
    """The facts of a day; None where they are not known, or know of no session."""
    try:
        return load_for(name, date, as_of=as_of)
    except (calendar.NotCovered, calendar.NotATradingDay):
        return None


def _between(name: str, days: Sequence[dt.date]) -> tuple[list[dt.date], int]:
    """Trading days that are not kept between the first and the last, and days of which nobody knows."""
    missing, unknown, kept = [], 0, set(days)
    day = days[0]
    while day < days[-1]:
        day += _DAY
        if day in kept:
            continue
        if venue_of(name, day) is not None:
            missing.append(day)
        elif calendar.why_closed(day) is None:
            if calendar.covered(day):
                missing.append(day)
            else:
                unknown += 1
    return missing, unknown


def _suspicions(catalog: Catalog, name: str, by_day: dict[dt.date, list[Entry]], actions: Actions) -> list[Suspicion]:
    found: list[Suspicion] = []
    before: tuple[dt.date, float] | None = None
    for day in sorted(by_day):
        ends = _first_and_last(catalog, by_day[day])
        if ends is None:
            continue
        if before is not None:
            since = before[0]
            known = [action for action in actions.until(name, day) if action.ex > since]
            moved = ends[0] / before[1] * float(math.prod(action.shares for action in known))
            ratio = min(_RATIOS, key=lambda each: abs(moved / float(each) - 1))
            near = abs(moved / float(ratio) - 1) * 100 <= _NEAR_PCT
            if near and abs(moved - 1) * 100 >= _FROM_PCT and venue_of(name, day) is None:
                found.append(
                    Suspicion(
                        before=before[0],
                        day=day,
                        close=before[1],
                        open=ends[0],
                        ratio=f"{ratio.numerator}/{ratio.denominator}",
                    )
                )
        before = (day, ends[1])
    return found


def _first_and_last(catalog: Catalog, entries: Sequence[Entry]) -> tuple[float, float] | None:
    """The first and the last price of a day in rupees, of whatever is kept of it."""
    entry = max(entries, key=lambda e: e.length_s if e.candles else 0)  # the longest candles: least to read
    frame = catalog.read(entry)
    first, last = ("open", "close") if entry.candles else ("price", "price")
    good = frame.filter((pl.col(first) > 0) & (pl.col(last) > 0))
    return (good[first].item(0) / 1e8, good[last].item(-1) / 1e8) if good.height else None


def _listed(days: Sequence[dt.date]) -> str:
    return ", ".join(str(day) for day in days[:_SHOWN_DAYS]) + (", …" if len(days) > _SHOWN_DAYS else "")

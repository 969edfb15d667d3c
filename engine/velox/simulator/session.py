"""Generated trading days: seeded, the same on every machine, marked SYNTHETIC wherever they go.

A plan names the first day, how many days, the instruments and how many days before are kept as one-minute candles for
warm-up. Each instrument and day has its own stream of draws, so a plan with fewer instruments has the same prices.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import polars as pl

from velox.errors import BadInput
from velox.market import calendar
from velox.market.facts import Facts, load
from velox.market.ticks import band_reference_day, tick_size
from velox.research.catalog import CANDLE_SCHEMA, Catalog, Entry
from velox.research.merge import session_windows
from velox.research.nse_ticks import ONE
from velox.simulator.walk import Floats, Shape, Walk, index_day, paths, stock_day

__all__ = ["Plan", "SAMPLE_PLAN", "generate", "minute_candles", "plan_of", "stamp"]

_GENERATOR = 1  # raised whenever the same seed would give other prices
_INDICES = ("NSE:NIFTY", "NSE:BANKNIFTY")
_INDEX_TICK = ONE // 20
_INDEX_LEVELS = {"NSE:NIFTY": 24_850, "NSE:BANKNIFTY": 55_300}
# Made-up price (rupees) and shares a day; names that are not here get theirs from their spelling.
_STOCKS = {
    "NSE:HDFCBANK": (968, 14_000_000),
    "NSE:ICICIBANK": (1_424, 9_000_000),
    "NSE:INFY": (1_586, 6_500_000),
    "NSE:RELIANCE": (1_447, 8_000_000),
}
_NAME = re.compile(r"NSE:[A-Z0-9&_-]+")
_MINUTE_NS = 60_000_000_000


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to generate."""

    seed: int = 715
    first: dt.date = dt.date(2026, 7, 15)
    days: int = 1
    warmup_days: int = 5  # trading days before the first, kept as one-minute candles
    instruments: tuple[str, ...] = ("NSE:NIFTY", *_STOCKS)


SAMPLE_PLAN = Plan()


def plan_of(options: dict[str, object]) -> Plan:
    """Make a plan from command-line words; what is not said keeps its default."""
    chosen = dict(options)
    if isinstance(first := chosen.get("first"), dt.datetime):
        chosen["first"] = first.date()
    if isinstance(text := chosen.get("instruments"), str):
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
        for name in names:
            if not _NAME.fullmatch(name):
                raise BadInput(f"{name!r} is not an instrument name like NSE:RELIANCE")
        if not names:
            raise BadInput(f"--instruments {text!r} names no instrument")
        chosen["instruments"] = names
    return msgspec.convert(chosen, Plan)


def stamp(plan: Plan) -> str:
    """Return the mark that generated data carries."""
    return f"SYNTHETIC: generated, seed {plan.seed}, generator {_GENERATOR}"


def generate(plan: Plan, catalog: Catalog, done: Callable[[], None] = lambda: None) -> list[Entry]:
    """Write the days of a plan into a catalogue; calls `done` after each day."""
    warmup, days = _trading_days(plan)
    closes: dict[str, int] = {}
    entries: list[Entry] = []
    for day in [*warmup, *days]:
        facts = load(day)
        for name, frame, shape in _one_day(plan, facts, closes, clean=day in warmup):
            entry = Entry(
                instrument=name,
                day=day,
                is_index=name in _INDICES,
                candles=day in warmup,
                source=name,
                synthetic=stamp(plan),
                tick=shape.tick,
                prev_close=shape.prev_close * shape.tick,
            )
            span = session_windows(facts, name, is_index=entry.is_index)[0]
            closes[name] = _last_price(frame, span[1])
            entries.append(catalog.store(entry, minute_candles(frame, *span) if entry.candles else frame))
        done()
    return entries


def minute_candles(clean: pl.DataFrame, open_ns: int, end_ns: int) -> pl.DataFrame:
    """Aggregate clean rows (in order, without repeats); volume counts from the session's start."""
    inside = clean.filter(pl.col("ts_ns").is_between(open_ns, end_ns, closed="left"))
    slot = (pl.col("ts_ns") - open_ns) // _MINUTE_NS
    candles = inside.group_by(slot.alias("slot"), maintain_order=True).agg(
        open=pl.col("price").first(),
        high=pl.col("price").max(),
        low=pl.col("price").min(),
        close=pl.col("price").last(),
        total=pl.col("volume").last(),
        ticks=pl.len().cast(pl.Int64),
    )
    return candles.select(
        (open_ns + pl.col("slot") * _MINUTE_NS).alias("ts_open"),
        "open",
        "high",
        "low",
        "close",
        pl.col("total").diff().fill_null(pl.col("total")).alias("volume"),
        "ticks",
    ).select(list(CANDLE_SCHEMA))


def _trading_days(plan: Plan) -> tuple[list[dt.date], list[dt.date]]:
    """List the warm-up days that are covered and the days asked for, all of which must be."""
    if plan.days < 1:
        raise BadInput(f"{plan.days} days cannot be generated: ask for at least one")
    calendar.check_covered(plan.first)
    first = plan.first if calendar.is_trading_day(plan.first) else calendar.next_trading_day(plan.first)
    days = [first]
    while len(days) < plan.days:
        days.append(calendar.next_trading_day(days[-1]))
    warmup: list[dt.date] = []
    while len(warmup) < plan.warmup_days:
        try:
            warmup.append(calendar.previous_trading_day(warmup[-1] if warmup else first))
        except calendar.NotCovered:
            break
    return warmup[::-1], days


def _one_day(plan: Plan, facts: Facts, closes: dict[str, int], *, clean: bool) -> list[tuple[str, pl.DataFrame, Shape]]:
    """Generate all instruments of a day; the indices follow the stocks."""
    stocks = [name for name in plan.instruments if name not in _INDICES]
    indices = [name for name in plan.instruments if name in _INDICES]
    drivers = list(dict.fromkeys([*_STOCKS, *stocks]))  # an index follows the same four whatever else is asked for
    open_ns, end_ns = session_windows(facts, "NSE:NIFTY", is_index=True)[0]
    seconds = (end_ns - open_ns) // 1_000_000_000
    market = _draws(plan.seed, facts.date, "market")
    drawn = paths(market, [_draws(plan.seed, facts.date, f"path {name}") for name in drivers], seconds)
    made: list[tuple[str, pl.DataFrame, Shape]] = []
    for name, path in zip(drivers, drawn, strict=True):
        if name in stocks:
            start, end = session_windows(facts, name, is_index=False)[0]
            walk = Walk(start, path[: (end - start) // 1_000_000_000 + 1])
            shape = _shape(name, facts.date, closes)
            made.append((name, stock_day(_draws(plan.seed, facts.date, name), shape, walk, clean=clean), shape))
    common = _mean(drawn[: len(_STOCKS)])
    for name in indices:
        shape = _shape(name, facts.date, closes)
        walk = Walk(open_ns, common)
        made.append((name, index_day(_draws(plan.seed, facts.date, name), shape, walk, clean=clean), shape))
    return made


def _mean(drawn: Sequence[Floats]) -> Floats:
    # Added one by one: numpy's own sum may group the terms by the width of the processor.
    total = drawn[0]
    for path in drawn[1:]:
        total = total + path
    return total / len(drawn)


def _draws(seed: int, day: dt.date, purpose: str) -> np.random.Generator:
    """Return the stream of one purpose on one day."""
    digest = hashlib.sha256(f"{seed} {day.isoformat()} {purpose}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def _shape(name: str, day: dt.date, closes: dict[str, int]) -> Shape:
    if name in _INDICES:
        first = _INDEX_LEVELS[name] * ONE
        return Shape(_INDEX_TICK, closes.get(name, first) // _INDEX_TICK, 0, 0)
    price, shares = _STOCKS.get(name) or _made_up(name)
    # The band of a month is set by the month before; the made-up price stands for that close.
    tick = tick_size("cash", price * ONE, band_reference_day(day))
    return Shape(tick, closes.get(name, price * ONE) // tick, shares, max(50, shares // 9_000))


def _made_up(name: str) -> tuple[int, int]:
    digest = hashlib.sha256(name.encode()).digest()
    return 150 + int.from_bytes(digest[:2], "big") % 3_600, 1_000_000 + int.from_bytes(digest[2:5], "big") % 9_000_000


def _last_price(frame: pl.DataFrame, end_ns: int) -> int:
    return int(frame.filter(pl.col("ts_ns") < end_ns)["price"].item(-1))

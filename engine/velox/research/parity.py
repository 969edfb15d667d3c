"""Whether what is kept of a day in two ways agrees: own candles with given ones, a day's ticks with the exchange's."""

import datetime as dt
from collections.abc import Sequence

import msgspec
import polars as pl

from velox.market.facts import Facts
from velox.market.venues import day_start_ns
from velox.research.candles import core_candles
from velox.research.catalog import DAY_S, Catalog, Entry
from velox.research.merge import session_windows
from velox.research.nse_ticks import ONE
from velox.research.quality import applied_rows, clock_text, kind_text

__all__ = ["Difference", "Parity", "parities"]

_PRICES = ("open", "high", "low", "close")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field that differs: how often, and the first or only pair; prices in rupees."""

    field: str
    count: int
    at: str
    ours: float
    theirs: float


class Parity(msgspec.Struct, frozen=True, kw_only=True):
    """A day of one instrument, as made of `ours` and as given by `theirs`."""

    instrument: str
    day: dt.date
    ours: str
    theirs: str
    compared: int
    only_ours: int = 0
    only_theirs: int = 0
    differences: list[Difference] = []
    impossible: list[str] = []  # what cannot be where theirs is the whole day of the exchange

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.differences or self.only_ours or self.only_theirs)

    @property
    def sentence(self) -> str:
        """For people."""
        pair = f"{self.ours} against {self.theirs}"
        if self.equal:
            return f"{pair}: equal ({self.compared:,} compared)"
        told = [
            f"{d.field} {d.ours:,.10g} / {d.theirs:,.10g}" + (f" ({d.count:,} ×, first {d.at})" if d.at else "")
            for d in self.differences
        ]
        told += [f"{self.only_ours:,} only in {self.ours}"] if self.only_ours else []
        told += [f"{self.only_theirs:,} only in {self.theirs}"] if self.only_theirs else []
        told += [f"IMPOSSIBLE: {sentence}" for sentence in self.impossible]
        return f"{pair}: " + ", ".join(told)


def parities(catalog: Catalog, entries: Sequence[Entry], facts: Facts) -> list[Parity]:
    """Compare the entries of one instrument and day: ticks with all candles, candles with the exchange's day."""
    ticks = [entry for entry in entries if not entry.candles]
    within = [entry for entry in entries if entry.candles and entry.length_s < DAY_S]
    days = [entry for entry in entries if entry.candles and entry.length_s == DAY_S]
    found = [_candles(catalog, own, given, facts) for own in ticks for given in within]
    for day in days:
        found += [_whole_day(catalog, own, day, facts) for own in [*ticks, *within[:1]]]
    return found


def _candles(catalog: Catalog, own: Entry, given: Entry, facts: Facts) -> Parity:
    columns = core_candles(facts, own, catalog.read(own), given.length_s)
    ours = pl.DataFrame({name: columns[name] for name in ("ts_open", *_PRICES, "volume")})
    ours = ours.with_columns((pl.col(name) * ONE).round(0).cast(pl.Int64) for name in _PRICES)
    theirs = catalog.read(given)
    both = ours.join(theirs, on="ts_open", suffix="_given").sort("ts_open")
    differences = []
    for name in (*_PRICES, "volume"):
        unequal = both.filter(pl.col(name) != pl.col(f"{name}_given"))
        if unequal.height:
            at, first, second = unequal.select("ts_open", name, f"{name}_given").row(0)
            unit = 10**own.quantity_decimals if name == "volume" else ONE
            differences.append(
                Difference(
                    field=name,
                    count=unequal.height,
                    at=clock_text(own.instrument, at),
                    ours=first / unit,
                    theirs=second / unit,
                )
            )
    return Parity(
        instrument=own.instrument,
        day=own.day,
        ours=kind_text(own),
        theirs=kind_text(given),
        compared=both.height,
        only_ours=ours.height - both.height,
        only_theirs=theirs.height - both.height,
        differences=differences,
    )


def _whole_day(catalog: Catalog, own: Entry, day: Entry, facts: Facts) -> Parity:
    """The continuous session against the exchange's day, which has the auctions and the close besides."""
    official = catalog.read(day).row(0, named=True)
    frame = catalog.read(own)
    windows = session_windows(facts, own.instrument, is_index=own.is_index)
    ours = _of_candles(frame) if own.candles else _of_ticks(applied_rows(frame, windows), _of_day(own, frame))
    result = Parity(instrument=own.instrument, day=own.day, ours=kind_text(own), theirs=kind_text(day), compared=0)
    if ours is None:
        return msgspec.structs.replace(result, only_theirs=1)
    theirs = {name: official[name] for name in ("open", "high", "low")}
    # An exchange's close may be an average; where the last price is known, that is what ours must be.
    last = "last" if official.get("last") else "close"
    theirs |= {last: official[last], "volume": official["volume"]}
    ours[last] = ours.pop("close")
    units = {"volume": 10**own.quantity_decimals}
    differences = [
        Difference(
            field=name, count=1, at="", ours=ours[name] / units.get(name, ONE), theirs=value / units.get(name, ONE)
        )
        for name, value in theirs.items()
        if ours[name] != value and not (name == "volume" and own.is_index)
    ]
    rules = [
        (ours["high"] > theirs["high"], "high above the day's"),
        (ours["low"] < theirs["low"], "low below the day's"),
        (ours["volume"] > theirs["volume"] and not own.is_index, "more volume than the day's"),
    ]
    return msgspec.structs.replace(
        result, compared=len(theirs), differences=differences, impossible=[words for holds, words in rules if holds]
    )


def _of_day(own: Entry, frame: pl.DataFrame) -> pl.DataFrame:
    begin = day_start_ns(own.instrument, own.day)
    return frame.filter(pl.col("ts_ns").is_between(begin, begin + DAY_S * 1_000_000_000, closed="left"))


def _of_ticks(applied: pl.DataFrame, frame: pl.DataFrame) -> dict[str, int] | None:
    if not applied.height:
        return None
    price = applied["price"]
    return {
        "open": int(price.item(0)),
        "high": int(price.to_frame().max().item()),
        "low": int(price.to_frame().min().item()),
        "close": int(price.item(-1)),
        "volume": int(frame.select(pl.col("volume").max()).item()),
    }


def _of_candles(frame: pl.DataFrame) -> dict[str, int] | None:
    if not frame.height:
        return None
    row = frame.sort("ts_open").select(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.col("volume").sum(),
    )
    return {name: int(value) for name, value in row.row(0, named=True).items()}

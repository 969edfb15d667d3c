"""Merging the files of a day into one order that does not depend on how they are kept or read."""

import functools
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from velox.feeds.packets import can_apply
from velox.market.facts import Facts
from velox.market.instruments import shipped
from velox.market.records import Phase
from velox.market.venues import venue_of

__all__ = ["DEPTH_LEVELS", "Ints", "Part", "depth_of", "group_number", "merge", "session_windows"]

Ints: TypeAlias = npt.NDArray[np.int64]

DEPTH_LEVELS = 5
_QTY_PER_ORDER = 120


class Part(msgspec.Struct, frozen=True):
    """One file's rows with the number of its instrument and the spans of its continuous phase [start, end)."""

    inst: int
    ticks: pl.DataFrame
    windows: list[tuple[int, int]]


def group_number(facts: Facts, name: str, *, is_index: bool) -> int:
    """Return the place of the instrument's phases in the day's facts."""
    venue = venue_of(name, facts.date)
    if venue is not None:
        return facts.group_index(venue.group)
    if is_index:
        return facts.group_index("index")
    return facts.group_index("cash-cas" if name in _closing_auction_names() else "cash")


def session_windows(facts: Facts, name: str, *, is_index: bool) -> list[tuple[int, int]]:
    """Return the spans in which the instrument trades continuously on the day of the facts."""
    if name.startswith("NFO:"):
        phases = facts.group("futures" if name.endswith("FUT") else "options").phases
    else:
        phases = facts.loaded.groups[group_number(facts, name, is_index=is_index)].phases
    ends = [start for start, _ in phases[1:]] + [facts.loaded.end_ns]
    return [(start, end) for (start, phase), end in zip(phases, ends, strict=True) if phase == Phase.CONTINUOUS]


def merge(parts: list[Part], day_start_ns: int) -> dict[str, Ints]:
    """Join parts, which come in the order of their file names, by place; equal places keep file and row order.

    Only a row that the guard could apply moves its file's clock; any other keeps the place of the row before it, the
    first ones the start of the day.
    """
    columns: dict[str, list[Ints]] = {}
    names = _all_columns(parts)
    for part in parts:
        height = part.ticks.height
        for name in names:
            has = name in part.ticks.columns
            values = part.ticks[name].to_numpy() if has else np.zeros(height, dtype=np.int64)
            columns.setdefault(name, []).append(values)
        columns.setdefault("inst", []).append(np.full(height, part.inst, dtype=np.int64))
        columns.setdefault("place_ns", []).append(_places(part, day_start_ns))
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    # Each part is ascending already: a stable sort by place alone leaves ties by file and row.
    order = np.argsort(joined["place_ns"], kind="stable")
    return {name: np.ascontiguousarray(values[order]) for name, values in joined.items()}


def depth_of(rows: dict[str, Ints], ticks: Ints) -> Ints | None:
    """Build the five levels on each side from the best price and the kept quantities, one tick apart."""
    if "bid_qty_1" not in rows:
        return None
    step = ticks[rows["inst"]]
    depth = np.zeros((len(step), 2 * DEPTH_LEVELS, 3), dtype=np.int64)
    for side, (best, sign) in enumerate((("bid", -1), ("ask", 1))):
        for level in range(DEPTH_LEVELS):
            quantity = rows[f"{best}_qty_{level + 1}"]
            known = quantity > 0
            at = side * DEPTH_LEVELS + level
            depth[:, at, 0] = np.where(known, rows[best] + sign * level * step, 0)
            depth[:, at, 1] = quantity
            depth[:, at, 2] = np.where(known, 1 + quantity // _QTY_PER_ORDER, 0)
    return depth


@functools.cache
def _closing_auction_names() -> frozenset[str]:
    return frozenset(instrument.name for instrument in shipped() if instrument.cas)


def _all_columns(parts: list[Part]) -> list[str]:
    names: dict[str, None] = dict.fromkeys(("ts_ns", "price", "volume"))
    for part in parts:
        names.update(dict.fromkeys(part.ticks.columns))
    names.pop("row", None)
    return list(names)


def _places(part: Part, day_start_ns: int) -> Ints:
    ts_ns = part.ticks["ts_ns"].to_numpy()
    moves = can_apply(part.ticks["price"].to_numpy(), part.ticks["volume"].to_numpy())
    inside = np.zeros(len(ts_ns), dtype=np.bool_)
    for start, end in part.windows:
        inside |= (ts_ns >= start) & (ts_ns < end)
    clock: Ints = np.maximum.accumulate(np.where(moves & inside, ts_ns, day_start_ns))
    return clock

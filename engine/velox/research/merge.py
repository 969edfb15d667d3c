"""Merging the files of a day into one order that does not depend on how they are kept or read."""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

import velox_core
from velox.market.contracts import EXCHANGE
from velox.market.facts import Facts
from velox.market.instruments import shipped
from velox.market.records import Phase
from velox.market.venues import venue_of

__all__ = ["DEPTH_LEVELS", "Ints", "Part", "depth_of", "group_number", "merged", "session_windows"]

Ints: TypeAlias = npt.NDArray[np.int64]

DEPTH_LEVELS = 5
_QTY_PER_ORDER = 120


class Part(msgspec.Struct, frozen=True):
    """One file's rows, read from a row on, so many; fewer mean its end. Its instrument trades in spans [start, end)."""

    inst: int
    read: Callable[[int, int], pl.DataFrame]
    windows: list[tuple[int, int]]


def group_number(facts: Facts, name: str, *, is_index: bool) -> int:
    """Return the place of the instrument's phases in the day's facts."""
    venue = venue_of(name, facts.date)
    if venue is not None:
        return facts.group_index(venue.group)
    if is_index:
        return facts.group_index("index")
    if name.startswith(f"{EXCHANGE}:"):
        return facts.group_index("futures" if name.endswith("FUT") else "options")
    return facts.group_index("cash-cas" if name in _closing_auction_names() else "cash")


def session_windows(facts: Facts, name: str, *, is_index: bool) -> list[tuple[int, int]]:
    """Return the spans in which the instrument trades continuously on the day of the facts."""
    phases = facts.loaded.groups[group_number(facts, name, is_index=is_index)].phases
    ends = [start for start, _ in phases[1:]] + [facts.loaded.end_ns]
    return [(start, end) for (start, phase), end in zip(phases, ends, strict=True) if phase == Phase.CONTINUOUS]


def merged(parts: Sequence[Part], day_start_ns: int, piece_rows: int) -> Iterator[dict[str, Ints]]:
    """Join parts, which come in the order of their file names, by place; equal places keep file and row order.

    Only a row that the guard could apply moves its file's clock; any other keeps the place of the row before it, the
    first ones the start of the day. Of each file about `piece_rows` are held at a time; joined, the pieces do not
    depend on how many.
    """
    heads = [part.read(0, 0).columns for part in parts]
    names = list(dict.fromkeys(("ts_ns", "price", "volume", *itertools.chain(*heads))))
    readers = [_Reader(part, [n for n in names if n != "row"], day_start_ns) for part in parts]
    for reader in readers:
        reader.more(piece_rows)
    while waiting := [reader for reader in readers if not reader.ended]:
        # A file's next rows stand at its last place or later, and at equal places the first file's go before.
        horizon_ns = min(reader.place_ns for reader in waiting)
        piece = _joined([reader.take(horizon_ns) for reader in readers])
        if len(piece["place_ns"]):
            yield piece
        for reader in waiting:
            if reader.place_ns == horizon_ns:
                reader.more(piece_rows)
    yield _joined([reader.take(None) for reader in readers])


class _Reader:
    """The rows of a part that were read and not merged yet."""

    def __init__(self, part: Part, names: Sequence[str], day_start_ns: int) -> None:
        self._part = part
        self._names = names
        self._next = 0
        self._held = {name: np.zeros(0, dtype=np.int64) for name in (*names, "inst", "place_ns")}
        self.place_ns = day_start_ns  # of the last row that was read
        self.ended = False

    def more(self, count: int) -> None:
        """Read some rows."""
        ticks = self._part.read(self._next, count)
        self._next += ticks.height
        self.ended = ticks.height < count
        nothing = np.zeros(ticks.height, dtype=np.int64)
        columns = {n: ticks[n].cast(pl.Int64).to_numpy() if n in ticks.columns else nothing for n in self._names}
        columns["inst"] = np.full(ticks.height, self._part.inst, dtype=np.int64)
        columns["place_ns"] = velox_core.row_places(
            columns["ts_ns"], columns["price"], columns["volume"], self._part.windows, self.place_ns
        )
        if len(self._held["place_ns"]):
            columns = {n: np.concatenate([held, columns[n]]) for n, held in self._held.items()}
        self._held = columns
        if len(columns["place_ns"]):
            self.place_ns = int(columns["place_ns"][-1])

    def take(self, before_ns: int | None) -> dict[str, Ints]:
        """Take what stands before a place; everything without one."""
        count = len(self._held["place_ns"])
        if before_ns is not None:
            count = int(np.searchsorted(self._held["place_ns"], before_ns))
        taken = {name: values[:count] for name, values in self._held.items()}
        self._held = {name: values[count:] for name, values in self._held.items()}
        return taken


def _joined(pieces: Sequence[dict[str, Ints]]) -> dict[str, Ints]:
    filled = [piece for piece in pieces if len(piece["place_ns"])] or list(pieces[:1])
    if len(filled) == 1:
        return {name: np.ascontiguousarray(values) for name, values in filled[0].items()}
    columns = {name: np.concatenate([piece[name] for piece in filled]) for name in filled[0]}
    # Each part is ascending already: a stable sort by place alone leaves ties by file and row.
    order = np.argsort(columns["place_ns"], kind="stable")
    return {name: values[order] for name, values in columns.items()}


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

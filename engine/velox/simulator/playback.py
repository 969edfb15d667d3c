"""How a day is played to one client: the rows it asked for, at N times or as fast as it reads, with marks of time.

A client that asks for time marks has a clock of its own, which starts with its first subscription and can resume after
the frames that it already has. Other clients share one clock, as they would at a real exchange; at full speed each
reads the day from its start.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from velox.feeds.packets import can_apply
from velox.simulator.exchange import AFTER_END_NS, Exchange

__all__ = ["MODES", "MarketClock", "Outlet", "Playback"]

_Masks: TypeAlias = npt.NDArray[np.uint8]

MODES = (1, 2, 3, 4)

_CHUNK_ROWS = 1024
_SEARCH_ROWS = 65_536
_MARK_EVERY_NS = 100_000_000
_SLEEP_MIN_S = 0.001
_SLEEP_MAX_S = 0.1


class Outlet(Protocol):
    """The socket as the player sees it."""

    def write(self, data: bytes) -> None:
        """Send whole frames."""

    def mark(self, ts_ns: int) -> None:
        """Send one time mark."""

    def end(self, ts_ns: int, sent: int) -> None:
        """Say that the day is over."""

    async def ready(self) -> None:
        """Return when the client has read enough to be sent more; always lets the loop run once."""


class MarketClock:
    """A clock that runs at `speed` times the monotonic one, from `start_ns`."""

    def __init__(self, start_ns: int, speed: float, monotonic_ns: Callable[[], int]) -> None:
        self._start_ns = start_ns
        self._speed = speed
        self._monotonic_ns = monotonic_ns
        self._began_ns = monotonic_ns()

    def now_ns(self) -> int:
        """The time in the market."""
        return self._start_ns + int((self._monotonic_ns() - self._began_ns) * self._speed)

    def wall_s(self, span_ns: int) -> float:
        """How long a span of the market takes here."""
        return span_ns / self._speed / 1e9


class Playback:
    """One client's way through the day; `masks` holds for each instrument a bit for each mode it is subscribed in."""

    def __init__(self, exchange: Exchange, outlet: Outlet, *, skip: int = 0, marks: bool = False) -> None:
        self.masks: _Masks = np.zeros(exchange.instrument_count, dtype=np.uint8)
        self.sent = 0
        self._exchange = exchange
        self._outlet = outlet
        self._skip = skip
        self._marks = marks
        self._position = exchange.start_row
        self._place_ns = exchange.clock_start_ns
        self._marked_ns = 0

    def join(self, now_ns: int) -> None:
        """Begin at a moment of the day instead of at its start."""
        self._position = int(np.searchsorted(self._exchange.rows.place_ns, now_ns, side="right"))

    def skip_known(self) -> int:
        """Pass over the frames that the client already has; returns where its clock then stands."""
        total = len(self._exchange.rows)
        while self._skip and self._position < total:
            end = min(self._position + _SEARCH_ROWS, total)
            hits, _ = self._frames_until(end)
            known = hits[: self._skip]
            if len(known) < len(hits):
                end = int(hits[len(known)])
                # Of this row the client may have some modes already: they are skipped when it is sent.
                known = known[known < end]
                self._skip -= len(known)
                self._moved(end, known)
                break
            self._skip -= len(known)
            self._moved(end, known)
        return self._place_ns

    async def run_unpaced(self) -> None:
        """Send everything as fast as the client reads."""
        total = len(self._exchange.rows)
        while self._position < total:
            data = self._take(min(self._position + _CHUNK_ROWS, total))
            if data:
                self._outlet.write(data)
            await self._outlet.ready()
        self._finish()

    async def run_paced(self, clock: MarketClock) -> None:
        """Send each row when the clock reaches its place."""
        rows = self._exchange.rows
        while (following := self._following()) is not None:
            now = clock.now_ns()
            due = int(np.searchsorted(rows.place_ns, now, side="right"))
            while self._position < due:
                data = self._take(min(self._position + _CHUNK_ROWS, due))
                if data:
                    self._outlet.write(data)
                await self._outlet.ready()
            if due <= following:
                self._mark(now, following)
                wait_s = clock.wall_s(int(rows.place_ns[following]) - now)
                await asyncio.sleep(min(max(wait_s, _SLEEP_MIN_S), _SLEEP_MAX_S))
        self._finish()

    def _take(self, end: int) -> bytes:
        """Move on to row `end` and return the frames on the way."""
        rows, modes = self._frames_until(end)
        self._moved(end, rows)
        if self._skip:
            passed = min(self._skip, len(rows))
            self._skip -= passed
            rows, modes = rows[passed:], modes[passed:]
        if not len(rows):
            return b""
        if (modes == modes[0]).all():
            return self._exchange.encoder.frames(rows, int(modes[0])).tobytes()
        return self._exchange.encoder.frames_of_modes(rows, modes)

    def _frames_until(self, end: int) -> tuple[npt.NDArray[np.int64], _Masks]:
        masks = self.masks[self._exchange.rows.inst[self._position : end]]
        hits = np.flatnonzero(masks)
        return _pairs(hits + self._position, masks[hits])

    def _moved(self, end: int, rows: npt.NDArray[np.int64]) -> None:
        self._position = end
        self._exchange.reach(end)
        self.sent += len(rows)
        if len(rows):
            self._place_ns = max(self._place_ns, int(self._exchange.rows.place_ns[rows[-1]]))

    def _following(self) -> int | None:
        """The next row that the client will get; unsubscribed stretches are waited through row by row."""
        if not self.masks.any():
            return self._position if self._position < len(self._exchange.rows) else None
        for start in range(self._position, len(self._exchange.rows), _SEARCH_ROWS):
            hits = np.flatnonzero(self.masks[self._exchange.rows.inst[start : start + _SEARCH_ROWS]])
            if len(hits):
                return start + int(hits[0])
        return None

    def _mark(self, now_ns: int, following: int) -> None:
        """Send a mark when the next row is sure to move the client's clock past it, else none.

        A row that does not move the clock keeps the place of the row before it: a mark between them would change it.
        """
        rows = self._exchange.rows
        place_ns = int(rows.place_ns[following])
        moves = (
            can_apply(rows.price[following], rows.volume[following])
            and rows.ts_ns[following] == place_ns
            and place_ns > max(self._place_ns, now_ns)
        )
        if self._marks and moves and now_ns >= self._marked_ns + _MARK_EVERY_NS and now_ns > self._place_ns:
            self._marked_ns = now_ns
            self._outlet.mark(now_ns)

    def _finish(self) -> None:
        self._exchange.reach(len(self._exchange.rows))
        if self._marks:
            end_ns = self._exchange.end_ns + AFTER_END_NS
            self._outlet.mark(end_ns)
            self._outlet.end(end_ns, self.sent)


def _pairs(rows: npt.NDArray[np.int64], masks: _Masks) -> tuple[npt.NDArray[np.int64], _Masks]:
    """Row and mode of each frame, by row and then mode."""
    if not len(rows):
        return rows, masks
    for mode in MODES:
        if (masks == 1 << mode).all():
            return rows, np.full(len(rows), mode, dtype=np.uint8)
    parts = [(rows[(masks >> mode) & 1 == 1], mode) for mode in MODES]
    joined = np.concatenate([part for part, _ in parts])
    modes = np.concatenate([np.full(len(part), mode, dtype=np.uint8) for part, mode in parts])
    order = np.lexsort((modes, joined))
    return joined[order], modes[order]

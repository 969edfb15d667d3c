"""Where an engine's ticks come from: a day read here, or a broker's socket."""

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

import velox_core
from velox.clock import monotonic_ns, wall_ns
from velox.events import Kind, MarkKind, SessionMark, encode
from velox.feeds.packets import EXCHANGE_TYPES, PACKETS, SNAP_QUOTE
from velox.feeds.smartapi import SmartapiFeed
from velox.market.facts import load
from velox.market.instruments import Instrument, InstrumentBook
from velox.market.records import date_of
from velox.runtime.trading import Candle
from velox.runtime.warmup import earlier_candles, join_candles, kept_length_s, span, unbroken
from velox.settings import SmartapiSettings
from velox.simulator.exchange import Exchange
from velox.simulator.playback import MarketClock, Playback
from velox.simulator.smartapi import instrument_file

__all__ = ["DirectSource", "SocketSource", "Source"]

_STRIDE = PACKETS[SNAP_QUOTE].itemsize
_TICK_EVERY_S = 0.02


class Source(Protocol):
    """A day's ticks and what goes with them."""

    sent: int

    async def book(self) -> InstrumentBook:
        """The broker's instruments."""
        ...

    async def history(self, instrument: Instrument, timeframe_s: int, count: int) -> Sequence[Candle]:
        """Up to `count` candles of earlier days, oldest first."""
        ...

    async def play(self, names: Sequence[str]) -> bool:
        """Feed the core with these instruments until the day ends (True) or `stop` is called (False)."""
        ...

    def stop(self) -> None:
        """End `play` soon."""

    async def close(self) -> None:
        """Let go of links."""


class DirectSource:
    """A recorded or generated day, encoded here by the same encoder as the simulator's and fed without a socket."""

    def __init__(self, core: velox_core.Core, exchange: Exchange, speed: float | None, known: int) -> None:
        self.sent = 0
        self._core = core
        self._exchange = exchange
        self._speed = speed
        self._playback = Playback(exchange, self, skip=known, marks=True)
        self._stopped = False
        self._ended = False
        self._resumed = known > 0

    async def book(self) -> InstrumentBook:
        """Read the file that the simulator would serve, so that both ways know the same."""
        return InstrumentBook.from_file(instrument_file(self._exchange))

    async def history(self, instrument: Instrument, timeframe_s: int, count: int) -> Sequence[Candle]:
        """Candles of earlier days as the simulator would serve them."""
        listing = next(each for each in self._exchange.listings if each.instrument.name == instrument.name)
        kept = functools.partial(self._exchange.candles, listing)
        return earlier_candles(self._exchange.facts, timeframe_s, count, kept)

    async def play(self, names: Sequence[str]) -> bool:
        """Feed the day."""
        for listing in self._exchange.listings:
            if listing.number is not None and listing.instrument.name in names:
                self._playback.masks[listing.number] = 1 << SNAP_QUOTE
        start_ns = self._playback.skip_known()
        kind = MarkKind.FEED_RESUMED if self._resumed else MarkKind.FEED_UP
        self._core.input(Kind.SESSION_MARK, encode(SessionMark(kind, start_ns, "")))
        try:
            if self._speed is None:
                await self._playback.run_unpaced()
            else:
                await self._playback.run_paced(MarketClock(start_ns, self._speed, monotonic_ns))
        except _Stopped:
            pass
        return self._ended

    def stop(self) -> None:
        """End the day here."""
        self._stopped = True

    async def close(self) -> None:
        """Nothing is held."""

    def write(self, data: bytes) -> None:
        """Take whole frames, less their heads."""
        packets = np.frombuffer(data, dtype=np.uint8).reshape(-1, _STRIDE + 4)[:, 4:]
        self.sent += len(packets)
        self._core.ingest_block(packets.tobytes(), _STRIDE, 0)

    def mark(self, ts_ns: int) -> None:
        """The clock moved without a tick."""
        self._core.time_mark(ts_ns)

    def end(self, ts_ns: int, sent: int) -> None:
        """The day is over."""
        self._ended = True
        self.sent = sent

    async def ready(self) -> None:
        """Let commands and the view have their turn."""
        await asyncio.sleep(0)
        if self._stopped:
            raise _Stopped


class _Stopped(Exception):
    """The day was stopped on its way."""


class SocketSource:
    """A broker's socket; in data mode the broker is the simulator, and goes on after the frames that are known."""

    def __init__(
        self, core: velox_core.Core, settings: SmartapiSettings, known: int | None, say: Callable[[str], None]
    ) -> None:
        self.sent = known or 0
        self._core = core
        self._say = say
        self._live = known is None
        self._known = known or 0
        self._over = asyncio.Event()
        self._ended = False
        self._was_up = False
        self._feed = SmartapiFeed(settings, self, resume=known)
        self._book: InstrumentBook | None = None
        self._failure: BaseException | None = None
        # The hot path: no Python of ours runs per frame.
        self.on_frame = core.ingest

    async def book(self) -> InstrumentBook:
        """The broker's instrument file."""
        self._book = await self._feed.rest.instruments()
        return self._book

    async def history(self, instrument: Instrument, timeframe_s: int, count: int) -> Sequence[Candle]:
        """Candles of earlier days by the broker's REST."""
        date, kept_s = _date_of(self._core), kept_length_s(timeframe_s)
        if not kept_s:
            return []
        when = span(date, timeframe_s, count)
        candles = await self._feed.rest.candles(instrument.token, kept_s, *when, instrument.exchange)
        told = [(c.ts_open_ns, c.open, c.high, c.low, c.close, c.volume) for c in candles]
        found = unbroken(told, date)
        return join_candles(found, load(date), timeframe_s) if kept_s != timeframe_s else found

    async def play(self, names: Sequence[str]) -> bool:
        """Subscribe and take frames until the day is over."""
        assert self._book is not None, "the book is asked for first"
        # What the day needs was looked up before; a contract of an earlier day may be listed no longer.
        chosen = [self._book[name] for name in names if name in self._book]
        tokens = [(EXCHANGE_TYPES[instrument.exchange], instrument.token) for instrument in chosen]
        self._feed.subscribe(SNAP_QUOTE, tokens)
        await self._feed.connect()
        ticking = asyncio.get_running_loop().create_task(self._tick()) if self._live else None
        keeping = asyncio.get_running_loop().create_task(self._feed.wait())
        over = asyncio.get_running_loop().create_task(self._over.wait())
        await asyncio.wait([t for t in (over, keeping, ticking) if t], return_when=asyncio.FIRST_COMPLETED)
        for task in (over, keeping, ticking):
            if task and task.done() and not task.cancelled():
                task.result()
            elif task:
                task.cancel()
        return self._ended

    def stop(self) -> None:
        """End the feed."""
        self._over.set()

    async def close(self) -> None:
        """Close the link."""
        await self._feed.close()

    async def _tick(self) -> None:
        """Move the kernel's clock while no ticks come (wall mode)."""
        end_ns = self._core.summary()["end_ns"] + 2_000_000_000
        while wall_ns() < end_ns:
            self._core.advance(wall_ns())
            await asyncio.sleep(_TICK_EVERY_S)
        self._ended = True

    def on_batch_end(self) -> None:
        """Nothing to do: the journal's writer has its own pace."""

    def on_link_up(self) -> None:
        """Say where the feed's clock stands."""
        at = wall_ns() if self._live else self._feed.clock_start_ns
        resumed = not self._live and (self._known > 0 or self._was_up)
        self._was_up = True
        kind = MarkKind.FEED_RESUMED if resumed else MarkKind.FEED_UP
        self._core.input(Kind.SESSION_MARK, encode(SessionMark(kind, at, "")))

    def on_link_down(self, reason: str) -> None:
        """Note the loss, unless the day is over."""
        if not self._ended:
            self._core.input(Kind.SESSION_MARK, encode(SessionMark(MarkKind.FEED_DOWN, 0, reason[:200])))
            self._say(f"The feed is down ({reason}); it is opened again by itself.")

    def on_alarm(self, sentence: str) -> None:
        """Tell the operator."""
        self._say(sentence)

    def on_mark(self, ts_ns: int) -> None:
        """The clock of the played day moved without a tick."""
        self._core.time_mark(ts_ns)

    def on_end(self, ts_ns: int, sent: int) -> None:
        """The played day is over."""
        self._ended = True
        self.sent = sent
        self._over.set()


def _date_of(core: velox_core.Core) -> dt.date:
    return date_of(core.summary()["session_date"])

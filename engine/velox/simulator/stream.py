"""The market-data socket of the simulated SMART API: subscriptions, their limits, and the day played to one client."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal, Protocol

import msgspec
import numpy as np

from velox.feeds.packets import DEPTH_20, NSE_CM
from velox.simulator.exchange import Exchange
from velox.simulator.playback import MarketClock, Playback

__all__ = ["Pace", "SOCKETS_MAX", "Socket", "Stream", "TOKENS_MAX"]

SOCKETS_MAX = 3
TOKENS_MAX = 1000
_DEPTH_TOKENS_MAX = 50

_INVALID = "E1001"
_OVER_LIMIT = "E1002"


class Socket(Protocol):
    """What a stream needs of its connection."""

    def write(self, data: bytes) -> None:
        """Send bytes that are whole frames already."""

    def send_text(self, text: bytes) -> None:
        """Send one text frame."""

    async def ready(self) -> None:
        """Return when the client has read enough to be sent more."""


class _Tokens(msgspec.Struct, frozen=True):
    exchangeType: int  # noqa: N815  the broker's spelling
    tokens: list[str]


class _Params(msgspec.Struct, frozen=True):
    mode: Literal[1, 2, 3, 4]
    tokenList: list[_Tokens]  # noqa: N815  the broker's spelling


class _Request(msgspec.Struct, frozen=True):
    action: Annotated[int, msgspec.Meta(ge=0, le=1)]
    params: _Params
    correlationID: str = ""  # noqa: N815  the broker's spelling


class _Correlation(msgspec.Struct, frozen=True):
    correlationID: str = ""  # noqa: N815  the broker's spelling


class Pace:
    """How fast days are played, and the one clock of the clients that have none of their own."""

    def __init__(self, exchange: Exchange, speed: float | None, monotonic_ns: Callable[[], int]) -> None:
        self._exchange = exchange
        self._speed = speed
        self._monotonic_ns = monotonic_ns
        self._shared: MarketClock | None = None

    async def play(self, playback: Playback, *, own_clock: bool) -> None:
        """Play the day to one client; its clock starts now."""
        start_ns = playback.skip_known()
        if self._speed is None:
            await playback.run_unpaced()
            return
        if own_clock:
            await playback.run_paced(MarketClock(start_ns, self._speed, self._monotonic_ns))
            return
        if self._shared is None or self._shared.now_ns() > self._exchange.end_ns:
            self._shared = MarketClock(start_ns, self._speed, self._monotonic_ns)
        else:
            playback.join(self._shared.now_ns())
        await playback.run_paced(self._shared)


class Stream:
    """One client's socket after its handshake."""

    def __init__(self, exchange: Exchange, socket: Socket, pace: Pace, *, marks: bool, skip: int) -> None:
        self._exchange = exchange
        self._socket = socket
        self._pace = pace
        self._marks = marks
        self._subscribed: set[tuple[int, str, int]] = set()
        self._playback = Playback(exchange, self, skip=skip, marks=marks)
        self._task: asyncio.Task[None] | None = None

    @property
    def sent(self) -> int:
        """Frames of the day that went by this client so far, those it had already included."""
        return self._playback.sent

    def received(self, message: bytes) -> None:
        """Take one text or binary message of the client."""
        if message == b"ping":
            self._socket.send_text(b"pong")
            return
        try:
            request = msgspec.json.decode(message, type=_Request, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._fail(message, _INVALID, "Invalid Request Payload")
            return
        wanted: set[tuple[int, str, int]] = {
            (group.exchangeType, token, request.params.mode)
            for group in request.params.tokenList
            for token in group.tokens
        }
        if request.action == 0:
            self._subscribed -= wanted
        elif request.params.mode == DEPTH_20 and any(exchange != NSE_CM for exchange, _, _ in wanted):
            self._fail(message, _INVALID, "Depth mode is for nse_cm alone")
            return
        elif self._over_limit(wanted):
            self._fail(message, _OVER_LIMIT, "Subscription limit exceeded")
            return
        else:
            self._subscribed |= wanted
        self._select()
        if self._subscribed and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._play())
            self._task.add_done_callback(_tell_failure)

    async def close(self) -> None:
        """Stop playing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def write(self, data: bytes) -> None:
        """Send whole frames."""
        self._socket.write(data)

    def mark(self, ts_ns: int) -> None:
        """Send one time mark."""
        self._socket.send_text(b'{"mark": %d}' % ts_ns)

    def end(self, ts_ns: int, sent: int) -> None:
        """Say that the day is over."""
        self._socket.send_text(b'{"end": %d, "sent": %d}' % (ts_ns, sent))

    async def ready(self) -> None:
        """Return when the client has read enough to be sent more."""
        await self._socket.ready()

    async def _play(self) -> None:
        await self._pace.play(self._playback, own_clock=self._marks)

    def _over_limit(self, wanted: set[tuple[int, str, int]]) -> bool:
        subscribed = self._subscribed | wanted
        deep = sum(mode == DEPTH_20 for _, _, mode in subscribed)
        return len(subscribed) > TOKENS_MAX or deep > _DEPTH_TOKENS_MAX

    def _select(self) -> None:
        masks = np.zeros_like(self._playback.masks)
        for exchange, token, mode in self._subscribed:
            listing = self._exchange.by_token.get((exchange, token))
            if listing is not None and listing.number is not None:
                masks[listing.number] |= 1 << mode
        self._playback.masks = masks

    def _fail(self, message: bytes, code: str, words: str) -> None:
        try:
            correlation = msgspec.json.decode(message, type=_Correlation).correlationID
        except (msgspec.DecodeError, UnicodeDecodeError):
            correlation = ""
        error = {"correlationID": correlation, "errorCode": code, "errorMessage": words}
        self._socket.send_text(msgspec.json.encode(error))


def _tell_failure(task: asyncio.Task[None]) -> None:
    """Let the loop report at once what went wrong in a player; nobody waits for it."""
    if not task.cancelled():
        task.result()

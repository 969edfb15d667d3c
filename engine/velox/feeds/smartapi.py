"""The live feed of Angel One's SMART API: a market-data socket that keeps itself up and subscribed.

Frames reach the engine as they come, one call each and nothing else per frame. In data mode the other end is the
simulator: it sends marks of time in band and goes on after the frames that this feed already has.
"""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from velox.clock import monotonic_ns
from velox.errors import BadInput
from velox.feeds.base import Backoff, FeedEvents, Timings
from velox.feeds.links import check_url, tls_context
from velox.feeds.smartapi_link import Link, LoginEnded, open_link
from velox.feeds.smartapi_rest import BrokerRefused, BrokerSilent, SmartapiRest, Tokens
from velox.feeds.subscriptions import Subscriptions
from velox.settings import SmartapiSettings

__all__ = ["SmartapiFeed"]

_LOOKS_PER_ALARM = 6


class _Text(msgspec.Struct, frozen=True):
    mark: int | None = None
    end: int | None = None
    sent: int = 0
    errorCode: str = ""  # noqa: N815  the broker's spelling
    errorMessage: str = ""  # noqa: N815  the broker's spelling


class SmartapiFeed:
    """One account's market-data socket.

    `resume` is None at a live broker; in data mode it is the number of the day's frames that are known already.
    """

    def __init__(
        self,
        settings: SmartapiSettings,
        events: FeedEvents,
        *,
        resume: int | None = None,
        timings: Timings | None = None,
        in_session: Callable[[], bool] | None = None,
        draw: Callable[[], float] | None = None,
    ) -> None:
        check_url(settings.ws_url, "wss", "ws")
        self.rest = SmartapiRest(settings, timings, draw=draw)
        self.clock_start_ns = 0
        self._settings = settings
        self._events = events
        self._data_mode = resume is not None
        self._timings = timings or Timings()
        self._in_session = in_session or (lambda: True)
        self._backoff = Backoff(self._timings.backoff_first_s, self._timings.backoff_max_s, draw)
        self._tls = tls_context(settings.ca_file)
        self._subscriptions = Subscriptions()
        self._frames = resume or 0
        self._ended = False
        self._link: Link | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def frames(self) -> int:
        """How many frames have come, over all links and with those known before."""
        return self._frames + (self._link.frames if self._link else 0)

    async def connect(self) -> None:
        """Log in and open the link; raises when that fails the first time, later failures are retried."""
        tokens = await self.rest.tokens()
        try:
            link = await self._open(tokens)
        except LoginEnded as ended:
            raise BrokerRefused("401", str(ended)) from None
        self._keeper = asyncio.get_running_loop().create_task(self._keep(link))

    def subscribe(self, mode: int, tokens: Iterable[tuple[int, str]]) -> None:
        """Ask for tokens, as (exchange type, token), now and after every reconnection."""
        self._tell(self._subscriptions.add(mode, tokens))

    def unsubscribe(self, mode: int, tokens: Iterable[tuple[int, str]]) -> None:
        """Ask for them no longer."""
        self._tell(self._subscriptions.remove(mode, tokens))

    async def wait(self) -> None:
        """Return when the feed was closed; raises what ended it otherwise."""
        if self._keeper is not None:
            await asyncio.wait([self._keeper])
            if not self._keeper.cancelled():
                self._keeper.result()

    async def close(self) -> None:
        """Close the link and stop trying."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self.rest.close()

    def _tell(self, message: bytes | None) -> None:
        if message is not None and self._link is not None:
            self._link.send(message)

    async def _keep(self, link: Link) -> None:
        """Stay with each link until it ends, then open another; ends only when cancelled or refused for good."""
        while True:
            try:
                reason = await self._follow(link)
            finally:
                self._drop(link)
            self._events.on_link_down(reason)
            link = await self._reopen()

    async def _follow(self, link: Link) -> str:
        began_ns = monotonic_ns()
        looking = asyncio.get_running_loop().create_task(self._look_after(link))
        try:
            reason = await link.gone()
        finally:
            looking.cancel()
        if monotonic_ns() - began_ns > self._timings.stable_after_s * 1e9:
            self._backoff.reset()
        return reason

    def _drop(self, link: Link) -> None:
        self._frames += link.frames
        self._link = None
        link.cut()

    async def _reopen(self) -> Link:
        tokens = await self.rest.tokens()
        while True:
            await asyncio.sleep(self._backoff.next_s())
            try:
                return await self._open(tokens)
            except LoginEnded as ended:
                self._events.on_alarm(f"{ended}: logging in again")
                try:
                    tokens = await self.rest.log_in(tokens)
                except BrokerSilent as silent:
                    self._events.on_alarm(str(silent))
            except BrokerSilent as silent:
                self._events.on_alarm(str(silent))

    async def _open(self, tokens: Tokens) -> Link:
        headers = {
            "Authorization": f"Bearer {tokens.jwt.reveal()}",
            "x-api-key": self._settings.api_key.reveal(),
            "x-client-code": self._settings.client_code,
            "x-feed-token": tokens.feed.reveal(),
        }
        if self._data_mode:
            headers |= {"x-velox-time-marks": "1", "x-velox-resume": str(self._frames)}
        link = await open_link(self._settings.ws_url, self._tls, headers, self._timings.handshake_s, self._listen)
        if self._data_mode:
            clock = link.header("x-velox-clock")
            if not clock.isdigit():
                link.cut()
                raise BadInput(f"{self._settings.ws_url} plays no recorded day: use data mode with the simulator alone")
            self.clock_start_ns = int(clock)
        self._link = link
        for message in self._subscriptions.messages():
            link.send(message)
        self._events.on_link_up()
        return link

    def _listen(self) -> Link:
        return Link(self._events, self._text)

    def _text(self, message: bytes) -> None:
        if message == b"pong":
            return
        try:
            text = msgspec.json.decode(message, type=_Text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._events.on_alarm(f"the broker sent a text that makes no sense: {message[:80]!r}")
            return
        if text.mark is not None:
            self._events.on_mark(text.mark)
        elif text.end is not None:
            self._ended = True
            self._events.on_end(text.end, text.sent)
        elif text.errorCode:
            self._events.on_alarm(f"the broker refused a subscription: {text.errorMessage} ({text.errorCode})")

    async def _look_after(self, link: Link) -> None:
        """Send the heart-beat, and notice when nothing comes any more."""
        timings = self._timings
        pinged_ns = heard_ns = monotonic_ns()
        alarmed = False
        while True:
            await asyncio.sleep(timings.alarm_after_s / _LOOKS_PER_ALARM)
            now_ns = monotonic_ns()
            if link.heard or self._ended:
                link.heard, alarmed, heard_ns = False, False, now_ns
            silent_s = (now_ns - heard_ns) / 1e9
            if silent_s > timings.alarm_after_s and not alarmed and self._in_session():
                alarmed = True
                self._events.on_alarm(f"nothing has come from the broker for {silent_s:.1f} s")
            if silent_s > timings.dead_after_s:
                link.fail(f"nothing came for {silent_s:.1f} s")
                return
            if now_ns - pinged_ns >= timings.ping_s * 1e9:
                pinged_ns = now_ns
                link.send(b"ping")

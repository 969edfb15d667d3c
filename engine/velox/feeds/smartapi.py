"""The live feed of Angel One's SMART API: a market-data socket that keeps itself up and subscribed.

Frames reach the engine as they come, one call each and nothing else per frame. In data mode the other end is the
simulator: it sends marks of time in band and goes on after the frames that this feed already has.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Iterable

import msgspec
import picows

from velox.clock import monotonic_ns, wall_ns
from velox.errors import BadInput, Refused
from velox.feeds.base import Backoff, FeedEvents, Timings
from velox.feeds.links import check_url, tls_context
from velox.feeds.smartapi_rest import BrokerRefused, BrokerSilent, SmartapiRest, Tokens
from velox.feeds.subscriptions import Subscriptions
from velox.settings import SmartapiSettings

__all__ = ["SmartapiFeed"]

_FRAME_MAX = 1 << 16
_READ_BUFFER = 1 << 16
# One read takes what the kernel holds and its frames run without a break: this bounds them to about a thousand, so
# that timers and commands get their turn while a day is played at full speed (1.6 M frames/s with a callback that does
# nothing, longest pause 1 ms, on one core of the machine that also played the day).
_RECEIVE_BUFFER = 1 << 18
_LOOKS_PER_ALARM = 6


class _Text(msgspec.Struct, frozen=True):
    mark: int | None = None
    end: int | None = None
    sent: int = 0
    errorCode: str = ""  # noqa: N815  the broker's spelling
    errorMessage: str = ""  # noqa: N815  the broker's spelling


class _LoginEnded(Exception):
    """The socket does not take the tokens any more."""


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
        self._link: _Link | None = None
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
        except _LoginEnded as ended:
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

    async def _keep(self, link: "_Link") -> None:
        """Stay with each link until it ends, then open another; ends only when cancelled or refused for good."""
        while True:
            try:
                reason = await self._follow(link)
            finally:
                self._drop(link)
            self._events.on_link_down(reason)
            link = await self._reopen()

    async def _follow(self, link: "_Link") -> str:
        began_ns = monotonic_ns()
        looking = asyncio.get_running_loop().create_task(self._look_after(link))
        try:
            reason = await link.gone()
        finally:
            looking.cancel()
        if monotonic_ns() - began_ns > self._timings.stable_after_s * 1e9:
            self._backoff.reset()
        return reason

    def _drop(self, link: "_Link") -> None:
        self._frames += link.frames
        self._link = None
        link.cut()

    async def _reopen(self) -> "_Link":
        tokens = await self.rest.tokens()
        while True:
            await asyncio.sleep(self._backoff.next_s())
            try:
                return await self._open(tokens)
            except _LoginEnded as ended:
                self._events.on_alarm(f"{ended}: logging in again")
                try:
                    tokens = await self.rest.log_in(tokens)
                except BrokerSilent as silent:
                    self._events.on_alarm(str(silent))
            except BrokerSilent as silent:
                self._events.on_alarm(str(silent))

    async def _open(self, tokens: Tokens) -> "_Link":
        headers = {
            "Authorization": f"Bearer {tokens.jwt.reveal()}",
            "x-api-key": self._settings.api_key.reveal(),
            "x-client-code": self._settings.client_code,
            "x-feed-token": tokens.feed.reveal(),
        }
        if self._data_mode:
            headers |= {"x-velox-time-marks": "1", "x-velox-resume": str(self._frames)}
        link = await _connect(self._settings.ws_url, self._tls, headers, self._timings.handshake_s, self._listen)
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

    def _listen(self) -> "_Link":
        return _Link(self._events, self._text)

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

    async def _look_after(self, link: "_Link") -> None:
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
            if silent_s > timings.dead_after_s:
                link.fail(f"nothing came for {silent_s:.1f} s")
                return
            if silent_s > timings.alarm_after_s and not alarmed and self._in_session():
                alarmed = True
                self._events.on_alarm(f"nothing has come from the broker for {silent_s:.1f} s")
            if now_ns - pinged_ns >= timings.ping_s * 1e9:
                pinged_ns = now_ns
                link.send(b"ping")


class _Link(picows.WSListener):
    """One connection of the socket; the engine's `on_frame` is called straight from here."""

    def __init__(self, events: FeedEvents, on_text: Callable[[bytes], None]) -> None:
        self.frames = 0
        self.heard = False
        self._on_frame = events.on_frame
        self._on_batch_end = events.on_batch_end
        self._on_text = on_text
        self._batch_ns = 0
        self._fragments: list[bytes] = []
        self._fragments_are_text = False
        self._reason = ""
        self._transport: picows.WSTransport | None = None

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        raw = transport.underlying_transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type is _BINARY and frame.fin:
            if not self._batch_ns:
                self._batch_ns = wall_ns()
            self.frames += 1
            self._on_frame(frame.get_payload_as_bytes(), self._batch_ns)
        else:
            self._rare(transport, frame)
        if frame.last_in_buffer:
            self._batch_ns = 0
            self.heard = True
            self._on_batch_end()

    def send(self, message: bytes) -> None:
        """Send one text."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send(picows.WSMsgType.TEXT, message)

    def header(self, name: str) -> str:
        """A header of the broker's answer to the handshake."""
        return "" if self._transport is None else self._transport.response.headers.get(name, "")

    def fail(self, reason: str) -> None:
        """End a link that seems dead; there is nobody to say goodbye to."""
        self._reason = reason
        self.cut()

    def cut(self) -> None:
        """Close the connection without waiting for the other side."""
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    async def gone(self) -> str:
        """Wait until the connection ends and return why; raises what the engine's own callback raised."""
        assert self._transport is not None
        try:
            await self._transport.wait_disconnected()
        except picows.WSError as error:
            return f"the broker broke the protocol: {error}"
        return self._reason or "the connection ended"

    def _rare(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Texts, control frames and fragments."""
        kind = frame.msg_type
        if kind is picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind is picows.WSMsgType.CLOSE:
            self._reason = f"the broker closed the link: {frame.get_close_reason() or frame.get_close_code()}"
            transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif kind is not picows.WSMsgType.PONG:
            self._piece(frame)

    def _piece(self, frame: picows.WSFrame) -> None:
        if frame.msg_type is not picows.WSMsgType.CONTINUATION:
            self._fragments = []
            self._fragments_are_text = frame.msg_type is picows.WSMsgType.TEXT
        self._fragments.append(frame.get_payload_as_bytes())
        if not frame.fin:
            return
        message, self._fragments = b"".join(self._fragments), []
        if self._fragments_are_text:
            self._on_text(message)
        else:
            self.frames += 1
            self._on_frame(message, self._batch_ns or wall_ns())


_BINARY = picows.WSMsgType.BINARY


def _logger() -> logging.Logger:
    """A logger that never tells details: the library's would hold the handshake with its tokens."""
    logger = logging.getLogger(__name__)
    logger.setLevel(logging.INFO)
    return logger


async def _connect(
    url: str, tls: ssl.SSLContext, headers: dict[str, str], within_s: float, listen: Callable[[], _Link]
) -> _Link:
    """Open the socket; a refusal of the credentials, of the certificate and a failure of the network differ."""
    try:
        _, link = await asyncio.wait_for(
            picows.ws_connect(
                listen,
                url,
                ssl_context=tls,
                extra_headers=headers,
                enable_auto_pong=False,  # an answered ping would swallow the end of its batch
                max_frame_size=_FRAME_MAX,
                max_redirects=0,
                logger_name=_logger(),
                read_buffer_init_size=_READ_BUFFER,
                websocket_handshake_timeout=within_s,
            ),
            within_s,
        )
    except ssl.SSLCertVerificationError as error:
        raise Refused(f"the certificate of {url} is not trusted ({error.verify_message}): set ca_file") from None
    except picows.WSHandshakeError as error:
        status = 0 if error.response is None else int(error.response.status)
        if status == 401:
            reason = error.response.headers.get("x-error-message", "no reason given") if error.response else ""
            raise _LoginEnded(f"the broker's socket refuses the login: {reason}") from None
        raise BrokerSilent(f"{url} did not open the socket (status {status or 'unknown'})") from None
    except (OSError, TimeoutError) as error:
        raise BrokerSilent(f"{url} cannot be reached ({type(error).__name__})") from None
    assert isinstance(link, _Link)
    return link

"""One connection of the SMART API's market-data socket, from handshake to end; the hot path of the feed."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable

import picows

from velox.clock import wall_ns
from velox.errors import Refused
from velox.feeds.base import FeedEvents
from velox.feeds.smartapi_rest import BrokerSilent

__all__ = ["Link", "LoginEnded", "open_link"]

_FRAME_MAX = 1 << 16
_READ_BUFFER = 1 << 16
# One read takes what the kernel holds and its frames run without a break: this bounds them to about a thousand, so
# that timers and commands get their turn while a day is played at full speed (1.6 M frames/s with a callback that does
# nothing, longest pause 1 ms, on one core of the machine that also played the day).
_RECEIVE_BUFFER = 1 << 18


class LoginEnded(Exception):
    """The socket does not take the tokens any more."""


class Link(picows.WSListener):
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
        """Begin."""
        self._transport = transport
        raw = transport.underlying_transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Hand a packet on; everything else is rare."""
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
    """A logger that tells nothing: details would hold the handshake with its tokens, errors come out of `Link.gone`."""
    logger = logging.getLogger(__name__)
    logger.setLevel(logging.CRITICAL)
    return logger


async def open_link(
    url: str, tls: ssl.SSLContext, headers: dict[str, str], within_s: float, listen: Callable[[], Link]
) -> Link:
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
            raise LoginEnded(f"the broker's socket refuses the login: {reason}") from None
        raise BrokerSilent(f"{url} did not open the socket (status {status or 'unknown'})") from None
    except (OSError, TimeoutError) as error:
        raise BrokerSilent(f"{url} cannot be reached ({type(error).__name__})") from None
    assert isinstance(link, Link)
    return link

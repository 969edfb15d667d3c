"""One connection to the simulator: REST until its first request asks for the market-data socket.

One small asyncio protocol looks at the head of a connection's first request and hands the bytes to a library: h11 for
REST, the sans-I/O server of `websockets` for the socket's handshake, control frames and the client's few messages.
picows, which the feed client uses, answers GET requests alone and so cannot carry REST on the same port. Market data
does not pass through either library: the player gives this protocol bytes that are whole frames already, hundreds in
one write, and waits while the transport's buffer is above its high-water mark.
"""

import asyncio
import logging
import re
from typing import Protocol, cast
from urllib.parse import parse_qs, urlsplit

import h11
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from velox.simulator.accounts import Session, Sessions
from velox.simulator.exchange import Exchange
from velox.simulator.smartapi import Ask, RestApi
from velox.simulator.stream import SOCKETS_MAX, Pace, Stream

__all__ = ["Broker", "Connection", "STREAM_PATH"]

STREAM_PATH = "/smart-stream"

_UPGRADE = re.compile(rb"\r\nupgrade:[ \t]*websocket[ \t]*\r\n", re.IGNORECASE)
_HEAD_MAX = 16_384
_BODY_MAX = 1 << 20
_MESSAGE_MAX = 1 << 17
_WRITE_HIGH = 1 << 20
_POLICY_VIOLATION = 1008
_GOING_AWAY = 1001
_CLOSE_WITHIN_S = 1.0


class Broker(Protocol):
    """What every connection shares."""

    exchange: Exchange
    sessions: Sessions
    rest: RestApi
    pace: Pace
    connections: "set[Connection]"

    def sockets_of(self, client_code: str) -> int:
        """How many market-data sockets a client has open."""
        ...


class Connection(asyncio.Protocol):
    """One TCP connection: REST until its first request asks for the socket."""

    def __init__(self, simulator: Broker) -> None:
        self._simulator = simulator
        self._head = b""
        self._http: h11.Connection | None = None
        self._request: h11.Request | None = None
        self._body = b""
        self._websocket: ServerProtocol | None = None
        self._stream: Stream | None = None
        self._fragments: list[bytes] = []
        self._may_write = asyncio.Event()
        self._closed = asyncio.Event()
        self.client_code: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_WRITE_HIGH)
        self._may_write.set()
        self._simulator.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop playing to this client."""
        self._simulator.connections.discard(self)
        self._closed.set()
        self._may_write.set()
        if self._stream is not None:
            # A task of its own: this callback cannot wait for the player to stop.
            self._ending = asyncio.get_running_loop().create_task(self._stream.close())

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        """Pass on what came."""
        if self._websocket is not None:
            self._feed_websocket(data)
            return
        if self._http is None:
            self._head += data
            if b"\r\n\r\n" not in self._head and len(self._head) <= _HEAD_MAX:
                return
            data, self._head = self._head, b""
            if _UPGRADE.search(data.partition(b"\r\n\r\n")[0] + b"\r\n"):
                self._websocket = ServerProtocol(max_size=_MESSAGE_MAX, logger=_logger())
                self._feed_websocket(data)
                return
            self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_MAX)
        self._feed_http(self._http, data)

    def eof_received(self) -> None:
        """Close when the client has nothing more to say."""
        self._transport.close()

    async def shut(self) -> None:
        """Say goodbye and close; a client that does not answer is cut off."""
        if self._stream is not None:
            await self._stream.close()
        if self._websocket is not None and self._stream is not None:
            self._websocket.send_close(_GOING_AWAY)
            self._flush(self._websocket)
        self._transport.close()
        try:
            await asyncio.wait_for(self._closed.wait(), _CLOSE_WITHIN_S)
        except TimeoutError:
            self._transport.abort()
            await self._closed.wait()

    # What a Stream writes to.

    def write(self, data: bytes) -> None:
        """Send whole frames."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def send_text(self, text: bytes) -> None:
        """Send one text frame."""
        assert self._websocket is not None
        if not self._transport.is_closing():
            self._websocket.send_text(text)
            self._flush(self._websocket)

    async def ready(self) -> None:
        """Return when the client can take more; cancels the player when it is gone."""
        if self._may_write.is_set():
            await asyncio.sleep(0)
        else:
            await self._may_write.wait()
        if self._closed.is_set():
            raise asyncio.CancelledError

    # The socket.

    def _feed_websocket(self, data: bytes) -> None:
        websocket = self._websocket
        assert websocket is not None
        websocket.receive_data(data)
        for event in websocket.events_received():
            if isinstance(event, Request):
                self._shake_hands(websocket, event)
            elif isinstance(event, Frame):
                self._take(event)
        self._flush(websocket)

    def _flush(self, websocket: ServerProtocol) -> None:
        for data in websocket.data_to_send():
            if not data:
                self._transport.close()
            elif not self._transport.is_closing():
                self._transport.write(data)

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT) or self._stream is None:
            return
        self._fragments.append(bytes(frame.data))
        if frame.fin:
            message, self._fragments = b"".join(self._fragments), []
            self._stream.received(message)

    def _shake_hands(self, websocket: ServerProtocol, request: Request) -> None:
        simulator = self._simulator
        url = urlsplit(request.path)
        if url.path != STREAM_PATH:
            websocket.send_response(websocket.reject(404, "no such path"))
            return
        marks = request.headers.get("x-velox-time-marks") == "1"
        skip = request.headers.get("x-velox-resume", "0")
        if not (skip.isascii() and skip.isdigit()):
            websocket.send_response(websocket.reject(400, "x-velox-resume must be a number"))
            return
        session = simulator.sessions.check_stream(*_credentials(request, url.query))
        if isinstance(session, str):
            response = websocket.reject(401, session)
            response.headers["x-error-message"] = session
            websocket.send_response(response)
            return
        response = websocket.accept(request)
        if marks:
            response.headers["x-velox-clock"] = str(simulator.exchange.clock_start_ns)
        websocket.send_response(response)
        self._accepted(websocket, response, session, marks=marks, skip=int(skip))

    def _accepted(
        self, websocket: ServerProtocol, response: Response, session: Session, *, marks: bool, skip: int
    ) -> None:
        if response.status_code != 101:
            return
        if self._simulator.sockets_of(session.client_code) >= SOCKETS_MAX:
            websocket.send_close(_POLICY_VIOLATION, f"more than {SOCKETS_MAX} sockets")
            return
        self.client_code = session.client_code
        self._stream = Stream(self._simulator.exchange, self, self._simulator.pace, marks=marks, skip=skip)

    # REST.

    def _feed_http(self, http: h11.Connection, data: bytes) -> None:
        http.receive_data(data)
        try:
            while self._next_event(http):
                pass
        except h11.RemoteProtocolError as error:
            self._reply(http, error.error_status_hint, b"", "text/plain")
            self._transport.close()

    def _next_event(self, http: h11.Connection) -> bool:
        event = http.next_event()
        if isinstance(event, h11.Request):
            self._request, self._body = event, b""
            if http.they_are_waiting_for_100_continue:
                self._transport.write(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            return True
        if isinstance(event, h11.Data):
            self._body += bytes(event.data)
            if len(self._body) > _BODY_MAX:
                raise h11.RemoteProtocolError("the body is too long", error_status_hint=413)
            return True
        if isinstance(event, h11.EndOfMessage):
            self._answer(http)
            return http.our_state is h11.IDLE
        return False

    def _answer(self, http: h11.Connection) -> None:
        assert self._request is not None
        headers = {name.decode(): value.decode("latin-1") for name, value in self._request.headers}
        path = urlsplit(self._request.target.decode("latin-1")).path
        peer = self._transport.get_extra_info("peername") or ("",)
        ask = Ask(self._request.method.decode(), path, headers, self._body, str(peer[0]))
        answer = self._simulator.rest.answer(ask)
        self._reply(http, answer.status, answer.body, answer.content_type)
        if http.our_state is h11.DONE and http.their_state is h11.DONE:
            http.start_next_cycle()
        else:
            self._transport.close()

    def _reply(self, http: h11.Connection, status: int, body: bytes, content_type: str) -> None:
        if http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        parts = [
            http.send(h11.Response(status_code=status, headers=headers)),
            http.send(h11.Data(data=body)),
            http.send(h11.EndOfMessage()),
        ]
        self._transport.write(b"".join(part or b"" for part in parts))


def _logger() -> logging.Logger:
    """A logger that never tells details: the library's would hold the client's tokens."""
    logger = logging.getLogger(__name__)
    logger.setLevel(logging.INFO)
    return logger


def _credentials(request: Request, query: str) -> tuple[str, str, str, str]:
    """Token, API key, client code and feed token: from the headers, or from the query as browsers send them."""
    headers, asked = request.headers, parse_qs(query)

    def given(header: str, parameter: str) -> str:
        return headers.get(header) or asked.get(parameter, [""])[0]

    token = headers.get("Authorization", "").removeprefix("Bearer ").strip()
    return token, given("x-api-key", "apiKey"), given("x-client-code", "clientCode"), given("x-feed-token", "feedToken")

"""What the tests of feeds share: a recorder of events, settings for a simulator, scripted servers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection, serve

from velox.feeds.base import Timings
from velox.secret import Secret
from velox.settings import SmartapiSettings
from velox.simulator.accounts import DEFAULT_ACCOUNT
from velox.simulator.server import Simulator

WITHIN_S = 20.0
QUICK = Timings(backoff_first_s=0.01, backoff_max_s=0.05, candle_gap_s=0.0)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run one asynchronous test."""
    asyncio.run(asyncio.wait_for(work, 2 * WITHIN_S))


def settings_for(simulator: Simulator | None, ca_file: Path | None = None, **changes: Any) -> SmartapiSettings:
    """Settings of the default account at a simulator."""
    account = DEFAULT_ACCOUNT
    settings = SmartapiSettings(
        client_code=account.client_code,
        api_key=account.api_key,
        pin=account.pin,
        totp_secret=account.totp_secret,
        rest_url=simulator.rest_url if simulator else "http://127.0.0.1:1",
        ws_url=simulator.ws_url if simulator else "ws://127.0.0.1:1",
        ca_file=ca_file,
    )
    return msgspec.structs.replace(settings, **changes)


class Recorder:
    """Keeps every event of a feed in order; frames may be followed by an action."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.frames: list[bytes] = []
        self.batches = 0
        self.on_each: Callable[[int], object] = lambda count: None
        self._news = asyncio.Event()

    def on_frame(self, frame: bytes, recv_ns: int) -> None:
        assert recv_ns > 0
        self.frames.append(frame)
        self.events.append(("frame", frame))
        self.on_each(len(self.frames))
        self._news.set()

    def on_batch_end(self) -> None:
        self.batches += 1
        self._news.set()

    def on_link_up(self) -> None:
        self._note("up", None)

    def on_link_down(self, reason: str) -> None:
        self._note("down", reason)

    def on_alarm(self, sentence: str) -> None:
        self._note("alarm", sentence)

    def on_mark(self, ts_ns: int) -> None:
        self._note("mark", ts_ns)

    def on_end(self, ts_ns: int, sent: int) -> None:
        self._note("end", (ts_ns, sent))

    def told(self, kind: str) -> list[Any]:
        """What came with the events of one kind."""
        return [value for name, value in self.events if name == kind]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds; it is looked at after every event."""
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def _note(self, kind: str, value: Any) -> None:
        self.events.append((kind, value))
        self._news.set()


class ScriptedRest:
    """An HTTP server that gives prepared answers in order, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers: tuple[int, object]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.url = ""

    async def __aenter__(self) -> "ScriptedRest":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(h.split(":")[1]) for h in head.split("\r\n") if h.lower().startswith("content-length")), 0)
        body = json.loads(await reader.readexactly(length)) if length else {}
        self.asked.append((head.split()[1], body))
        status, answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        writer.write(
            b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, len(content)) + content
        )
        await writer.drain()
        writer.close()


GOOD_LOGIN = (
    200,
    {
        "status": True,
        "message": "SUCCESS",
        "errorcode": "",
        "data": {"jwtToken": "J", "refreshToken": "R", "feedToken": "F"},
    },
)


def good(data: object) -> tuple[int, object]:
    """A broker's yes."""
    return 200, {"status": True, "message": "SUCCESS", "errorcode": "", "data": data}


def bad(code: str, message: str = "no") -> tuple[int, object]:
    """A broker's no."""
    return 200, {"status": False, "message": message, "errorcode": code, "data": None}


@asynccontextmanager
async def scripted_stream(handler: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    """A socket server with behaviour of its own; gives its address."""
    async with serve(handler, "127.0.0.1", 0, ping_interval=None, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/smart-stream"


def secret_words() -> list[str]:
    """What must never be shown."""
    account = DEFAULT_ACCOUNT
    return [s.reveal() for s in (account.api_key, account.totp_secret)] + ["4711-pin"]


def with_pin(settings: SmartapiSettings, pin: str) -> SmartapiSettings:
    """The same settings with another PIN."""
    return msgspec.structs.replace(settings, pin=Secret(pin))

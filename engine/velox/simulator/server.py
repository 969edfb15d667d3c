"""The simulator as a server: one day behind REST and the market-data socket on one port."""

import asyncio
import datetime as dt
import ssl
from collections.abc import Mapping, Sequence

import msgspec

from velox.clock import monotonic_ns, wall_ns
from velox.errors import BadInput
from velox.market.instruments import InstrumentBook
from velox.simulator.accounts import DEFAULT_ACCOUNT, Account, Sessions
from velox.simulator.connection import STREAM_PATH, Connection
from velox.simulator.exchange import DaySource, Exchange
from velox.simulator.limits import SMARTAPI_LIMITS, CallLimits, RateLimiter
from velox.simulator.smartapi import RestApi
from velox.simulator.stream import Pace

__all__ = ["Options", "Simulator"]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a simulator behaves; a speed of None is as fast as the client reads."""

    host: str = "127.0.0.1"
    port: int = 0
    speed: float | None = None
    start: dt.time | None = None
    accounts: Sequence[Account] = (DEFAULT_ACCOUNT,)
    limits: Mapping[str, CallLimits] = SMARTAPI_LIMITS


class Simulator:
    """One simulated broker that plays one day; `start` binds it, `stop` closes every connection."""

    def __init__(
        self,
        day: DaySource,
        options: Options | None = None,
        *,
        book: InstrumentBook | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.options = options or Options()
        self.exchange = Exchange(day, start=self.options.start, book=book)
        self.sessions = Sessions(list(self.options.accounts), wall_ns)
        self.rest = RestApi(self.exchange, self.sessions, RateLimiter(self.options.limits, monotonic_ns))
        self.pace = Pace(self.exchange, self.options.speed, monotonic_ns)
        self.connections: set[Connection] = set()
        self._tls = tls
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is bound."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def rest_url(self) -> str:
        """What a client sets as root of the REST calls."""
        return f"{'https' if self._tls else 'http'}://{self.options.host}:{self.port}"

    @property
    def ws_url(self) -> str:
        """What a client sets as address of the market-data socket."""
        return f"{'wss' if self._tls else 'ws'}://{self.options.host}:{self.port}{STREAM_PATH}"

    async def start(self) -> None:
        """Bind the port and serve."""
        loop = asyncio.get_running_loop()
        host, port = self.options.host, self.options.port
        try:
            self._server = await loop.create_server(lambda: Connection(self), host, port, ssl=self._tls)
        except OSError as error:
            raise BadInput(f"port {port} of {host} cannot be used ({error.strerror}): give another --port") from None

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is None:
            return
        self._server.close()
        await asyncio.gather(*(connection.shut() for connection in list(self.connections)))
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> "Simulator":
        await self.start()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.stop()

    def sockets_of(self, client_code: str) -> int:
        """How many market-data sockets a client has open."""
        return sum(c.client_code == client_code for c in self.connections)

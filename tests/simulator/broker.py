"""A plain client of the simulated broker, written from the protocol alone, for tests."""

import json
from typing import Any

import httpx
import pyotp
import websockets
from websockets.asyncio.client import ClientConnection

from velox.clock import wall_ns
from velox.simulator.accounts import DEFAULT_ACCOUNT
from velox.simulator.server import Simulator

LOGIN = "/rest/auth/angelbroking/user/v1/loginByPassword"
SECURE = "/rest/secure/angelbroking"
WITHIN_S = 10.0


def login_body(**changes: str) -> dict[str, str]:
    """What the default account logs in with."""
    totp = pyotp.TOTP(DEFAULT_ACCOUNT.totp_secret.reveal()).at(wall_ns() // 1_000_000_000)
    return {"clientcode": DEFAULT_ACCOUNT.client_code, "password": DEFAULT_ACCOUNT.pin.reveal(), "totp": totp} | changes


class Client:
    """One logged-in client."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.headers = {
            "X-PrivateKey": DEFAULT_ACCOUNT.api_key.reveal(),
            "X-UserType": "USER",
            "X-SourceID": "WEB",
            "Accept": "application/json",
        }
        self.tokens: dict[str, str] = {}
        self._http = httpx.AsyncClient(base_url=simulator.rest_url, trust_env=False, timeout=WITHIN_S)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._http.aclose()

    async def post(self, path: str, body: object) -> httpx.Response:
        """Send a call with a body."""
        return await self._http.post(path, json=body, headers=self.headers)

    async def get(self, path: str) -> httpx.Response:
        """Send a call without one."""
        return await self._http.get(path, headers=self.headers)

    async def log_in(self) -> dict[str, Any]:
        """Log in and keep the tokens."""
        answer: dict[str, Any] = (await self.post(LOGIN, login_body())).json()
        self.tokens = answer["data"]
        self.headers["Authorization"] = f"Bearer {self.tokens['jwtToken']}"
        return answer

    def stream_headers(self, **changes: str) -> dict[str, str]:
        """What the handshake of the socket carries."""
        return {
            "Authorization": f"Bearer {self.tokens['jwtToken']}",
            "x-api-key": DEFAULT_ACCOUNT.api_key.reveal(),
            "x-client-code": DEFAULT_ACCOUNT.client_code,
            "x-feed-token": self.tokens["feedToken"],
        } | {name.replace("_", "-"): value for name, value in changes.items()}

    async def stream(self, **headers: str) -> ClientConnection:
        """Open the market-data socket."""
        return await websockets.connect(
            self.simulator.ws_url, additional_headers=self.stream_headers(**headers), compression=None, proxy=None
        )

    def token(self, name: str) -> str:
        """The broker's number of an instrument."""
        return next(i.token for i in self.simulator.exchange.listings if i.instrument.name == name)


def subscription(mode: int, tokens: list[str], action: int = 1, exchange: int = 1) -> str:
    """A subscription message."""
    params = {"mode": mode, "tokenList": [{"exchangeType": exchange, "tokens": tokens}]}
    return json.dumps({"correlationID": "abcde12345", "action": action, "params": params})

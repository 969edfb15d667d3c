"""The REST calls of Angel One's SMART API that a feed needs: session, instrument file, candles for warm-up."""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
import pyotp

from velox.clock import monotonic_ns, wall_ns
from velox.errors import BadInput, Refused, VeloxError
from velox.feeds.base import Backoff, Timings
from velox.feeds.links import check_url, tls_context
from velox.feeds.smartapi_candles import INTERVALS
from velox.market.instruments import InstrumentBook
from velox.secret import Secret
from velox.settings import SmartapiSettings

__all__ = ["BrokerRefused", "BrokerSilent", "HistoryCandle", "SmartapiRest", "Tokens"]

_OFFICIAL_HOSTS = {"apiconnect.angelone.in", "apiconnect.angelbroking.com"}
_OFFICIAL_FILES = "https://margincalculator.angelone.in"
_FILE_PATH = "/OpenAPI_File/files/OpenAPIScripMaster.json"
_LOGIN = "/rest/auth/angelbroking/user/v1/loginByPassword"
_CANDLES = "/rest/secure/angelbroking/historical/v1/getCandleData"
_LOGOUT = "/rest/secure/angelbroking/user/v1/logout"

_LOG_IN_AGAIN = frozenset({"AG8001", "AG8002", "AG8003", "AB8050", "AB8051", "AB1010", "AB1011"})
_TRY_AGAIN = frozenset({"AB1004", "AB2000", "AB2001"})
_TRIES = 4
_BODY_MAX = 1 << 20
_FILE_MAX = 256 << 20

_ONE = 100_000_000
_IST = dt.timezone(dt.timedelta(hours=5, minutes=30))


class BrokerRefused(Refused):
    """The broker's definite no, with its code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"the broker refused: {message or 'no reason given'} ({code or 'no code'})")
        self.code = code


class BrokerSilent(VeloxError):
    """The broker could not be reached or answered nothing that makes sense; reading may be tried again later."""


class Tokens(msgspec.Struct, frozen=True):
    """What a login gives."""

    jwt: Secret
    refresh: Secret
    feed: Secret


class HistoryCandle(msgspec.Struct, frozen=True):
    """One finished candle of the broker; prices at 1e-8 rupees."""

    ts_open_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int


class _TryAgain(VeloxError):
    pass


_T = TypeVar("_T")


class SmartapiRest:
    """A client of one account that logs in when it must."""

    def __init__(
        self,
        settings: SmartapiSettings,
        timings: Timings | None = None,
        *,
        draw: Callable[[], float] | None = None,
    ) -> None:
        check_url(settings.rest_url, "https", "http")
        self._settings = settings
        self._timings = timings or Timings()
        self._draw = draw
        self._tokens: Tokens | None = None
        self._logging_in = asyncio.Lock()
        self._candle_turn = asyncio.Lock()
        self._candle_at_ns = 0
        self._http = httpx.AsyncClient(
            base_url=settings.rest_url,
            verify=tls_context(settings.ca_file),
            trust_env=False,
            timeout=self._timings.answer_s,
        )

    async def close(self) -> None:
        """Close the connections; the session at the broker ends at midnight by itself."""
        await self._http.aclose()

    async def tokens(self) -> Tokens:
        """The tokens of the session; logs in when there is none."""
        return self._tokens or await self.log_in(self._tokens)

    async def log_in(self, dead: Tokens | None) -> Tokens:
        """Log in unless somebody has done so since `dead` were the tokens."""
        async with self._logging_in:
            if self._tokens is not None and self._tokens is not dead:
                return self._tokens
            self._tokens = None
            body = {
                "clientcode": self._settings.client_code,
                "password": self._settings.pin.reveal(),
                "totp": self._totp(),
            }
            data = await self._patiently(lambda: self._call("POST", _LOGIN, body, None))
            given = [
                data.get(key) if isinstance(data, dict) else None for key in ("jwtToken", "refreshToken", "feedToken")
            ]
            jwt, refresh, feed = (str(token or "") for token in given)
            if not jwt or not feed:
                raise BrokerSilent("the broker's answer to the login holds no tokens")
            self._tokens = Tokens(Secret(jwt.removeprefix("Bearer ")), Secret(refresh), Secret(feed))
            return self._tokens

    async def log_out(self) -> None:
        """End the session at the broker."""
        if self._tokens is not None:
            await self.call("POST", _LOGOUT, {"clientcode": self._settings.client_code})
            self._tokens = None

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """One reading call of the session; logs in again once when the session has ended."""
        tokens = await self.tokens()
        try:
            return await self._patiently(lambda: self._call(method, path, body, tokens))
        except BrokerRefused as refused:
            if refused.code not in _LOG_IN_AGAIN:
                raise
        tokens = await self.log_in(tokens)
        return await self._patiently(lambda: self._call(method, path, body, tokens))

    async def instruments(self) -> InstrumentBook:
        """The broker's instrument file of the day; parsed off the loop, for it is large."""
        host = urlsplit(self._settings.rest_url).hostname
        url = (_OFFICIAL_FILES if host in _OFFICIAL_HOSTS else self._settings.rest_url.rstrip("/")) + _FILE_PATH
        content = await self._patiently(lambda: self._fetch(url))
        return await asyncio.to_thread(InstrumentBook.from_file, content)

    async def candles(
        self, token: str, timeframe_s: int, begin: dt.datetime, end: dt.datetime, exchange: str = "NSE"
    ) -> list[HistoryCandle]:
        """Candles that opened in [begin, end], oldest first, in as many calls as the broker's limit asks for."""
        if timeframe_s not in INTERVALS:
            known = ", ".join(str(seconds) for seconds in INTERVALS)
            raise BadInput(f"the broker has no candles of {timeframe_s} s, only of {known}")
        name, days = INTERVALS[timeframe_s]
        found: list[HistoryCandle] = []
        begin, end = begin.astimezone(_IST), end.astimezone(_IST)
        while begin <= end:
            last = min(begin + dt.timedelta(days=days) - dt.timedelta(minutes=1), end)
            words = {"exchange": exchange, "symboltoken": token, "interval": name}
            period = {"fromdate": f"{begin:%Y-%m-%d %H:%M}", "todate": f"{last:%Y-%m-%d %H:%M}"}
            await self._wait_for_candle_turn()
            found += _candles(await self.call("POST", _CANDLES, words | period))
            begin = last + dt.timedelta(minutes=1)
        return found

    async def _wait_for_candle_turn(self) -> None:
        async with self._candle_turn:
            wait_ns = self._candle_at_ns - monotonic_ns()
            if wait_ns > 0:
                await asyncio.sleep(wait_ns / 1e9)
            self._candle_at_ns = monotonic_ns() + int(self._timings.candle_gap_s * 1e9)

    def _totp(self) -> str:
        try:
            return pyotp.TOTP(self._settings.totp_secret.reveal()).at(wall_ns() // 1_000_000_000)
        except ValueError:
            # The library's own words could quote the secret.
            raise BadInput(
                "totp_secret is no base32 text of at least 112 bits: copy it again from the broker"
            ) from None

    async def _patiently(self, act: "Callable[[], asyncio.Future[_T] | Any]") -> Any:
        """Repeat a reading call that the broker throttled or did not answer."""
        backoff = Backoff(self._timings.backoff_first_s, self._timings.backoff_max_s, self._draw)
        for _ in range(_TRIES - 1):
            try:
                return await act()
            except _TryAgain:
                await asyncio.sleep(backoff.next_s())
        try:
            return await act()
        except _TryAgain as failed:
            raise BrokerSilent(f"{failed} ({_TRIES} tries)") from None

    async def _call(self, method: str, path: str, body: object, tokens: Tokens | None) -> Any:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-PrivateKey": self._settings.api_key.reveal(),
            "X-UserType": "USER",
            "X-SourceID": "WEB",
            "X-ClientLocalIP": "127.0.0.1",
            "X-ClientPublicIP": "127.0.0.1",
            "X-MACAddress": "00:00:00:00:00:00",
        }
        if tokens is not None:
            headers["Authorization"] = f"Bearer {tokens.jwt.reveal()}"
        content = None if body is None else msgspec.json.encode(body)
        request = self._http.build_request(method, path, headers=headers, content=content)
        status, answer = await self._send(request, _BODY_MAX, self._timings.answer_s)
        return _data(status, answer, path.rpartition("/")[2])

    async def _fetch(self, url: str) -> bytes:
        request = self._http.build_request("GET", url)
        status, content = await self._send(request, _FILE_MAX, self._timings.file_s)
        if status != 200:
            raise _TryAgain(f"the instrument file came with status {status}")
        return content

    async def _send(self, request: httpx.Request, size_max: int, within_s: float) -> tuple[int, bytes]:
        """Status and body; the whole exchange has one deadline and the body a bound."""
        host = request.url.host
        try:
            async with asyncio.timeout(within_s):
                response = await self._http.send(request, stream=True)
                try:
                    body = bytearray()
                    async for part in response.aiter_bytes():
                        body += part
                        if len(body) > size_max:
                            raise BrokerSilent(f"{host} sent more than {size_max} bytes for one answer")
                    return response.status_code, bytes(body)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise _TryAgain(f"{host} did not answer within {within_s:g} s") from None
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise BrokerRefused(
                    "TLS", f"the certificate of {host} is not trusted; set ca_file or mend the address"
                ) from None
            raise _TryAgain(f"{host} cannot be reached") from None
        except httpx.HTTPError as error:
            raise _TryAgain(f"the connection to {host} broke ({type(error).__name__})") from None


def _data(status: int, answer: bytes, call: str) -> Any:
    """The data of the broker's envelope, in either of its spellings; what is none is tried again."""
    try:
        envelope = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if status == 403 and b"exceeding access rate" in answer:
            raise _TryAgain(f"the broker throttles {call}") from None
        raise _TryAgain(f"the broker's answer to {call} is no JSON (status {status})") from None
    if not isinstance(envelope, dict):
        raise _TryAgain(f"the broker's answer to {call} has no envelope (status {status})")
    good = envelope.get("status", envelope.get("success"))
    if good is True or str(good).lower() == "true":
        return envelope.get("data")
    code = str(envelope.get("errorcode") or envelope.get("errorCode") or "")
    message = str(envelope.get("message") or "")
    if code in _TRY_AGAIN or status >= 500:
        raise _TryAgain(f"the broker failed at {call}: {message} ({code or status})")
    raise BrokerRefused(code, message)


def _candles(data: object) -> list[HistoryCandle]:
    try:
        rows = msgspec.convert(data or [], list[tuple[dt.datetime, float, float, float, float, int]])
    except msgspec.ValidationError as error:
        raise BrokerSilent(f"the broker's candles make no sense: {error}") from None
    return [
        HistoryCandle(
            int(at.timestamp()) * 1_000_000_000, _fixed(first), _fixed(high), _fixed(low), _fixed(last), volume
        )
        for at, first, high, low, last, volume in rows
    ]


def _fixed(rupees: float) -> int:
    return round(rupees * _ONE)

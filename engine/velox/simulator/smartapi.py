"""The REST side of the simulated SMART API: what each call answers, apart from how it travels.

Answers carry the broker's envelope and its codes; empty collections are `data: null`; a client that calls too often
gets plain text and status 403, as the broker's gateway does it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from velox.simulator.accounts import Denied, Session, Sessions
from velox.simulator.exchange import Exchange, Listing
from velox.simulator.limits import RateLimiter
from velox.simulator.smartapi_rows import full_quote, ist_time, prices_of, scrip_row

__all__ = ["Answer", "Ask", "INSTRUMENT_FILE", "RestApi", "instrument_file"]

INSTRUMENT_FILE = "/OpenAPI_File/files/OpenAPIScripMaster.json"

_IST = dt.timezone(dt.timedelta(hours=5, minutes=30))
_SECURE = "/rest/secure/angelbroking"
_ONE = 100_000_000
_QUOTE_TOKENS_MAX = 50
_DAY_S = 86_400
# The broker's words for segments, by exchange.
_SEGMENTS = {"NSE": "nse_cm", "NFO": "nse_fo"}

# Length in seconds and the longest period of one call in days.
_INTERVALS = {
    "ONE_MINUTE": (60, 30),
    "THREE_MINUTE": (180, 60),
    "FIVE_MINUTE": (300, 100),
    "TEN_MINUTE": (600, 100),
    "FIFTEEN_MINUTE": (900, 200),
    "THIRTY_MINUTE": (1800, 200),
    "ONE_HOUR": (3600, 400),
    "ONE_DAY": (_DAY_S, 2000),
}


class Ask(msgspec.Struct, frozen=True):
    """One HTTP request: header names in lower case, the path without its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    peer: str = ""


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


_Body: TypeAlias = dict[str, Any]
_Handler: TypeAlias = Callable[[Session, _Body], object]


class RestApi:
    """All calls of the simulated broker over one day."""

    def __init__(self, exchange: Exchange, sessions: Sessions, limiter: RateLimiter) -> None:
        self._exchange = exchange
        self._sessions = sessions
        self._limiter = limiter
        self._instrument_file: bytes | None = None
        self._secure: dict[tuple[str, str], _Handler] = {
            ("GET", f"{_SECURE}/user/v1/getProfile"): self._profile,
            ("POST", f"{_SECURE}/user/v1/logout"): self._logout,
            ("GET", f"{_SECURE}/user/v1/getRMS"): self._funds,
            ("POST", f"{_SECURE}/order/v1/getLtpData"): self._ltp,
            ("POST", f"{_SECURE}/order/v1/searchScrip"): self._search,
            ("GET", f"{_SECURE}/order/v1/getOrderBook"): _nothing,
            ("GET", f"{_SECURE}/order/v1/getTradeBook"): _nothing,
            ("GET", f"{_SECURE}/order/v1/getPosition"): _nothing,
            ("GET", f"{_SECURE}/portfolio/v1/getHolding"): _nothing,
            ("POST", f"{_SECURE}/market/v1/quote"): self._quote,
            ("POST", f"{_SECURE}/historical/v1/getCandleData"): self._candles,
        }

    def answer(self, ask: Ask) -> Answer:
        """Answer one request."""
        if ask.path == INSTRUMENT_FILE and ask.method == "GET":
            return Answer(self._instruments())
        try:
            return self._dispatch(ask)
        except Denied as denied:
            envelope = {"status": False, "message": denied.message, "errorcode": denied.code, "data": None}
            return Answer(msgspec.json.encode(envelope))

    def _dispatch(self, ask: Ask) -> Answer:
        call = ask.path.rpartition("/")[2]
        api_key = ask.headers.get("x-privatekey", "")
        logging_in = ask.method == "POST" and ask.path == "/rest/auth/angelbroking/user/v1/loginByPassword"
        renewing = ask.method == "POST" and ask.path == "/rest/auth/angelbroking/jwt/v1/generateTokens"
        handler = self._secure.get((ask.method, ask.path))
        if not (logging_in or renewing or handler):
            return Answer(b"no such path", 404, "text/plain")
        if ask.headers.get("x-usertype") != "USER":
            raise Denied("AB1005", "User Type Must Be USER")
        body = _decoded(ask)
        if logging_in or renewing:
            # Nobody is known yet by a token: an address and its key are throttled together.
            return self._limited(f"{ask.peer} {api_key}", call, lambda: self._tokens(ask, body, api_key, renewing))
        assert handler is not None
        known = handler
        session = self._sessions.check(_bearer(ask), api_key)
        return self._limited(session.client_code, call, lambda: known(session, body))

    def _limited(self, client: str, call: str, act: Callable[[], object]) -> Answer:
        if not self._limiter.allows(client, call):
            return Answer(b"Access denied because of exceeding access rate", 403, "text/plain")
        envelope = {"status": True, "message": "SUCCESS", "errorcode": "", "data": act()}
        return Answer(msgspec.json.encode(envelope))

    def _tokens(self, ask: Ask, body: _Body, api_key: str, renewing: bool) -> object:
        if renewing:
            session = self._sessions.renew(_bearer(ask), _text(body, "refreshToken"))
        else:
            client_code, pin, totp = (_text(body, key) for key in ("clientcode", "password", "totp"))
            session = self._sessions.log_in(client_code, pin, totp, api_key)
        tokens = {"jwtToken": session.jwt, "refreshToken": session.refresh, "feedToken": session.feed}
        return tokens | ({"state": body["state"]} if "state" in body else {})

    def _profile(self, session: Session, body: _Body) -> object:
        account = self._sessions.account(session.client_code)
        return {
            "clientcode": account.client_code,
            "name": account.name,
            "email": "",
            "mobileno": "",
            "exchanges": [_SEGMENTS[name] for name in self._exchange.exchanges],
            "products": ["DELIVERY", "INTRADAY"],
            "lastlogintime": "",
            "broker": "SIMULATOR",
        }

    def _logout(self, session: Session, body: _Body) -> object:
        if _text(body, "clientcode") != session.client_code:
            raise Denied("AB1011", "Client not login")
        self._sessions.log_out(session)
        return ""

    def _funds(self, session: Session, body: _Body) -> object:
        zero = (
            "availableintradaypayin availablelimitmargin collateral m2munrealized m2mrealized utiliseddebits "
            "utilisedspan utilisedoptionpremium utilisedholdingsales utilisedexposure utilisedturnover utilisedpayout"
        )
        cash = "1000000.0000"
        return {"net": cash, "availablecash": cash} | dict.fromkeys(zero.split(), "0.0000")

    def _ltp(self, session: Session, body: _Body) -> object:
        listing = self._listing(body.get("exchange"), _text(body, "symboltoken"))
        packet = None if listing.number is None else self._exchange.packet(listing.number)
        if packet is None:
            return None
        return {
            "exchange": listing.instrument.exchange,
            "tradingsymbol": listing.instrument.symbol,
            "symboltoken": listing.token,
            **prices_of(packet),
        }

    def _search(self, session: Session, body: _Body) -> object:
        wanted = _text(body, "searchscrip").upper()
        exchange = body.get("exchange")
        if exchange not in _SEGMENTS or not wanted:
            return None
        own = [i for i in self._exchange.listings if i.instrument.exchange == exchange]
        found = [i for i in own if wanted in i.instrument.symbol.upper()]
        rows = [{"exchange": exchange, "tradingsymbol": i.instrument.symbol, "symboltoken": i.token} for i in found]
        return rows or None

    def _quote(self, session: Session, body: _Body) -> object:
        mode, wanted = body.get("mode"), body.get("exchangeTokens")
        if mode not in ("LTP", "OHLC", "FULL") or not isinstance(wanted, dict):
            raise Denied("AB2000", "mode must be LTP, OHLC or FULL and exchangeTokens an object")
        pairs = [(str(exchange), str(token)) for exchange, tokens in wanted.items() for token in tokens]
        if len(pairs) > _QUOTE_TOKENS_MAX:
            raise Denied("AB2000", f"at most {_QUOTE_TOKENS_MAX} tokens a call")
        fetched, unfetched = [], []
        for exchange, token in pairs:
            row = self._quote_row(mode, exchange, token)
            if row is not None:
                fetched.append(row)
                continue
            fault = {"message": "Symbol not found", "errorCode": "AB1009"}
            unfetched.append({"exchange": exchange, "symbolToken": token} | fault)
        return {"fetched": fetched, "unfetched": unfetched}

    def _quote_row(self, mode: str, exchange: str, token: str) -> _Body | None:
        listing = self._exchange.listed(exchange, token)
        if listing is None or listing.number is None:
            return None
        packet = self._exchange.packet(listing.number)
        if packet is None:
            return None
        row: _Body = {"exchange": exchange, "tradingSymbol": listing.instrument.symbol, "symbolToken": token}
        prices = prices_of(packet)
        if mode == "LTP":
            return row | {"ltp": prices["ltp"]}
        if mode == "OHLC":
            return row | prices
        return row | prices | full_quote(packet, prices)

    def _candles(self, session: Session, body: _Body) -> object:
        interval = _INTERVALS.get(_text(body, "interval"))
        if interval is None:
            raise Denied("AB2000", f"interval must be one of {', '.join(_INTERVALS)}")
        timeframe_s, days_max = interval
        begin, end = _moment(body, "fromdate"), _moment(body, "todate")
        if end - begin > dt.timedelta(days=days_max):
            raise Denied("AB2000", f"a call for {body['interval']} may ask for {days_max} days at most")
        listing = self._listing(body.get("exchange"), _text(body, "symboltoken"))
        from_ns, to_ns = (int(moment.timestamp()) * 1_000_000_000 for moment in (begin, end))
        return [
            [ist_time(candle[0]).isoformat(), *(price / _ONE for price in candle[1:5]), candle[5]]
            for candle in self._exchange.candles(listing, timeframe_s, from_ns, to_ns)
        ] or None

    def _listing(self, exchange: object, token: str) -> Listing:
        listing = self._exchange.listed(exchange, token)
        if listing is None:
            raise Denied("AB1009", "Symbol Not Found")
        return listing

    def _instruments(self) -> bytes:
        if self._instrument_file is None:
            self._instrument_file = instrument_file(self._exchange)
        return self._instrument_file


def instrument_file(exchange: Exchange) -> bytes:
    """The broker's instrument file of the day."""
    return msgspec.json.encode([scrip_row(listing) for listing in exchange.listings])


def _nothing(_session: Session, _body: _Body) -> object:
    return None


def _decoded(ask: Ask) -> _Body:
    if not ask.body:
        return {}
    try:
        body = msgspec.json.decode(ask.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Denied("AB2000", "the body is no JSON") from None
    if not isinstance(body, dict):
        raise Denied("AB2000", "the body is no JSON object")
    return body


def _bearer(ask: Ask) -> str:
    return ask.headers.get("authorization", "").removeprefix("Bearer ").strip()


def _text(body: _Body, key: str) -> str:
    """A field as text; clients send strings or numbers."""
    value = body.get(key, "")
    if not isinstance(value, str | int):
        raise Denied("AB2000", f"{key} must be a text")
    return str(value)


def _moment(body: _Body, key: str) -> dt.datetime:
    try:
        return dt.datetime.strptime(_text(body, key), "%Y-%m-%d %H:%M").replace(tzinfo=_IST)
    except ValueError:
        raise Denied("AB2000", f"{key} must be written like 2026-08-21 09:15") from None

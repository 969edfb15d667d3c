"""The REST side of the simulated broker."""

import asyncio
import datetime as dt
from collections.abc import Coroutine
from typing import Any

import pytest
from tests.simulator.broker import LOGIN, SECURE, Client, login_body
from tests.simulator.days import OPEN_NS, SECOND, StubDay, make_rows, rows_of

from velox.simulator.accounts import DEFAULT_ACCOUNT, Denied, Sessions
from velox.simulator.limits import SMARTAPI_LIMITS, RateLimiter
from velox.simulator.server import Options, Simulator
from velox.simulator.smartapi import INSTRUMENT_FILE

_UNLIMITED = Options(limits={})
_CANDLES = f"{SECURE}/historical/v1/getCandleData"
_DAY_NS = 86_400 * SECOND


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def _day() -> StubDay:
    return StubDay(make_rows(600, 2), prev_close=9_900_000_000)


def test_login_then_profile_funds_and_logout() -> None:
    async def work() -> None:
        async with Simulator(_day(), _UNLIMITED) as simulator, Client(simulator) as client:
            answer = await client.log_in()
            assert answer["status"] is True
            assert answer["errorcode"] == ""
            assert set(answer["data"]) == {"jwtToken", "refreshToken", "feedToken"}
            profile = (await client.get(f"{SECURE}/user/v1/getProfile?%7B%22refreshToken%22:%20%22R1%22%7D")).json()
            assert profile["data"]["clientcode"] == DEFAULT_ACCOUNT.client_code
            funds = (await client.get(f"{SECURE}/user/v1/getRMS")).json()["data"]
            assert all(isinstance(value, str) for value in funds.values())
            await client.post(f"{SECURE}/user/v1/logout", {"clientcode": DEFAULT_ACCOUNT.client_code})
            assert (await client.get(f"{SECURE}/user/v1/getProfile")).json()["errorcode"] == "AG8001"

    run(work())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": "0000"}, "AB1007"),
        ({"clientcode": "NOBODY"}, "AB1007"),
        ({"totp": "000000"}, "AB1050"),
        ({"totp": ""}, "AB1050"),
    ],
)
def test_wrong_credentials_are_denied_with_the_brokers_code(changes: dict[str, str], code: str) -> None:
    async def work() -> None:
        async with Simulator(_day(), _UNLIMITED) as simulator, Client(simulator) as client:
            answer = (await client.post(LOGIN, login_body(**changes))).json()
            assert answer == {"status": False, "message": answer["message"], "errorcode": code, "data": None}

    run(work())


def test_calls_without_a_good_token_or_header_are_denied() -> None:
    async def work() -> None:
        async with Simulator(_day(), _UNLIMITED) as simulator, Client(simulator) as client:
            path = f"{SECURE}/user/v1/getProfile"
            assert (await client.get(path)).json()["errorcode"] == "AG8003"
            client.headers["Authorization"] = "Bearer wrong"
            assert (await client.get(path)).json()["errorcode"] == "AG8001"
            client.headers["X-UserType"] = "ROBOT"
            assert (await client.get(path)).json()["errorcode"] == "AB1005"
            assert (await client.get("/nowhere")).status_code == 404

    run(work())


def test_a_refresh_token_gives_three_new_tokens() -> None:
    async def work() -> None:
        async with Simulator(_day(), _UNLIMITED) as simulator, Client(simulator) as client:
            await client.log_in()
            path = "/rest/auth/angelbroking/jwt/v1/generateTokens"
            assert (await client.post(path, {"refreshToken": "wrong"})).json()["errorcode"] == "AB8050"
            new = (await client.post(path, {"refreshToken": client.tokens["refreshToken"]})).json()["data"]
            assert not set(new.values()) & set(client.tokens.values())
            assert (await client.get(f"{SECURE}/user/v1/getProfile")).json()["errorcode"] == "AG8001"

    run(work())


def test_tokens_end_at_midnight_in_india() -> None:
    now = OPEN_NS
    sessions = Sessions([DEFAULT_ACCOUNT], lambda: now)
    import pyotp

    totp = pyotp.TOTP(DEFAULT_ACCOUNT.totp_secret.reveal()).at(now // SECOND)
    key = DEFAULT_ACCOUNT.api_key.reveal()
    session = sessions.log_in(DEFAULT_ACCOUNT.client_code, DEFAULT_ACCOUNT.pin.reveal(), totp, key)
    midnight = OPEN_NS - (9 * 60 + 15) * 60 * SECOND + _DAY_NS
    assert session.ends_ns == midnight
    now = midnight - 1
    assert sessions.check(session.jwt, key) is session
    now = midnight
    with pytest.raises(Denied) as expired:
        sessions.check(session.jwt, key)
    assert expired.value.code == "AG8002"
    with pytest.raises(Denied) as unrenewable:
        sessions.renew(session.jwt, session.refresh)
    assert unrenewable.value.code == "AB8051"
    assert sessions.check_stream(session.jwt, key, session.client_code, session.feed) == "Invalid Auth token"


def test_too_many_calls_get_plain_text_and_403() -> None:
    async def work() -> None:
        async with Simulator(_day()) as simulator, Client(simulator) as client:
            await client.log_in()
            answers = [await client.get(f"{SECURE}/user/v1/getProfile") for _ in range(4)]
            assert [a.status_code for a in answers] == [200, 200, 200, 403]
            assert answers[-1].text == "Access denied because of exceeding access rate"

    run(work())


def test_every_window_of_the_rate_limit_holds() -> None:
    now = 0
    limiter = RateLimiter({"call": (2, 3, 4)}, lambda: now)

    def calls(at_s: float) -> bool:
        nonlocal now
        now = round(at_s * SECOND)
        return limiter.allows("client", "call")

    assert [calls(t) for t in (0, 0.5, 0.9, 1.0, 2, 59.9, 60, 61.5, 3599, 3600)] == [
        True, True, False, True, False, False, True, False, False, True,
    ]  # fmt: skip
    assert limiter.allows("another", "call")
    assert set(SMARTAPI_LIMITS) >= {"loginByPassword", "getCandleData", "quote"}


def test_candles_of_earlier_days_and_of_today_as_far_as_it_has_come() -> None:
    async def work() -> None:
        day = StubDay(rows_of([(0, 1, 100), (0, 30, 102), (0, 61, 99), (0, 130, 101)]))
        yesterday = OPEN_NS - _DAY_NS
        day.earlier["NSE:RELIANCE"] = [(yesterday, 90, 95, 89, 94, 1000, 7)]
        options = Options(limits={}, start=dt.time(9, 17, 0))
        async with Simulator(day, options) as simulator, Client(simulator) as client:
            await client.log_in()
            body = {
                "exchange": "NSE",
                "symboltoken": client.token("NSE:RELIANCE"),
                "interval": "ONE_MINUTE",
                "fromdate": "2021-04-01 09:15",
                "todate": "2021-04-26 15:30",
            }
            assert (await client.post(_CANDLES, body)).json()["data"] == [
                ["2021-04-25T09:15:00+05:30", 9e-7, 9.5e-7, 8.9e-7, 9.4e-7, 1000],
                ["2021-04-26T09:15:00+05:30", 100.0, 102.0, 100.0, 102.0, 10],
                ["2021-04-26T09:16:00+05:30", 99.0, 99.0, 99.0, 99.0, 10],
            ]
            later = body | {"fromdate": "2021-04-26 09:16"}
            assert [c[0][11:16] for c in (await client.post(_CANDLES, later)).json()["data"]] == ["09:16"]
            nothing = body | {"todate": "2021-04-02 15:30"}
            assert (await client.post(_CANDLES, nothing)).json()["data"] is None

    run(work())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interval": "TWO_MINUTE"}, "interval must be one of"),
        ({"fromdate": "2021-03-01 09:15"}, "30 days at most"),
        ({"fromdate": "yesterday"}, "fromdate must be written like"),
        ({"symboltoken": "1"}, "Symbol Not Found"),
        ({"exchange": "XYZ"}, "Symbol Not Found"),
    ],
)
def test_a_candle_call_that_makes_no_sense_is_denied(changes: dict[str, str], words: str) -> None:
    async def work() -> None:
        async with Simulator(_day(), _UNLIMITED) as simulator, Client(simulator) as client:
            await client.log_in()
            body = {
                "exchange": "NSE",
                "symboltoken": client.token("NSE:RELIANCE"),
                "interval": "ONE_MINUTE",
                "fromdate": "2021-04-26 09:15",
                "todate": "2021-04-26 15:30",
            }
            answer = (await client.post(_CANDLES, body | changes)).json()
            assert answer["status"] is False
            assert words in answer["message"]

    run(work())


def test_quotes_tell_the_newest_row_that_has_happened() -> None:
    async def work() -> None:
        options = Options(limits={}, start=dt.time(9, 16, 0))
        async with Simulator(_day(), options) as simulator, Client(simulator) as client:
            await client.log_in()
            token = client.token("NSE:RELIANCE")
            row = simulator.exchange.last_row(0)
            assert row is not None
            ltp = simulator.exchange.rows.price[row] / 1e8
            body = {"exchange": "NSE", "tradingsymbol": "RELIANCE-EQ", "symboltoken": token}
            answer = (await client.post(f"{SECURE}/order/v1/getLtpData", body)).json()["data"]
            assert answer["ltp"] == ltp
            assert answer["close"] == 99.0
            quote = {"mode": "FULL", "exchangeTokens": {"NSE": [token, "1"], "NFO": ["5"]}}
            data = (await client.post(f"{SECURE}/market/v1/quote", quote)).json()["data"]
            assert data["fetched"][0]["ltp"] == ltp
            assert data["fetched"][0]["exchFeedTime"] == "26-Apr-2021 09:15:59"
            assert len(data["fetched"][0]["depth"]["buy"]) == 5
            assert [u["symbolToken"] for u in data["unfetched"]] == ["1", "5"]
            many = {"mode": "LTP", "exchangeTokens": {"NSE": [str(i) for i in range(51)]}}
            assert "50 tokens" in (await client.post(f"{SECURE}/market/v1/quote", many)).json()["message"]

    run(work())


def test_before_the_first_row_there_is_no_quote_and_no_book() -> None:
    async def work() -> None:
        async with Simulator(_day(), _UNLIMITED) as simulator, Client(simulator) as client:
            await client.log_in()
            body = {"exchange": "NSE", "symboltoken": client.token("NSE:TCS")}
            assert (await client.post(f"{SECURE}/order/v1/getLtpData", body)).json()["data"] is None
            for path in ("order/v1/getOrderBook", "order/v1/getPosition", "portfolio/v1/getHolding"):
                answer = (await client.get(f"{SECURE}/{path}")).json()
                assert answer == {"status": True, "message": "SUCCESS", "errorcode": "", "data": None}

    run(work())


def test_search_and_instrument_file_name_the_same_tokens() -> None:
    async def work() -> None:
        day = StubDay(make_rows(6, 3), ("NSE:RELIANCE", "NSE:M&M", "NSE:NIFTY"))
        async with Simulator(day, _UNLIMITED) as simulator, Client(simulator) as client:
            await client.log_in()
            rows = (await client.get(INSTRUMENT_FILE)).json()
            by_name = {row["name"]: row for row in rows}
            assert by_name["RELIANCE"]["symbol"] == "RELIANCE-EQ"
            assert by_name["RELIANCE"]["tick_size"] == "5.000000"
            assert (by_name["NIFTY"]["token"], by_name["NIFTY"]["instrumenttype"]) == ("99926000", "AMXIDX")
            search = {"exchange": "NSE", "searchscrip": "m&m"}
            found = (await client.post(f"{SECURE}/order/v1/searchScrip", search)).json()["data"]
            assert found == [{"exchange": "NSE", "tradingsymbol": "M&M-EQ", "symboltoken": by_name["M&M"]["token"]}]

    run(work())


def test_broken_requests_leave_the_server_standing() -> None:
    async def work() -> None:
        async with Simulator(_day(), _UNLIMITED) as simulator, Client(simulator) as client:
            for junk in (
                b"\x00\xff\r\n\r\n",
                b"GET / HTTP/9.9\r\n\r\n",
                b"GET /smart-stream HTTP/1.1\r\n\r\n",
                b"A" * 20_000,
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
                writer.write(junk)
                writer.write_eof()
                assert not (await reader.read()).startswith(b"HTTP/1.1 200")
                writer.close()
            await client.log_in()
            long = await client.post(f"{SECURE}/order/v1/searchScrip", {"searchscrip": "x" * (1 << 20)})
            assert long.status_code == 413
            unread = await client._http.post(f"{SECURE}/order/v1/searchScrip", content=b"{", headers=client.headers)
            assert unread.json()["message"] == "the body is no JSON"
            assert (await client.get(f"{SECURE}/user/v1/getProfile")).json()["status"] is True

    run(work())

"""The REST calls of the SMART API feed."""

import datetime as dt
import logging
from typing import Any

import msgspec
import pytest
from tests.feeds.recorder import (
    GOOD_LOGIN,
    QUICK,
    Recorder,
    ScriptedRest,
    bad,
    good,
    run,
    secret_words,
    settings_for,
    with_pin,
)
from tests.simulator.days import OPEN_NS, SECOND, StubDay, make_rows

from velox.errors import BadInput, VeloxError
from velox.feeds.smartapi import SmartapiFeed
from velox.feeds.smartapi_rest import BrokerRefused, BrokerSilent, HistoryCandle, SmartapiRest
from velox.secret import Secret
from velox.simulator.server import Options, Simulator

_IST = dt.timezone(dt.timedelta(hours=5, minutes=30))
_BEGIN = dt.datetime(2021, 4, 1, 9, 15, tzinfo=_IST)
_END = dt.datetime(2021, 4, 26, 15, 30, tzinfo=_IST)
_THROTTLED = (403, b"Access denied because of exceeding access rate")
_ROW = ["2021-04-01T09:15:00+05:30", 100.05, 101, 99.95, 24850.35, 1234]


def _rest(server: ScriptedRest, **changes: Any) -> SmartapiRest:
    return SmartapiRest(settings_for(None, rest_url=server.url, **changes), QUICK, draw=lambda: 0.0)


@pytest.mark.parametrize(
    "trouble",
    [
        _THROTTLED,
        bad("AB1004"),
        bad("AB2001"),
        (502, b"<html>bad gateway</html>"),
        (200, b'{"status": tr'),
        (200, b"[]"),
    ],
)
def test_a_read_is_repeated_after_trouble_that_passes(trouble: tuple[int, object]) -> None:
    async def work() -> None:
        async with ScriptedRest(GOOD_LOGIN, trouble, trouble, good([_ROW])) as server:
            rest = _rest(server)
            candles = await rest.candles("1", 60, _BEGIN, _END)
            opened = int(_BEGIN.timestamp()) * SECOND
            prices = (10_005_000_000, 10_100_000_000, 9_995_000_000, 2_485_035_000_000)
            assert candles == [HistoryCandle(opened, *prices, 1234)]
            assert len(server.asked) == 4
            await rest.close()

    run(work())


def test_trouble_that_stays_is_told_after_four_tries() -> None:
    async def work() -> None:
        async with ScriptedRest(GOOD_LOGIN, _THROTTLED) as server:
            rest = _rest(server)
            with pytest.raises(BrokerSilent, match=r"throttles getCandleData \(4 tries\)"):
                await rest.candles("1", 60, _BEGIN, _END)
            assert len(server.asked) == 5
            await rest.close()

    run(work())


@pytest.mark.parametrize("code", ["AG8001", "AG8002", "AG8003", "AB8050", "AB8051", "AB1010", "AB1011"])
def test_a_session_that_ended_is_opened_anew_once(code: str) -> None:
    async def work() -> None:
        async with ScriptedRest(GOOD_LOGIN, bad(code), GOOD_LOGIN, good([_ROW])) as server:
            rest = _rest(server)
            assert len(await rest.candles("1", 60, _BEGIN, _END)) == 1
            paths = [path.rpartition("/")[2] for path, _ in server.asked]
            assert paths == ["loginByPassword", "getCandleData", "loginByPassword", "getCandleData"]
            await rest.close()

    run(work())


def test_the_gateways_other_spelling_is_understood() -> None:
    async def work() -> None:
        gateway = (200, {"success": False, "message": "Invalid Token", "errorCode": "AG8001", "data": ""})
        async with ScriptedRest(GOOD_LOGIN, gateway, GOOD_LOGIN, gateway) as server:
            rest = _rest(server)
            with pytest.raises(BrokerRefused, match="Invalid Token"):
                await rest.candles("1", 60, _BEGIN, _END)
            assert len(server.asked) == 4
            await rest.close()

    run(work())


def test_a_definite_no_is_not_repeated() -> None:
    async def work() -> None:
        async with ScriptedRest(GOOD_LOGIN, bad("AB1009", "Symbol Not Found")) as server:
            rest = _rest(server)
            with pytest.raises(BrokerRefused) as refused:
                await rest.candles("1", 60, _BEGIN, _END)
            assert (refused.value.code, len(server.asked)) == ("AB1009", 2)
            await rest.close()

    run(work())


def test_a_body_that_is_too_long_is_cut_off() -> None:
    async def work() -> None:
        async with ScriptedRest(GOOD_LOGIN, (200, b"x" * (1 << 21))) as server:
            rest = _rest(server)
            with pytest.raises(BrokerSilent, match="more than 1048576 bytes"):
                await rest.candles("1", 60, _BEGIN, _END)
            await rest.close()

    run(work())


def test_a_long_period_is_asked_for_in_the_brokers_portions() -> None:
    async def work() -> None:
        async with ScriptedRest(GOOD_LOGIN, good([_ROW]), good(None), good([_ROW])) as server:
            rest = _rest(server)
            candles = await rest.candles("2885", 60, _BEGIN, _BEGIN + dt.timedelta(days=70))
            assert len(candles) == 2
            periods = [(body["fromdate"], body["todate"]) for _, body in server.asked[1:]]
            assert periods == [
                ("2021-04-01 09:15", "2021-05-01 09:14"),
                ("2021-05-01 09:15", "2021-05-31 09:14"),
                ("2021-05-31 09:15", "2021-06-10 09:15"),
            ]
            assert server.asked[1][1] | {"fromdate": "", "todate": ""} == {
                "exchange": "NSE", "symboltoken": "2885", "interval": "ONE_MINUTE", "fromdate": "", "todate": "",
            }  # fmt: skip
            with pytest.raises(BadInput, match="no candles of 120 s"):
                await rest.candles("2885", 120, _BEGIN, _END)
            await rest.close()

    run(work())


def test_warm_up_candles_and_instruments_come_from_the_simulator() -> None:
    async def work() -> None:
        day = StubDay(make_rows(10, 2))
        yesterday = OPEN_NS - 86_400 * SECOND
        day.earlier["NSE:TCS"] = [(yesterday + i * 60 * SECOND, 310_050_000_000 + i, 2, 1, 3, 100, 5) for i in range(3)]
        async with Simulator(day, Options(limits={})) as simulator:
            rest = SmartapiRest(settings_for(simulator), QUICK)
            book = await rest.instruments()
            assert book.names() == ["NSE:RELIANCE", "NSE:TCS"]
            candles = await rest.candles(book["NSE:TCS"].token, 60, _BEGIN, _END)
            assert [c.ts_open_ns for c in candles] == [c[0] for c in day.earlier["NSE:TCS"]]
            assert candles[0].open == 310_050_000_000
            assert await rest.candles(book["NSE:RELIANCE"].token, 300, _BEGIN, _END) == []
            await rest.log_out()
            await rest.close()

    run(work())


def test_the_brokers_rate_limit_is_waited_out() -> None:
    async def work() -> None:
        async with Simulator(
            StubDay(make_rows(10, 2)), Options(limits={"getCandleData": (1, None, None)})
        ) as simulator:
            timings = msgspec.structs.replace(QUICK, backoff_first_s=0.6, backoff_max_s=2)
            rest = SmartapiRest(settings_for(simulator), timings, draw=lambda: 1.0)
            token = simulator.exchange.listings[0].token
            for _ in range(2):
                assert await rest.candles(token, 60, _BEGIN, _END) == []
            await rest.close()

    run(work())


@pytest.mark.parametrize("secret", ["", "not base32!", "ABCD"])
def test_a_totp_secret_that_is_none_is_refused_without_showing_it(secret: str) -> None:
    async def work() -> None:
        async with ScriptedRest(GOOD_LOGIN) as server:
            rest = _rest(server, totp_secret=Secret(secret))
            with pytest.raises(BadInput, match="totp_secret") as refused:
                await rest.tokens()
            assert not secret or secret not in str(refused.value)
            assert refused.value.__cause__ is None
            await rest.close()

    run(work())


def test_no_secret_shows_in_a_log_an_error_or_a_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.NOTSET)

    async def work() -> list[object]:
        shown: list[object] = []
        async with Simulator(StubDay(make_rows(10, 2)), Options(limits={})) as simulator:
            settings = settings_for(simulator)
            recorder = Recorder()
            feed = SmartapiFeed(settings, recorder, resume=0, timings=QUICK)
            await feed.connect()
            tokens = await feed.rest.tokens()
            secrets.extend(token.reveal() for token in (tokens.jwt, tokens.refresh, tokens.feed))
            shown += [settings, feed, feed.rest, tokens, vars(feed.rest), recorder.events]
            for wrong in (with_pin(settings, "4711-pin"), settings_for(simulator, api_key=Secret("4711-pin"))):
                rest = SmartapiRest(wrong, QUICK)
                with pytest.raises(VeloxError) as refused:
                    await rest.tokens()
                shown.append(refused.value)
                await rest.close()
            await feed.close()
        return shown

    secrets = secret_words()
    shown: list[object] = []

    async def outer() -> None:
        shown.extend(await work())

    run(outer())
    assert len(secrets) == 6
    text = caplog.text + " ".join(f"{each!r} {each}" for each in shown)
    assert not [secret for secret in secrets if secret in text]

"""Futures and options of the simulated broker: listed, quoted and sent under the derivatives segment's number."""

import asyncio
import struct
from collections.abc import Coroutine
from typing import Any

import msgspec
from tests.simulator.broker import SECURE, Client, subscription
from tests.simulator.days import StubDay, make_rows

from velox.feeds.packets import NSE_CM, NSE_FO, SNAP_QUOTE
from velox.market.instruments import InstrumentBook, Kind
from velox.simulator.exchange import Exchange
from velox.simulator.server import Options, Simulator
from velox.simulator.smartapi import instrument_file

_UNLIMITED = Options(limits={})
_NAMES = ("NSE:RELIANCE", "NFO:NIFTY21APRFUT", "NFO:NIFTY21APR14500CE", "NFO:SBIN21APRFUT")


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def _book(**lots: int) -> InstrumentBook:
    """The offline instruments of the day with lots as a broker's file tells them."""
    book = InstrumentBook.offline()
    made = [book.adopt(name) for name in _NAMES]
    return InstrumentBook(msgspec.structs.replace(each, lot=lots.get(each.underlying, each.lot)) for each in made)


def _day() -> StubDay:
    return StubDay(make_rows(400, len(_NAMES)), names=_NAMES)


def test_the_instrument_file_tells_contracts_as_the_broker_does() -> None:
    exchange = Exchange(_day(), book=_book(SBIN=1_500, NIFTY=75))
    rows = {row["symbol"]: row for row in msgspec.json.decode(instrument_file(exchange))}
    future, call = rows["NIFTY29APR21FUT"], rows["NIFTY29APR2114500CE"]
    assert (future["name"], future["expiry"], future["strike"]) == ("NIFTY", "29APR2021", "-1.000000")
    assert (future["instrumenttype"], future["exch_seg"], future["lotsize"]) == ("FUTIDX", "NFO", "75")
    assert (call["instrumenttype"], call["strike"]) == ("OPTIDX", "1450000.000000")
    assert rows["SBIN29APR21FUT"]["instrumenttype"] == "FUTSTK"
    read = InstrumentBook.from_file(instrument_file(exchange))
    assert read.names() == sorted(_NAMES)
    kinds = {name: (read[name].kind, read[name].lot, read[name].token) for name in _NAMES}
    listed = {listing.instrument.name: listing.token for listing in exchange.listings}
    assert kinds == {
        "NSE:RELIANCE": (Kind.EQUITY, 1, listed["NSE:RELIANCE"]),
        "NFO:NIFTY21APRFUT": (Kind.FUTURE, 75, listed["NFO:NIFTY21APRFUT"]),
        "NFO:NIFTY21APR14500CE": (Kind.OPTION, 75, listed["NFO:NIFTY21APR14500CE"]),
        "NFO:SBIN21APRFUT": (Kind.FUTURE, 1_500, listed["NFO:SBIN21APRFUT"]),
    }


def test_a_contract_is_asked_for_by_its_exchange() -> None:
    async def work() -> None:
        async with Simulator(_day(), _UNLIMITED) as simulator, Client(simulator) as client:
            await client.log_in()
            simulator.exchange.reach(400)
            token = client.token("NFO:NIFTY21APRFUT")
            profile = (await client.get(f"{SECURE}/user/v1/getProfile")).json()["data"]
            assert profile["exchanges"] == ["nse_cm", "nse_fo"]
            wanted = {"exchangeTokens": {"NFO": [token], "NSE": [token]}, "mode": "LTP"}
            quoted = (await client.post(f"{SECURE}/market/v1/quote", wanted)).json()["data"]
            assert [(row["exchange"], row["symbolToken"]) for row in quoted["fetched"]] == [("NFO", token)]
            assert [row["exchange"] for row in quoted["unfetched"]] == ["NSE"]
            period = {"interval": "ONE_MINUTE", "fromdate": "2021-04-26 09:15", "todate": "2021-04-26 15:30"}
            candles = f"{SECURE}/historical/v1/getCandleData"
            for exchange, found in (("NFO", True), ("NSE", False)):
                body = {"exchange": exchange, "symboltoken": token, **period}
                answer = (await client.post(candles, body)).json()
                assert answer["status"] is found, exchange

    run(work())


def test_a_contract_is_sent_under_its_segment_alone() -> None:
    async def work() -> None:
        async with Simulator(_day(), _UNLIMITED) as simulator, Client(simulator) as client:
            await client.log_in()
            token = client.token("NFO:NIFTY21APRFUT")
            assert await _frames(client, token, NSE_CM) == []
            frames = await _frames(client, token, NSE_FO)
            assert len(frames) == 100
            heads = {struct.unpack_from("<BB25s", frame) for frame in frames}
            assert heads == {(SNAP_QUOTE, NSE_FO, token.encode().ljust(25, b"\0"))}

    run(work())


async def _frames(client: Client, token: str, exchange: int) -> list[bytes]:
    """Everything of the day that is sent for one subscription."""
    frames: list[bytes] = []
    async with await client.stream(x_velox_time_marks="1") as socket:
        await socket.send(subscription(SNAP_QUOTE, [token], exchange=exchange))
        async for message in socket:
            if isinstance(message, bytes):
                frames.append(message)
            elif "end" in msgspec.json.decode(message):
                break
    return frames

"""The SMART API feed against the simulator and against servers that misbehave."""

import asyncio
import json
from typing import Any, cast

import pytest
from tests.feeds.recorder import (
    GOOD_LOGIN,
    QUICK,
    WITHIN_S,
    Recorder,
    ScriptedRest,
    run,
    scripted_stream,
    settings_for,
)
from tests.simulator.days import StubDay, make_rows, rows_of
from websockets.asyncio.server import ServerConnection

from velox.errors import BadInput, Refused
from velox.feeds.base import Backoff, Timings
from velox.feeds.packets import SNAP_QUOTE
from velox.feeds.smartapi import SmartapiFeed
from velox.feeds.smartapi_rest import BrokerRefused, BrokerSilent
from velox.simulator.exchange import AFTER_END_NS
from velox.simulator.server import Options, Simulator

_FAST = Options(limits={})


def _tokens(simulator: Simulator) -> list[tuple[int, str]]:
    return [(1, listing.token) for listing in simulator.exchange.listings]


def _cut_links(simulator: Simulator) -> int:
    links = [c for c in simulator.connections if c._stream is not None]
    for link in links:
        link._transport.abort()
    return len(links)


def test_a_whole_day_comes_in_order_and_ends() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(5000, 2)), _FAST) as simulator:
            recorder = Recorder()
            feed = SmartapiFeed(settings_for(simulator), recorder, resume=0, timings=QUICK)
            feed.subscribe(SNAP_QUOTE, _tokens(simulator))
            await feed.connect()
            await recorder.until(lambda: recorder.told("end"))
            packets = simulator.exchange.encoder.packets(slice(None))
            assert recorder.frames == [packet.tobytes() for packet in packets]
            end_ns = simulator.exchange.end_ns + AFTER_END_NS
            assert recorder.events[0] == ("up", None)
            assert recorder.events[-2:] == [("mark", end_ns), ("end", (end_ns, 5000))]
            assert feed.frames == 5000
            assert feed.clock_start_ns == simulator.exchange.clock_start_ns
            assert 0 < recorder.batches <= 5000
            await feed.close()

    run(work())


def test_cut_again_and_again_it_loses_no_frame_and_repeats_none() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(60_000, 3), ("NSE:INFY", "NSE:TCS", "NSE:SBIN")), _FAST) as simulator:
            recorder = Recorder()
            recorder.on_each = lambda count: count % 7919 == 0 and _cut_links(simulator)
            feed = SmartapiFeed(settings_for(simulator), recorder, resume=0, timings=QUICK)
            feed.subscribe(SNAP_QUOTE, _tokens(simulator)[:2])
            feed.subscribe(SNAP_QUOTE, _tokens(simulator)[2:])
            await feed.connect()
            await recorder.until(lambda: recorder.told("end"))
            expected = [packet.tobytes() for packet in simulator.exchange.encoder.packets(slice(None))]
            assert recorder.frames == expected
            assert len(recorder.told("up")) > 1
            assert len(recorder.told("up")) == len(recorder.told("down")) + 1
            assert recorder.told("end")[-1][1] == feed.frames == 60_000
            await feed.close()

    run(work())


def test_a_new_feed_goes_on_after_the_frames_that_are_known() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(1000, 2)), _FAST) as simulator:
            recorder = Recorder()
            feed = SmartapiFeed(settings_for(simulator), recorder, resume=900, timings=QUICK)
            feed.subscribe(SNAP_QUOTE, _tokens(simulator))
            await feed.connect()
            await recorder.until(lambda: recorder.told("end"))
            assert recorder.frames == [p.tobytes() for p in simulator.exchange.encoder.packets(slice(900, None))]
            assert recorder.told("end")[0][1] == feed.frames == 1000
            await feed.close()

    run(work())


def test_a_live_link_subscribes_everything_again_and_asks_for_no_marks() -> None:
    async def work() -> None:
        messages: list[str] = []
        headers: list[dict[str, str]] = []
        complete = asyncio.Event()

        async def broker(socket: ServerConnection) -> None:
            assert socket.request is not None
            headers.append(dict(socket.request.headers.raw_items()))
            if len(headers) == 1:
                messages.append(str(await socket.recv()))
                messages.append(str(await socket.recv()))
                await socket.close(1001, "moving")
                return
            async for message in socket:
                messages.append(str(message))
                if len(messages) == 5:
                    complete.set()

        async with ScriptedRest(GOOD_LOGIN) as rest, scripted_stream(broker) as ws_url:
            recorder = Recorder()
            settings = settings_for(None, rest_url=rest.url, ws_url=ws_url)
            feed = SmartapiFeed(settings, recorder, timings=QUICK)
            feed.subscribe(SNAP_QUOTE, [(1, "1"), (1, "2"), (2, "3")])
            await feed.connect()
            feed.subscribe(1, [(1, "1")])
            await recorder.until(lambda: len(recorder.told("up")) == 2)
            feed.unsubscribe(SNAP_QUOTE, [(1, "2"), (1, "77")])
            await asyncio.wait_for(complete.wait(), WITHIN_S)
            asked = [json.loads(message) for message in messages]
            snap = {
                "mode": 3,
                "tokenList": [{"exchangeType": 1, "tokens": ["1", "2"]}, {"exchangeType": 2, "tokens": ["3"]}],
            }
            ltp = {"mode": 1, "tokenList": [{"exchangeType": 1, "tokens": ["1"]}]}
            gone = {"mode": 3, "tokenList": [{"exchangeType": 1, "tokens": ["2"]}]}
            assert [(a["action"], a["params"]) for a in asked] == [(1, snap), (1, ltp), (1, snap), (1, ltp), (0, gone)]
            assert "moving" in recorder.told("down")[0]
            names = {name.lower() for name in headers[0]}
            assert {"authorization", "x-api-key", "x-client-code", "x-feed-token"} <= names
            assert not any(name.startswith("x-velox") for name in names)
            assert next(v for k, v in headers[0].items() if k.lower() == "authorization") == "Bearer J"
            await feed.close()

    run(work())


def test_a_session_that_ended_is_opened_anew() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(10, 2)), _FAST) as simulator:
            recorder = Recorder()
            feed = SmartapiFeed(settings_for(simulator), recorder, resume=0, timings=QUICK)
            feed.subscribe(SNAP_QUOTE, _tokens(simulator))
            await feed.connect()
            await recorder.until(lambda: recorder.told("end"))
            simulator.sessions.expire_all()
            assert _cut_links(simulator) == 1
            await recorder.until(lambda: len(recorder.told("up")) == 2)
            assert any("Invalid Auth token" in sentence for sentence in recorder.told("alarm"))
            await feed.close()

    run(work())


def test_a_wrong_pin_is_a_refusal_that_names_the_code() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(10, 2)), _FAST) as simulator:
            settings = settings_for(simulator, client_code="NOBODY")
            feed = SmartapiFeed(settings, Recorder(), resume=0, timings=QUICK)
            with pytest.raises(BrokerRefused) as refused:
                await feed.connect()
            assert refused.value.code == "AB1007"
            await feed.close()

    run(work())


def test_a_socket_that_refuses_the_first_login_ends_the_attempt() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(10, 2)), _FAST) as simulator, ScriptedRest(GOOD_LOGIN) as rest:
            feed = SmartapiFeed(settings_for(simulator, rest_url=rest.url), Recorder(), resume=0, timings=QUICK)
            with pytest.raises(BrokerRefused, match="Invalid Auth token"):
                await feed.connect()
            await feed.close()

    run(work())


def test_both_heart_beats_are_kept() -> None:
    async def work() -> None:
        messages: list[str] = []
        ponged = asyncio.Event()

        async def broker(socket: ServerConnection) -> None:
            waiting = await socket.ping(b"you there")
            await waiting
            ponged.set()
            async for message in socket:
                messages.append(str(message))
                await socket.send("pong")

        timings = Timings(ping_s=0.02, alarm_after_s=0.06, dead_after_s=30)
        async with ScriptedRest(GOOD_LOGIN) as rest, scripted_stream(broker) as ws_url:
            recorder = Recorder()
            feed = SmartapiFeed(settings_for(None, rest_url=rest.url, ws_url=ws_url), recorder, timings=timings)
            await feed.connect()
            await asyncio.wait_for(ponged.wait(), WITHIN_S)
            await recorder.until(lambda: recorder.batches >= 4)
            assert set(messages) == {"ping"}
            assert not recorder.told("down")
            await feed.close()

    run(work())


def test_silence_is_an_alarm_first_and_then_a_dead_link() -> None:
    async def work() -> None:
        async def broker(socket: ServerConnection) -> None:
            await socket.wait_closed()

        timings = Timings(ping_s=60, alarm_after_s=0.05, dead_after_s=0.15, backoff_first_s=0.01, backoff_max_s=0.02)
        async with ScriptedRest(GOOD_LOGIN) as rest, scripted_stream(broker) as ws_url:
            recorder = Recorder()
            feed = SmartapiFeed(settings_for(None, rest_url=rest.url, ws_url=ws_url), recorder, timings=timings)
            await feed.connect()
            await recorder.until(lambda: len(recorder.told("up")) == 2)
            kinds = [kind for kind, _ in recorder.events]
            assert kinds[:4] == ["up", "alarm", "down", "up"]
            assert "nothing has come" in recorder.told("alarm")[0]
            assert "nothing came" in recorder.told("down")[0]
            await feed.close()

    run(work())


def test_outside_the_session_silence_is_no_alarm() -> None:
    async def work() -> None:
        async def broker(socket: ServerConnection) -> None:
            await socket.wait_closed()

        timings = Timings(ping_s=60, alarm_after_s=0.05, dead_after_s=0.15, backoff_first_s=0.01, backoff_max_s=0.02)
        async with ScriptedRest(GOOD_LOGIN) as rest, scripted_stream(broker) as ws_url:
            recorder = Recorder()
            settings = settings_for(None, rest_url=rest.url, ws_url=ws_url)
            feed = SmartapiFeed(settings, recorder, timings=timings, in_session=lambda: False)
            await feed.connect()
            await recorder.until(lambda: len(recorder.told("up")) == 2)
            assert not recorder.told("alarm")
            await feed.close()

    run(work())


def test_what_the_broker_says_in_text_is_told_and_fragments_are_joined() -> None:
    async def work() -> None:
        async def broker(socket: ServerConnection) -> None:
            await socket.send(json.dumps({"correlationID": "x", "errorCode": "E1002", "errorMessage": "limit"}))
            await socket.send("what is this")
            await socket.send([b"\x01" * 20, b"\x02" * 31])
            await socket.send(b"\x03" * 51)
            await socket.wait_closed()

        async with ScriptedRest(GOOD_LOGIN) as rest, scripted_stream(broker) as ws_url:
            recorder = Recorder()
            feed = SmartapiFeed(settings_for(None, rest_url=rest.url, ws_url=ws_url), recorder, timings=QUICK)
            await feed.connect()
            await recorder.until(lambda: len(recorder.frames) == 2)
            assert "limit (E1002)" in recorder.told("alarm")[0]
            assert "what is this" in recorder.told("alarm")[1]
            assert recorder.frames == [b"\x01" * 20 + b"\x02" * 31, b"\x03" * 51]
            assert feed.frames == 2
            await feed.close()

    run(work())


@pytest.mark.parametrize("junk", [b"\x83\x00", b"\xff\xff\xff\xff", b"\x82\x7f" + b"\xff" * 8])
def test_a_broken_frame_costs_the_link_and_nothing_else(junk: bytes) -> None:
    async def work() -> None:
        links = 0

        async def broker(socket: ServerConnection) -> None:
            nonlocal links
            links += 1
            if links == 1:
                cast(Any, socket).transport.write(junk)
            await socket.wait_closed()

        async with ScriptedRest(GOOD_LOGIN) as rest, scripted_stream(broker) as ws_url:
            recorder = Recorder()
            feed = SmartapiFeed(settings_for(None, rest_url=rest.url, ws_url=ws_url), recorder, timings=QUICK)
            await feed.connect()
            await recorder.until(lambda: len(recorder.told("up")) == 2)
            await feed.close()

    run(work())


def test_a_broker_without_time_marks_is_refused_in_data_mode() -> None:
    async def work() -> None:
        async def broker(socket: ServerConnection) -> None:
            await socket.wait_closed()

        async with ScriptedRest(GOOD_LOGIN) as rest, scripted_stream(broker) as ws_url:
            feed = SmartapiFeed(settings_for(None, rest_url=rest.url, ws_url=ws_url), Recorder(), resume=0)
            with pytest.raises(BadInput, match="plays no recorded day"):
                await feed.connect()
            await feed.close()

    run(work())


def test_what_the_engine_raises_on_a_frame_ends_the_feed() -> None:
    class Poisoned(Refused):
        pass

    async def work() -> None:
        async with Simulator(StubDay(make_rows(100, 2)), _FAST) as simulator:
            recorder = Recorder()

            def refuse(count: int) -> None:
                if count == 50:
                    raise Poisoned("the core is poisoned")

            recorder.on_each = refuse
            feed = SmartapiFeed(settings_for(simulator), recorder, resume=0, timings=QUICK)
            feed.subscribe(SNAP_QUOTE, _tokens(simulator))
            await feed.connect()
            with pytest.raises(Poisoned):
                await asyncio.wait_for(feed.wait(), WITHIN_S)
            await feed.close()

    run(work())


def test_nobody_there_is_told_and_later_links_are_tried_again() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(100, 2)), _FAST) as simulator:
            settings = settings_for(simulator)
            port = simulator.port
            recorder = Recorder()
            feed = SmartapiFeed(settings, recorder, resume=0, timings=QUICK)
            feed.subscribe(SNAP_QUOTE, _tokens(simulator))
            await feed.connect()
            await recorder.until(lambda: recorder.told("end"))
            await simulator.stop()
            await recorder.until(lambda: len(recorder.told("alarm")) >= 2)
            assert "cannot be reached" in recorder.told("alarm")[0]
            again = Simulator(StubDay(make_rows(150, 2)), Options(limits={}, port=port))
            async with again:
                await recorder.until(lambda: len(recorder.told("end")) == 2)
                assert recorder.told("end")[-1][1] == 150
            await feed.close()
        unreachable = SmartapiFeed(settings, Recorder(), resume=0, timings=QUICK)
        with pytest.raises(BrokerSilent, match="cannot be reached"):
            await unreachable.connect()
        await unreachable.close()

    run(work())


def test_marks_reach_the_engine_between_the_frames_they_stand_between() -> None:
    async def work() -> None:
        day = StubDay(rows_of([(0, 1, 100), (0, 400, 101), (0, 400, 101), (0, 800, 99)]))
        async with Simulator(day, Options(limits={}, speed=1000.0)) as simulator:
            recorder = Recorder()
            feed = SmartapiFeed(settings_for(simulator), recorder, resume=0, timings=QUICK)
            feed.subscribe(SNAP_QUOTE, _tokens(simulator)[:1])
            await feed.connect()
            await recorder.until(lambda: recorder.told("end"))
            order = [kind for kind, _ in recorder.events if kind != "alarm"]
            assert order[:2] == ["up", "frame"] or order[:2] == ["up", "mark"]
            between = order[order.index("frame") :]
            twins = [i for i, kind in enumerate(between) if kind == "frame"]
            assert twins[2] == twins[1] + 1
            assert "mark" in between
            await feed.close()

    run(work())


def test_backoff_keeps_to_25_connections_in_five_minutes_and_grows_from_half_a_second() -> None:
    steady = Backoff(0.5, 30.0, lambda: 0.5)
    waits = [steady.next_s() for _ in range(40)]
    assert waits[:3] == [0.375, 0.75, 1.5]
    assert max(waits) <= 30
    at, connections = 0.0, 0
    for wait in waits:
        at += wait
        connections += at <= 300
    assert connections <= 25
    drawn = [Backoff(0.5, 30.0).next_s() for _ in range(200)]
    assert all(0.25 <= wait <= 0.5 for wait in drawn)
    assert len(set(drawn)) > 1
    steady.reset()
    assert steady.next_s() == 0.375


def test_more_than_the_broker_takes_is_refused_before_it_is_asked() -> None:
    async def work() -> None:
        feed = SmartapiFeed(settings_for(None), Recorder())
        feed.subscribe(1, [(1, str(i)) for i in range(600)])
        feed.subscribe(1, [(1, str(i)) for i in range(600)])
        with pytest.raises(BadInput, match="1000"):
            feed.subscribe(2, [(1, str(i)) for i in range(401)])
        with pytest.raises(BadInput, match="50"):
            feed.subscribe(4, [(1, str(i)) for i in range(51)])
        with pytest.raises(BadInput, match="cash"):
            feed.subscribe(4, [(2, "1")])
        with pytest.raises(BadInput, match="no mode"):
            feed.subscribe(5, [(1, "1")])
        feed.subscribe(2, [(1, str(i)) for i in range(400)])
        await feed.close()

    run(work())

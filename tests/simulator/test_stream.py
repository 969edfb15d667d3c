"""The market-data socket of the simulated broker."""

import asyncio
import datetime as dt
import json
from collections.abc import Coroutine
from typing import Any

import numpy as np
import pytest
import websockets
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulator.broker import Client, subscription
from tests.simulator.days import OPEN_NS, SECOND, Rows, StubDay, make_rows, rows_of
from websockets.asyncio.client import ClientConnection

from velox.feeds.packets import PACKETS, SNAP_QUOTE, DayEncoder, PacketInstrument
from velox.simulator.accounts import DEFAULT_ACCOUNT
from velox.simulator.exchange import AFTER_END_NS, Exchange
from velox.simulator.playback import MarketClock, Playback
from velox.simulator.server import Options, Simulator

_FAST = Options(limits={})
_OWN = {"x_velox_time_marks": "1"}


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


async def _until_end(socket: ClientConnection) -> tuple[list[bytes], list[dict[str, int]]]:
    """All frames and texts up to the one that says that the day is over."""
    frames: list[bytes] = []
    texts: list[dict[str, int]] = []
    async for message in socket:
        if isinstance(message, bytes):
            frames.append(message)
            continue
        texts.append(json.loads(message))
        if "end" in texts[-1]:
            break
    return frames, texts


def _expected(simulator: Simulator, number: int | None = None) -> list[bytes]:
    exchange = simulator.exchange
    chosen = np.arange(len(exchange.rows)) if number is None else np.flatnonzero(exchange.rows.inst == number)
    return [packet.tobytes() for packet in exchange.encoder.packets(chosen)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Authorization": "Bearer wrong"}, "Invalid Auth token"),
        ({"x_client_code": "NOBODY"}, "Invalid Client Code"),
        ({"x_api_key": "wrong"}, "Invalid API Key"),
        ({"x_feed_token": "wrong"}, "Invalid Feed Token"),
    ],
)
def test_a_handshake_with_bad_credentials_gets_401_and_the_reason(changes: dict[str, str], words: str) -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(10, 2)), _FAST) as simulator, Client(simulator) as client:
            await client.log_in()
            with pytest.raises(websockets.InvalidStatus) as refused:
                await client.stream(**changes)
            assert refused.value.response.status_code == 401
            assert refused.value.response.headers["x-error-message"] == words

    run(work())


def test_only_what_was_subscribed_is_sent_in_order_and_complete() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(5000, 2)), _FAST) as simulator, Client(simulator) as client:
            await client.log_in()
            socket = await client.stream(**_OWN)
            assert socket.response is not None
            assert socket.response.headers["x-velox-clock"] == str(OPEN_NS)
            await socket.send(subscription(SNAP_QUOTE, [client.token("NSE:TCS"), "404"]))
            frames, texts = await _until_end(socket)
            assert frames == _expected(simulator, 1)
            end_ns = simulator.exchange.end_ns + AFTER_END_NS
            assert texts[-2:] == [{"mark": end_ns}, {"end": end_ns, "sent": 2500}]
            await socket.close()

    run(work())


def test_a_client_without_our_headers_sees_frames_alone() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(300, 2)), _FAST) as simulator, Client(simulator) as client:
            await client.log_in()
            socket = await client.stream()
            assert socket.response is not None
            assert not [name for name in socket.response.headers if name.startswith("x-velox")]
            await socket.send(subscription(SNAP_QUOTE, [client.token("NSE:RELIANCE"), client.token("NSE:TCS")]))
            received = [await socket.recv() for _ in range(300)]
            await socket.send("ping")
            assert await socket.recv() == "pong"
            assert received == _expected(simulator)
            await (await socket.ping())
            await socket.close()

    run(work())


@pytest.mark.parametrize("known", range(9))
def test_one_token_in_several_modes_gets_a_frame_of_each(known: int) -> None:
    exchange = Exchange(StubDay(make_rows(4, 2, depth=True)))
    notes = _Notes()
    playback = Playback(exchange, notes, skip=known)
    playback.masks = np.array([0b11110, 0], dtype=np.uint8)

    async def work() -> None:
        playback.skip_known()
        await playback.run_unpaced()

    run(work())
    sizes = {1: 53, 2: 125, 3: 383, 4: 447}
    assert len(notes.sent) == sum(([sizes[mode] for _ in range(2) for mode in sizes])[known:])
    assert playback.sent == 8


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "E1001"),
        ('{"correlationID":"abcde12345","action":7,"params":{"mode":1,"tokenList":[]}}', "E1001"),
        (subscription(9, ["1"]), "E1001"),
        (subscription(4, ["1"], exchange=2), "E1001"),
        (subscription(4, [str(i) for i in range(51)]), "E1002"),
        (subscription(1, [str(i) for i in range(1001)]), "E1002"),
    ],
)
def test_a_bad_request_is_told_and_the_socket_stays_open(message: str, code: str) -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(10, 2)), _FAST) as simulator, Client(simulator) as client:
            await client.log_in()
            socket = await client.stream()
            await socket.send(message)
            error = json.loads(await socket.recv())
            assert error["errorCode"] == code
            assert error["correlationID"] == ("" if message == "{" else "abcde12345")
            await socket.send("ping")
            assert await socket.recv() == "pong"
            await socket.close()

    run(work())


def test_the_quota_counts_token_and_mode_once_and_frees_with_unsubscribing() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(10, 2)), _FAST) as simulator, Client(simulator) as client:
            await client.log_in()
            socket = await client.stream()
            tokens = [str(i) for i in range(500)]
            for message in (subscription(1, tokens), subscription(1, tokens), subscription(2, tokens)):
                await socket.send(message)
            await socket.send(subscription(3, ["0"]))
            assert json.loads(await socket.recv())["errorCode"] == "E1002"
            await socket.send(subscription(1, ["0"], action=0))
            await socket.send(subscription(3, ["0"]))
            await socket.send("ping")
            assert await socket.recv() == "pong"
            await socket.close()

    run(work())


def test_the_fourth_socket_of_a_client_is_closed() -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(10, 2)), _FAST) as simulator, Client(simulator) as client:
            await client.log_in()
            sockets = [await client.stream() for _ in range(4)]
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await sockets[3].recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
            assert simulator.sockets_of(DEFAULT_ACCOUNT.client_code) == 3
            for socket in sockets:
                await socket.close()

    run(work())


@pytest.mark.parametrize("known", [0, 1, 499, 500, 2499, 2500, 9999])
def test_a_resume_gives_exactly_the_remaining_frames(known: int) -> None:
    async def work() -> None:
        async with Simulator(StubDay(make_rows(5000, 2)), _FAST) as simulator, Client(simulator) as client:
            await client.log_in()
            socket = await client.stream(**_OWN, x_velox_resume=str(known))
            await socket.send(subscription(SNAP_QUOTE, [client.token("NSE:TCS")]))
            frames, texts = await _until_end(socket)
            assert frames == _expected(simulator, 1)[known:]
            assert texts[-1]["sent"] == 2500
            await socket.close()

    run(work())


def test_a_start_within_the_day_begins_there() -> None:
    async def work() -> None:
        options = Options(limits={}, start=dt.time(9, 20))
        async with Simulator(StubDay(make_rows(5000, 2)), options) as simulator, Client(simulator) as client:
            await client.log_in()
            socket = await client.stream(**_OWN)
            await socket.send(subscription(SNAP_QUOTE, [client.token("NSE:RELIANCE"), client.token("NSE:TCS")]))
            frames, _ = await _until_end(socket)
            first = np.frombuffer(frames[0], PACKETS[SNAP_QUOTE])[0]
            assert first["exchange_timestamp"] == (OPEN_NS + 300 * SECOND) // 1_000_000
            assert first["sequence_number"] == 601
            assert len(frames) == 4400
            await socket.close()

    run(work())


def test_a_client_that_stops_reading_stops_its_player_and_nobody_else() -> None:
    async def work() -> None:
        rows = make_rows(60_000, 2)
        async with Simulator(StubDay(rows), _FAST) as simulator, Client(simulator) as client:
            await client.log_in()
            both = [client.token("NSE:RELIANCE"), client.token("NSE:TCS")]
            lazy = await client.stream(**_OWN)
            await lazy.send(subscription(SNAP_QUOTE, both))
            await lazy.recv()
            eager = await client.stream(**_OWN)
            await eager.send(subscription(SNAP_QUOTE, both))
            frames, _ = await _until_end(eager)
            assert len(frames) == 60_000
            stream = max((c._stream for c in simulator.connections if c._stream), key=lambda s: -s.sent)
            assert stream.sent < 60_000
            rest, _ = await _until_end(lazy)
            assert len(rest) == 59_999
            await lazy.close()
            await eager.close()

    run(work())


def test_stop_closes_every_socket_and_frees_the_port() -> None:
    async def work() -> None:
        simulator = Simulator(StubDay(make_rows(10, 2)), _FAST)
        await simulator.start()
        port = simulator.port
        async with Client(simulator) as client:
            await client.log_in()
            socket = await client.stream()
            await simulator.stop()
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001
        async with Simulator(StubDay(make_rows(10, 2)), Options(limits={}, port=port)):
            pass

    run(work())


class _Notes:
    """An outlet that notes what it is given."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data
        if len(data) % 383 == 0:
            packets = np.frombuffer(data, np.uint8).reshape(-1, 383)[:, 4:].copy().view(PACKETS[SNAP_QUOTE])[:, 0]
            self.events += [("row", int(number) - 1) for number in packets["sequence_number"]]

    def mark(self, ts_ns: int) -> None:
        self.events.append(("mark", ts_ns))

    def end(self, ts_ns: int, sent: int) -> None:
        self.events.append(("end", sent))

    async def ready(self) -> None:
        await asyncio.sleep(0)


_TICK = st.tuples(
    st.integers(0, 2),
    st.integers(-20, 400).map(lambda tenths: tenths / 10),
    st.sampled_from([0.0, 100.0, 100.05, 101.0]),
)


@settings(max_examples=60, deadline=None)
@given(ticks=st.lists(_TICK, min_size=1, max_size=60), masks=st.integers(1, 7), known=st.integers(0, 30))
def test_a_mark_never_stands_before_a_row_that_does_not_move_the_clock(
    ticks: list[tuple[int, float, float]], masks: int, known: int
) -> None:
    rows: Rows = rows_of([(i, s, 0.0 if s < 0 else p) for i, s, p in ticks])
    exchange = Exchange(StubDay(rows, ("NSE:INFY", "NSE:RELIANCE", "NSE:TCS")))
    notes = _Notes()
    playback = Playback(exchange, notes, skip=known, marks=True)
    playback.masks = np.array([8 if masks >> i & 1 else 0 for i in range(3)], dtype=np.uint8)
    ticking = 0

    def monotonic_ns() -> int:
        nonlocal ticking
        ticking += 330_000_000
        return ticking

    async def work() -> None:
        start_ns = playback.skip_known()
        clock = MarketClock(start_ns, 1.0, monotonic_ns)
        clock.wall_s = lambda span_ns: 0.0  # type: ignore[method-assign]
        await playback.run_paced(clock)

    run(work())
    own = [i for i in range(len(rows)) if masks >> int(rows.inst[i]) & 1]
    assert [at for kind, at in notes.events if kind == "row"] == own[known:]
    assert notes.events[-2:] == [("mark", exchange.end_ns + AFTER_END_NS), ("end", len(own))]
    clock_ns = max((int(rows.place_ns[i]) for i in own[:known]), default=0)
    marked_ns = 0
    for kind, value in notes.events[:-2]:
        if kind == "mark":
            assert value > max(clock_ns, marked_ns)
            marked_ns = value
            continue
        moves = rows.price[value] > 0 and rows.ts_ns[value] > clock_ns and rows.ts_ns[value] == rows.place_ns[value]
        if marked_ns > clock_ns:
            assert moves
            assert rows.ts_ns[value] > marked_ns
        clock_ns = max(clock_ns, int(rows.place_ns[value]))


def test_a_paced_day_marks_the_quiet_stretches() -> None:
    async def work() -> None:
        day = StubDay(rows_of([(0, 1, 100), (0, 1, 100), (0, 600, 101), (1, 2, 50)]))
        options = Options(limits={}, speed=1000.0)
        async with Simulator(day, options) as simulator, Client(simulator) as client:
            await client.log_in()
            socket = await client.stream(**_OWN)
            await socket.send(subscription(SNAP_QUOTE, [client.token("NSE:RELIANCE")]))
            frames, texts = await _until_end(socket)
            assert len(frames) == 3
            marks = [text["mark"] for text in texts[:-2]]
            assert marks == sorted(marks)
            assert all(OPEN_NS < mark < OPEN_NS + 600 * SECOND for mark in marks)
            assert marks
            await socket.close()

    run(work())


def test_paced_clients_without_a_clock_of_their_own_share_one() -> None:
    async def work() -> None:
        ticks = [(0, float(s), 100.0) for s in range(0, 3000, 5)]
        options = Options(limits={}, speed=500.0)
        async with Simulator(StubDay(rows_of(ticks)), options) as simulator, Client(simulator) as client:
            await client.log_in()
            message = subscription(SNAP_QUOTE, [client.token("NSE:RELIANCE")])
            first = await client.stream()
            await first.send(message)
            early = [await first.recv() for _ in range(100)][-1]
            second = await client.stream()
            await second.send(message)
            late = await second.recv()
            assert isinstance(early, bytes)
            assert isinstance(late, bytes)
            sequence = [int(np.frombuffer(frame, PACKETS[SNAP_QUOTE])[0]["sequence_number"]) for frame in (early, late)]
            assert sequence[0] == 100
            assert sequence[1] >= 100
            await first.close()
            await second.close()

    run(work())


def test_a_packet_of_the_day_is_the_same_by_socket_and_in_process() -> None:
    async def work() -> None:
        rows = make_rows(100, 2)
        async with Simulator(StubDay(rows), _FAST) as simulator, Client(simulator) as client:
            await client.log_in()
            tokens = [client.token("NSE:RELIANCE"), client.token("NSE:TCS")]
            socket = await client.stream(**_OWN)
            await socket.send(subscription(SNAP_QUOTE, tokens))
            frames, _ = await _until_end(socket)
            direct = DayEncoder(rows, [PacketInstrument(token) for token in tokens])
            assert frames == [packet.tobytes() for packet in direct.packets(slice(None))]
            await socket.close()

    run(work())

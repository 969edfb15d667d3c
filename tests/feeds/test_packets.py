"""The packets that a day is written into."""

import json
import struct
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.simulator.days import ONE, make_rows, rows_of

from velox.feeds.packets import DEPTH_20, LTP, PACKETS, QUOTE, SNAP_QUOTE, DayEncoder, PacketInstrument, encode_day

_MODES = [(LTP, 51), (QUOTE, 123), (SNAP_QUOTE, 379), (DEPTH_20, 443)]
_TWO = [PacketInstrument("2885", prev_close=99 * ONE), PacketInstrument("99926000")]


def _golden(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "vectors" / "brokers_india.jsonl").read_text().splitlines()
    frames = [json.loads(line) for line in lines if '"angel_smartstream_v2"' in line]
    return [f | {"decoded": f["decoded"] | f.get("correct", {})} for f in frames if "__raises__" not in f["decoded"]]


@pytest.mark.parametrize(("mode", "size"), _MODES)
def test_a_packet_has_the_size_of_its_mode(mode: int, size: int) -> None:
    assert PACKETS[mode].itemsize == size
    assert DayEncoder(make_rows(7, 2), _TWO).packets(slice(None), mode).shape == (7, size)


def test_layouts_read_the_golden_frames_as_the_official_client_does(shared: Path) -> None:
    compared = 0
    for golden in _golden(shared):
        frame, expected = bytes.fromhex(golden["hex"]), golden["decoded"]
        layout = PACKETS[expected["subscription_mode"]]
        packet = np.frombuffer(frame[: layout.itemsize], dtype=layout)[0]
        for name in layout.names or ():
            if name not in expected or name == "token":
                continue
            assert packet[name] == pytest.approx(expected[name], nan_ok=True), (golden["id"], name)
            compared += 1
        assert packet["token"].decode() == expected["token"]
    assert compared > 100


def test_session_so_far_grows_row_by_row_for_each_instrument() -> None:
    rows = rows_of([(0, 1, 100), (1, 1, 50), (1, 2, 0), (0, 2, 103), (0, 3, 98), (1, 3, 55)])
    packets = DayEncoder(rows, _TWO).packets(slice(None)).view(PACKETS[SNAP_QUOTE])[:, 0]
    columns = ("open_price_of_the_day", "high_price_of_the_day", "low_price_of_the_day", "last_traded_price")
    assert [tuple(int(p[c]) // 100 for c in columns) for p in packets] == [
        (100, 100, 100, 100),
        (50, 50, 50, 50),
        (50, 50, 50, 0),
        (100, 103, 100, 103),
        (100, 103, 98, 98),
        (50, 55, 50, 55),
    ]
    assert packets["sequence_number"].tolist() == [1, 2, 3, 4, 5, 6]
    assert packets["closed_price"].tolist() == [9900, 0, 0, 9900, 9900, 0]


def test_a_recording_has_an_empty_book_and_unknown_circuits() -> None:
    packet = DayEncoder(make_rows(1, 1), _TWO).packets(slice(None))[0].tobytes()
    assert packet[147:379] == bytes(232)
    assert struct.unpack_from("<d", packet, 75) == (0.0,)


def test_a_generated_book_has_flagged_buys_then_sells() -> None:
    rows = make_rows(2, 1, depth=True)
    packet = DayEncoder(rows, _TWO).packets(slice(None)).view(PACKETS[SNAP_QUOTE])[0, 0]
    assert packet["best_5"]["flag"].tolist() == [1] * 5 + [0] * 5
    assert rows.depth is not None
    assert packet["best_5"]["price"].tolist() == (rows.depth[0, :, 0] // 1_000_000).tolist()
    assert packet["total_buy_quantity"] == rows.depth[0, :5, 1].sum()
    assert packet["best_5"]["orders"].tolist() == rows.depth[0, :, 2].tolist()


def test_a_frame_is_its_packet_behind_a_websocket_head() -> None:
    encoder = DayEncoder(make_rows(3, 2), _TWO)
    heads = {LTP: b"\x82\x33", QUOTE: b"\x82\x7b", SNAP_QUOTE: b"\x82\x7e\x01\x7b", DEPTH_20: b"\x82\x7e\x01\xbb"}
    for mode, head in heads.items():
        packets, frames = encoder.packets(slice(None), mode), encoder.frames(slice(None), mode)
        assert [f.tobytes() for f in frames] == [head + p.tobytes() for p in packets]


def test_mixed_modes_keep_their_order() -> None:
    encoder = DayEncoder(make_rows(4, 2), _TWO)
    rows, modes = np.array([0, 0, 2, 3]), np.array([LTP, DEPTH_20, SNAP_QUOTE, LTP], dtype=np.uint8)
    single = [encoder.frames(np.array([r]), int(m)).tobytes() for r, m in zip(rows, modes, strict=True)]
    assert encoder.frames_of_modes(rows, modes) == b"".join(single)


def test_chunks_of_a_day_join_to_the_whole() -> None:
    rows = make_rows(1000, 2)
    whole = DayEncoder(rows, _TWO).packets(slice(None))
    assert np.array_equal(np.concatenate(list(encode_day(rows, _TWO, chunk_rows=64))), whole)
    some = np.array([5, 17, 999])
    assert np.array_equal(DayEncoder(rows, _TWO).packets(some), whole[some])


def test_prices_are_rounded_to_the_nearest_paisa() -> None:
    rows = msgspec.structs.replace(make_rows(2, 1), price=np.array([12_345_500_000, 12_345_499_999]))
    packets = DayEncoder(rows, _TWO).packets(slice(None), LTP).view(PACKETS[LTP])[:, 0]
    assert packets["last_traded_price"].tolist() == [12346, 12345]

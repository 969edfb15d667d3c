"""What `decode_kite` and the command say of messages that no recording holds."""

import json
import struct
from typing import Any, cast

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from velox.cli.decode import command
from velox_core import decode_kite

_SIZES = (8, 28, 32, 44, 184)


def _message(*bodies: bytes) -> bytes:
    return struct.pack(">H", len(bodies)) + b"".join(struct.pack(">H", len(body)) + body for body in bodies)


def _ltp(token: int = 738_561, price: int = 154_860) -> bytes:
    return struct.pack(">II", token, price)


def _full(traded_s: int, told_s: int) -> bytes:
    return struct.pack(">16I", 738_561, *[0] * 10, traded_s, 0, 0, 0, told_s) + bytes(120)


def _ticks(message: bytes) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", decode_kite(message)["ticks"])


def _lines(text: bytes) -> list[dict[str, Any]]:
    result = CliRunner().invoke(command, ["--protocol", "zerodha_kite_ticker"], input=text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_whole_packets_stand_beside_the_first_that_is_none() -> None:
    assert decode_kite(_message(_ltp(price=5), b"\1" * 9, b"", _ltp(price=6))) == {
        "ticks": [
            {"tradable": True, "mode": "ltp", "instrument_token": 738_561, "last_price": 0.05},
            {"tradable": True, "mode": "ltp", "instrument_token": 738_561, "last_price": 0.06},
        ],
        "error": {"position": 12, "reason": "no packet has 9 bytes"},
    }
    cut = decode_kite(_message(_ltp(), _ltp())[:-1])
    assert len(cast("list[object]", cut["ticks"])) == 1
    assert cut["error"] == {
        "position": 21,
        "reason": "the message ends within a packet: up to here it needs 22 bytes",
    }


def test_bad_lines_give_errors_and_the_rest_goes_on() -> None:
    good = _message(_ltp()).hex().encode()
    lines = _lines(b"\n".join([b"zz", b"", good[:-2], good[:-1], b"0", good]) + b"\n")
    assert [line["error"] and line["error"]["position"] for line in lines] == [0, 0, 11, 11, 0, None]
    assert lines[-1]["ticks"][0]["last_price"] == 1548.6


def test_a_heart_beat_is_a_message_without_ticks_and_without_error() -> None:
    assert decode_kite(b"\0") == decode_kite(b"\0\0") == {"ticks": [], "error": None}


def test_a_message_of_every_instrument_of_a_connection_is_one_line() -> None:
    (line,) = _lines(_message(*[_full(1, 1)] * 3_000).hex().encode())
    assert len(line["ticks"]) == 3_000
    assert "longer than 2097152" in _lines(b"0" * ((1 << 21) + 1))[0]["error"]["reason"]


def test_times_are_indian_and_none_where_the_exchange_gave_none() -> None:
    (tick,) = _ticks(_message(_full(0, 1_709_231_400)))
    assert (tick["last_trade_time"], tick["exchange_timestamp"]) == (None, "2024-03-01T00:00:00")
    (tick,) = _ticks(_message(_full(1_709_231_399, 0xFFFFFFFF)))
    assert (tick["last_trade_time"], tick["exchange_timestamp"]) == ("2024-02-29T23:59:59", "2106-02-07T11:58:15")


def test_bytes_behind_the_last_packet_are_counted_and_otherwise_not_mentioned() -> None:
    assert decode_kite(_message(_ltp()) + b"\xde\xad")["trailing_bytes"] == 2
    assert "trailing_bytes" not in decode_kite(_message(_ltp()))


@pytest.mark.parametrize("token", [256 + 9, 256 + 1])
def test_an_index_cannot_be_traded(token: int) -> None:
    (tick,) = _ticks(_message(_ltp(token)))
    assert tick["tradable"] is (token % 256 != 9)


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(_SIZES).map(bytes)), max_size=8), st.integers(0, 99))
def test_any_packets_give_ticks_and_the_first_error(bodies: list[bytes], cut: int) -> None:
    whole = decode_kite(_message(*bodies))
    known = [body for body in bodies if len(body) in _SIZES]
    assert len(cast("list[object]", whole["ticks"])) == len(known)
    assert (whole["error"] is None) == (len(known) == len(bodies))
    message = _message(*bodies)
    shorter = message[: max(len(message) - cut, 0)]
    error = cast("dict[str, Any] | None", decode_kite(shorter)["error"])
    assert error is None or 0 <= error["position"] <= len(shorter)

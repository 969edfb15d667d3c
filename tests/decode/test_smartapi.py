"""What `decode_smartapi` says of frames that no recording holds."""

import math
import struct
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velox_core import DecodeError, decode_smartapi

Row = tuple[int, int, int, int]
_SIZES = {1: 51, 2: 123, 3: 379, 4: 443}
_NO_ROW: Row = (0, 0, 0, 0)


def _head(mode: int, token: bytes, exchange: int = 1) -> bytes:
    return struct.pack("<BB25s", mode, exchange, token)


def _ltp(token: bytes = b"2885", price: int = 154860, exchange: int = 1) -> bytes:
    return _head(1, token, exchange) + struct.pack("<qqq", 7, 1_763_700_787_876, price)


def _quote(token: bytes = b"2885", price: int = 154860, bought: float = 1.0, mode: int = 2) -> bytes:
    day = struct.pack("<qqqddqqqq", 10, price, 1000, bought, 2.0, 3, 4, 5, 6)
    return _head(mode, token) + struct.pack("<qqq", 7, 1_763_700_787_876, price) + day


def _snap_quote(rows: list[Row], token: bytes = b"2885", change: float = 0.0) -> bytes:
    padded = (rows + [_NO_ROW] * 10)[:10]
    book = b"".join(struct.pack("<hqqH", *row) for row in padded)
    return _quote(token, mode=3) + struct.pack("<qqd", 8, 9, change) + book + struct.pack("<qqqq", 11, 12, 13, 14)


def _depth20(rows: list[tuple[int, int, int]], token: bytes = b"2885") -> bytes:
    padded = (rows + [(0, 0, 0)] * 40)[:40]
    return _head(4, token) + struct.pack("<qq", 100, 200) + b"".join(struct.pack("<iih", *row) for row in padded)


def _is_utf8(token: bytes) -> bool:
    text = token.partition(b"\0")[0]
    return text.decode("utf-8", "replace").encode() == text


def _error(frame: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode_smartapi(frame)
    return caught.value


def test_the_error_names_position_and_reason() -> None:
    error = _error(_ltp()[:-1])
    assert (error.position, error.reason) == (50, "the frame ends early: its mode needs 51 bytes")
    assert str(error) == f"byte 50: {error.reason}"
    assert isinstance(error, ValueError)
    assert (_error(b"").position, _error(b"").reason) == (0, "the frame is empty")
    assert _error(b"\x09" + _ltp()[1:]).reason == "unknown mode 9"


def test_a_token_that_is_no_text_is_an_error() -> None:
    error = _error(_ltp(token=b"28\xff"))
    assert (error.position, error.reason) == (4, "the token is not UTF-8")


def test_a_book_of_padding_is_no_book() -> None:
    index = decode_smartapi(_snap_quote([]))
    assert (index["best_5_buy_data"], index["best_5_sell_data"]) == ([], [])
    depth = decode_smartapi(_depth20([]))
    assert (depth["depth_20_buy_data"], depth["depth_20_sell_data"]) == ([], [])


def test_padding_of_one_side_stays_as_the_official_client_has_it() -> None:
    locked = decode_smartapi(_snap_quote([(1, 0, 0, 0)] * 5 + [(0, 10, 100 + i, 1) for i in range(5)]))
    assert locked["best_5_buy_data"] == [{"flag": 1, "quantity": 0, "price": 0, "no of orders": 0}] * 5
    sells = cast("list[dict[str, int]]", locked["best_5_sell_data"])
    assert [row["price"] for row in sells] == [100, 101, 102, 103, 104]


def test_sides_go_by_flag_not_by_place() -> None:
    mixed = decode_smartapi(_snap_quote([(0, 5, 101, 1), (1, 6, 99, 2), (0, 7, 102, 3), (1, 8, 98, 65535)]))
    assert mixed["best_5_buy_data"] == [
        {"flag": 1, "quantity": 6, "price": 99, "no of orders": 2},
        {"flag": 1, "quantity": 8, "price": 98, "no of orders": 65535},
    ]


def test_the_tail_is_counted_and_otherwise_not_mentioned() -> None:
    assert decode_smartapi(_quote() + b"\xde\xad")["trailing_bytes"] == 2
    assert "trailing_bytes" not in decode_smartapi(_quote())


def test_doubles_that_are_no_numbers_pass() -> None:
    bought = decode_smartapi(_quote(bought=math.nan))["total_buy_quantity"]
    assert math.isnan(cast("float", bought))


@given(st.binary(max_size=500), st.integers(0, 5))
def test_any_bytes_give_a_value_or_a_decode_error(body: bytes, mode: int) -> None:
    frame = bytes([mode]) + body
    if len(frame) >= _SIZES.get(mode, 1000) and _is_utf8(frame[2:27]):
        assert decode_smartapi(frame)["subscription_mode"] == mode
    else:
        assert 0 <= _error(frame).position <= len(frame)

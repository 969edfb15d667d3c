"""`velox decode`: each line gives a line, whatever stands in it."""

import io
import json
import math
import struct
from typing import Any

from click.testing import CliRunner, Result

from velox.cli.decode import command


def _ltp(price: int = 154860) -> bytes:
    return struct.pack("<BB25sqqq", 1, 1, b"2885", 7, 1_763_700_787_876, price)


def _quote(bought: float) -> bytes:
    return struct.pack("<BB25s6qdd4q", 2, 1, b"2885", *range(6), bought, 2.0, *range(4))


def _run(text: bytes) -> Result:
    return CliRunner().invoke(command, ["--protocol", "angel_smartstream_v2"], input=text)


def _lines(text: bytes) -> list[dict[str, Any]]:
    result = _run(text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_bad_lines_give_errors_and_the_rest_goes_on() -> None:
    good = _ltp().hex().encode()
    lines = _lines(b"\n".join([b"zz", b"", b"00", good[:-2], good[:-1], b"0\xff", good]) + b"\n")
    assert [line.get("error") for line in lines] == [
        {"position": 0, "reason": "'z' is no hex digit"},
        {"position": 0, "reason": "the frame is empty"},
        {"position": 0, "reason": "unknown mode 0"},
        {"position": 50, "reason": "the frame ends early: its mode needs 51 bytes"},
        {"position": 50, "reason": "the line ends in half a byte: its number of hex digits is odd"},
        {"position": 0, "reason": "'ÿ' is no hex digit"},
        None,
    ]
    assert lines[-1]["token"] == "2885"


def test_the_last_line_needs_no_line_feed_and_windows_ends_are_fine() -> None:
    frame = _ltp().hex().upper().encode()
    assert [line["last_traded_price"] for line in _lines(frame + b"\r\n" + frame)] == [154860, 154860]
    assert _lines(b"") == []


def test_numbers_that_json_lacks_become_null() -> None:
    lines = _lines(b"\n".join(_quote(bought=value).hex().encode() for value in (math.nan, math.inf, 1.5)))
    assert [line["total_buy_quantity"] for line in lines] == [None, None, 1.5]


def test_a_line_without_end_is_one_error() -> None:
    frame = _ltp().hex().encode()
    endless = frame + b"\n" + b"01" * 300_000 + b"\n" + frame + b"\n" + b"0" * 1_000_001
    lines = _lines(endless)
    assert ["error" in line for line in lines] == [False, True, False, True]
    assert "longer than 65536" in lines[1]["error"]["reason"]
    assert "longer than 65536" in lines[3]["error"]["reason"]


def test_lines_cut_by_the_reader_stay_whole() -> None:
    frames = [_ltp(price=price) for price in range(5000)]
    lines = _lines(b"".join(frame.hex().encode() + b"\n" for frame in frames))
    assert [line["last_traded_price"] for line in lines] == list(range(5000))


def test_an_unknown_protocol_is_named() -> None:
    result = CliRunner().invoke(command, ["--protocol", "nope"], input=io.BytesIO(b""))
    assert result.exit_code == 2
    assert "'nope' is not" in result.stderr
    assert "angel_smartstream_v2" in result.stderr

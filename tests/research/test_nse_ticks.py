"""Recordings are read whole: what parses is kept in file order, what does not is counted."""

import datetime as dt
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velox.errors import BadInput
from velox.research.nse_ticks import find_recordings, read_recording

Write = Callable[..., Path]

OPEN_NS = 1_619_408_700_000_000_000  # 2021-04-26 09:15 IST
ROWS = ("2021-04-26 09:15:01,100.0,10", "2021-04-26 09:15:02,100.05,20")


def test_rows_become_fixed_point_in_utc(write: Write) -> None:
    recording = read_recording(write("GOODNAME_26_April.csv", *ROWS))
    assert (recording.instrument, recording.is_index, recording.day) == ("NSE:GOODNAME", False, dt.date(2021, 4, 26))
    assert recording.ticks.rows() == [
        (OPEN_NS + 1_000_000_000, 10_000_000_000, 10, 0),
        (OPEN_NS + 2_000_000_000, 10_005_000_000, 20, 1),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "not a time,abc,-1",
        "2021-04-26 09:15:03,abc,30",
        "2021-04-26 09:15:03,nan,30",
        "2021-04-26 09:15:03,inf,30",
        "2021-04-26 09:15:03,1e12,30",
        "2021-04-26 09:15:03,100.0,",
        "2021-04-26 09:15:03,100.0,30.5",
        "2021-04-26 09:15:03,100.0",
        "2021-04-26 09:15:03,100.0,30,7",
        "2021-02-30 09:15:03,100.0,30",
        "0021-04-26 09:15:03,100.0,30",
        "2021-04-26 25:15:03,100.0,30",
        '"2021-04-26 09:15:03,100.0,30',
        "\x00\x01\x1f",
    ],
)
def test_unparsable_line_is_counted_and_never_aborts(write: Write, line: str) -> None:
    recording = read_recording(write("GOODNAME_26_April.csv", ROWS[0], line, ROWS[1]))
    assert recording.rejects == 1
    assert recording.ticks["row"].to_list() == [0, 2]


@pytest.mark.parametrize("name", [b"REL\xff_26_April.csv", b"REL\n_26_April.csv"])
def test_a_name_that_cannot_be_printed_names_no_instrument(name: bytes, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(name)
    try:
        path.write_text("\n".join(("timestamp,ltp,volume", *ROWS)))
    except OSError:
        pytest.skip("this file system keeps no such name")
    recording = read_recording(path)
    assert recording.day is None and "names no instrument" in recording.fault
    (recording.shown + recording.fault).encode()


def test_quotes_around_whole_fields_are_none_of_their_text(tmp_path: Path) -> None:
    file = tmp_path / "GOODNAME_26_April.csv"
    rows = ("timestamp,ltp,volume", *ROWS)
    file.write_text("\n".join(",".join(f'"{field}"' for field in row.split(",")) for row in rows))
    recording = read_recording(file)
    assert (recording.rejects, recording.ticks.height) == (0, len(ROWS))


def test_suspect_rows_are_kept_for_the_guard(write: Write) -> None:
    lines = ("2021-04-26 09:15:05,-1.5,30", "2021-04-26 09:15:01,0,-30", "2021-04-25 09:15:01,99.0,1", ROWS[0], ROWS[1])
    recording = read_recording(write("GOODNAME_26_April.csv", *lines))
    assert recording.rejects == 0
    assert recording.ticks["price"].to_list()[:2] == [-150_000_000, 0]
    assert recording.day == dt.date(2021, 4, 26)


def test_session_day_is_the_most_frequent_date_and_of_equals_the_earlier(write: Write) -> None:
    other = ("2021-04-27 09:15:01,100.0,10", "2021-04-27 09:15:02,100.05,20")
    assert read_recording(write("A_1_May.csv", *other, *ROWS)).day == dt.date(2021, 4, 26)
    assert read_recording(write("B_1_May.csv", *ROWS, *other, other[1])).day == dt.date(2021, 4, 27)


def test_columns_are_found_by_name(write: Write) -> None:
    recording = read_recording(write("A_1_May.csv", "20,1.5,2021-04-26 09:15:02.250", header="Volume, LTP ,Timestamp"))
    assert recording.ticks.rows() == [(OPEN_NS + 2_250_000_000, 150_000_000, 20, 0)]


def test_index_needs_no_volume_column(write: Write) -> None:
    recording = read_recording(write("index/Fancy_26_April.csv", "2021-04-26 09:15:02,1.5", header="timestamp,ltp"))
    assert recording.is_index
    assert recording.ticks["volume"].to_list() == [0]


def test_windows_line_ends_and_blank_lines_and_byte_order_mark_are_no_rejects(tmp_path: Path) -> None:
    path = tmp_path / "A_1_May.csv"
    path.write_bytes(("\ufefftimestamp,ltp,volume\r\n\r\n" + "\r\n".join(ROWS) + "\r\n\r\n").encode())
    recording = read_recording(path)
    assert (recording.ticks.height, recording.rejects) == (2, 0)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\x1f\x8b\x08 damaged at once", "cannot be read"),
        (b"hello,world\n1,2\n", "does not begin with"),
        (b"timestamp,ltp,volume\nnot a time,abc,-1\n", "has no valid row"),
        (bytes(range(256)) * 4, "does not begin with"),
    ],
)
def test_file_without_a_valid_row_says_why(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "BADNAME_26_April.csv"
    path.write_bytes(content)
    recording = read_recording(path)
    assert recording.day is None
    assert recording.ticks.height == 0
    assert fault in recording.fault


def test_gzip_is_known_by_its_content_and_may_have_several_members(tmp_path: Path) -> None:
    path = tmp_path / "A_26_April.csv"
    path.write_bytes(
        gzip.compress(b"timestamp,ltp,volume\n" + ROWS[0].encode() + b"\n") + gzip.compress(ROWS[1].encode())
    )
    assert read_recording(path).ticks.height == 2


def test_truncated_gzip_keeps_its_whole_lines(tmp_path: Path) -> None:
    lines = [f"2021-04-26 10:{i // 60:02}:{i % 60:02},{100 + i * 0.05:.2f},{i * 7919 % 1000}" for i in range(3_000)]
    raw = gzip.compress("\n".join(["timestamp,ltp,volume", *lines]).encode())
    path = tmp_path / "A_26_April.csv.gz"
    path.write_bytes(raw[: len(raw) // 2])
    recording = read_recording(path)
    assert 0 < recording.ticks.height < 3_000
    assert recording.rejects == 1


def test_damaged_gzip_keeps_the_lines_before_the_damage(tmp_path: Path) -> None:
    lines = [f"2021-04-26 10:{i // 60:02}:{i % 60:02},{100 + i * 0.05:.2f},{i * 7919 % 1000}" for i in range(3_000)]
    raw = bytearray(gzip.compress("\n".join(["timestamp,ltp,volume", *lines]).encode()))
    raw[-8] ^= 0xFF  # the checksum: all text is there, its truth is not
    path = tmp_path / "A_26_April.csv.gz"
    path.write_bytes(raw)
    recording = read_recording(path)
    assert recording.rejects == 1
    assert 2_900 < recording.ticks.height < 3_000


def test_file_name_without_an_instrument_is_left_out(write: Write) -> None:
    assert "left out" in read_recording(write("_26_April.csv", *ROWS)).fault


def test_folders_are_searched_in_the_order_of_file_names(write: Write, tmp_path: Path) -> None:
    later, sooner = write("a/Z_26_April.csv", *ROWS), write("z/A_26_April.csv", *ROWS)
    write("a/readme.md", "x")
    assert find_recordings([tmp_path]) == [sooner, later]


def test_absent_path_and_empty_folder_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="absent"):
        find_recordings([tmp_path / "absent"])
    with pytest.raises(BadInput, match="holds no recording"):
        find_recordings([tmp_path])


def test_given_recordings_are_read_without_a_reject(shared: Path) -> None:
    files = find_recordings([shared / "data/nse_ticks_2021/26-April-2021"])
    recordings = [read_recording(path) for path in files]
    assert len(recordings) == 25
    assert {r.day for r in recordings} == {dt.date(2021, 4, 26)}
    assert sum(r.rejects for r in recordings) == 0
    assert {"NSE:NIFTY", "NSE:BANKNIFTY", "NSE:BAJAJ-AUTO", "NSE:M&M"} <= {r.instrument for r in recordings}
    assert {r.instrument for r in recordings if r.is_index} == {"NSE:NIFTY", "NSE:BANKNIFTY"}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_abort_the_reader(tmp_path: Path, content: bytes, headed: bool) -> None:
    path = tmp_path / "A_26_April.csv"
    path.write_bytes(b"timestamp,ltp,volume\n" + content if headed else content)
    recording = read_recording(path)
    assert (recording.day is None) == bool(recording.fault) == (recording.ticks.height == 0)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*ROWS, "", "x", ",,", "2021-04-26 09:15:01,1e400,1", "2021-04-26 09:15:01,1,9e18"])))
def test_every_line_is_a_row_a_reject_or_blank(write: Write, lines: list[str]) -> None:
    recording = read_recording(write("A_26_April.csv", *lines))
    good = [number for number, line in enumerate(lines) if line in ROWS]
    assert recording.ticks["row"].to_list() == good
    assert recording.rejects == sum(line not in ("", *ROWS) for line in lines)

"""A day in pieces is the same rows in the same order as in one, however small the pieces are."""

import datetime as dt
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from velox.errors import BadInput
from velox.feeds.packets import can_apply
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR, DayRows, open_day
from velox.research.merge import Ints, Part, merged
from velox_core import row_places

OPEN_NS = 1_000
WINDOWS = [(OPEN_NS, 1_040), (1_060, 1_080)]
COLUMNS = [name for name in DayRows.__struct_fields__ if name != "depth"]

# Times before, in, between and behind the windows; prices of which some cannot be applied.
ROWS = st.lists(st.tuples(st.integers(990, 1_090), st.sampled_from([0, 10_000_000, 20_000_000])), max_size=40)
FILES = st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=4)


def _part(number: int, rows: list[tuple[int, int]], book: bool) -> Part:
    frame = pl.DataFrame(
        {
            "row": range(len(rows)),
            "ts_ns": [ts_ns for ts_ns, _ in rows],
            "price": [price for _, price in rows],
            "volume": range(len(rows)),
        },
        schema=dict.fromkeys(("row", "ts_ns", "price", "volume"), pl.Int64),
    )
    if book:
        frame = frame.with_columns(bid=pl.col("price") - 1)
    return Part(number, frame.slice, WINDOWS)


def _whole(parts: list[Part], piece_rows: int) -> tuple[dict[str, Ints], int]:
    pieces = list(merged(parts, 0, piece_rows))
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}, len(pieces)


def _by_the_rule(files: list[tuple[list[tuple[int, int]], bool]]) -> list[tuple[int, int, int]]:
    """Place, file and row of each row, sorted: the rule as it is written."""
    told = []
    for number, (rows, _) in enumerate(files):
        place = 0
        for row, (ts_ns, price) in enumerate(rows):
            if price and any(start <= ts_ns < end for start, end in WINDOWS):
                place = max(place, ts_ns)
            told.append((place, number, row))
    return sorted(told)


@given(FILES, st.integers(1, 50))
def test_any_pieces_of_any_files_follow_the_rule(files: list[tuple[list[tuple[int, int]], bool]], size: int) -> None:
    parts = [_part(number, rows, book) for number, (rows, book) in enumerate(files)]
    told, _ = _whole(parts, size)
    order = zip(told["place_ns"].tolist(), told["inst"].tolist(), told["volume"].tolist(), strict=True)
    assert list(order) == _by_the_rule(files)
    books = np.array([book for _, book in files])
    if "bid" in told:
        assert np.array_equal(told["bid"], np.where(books[told["inst"]], told["price"] - 1, 0))


def test_a_long_file_is_never_held_whole() -> None:
    rows = [(OPEN_NS + at // 100, 10_000_000) for at in range(4_000)]
    held: list[int] = []

    def read(start: int, count: int) -> pl.DataFrame:
        frame = pl.DataFrame({"ts_ns": [t for t, _ in rows], "price": [p for _, p in rows], "volume": 0})
        held.append(count)
        return frame.slice(start, count)

    sizes = [len(piece["price"]) for piece in merged([Part(0, read, WINDOWS), _part(1, rows[:7], False)], 0, 200)]
    assert sum(sizes) == 4_007
    assert max(sizes) <= 600 and len(held) > 20


@pytest.mark.parametrize("piece_rows", [1_000, 7_919])
def test_the_generated_day_in_pieces_is_the_day(piece_rows: int) -> None:
    day = open_day()
    pieces = list(day.pieces(piece_rows))
    assert len(pieces) > 10
    whole = day.rows()
    for name in COLUMNS:
        joined = np.concatenate([getattr(piece, name) for piece in pieces])
        assert np.array_equal(joined, getattr(whole, name)), name
    assert all(piece.depth is None for piece in pieces)


def test_the_first_price_is_found_behind_rows_without_one(tmp_path: Path) -> None:
    entry = next(e for e in Catalog(SAMPLE_DIR).entries() if not e.candles and not e.is_index)
    prices = np.zeros(300_000, dtype=np.int64)
    prices[-3:] = (7, 8, 9)
    ticks = pl.DataFrame({"ts_ns": np.arange(300_000), "price": prices, "volume": np.zeros(300_000, dtype=np.int64)})
    catalog = Catalog(tmp_path)
    catalog.store(entry, ticks)
    none = msgspec.structs.replace(entry, day=entry.day + dt.timedelta(days=1))
    catalog.store(none, ticks.with_columns(price=pl.lit(0, dtype=pl.Int64)))
    for kept, first in ((entry, 7), (none, 0)):
        day = open_day(f"{tmp_path}@{kept.day}")
        assert day.first_price(day.instruments[0]) == first


def test_a_file_that_is_replaced_between_two_pieces_is_refused(tmp_path: Path) -> None:
    entry = next(e for e in Catalog(SAMPLE_DIR).entries() if not e.candles and not e.is_index)
    ticks = Catalog(SAMPLE_DIR).read(entry)
    Catalog(tmp_path).store(entry, ticks)
    pieces = open_day(tmp_path).pieces(100)
    next(pieces)
    Catalog(tmp_path).store(entry, ticks.with_columns(pl.col("price") + 1))
    with pytest.raises(BadInput, match="was replaced while the catalogue was read: start again"):
        next(pieces)


_NUMBERS = st.integers(-(2**62), 2**62)
_ROW = st.tuples(
    st.integers(0, 300) | _NUMBERS, st.integers(-3 * 10**6, 3 * 10**6) | _NUMBERS, st.integers(-2, 9) | _NUMBERS
)


@given(
    rows=st.lists(_ROW, max_size=40), spans=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 300)), max_size=3)
)
def test_a_row_moves_its_file_only_where_the_guard_could_apply_it(
    rows: list[tuple[int, int, int]], spans: list[tuple[int, int]]
) -> None:
    ts_ns, price, volume = np.array(rows, dtype=np.int64).reshape(-1, 3).T.copy()
    inside = np.array([any(start <= ts < end for start, end in spans) for ts in ts_ns], dtype=np.bool_)
    moves = np.where(can_apply(price, volume) & inside, ts_ns, 7)
    expected = np.maximum(np.maximum.accumulate(moves), 7) if rows else moves
    assert (row_places(ts_ns, price, volume, spans, 7) == expected).all()

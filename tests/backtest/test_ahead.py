"""A back-test reads one piece ahead; what it reads, and what goes wrong there, comes as if it did not."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from velox.backtest.ahead import Rows, read_ahead
from velox.research.days import SAMPLE_DIR, Day, open_day


def _pieces(day: Day, rows: int) -> Iterator[tuple[Day, Rows]]:
    return ((day, piece) for piece in day.pieces(rows))


def test_pieces_come_in_their_order() -> None:
    day = open_day(SAMPLE_DIR)
    ahead = [piece for _, piece in read_ahead(_pieces(day, 5_000))]
    straight = [piece for _, piece in _pieces(day, 5_000)]
    assert len(ahead) == len(straight) > 2
    for one, other in zip(ahead, straight, strict=True):
        assert (one.price == other.price).all()  # type: ignore[union-attr]


def test_one_piece_is_read_while_another_is_looked_at() -> None:
    asked = [threading.Event() for _ in range(3)]

    def pieces() -> Iterator[Any]:
        for event in asked:
            event.set()
            yield object(), object()

    ahead = read_ahead(pieces())
    next(ahead)
    assert asked[1].wait(10)
    assert not asked[2].is_set()


def test_a_fault_is_raised_where_its_piece_is_asked_for() -> None:
    def pieces() -> Iterator[Any]:
        yield object(), object()
        raise OSError("the disk is gone")

    ahead = read_ahead(pieces())
    next(ahead)
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)


def test_nobody_waits_for_a_library_of_the_network() -> None:
    code = "import velox.backtest.reported, sys; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

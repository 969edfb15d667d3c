"""A day is the same rows in the same order, whatever it was kept in."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from velox.errors import BadInput, Refused
from velox.research.catalog import Catalog
from velox.research.days import Day, open_day
from velox.research.importer import import_recordings
from velox.research.nse_ticks import find_recordings

Write = Callable[..., Path]

DAY = dt.date(2021, 4, 26)
OPEN_NS = 1_619_408_700_000_000_000  # 2021-04-26 09:15 IST


def _order(day: Day) -> list[tuple[str, int, int]]:
    """Name, price in rupees and place in seconds since the open."""
    rows = day.rows()
    names = [instrument.name.removeprefix("NSE:") for instrument in day.instruments]
    return [
        (names[inst], int(price) // 100_000_000, (int(place) - OPEN_NS) // 10**9)
        for inst, price, place in zip(rows.inst, rows.price, rows.place_ns, strict=True)
    ]


def _row(clock: str, price: float, volume: int = 1, day: str = "2021-04-26") -> str:
    return f"{day} {clock},{price},{volume}"


BEFORE = -(9 * 3600 + 15 * 60)


def test_rows_merge_by_place_then_file_name_then_row(write: Write, tmp_path: Path) -> None:
    write("stocks/B_26_April.csv", _row("09:15:02", 20), _row("09:15:01", 21), _row("09:15:04", 22))
    write("index/Nifty_26_April.csv", _row("09:15:01", 10, 0), _row("09:15:02", 11, 0), _row("09:15:02", 12, 0))
    assert _order(open_day(tmp_path)) == [
        ("NIFTY", 10, 1),
        ("B", 20, 2),
        ("B", 21, 2),  # late: keeps the place of the row before it
        ("NIFTY", 11, 2),
        ("NIFTY", 12, 2),
        ("B", 22, 4),
    ]


def test_only_rows_that_could_be_applied_move_the_clock(write: Write, tmp_path: Path) -> None:
    write(
        "A_26_April.csv",
        _row("09:08:00", 1),  # pre-open
        _row("09:15:01", 2),
        _row("15:29:59", 0),  # impossible price
        _row("15:29:59", 3, -1),  # impossible volume
        _row("15:30:00", 4),  # behind the close
        _row("12:00:00", 5, day="2021-04-27"),
        _row("09:15:03", 6),
    )
    places = [(price, place) for _, price, place in _order(open_day(tmp_path))]
    assert places == [(1, BEFORE), (2, 1), (0, 1), (3, 1), (4, 1), (5, 1), (6, 3)]


def test_catalogue_and_folder_give_the_same_rows(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/nse_ticks_2021/26-April-2021"
    import_recordings(find_recordings([folder]), Catalog(tmp_path))
    plain, kept = open_day(folder), open_day(tmp_path)
    assert plain.date == kept.date == DAY
    assert plain.instruments == kept.instruments
    one, other = plain.rows(), kept.rows()
    for name in ("inst", "ts_ns", "place_ns", "price", "volume"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert len(one) == 544_820
    assert np.all(np.diff(one.place_ns) >= 0)


def test_every_row_of_a_file_keeps_its_order_in_the_day(shared: Path) -> None:
    day = open_day(shared / "data/nse_ticks_2021/15-April-2021")
    rows = day.rows()
    for number, instrument in enumerate(day.instruments):
        assert int((rows.inst == number).sum()) == instrument.rows


def test_folder_of_several_days_wants_one_named(write: Write, tmp_path: Path) -> None:
    write("A_26_April.csv", _row("09:15:01", 1))
    write("A_27_April.csv", _row("09:15:01", 2, day="2021-04-27"))
    with pytest.raises(BadInput, match=r"holds 2 days \(2021-04-26, 2021-04-27\): name one as"):
        open_day(tmp_path)
    assert open_day(f"{tmp_path}@2021-04-27").date == dt.date(2021, 4, 27)
    with pytest.raises(BadInput, match="holds no ticks of 2021-04-28; it has 2021-04-26, 2021-04-27"):
        open_day(f"{tmp_path}@2021-04-28")
    with pytest.raises(BadInput, match="'tomorrow' after the @"):
        open_day(f"{tmp_path}@tomorrow")


def test_single_file_is_a_day(write: Write) -> None:
    day = open_day(write("A_26_April.csv", _row("09:15:01", 1)))
    assert ([i.name for i in day.instruments], day.synthetic, day.date) == (["NSE:A"], False, DAY)
    assert len(day.history("NSE:A", 60)) == 0


def test_same_instrument_twice_is_refused(write: Write, tmp_path: Path) -> None:
    write("one/A_26_April.csv", _row("09:15:01", 1))
    write("two/A_26_April.csv", _row("09:15:01", 1))
    with pytest.raises(BadInput, match="holds NSE:A of 2021-04-26 twice"):
        open_day(tmp_path)


def test_what_is_no_day_is_refused_by_name(write: Write, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="absent"):
        open_day(tmp_path / "absent")
    with pytest.raises(BadInput, match=r"BAD_26_April\.csv has no valid row"):
        open_day(write("BAD_26_April.csv", "x"))


def test_day_that_the_facts_do_not_cover_is_refused_unless_others_stand_in(write: Write) -> None:
    file = write("A_26_April.csv", _row("09:15:01", 1, day="2019-04-26"))
    with pytest.raises(Refused, match="2019-04-26"):
        open_day(file).rows()
    assert len(open_day(file, facts_as_of=DAY).rows()) == 1

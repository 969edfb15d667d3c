"""Lots from a broker's files: the one of the day counts, and what is not known is said with what would tell it."""

import datetime as dt
import json
from pathlib import Path

import pytest

from velox.errors import BadInput
from velox.market import facts
from velox.market.instruments import InstrumentBook, definition, why_not_known
from velox.market.lots import NO_LOTS, Lots

D = dt.date
NAME = "NFO:SBIN26JULFUT"


def write_file(path: Path, lots: dict[str, int], freeze: int = 0) -> None:
    """An instrument file with July's futures of these shares."""
    path.parent.mkdir(exist_ok=True)
    rows = [
        {
            "token": str(50_000 + place),
            "symbol": f"{share}28JUL26FUT",
            "name": share,
            "expiry": "28JUL2026",
            "strike": "-1.000000",
            "lotsize": str(lot),
            "instrumenttype": "FUTSTK",
            "exch_seg": "NFO",
            "tick_size": "10.000000",
            "freeze_qty": str(freeze),
        }
        for place, (share, lot) in enumerate(lots.items())
    ]
    path.write_text(json.dumps(rows))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Files of three days; the lot has changed between the second and the third."""
    folder = tmp_path / "files"
    write_file(folder / "2026-07-02.json", {"SBIN": 750}, freeze=30_000)
    write_file(folder / "OpenAPIScripMaster_2026-07-08.json", {"SBIN": 750, "INFY": 400})
    write_file(folder / "2026-07-20.json", {"SBIN": 1500, "INFY": 400})
    (folder / "notes.txt").write_text("2026-07-01")
    return folder


@pytest.mark.parametrize(
    ("day", "name", "units"),
    [
        (D(2026, 7, 2), NAME, 750),
        (D(2026, 7, 7), NAME, 750),
        (D(2026, 7, 8), NAME, 750),
        (D(2026, 7, 20), NAME, 1500),
        (D(2026, 7, 27), NAME, 1500),
        (D(2026, 7, 10), "NFO:INFY26JULFUT", 400),
        (D(2026, 7, 10), "NFO:NIFTY26JULFUT", 65),  # the dated facts know it
    ],
)
def test_the_newest_file_up_to_the_day_tells_the_lot(kept: Path, day: dt.date, name: str, units: int) -> None:
    made = definition(InstrumentBook.offline(lots=Lots(kept).on(day))[name], facts.load(day), id=0, reference_price=1)
    assert made.lot == units


def test_the_freeze_quantity_is_told_with_it(kept: Path) -> None:
    day = D(2026, 7, 3)
    made = definition(InstrumentBook.offline(lots=Lots(kept).on(day))[NAME], facts.load(day), id=0, reference_price=1)
    assert made.freeze == 30_000


@pytest.mark.parametrize(
    ("day", "name", "why"),
    [
        (D(2026, 7, 1), NAME, "the instrument files in {kept} begin on 2026-07-02: add one of 2026-07-01 or before"),
        (
            D(2026, 7, 3),
            "NFO:INFY26JULFUT",
            "the instrument file of 2026-07-02, the newest up to 2026-07-03, does not tell it: add one that does",
        ),
        (
            D(2026, 7, 9),
            NAME,
            "it is 750 by the instrument file of 2026-07-08 and 1500 by that of 2026-07-20: add the file of 2026-07-09",
        ),
    ],
)
def test_where_no_file_tells_it_the_sentence_says_which_would(kept: Path, day: dt.date, name: str, why: str) -> None:
    instrument = InstrumentBook.offline(lots=Lots(kept).on(day))[name]
    told = why_not_known(instrument, facts.load(day))
    assert told == f"the lot of {name} is not known on {day}: {why.format(kept=kept)}"


def test_without_files_the_sentence_names_the_setting() -> None:
    instrument = InstrumentBook.offline(lots=NO_LOTS.on(D(2026, 7, 1)))[NAME]
    assert "set [market] instrument_files to a folder" in str(why_not_known(instrument, facts.load(D(2026, 7, 1))))


def test_a_folder_that_cannot_serve_is_refused_at_once(kept: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        Lots(tmp_path / "nowhere")
    write_file(tmp_path / "plain" / "master.json", {"SBIN": 750})
    write_file(tmp_path / "plain" / "2026-02-30.json", {"SBIN": 750})
    with pytest.raises(BadInput, match="holds no file that is named by its day"):
        Lots(tmp_path / "plain")
    write_file(kept / "again-2026-07-02.json", {"SBIN": 750})
    with pytest.raises(BadInput, match="are both of 2026-07-02: leave one of them"):
        Lots(kept)

"""The catalogue keeps what was read, whole or not at all, and says clearly what it cannot do."""

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from velox.errors import BadInput
from velox.research.catalog import Catalog, Entry
from velox.research.coverage import coverage_lines
from velox.research.importer import import_recordings
from velox.research.nse_ticks import TICK_SCHEMA

Write = Callable[..., Path]

DAY = dt.date(2021, 4, 26)
OPEN_NS = 1_619_408_700_000_000_000  # 2021-04-26 09:15 IST
ROWS = ("2021-04-26 09:15:01,100.0,10", "2021-04-26 09:15:02,100.05,20")


def _ticks(*prices: int) -> pl.DataFrame:
    rows = [(OPEN_NS + i * 10**9, price, i, i) for i, price in enumerate(prices)]
    return pl.DataFrame(rows, schema=TICK_SCHEMA, orient="row")


def test_import_keeps_rows_rejects_and_foreign_days(write: Write, tmp_path: Path) -> None:
    path = write("M_26_April.csv", *ROWS, "not a time,abc,-1", "2021-04-25 15:00:00,99.0,5")
    catalog = Catalog(tmp_path / "cat")
    (outcome,) = import_recordings([path], catalog)
    assert outcome.entry == Entry(
        instrument="NSE:M",
        day=DAY,
        source="M_26_April.csv",
        rows=3,
        rejects=1,
        wrong_day=1,
        first_ns=OPEN_NS + 10**9,
        last_ns=OPEN_NS + 2 * 10**9,
    )
    (entry,) = catalog.entries()
    assert entry == outcome.entry
    assert catalog.read(entry)["row"].to_list() == [0, 1, 3]


def test_importing_again_replaces(write: Write, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "cat")
    import_recordings([write("M_26_April.csv", *ROWS)], catalog)
    import_recordings([write("M_26_April.csv", ROWS[0])], catalog)
    assert [entry.rows for entry in catalog.entries()] == [1]
    assert [path.name for path in (tmp_path / "cat/NSE/M").iterdir()] == ["2021-04-26.parquet"]


def test_bad_file_among_good_ones_is_told_and_the_rest_taken(write: Write, tmp_path: Path) -> None:
    files = [write("BAD_26_April.csv", "x"), write("GOOD_26_April.csv", *ROWS)]
    bad, good = import_recordings(files, Catalog(tmp_path / "cat"))
    assert (bad.entry, bad.fault) == (None, "has no valid row")
    assert good.entry is not None


def test_second_file_of_the_same_day_is_left_out_and_told(write: Write, tmp_path: Path) -> None:
    files = [write("one/M_26_April.csv", *ROWS), write("two/M_26_April.csv", ROWS[0])]
    first, second = import_recordings(files, Catalog(tmp_path / "cat"))
    assert [outcome.entry and outcome.entry.rows for outcome in (first, second)] == [2, None]
    assert "was already taken from" in second.fault


def test_import_without_any_valid_row_is_refused_and_leaves_nothing(write: Write, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"BAD_26_April\.csv has no valid row"):
        import_recordings([write("BAD_26_April.csv", "x")], Catalog(tmp_path / "cat"))
    assert not (tmp_path / "cat").exists()


def test_writers_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    entry = Entry(instrument="NSE:M", day=DAY)
    frames = [_ticks(*range(1, 2_000 + i)) for i in range(6)]
    threads = [threading.Thread(target=catalog.store, args=(entry, frame)) for frame in frames]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (kept,) = catalog.entries()
    assert catalog.read(kept).height == kept.rows
    assert [path.name for path in (tmp_path / "NSE/M").iterdir()] == ["2021-04-26.parquet"]


def test_write_that_fails_keeps_the_old_file_and_no_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog(tmp_path)
    entry = catalog.store(Entry(instrument="NSE:M", day=DAY), _ticks(1, 2, 3))

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BadInput, match="No space left on device"):
        catalog.store(entry, _ticks(4))
    assert catalog.entries() == [entry]
    assert [path.name for path in (tmp_path / "NSE/M").iterdir()] == ["2021-04-26.parquet"]


def test_absent_and_empty_and_foreign_catalogues_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="absent"):
        Catalog.open(tmp_path / "absent")
    with pytest.raises(BadInput, match="holds no data"):
        Catalog.open(tmp_path)
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(BadInput, match="is a file"):
        Catalog.open(file)
    broken = tmp_path / "NSE/M/2021-04-26.parquet"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"PAR1 no more")
    with pytest.raises(BadInput, match=r"2021-04-26\.parquet is not a readable Parquet file"):
        Catalog.open(tmp_path).entries()
    _ticks(1).write_parquet(broken)
    with pytest.raises(BadInput, match="was not written by a Velox catalogue"):
        Catalog.open(tmp_path).entries()


def test_unknown_instrument_is_refused_with_near_names(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    for name in ("NSE:RELIANCE", "NSE:INFY"):
        catalog.store(Entry(instrument=name, day=DAY), _ticks(1))
    with pytest.raises(BadInput, match=r"NSE:RELIANC is not in the catalogue .*; nearest: NSE:RELIANCE"):
        catalog.of_instrument("NSE:RELIANC")


@pytest.mark.parametrize("name", ["NSE:..", "..:M", "NSE:a/b", "M", "NSE:"])
def test_names_that_would_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="is not an instrument name"):
        Catalog(tmp_path).store(Entry(instrument=name, day=DAY), _ticks(1))


def test_coverage_has_a_line_per_instrument_that_begins_with_its_name(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.store(Entry(instrument="NSE:B", day=DAY, rejects=3), _ticks(1, 2))
    catalog.store(Entry(instrument="NSE:A", day=DAY, synthetic="SYNTHETIC: x"), _ticks(1))
    assert coverage_lines(catalog) == [
        "NSE:A days=1 rows=1 first=2021-04-26T09:15:00 last=2021-04-26T09:15:00 wrong_day=0 rejects=0 SYNTHETIC",
        "NSE:B days=1 rows=2 first=2021-04-26T09:15:00 last=2021-04-26T09:15:01 wrong_day=0 rejects=3",
    ]

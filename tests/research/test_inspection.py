"""What `velox data check` says of a catalogue is what a plain look at its rows says."""

import datetime as dt
import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from velox import cli
from velox.errors import BadInput, ExitCode
from velox.research.bhavcopy import import_bhavcopies
from velox.research.candle_import import import_candles
from velox.research.catalog import CANDLE_SCHEMA, Catalog, Entry
from velox.research.importer import import_recordings
from velox.research.inspection import Ask, Inspected, inspect
from velox.research.nse_ticks import find_recordings
from velox.research.ohlcv import CandleOptions, read_candles
from velox.research.quality import DayQuality, Thresholds

Write = Callable[..., Path]
Out = pytest.CaptureFixture[str]
DAY = dt.date(2021, 4, 26)
OPEN_NS = 1_619_408_700_000_000_000  # 2021-04-26 09:15 IST
S = 10**9


def ticks(catalog: Path, *lines: str, name: str = "A_26_April.csv") -> Path:
    folder = catalog.parent / "recorded"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(["timestamp,ltp,volume", *lines]) + "\n")
    import_recordings([folder / name], Catalog(catalog))
    return catalog


def candles(catalog: Path, *lines: str, name: str = "a.csv", length_s: int = 60) -> None:
    path = catalog.parent / name
    path.write_text("\n".join(["date,open,high,low,close,last,volume", *lines]) + "\n")
    options = CandleOptions(instrument="NSE:A", length_s=length_s)
    import_candles([path], lambda each: read_candles(each, options), Catalog(catalog))


def look(catalog: Path, **options: object) -> Inspected:
    (found,) = inspect(Catalog.open(catalog), Ask(**options)).instruments  # type: ignore[arg-type]
    return found


def whole_day(*extra: str) -> list[str]:
    """A tick in every minute, then what a test adds, in the order of their times."""
    every = [f"2021-04-26 {9 + (15 + n) // 60:02}:{(15 + n) % 60:02}:01,{100 + n % 2},{n + 1}" for n in range(375)]
    return [*every, *extra]


def test_a_whole_day_has_nothing_to_say(tmp_path: Path) -> None:
    found = look(ticks(tmp_path / "cat", *whole_day()))
    (day,) = found.days
    assert (day.rows, day.first, day.last) == (375, "09:15:01", "15:29:01")
    assert (day.missing_minutes, day.longest_silence_s, day.silence_from) == (0, 60.0, "09:15:01")
    assert found.faults(Thresholds()) == []


def test_each_fault_of_ticks_is_counted(tmp_path: Path) -> None:
    rows = [
        "2021-04-26 09:08:00,100,1",  # pre-open
        "2021-04-26 09:15:01,100,10",
        "2021-04-26 09:15:01,100,10",  # repeated
        "2021-04-26 09:15:00,100,9",  # older, and volume backwards
        "2021-04-26 09:16:01,110,12",  # 10 % up
        "2021-04-26 09:16:02,0,12",  # impossible
        "2021-04-27 09:16:03,110,13",  # another day
        "2021-04-26 09:16:05,110,11",  # volume backwards
        "what",
        *(f"2021-04-26 09:{minute}:00,110,13" for minute in range(20, 30)),  # 540 s without a move
        "2021-04-26 15:31:00,110,14",  # behind the close
    ]
    (day,) = look(ticks(tmp_path / "cat", *rows)).days
    assert day == DayQuality(
        instrument="NSE:A",
        day=DAY,
        kind="ticks",
        rows=19,
        first="09:08:00",
        last="15:31:00",
        outside_session=3,
        missing_minutes=375 - 12,
        missing=["09:17–09:19", "09:30–15:29"],
        longest_silence_s=6 * 3600 + 60.0,
        silence_from="09:29:00",
        out_of_order=1,
        duplicates=1,
        wrong_day=1,
        rejects=1,
        impossible=1,
        volume_backwards=2,
        jumps=1,
        largest_jump_pct=10.0,
        jump_at="09:16:01",
        frozen_s=540.0,
        frozen_from="09:20:00",
    )
    told = " | ".join(day.faults(Thresholds()))
    for words in (
        "silence from 09:29:00",
        "1 jumps, 10.0 % at 09:16:01",
        "frozen for 540 s",
        "363 minutes without a tick",
    ):
        assert words in told


def test_own_candles_are_compared_with_given_ones(tmp_path: Path) -> None:
    catalog = ticks(
        tmp_path / "cat", "2021-04-26 09:15:01,100,10", "2021-04-26 09:15:30,101,15", "2021-04-26 09:16:01,102,20"
    )
    candles(catalog, "2021-04-26 09:15,100,101,100,101,0,15", "2021-04-26 09:16,102,102,102,102,0,5")
    (parity,) = look(catalog).parities
    assert (parity.equal, parity.compared, parity.sentence) == (True, 2, "ticks against 1m: equal (2 compared)")
    candles(catalog, "2021-04-26 09:15,100,101.05,100,101,0,14", "2021-04-26 09:17,102,102,102,102,0,5")
    (parity,) = look(catalog).parities
    assert parity.sentence == (
        "ticks against 1m: high 101 / 101.05 (1 ×, first 09:15:00), volume 15 / 14 (1 ×, first 09:15:00), "
        "1 only in ticks, 1 only in 1m"
    )


def test_a_day_is_compared_with_the_exchange_s_own(tmp_path: Path) -> None:
    catalog = ticks(
        tmp_path / "cat", "2021-04-26 09:15:01,100,10", "2021-04-26 09:15:30,103,15", "2021-04-26 15:31:00,90,16"
    )
    candles(catalog, "2021-04-26,100,103,100,101.5,103,16", length_s=86_400)
    assert [p.sentence for p in look(catalog).parities] == ["ticks against 1d: equal (5 compared)"]
    candles(catalog, "2021-04-26,100,102,99,101.5,103,14", length_s=86_400)
    (parity,) = look(catalog).parities
    assert parity.impossible == ["high above the day's", "more volume than the day's"]
    assert [(d.field, d.ours, d.theirs) for d in parity.differences] == [
        ("high", 103, 102),
        ("low", 100, 99),
        ("volume", 16, 14),
    ]
    assert parity.sentence.endswith("IMPOSSIBLE: high above the day's, IMPOSSIBLE: more volume than the day's")


def test_missing_trading_days_know_the_calendar(tmp_path: Path) -> None:
    catalog = ticks(tmp_path / "cat", "2021-04-20 09:15:01,1,1", name="A_20_April.csv")
    ticks(catalog, "2021-04-26 09:15:01,1,1")
    found = look(catalog)
    assert found.missing_days == [dt.date(2021, 4, 22), dt.date(2021, 4, 23)]  # the 21st was Ram Navami
    assert found.unknown_days == 0
    ticks(catalog, "2021-07-05 09:15:01,1,1", name="A_05_July.csv")
    assert look(catalog, as_of=DAY).unknown_days == 2  # 1 and 2 July are not covered


@pytest.mark.parametrize(
    ("opens", "ratio"),
    [
        (50.5, "1/2"),
        (66.0, "2/3"),
        (20.2, "1/5"),
        (9.9, "1/10"),
        (75.0, "3/4"),
        (201.0, "2/1"),
        (95.0, ""),
        (82.5, ""),
        (88, ""),
    ],
)
def test_steps_like_a_split_or_bonus_are_suspected(opens: float, ratio: str, tmp_path: Path) -> None:
    catalog = ticks(tmp_path / "cat", "2021-04-23 09:15:01,99,1", "2021-04-23 09:15:02,100,2", name="A_23_April.csv")
    ticks(catalog, f"2021-04-26 09:15:01,{opens},1")
    found = look(catalog).suspicions
    assert [s.ratio for s in found] == ([ratio] if ratio else [])
    if ratio:
        assert found[0].sentence.startswith(
            f"2021-04-26: opens at {opens:.2f} after 100.00 on 2021-04-23, near {ratio}:"
        )


def test_candles_kept_alone_are_looked_through_too(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "ts_open": [OPEN_NS, OPEN_NS + 120 * S, OPEN_NS + 60 * S, OPEN_NS + 60 * S],
            "open": [100, 100, 112, 112],
            "high": [100, 112, 112, 112],
            "low": [100, 100, 112, 112],
            "close": [100, 100, 112, 112],
            "volume": [1, 1, 1, 1],
            "ticks": [0, 0, 0, 0],
        },
        schema=dict.fromkeys(CANDLE_SCHEMA, pl.Int64),
    )
    Catalog(tmp_path).store(Entry(instrument="NSE:A", day=DAY, candles=True), frame)
    (day,) = look(tmp_path).days
    assert (day.kind, day.out_of_order, day.duplicates, day.missing_minutes, day.jumps) == ("1m", 2, 1, 372, 1)


def test_a_day_that_is_not_covered_is_said_to_be_unjudged(tmp_path: Path) -> None:
    catalog = ticks(tmp_path / "cat", "2019-04-26 09:15:01,1,1")
    (day,) = look(catalog).days
    assert (day.judged, day.missing_minutes) == (False, 0) and "is not known" in day.faults(Thresholds())[0]
    (day,) = look(catalog, as_of=DAY).days
    assert (day.judged, day.missing_minutes) == (True, 374)


def test_the_command_writes_both_forms_and_strict_ends_with_its_status(tmp_path: Path, capsys: Out) -> None:
    catalog = ticks(tmp_path / "cat", *whole_day())
    words = ["data", "check", "--catalog", str(catalog)]
    assert cli.run([*words, "--strict"]) == ExitCode.DONE
    assert capsys.readouterr().out.splitlines() == [
        "NSE:A: 1 day of ticks, 375 rows; nothing to say",
        "1 instruments, 0 findings.",
    ]
    ticks(catalog, "2021-04-26 09:15:01,1,1")
    files = [tmp_path / "c.json", tmp_path / "c.md"]
    asked = [*words, "--instrument", "NSE:A", "--json", str(files[0]), "--report", str(files[1])]
    assert cli.run([*asked, "--strict"]) == ExitCode.FAULTY_DATA
    assert cli.run(asked) == ExitCode.DONE
    assert json.loads(files[0].read_bytes())["instruments"][0]["days"][0]["missing_minutes"] == 374
    assert "  - 374 minutes without a tick (09:16–15:29)" in files[1].read_text().splitlines()
    assert cli.run([*words, "--instrument", "NSE:B"]) == ExitCode.BAD_INPUT
    assert "NSE:B is not in the catalogue" in capsys.readouterr().err
    assert cli.run([*words, "--from", "2022-01-01"]) == ExitCode.BAD_INPUT
    assert "holds nothing of these days" in capsys.readouterr().err
    assert cli.run([*words, "--report", str(tmp_path / "no" / "c.md")]) == ExitCode.BAD_INPUT


def _plainly(path: Path) -> tuple[int, int, int, float]:
    """Late rows, repeats, minutes without a tick and the longest silence, row by row without any library."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()[1:]
    late = repeats = 0
    newest, last, times = "", "", ["09:15:00"]
    for line in lines:
        stamp, price = line.split(",")[:2]
        clock = stamp[11:19]
        if not "09:15:00" <= clock < "15:30:00" or float(price) <= 0:
            continue
        if clock < newest:
            late += 1
        elif line == last:
            repeats += 1
        else:
            times.append(clock)
        if clock >= newest:
            newest, last = clock, line
    minutes = {clock[:5] for clock in times[1:]}
    seconds = [int(c[:2]) * 3600 + int(c[3:5]) * 60 + int(c[6:]) for c in [*times, "15:30:00"]]
    return late, repeats, 375 - len(minutes), float(max(b - a for a, b in itertools.pairwise(seconds)))


@pytest.mark.parametrize("folder", ["15-April-2021", "26-April-2021", "08-June-2021"])
def test_recorded_days_are_counted_as_a_plain_loop_counts(folder: str, shared: Path, tmp_path: Path) -> None:
    files = [
        p for p in find_recordings([shared / "data/nse_ticks_2021" / folder]) if p.name[:4] in ("RELI", "INFY", "Nift")
    ]
    outcomes = import_recordings(files, Catalog(tmp_path))
    found = {each.instrument: each.days[0] for each in inspect(Catalog.open(tmp_path), Ask()).instruments}
    for outcome in outcomes:
        assert outcome.entry is not None
        day = found[outcome.entry.instrument]
        counted = (day.out_of_order, day.duplicates, day.missing_minutes, day.longest_silence_s)
        assert counted == _plainly(outcome.path), outcome.path.name
        if folder.startswith("08"):
            assert day.longest_silence_s > 200 and "12:50" < day.silence_from < "13:03", "the recorder's outage"


def test_recorded_days_agree_with_the_exchange_s_file(shared: Path, tmp_path: Path) -> None:
    """No tick lies outside of the official high and low, none has more volume, whatever else differs."""
    folder = shared / "data/nse_ticks_2021"
    catalog = Catalog(tmp_path)
    files = [p for day in ("15-April-2021", "26-April-2021") for p in find_recordings([folder / day / "stocks"])]
    import_recordings(files, catalog)
    eod = folder / "eod_official_20210415_20210426.csv"
    import_candles([eod], lambda path: read_candles(path, CandleOptions()), catalog)
    found = [p for each in inspect(Catalog.open(tmp_path), Ask()).instruments for p in each.parities]
    assert len(found) == 38
    assert [p for p in found if p.impossible] == []
    worst = max(abs(d.ours / d.theirs - 1) for p in found for d in p.differences if d.field == "volume")
    assert worst < 0.05, "the recorder stopped early on some, never by more"


def test_bhavcopies_stand_for_days_in_the_same_way(tmp_path: Path) -> None:
    catalog = ticks(tmp_path / "cat", "2021-04-26 09:15:01,100,10", "2021-04-26 09:15:30,103,15")
    header = "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,"
    path = tmp_path / "cm26APR2021bhav.csv"
    path.write_text(f"{header}\nA,EQ,100,103,100,101.5,103,99,15,1,26-APR-2021,2,I,\n")
    import_bhavcopies([path], Catalog(catalog))
    assert [p.equal for p in look(catalog).parities] == [True]


def test_nothing_kept_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no catalogue"):
        Catalog.open(tmp_path / "none")

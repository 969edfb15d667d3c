"""Candles of any program: found by what their columns mean, checked row by row, kept exactly."""

import datetime as dt
import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from velox import cli
from velox.errors import BadInput, ExitCode
from velox.research.bars import compute_bars, parse_indicators
from velox.research.candle_import import CandleOutcome, import_candles
from velox.research.catalog import Catalog
from velox.research.days import open_day
from velox.research.ohlcv import CandleOptions, read_candles

Write = Callable[..., Path]
Out = pytest.CaptureFixture[str]

DAY = dt.date(2021, 4, 26)
OPEN_NS = 1_619_408_700_000_000_000  # 2021-04-26 09:15 IST
MINUTE_NS = 60_000_000_000
HEADER = "date,open,high,low,close,volume"


def minute(clock: str, prices: str = "100,101,99.5,100.5", volume: str = "10", day: str = "2021-04-26") -> str:
    return f"{day} {clock},{prices},{volume}"


GOOD = (minute("09:15"), minute("09:16"), minute("09:17"))


def take(path: Path, catalog: Path, instrument: str = "NSE:X", **options: object) -> list[CandleOutcome]:
    asked = CandleOptions(instrument=instrument, **options)  # type: ignore[arg-type]
    return import_candles([path], lambda each: read_candles(each, asked), Catalog(catalog))


def kept(catalog: Path, instrument: str = "NSE:X") -> pl.DataFrame:
    opened = Catalog.open(catalog)
    return pl.concat(opened.read(entry) for entry in opened.of_instrument(instrument))


@pytest.mark.parametrize(
    "lines",
    [
        ["timestamp,open,high,low,close,volume", "2021-04-26T09:15:00+05:30,323.07,325,322.95,324.1,42"],
        ["date,open,high,low,close,volume,oi", "2021-04-26 09:15:00+0530,323.07,325.0,322.95,324.1,42,0"],
        ["<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>", "20210426;915;323.07;325;322.95;324.1;42"],
        ["Date,Time,Open,High,Low,Close,Volume", "26-04-2021,09:15:00,323.07,325,322.95,324.1,42"],
        ["time,o,h,l,c,v", "1619408700,323.07,325,322.95,324.1,42.0"],
        ["Volume\tClose\tLow\tHigh\tOpen\tDatetime", "42\t324.1\t322.95\t325\t323.07\t26-Apr-2021 09:15"],
        [
            '"Date/Time","Open","High","Low","Close","Vol"',
            '"26-04-2021 09:15","323.07","325.00","322.95","324.10","42"',
        ],
    ],
)
def test_columns_are_found_by_meaning_in_any_dialect(lines: list[str], tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines) + "\n")
    columns = {"datetime": "Date/Time"} if "Date/Time" in lines[0] else {}
    take(path, tmp_path / "cat", length_s=60, columns=columns)
    assert kept(tmp_path / "cat").row(0) == (
        OPEN_NS,
        32_307_000_000,
        32_500_000_000,
        32_295_000_000,
        32_410_000_000,
        42,
        0,
    )


def test_parquet_of_floats_and_zoned_moments_gives_the_same_integers(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "ts": pl.Series([OPEN_NS, OPEN_NS + MINUTE_NS]).cast(pl.Datetime("ns")).dt.replace_time_zone("UTC"),
            "open": pl.Series([323.07, 0.1 + 0.2]).round(2),
            "high": pl.Series([325, 325.05], dtype=pl.Float32),
            "low": [0.3, 0.3],
            "close": [324.1, 0.3],
            "volume": [42, 1],
        }
    )
    frame.write_parquet(tmp_path / "x.parquet")
    take(tmp_path / "x.parquet", tmp_path / "cat")
    first, second = kept(tmp_path / "cat").rows()
    assert first == (OPEN_NS, 32_307_000_000, 32_500_000_000, 30_000_000, 32_410_000_000, 42, 0)
    assert second[1:5] == (30_000_000, 32_505_000_000, 30_000_000, 30_000_000)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (minute("09:18", "100,99,98,100"), "high is below open, low or close"),
        (minute("09:18", "100,101,100.5,100.7"), "low is above open, high or close"),
        (minute("09:18", "0,101,0,100"), "a price is 0 or below"),
        (minute("09:18", "-1,101,-1,100"), "a price is 0 or below"),
        (minute("09:18", "100,101,99,1e999"), "close is no price of at most 8 decimals"),
        (minute("09:18", "100.000000001,101,99,100"), "open is no price of at most 8 decimals"),
        (minute("09:18", volume="-1"), "volume is below 0"),
        (minute("09:18", volume="1.5"), "volume is no whole number"),
        (minute("09:18", volume=""), "volume is no whole number"),
        (minute("25:18"), "the time cannot be read"),
        (minute("09:18:30"), "no candle of 1m opens at this time"),
        (minute("09:08"), "outside of the continuous session"),
        (minute("15:30"), "outside of the continuous session"),
        (minute("10:00", day="2021-04-25"), "the market is closed: it is a Sunday"),
        (minute("10:00", day="2021-04-21"), "the market is closed: it is a holiday (Ram Navami)"),
        (GOOD[1], "given twice"),
        (minute("09:16", "100,102,99.5,100.5"), "given twice with different values; the first was taken"),
        ("2021-04-26 09:18,100,101", "the line is no row of the table"),
        (minute("09:18") + ",7", "the line is no row of the table"),
    ],
)
def test_each_fault_is_counted_and_named_by_its_line(row: str, reason: str, write: Write, tmp_path: Path) -> None:
    outcome = take(write("x.csv", *GOOD, row, header=HEADER), tmp_path / "cat")[0]
    assert [(f.what, f.count, f.line, f.rejected) for f in outcome.findings] == [(reason, 1, 5, True)]
    assert (outcome.rows, outcome.rejects) == (3, 1)
    assert kept(tmp_path / "cat")["ts_open"].to_list() == [OPEN_NS, OPEN_NS + MINUTE_NS, OPEN_NS + 2 * MINUTE_NS]
    assert kept(tmp_path / "cat")["high"].to_list() == [10_100_000_000] * 3


def test_odd_rows_stay_and_are_noted(write: Write, tmp_path: Path) -> None:
    rows = (minute("09:16"), minute("09:15"), minute("09:17", "100.01,101,99.5,100"))
    outcome = take(write("x.csv", *rows, header=HEADER), tmp_path / "cat")[0]
    assert [(f.what, f.line, f.rejected) for f in outcome.findings] == [
        ("out of order; put in its place", 3, False),
        ("a price is no multiple of the tick, as adjusted prices are", 4, False),
    ]
    assert kept(tmp_path / "cat")["ts_open"].is_sorted() and outcome.rows == 3


def test_days_that_the_facts_do_not_cover_are_kept_and_said_to_be_unjudged(write: Write, tmp_path: Path) -> None:
    rows = [minute(clock, day="2019-04-26") for clock in ("09:15", "09:16", "08:00")]
    path = write("x.csv", *rows, header=HEADER)
    outcome = take(path, tmp_path / "cat")[0]
    assert [f.what for f in outcome.findings if "not known" in f.what] and outcome.rows == 3
    judged = take(path, tmp_path / "cat", as_of=DAY)[0]
    assert (judged.rows, [f.what for f in judged.findings if f.rejected]) == (2, ["outside of the continuous session"])


def test_length_is_what_the_times_show(write: Write, tmp_path: Path) -> None:
    five = [minute(clock) for clock in ("09:15", "09:20", "09:30", "09:35")]
    assert take(write("five.csv", *five, header=HEADER), tmp_path / "cat")[0].series.length_s == 300
    days = [f"{day},100,101,99,100,5" for day in ("2021-04-23", "2021-04-26")]
    assert take(write("days.csv", *days, header=HEADER), tmp_path / "cat")[0].series.length_s == 86_400
    names = sorted(path.name for path in (tmp_path / "cat" / "NSE" / "X").iterdir())
    assert names == ["2021-04-23.1d.parquet", "2021-04-26.1d.parquet", "2021-04-26.5m.parquet"]
    with pytest.raises(BadInput, match=r"does not show how long its candles are: say it with --timeframe"):
        take(write("one.csv", minute("09:15"), header=HEADER), tmp_path / "cat")
    with pytest.raises(
        BadInput, match=r"odd\.csv has no time that can be read: say how they are written with --time-format"
    ):
        take(write("odd.csv", "hello,1,2,1,2,5", "there,1,2,1,2,5", header=HEADER), tmp_path / "cat")
    with pytest.raises(BadInput, match="30 s apart"):
        take(write("short.csv", minute("09:15:00"), minute("09:15:30"), header=HEADER), tmp_path / "cat")


def test_close_labels_are_asked_about_and_then_moved(write: Write, tmp_path: Path) -> None:
    rows = (minute("09:16"), minute("09:17"), minute("15:30"))
    path = write("x.csv", *rows, header=HEADER)
    with pytest.raises(BadInput, match="look labelled by their close"):
        take(path, tmp_path / "cat")
    take(path, tmp_path / "cat", label="close")
    assert kept(tmp_path / "cat")["ts_open"].to_list() == [OPEN_NS, OPEN_NS + MINUTE_NS, OPEN_NS + 374 * MINUTE_NS]
    seconds = write("s.csv", minute("09:15:59"), minute("09:16:59"), header=HEADER)
    with pytest.raises(BadInput, match="look labelled by their close"):
        take(seconds, tmp_path / "cat")
    take(seconds, tmp_path / "cat", label="close")
    assert kept(tmp_path / "cat")["ts_open"].to_list() == [OPEN_NS, OPEN_NS + MINUTE_NS]


def test_symbols_in_a_column_become_instruments(write: Write, tmp_path: Path) -> None:
    rows = [f"{symbol},{row}" for symbol in ("RELIANCE-EQ", "nse:infy", "M&M", "NIFTY") for row in GOOD]
    outcomes = take(write("x.csv", *rows, f"?,{GOOD[0]}", header=f"symbol,{HEADER}"), tmp_path / "cat", instrument="")
    assert [o.series.instrument for o in outcomes] == ["NSE:INFY", "NSE:M&M", "NSE:NIFTY", "NSE:RELIANCE"]
    assert sum(o.rejects for o in outcomes) == 1
    entries = Catalog.open(tmp_path / "cat").entries()
    assert [(e.instrument, e.is_index, e.candles, e.rows) for e in entries if e.is_index] == [
        ("NSE:NIFTY", True, True, 3)
    ]


@pytest.mark.parametrize(
    ("lines", "options", "said"),
    [
        ([HEADER, "03/04/2026 09:15,1,1,1,1,1"], {"length_s": 60}, "--time-format dmy"),
        (["open,high,low,close", "1,1,1,1"], {}, "no column of time among open, high, low, close"),
        (["date,open,high,low", "2021-04-26,1,1,1"], {}, "no column of close"),
        (["date,open,high,low,close,Close Price", "2021-04-26,1,1,1,1,1"], {}, "several columns of close"),
        (["date,open,high,low,close", "2021-04-26,1,1,1,1"], {"instrument": ""}, "say it with --instrument"),
        (["date,open,high,low,close", "2021-04-26,1,1,1,1"], {"instrument": "BSE:X"}, "the market of BSE:X"),
        (["date,open,high,low,close", "2021-04-26,1,1,1,1"], {"columns": {"close": "C2"}}, "no column 'C2'"),
        (["2021-04-26,1,1,1,1"], {}, "say them with --header"),
        (["date;open;high;low;close", "2021-04-26;1,5;2,5;1,5;2"], {}, "save it with a decimal point"),
        ([""], {}, "is empty"),
        ([HEADER], {}, "has no candle"),
        ([HEADER, "2021-04-26 09:15,0,0,0,0,0"], {"length_s": 60}, "nothing was imported: .*a price is 0 or below"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    lines: list[str], options: dict[str, object], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadInput, match=said):
        take(path, tmp_path / "cat", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "cat").exists()


def test_importing_again_replaces_and_a_second_giver_is_left_out(write: Write, tmp_path: Path, capsys: Out) -> None:
    write("in/a.csv", *GOOD, header=HEADER)
    write("in/b.csv", *(minute(clock, "5,5,5,5") for clock in ("09:15", "09:16")), header=HEADER)
    words = ["data", "import", str(tmp_path / "in"), "--format", "ohlcv", "--instrument", "NSE:X"]
    assert cli.run([*words, "--catalog", str(tmp_path / "cat")]) == ExitCode.DONE
    told = capsys.readouterr().out
    assert "b.csv: left out: NSE:X of 2021-04-26 was already taken from a.csv" in told
    assert "1 files or instruments not taken" in told
    take(tmp_path / "in" / "b.csv", tmp_path / "cat")
    assert kept(tmp_path / "cat")["close"].to_list() == [500_000_000] * 2


def test_one_unusable_file_of_many_is_told_and_the_others_are_taken(write: Write, tmp_path: Path, capsys: Out) -> None:
    write("in/A.csv", *GOOD, header=HEADER)
    write("in/B.csv", "1", header="what")
    words = ["data", "import", str(tmp_path / "in"), "--format", "ohlcv", "--instrument", "NSE:{stem}"]
    assert cli.run([*words, "--catalog", str(tmp_path / "cat")]) == ExitCode.DONE
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "A.csv: NSE:A 1m, 2021-04-26, 3 candles, 0 rows rejected"
    assert told[1].startswith("B.csv has no column of time, open, high, low, close among what")


def test_options_of_another_format_are_refused(write: Write, tmp_path: Path, capsys: Out) -> None:
    path = write("x.csv", *GOOD, header=HEADER)
    words = ["data", "import", str(path), "--format", "bhavcopy", "--label", "close"]
    assert cli.run([*words, "--catalog", str(tmp_path / "cat")]) == ExitCode.BAD_INPUT
    assert "--label says nothing about bhavcopy files; it is for ohlcv" in capsys.readouterr().err


def test_kept_candles_are_no_ticks_and_coarse_ones_give_no_finer(write: Write, tmp_path: Path) -> None:
    """A back-test or played day must never take them for ticks, nor warm-up a day's candle for minutes."""
    write("r/A_27_April.csv", "2021-04-27 09:15:01,1,1")
    cli.run(["data", "import", str(tmp_path / "r"), "--format", "nse-ticks", "--catalog", str(tmp_path / "cat")])
    five = [minute(clock) for clock in ("09:15", "09:20", "09:25")]
    take(write("five.csv", *five, header=HEADER), tmp_path / "cat", "NSE:A")
    take(write("day.csv", "2021-04-23,1,1,1,1,1", "2021-04-26,1,1,1,1,1", header=HEADER), tmp_path / "cat", "NSE:A")
    day = open_day(tmp_path / "cat")
    assert (day.date, [i.name for i in day.instruments]) == (dt.date(2021, 4, 27), ["NSE:A"])
    assert len(day.history("NSE:A", 60)) == 0
    assert day.history("NSE:A", 300)["ts_open"].tolist() == [OPEN_NS + n * 5 * MINUTE_NS for n in range(3)]
    assert day.history("NSE:A", 900)["volume"].tolist() == [30]
    take(write("one.csv", *GOOD, header=HEADER), tmp_path / "cat", "NSE:A")
    assert len(open_day(tmp_path / "cat").history("NSE:A", 60)) == 3


def test_bars_of_imported_candles_are_joined_from_them(write: Write, tmp_path: Path) -> None:
    rows = [minute(f"09:{15 + n}", f"{100 + n},{101 + n},{99 + n},{100.5 + n}") for n in range(10)]
    take(write("x.csv", *rows, header=HEADER), tmp_path / "cat")
    take(
        write("d.csv", "2021-04-26,1,1,1,1,1", "2021-04-23,1,1,1,1,1", header=HEADER), tmp_path / "cat", length_s=86_400
    )
    frame = compute_bars(Catalog.open(tmp_path / "cat"), "NSE:X", 300, parse_indicators("sma:2"))
    assert frame.select("ts_open", "open", "high", "low", "close", "volume", "sma_2").rows() == [
        (OPEN_NS, 100.0, 105.0, 99.0, 104.5, 50, None),
        (OPEN_NS + 5 * MINUTE_NS, 105.0, 110.0, 104.0, 109.5, 50, 107.0),
    ]
    take(write("d.csv", "2021-04-26,1,1,1,1,1", header=HEADER), tmp_path / "days", length_s=86_400)
    with pytest.raises(BadInput, match="NSE:X has candles of 1d alone"):
        compute_bars(Catalog.open(tmp_path / "days"), "NSE:X", 60)


def test_lines_that_an_open_quote_swallows_are_all_counted(write: Write, tmp_path: Path) -> None:
    outcome = take(write("x.csv", *GOOD, f'"{GOOD[0]}', *GOOD, header=HEADER), tmp_path / "cat")[0]
    assert (outcome.rows, outcome.rejects, outcome.findings[0].line) == (3, 4, 5)


def test_damaged_archives_are_refused_by_name(tmp_path: Path) -> None:
    for name, content in [("x.zip", b"PK\x03\x04junk"), ("x.csv.gz", b"\x1f\x8bjunk"), ("x.parquet", b"PAR1junk")]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match=f"{name} (cannot be read|is not a readable Parquet file)"):
            take(tmp_path / name, tmp_path / "cat")


@pytest.mark.parametrize("packed", ["x.csv.gz", "x.zip"])
def test_packed_files_are_read(packed: str, tmp_path: Path) -> None:
    text = "\n".join([HEADER, *GOOD]) + "\n"
    if packed.endswith("gz"):
        (tmp_path / packed).write_bytes(gzip.compress(text.encode()))
    else:
        with zipfile.ZipFile(tmp_path / packed, "w") as archive:
            archive.writestr("inner.csv", text)
    assert take(tmp_path / packed, tmp_path / "cat")[0].rows == 3


def test_the_exchange_s_own_days_come_in_whole(shared: Path, tmp_path: Path) -> None:
    path = shared / "data/nse_ticks_2021/eod_official_20210415_20210426.csv"
    outcomes = take(path, tmp_path / "cat", instrument="")
    assert (len(outcomes), sum(o.rows for o in outcomes), sum(o.rejects for o in outcomes)) == (47, 94, 0)
    frame = kept(tmp_path / "cat", "NSE:RELIANCE")
    assert frame.row(1, named=True) == {
        "ts_open": 1_619_375_400_000_000_000,
        "open": 192_000_000_000,
        "high": 196_200_000_000,
        "low": 191_150_000_000,
        "close": 193_785_000_000,
        "volume": 9_620_785,
        "ticks": 0,
        "last": 193_800_000_000,
    }

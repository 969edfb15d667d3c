"""The exchange's end-of-day files in their three forms give one candle per instrument and day."""

import datetime as dt
import zipfile
from pathlib import Path

import pytest

from velox import cli
from velox.errors import BadInput, ExitCode
from velox.research.bhavcopy import BhavOutcome, import_bhavcopies
from velox.research.catalog import Catalog

Out = pytest.CaptureFixture[str]
DAY = dt.date(2021, 4, 26)
OLD = "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,"
FULL = (
    "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, "
    "TTL_TRD_QNTY, TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER"
)
UDIFF = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,"
    "FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,"
    "ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4"
)
FILES = {
    "cm26APR2021bhav.csv": (
        OLD,
        "RELIANCE,EQ,1920,1962,1911.5,1937.85,1938,1904.35,9620785,18677,26-APR-2021,259137,INE002A01018,",
    ),
    "sec_bhavdata_full_26042021.csv": (
        FULL,
        "RELIANCE, EQ, 26-Apr-2021, 1904.35, 1920.00, 1962.00, 1911.50, 1938.00, 1937.85, 1941.32, 9620785, 186770.04,"
        " 259137, 3500000, 36.38",
    ),
    "BhavCopy_NSE_CM_0_0_0_20210426_F_0000.csv": (
        UDIFF,
        "2021-04-26,2021-04-26,CM,NSE,STK,2885,INE002A01018,RELIANCE,EQ,,,,,RELIANCE INDUSTRIES LTD,1920.00,1962.00,"
        "1911.50,1937.85,1938.00,1904.35,,1937.85,,,9620785,18677000000.00,259137,F1,1,,,,,",
    ),
}


def write(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder / name


def take(path: Path, catalog: Path, *wanted: str) -> BhavOutcome:
    return import_bhavcopies([path], Catalog(catalog), wanted)[0]


@pytest.mark.parametrize("name", FILES)
def test_each_form_gives_the_same_candle(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, *FILES[name])
    with zipfile.ZipFile(tmp_path / "day.zip", "w") as archive:
        archive.write(path, name)
    for given in (path, tmp_path / "day.zip"):
        outcome = take(given, tmp_path / "cat")
        assert (outcome.days, outcome.rows, outcome.rejects) == ([DAY], 1, 0)
        catalog = Catalog.open(tmp_path / "cat")
        (entry,) = catalog.entries()
        assert (entry.instrument, entry.day, entry.candles, entry.length_s) == ("NSE:RELIANCE", DAY, True, 86_400)
        assert (entry.prev_close, entry.wrong_day) == (190_435_000_000, 0)
        assert catalog.read(entry).row(0) == (
            1_619_375_400_000_000_000,
            192_000_000_000,
            196_200_000_000,
            191_150_000_000,
            193_785_000_000,
            9_620_785,
            259_137,
            193_800_000_000,
        )
    assert (tmp_path / "cat/NSE/RELIANCE/2021-04-26.1d.parquet").exists()


def test_one_series_a_share_and_bonds_left_out_by_count(tmp_path: Path) -> None:
    rows = [
        f"{symbol},{series},{price},{price},{price},{price},{price},1,5,5,26-APR-2021,2,I,"
        for symbol, series, price in [
            ("A", "BE", 10),
            ("A", "EQ", 11),
            ("B", "BE", 12),
            ("G", "GB", 13),
            ("C", "N1", 14),
        ]
    ]
    outcome = take(
        write(tmp_path, "x.csv", OLD, *rows, "BAD,EQ,1,0.5,1,1,1,1,1,1,26-APR-2021,1,I,", "junk"), tmp_path / "c"
    )
    assert (outcome.rows, outcome.other_series, outcome.rejects) == (2, 2, 2)
    assert [(f.what, f.line) for f in outcome.findings] == [
        ("high is below open, low or close", 7),
        ("the line is no row of the table", 8),
        ("another series of a share that has a candle already, hence left out", 2),
    ]
    catalog = Catalog.open(tmp_path / "c")
    closes = {e.instrument: catalog.read(e)["close"].item() // 10**8 for e in catalog.entries()}
    assert closes == {"NSE:A": 11, "NSE:B": 12}


def test_contracts_of_a_real_day(shared: Path, tmp_path: Path, capsys: Out) -> None:
    path = shared / "data/reference/2026-03-24_NIFTY.csv.gz"
    words = ["data", "import", str(path), "--format", "bhavcopy", "--catalog", str(tmp_path)]
    assert cli.run([*words, "--instruments", "NFO:NIFTY26APRFUT,NFO:NIFTY26MAY24050CE"]) == ExitCode.DONE
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("2026-03-24, 2 day candles, 0 rows rejected")
    assert told[1].startswith("  noted 860: not traded that day, hence no candle, first in line 7")
    catalog = Catalog.open(tmp_path)
    option = catalog.of_instrument("NFO:NIFTY26MAY24050CE")[0]
    assert catalog.read(option).select("open", "high", "low", "close", "volume", "ticks").row(0) == (
        43_490_000_000,
        46_120_000_000,
        37_900_000_000,
        46_120_000_000,
        30 * 65,  # lots; the file's turnover of 47,751,938 is of 1,950 units at strike and premium
        24,
    )


def test_what_is_no_bhavcopy_or_has_nothing_asked_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"x\.csv is no bhavcopy of the NSE: its columns are a, b"):
        take(write(tmp_path, "x.csv", "a,b", "1,2"), tmp_path / "c")
    name = "cm26APR2021bhav.csv"
    with pytest.raises(BadInput, match="none of the instruments asked for"):
        take(write(tmp_path, name, *FILES[name]), tmp_path / "c", "NSE:INFY")
    assert not (tmp_path / "c").exists()


def test_a_second_file_of_the_day_is_left_out(tmp_path: Path) -> None:
    paths = [write(tmp_path, name, *FILES[name]) for name in FILES]
    outcomes = import_bhavcopies(paths, Catalog(tmp_path / "c"))
    assert [(o.rows, o.left_out) for o in outcomes] == [(1, 0), (0, 1), (0, 1)]

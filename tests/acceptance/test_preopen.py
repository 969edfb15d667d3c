"""Candles without the pre-open: on given days their volumes are those that polars works out, over the socket too."""

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.acceptance.product import velox
from tests.acceptance.truth import instrument_name, judged, read_rows, true_candles
from tests.conftest import shared_path

from velox import journal
from velox.backtest.choose import Ask
from velox.backtest.reported import backtest
from velox.backtest.run import run
from velox.events import HistoryBar, Kind, Watch
from velox.journal.payloads import CandleClosed
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings

pytestmark = pytest.mark.timeout(120)

_RECORDED, _SAMPLE = dt.date(2021, 4, 15), dt.date(2026, 7, 15)
_IST_NS = 19_800 * 10**9

_WATCHES = """
from velox import Bars, Strategy, Symbols, on

class Watches(Strategy):

    symbol = Symbols(["NSE:RELIANCE", "NSE:INFY"])
    whole = Bars(symbol, "1m")
    own = Bars(symbol, "1m", preopen="exclude")
    five = Bars(symbol, "5m", preopen="exclude")

    @on(own)
    def look(self, bar):
        pass
"""

_TRADES = """
from velox import SMA, VWAP, Bars, Param, Strategy, at, crossed, intraday, on

class Trades(Strategy):

    symbol = Param("NSE:RELIANCE")
    whole = Bars(symbol, "1m")
    own = Bars(symbol, "1m", preopen="exclude")
    mean, theirs = VWAP(own), VWAP(whole)
    usual = SMA(own.volume, 5)
    session = intraday("09:20")

    @at("11:00")
    def choose(self):
        self.late = self.watch(VWAP(Bars(self.symbol, "5m", preopen="exclude")))

    @on(own)
    def decide(self, bar):
        self.log(f"{bar.volume} {float(self.mean)} {float(self.theirs)} {float(self.late)}")
        if bar.close > self.mean and bar.volume > self.usual:
            self.go_long(stop=bar.low * 0.997, qty=10)
        elif bar.close < self.mean and bar.volume > self.usual:
            self.go_short(stop=bar.high * 1.003, qty=10)
"""


def _candles(folder: Path) -> dict[tuple[str, int, bool], list[CandleClosed]]:
    names = journal.Names.of(folder)
    found: dict[tuple[str, int, bool], list[CandleClosed]] = {}
    for record in journal.records(folder, [Kind.CANDLE_CLOSED]):
        candle = record.payload
        assert isinstance(candle, CandleClosed)
        key = (names.instrument(candle.instrument), candle.seconds, candle.without_preopen)
        found.setdefault(key, []).append(msgspec.structs.replace(candle, instrument=0))  # numbered as they came
    return found


def _left(rows: pl.DataFrame) -> tuple[int, bool]:
    """The volume that the pre-open left, by judged rows, and whether a print told it."""
    applied = rows.with_row_index().filter(pl.col("verdict") == "applied")
    first = applied.row(0, named=True)
    is_print = (pl.col("verdict") == "not_continuous") & (pl.col("ts").dt.time() < dt.time(9, 15))
    told = rows[: first["index"]].filter(is_print)["volume"].max()
    return (int(first["volume"]), False) if told is None else (int(str(told)), True)


def _watched(folder: Path, catalog: Path, names: list[str], day: dt.date) -> Path:
    file, back = folder / "watches.py", folder / "back"
    file.write_text(_WATCHES)
    plan = StrategyPlan(str(file), {"symbol": ",".join(names)})
    run(Ask(plans=[plan], catalog=catalog, first=day, last=day, journal=back), Settings())
    return back


def _assert_true(back: Path, name: str, rows: pl.DataFrame, day: dt.date) -> bool:
    """Compare all candles of an instrument; gives whether a print told what the pre-open left."""
    told = _candles(back)
    left, by_print = _left(rows)
    for seconds in (60, 300):
        true = true_candles(rows, day, seconds)
        own = told[name, seconds, True]
        expected = true["volume"].to_numpy() - np.array([left, *[0] * (true.height - 1)])
        assert [candle.volume for candle in own] == expected.tolist(), name
        for column in ("ts_open", "open", "high", "low", "close", "ticks"):
            assert [getattr(candle, column) for candle in own] == true[column].to_list(), (name, column)
        assert own[0].gap or by_print, name
    whole, own = told[name, 60, False], told[name, 60, True]
    assert [c.volume for c in whole] == true_candles(rows, day, 60)["volume"].to_list(), name
    assert [c.gap for c in whole[1:]] == [c.gap for c in own[1:]]
    assert own[0].gap == (whole[0].gap or not by_print)
    return by_print


def test_6_volumes_of_a_recorded_day_are_those_that_polars_works_out(tmp_path: Path) -> None:
    """Of one share the recorder was there before the open; of the others it came after it."""
    files = sorted((shared_path("data", "nse_ticks_2021", "15-April-2021") / "stocks").glob("*.csv.gz"))
    catalog = tmp_path / "catalog"
    imported = velox("data", "import", "--format", "nse-ticks", files[0].parent, "--catalog", catalog)
    assert imported.returncode == 0, imported.stderr
    names = {instrument_name(file): file for file in files}
    back = _watched(tmp_path, catalog, sorted(names), _RECORDED)
    told = {
        name for name, file in names.items() if _assert_true(back, name, judged(read_rows(file), _RECORDED), _RECORDED)
    }
    assert told == {"NSE:SBILIFE"}


def test_6_volumes_of_the_generated_day_are_those_that_polars_works_out(tmp_path: Path) -> None:
    entries = [e for e in Catalog(SAMPLE_DIR).entries() if e.day == _SAMPLE and not e.candles and not e.is_index]
    back = _watched(tmp_path, SAMPLE_DIR, [e.instrument for e in entries], _SAMPLE)
    for entry in entries:
        rows = Catalog(SAMPLE_DIR).read(entry)
        local = (pl.col("ts_ns") + _IST_NS).cast(pl.Datetime("ns")).dt.cast_time_unit("us")
        assert _assert_true(
            back, entry.instrument, judged(rows.select(local.alias("ts"), "price", "volume"), _SAMPLE), _SAMPLE
        )


def _trades(folder: Path, symbol: str = "NSE:RELIANCE") -> StrategyPlan:
    file = folder / "trades.py"
    file.write_text(_TRADES)
    return StrategyPlan(str(file), {"symbol": symbol})


def test_6_the_report_draws_both_each_with_its_own_lines(tmp_path: Path) -> None:
    report = backtest(Ask(plans=[_trades(tmp_path)], catalog=SAMPLE_DIR))
    told = {(s.seconds, s.without_preopen): s for s in report.kept.series if s.instrument == "NSE:RELIANCE"}
    assert [line.name for line in told[60, False].lines] == ["theirs · VWAP()"]
    assert [line.name for line in told[60, True].lines] == ["mean · VWAP()", "usual · SMA(5)"]
    whole, own = (told[60, without].days[0].candles for without in (False, True))
    assert len(whole) == len(own) > 300
    assert [n for n, (one, other) in enumerate(zip(whole, own, strict=True)) if one.volume != other.volume] == [0]
    assert '"without_preopen":true' in report.html()


def test_6_a_journal_shows_them_apart(tmp_path: Path) -> None:
    run(Ask(plans=[_trades(tmp_path)], catalog=SAMPLE_DIR, journal=tmp_path / "j"), Settings())
    told = velox("replay", tmp_path / "j", "--show", "candles", "--json")
    assert told.returncode == 0, told.stderr
    first = [json.loads(line) for line in told.stdout.splitlines()[:2]]
    assert [(row["seconds"], row["without_preopen"]) for row in first] == [(60, False), (60, True)]
    assert first[0]["volume"] > first[1]["volume"]


def test_5_candles_of_earlier_days_are_its_own_alone(tmp_path: Path) -> None:
    """What a catalogue or a broker keeps of earlier days has the pre-open in it; what the engine has built has not."""
    sample, catalog = Catalog(SAMPLE_DIR), Catalog(tmp_path / "catalog")
    for entry in sample.of_instrument("NSE:RELIANCE"):
        rows = sample.read(entry)
        catalog.store(entry, rows)
        if not entry.candles:
            later = rows.with_columns(pl.col("ts_ns") + 86_400_000_000_000)
            catalog.store(msgspec.structs.replace(entry, day=entry.day + dt.timedelta(days=1)), later)
    run(Ask(plans=[_trades(tmp_path)], catalog=catalog.root, journal=tmp_path / "j"), Settings())
    watched = [record.payload for record in journal.records(tmp_path / "j", [Kind.WATCH])]
    without = {each.series for each in watched if isinstance(each, Watch) and each.without_preopen}
    fed = {
        bar.series
        for bar in (r.payload for r in journal.records(tmp_path / "j", [Kind.HISTORY_BAR]))
        if isinstance(bar, HistoryBar)
    }
    assert without and fed and not without & fed
    own = _candles(tmp_path / "j")["NSE:RELIANCE", 60, True]
    ready = [candle.values[1] == candle.values[1] for candle in own]
    day = next(n for n, candle in enumerate(own) if candle.ts_open > own[0].ts_open + 40_000_000_000_000)
    assert ready.index(True) == 4 and all(ready[4:]) and day > 300
    assert own[day].values[1] == sum(candle.volume for candle in own[day - 4 : day + 1]) / 5


def _lines(folder: Path) -> Iterator[str]:
    for record in journal.records(folder, [Kind.USER_VALUE]):
        yield str(record.payload)


def _assert_same(folder: Path, day: Path, catalog: Path, symbol: str) -> None:
    file, told = _trades(folder).target, folder / "told.json"
    ways = {"paper": ("--day", day, "--speed", "max"), "backtest": ("--catalog", catalog)}
    figures = []
    for way, words in ways.items():
        ended = velox(way, file, "-p", f"symbol={symbol}", *words, "--journal", folder / way, "--json", told)
        assert ended.returncode == 0, ended.stderr + ended.stdout
        (mine,) = json.loads(told.read_bytes())["strategies"]
        figures.append({key: mine[key] for key in ("orders", "fills", "round_trips", "gross_pnl", "charges")})
    assert figures[0] == figures[1] and figures[0]["fills"] > 2
    for read in (journal.orders, journal.fills, journal.positions):
        assert_frame_equal(*(read(folder / way).drop("run", "seq") for way in ways))
    lines = [list(_lines(folder / way)) for way in ways]
    assert lines[0] == lines[1] and len(lines[0]) > 300
    assert sum("nan" not in line for line in lines[0]) > 200
    one, other = ({key: list(map(repr, found)) for key, found in _candles(folder / way).items()} for way in ways)
    assert {key: found for key, found in one.items() if key in other} == other
    candles = _candles(folder / "backtest")
    assert candles[symbol, 60, True][0].volume < candles[symbol, 60, False][0].volume


def test_27_what_trades_on_them_over_the_socket_trades_its_back_test(tmp_path: Path) -> None:
    _assert_same(tmp_path, SAMPLE_DIR, SAMPLE_DIR, "NSE:RELIANCE")


@pytest.mark.parametrize("share", ["SBILIFE", "RELIANCE"])
def test_27_on_a_recorded_day_too(share: str, tmp_path: Path) -> None:
    day, catalog = tmp_path / "day", tmp_path / "catalog"
    day.mkdir()
    recorded = shared_path("data", "nse_ticks_2021", "15-April-2021") / "stocks" / f"{share}_15_April.csv.gz"
    shutil.copy(recorded, day)
    assert velox("data", "import", "--format", "nse-ticks", day, "--catalog", catalog).returncode == 0
    _assert_same(tmp_path, day, catalog, f"NSE:{share}")

"""Bars have the promised columns, equal an independent computation and TA-Lib, and run on over days."""

import datetime as dt
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
import talib

import velox_core
from velox.errors import BadInput
from velox.research.bars import borrowed_facts, compute_bars, parse_indicators, parse_timeframe, write_bars
from velox.research.candles import HistoryRules
from velox.research.catalog import CANDLE_SCHEMA, Catalog, Entry
from velox.research.importer import import_recordings
from velox.research.nse_ticks import TICK_SCHEMA, find_recordings

ASKED = "ema:20,sma:20,rsi:14,macd:12:26:9,atr:14"
ALSO = "bbands:20:2,stoch:14:3:3,adx:14,cci:20,willr:14,obv,tema:9"
COLUMNS = ["ema_20", "sma_20", "rsi_14", "macd_12_26_9", "macd_signal_12_26_9", "macd_hist_12_26_9", "atr_14"]
DAY_NS = 86_400 * 10**9
OPEN_NS = 1_619_408_700_000_000_000  # 2021-04-26 09:15 IST

with_core = pytest.mark.skipif(not hasattr(velox_core, "compute_bars"), reason="this core has no compute_bars")


def _oracle() -> ModuleType:
    spec = importlib.util.spec_from_file_location("oracle", Path(__file__).with_name("oracle.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


expected_candles = _oracle().expected_candles


@pytest.fixture
def oracle_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the independent candles in the core's place, to test what is built around it."""

    def fake(facts: bytes, group: int, ts_ns: Any, price: Any, volume: Any, timeframe_s: int) -> dict[str, Any]:
        ticks = pl.DataFrame({"ts_ns": ts_ns, "price": price, "volume": volume})
        day = dt.date.fromordinal(dt.date(1970, 1, 1).toordinal() + int(np.median(ts_ns)) // DAY_NS)
        candles: pl.DataFrame = expected_candles(ticks, day, timeframe_s)
        return {name: candles[name].to_numpy() for name in CANDLE_SCHEMA}

    monkeypatch.setattr(velox_core, "compute_bars", fake, raising=False)


def _store(catalog: Catalog, day: dt.date, rupees: np.ndarray) -> None:
    """Keep one tick a minute."""
    start = OPEN_NS + (day - dt.date(2021, 4, 26)).days * DAY_NS
    ticks = pl.DataFrame(
        {
            "ts_ns": start + np.arange(len(rupees)) * 60 * 10**9,
            "price": np.rint(rupees * 1e8).astype(np.int64),
            "volume": np.arange(1, len(rupees) + 1) * 10,
            "row": np.arange(len(rupees)),
        },
        schema=TICK_SCHEMA,
    )
    catalog.store(Entry(instrument="NSE:A", day=day), ticks)


def _walk(count: int, seed: int) -> np.ndarray:
    return np.rint(10_000 + np.cumsum(np.random.default_rng(seed).normal(0, 20, count))) / 100


def _same(got: pl.Series, want: np.ndarray) -> None:
    """Equal TA-Lib's values, null exactly where it has none."""
    assert got.is_null().to_list() == np.isnan(want).tolist()
    scale = np.maximum(1.0, np.abs(want[~np.isnan(want)]))
    assert np.all(np.abs(got.drop_nulls().to_numpy() - want[~np.isnan(want)]) <= 1e-9 * scale)


def test_columns_are_as_promised_and_null_while_warming_up(oracle_core: None, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    prices = _walk(100, 1)
    _store(catalog, dt.date(2021, 4, 26), prices)
    frame = compute_bars(catalog, "NSE:A", 60, parse_indicators(ASKED))
    assert frame.columns == [*CANDLE_SCHEMA, *COLUMNS]
    assert frame.schema["ts_open"] == frame.schema["volume"] == frame.schema["ticks"] == pl.Int64
    assert frame["close"].to_list() == prices.tolist()
    _same(frame["ema_20"], talib.EMA(prices, 20))
    _same(frame["macd_signal_12_26_9"], talib.MACD(prices, 12, 26, 9)[1])


def test_indicators_run_on_over_days_and_vwap_begins_anew(oracle_core: None, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    first, second = _walk(30, 2), _walk(30, 3)
    _store(catalog, dt.date(2021, 4, 27), second)
    _store(catalog, dt.date(2021, 4, 26), first)
    frame = compute_bars(catalog, "NSE:A", 60, parse_indicators("rsi:14,vwap"))
    both = np.concatenate([first, second])
    assert frame["close"].to_list() == both.tolist()
    _same(frame["rsi_14"], talib.RSI(both, 14))
    assert frame["vwap"][30] == pytest.approx(second[0])
    one = compute_bars(catalog, "NSE:A", 60, parse_indicators("rsi:14,vwap"), day=dt.date(2021, 4, 27))
    _same(one["rsi_14"], talib.RSI(second, 14))
    assert one["vwap"].to_list() == frame["vwap"][30:].to_list()


def test_days_and_instruments_that_are_not_there_are_refused(oracle_core: None, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    _store(catalog, dt.date(2021, 4, 26), _walk(3, 1))
    with pytest.raises(BadInput, match=r"NSE:A has no ticks of 2021-04-27 in .*; it has 2021-04-26"):
        compute_bars(catalog, "NSE:A", 60, day=dt.date(2021, 4, 27))
    with pytest.raises(BadInput, match="NSE:B is not in the catalogue"):
        compute_bars(catalog, "NSE:B", 60)


def test_periods_that_the_core_refuses_are_refused_in_words(oracle_core: None, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    _store(catalog, dt.date(2021, 4, 26), _walk(3, 1))
    with pytest.raises(BadInput, match=r"'macd:26:12:9' cannot be computed: macd's fast period 26"):
        compute_bars(catalog, "NSE:A", 60, parse_indicators("macd:26:12:9"))


@pytest.mark.parametrize("text", ["", "1", "m", "0m", "-1m", "1.5m", "1q", "25h", "1M", "999999999s"])
def test_bad_timeframe_is_named(text: str) -> None:
    with pytest.raises(BadInput, match=f"{text!r} is not a timeframe"):
        parse_timeframe(text)


def test_timeframes_are_seconds() -> None:
    assert [parse_timeframe(text) for text in ("30s", "1m", "15m", "1h")] == [30, 60, 900, 3_600]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("emu:3", "'emu' is not an indicator; known are adx, atr, bbands, cci, "),
        ("ema", "'ema' has 0 parameters, ema takes 1: write ema:PERIOD"),
        ("macd:12:26", "write macd:FAST:SLOW:SIGNAL"),
        ("sma:20,ema:x", "period of 'ema:x' must be a whole number from 1 to 100000, not 'x'"),
        ("ema:0", "not '0'"),
        ("ema:-3", "not '-3'"),
        ("ema:2.5", "not '2.5'"),
        ("vwap:3", "'vwap:3' has 1 parameter, vwap takes none"),
        ("bbands:20", "write bbands:PERIOD:DEVIATIONS"),
        ("bbands:20.5:2", "period of 'bbands:20.5:2' must be a whole number"),
        ("bbands:20:0", "deviations of 'bbands:20:0' must be a number above 0 and up to 100"),
        ("supertrend:10:100.5", "not '100.5'"),
        ("supertrend:10:1e1", "not '1e1'"),
        ("supertrend:10:-3", "not '-3'"),
    ],
)
def test_bad_indicator_is_named(text: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_indicators(text)
    assert message in str(refused.value)


@pytest.mark.parametrize("text", ["ema:20, ema:9,ema:20", "bbands:20:2,bbands:20:2.0"])
def test_same_indicator_twice_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"the indicator (ema:20|bbands:20:2) was named twice; name it once"):
        parse_indicators(text)


def test_names_of_columns_tell_output_and_parameters() -> None:
    asked = "bbands:20:2.0,stoch:14:3:3,adx:14,supertrend:10:2.5,vwap_bands:2,obv"
    specs = parse_indicators(asked)
    assert [name for spec in specs for name in spec.columns] == [
        *("bbands_upper_20_2", "bbands_middle_20_2", "bbands_lower_20_2"),
        *("stoch_k_14_3_3", "stoch_d_14_3_3"),
        *("adx_14", "plus_di_14", "minus_di_14"),
        *("supertrend_10_2.5", "supertrend_up_10_2.5"),
        *("vwap_upper_2", "vwap_middle_2", "vwap_lower_2"),
        "obv",
    ]
    assert specs[0].text == "bbands:20:2"


@with_core
def test_every_kind_gives_its_columns(oracle_core: None, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    _store(catalog, dt.date(2021, 4, 26), _walk(80, 4))
    _store(catalog, dt.date(2021, 4, 27), _walk(80, 5))
    asked = (
        "bbands:20:2,stoch:14:3:3,adx:14,cci:20,willr:14,obv,tema:9,donchian:20,keltner:20:10:2,"
        "supertrend:10:3,hma:16,vwap_bands:2,vwap"
    )
    frame = compute_bars(catalog, "NSE:A", 60, parse_indicators(asked))
    high, low, close = (frame[name].to_numpy() for name in ("high", "low", "close"))
    _same(frame["plus_di_14"][28:], talib.PLUS_DI(high, low, close, 14)[28:])
    _same(frame["stoch_k_14_3_3"], talib.STOCH(high, low, close, 14, slowk_period=3, slowd_period=3)[0])
    assert frame["donchian_high_20"][-1] == frame["high"][-20:].max()
    assert frame["supertrend_up_10_3"].drop_nulls().is_in([0.0, 1.0]).all()
    # A session begins with its first price, and the bands with no width.
    assert frame["vwap_upper_2"][80] == frame["vwap_lower_2"][80] == pytest.approx(frame["vwap"][80])
    assert frame["vwap_middle_2"][-1] == pytest.approx(frame["vwap"][-1], rel=1e-12)
    assert frame.tail(1).null_count().sum_horizontal().item() == 0


@with_core
def test_opening_range_is_of_its_session_and_of_whole_candles(oracle_core: None, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    _store(catalog, dt.date(2021, 4, 26), _walk(30, 6))
    _store(catalog, dt.date(2021, 4, 27), _walk(30, 7))
    frame = compute_bars(catalog, "NSE:A", 300, parse_indicators("opening_range:15"))
    columns = frame["opening_high_15"], frame["opening_low_15"]
    for column, wanted in zip(columns, ("high", "low"), strict=True):
        for first in (0, 6):
            box = frame[wanted][first : first + 3]
            edge = box.max() if wanted == "high" else box.min()
            assert column[first : first + 6].to_list() == [None, None, edge, edge, edge, edge]
    with pytest.raises(BadInput, match=r"'opening_range:7' is no whole number of candles of 300 s"):
        compute_bars(catalog, "NSE:A", 300, parse_indicators("opening_range:7"))


def test_bars_are_written_where_they_can_be(tmp_path: Path) -> None:
    frame = pl.DataFrame({"ts_open": [1]})
    write_bars(frame, tmp_path / "bars.parquet")
    assert pl.read_parquet(tmp_path / "bars.parquet").equals(frame)
    with pytest.raises(BadInput, match=r"no/bars\.parquet cannot be written: the folder"):
        write_bars(frame, tmp_path / "no" / "bars.parquet")
    with pytest.raises(BadInput, match="is a folder"):
        write_bars(frame, tmp_path)


@with_core
@pytest.mark.slow
@pytest.mark.parametrize("minutes", [1, 5, 15])
def test_core_equals_the_independent_computation(shared: Path, tmp_path: Path, minutes: int) -> None:
    catalog = Catalog(tmp_path)
    import_recordings(find_recordings([shared / "data/nse_ticks_2021/26-April-2021"]), catalog)
    for entry in catalog.entries():
        frame = compute_bars(catalog, entry.instrument, minutes * 60, parse_indicators(ASKED))
        want = expected_candles(catalog.read(entry), entry.day, minutes * 60)
        assert frame.select(list(CANDLE_SCHEMA)).equals(want), entry.instrument
        high, low, close = (frame[name].to_numpy() for name in ("high", "low", "close"))
        wanted = [talib.EMA(close, 20), talib.SMA(close, 20), talib.RSI(close, 14), *talib.MACD(close, 12, 26, 9)]
        for name, values in zip(COLUMNS, [*wanted, talib.ATR(high, low, close, 14)], strict=True):
            _same(frame[name], values)
        also = compute_bars(catalog, entry.instrument, minutes * 60, parse_indicators(ALSO))
        volume = frame["volume"].cast(pl.Float64).to_numpy()
        adx, plus, minus = (of(high, low, close, 14) for of in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI))
        wanted = [*talib.BBANDS(close, 20), *talib.STOCH(high, low, close, 14, slowk_period=3, slowd_period=3)]
        wanted += [adx, *(np.where(np.isnan(adx), np.nan, side) for side in (plus, minus))]
        wanted += [talib.CCI(high, low, close, 20), talib.WILLR(high, low, close, 14)]
        wanted += [talib.OBV(close, volume), talib.TEMA(close, 9)]
        for name, values in zip(also.columns[len(CANDLE_SCHEMA) :], wanted, strict=True):
            _same(also[name], values)


Write = Callable[..., Path]


@with_core
def test_core_takes_suspect_rows_from_no_candle(write: Write, tmp_path: Path) -> None:
    path = write(
        "A_26_April.csv",
        "2021-04-26 09:08:00,90.0,5",
        "2021-04-26 09:15:01,100.0,10",
        "2021-04-26 09:15:01,100.0,10",
        "2021-04-25 09:15:02,500.0,900",
        "2021-04-26 09:15:05,-1.0,11",
        "2021-04-26 09:15:04,101.0,30",
        "2021-04-26 09:15:02,1.0,20",
        "2021-04-26 15:30:00,1.0,99",
    )
    import_recordings([path], Catalog(tmp_path / "cat"))
    frame = compute_bars(Catalog(tmp_path / "cat"), "NSE:A", 60)
    assert frame.rows() == [(OPEN_NS, 100.0, 101.0, 100.0, 101.0, 30, 2)]


@with_core
def test_days_computed_by_the_facts_of_another_date_are_named(write: Write, tmp_path: Path) -> None:
    path = write("A_26_April.csv", "2019-04-26 09:15:01,100.0,10")
    catalog = Catalog(tmp_path / "cat")
    import_recordings([path], catalog)
    as_of = dt.date(2021, 4, 26)
    assert compute_bars(catalog, "NSE:A", 60, rules=HistoryRules(as_of)).height == 1
    (note,) = borrowed_facts(catalog, "NSE:A", 60, day=None, rules=HistoryRules(as_of))
    assert "2019-04-26" in note and "2021-04-26" in note

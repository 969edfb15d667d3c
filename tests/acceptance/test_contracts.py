"""Futures and options over the socket: what trades them on paper trades as its back-test of the same day."""

import datetime as dt
import json
from pathlib import Path

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.acceptance.product import velox
from tests.market.test_lots import write_file

from velox import journal
from velox.research.catalog import Catalog, Entry
from velox.research.days import SAMPLE_DIR

pytestmark = pytest.mark.timeout(120)

_DAY = dt.date(2026, 7, 15)
STOCK = "NFO:SBIN26JULFUT"
FUTURE, NEXT, CALL = "NFO:NIFTY26JULFUT", "NFO:NIFTY26AUGFUT", "NFO:NIFTY26JUL24500CE"
_STEP = 5_000_000  # five paise at 1e-8 rupees
# What each contract is made of: a share of the generated day, and how often its price.
_MADE = {FUTURE: ("NSE:INFY", 16.0), NEXT: ("NSE:HDFCBANK", 26.0), CALL: ("NSE:ICICIBANK", 0.1)}

_HEAD = """
from velox import EMA, Bars, Index, Param, Strategy, at, crossed, intraday

class NAME(Strategy):
    symbol = SYMBOL
    bars = Bars(symbol, "1m")
    quick = EMA(bars.close, 5)
    steady = EMA(bars.close, 21)
    session = intraday("09:20")
"""
_BOTH_WAYS = """
    def on_bar(self, bar):
        if crossed.above(self.quick, self.steady):
            self.go_long(stop=bar.low * 0.999, lots=1)
        elif crossed.below(self.quick, self.steady):
            self.go_short(stop=bar.high * 1.001, lots=1)
"""
_LONG_ONLY = """
    def on_bar(self, bar):
        if crossed.above(self.quick, self.steady):
            self.go_long(stop=bar.low * 0.99, lots=2)
        elif crossed.below(self.quick, self.steady):
            self.go_flat()
"""
# The strike is chosen at 09:20, by where the future stands.
_CHOSEN = """
    @at("09:20")
    def choose(self):
        strike = round(self.bars.close / 500) * 500
        call = Bars(f"NFO:NIFTY26JUL{strike}CE", "1m")
        self.premium = self.watch(EMA(call.close, 9))
        self.slow = self.watch(EMA(call.close, 30))

    def on_bar(self, bar):
        if crossed.above(self.premium, self.slow):
            self.go_long(stop=bar.low * 0.999, lots=1)
        elif crossed.below(self.premium, self.slow):
            self.go_flat()
"""


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated day with contracts made of its shares."""
    sample, catalog = Catalog(SAMPLE_DIR), Catalog(tmp_path_factory.mktemp("contracts") / "c")
    for name, (of, times) in _MADE.items():
        for entry in (each for each in sample.entries() if each.instrument == of):
            catalog.store(_renamed(entry, name), _priced(sample.read(entry), times))
    for entry in (each for each in sample.entries() if each.instrument == "NSE:RELIANCE"):
        catalog.store(entry, sample.read(entry))
    return catalog.root


def _renamed(entry: Entry, name: str) -> Entry:
    return msgspec.structs.replace(entry, instrument=name, source=name, tick=0, prev_close=0)


def _priced(frame: pl.DataFrame, times: float) -> pl.DataFrame:
    prices = [
        column
        for column in frame.columns
        if column in ("price", "open", "high", "low", "close") or (column[:3] in ("bid", "ask") and "q" not in column)
    ]
    return frame.with_columns(
        ((pl.col(column) * times / _STEP).round().cast(pl.Int64) * _STEP).alias(column) for column in prices
    )


def _told(folder: Path, *words: object) -> list[dict[str, object]]:
    told = folder / "told.json"
    ended = velox(*words, "--json", told, cwd=folder)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    found: list[dict[str, object]] = json.loads(told.read_bytes())["strategies"]
    keys = ("name", "instrument", "orders", "fills", "round_trips", "gross_pnl", "charges", "net_pnl")
    return [{key: each[key] for key in keys} for each in found]


def _assert_same(catalog: Path, folder: Path, *back: str) -> list[dict[str, object]]:
    files = sorted(folder.glob("*.py"))
    paper, back_test = folder / "paper", folder / "back"
    over_socket = _told(folder, "paper", *files, "--day", catalog, "--speed", "max", "--journal", paper)
    assert over_socket == _told(folder, "backtest", *files, "--catalog", catalog, "--journal", back_test, *back)
    for read in (journal.orders, journal.fills, journal.positions):
        assert_frame_equal(*(read(way).drop("run", "seq") for way in (paper, back_test)))
    return over_socket


def _write(folder: Path, name: str, symbol: str, body: str) -> None:
    text = _HEAD.replace("NAME", name).replace("SYMBOL", symbol)
    (folder / f"{name.lower()}.py").write_text(text + body)


def test_futures_and_an_option_over_the_socket_trade_as_their_back_test(contracts: Path, tmp_path: Path) -> None:
    _write(tmp_path, "Near", 'Index("NIFTY").future("near")', _BOTH_WAYS)
    _write(tmp_path, "Further", f'Param("{NEXT}")', _BOTH_WAYS)
    _write(tmp_path, "Premium", f'Param("{CALL}")', _LONG_ONLY)
    told = {each["name"]: each for each in _assert_same(contracts, tmp_path)}
    assert {name: each["instrument"] for name, each in told.items()} == {
        "Near": FUTURE,
        "Further": NEXT,
        "Premium": CALL,
    }
    assert all(int(str(each["fills"])) > 5 for each in told.values())
    fills = journal.fills(tmp_path / "paper")
    assert set((fills["quantity"] % 65).to_list()) == {0}
    assert set((fills["price"] % 1_000_000).to_list()) == {0}


def test_a_strike_chosen_at_0920_is_watched_over_the_socket_as_in_its_back_test(
    contracts: Path, tmp_path: Path
) -> None:
    _write(tmp_path, "Chosen", 'Index("NIFTY").future("near")', _CHOSEN)
    (told,) = _assert_same(contracts, tmp_path, "--watch", CALL)
    assert int(str(told["fills"])) > 5


def test_a_stocks_future_has_the_lot_of_the_instrument_file_of_its_day(contracts: Path, tmp_path: Path) -> None:
    given, catalog = Catalog(contracts), Catalog(tmp_path / "c")
    for entry in (each for each in given.entries() if each.instrument == NEXT):
        catalog.store(_renamed(entry, STOCK), given.read(entry))
    file, files = tmp_path / "stock.py", tmp_path / "files"
    _write(tmp_path, "Stock", f'Param("{STOCK}")', _BOTH_WAYS.replace("lots=1", "lots=1 + 0 * self.plus"))
    file.write_text(file.read_text().replace("    bars =", "    plus = Param(1, range(1, 9))\n    bars ="))
    refused = velox("backtest", file, "--catalog", catalog.root, cwd=tmp_path)
    assert refused.returncode == 2 and "set [market] instrument_files" in refused.stderr
    write_file(files / "2026-07-10.json", {"SBIN": 25})
    (tmp_path / "velox.toml").write_text(f'[market]\ninstrument_files = "{files}"\n')
    (told,) = _assert_same(catalog.root, tmp_path)
    fills = journal.fills(tmp_path / "paper")
    assert fills.height > 5 and set(fills["quantity"]) <= {25, 50}
    swept = tmp_path / "swept.json"
    words = ("-p", "plus=1:2", "--catalog", catalog.root, "--json", swept, "--jobs", "1")
    assert velox("sweep", file, *words, cwd=tmp_path).returncode == 0
    assert [best["net_pnl"] for best in json.loads(swept.read_bytes())["best"]] == [told["net_pnl"]] * 2


def test_the_next_contract_follows_on_the_same_journal(contracts: Path, tmp_path: Path) -> None:
    """On the day after its expiry a contract is no longer listed; the journal still knows it."""
    given, catalog = Catalog(contracts), Catalog(tmp_path / "c")
    expiry, after = dt.date(2026, 7, 28), dt.date(2026, 7, 29)
    for entry in (each for each in given.entries() if each.day == _DAY and each.instrument in (FUTURE, NEXT)):
        for day in (expiry, after) if entry.instrument == NEXT else (expiry,):
            ticks = given.read(entry).with_columns(pl.col("ts_ns") + (day - _DAY).days * 86_400_000_000_000)
            catalog.store(msgspec.structs.replace(entry, day=day), ticks)
    _write(tmp_path, "Near", 'Index("NIFTY").future("near")', _BOTH_WAYS)
    file, paper, back = tmp_path / "near.py", tmp_path / "paper", tmp_path / "back"
    for day in (expiry, after):
        words = ("--day", f"{catalog.root}@{day}", "--speed", "max", "--journal", paper)
        (told,) = _told(tmp_path, "paper", file, *words)
    assert told["instrument"] == NEXT
    _told(tmp_path, "backtest", file, "--catalog", catalog.root, "--journal", back)
    for read in (journal.orders, journal.fills, journal.positions):
        assert_frame_equal(*(read(way).drop("run", "seq") for way in (paper, back)))
    assert set(journal.fills(paper)["instrument"]) == {FUTURE, NEXT}

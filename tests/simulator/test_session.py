"""Generated days: the same everywhere, shaped like a session, and marked."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from velox.errors import BadInput
from velox.market.facts import load
from velox.research.catalog import Catalog, Entry
from velox.research.days import SAMPLE_DIR, open_day
from velox.simulator.session import SAMPLE_PLAN, Plan, generate, minute_candles

DAY = dt.date(2026, 7, 15)
SESSION_S = 22_500
SIZE_MAX = 3_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The sample plan, generated afresh."""
    catalog = Catalog(tmp_path_factory.mktemp("made"))
    generate(SAMPLE_PLAN, catalog)
    return catalog


def _ticks(catalog: Catalog, name: str) -> tuple[Entry, pl.DataFrame]:
    entry = next(e for e in catalog.of_instrument(name) if not e.candles)
    return entry, catalog.read(entry)


def test_committed_day_is_what_the_seed_gives(made: Catalog) -> None:
    kept = Catalog.open(SAMPLE_DIR)
    assert kept.entries() == made.entries()
    for entry in made.entries():
        assert kept.read(entry).equals(made.read(entry)), entry


def test_committed_day_is_small_and_opens_without_a_path(root: Path) -> None:
    assert sum(path.stat().st_size for path in SAMPLE_DIR.rglob("*.parquet")) <= SIZE_MAX
    day = open_day()
    assert (day.date, day.synthetic) == (DAY, True)
    assert [i.name for i in day.instruments] == [
        "NSE:HDFCBANK",
        "NSE:ICICIBANK",
        "NSE:INFY",
        "NSE:NIFTY",
        "NSE:RELIANCE",
    ]
    assert [i.kind for i in day.instruments] == [1, 1, 1, 0, 1]


def test_every_file_is_marked(made: Catalog) -> None:
    assert {entry.synthetic for entry in made.entries()} == {"SYNTHETIC: generated, seed 715, generator 1"}


def test_other_seed_gives_other_prices_and_the_same_one_the_same(tmp_path: Path) -> None:
    frames = []
    for number, seed in enumerate((1, 1, 2)):
        catalog = Catalog(tmp_path / str(number))
        generate(Plan(seed=seed, warmup_days=0, instruments=("NSE:INFY",)), catalog)
        frames.append(_ticks(catalog, "NSE:INFY")[1])
    assert frames[0].equals(frames[1])
    assert not frames[0].equals(frames[2])


def test_fewer_instruments_have_the_same_prices(made: Catalog, tmp_path: Path) -> None:
    few = Catalog(tmp_path)
    generate(Plan(instruments=("NSE:NIFTY", "NSE:INFY")), few)
    for name in ("NSE:NIFTY", "NSE:INFY"):
        assert _ticks(few, name)[1].equals(_ticks(made, name)[1])


def test_prices_stand_on_the_tick_and_inside_the_book(made: Catalog) -> None:
    for name in SAMPLE_PLAN.instruments:
        entry, ticks = _ticks(made, name)
        assert ticks.filter(pl.col("price") % entry.tick != 0).height == 0
        assert ticks.filter(pl.col("price") <= 0).height == 0
        if not entry.is_index:
            book = ticks.filter(pl.col("bid") > 0)
            assert book.filter((pl.col("bid") >= pl.col("ask")) | (pl.col("bid") % entry.tick != 0)).height == 0
            assert ticks.height - book.height == 1  # the auction's print


def test_tick_follows_the_price_band(made: Catalog) -> None:
    paisa = 1_000_000
    ticks = {e.instrument: e.tick for e in made.entries()}
    assert (ticks["NSE:HDFCBANK"], ticks["NSE:INFY"], ticks["NSE:NIFTY"]) == (5 * paisa, 10 * paisa, 5 * paisa)


def test_session_opens_with_a_burst_and_has_a_u(made: Catalog) -> None:
    facts = load(DAY).loaded
    _, ticks = _ticks(made, "NSE:RELIANCE")
    minute = ((ticks["ts_ns"] - facts.open_ns) // (60 * 10**9)).to_numpy()
    counts = np.bincount(minute[(minute >= 0) & (minute < SESSION_S // 60)])
    assert counts[0] > 1.5 * counts[10:30].mean()
    assert counts[:60].mean() > 2 * counts[160:220].mean()
    assert counts[-30:].mean() > 2 * counts[160:220].mean()
    candles = minute_candles(ticks, facts.open_ns, facts.open_ns + SESSION_S * 10**9)
    volume = candles["volume"].to_numpy()
    assert volume[:60].mean() > 2 * volume[160:220].mean()


def test_day_swings_and_the_index_follows(made: Catalog) -> None:
    facts = load(DAY).loaded
    closes = {}
    for name in SAMPLE_PLAN.instruments:
        _, ticks = _ticks(made, name)
        candles = minute_candles(ticks, facts.open_ns, facts.open_ns + SESSION_S * 10**9)
        closes[name] = candles.filter(pl.col("ts_open").is_not_null())["close"].to_numpy() / 1e8
    returns = {name: np.diff(values[::5]) / values[::5][:-1] for name, values in closes.items()}
    for name, values in closes.items():
        assert 0.01 < values.max() / values.min() - 1 < 0.06, name
    for name in SAMPLE_PLAN.instruments[1:]:
        assert np.corrcoef(returns[name], returns["NSE:NIFTY"])[0, 1] > 0.5


def test_feed_has_the_defects_of_a_real_one(made: Catalog) -> None:
    facts = load(DAY).loaded
    _, ticks = _ticks(made, "NSE:INFY")
    late = (ticks["ts_ns"] < ticks["ts_ns"].cum_max()).sum()
    twice = sum(a == b for a, b in zip(ticks.drop("row").rows(), ticks.drop("row").rows()[1:], strict=False))
    after = (ticks["ts_ns"] >= facts.open_ns + SESSION_S * 10**9).sum()
    before = (ticks["ts_ns"] < facts.open_ns).sum()
    assert (late > 10, twice > 10, after >= 3, before) == (True, True, True, 1)


def test_merged_day_carries_the_book_and_its_depth() -> None:
    day = open_day()
    rows = day.rows()
    assert rows.depth is not None
    assert rows.bid is not None
    assert rows.depth.shape == (len(rows), 10, 3)
    stocks = rows.bid > 0
    assert np.array_equal(rows.depth[stocks, 0, 0], rows.bid[stocks])
    assert np.all(np.diff(rows.depth[stocks, :5, 0], axis=1) < 0)
    assert np.all(np.diff(rows.depth[stocks, 5:, 0], axis=1) > 0)
    assert np.all(rows.depth[stocks, 0, 0] < rows.depth[stocks, 5, 0])
    assert not rows.depth[~stocks].any()
    assert np.all(np.diff(rows.place_ns) >= 0)
    assert len(rows) == sum(instrument.rows for instrument in day.instruments)


def test_earlier_days_are_there_for_warm_up() -> None:
    day = open_day()
    for name in SAMPLE_PLAN.instruments:
        minutes, quarters = day.history(name, 60), day.history(name, 900)
        assert (len(minutes), len(quarters)) == (5 * 375, 5 * 25)
        assert minutes["volume"].sum() == quarters["volume"].sum()
        assert minutes["ticks"].sum() == quarters["ticks"].sum()
        assert minutes["high"].max() == quarters["high"].max()
        assert minutes["ts_open"][-1] < load(DAY).loaded.day_start_ns
    assert len(day.history("NSE:INFY", 900, days=2)) == 2 * 25
    assert len(day.history("NSE:NOSUCHNAME", 60)) == 0


def test_previous_close_is_the_last_price_of_the_day_before() -> None:
    day = open_day()
    for instrument in day.instruments:
        assert instrument.prev_close == day.history(instrument.name, 60)["close"][-1]


def test_closed_days_are_skipped(tmp_path: Path) -> None:
    entries = generate(
        Plan(first=dt.date(2026, 6, 25), days=2, warmup_days=1, instruments=("NSE:NIFTY",)), Catalog(tmp_path)
    )
    assert [(e.day.day, e.candles) for e in entries] == [(24, True), (25, False), (29, False)]


def test_closing_auction_stocks_end_early(tmp_path: Path) -> None:
    day = dt.date(2026, 8, 5)
    catalog = Catalog(tmp_path)
    generate(Plan(first=day, warmup_days=0, instruments=("NSE:NIFTY", "NSE:INFY")), catalog)
    day_start_ns = load(day).loaded.day_start_ns
    for name, end_s in (("NSE:NIFTY", 15 * 3_600 + 1_800), ("NSE:INFY", 15 * 3_600 + 900)):
        _, ticks = _ticks(catalog, name)
        clock_s = ((ticks["ts_ns"] - day_start_ns) // 10**9).to_numpy()
        prices = ticks["price"].to_numpy()
        assert clock_s[clock_s < end_s].max() >= end_s - 10
        assert len(set(prices[clock_s >= end_s])) == 1  # frozen behind the end


def test_days_that_are_not_covered_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="at least one"):
        generate(Plan(days=0), Catalog(tmp_path))

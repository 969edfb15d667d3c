"""A recorded day through the simulator's socket at full speed: nothing is lost, every candle is the true one."""

import datetime as dt
import functools
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from tests.acceptance.recorded import Recorded
from tests.acceptance.truth import judged, mismatches, read_rows, true_candles

pytestmark = pytest.mark.timeout(180)

DAY = dt.date(2021, 4, 26)
SECONDS = (60, 300, 900)
ONE = 100_000_000
# The exchange's own end-of-day file names these 19 of the 23 stocks, one of them without its ampersand.
LISTED = 19


@functools.cache
def rows_of(file: Path) -> pl.DataFrame:
    return judged(read_rows(file), DAY)


@pytest.mark.req("V-023")
def test_every_row_is_sent_journalled_and_judged_once(streamed: Recorded) -> None:
    figures = streamed.run.figures
    rows = sum(rows_of(file).height for file in streamed.files.values())
    assert len(streamed.files) == 25
    assert figures["sent"] == figures["journalled"] == sum(figures["verdicts"].values()) == rows
    assert figures["finished"]
    assert figures["ticks_per_s"] == pytest.approx(rows / figures["elapsed_s"], rel=1e-3)


def test_the_verdicts_are_those_of_the_rules(streamed: Recorded) -> None:
    true: Counter[str] = Counter()
    for file in streamed.files.values():
        true.update(rows_of(file)["verdict"].to_list())
    assert {name: count for name, count in streamed.run.figures["verdicts"].items() if count} == dict(true)
    assert streamed.told.verdicts == sum(true.values()) - true["applied"]


def test_candles_of_every_symbol_are_exactly_the_true_ones(streamed: Recorded) -> None:
    unlike = {
        (name, seconds): found
        for name, file in streamed.files.items()
        for seconds in SECONDS
        if (found := mismatches(streamed.told.candles[name, seconds], true_candles(rows_of(file), DAY, seconds)))
    }
    assert unlike == {}


def test_the_figures_count_every_candle(streamed: Recorded) -> None:
    assert streamed.run.figures["candles"] == sum(len(c["open"]) for c in streamed.told.candles.values())


def test_the_day_lies_inside_the_official_one(streamed: Recorded, shared: Path) -> None:
    official = pl.read_csv(shared / "data" / "nse_ticks_2021" / "eod_official_20210415_20210426.csv")
    official = official.filter(pl.col("Date") == DAY.isoformat())
    compared = 0
    for row in official.iter_rows(named=True):
        name = f"NSE:{'M&M' if row['sym'] == 'MM' else row['sym']}"
        if name not in streamed.files:
            continue
        compared += 1
        candles = streamed.told.candles[name, 60]
        assert candles["high"].max() <= round(row["High"] * ONE), name
        assert candles["low"].min() >= round(row["Low"] * ONE), name
        assert 0 < candles["volume"].sum() <= row["Volume"], name
    assert compared == LISTED

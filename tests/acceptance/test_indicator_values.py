"""Indicators in the journal of a recorded day equal TA-Lib's; forming ones equal a computation from scratch."""

import datetime as dt

import msgspec
import numpy as np
import polars as pl
import pytest
from tests.acceptance.recorded import SAMPLED, Recorded
from tests.acceptance.truth import Array, indicators, is_near, judged, mismatches, read_rows, true_candles

pytestmark = pytest.mark.timeout(180)

DAY = dt.date(2021, 4, 26)
SECONDS = (60, 300, 900)
ONE = 100_000_000
IST_NS = 19_800 * 10**9
NODES = ("ema", "sma", "rsi", "macd", "atr", "vwap")
SAMPLES_MIN = 100


def in_rupees(candles: pl.DataFrame) -> list[Array]:
    prices = [candles[name].to_numpy() / ONE for name in ("open", "high", "low", "close")]
    return [*prices, candles["volume"].to_numpy().astype(np.float64)]


@pytest.mark.req("V-046")
@pytest.mark.parametrize("seconds", SECONDS)
def test_committed_values_equal_talib(watched: Recorded, seconds: int) -> None:
    unlike, compared = [], 0
    for name, file in watched.files.items():
        true = true_candles(judged(read_rows(file), DAY), DAY, seconds)
        key = (name, seconds)
        assert not mismatches(watched.told.candles[key], true), key
        nodes = watched.told.nodes[key]
        assert {kind for kind, _ in nodes} == set(NODES)
        expected = [values for node in nodes for values in indicators(node, in_rupees(true))]
        ours = watched.told.values[key]
        assert ours.shape == (true.height, len(expected))
        for column, values in enumerate(expected):
            compared += int(np.count_nonzero(~np.isnan(values)))
            if not is_near(ours[:, column], values):
                unlike.append((key, column))
    assert unlike == []
    assert compared > 0


@pytest.mark.parametrize("name", SAMPLED)
def test_forming_values_equal_a_computation_from_scratch(sampled: Recorded, name: str) -> None:
    applied = judged(read_rows(sampled.files[name]), DAY).filter(pl.col("verdict") == "applied")
    lines = sampled.told.lines[SAMPLED.index(name)]
    ticks = int(lines[-1])
    assert len(lines) > SAMPLES_MIN
    for line in lines[:-1]:
        count, exch_ns, price, *forming = msgspec.json.decode(line)
        until = applied.head(applied.height - ticks + count)
        ts, last, _, _ = until.row(-1)
        assert (int(ts.replace(tzinfo=dt.UTC).timestamp()) * 10**9 - IST_NS, last / ONE) == (exch_ns, price)
        for seconds, told in zip(SECONDS, forming, strict=True):
            candles = in_rupees(true_candles(until, DAY, seconds))
            nodes = sampled.told.nodes[name, seconds]
            true = [float(values[-1]) for node in nodes for values in indicators(node, candles)]
            assert is_near(np.array(told, dtype=np.float64), np.array(true)), (name, count, seconds)

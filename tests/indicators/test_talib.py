"""Indicators equal TA-Lib's on closed candles, seeds and flat prices included."""

from collections.abc import Callable

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from velox_core import FourIndicators, indicator_values

Array = NDArray[np.float64]
Candles = tuple[Array, Array, Array, Array, Array]


def _near(ours: Array, theirs: Array) -> bool:
    """NaN in the same places, and elsewhere as near as floats of different order come."""
    missing = np.isnan(theirs)
    if not np.array_equal(np.isnan(ours), missing):
        return False
    difference = np.abs(ours - theirs)[~missing]
    return bool(np.all(difference <= 1e-9 * np.maximum(1.0, np.abs(theirs[~missing]))))


def _talib(kind: str, params: list[int], candles: Candles) -> list[Array]:
    _, high, low, close, volume = candles
    single: dict[str, Callable[..., Array]] = {"ema": talib.EMA, "sma": talib.SMA, "rsi": talib.RSI, "tema": talib.TEMA}
    of_candles: dict[str, Callable[..., Array]] = {"atr": talib.ATR, "cci": talib.CCI, "willr": talib.WILLR}
    if kind == "macd":
        return list(talib.MACD(close, *params))
    if kind == "bbands":
        return list(talib.BBANDS(close, params[0], params[1], params[1]))
    if kind == "stoch":
        period, k, d = params
        return list(talib.STOCH(high, low, close, fastk_period=period, slowk_period=k, slowd_period=d))
    if kind == "adx":
        index = talib.ADX(high, low, close, params[0])
        sides = [side(high, low, close, params[0]) for side in (talib.PLUS_DI, talib.MINUS_DI)]
        # The directions are there earlier; ours are ready with the index.
        return [index, *(np.where(np.isnan(index), np.nan, side) for side in sides)]
    if kind == "obv":
        return [talib.OBV(close, volume)]
    if kind in of_candles:
        return [of_candles[kind](high, low, close, params[0])]
    return [single[kind](close, params[0])]


def _agrees(kind: str, params: list[int], candles: Candles) -> bool:
    ours = indicator_values(kind, params, *candles)
    theirs = _talib(kind, params, candles)
    return len(ours) == len(theirs) and all(map(_near, ours, theirs))


def _candles(close: Array, spread: Array) -> Candles:
    opened = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(opened, close) + np.abs(spread)
    low = np.minimum(opened, close) - np.abs(spread)
    return opened, high, low, close, np.full(len(close), 100.0)


def _walk(seed: int, length: int, start: float = 2500.0, tick: float = 0.05) -> Candles:
    """A price that moves in ticks, often not at all, as recorded ones do."""
    chance = np.random.default_rng(seed)
    steps = chance.integers(-6, 7, length) * (chance.random(length) < 0.7)
    close = np.asarray(np.round(start / tick + np.cumsum(steps)) * tick, dtype=np.float64)
    return _candles(close, np.asarray(tick * chance.integers(0, 4, length), dtype=np.float64))


_STUDIES = [
    ("ema", [2]),
    ("ema", [20]),
    ("ema", [200]),
    ("sma", [2]),
    ("sma", [20]),
    ("sma", [333]),
    ("rsi", [2]),
    ("rsi", [14]),
    ("macd", [12, 26, 9]),
    ("macd", [3, 50, 1]),
    ("atr", [1]),
    ("atr", [14]),
    ("stoch", [5, 3, 3]),
    ("stoch", [14, 1, 3]),
    ("stoch", [1, 1, 1]),
    ("adx", [2]),
    ("adx", [14]),
    ("willr", [2]),
    ("willr", [14]),
    ("obv", []),
    ("tema", [2]),
    ("tema", [20]),
]

# TA-Lib's own plain sums show rounding errors as a spread where prices do not move: see test_references.py for those.
_MOVING = [*_STUDIES, ("bbands", [5, 2]), ("bbands", [20, 2]), ("cci", [5]), ("cci", [20])]


@pytest.mark.req("V-046")
@pytest.mark.parametrize(("kind", "params"), _STUDIES)
def test_a_long_walk_agrees(kind: str, params: list[int]) -> None:
    assert _agrees(kind, params, _walk(seed=1, length=100_000))


@pytest.mark.parametrize(("kind", "params"), _MOVING)
def test_a_short_walk_of_any_seed_agrees(kind: str, params: list[int]) -> None:
    for seed in range(20):
        candles = _walk(seed, length=400)
        volume = np.random.default_rng(seed).integers(0, 1000, 400).astype(np.float64)
        # A tick up and down in turns keeps windows from lying still.
        close = candles[3] + np.where(np.arange(400) % 2, 0.05, 0.0)
        assert _agrees(kind, params, (*_candles(close, np.full(400, 0.1))[:4], volume)), seed


@pytest.mark.parametrize(("kind", "params"), _STUDIES)
@pytest.mark.parametrize("price", [0.05, 100.0, 71_234.55])
def test_flat_prices_agree(kind: str, params: list[int], price: float) -> None:
    flat = np.full(600, price)
    assert _agrees(kind, params, _candles(flat, np.zeros(600)))


@pytest.mark.parametrize(("kind", "params"), _STUDIES)
def test_a_halt_then_a_jump_agrees(kind: str, params: list[int]) -> None:
    before, after = _walk(seed=2, length=1000), _walk(seed=3, length=1000, start=3100.0)
    close = np.concatenate([before[3], np.full(500, before[3][-1]), after[3]])
    assert _agrees(kind, params, _candles(close, np.zeros(len(close))))


_PRICES = st.lists(st.floats(0.05, 1e6, allow_nan=False), min_size=1, max_size=150)


@given(
    prices=_PRICES,
    period=st.integers(2, 40),
    kind=st.sampled_from(["ema", "sma", "rsi", "atr", "adx", "willr", "tema"]),
)
def test_any_prices_agree(prices: list[float], period: int, kind: str) -> None:
    close = np.array(prices)
    assert _agrees(kind, [period], _candles(close, np.roll(close, 1) / 100))


@given(prices=_PRICES, fast=st.integers(2, 12), gap=st.integers(1, 20), signal=st.integers(1, 12))
def test_any_prices_agree_with_macd(prices: list[float], fast: int, gap: int, signal: int) -> None:
    close = np.array(prices)
    assert _agrees("macd", [fast, fast + gap, signal], _candles(close, np.zeros(len(close))))


def test_vwap_is_turnover_over_volume() -> None:
    opened, high, low, close, _ = _walk(seed=4, length=5000)
    volume = np.random.default_rng(5).integers(0, 3, 5000).astype(np.float64)
    volume[:3] = 0.0
    (ours,) = indicator_values("vwap", [], opened, high, low, close, volume)
    traded = np.cumsum(volume)
    with np.errstate(invalid="ignore"):
        wanted = np.cumsum((high + low + close) / 3 * volume) / traded
    assert np.isnan(wanted[:3]).all()
    assert _near(ours, wanted)


def test_four_in_one_call_are_the_four() -> None:
    candles = _walk(seed=6, length=500)
    four = FourIndicators(20, 10, 14, (5, 12, 4))
    rows = np.array([four.update(price) for price in candles[3]])
    studies: list[tuple[str, list[float]]] = [("ema", [20]), ("sma", [10]), ("rsi", [14]), ("macd", [5, 12, 4])]
    wanted = [column for kind, params in studies for column in indicator_values(kind, params, *candles)]
    np.testing.assert_array_equal(rows.T, np.array(wanted))


def test_columns_must_be_five_and_equally_long() -> None:
    column = np.ones(5)
    with pytest.raises(ValueError, match="equally long"):
        indicator_values("ema", [2], column, column, column, column, np.ones(4))
    with pytest.raises(ValueError, match="tuple"):
        indicator_values("ema", [2], column, column)


def test_what_asks_the_time_is_not_computed_without_it() -> None:
    columns = [np.ones(5)] * 5
    with pytest.raises(ValueError, match="opening_range needs since_open_s"):
        indicator_values("opening_range", [5], *columns)
    with pytest.raises(ValueError, match="as long as"):
        indicator_values("opening_range", [5], *columns, since_open_s=np.zeros(4, dtype=np.uint32), length_s=60)


def test_a_view_with_strides_is_read_as_it_looks() -> None:
    table = np.column_stack(_walk(seed=7, length=300))
    view = tuple(table[:, i] for i in range(5))
    plain = tuple(np.ascontiguousarray(column) for column in view)
    np.testing.assert_array_equal(indicator_values("rsi", [14], *view), indicator_values("rsi", [14], *plain))


def test_bad_parameters_are_told_in_a_sentence() -> None:
    column = np.ones(5)
    with pytest.raises(ValueError, match=r"ema's period must be a whole number from 1 to 100000, not 0"):
        indicator_values("ema", [0], *[column] * 5)

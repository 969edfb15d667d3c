"""Indicators that TA-Lib has not, or not exactly where prices lie still, equal a slow computation from their words."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from velox_core import indicator_values

Array = NDArray[np.float64]
Candles = tuple[Array, Array, Array, Array, Array]
Rows = list[tuple[float, ...]]
Reference = Callable[[Candles, list[float]], Rows]
NAN = math.nan


def _walk(seed: int, length: int = 700) -> Candles:
    """Prices in ticks with halts, jumps, and candles without any range or volume."""
    chance = np.random.default_rng(seed)
    steps = chance.integers(-6, 7, length) * (chance.random(length) < 0.6)
    steps[length // 3 : length // 2] = 0
    steps[length // 2] = 12_000
    close = np.asarray(np.round(50_000 + np.cumsum(steps)) * 0.05, dtype=np.float64)
    opened = np.concatenate([close[:1], close[:-1]])
    wick = 0.05 * chance.integers(0, 4, (2, length)) * (steps != 0)
    volume = chance.integers(0, 4, length).astype(np.float64)
    return opened, np.maximum(opened, close) + wick[0], np.minimum(opened, close) - wick[1], close, volume


def _bbands(candles: Candles, params: list[float]) -> Rows:
    period, deviations = int(params[0]), params[1]
    rows: Rows = []
    for end in range(period, len(candles[3]) + 1):
        window = [Fraction(x) for x in candles[3][end - period : end]]
        mean = sum(window) / period
        spread = deviations * math.sqrt(sum((x - mean) ** 2 for x in window) / period)
        rows.append((float(mean) + spread, float(mean), float(mean) - spread))
    return rows


def _cci(candles: Candles, params: list[float]) -> Rows:
    period = int(params[0])
    typical = [(Fraction(h) + Fraction(low) + Fraction(c)) / 3 for h, low, c in zip(*candles[1:4], strict=True)]
    rows: Rows = []
    for end in range(period, len(typical) + 1):
        window = typical[end - period : end]
        mean = Fraction(sum(window)) / period
        deviation = Fraction(sum(abs(x - mean) for x in window)) / period
        # Nearer than that, prices differ by their rounding alone.
        is_flat = min(abs(window[-1] - mean), deviation) <= 1e-12 * mean
        rows.append((0.0 if is_flat else float((window[-1] - mean) / deviation) / 0.015,))
    return rows


def _donchian(candles: Candles, params: list[float]) -> Rows:
    period = int(params[0])
    _, high, low, _, _ = candles
    rows: Rows = []
    for end in range(period, len(high) + 1):
        top, bottom = float(high[end - period : end].max()), float(low[end - period : end].min())
        rows.append((top, bottom, (top + bottom) / 2))
    return rows


def _ranges(candles: Candles, period: int) -> list[float]:
    """Wilder's average of the true range, NaN before the candle number `period` + 1."""
    _, high, low, close, _ = candles
    true = [
        max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1])) for i in range(1, len(close))
    ]
    averages = [NAN] * period + [math.fsum(true[:period]) / period]
    for value in true[period:]:
        averages.append((averages[-1] * (period - 1) + value) / period)
    return averages


def _keltner(candles: Candles, params: list[float]) -> Rows:
    period, multiplier = int(params[0]), params[2]
    close = candles[3]
    average = [NAN] * (period - 1) + [math.fsum(close[:period]) / period]
    for price in close[period:]:
        average.append(average[-1] + (price - average[-1]) * 2 / (period + 1))
    rows = zip(average, _ranges(candles, int(params[1])), strict=True)
    return [
        (middle + multiplier * span, middle, middle - multiplier * span)
        for middle, span in rows
        if not math.isnan(middle + span)
    ]


def _supertrend(candles: Candles, params: list[float]) -> Rows:
    """As TradingView's manual writes `ta.supertrend` out, −1 a rising trend; but bands that meet change no trend."""
    period, factor = int(params[0]), params[1]
    _, high, low, close, _ = candles
    rows: Rows = []
    upper = lower = 0.0
    direction = 1
    for i, span in enumerate(_ranges(candles, period)):
        if math.isnan(span):
            continue
        upper_before, lower_before = upper, lower
        middle = (high[i] + low[i]) / 2
        upper, lower = middle + factor * span, middle - factor * span
        if rows:
            lower = lower if lower > lower_before or close[i - 1] < lower_before else lower_before
            upper = upper if upper < upper_before or close[i - 1] > upper_before else upper_before
            broken = close[i] > upper if direction == 1 else close[i] < lower
            direction = -direction if broken else direction
        rows.append((float(lower if direction == -1 else upper), float(direction == -1)))
    return rows


def _weighted(values: list[Fraction], period: int) -> list[Fraction]:
    total = period * (period + 1) // 2
    ends = range(period, len(values) + 1)
    zero = Fraction(0)
    return [sum((n * x for n, x in enumerate(values[end - period : end], 1)), zero) / total for end in ends]


def _hma(candles: Candles, params: list[float]) -> Rows:
    period = int(params[0])
    prices = [Fraction(price) for price in candles[3]]
    half, whole = _weighted(prices, period // 2), _weighted(prices, period)
    raw = [2 * fast - slow for fast, slow in zip(half[period - period // 2 :], whole, strict=True)]
    return [(float(value),) for value in _weighted(raw, math.isqrt(period))]


def _vwap_bands(candles: Candles, params: list[float]) -> Rows:
    rows: Rows = []
    prices: list[tuple[Fraction, int]] = []
    for high, low, close, volume in zip(*candles[1:], strict=True):
        prices.append(((Fraction(high) + Fraction(low) + Fraction(close)) / 3, int(volume)))
        traded = sum(units for _, units in prices)
        if traded:
            mean = sum(price * units for price, units in prices) / traded
            spread = params[0] * math.sqrt(sum((price - mean) ** 2 * units for price, units in prices) / traded)
            rows.append((float(mean) + spread, float(mean), float(mean) - spread))
    return rows


def _middle(candles: Candles, period: int, end: int) -> float:
    """The middle of the channel of the candles before `end`; NaN where there are too few."""
    if end < period:
        return NAN
    return float((candles[1][end - period : end].max() + candles[2][end - period : end].min()) / 2)


def _ichimoku(candles: Candles, params: list[float]) -> Rows:
    conversion, base = int(params[0]), int(params[1])
    ends = range(max(conversion, base), len(candles[3]) + 1)
    return [(_middle(candles, conversion, end), _middle(candles, base, end)) for end in ends]


def _cloud(candles: Candles, params: list[float]) -> Rows:
    conversion, base, span = map(int, params)
    rows: Rows = []
    periods = (conversion, base, span)
    for end in range(max(periods) + base - 1, len(candles[3]) + 1):
        lines = [_middle(candles, period, end - base + 1) for period in periods]
        rows.append(((lines[0] + lines[1]) / 2, lines[2]))
    return rows


def _zscore(candles: Candles, params: list[float]) -> Rows:
    period = int(params[0])
    rows: Rows = []
    for end in range(period, len(candles[3]) + 1):
        window = [Fraction(x) for x in candles[3][end - period : end]]
        mean = sum(window) / period
        deviation = math.sqrt(sum((x - mean) ** 2 for x in window) / period)
        rows.append((float(window[-1] - mean) / deviation if deviation else 0.0,))
    return rows


_CASES: list[tuple[str, list[float], Reference]] = [
    ("ichimoku", [9, 26, 52], _ichimoku),
    ("ichimoku", [5, 3, 4], _ichimoku),
    ("ichimoku_cloud", [9, 26, 52], _cloud),
    ("ichimoku_cloud", [3, 1, 2], _cloud),
    ("zscore", [20], _zscore),
    ("zscore", [2], _zscore),
    ("bbands", [2, 2], _bbands),
    ("bbands", [20, 2.5], _bbands),
    ("cci", [2], _cci),
    ("cci", [20], _cci),
    ("donchian", [1], _donchian),
    ("donchian", [20], _donchian),
    ("keltner", [20, 10, 2], _keltner),
    ("keltner", [3, 12, 1.5], _keltner),
    ("supertrend", [10, 3], _supertrend),
    ("supertrend", [2, 0.7], _supertrend),
    ("hma", [2], _hma),
    ("hma", [9], _hma),
    ("hma", [50], _hma),
]


def _same(kind: str, params: list[float], candles: Candles, wanted: Rows) -> None:
    ours = np.array(indicator_values(kind, params, *candles))
    truth = np.array(wanted).T
    assert ours.shape[0] == truth.shape[0]
    cold = ours.shape[1] - truth.shape[1]
    assert np.isnan(ours[:, :cold]).all()
    difference = np.abs(ours[:, cold:] - truth)
    # A jump leaves in a sum of squares what hides small deviations after it, and a z-score is divided by those.
    tolerance = 1e-8 if kind == "zscore" else 1e-9
    # A comparison with NaN does not hold.
    assert (difference <= tolerance * np.maximum(1.0, np.abs(truth))).all(), float(np.nanmax(difference))


@pytest.mark.parametrize(("kind", "params", "reference"), _CASES)
@pytest.mark.parametrize("seed", range(3))
def test_a_walk_with_halts_and_a_jump_agrees(kind: str, params: list[float], reference: Reference, seed: int) -> None:
    candles = _walk(seed)
    _same(kind, params, candles, reference(candles, params))


@pytest.mark.parametrize(("kind", "params", "reference"), _CASES)
@pytest.mark.parametrize("price", [0.05, 100.0, 71_234.55])
def test_flat_prices_agree(kind: str, params: list[float], reference: Reference, price: float) -> None:
    flat = np.full(200, price)
    candles = (flat, flat, flat, flat, np.ones(200))
    _same(kind, params, candles, reference(candles, params))


@pytest.mark.parametrize("deviations", [1.0, 2.5])
def test_vwap_bands_agree_over_a_session(deviations: float) -> None:
    candles = tuple(column[:200] for column in _walk(4))
    assert len(candles) == 5
    candles[4][:2] = 0.0
    _same("vwap_bands", [deviations], candles, _vwap_bands(candles, [deviations]))


_LEVELS: dict[str, Callable[[float, float, float], tuple[float, float, float]]] = {
    "previous_day": lambda h, low, c: (h, low, c),
    "cpr": lambda h, low, c: (
        (p := (h + low + c) / 3),
        max((h + low) / 2, 2 * p - (h + low) / 2),
        min((h + low) / 2, 2 * p - (h + low) / 2),
    ),
    "pivot_highs": lambda h, low, c: (2 * (p := (h + low + c) / 3) - low, p + h - low, h + 2 * (p - low)),
    "pivot_lows": lambda h, low, c: (2 * (p := (h + low + c) / 3) - h, p - h + low, low - 2 * (h - p)),
}


@pytest.mark.parametrize("kind", _LEVELS)
def test_levels_are_those_of_the_trading_day_before_where_it_is_whole(kind: str) -> None:
    """Days of 75 candles of five minutes; day 3 lacks its last hour, day 5 was no trading day here."""
    candles = _walk(8, 6 * 75)
    place = np.arange(6 * 75)
    day, number = place // 75, place % 75
    kept = (day != 3) | (number < 63)
    days = np.where(day >= 5, day + 1, day).astype(np.int32)
    columns = [column[kept] for column in candles]
    ours = np.array(
        indicator_values(
            kind,
            [],
            *columns,
            since_open_s=(number[kept] * 300).astype(np.uint32),
            days=days[kept],
            length_s=300,
            session_s=22_500,
        )
    )
    for at in range(6):
        seen = ours[:, days[kept] == (at + 1 if at >= 5 else at)]
        if at in (0, 4, 5):
            assert np.isnan(seen).all()
            continue
        before = [column[day == at - 1] for column in candles]
        wanted = _LEVELS[kind](float(before[1].max()), float(before[2].min()), float(before[3][-1]))
        assert np.abs(seen - np.array(wanted)[:, None]).max() < 1e-9

"""Four indicators by one call from Python, beside a call that only returns as many floats."""

from collections.abc import Callable

import numpy as np

from velox.bench.figure import Lab, Sample
from velox.clock import monotonic_ns
from velox_core import FourIndicators
from velox_core._core import Bench

__all__ = ["indicators_four"]

_BLOCK = 1_000
_BLOCKS = 1_000
_SEED = 7


def indicators_four(lab: Lab) -> Sample:
    """EMA, SMA, RSI and MACD updated and read; the loop around the call is counted too."""
    closes = (100 + np.random.default_rng(_SEED).normal(0, 0.1, _BLOCK).cumsum()).tolist()
    four = FourIndicators(ema=20, sma=20, rsi=14, macd=(12, 26, 9))
    blocks = lab.count(_BLOCKS, 10)
    bare = _times(Bench.six_floats, closes, blocks)
    full = _times(four.update, closes, blocks)
    return Sample(
        fields={"p50": _at(full, 50), "p99": _at(full, 99), "mean": float(full.mean())},
        beside={"call_with_six_floats_p50": _at(bare, 50)},
        facts={"calls": blocks * _BLOCK},
    )


def _times(
    call: Callable[[float], object], closes: list[float], blocks: int
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    for close in closes:
        call(close)
    taken = []
    for _ in range(blocks):
        begin = monotonic_ns()
        for close in closes:
            call(close)
        taken.append((monotonic_ns() - begin) / len(closes))
    return np.array(taken)


def _at(taken: "np.ndarray[tuple[int], np.dtype[np.float64]]", percent: float) -> float:
    return float(np.percentile(taken, percent))

"""What a node of several outputs is called in a strategy is what the core computes under that name."""

from typing import Any

import numpy as np
import pytest

from velox.strategy.handles import HANDLES
from velox_core import indicator_values


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("macd", [3, 6, 4]),
        ("bbands", [5, 2]),
        ("stoch", [5, 3, 3]),
        ("adx", [5]),
        ("donchian", [5]),
        ("keltner", [5, 5, 2]),
        ("supertrend", [5, 3]),
        ("vwap_bands", [2]),
        ("opening_range", [5]),
    ],
)
def test_fields_of_a_node_are_the_outputs_of_the_core_in_their_order(kind: str, params: list[float]) -> None:
    rising = 100 + np.arange(40.0) ** 1.5
    columns = (rising, rising + 1, rising - 1, rising, np.full(40, 10.0))
    since_open_s = np.arange(40, dtype=np.uint32) * 60
    outputs = indicator_values(kind, params, *columns, since_open_s=since_open_s, length_s=60)
    last: Any = HANDLES[kind](*(float(values[-1]) for values in outputs))
    match kind:
        case "macd":
            assert last.line > last.signal > last.hist > 0
        case "stoch":
            assert 0 < last.k <= 100
            assert 0 < last.d <= 100
        case "adx":
            assert last.adx == pytest.approx(100)
            assert last.plus > last.minus == 0
        case "supertrend":
            assert 0 < last.line < rising[-1]
            assert last.up == 1
        case "opening_range":
            assert (last.high, last.low) == (rising[4] + 1, rising[0] - 1)
        case "donchian":
            assert last.low < last.middle < last.high == rising[-1] + 1
        case _:
            assert last.lower < last.middle < last.upper


@pytest.mark.parametrize("kind", sorted(HANDLES))
def test_a_node_of_several_outputs_is_no_value_and_no_history(kind: str) -> None:
    lines: Any = HANDLES[kind](*map(float, range(len(HANDLES[kind].__struct_fields__))))
    for wrong in (lambda: lines[1], lambda: lines > 1, lambda: float(lines)):
        with pytest.raises(TypeError):
            wrong()

"""Decimal text becomes exact integers or is refused; rounding is half to even."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velox.market.amounts import ONE, mul_div, scaled


@pytest.mark.parametrize(
    ("text", "scale", "expected"),
    [("0.025", 10**8, 2_500_000), ("-1.000000", 100, -100), ("1e2", 1, 100), ("18", 10**8, 18 * 10**8), (" 5 ", 1, 5)],
)
def test_text_is_scaled_exactly(text: str, scale: int, expected: int) -> None:
    assert scaled(text, scale) == expected


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-Infinity", "0.001", "1e999999999", "1e-999999999", "9" * 31])
def test_what_is_no_whole_multiple_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        scaled(text, 100)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_scaling_undoes_division(paise: int, scale: int) -> None:
    assert scaled(str(Decimal(paise) / 100), 100 * scale) == paise * scale


@given(st.integers(-(10**20), 10**20), st.integers(0, 10**10), st.sampled_from([1, 2, 3, 10, ONE, 10**10]))
def test_mul_div_rounds_half_to_even(value: int, rate: int, scale: int) -> None:
    with localcontext() as context:
        context.prec = 80
        exact = Decimal(value) * rate / scale
        assert mul_div(value, rate, scale) == int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))

"""Exact amounts: decimal text to scaled integers, and the one rounding that charges use."""

from decimal import Decimal, InvalidOperation

__all__ = ["ONE", "PAISA", "RATE_ONE", "mul_div", "scaled"]

ONE = 100_000_000  # a rupee: prices and money are integers at 1e-8
PAISA = ONE // 100
RATE_ONE = 10_000_000_000  # a rate of 1, i.e. 100 %

_DIGITS_MAX = 30  # longer text is no price; it also bounds the work on a hostile file


def scaled(text: str, scale: int) -> int:
    """The number in `text` times `scale`; raises ValueError unless that is a whole number."""
    if len(text) > _DIGITS_MAX:
        raise ValueError(f"{text[:_DIGITS_MAX]}... is too long for a number")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not value.is_finite() or abs(value.adjusted()) > _DIGITS_MAX:
        raise ValueError(f"{text!r} is not a number that can be used")
    numerator, denominator = value.as_integer_ratio()
    whole, rest = divmod(numerator * scale, denominator)
    if rest:
        raise ValueError(f"{text!r} is finer than 1/{scale}")
    return whole


def mul_div(value: int, rate: int, scale: int) -> int:
    """`value x rate / scale`, half to even: the same step as the kernel's `fixed::mul_div`."""
    whole, rest = divmod(value * rate, scale)
    twice = 2 * rest
    return whole + (twice > scale or (twice == scale and whole % 2 == 1))

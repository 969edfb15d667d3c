"""Money and numbers as people write them, money as in India: 1,23,45,678."""

import math

__all__ = ["briefly", "counted", "grouped", "money", "percent"]

_NOTHING = "–"


def grouped(value: float, decimals: int = 0) -> str:
    """A number with the last three digits together and pairs before them; what is no number is a dash."""
    if not math.isfinite(value):
        return _NOTHING
    text = f"{abs(value):.{decimals}f}"
    whole, point, part = text.partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = []
    while head:
        pairs.append(head[-2:])
        head = head[:-2]
    is_negative = value < 0 and any(digit not in "0." for digit in text)
    return ("-" if is_negative else "") + ",".join([*reversed(pairs), tail]) + point + part


def briefly(value: float) -> str:
    """A number that somebody has set, with no more decimals than it has, at most six."""
    return grouped(value, len(f"{value:.6f}".rstrip("0").partition(".")[2]))


def counted(number: int, noun: str) -> str:
    """So many of something, which has an s where it is not one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def money(value: float, decimals: int = 2) -> str:
    """Rupees with their sign in front."""
    text = grouped(value, decimals)
    return text if text == _NOTHING else f"-₹{text[1:]}" if text.startswith("-") else f"₹{text}"


def percent(value: float, decimals: int = 2) -> str:
    """A share as percent."""
    return f"{value * 100:.{decimals}f} %" if math.isfinite(value) else _NOTHING

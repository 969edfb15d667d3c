"""Crossings of two series, or of a series and a level: true on exactly one candle."""

from velox.strategy.core import Number

__all__ = ["above", "below"]


def above(a: Number, b: Number, *, session: bool = False) -> bool:
    """Whether `a` has just risen above `b`; with `session` a crossing over the night does not count."""
    if session and (_opens_session(a) or _opens_session(b)):
        return False
    return float(a) > float(b) and _previous(a) <= _previous(b)


def below(a: Number, b: Number, *, session: bool = False) -> bool:
    """Whether `a` has just fallen below `b`; with `session` a crossing over the night does not count."""
    if session and (_opens_session(a) or _opens_session(b)):
        return False
    return float(a) < float(b) and _previous(a) >= _previous(b)


def _previous(value: Number) -> float:
    # A comparison with NaN is false, so a value that is not there never crosses.
    return float(value) if isinstance(value, float | int) else float(value[1])


def _opens_session(value: Number) -> bool:
    return not isinstance(value, float | int) and value.n <= 1

"""Times of the day and lengths of time as people write them: "09:20", "30s", "5m"."""

import re

__all__ = ["DAY_NS", "SECOND_NS", "clock_ns", "clock_text", "span_ns"]

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_SPAN = re.compile(r"([1-9]\d{0,5})([smh])")
_UNITS_S = {"s": 1, "m": 60, "h": 3600}


def clock_ns(text: object) -> int:
    """Nanoseconds from IST midnight of "HH:MM" or "HH:MM:SS"; ValueError with a sentence otherwise."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'{text!r} is no time of the day; write it as "09:20" or "09:20:30"')
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return (hours * 3600 + minutes * 60 + seconds) * SECOND_NS


def clock_text(since_midnight_ns: int) -> str:
    """The time of the day as people write it."""
    minutes, seconds = divmod(since_midnight_ns // SECOND_NS, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{seconds:02}" if seconds else text


def span_ns(text: object) -> int:
    """Nanoseconds of "30s", "5m" or "1h"; ValueError with a sentence otherwise."""
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'{text!r} is no length of time; write it as "30s", "5m" or "1h"')
    span = int(found[1]) * _UNITS_S[found[2]] * SECOND_NS
    if span >= DAY_NS:
        raise ValueError(f"{text!r} is longer than a trading day")
    return span

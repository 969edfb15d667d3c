"""The only place that reads a clock; everything else is handed a time."""

import time

__all__ = ["monotonic_ns", "wall_ns"]


def wall_ns() -> int:
    """Nanoseconds since the Unix epoch, UTC."""
    return time.time_ns()  # noqa: TID251 - the one allowed read of the wall clock


def monotonic_ns() -> int:
    """Nanoseconds of a clock that never steps back; only differences mean something."""
    return time.monotonic_ns()  # noqa: TID251 - the one allowed read of the monotonic clock

"""How often the simulated broker lets a client call: sliding windows of a second, a minute and an hour."""

import collections
import types
from collections.abc import Callable, Mapping

__all__ = ["CallLimits", "RateLimiter", "SMARTAPI_LIMITS"]

_WINDOWS_NS = (1_000_000_000, 60_000_000_000, 3_600_000_000_000)

# Calls per second, minute and hour; None is unlimited. Source: the broker's forum announcement 4387 of 2024.
CallLimits = tuple[int | None, int | None, int | None]
SMARTAPI_LIMITS: Mapping[str, CallLimits] = types.MappingProxyType(
    {
        "loginByPassword": (1, None, None),
        "generateTokens": (1, None, 1000),
        "getProfile": (3, None, 1000),
        "logout": (1, None, None),
        "getRMS": (2, None, None),
        "searchScrip": (1, None, None),
        "getLtpData": (10, 500, 5000),
        "quote": (10, 500, 5000),
        "getCandleData": (3, 500, 5000),
    }
)


class RateLimiter:
    """Counts the calls of each client; a refused call does not count."""

    def __init__(self, limits: Mapping[str, CallLimits], clock_ns: Callable[[], int]) -> None:
        self._limits = limits
        self._clock_ns = clock_ns
        self._calls: dict[tuple[str, str], collections.deque[int]] = {}

    def allows(self, client: str, call: str) -> bool:
        """Whether the client may make this call now; if so it is counted."""
        limits = self._limits.get(call)
        if limits is None:
            return True
        calls = self._calls.setdefault((client, call), collections.deque())
        now = self._clock_ns()
        while calls and calls[0] <= now - _WINDOWS_NS[-1]:
            calls.popleft()
        for allowed, window_ns in zip(limits, _WINDOWS_NS, strict=True):
            if allowed is not None and len(calls) >= allowed and calls[-allowed] > now - window_ns:
                return False
        calls.append(now)
        return True

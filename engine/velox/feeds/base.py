"""What the engine needs of a feed and what a feed tells the engine, whoever the broker is."""

import secrets
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

__all__ = ["Backoff", "Feed", "FeedEvents", "Timings"]

_STEPS = 1 << 30


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """Every time of a feed's protocol in one value, so that tests can scale them together."""

    ping_s: float = 10.0
    alarm_after_s: float = 3.0
    dead_after_s: float = 20.0
    backoff_first_s: float = 0.5
    backoff_max_s: float = 30.0
    stable_after_s: float = 30.0  # a link that held this long starts its back-off anew
    handshake_s: float = 5.0
    answer_s: float = 5.0
    file_s: float = 60.0
    candle_gap_s: float = 0.35  # the broker allows three calls a second


class FeedEvents(Protocol):
    """What a feed calls, all on the loop's thread; `on_frame` is the hot one."""

    def on_frame(self, frame: bytes, recv_ns: int) -> object:
        """Take one packet as it came; the time is the wall clock's at which its batch was read."""

    def on_batch_end(self) -> object:
        """Note that nothing more has been read for now."""

    def on_link_up(self) -> object:
        """The link stands and everything is subscribed on it."""

    def on_link_down(self, reason: str) -> object:
        """The link is gone; the feed tries again by itself."""

    def on_alarm(self, sentence: str) -> object:
        """Something the operator should know; the feed goes on."""

    def on_mark(self, ts_ns: int) -> object:
        """The clock of a played day has come this far without a tick."""

    def on_end(self, ts_ns: int, sent: int) -> object:
        """A played day is over; `sent` counts its frames for this subscription, resumed ones included."""


class Feed(Protocol):
    """A source of packets that keeps its link by itself."""

    async def connect(self) -> None:
        """Log in and open the link; raises when that fails the first time, later failures are retried."""

    def subscribe(self, mode: int, tokens: Iterable[tuple[int, str]]) -> None:
        """Ask for tokens, as (exchange type, token), now and after every reconnection."""

    def unsubscribe(self, mode: int, tokens: Iterable[tuple[int, str]]) -> None:
        """Ask for them no longer."""

    async def wait(self) -> None:
        """Return when the feed was closed; raises what ended it otherwise."""

    async def close(self) -> None:
        """Close the link and stop trying."""


class Backoff:
    """Waiting times that double from first to most, each half fixed and half drawn.

    Wholly drawn times average so low that a broker which accepts and closes would see more than 25 connections in
    five minutes; half of each time is therefore kept.
    """

    def __init__(self, first_s: float, most_s: float, draw: Callable[[], float] | None = None) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._draw = draw or _draw
        self._failures = 0

    def next_s(self) -> float:
        """How long to wait after one more failure."""
        cap_s = min(self._first_s * 2.0**self._failures, self._most_s)
        self._failures = min(self._failures + 1, 64)
        return cap_s * (1 + self._draw()) / 2

    def reset(self) -> None:
        """Begin anew after a success."""
        self._failures = 0


def _draw() -> float:
    return secrets.randbelow(_STEPS) / _STEPS

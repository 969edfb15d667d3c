"""What a supervisor asks an engine process to run, and what the process tells it back; JSON lines both ways."""

from typing import Any, Literal

import msgspec

__all__ = ["Done", "Failed", "Hello", "Message", "Plan", "Said", "Status", "StrategyPlan", "decode", "encode"]


class StrategyPlan(msgspec.Struct, frozen=True):
    """One strategy to run: a file or offered name, with parameters as text."""

    target: str
    params: dict[str, str] = {}
    account: str = "paper"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One trading day of one engine."""

    journal: str  # empty: none is kept
    strategies: list[StrategyPlan]
    date: str = ""  # yyyy-mm-dd of a played day; a live one is today
    facts_as_of: str | None = None  # yyyy-mm-dd whose facts stand in where the played day's are not known
    corporate_actions: str = ""  # the file of them; empty: none
    watched: list[str] = []  # instruments whose candles are kept at 1m, 5m and 15m
    day: str | None = None  # what plays here with feed "direct"; None: the generated day of the package
    feed: Literal["socket", "direct", "live"] = "socket"
    speed: float | None = None  # None: as fast as it goes
    start: str | None = None  # HH:MM:SS at which the day begins
    rest_url: str = ""
    ws_url: str = ""
    parent_pid: int = 0  # the supervisor; the engine ends when it is gone
    skip: list[int] = []  # sequences that killed the engine twice
    quarantine: list[int] = []  # instances whose hook killed the engine
    status_every_s: float = 0.25


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The engine is up: everything is set and the feed is about to begin."""

    pid: int
    as_of: tuple[int, int]
    recovered: dict[str, Any] | None
    lost: list[str]  # hooks of the record in flight at a death, which were not run again
    lines: list[str]  # what the operator should read first


class Said(msgspec.Struct, frozen=True, tag="said"):
    """A line for the operator."""

    line: str


class Status(msgspec.Struct, frozen=True, tag="status"):
    """Where things stand, for the live view."""

    summary: dict[str, Any]
    markets: list[dict[str, Any]]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The run ended in order; `finished` says whether the day did."""

    summary: dict[str, Any]
    finished: bool
    sent: int
    elapsed_s: float
    taken: int = 0  # ticks of this run alone: after a recovery fewer than those of the day


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The run could not begin or go on; trying again would not help."""

    exit_code: int
    sentence: str


Message = Hello | Said | Status | Done | Failed

_decoder = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """Write one message as a line."""
    return msgspec.json.encode(message) + b"\n"


def decode(line: bytes) -> Message:
    """Read one line."""
    message: Message = _decoder.decode(line)
    return message

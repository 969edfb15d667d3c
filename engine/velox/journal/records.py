"""Records one by one, each with its place, and the one way in which the core's refusals become the product's errors."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

import velox_core
from velox.errors import BadInput, ExitCode, Fatal
from velox.events import Kind
from velox.journal.payloads import Payload, decode

__all__ = ["Position", "Record", "core_errors", "opened", "records", "torn_tail"]

Position: TypeAlias = tuple[int, int]  # (run, seq)


class Record(NamedTuple):
    """One record: `ts` is kernel time in ns; `flags` 1 marks a decision that recovery wrote for a crashed engine."""

    run: int
    seq: int
    ts: int
    kind: Kind
    payload: Payload
    flags: int


@contextmanager
def core_errors() -> Iterator[None]:
    """Raise what the core says of a journal as `BadInput` or as `Fatal` with its exit status."""
    try:
        yield
    except velox_core.CoreError as error:
        if error.exit_code == ExitCode.BAD_INPUT:
            raise BadInput(error.sentence) from None
        raise Fatal(error.exit_code, error.sentence) from None


def opened(
    path: str | Path, kinds: Collection[Kind] | None = None, until: Position | None = None
) -> velox_core.JournalReader:
    """The core's reader of a journal folder, from its first record on."""
    with core_errors():
        return velox_core.JournalReader(path, kinds=None if kinds is None else sorted(kinds), until=until)


def records(
    path: str | Path, kinds: Collection[Kind] | None = None, *, until: Position | None = None
) -> Iterator[Record]:
    """The records of a journal in order, all or those of some kinds, at most up to (run, seq)."""
    reader = opened(path, kinds, until)
    with core_errors():
        for run, seq, ts, number, flags, payload in reader:
            try:
                kind = Kind(number)
                yield Record(run, seq, ts, kind, decode(kind, payload), flags)
            except ValueError as error:
                raise Fatal(ExitCode.DAMAGED, f"record {run}:{seq} of {path}: {error}") from error


def torn_tail(path: str | Path) -> str | None:
    """What a crash left unfinished at the end of a journal, in words; reads the whole of it."""
    reader = opened(path, kinds=())
    with core_errors():
        for _ in reader:
            pass
    return reader.torn()

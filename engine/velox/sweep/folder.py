"""The folder of a sweep: what it is of, and every outcome as soon as it is known, so that any sweep can go on."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import msgspec

from velox.clock import monotonic_ns
from velox.errors import BadInput
from velox.sweep.job import Outcome

__all__ = ["Folder"]

_ABOUT = "sweep.json"
_SCRATCH = "sweep.json.new"
_OUTCOMES = "outcomes.jsonl"
_COLUMNS = "columns"
_LOCK = "LOCK"
_SYNC_EVERY_NS = 1_000_000_000


class Folder:
    """One sweep's own folder, held by one process at a time."""

    def __init__(self, path: Path, about: Mapping[str, str]) -> None:
        self.path = path
        self.columns = path / _COLUMNS
        self.kept: list[Outcome] = []
        self._synced_ns = monotonic_ns()
        self._file: IO[bytes] | None = None
        self._about = dict(about)

    @contextlib.contextmanager
    def held(self) -> Iterator["Folder"]:
        """Hold the folder, new or of the same sweep; `kept` is what an earlier run of it has finished."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with (self.path / _LOCK).open("wb") as lock:
                self._claim(lock)
                self._judge()
                with (self.path / _OUTCOMES).open("ab") as self._file:
                    try:
                        yield self
                    finally:
                        os.fsync(self._file.fileno())
                        shutil.rmtree(self.columns, ignore_errors=True)
        except OSError as error:
            if error.filename is None or not str(error.filename).startswith(str(self.path)):
                raise
            raise BadInput(f"{error.filename} cannot be written: {error.strerror}") from error

    def keep(self, outcome: Outcome) -> None:
        """Write an outcome down; a killed process loses none, a power cut at most those of the last second."""
        assert self._file is not None, "the folder is held"
        self._file.write(msgspec.json.encode(outcome) + b"\n")
        self._file.flush()
        self.kept.append(outcome)
        if monotonic_ns() - self._synced_ns > _SYNC_EVERY_NS:
            os.fsync(self._file.fileno())
            self._synced_ns = monotonic_ns()

    def _claim(self, lock: IO[bytes]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"another sweep is at work in {self.path}: wait for it or give another --out") from None

    def _judge(self) -> None:
        about, scratch = self.path / _ABOUT, self.path / _SCRATCH
        if not about.is_file():
            strangers = [held.name for held in self.path.iterdir() if held.name not in (_LOCK, _SCRATCH)]
            if strangers:
                raise BadInput(f"{self.path} holds {strangers[0]} and no sweep: give an empty or new folder as --out")
            scratch.write_bytes(msgspec.json.format(msgspec.json.encode(self._about), indent=2) + b"\n")
            scratch.replace(about)
            return
        try:
            before = msgspec.json.decode(about.read_bytes(), type=dict[str, str])
        except msgspec.DecodeError as error:
            raise BadInput(f"{about} is not what a sweep has written: {error}; give another --out") from None
        now = self._about
        differs = [
            f"{name} was {' '.join(_only(before, now, name))} and is {' '.join(_only(now, before, name))}"
            for name in {**before, **now}
            if before.get(name) != now.get(name)
        ]
        if differs:
            raise BadInput(f"{self.path} holds another sweep: {'; '.join(differs)}. Give another --out")
        self.kept = self._read(self.path / _OUTCOMES)

    def _read(self, path: Path) -> list[Outcome]:
        """The outcomes on file; a last line that a kill has torn is cut off, and its set runs again."""
        if not path.is_file():
            return []
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
        found = []
        for number, line in enumerate(content[:whole].splitlines(), 1):
            try:
                found.append(msgspec.json.decode(line, type=Outcome))
            except msgspec.DecodeError as error:
                raise BadInput(f"{path}:{number} is damaged: {error}; remove that line or give another --out") from None
        return found


def _only(of: Mapping[str, str], beside: Mapping[str, str], name: str) -> list[str]:
    """The words of an entry that the other one does not have."""
    others = beside.get(name, "").split()
    return [word for word in of.get(name, "").split() if word not in others] or ["without it"]

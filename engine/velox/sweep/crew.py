"""Workers of this machine: a process each, which the kernel's memory of the columns is shared with."""

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

import msgspec

from velox.errors import BadInput
from velox.sweep.held import Arrays, save_arrays
from velox.sweep.job import Job, Outcome, Setup

__all__ = ["Answer", "Crew", "Event", "Gone", "LocalCrew"]

_READ_BYTES = 1 << 16
_WITHIN_S = 10


class Answer(msgspec.Struct, frozen=True):
    """A worker has finished a job."""

    worker: int
    outcome: Outcome


class Gone(msgspec.Struct, frozen=True):
    """A worker has died, and why as far as it can be told."""

    worker: int
    reason: str


Event = Answer | Gone


class Crew(Protocol):
    """Workers, wherever they are; each does the jobs that it is given in their order."""

    def hire(self) -> int:
        """Start a worker; gives its number."""
        ...

    def give(self, worker: int, job: Job) -> None:
        """Queue a job for a worker; one that has died is told of by `events`."""
        ...

    def events(self) -> Sequence[Event]:
        """Wait until something has happened."""
        ...

    def close(self) -> None:
        """End all workers, whatever they are doing."""
        ...


class _Process:
    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self.said = folder / f"worker-{number}.txt"
        self.rest = b""
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "velox.sweep.worker", str(folder)],  # -P: as in `velox.runtime`
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                bufsize=0,
            )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.jobs: IO[bytes] = self.process.stdin
        self.answers: IO[bytes] = self.process.stdout

    def end(self) -> int:
        """End it at once; gives its status."""
        self.process.kill()
        status = self.process.wait(_WITHIN_S)
        self.jobs.close()
        self.answers.close()
        return status

    def reason(self) -> str:
        """Why it died, after it closed its answers."""
        try:
            status = self.process.wait(_WITHIN_S)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        lines = self.said.read_text(errors="replace").strip().splitlines()
        last = next((line for line in reversed(lines) if line and not line.startswith((" ", "Extension modules"))), "")
        if status >= 0:
            return f"its process ended with status {status}" + (f": {last}" if last else "")
        name = signal.Signals(-status).name
        hint = ", as when memory runs out" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"


class LocalCrew:
    """Processes of this machine over arrays that each of them maps from one folder."""

    def __init__(self, setup: Setup, arrays: Arrays, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[int, _Process] = {}
        self._hired = 0
        self._selector = selectors.DefaultSelector()
        try:
            save_arrays(folder, arrays)
            (folder / "setup.json").write_bytes(msgspec.json.encode(setup))
        except OSError as error:
            raise BadInput(f"the days cannot be kept for the workers in {folder}: {error.strerror or error}") from error
        self._decoder = msgspec.json.Decoder(Outcome)

    def hire(self) -> int:
        """Start a process."""
        process = _Process(self._hired, self._folder)
        self._hired += 1
        self._processes[process.number] = process
        self._selector.register(process.answers, selectors.EVENT_READ, process)
        return process.number

    def give(self, worker: int, job: Job) -> None:
        """Write a line; it waits in the pipe until its turn."""
        try:
            self._processes[worker].jobs.write(msgspec.json.encode(job) + b"\n")
        except BrokenPipeError:
            return  # its end is told by `events`

    def events(self) -> list[Event]:
        """Wait for answers and ends."""
        found: list[Event] = []
        for key, _ in self._selector.select():
            process: _Process = key.data
            read = os.read(process.answers.fileno(), _READ_BYTES)
            if not read:
                found.append(self._buried(process))
                continue
            *lines, process.rest = (process.rest + read).split(b"\n")
            found += [Answer(process.number, self._decoder.decode(line)) for line in lines]
        return found

    def close(self) -> None:
        """End all processes."""
        for process in self._processes.values():
            process.end()
        self._processes.clear()
        self._selector.close()

    def _buried(self, process: _Process) -> Gone:
        reason = process.reason()
        self._selector.unregister(process.answers)
        del self._processes[process.number]
        process.end()
        return Gone(process.number, reason)

"""`velox paper` as an operator runs it, in processes of its own, and what its journal says while it runs."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import velox_core
from velox import journal as journals
from velox.clock import monotonic_ns
from velox.events import Command, Kind, OrderEvent

__all__ = [
    "BUSY",
    "CHOOSER",
    "HELD",
    "JOINER",
    "Paper",
    "alive",
    "candles_of",
    "check_journal",
    "command_keys",
    "doing",
    "paper",
    "replayed",
    "run_cli",
    "until",
]

BUSY = str(Path(__file__).with_name("busy.py"))
CHOOSER = str(Path(__file__).with_name("chooser.py"))
HELD = str(Path(__file__).with_name("held.py"))
JOINER = str(Path(__file__).with_name("joiner.py"))
_CLI = "import sys; from velox.cli import run; sys.exit(run(sys.argv[1:]))"
_LOOK_S = 0.002


def until(condition: Callable[[], bool], what: str, within_s: float = 30.0) -> None:
    """Wait for a condition; nothing in the other process could wake us."""
    end_ns = monotonic_ns() + int(within_s * 1e9)
    while not condition():
        assert monotonic_ns() < end_ns, f"not within {within_s:g} s: {what}"
        threading.Event().wait(_LOOK_S)


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def doing(journal: Path) -> dict[str, Any]:
    """What the engine of a journal does right now."""
    return velox_core.last_doing(journal) or {"seq": 0, "phase": "idle", "instance": 0, "pid": 0}


def run_cli(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-c", _CLI, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=50, check=False, env={**os.environ, **(env or {})}
    )


class Paper:
    """One `velox paper` that runs; ended with its children when the context is left."""

    def __init__(self, journal: Path, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.journal = journal
        self._report = journal.with_suffix(".json")
        command = [sys.executable, "-c", _CLI, "paper", "--journal", str(journal), "--json", str(self._report)]
        self._output = journal.with_suffix(".txt").open("w+")
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env={**os.environ, **(env or {})},
        )

    @property
    def output(self) -> str:
        """What it has said so far."""
        return Path(self._output.name).read_text()

    def children(self) -> list[int]:
        """Processes that it started."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        try:
            return [int(pid) for pid in listed.read_text().split()]
        except OSError:
            return []

    def engine_pid(self) -> int:
        """The engine that runs now, 0 while none does."""
        pid = int(doing(self.journal)["pid"])
        return pid if pid in self.children() and alive(pid) else 0

    def until_record(self, seq: int) -> int:
        """Wait until an engine has come to a record; returns its process."""
        found = 0

        def there() -> bool:
            nonlocal found
            assert self.process.poll() is None, f"it ended before record {seq}:\n{self.output}"
            found = self.engine_pid() if doing(self.journal)["seq"] >= seq else 0
            return found > 0

        until(there, f"record {seq} of {self.journal}")
        return found

    def kill_engine(self, seq: int = 0) -> None:
        """End the engine by SIGKILL once it has come to a record."""
        pid = self.until_record(seq)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid), f"the end of process {pid}")

    def wait(self, within_s: float = 50.0) -> int:
        """Wait for its own end; returns the exit status."""
        return self.process.wait(within_s)

    def report(self) -> dict[str, Any]:
        """The figures that it wrote at its end."""
        figures: dict[str, Any] = json.loads(self._report.read_text())
        return figures

    def end(self) -> None:
        """End what is left of it."""
        left = [self.process.pid, *self.children()]
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        for pid in left[1:]:
            until(lambda pid=pid: not alive(pid), f"the end of child {pid}")  # type: ignore[misc]
        self._output.close()


@contextmanager
def paper(journal: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[Paper]:
    """Run `velox paper` for the length of a context."""
    running = Paper(journal, *arguments, env=env)
    try:
        yield running
    finally:
        running.end()


def replayed(journal: Path, until: tuple[int, int] | None = None) -> dict[str, Any]:
    """The state to which an independent replay of the files leads; raises at the first decision that differs."""
    replayer = velox_core.Replayer(journal, verify=True, until=until)
    while replayer.step(100_000):
        pass
    return replayer.summary()


def candles_of(journal: Path) -> bytes:
    """All closed candles as bytes, in order."""
    kinds = [Kind.CANDLE_CLOSED]
    return b"".join(payload for _, _, _, _, _, payload in velox_core.JournalReader(journal, kinds=kinds))


def command_keys(journal: Path) -> Counter[str]:
    """How often each command stands in the journal."""
    found = (record.payload for record in journals.records(journal, [Kind.COMMAND]))
    return Counter(payload.key for payload in found if isinstance(payload, Command))


def _of_the_last_day(journal: Path, state: dict[str, Any]) -> dict[str, Any]:
    """Ticks, candles and verdicts of the last day alone: a replay counts all days, a report its own."""
    begun = [(r.payload.session_date, r.run, r.seq) for r in journals.records(journal, [Kind.FACTS_LOADED])]  # type: ignore[union-attr]
    run, seq = next((run, seq) for date, run, seq in begun if date == begun[-1][0])
    before = replayed(journal, (run, seq - 1))
    counts = {key: state[key] - before[key] for key in ("ticks", "candles", "skipped_ticks")}
    return counts | {"verdicts": {name: n - before["verdicts"][name] for name, n in state["verdicts"].items()}}


def check_journal(journal: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Hold a report against an independent replay, and the orders against the rule of one creation each."""
    state = replayed(journal)
    day = _of_the_last_day(journal, state)
    for key, told in {**day, "decisions_hash": state["decisions_hash"], "decisions": state["decisions"]}.items():
        assert key in ("ticks", "skipped_ticks") or report[key] == told, key
    assert report["journalled"] == day["ticks"] + day["skipped_ticks"]
    assert report["decisions_hash"] == velox_core.decisions_hash(journal)
    assert [s["net_pnl"] for s in report["strategies"]] == [s["net_pnl"] for s in state["strategies"]]
    created: Counter[object] = Counter()
    for record in journals.records(journal, [Kind.ORDER_EVENT]):
        assert isinstance(record.payload, OrderEvent)
        created[record.payload.order] += record.payload.state == "CREATED"
    assert set(created.values()) <= {1}, "an order was created twice"
    return state

"""Runs strategies through `velox paper` on a small day, each on its own instrument, and reads what came of it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import velox_core
from velox.events import Kind

STRATEGIES = Path(__file__).parent / "strategies"
STOCKS = "INFY RELIANCE TCS HDFCBANK ICICIBANK SBIN AXISBANK ITC LT WIPRO MARUTI ONGC TITAN".split()
WITHIN_S = 90
_SEED = 31


class Ran(msgspec.Struct):
    """A run as an operator sees it."""

    status: int
    told: str
    report: dict[str, Any]
    journal: Path

    def strategy(self, name: str) -> dict[str, Any]:
        """The figures of one strategy, by the name of its class."""
        found: dict[str, Any] = next(s for s in self.report["strategies"] if s["name"] == name)
        return found

    def faulted(self) -> set[str]:
        """Names of the quarantined."""
        return {s["name"] for s in self.report["strategies"] if s["faulted"]}

    def decided(self, instance: int) -> list[tuple[int, str, Any]]:
        """Every step of an instance's orders, each fill and each change of its position, with its time."""
        kinds = {Kind.ORDER_EVENT: _of_order, Kind.FILL: _of_order, Kind.POSITION_CHANGED: _of_position}
        rows = velox_core.JournalReader(self.journal, kinds=[int(kind) for kind in kinds])
        found = []
        for _, _, ts_ns, number, flags, payload in rows:
            record = msgspec.msgpack.decode(payload)
            if flags == 0 and kinds[Kind(number)](record) == instance:
                found.append((ts_ns, Kind(number).name, record))
        return found

    def reasons(self) -> dict[int, str]:
        """Why each stopped instance was stopped."""
        rows = velox_core.JournalReader(self.journal, kinds=[int(Kind.STRATEGY_STOPPED)])
        decoded = (msgspec.msgpack.decode(payload) for *_, payload in rows)
        return {instance: reason for instance, _, reason in decoded}


def _of_order(record: list[Any]) -> int:
    instance: int = record[0][0][0]
    return instance


def _of_position(record: list[Any]) -> int:
    instance: int = record[1]
    return instance


def make_day(folder: Path, minutes: int = 12, per_minute: int = 30) -> Path:
    """Recordings of some minutes after the open, the same at every call."""
    folder.mkdir()
    count = minutes * per_minute
    for place, stock in enumerate(STOCKS):
        draws = np.random.default_rng((_SEED, place))
        price = 2_000 + 0.05 * np.cumsum(draws.integers(-12, 13, count))
        seconds = np.arange(count) * 60 // per_minute
        rows = (
            f"2021-04-26 09:{15 + s // 60:02}:{s % 60:02},{p:.2f},{(i + 1) * 10}"
            for i, (s, p) in enumerate(zip(seconds, price, strict=True))
        )
        (folder / f"{stock}_2021-04-26_.csv").write_text("\n".join(["timestamp,ltp,volume", *rows]) + "\n")
    return folder


def run(folder: Path, day: Path, *targets: str, env: dict[str, str] | None = None) -> Ran:
    """Trade `file` or `file:Class` targets of the zoo together for the day."""
    folder.mkdir()
    parts = [target.partition(":") for target in targets]
    files = [f"{STRATEGIES / name}.py{colon}{cls}" for name, colon, cls in parts]
    words = ["paper", *files, "--day", str(day), "--speed", "max", "--journal", "journal", "--json", "report.json"]
    done = velox(folder, *words, env=env)
    file = folder / "report.json"
    report = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
    return Ran(done.returncode, done.stdout + done.stderr, report, folder / "journal")


def velox(folder: Path, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command line in a folder, in this interpreter."""
    command = [sys.executable, "-c", "from velox.cli import main; main()", *words]
    return subprocess.run(  # noqa: PLW1510  # its status is what the test looks at
        command, cwd=folder, env=os.environ | (env or {}), capture_output=True, text=True, timeout=WITHIN_S
    )

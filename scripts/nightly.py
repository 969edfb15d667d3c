"""Runs what is too long for every change and writes the outcome, with its commit, to benchmarks/nightly.md."""

import datetime
import os
import platform
import subprocess
import sys
from pathlib import Path

from velox import clock

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "benchmarks" / "nightly.md"
# A frame takes microseconds, a day in the kernel or a folder of files milliseconds: 10 M executions in all.
FUZZ_RUNS = ["decode=6000000", "kite=3000000", "kernel=600000", "journal=400000"]
PARTS = {
    "nightly tests": [sys.executable, "-m", "pytest", "-m", "nightly", "--timeout=7200"],
    "property tests, 100 times their cases": ["scripts/properties", "100"],
    "1 M random sequences of events": ["scripts/sequences"],
    "fuzzing, 10 M executions": ["scripts/fuzz", "--runs", *FUZZ_RUNS],
    "benchmarks": [str(Path(sys.executable).parent / "velox"), "bench"],
}


def run(name: str, command: list[str]) -> tuple[str, bool]:
    """Run one part with its output on screen; returns its section of the report and whether it passed."""
    print(f"== {name}", flush=True)
    start = clock.monotonic_ns()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    seconds = (clock.monotonic_ns() - start) / 1e9
    print(done.stdout, flush=True)
    passed = done.returncode == 0
    tail = "\n".join(line.replace(str(ROOT), ".") for line in done.stdout.strip().splitlines()[-25:])
    title = f"## {name}: {'passed' if passed else f'FAILED (status {done.returncode})'} in {seconds:,.0f} s"
    return f"{title}\n\n```text\n{tail}\n```\n", passed


def commit() -> str:
    """The commit that is tested; says so when the tree differs from it."""
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    dirty = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True)
    return told.stdout.strip() + (" with uncommitted changes" if dirty.stdout.strip() else "")


def main() -> int:
    """Run every part, also after one that failed."""
    day = datetime.datetime.fromtimestamp(clock.wall_ns() / 1e9, datetime.UTC).date()
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    head = f"# Last nightly run\n\nCommit {commit()}, {day}, {machine}.\n"
    outcomes = [run(name, command) for name, command in PARTS.items()]
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text("\n".join([head, *(section for section, _ in outcomes)]))
    print(f"written: {REPORT.relative_to(ROOT)}")
    return 0 if all(passed for _, passed in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

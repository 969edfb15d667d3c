"""The fuzzing script, with a made-up cargo: a crash fails the run and says how to repeat it."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CARGO = """#!/bin/sh
[ "$1" = +nightly ] && shift
case "$2" in
  list) printf 'alpha\\nbeta\\n' ;;
  run)
    case "$*" in
      *" $CRASHING "*)
        echo "thread '<unnamed>' panicked at src/day.rs:7:1:"
        echo "Test unit written to /artifacts/$CRASHING/crash-1"
        echo "stat::number_of_executed_units: 41"
        exit 77 ;;
      *" $BROKEN "*) echo "error: it does not build"; exit 101 ;;
      *) echo "told: $*" >>"$TOLD"; echo "stat::number_of_executed_units: 1234" ;;
    esac ;;
esac
"""


def fuzz(tmp_path: Path, *args: str, crashing: str = "-", broken: str = "-") -> subprocess.CompletedProcess[str]:
    """Run the script; the made-up cargo notes what it is told."""
    cargo = tmp_path / "cargo"
    cargo.write_text(CARGO)
    cargo.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TOLD": str(tmp_path / "told")}
    env |= {"CRASHING": crashing, "BROKEN": broken}
    command = [str(ROOT / "scripts" / "fuzz"), *args]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_every_target_has_its_part_of_the_seconds_and_tells_its_executions(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "7")
    assert done.returncode == 0
    assert "alpha: 1234 executions without a crash" in done.stdout
    assert "beta: 1234 executions without a crash" in done.stdout
    assert (tmp_path / "told").read_text().count("-max_total_time=4 ") == 2


def test_executions_are_given_by_target(tmp_path: Path) -> None:
    assert fuzz(tmp_path, "--runs", "beta=9").returncode == 0
    told = (tmp_path / "told").read_text()
    assert " beta -- -runs=9 " in told
    assert "alpha" not in told


@pytest.mark.parametrize("crashing", ["alpha", "beta"])
def test_a_crash_fails_the_run_and_names_input_and_command(tmp_path: Path, crashing: str) -> None:
    done = fuzz(tmp_path, "2", crashing=crashing)
    assert done.returncode == 1
    assert "panicked at src/day.rs:7:1" in done.stderr
    assert f"{crashing} FAILED (status 77) after 41 executions on /artifacts/{crashing}/crash-1" in done.stderr
    assert f"fuzz run --sanitizer none {crashing} /artifacts/{crashing}/crash-1" in done.stderr
    assert done.stdout.count("executions without a crash") == 1


def test_a_target_that_does_not_run_fails_the_run(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "2", broken="beta")
    assert done.returncode == 1
    assert "error: it does not build" in done.stderr
    assert "beta FAILED (status 101) without an input" in done.stderr


def test_an_unknown_target_is_refused(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "--runs", "gamma=1")
    assert (done.returncode, done.stderr) == (2, "velox: there is no fuzz target gamma\n")

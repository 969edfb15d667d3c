"""A strategy passes the strict type checkers that a quant may run over it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from velox.strategy.load import load
from velox.strategy.spec import Spec

SAMPLE = Path(__file__).with_name("typing_sample.py")


@pytest.mark.slow
def test_strict_mypy_understands_the_class_body(root: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "--config-file", "", str(SAMPLE)],
        env={"MYPYPATH": f"{root}/engine:{root}/velox_core/python", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_sample_is_a_strategy_that_can_start(compiled: Callable[..., Spec]) -> None:
    hooks = {hook.function for hook in compiled(load(f"{SAMPLE}:EveryWord")).hooks}
    assert hooks == {"decide", "early", "often", "on_tick", "on_stop"}

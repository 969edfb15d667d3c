"""A strategy passes the strict type checkers that a quant may run over it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.strategy.test_class_body import DOCUMENTED

from velox.strategy.load import load
from velox.strategy.spec import Spec

SAMPLE = Path(__file__).with_name("typing_sample.py")


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


def test_strict_pyright_understands_the_sample_and_the_documented_example(root: Path, tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text(SAMPLE.read_text())
    # The example leaves `bar` without annotation; all that pyright then knows comes from the base class.
    (tmp_path / "documented.py").write_text(DOCUMENTED)
    settings = {"extraPaths": [f"{root}/engine"], "typeCheckingMode": "strict", "reportMissingParameterType": "none"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout

"""The script that tests the Rust core, with a made-up cargo: the Python edge is tested wherever that can be linked."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(tmp_path: Path, interpreter: Path) -> subprocess.CompletedProcess[str]:
    """Run the script; the made-up cargo says what it is told."""
    cargo = tmp_path / "cargo"
    cargo.write_text('#!/bin/sh\necho "cargo $* with $LD_LIBRARY_PATH"\n')
    cargo.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYO3_PYTHON": str(interpreter)}
    command = [str(ROOT / "scripts" / "test-rust")]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True)


def test_an_interpreter_without_a_shared_library_skips_and_counts(tmp_path: Path) -> None:
    static = tmp_path / "python"
    static.write_text("#!/bin/sh\necho\n")
    static.chmod(0o755)
    skipped, cargo = run(tmp_path, static).stdout.splitlines()
    assert re.fullmatch(rf"velox: skipped: [1-9]\d* Rust tests of the Python edge; {static} has no shared .*", skipped)
    assert cargo.startswith("cargo test --workspace with ")


@pytest.mark.skipif(not sysconfig.get_config_var("Py_ENABLE_SHARED"), reason="this interpreter is linked statically")
def test_a_shared_library_is_found_and_the_edge_tested_in_the_same_build(tmp_path: Path) -> None:
    (cargo,) = run(tmp_path, Path(sys.executable)).stdout.splitlines()
    assert cargo.startswith("cargo test --workspace --features velox_core/python with ")
    assert (Path(cargo.rpartition(":")[2].split()[-1]) / str(sysconfig.get_config_var("LDLIBRARY"))).is_file()

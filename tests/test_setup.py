"""The set-up names a missing tool with the command that brings it, before it touches anything."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLAIN_TOOLS = ["bash", "env", "dirname", "awk", "sort", "head", "cat", "rm"]


@pytest.mark.parametrize(
    ("present", "wanted"),
    [
        ([], "Python 3.11 or newer is missing: apt-get install"),
        (["python3"], "Rust is missing: curl"),
        (["python3", "cargo"], "a C linker is missing: apt-get install"),
        (["python3", "cargo", "cc", "old-rustc"], "Rust 1.70.0 is too old"),
    ],
)
def test_missing_tool_is_one_sentence_with_its_cure(present: list[str], wanted: str, tmp_path: Path) -> None:
    tools = {name: shutil.which(name) for name in PLAIN_TOOLS} | {"python3": sys.executable}
    for name in [*PLAIN_TOOLS, *present]:
        told = tmp_path / name.removeprefix("old-")
        if name in tools:
            told.symlink_to(str(tools[name]))
        else:
            told.write_text("#!/bin/sh\necho rustc 1.70.0\n")
            told.chmod(0o755)
    done = subprocess.run(
        [str(tmp_path / "bash"), str(ROOT / "scripts" / "setup")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"velox: {wanted}")
    assert len(done.stderr.splitlines()) == 1

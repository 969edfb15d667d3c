"""Writes the golden journal of this kernel version: `.venv/bin/python -m tests.golden.make` in the project's root.

The journal stands for those that users keep: as long as the kernel's version stays, it must give the same decisions.
Where a change of decisions is wanted, raise the version in `velox_core/Cargo.toml` (an old journal then says which
kernel it needs) and run this; before the first release, running this alone will do. Commit what it writes.
"""

import sys
import tempfile
from pathlib import Path

from tests.journal import made

import velox_core
from velox.feeds.packets import QUOTE

__all__ = ["BYTES_MAX", "folder", "write"]

BYTES_MAX = 100_000
_TICKS = 300
_HERE = Path(__file__).resolve().parent


def folder() -> Path:
    """The golden journal of this kernel."""
    return _HERE / f"kernel-{velox_core.__version__}"


def write(golden: Path) -> None:
    """Write the segments, and beside them the hash that they must give; nothing else of a journal folder is kept."""
    golden.mkdir(parents=True, exist_ok=True)
    for old in golden.glob("*.vj"):
        old.unlink()
    with tempfile.TemporaryDirectory() as workplace:
        day = made.write(Path(workplace) / "journal", _TICKS, QUOTE)
        for segment in sorted(day.path.glob("*.vj")):
            (golden / segment.name).write_bytes(segment.read_bytes())
    (golden / "decisions.sha256").write_text(day.core.summary()["decisions_hash"] + "\n")


if __name__ == "__main__":
    write(folder())
    size = sum(path.stat().st_size for path in folder().iterdir())
    sys.stdout.write(f"{folder().name}: {size} bytes of at most {BYTES_MAX}\n")

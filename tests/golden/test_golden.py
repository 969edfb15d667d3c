"""The upgrade guard: a journal that lies here from before gives the same decisions today."""

from pathlib import Path

import pytest
from tests.golden import make

import velox_core
from velox import journal
from velox.errors import Fatal
from velox.events import Kind

_REMEDY = "if the change is wanted, see tests/golden/make.py"


def test_this_kernel_reproduces_its_golden_journal() -> None:
    golden = make.folder()
    assert golden.is_dir(), f"kernel {velox_core.__version__} has no golden journal: {_REMEDY}"
    try:
        with journal.core_errors():
            replayer = velox_core.Replayer(golden)
            while replayer.step(1_000):
                pass
    except Fatal as error:
        pytest.fail(f"{error}; {_REMEDY}", pytrace=False)
    summary = replayer.summary()
    assert summary["torn"] is None
    assert summary["decisions_hash"] == (golden / "decisions.sha256").read_text().strip()
    assert summary["decisions_equal"] > 100


def test_the_golden_journal_trades_and_is_small() -> None:
    kinds = {record.kind for record in journal.records(make.folder())}
    assert kinds >= {Kind.FILL, Kind.EXIT_EVENT, Kind.CANDLE_CLOSED, Kind.TICK_VERDICT, Kind.ACCOUNT_MARK}
    assert sum(path.stat().st_size for path in make.folder().iterdir()) < make.BYTES_MAX


def test_making_it_again_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two runs of the writer agree: a golden journal changes only where the kernel or its facts did."""
    make.write(tmp_path / "first")
    make.write(tmp_path / "second")
    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    assert len(first) > 1

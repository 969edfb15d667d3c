"""A disk that is full: the day ends as a named failure, and goes on when there is room again."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runtime.conftest import Undisturbed
from tests.runtime.processes import BUSY, candles_of, check_journal, paper, replayed

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(110),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk"),
]

_DAY = (BUSY, "ema_cross", "--speed", "max")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _resize(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def test_a_day_whose_disk_is_full_stops_and_goes_on_when_there_is_room(
    tmp_path: Path, small_disk: Path, undisturbed: Undisturbed
) -> None:
    journal = tmp_path / "journal"
    journal.symlink_to(small_disk / "journal")
    (small_disk / "journal").mkdir()
    with paper(journal, *_DAY) as day:
        assert day.wait() == 74, day.output
    assert day.output.splitlines()[-1].startswith("velox: the journal stopped: ")
    assert "No space left" in day.output and "Traceback" not in day.output
    assert replayed(journal)["ticks"] > 0, "what is there is whole"
    _resize(small_disk, "200m")
    with paper(journal, *_DAY) as day:
        assert day.wait() == 0, day.output
        report = day.report()
    check_journal(journal, report)
    assert report["decisions_hash"] == undisturbed.report["decisions_hash"]
    assert candles_of(journal) == undisturbed.candles


def test_a_disk_without_any_room_is_said_at_once(tmp_path: Path, small_disk: Path) -> None:
    _resize(small_disk, "8k")
    journal = tmp_path / "journal"
    journal.symlink_to(small_disk / "journal")
    (small_disk / "journal").mkdir()
    with paper(journal, *_DAY) as day:
        assert day.wait() == 74, day.output
    assert "No space left" in day.output and "died" not in day.output

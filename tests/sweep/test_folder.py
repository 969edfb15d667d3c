"""The folder of a sweep: what it keeps, what it goes on from, what it refuses."""

import datetime as dt
from pathlib import Path

import pytest

from velox.errors import BadInput
from velox.sweep.folder import Folder
from velox.sweep.job import Job, Outcome

DAY = dt.date(2026, 7, 15)
ABOUT = {"the parameters": "fast=5:9 slow=20", "[paper]": "slippage_ticks=1 latency_ms=0"}


def _outcome(number: int) -> Outcome:
    return Outcome(job=Job(number, {"fast": str(number)}, 0, DAY, DAY), failed="no reason")


def _filled(path: Path, count: int) -> Path:
    folder = Folder(path, ABOUT)
    with folder.held():
        for number in range(count):
            folder.keep(_outcome(number))
    return path / "outcomes.jsonl"


def _reread(path: Path) -> list[int]:
    folder = Folder(path, ABOUT)
    with folder.held():
        return [outcome.job.number for outcome in folder.kept]


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    _filled(tmp_path / "s", 3)
    assert _reread(tmp_path / "s") == [0, 1, 2]


def test_an_outcome_is_on_file_before_the_next_one_is_asked_for(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "s", ABOUT)
    with folder.held():
        folder.keep(_outcome(0))
        assert (tmp_path / "s" / "outcomes.jsonl").read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("kept", [1, 20, 60])
def test_a_torn_last_line_costs_that_set_alone(tmp_path: Path, kept: int) -> None:
    file = _filled(tmp_path / "s", 3)
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2]) + lines[2][:kept])
    assert _reread(tmp_path / "s") == [0, 1]
    assert file.read_bytes() == b"".join(lines[:2])


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    file = _filled(tmp_path / "s", 3)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + b"{}\n" + lines[2])
    with pytest.raises(BadInput, match=r"outcomes\.jsonl:2 is damaged"):
        _reread(tmp_path / "s")


def test_another_sweep_is_refused_with_what_differs(tmp_path: Path) -> None:
    _filled(tmp_path / "s", 1)
    other = {"the parameters": "fast=5:9 slow=30", "[paper]": "slippage_ticks=2 latency_ms=0"}
    with pytest.raises(BadInput) as refused, Folder(tmp_path / "s", other).held():
        pass
    assert "the parameters was slow=20 and is slow=30; [paper] was slippage_ticks=1 and is slippage_ticks=2" in str(
        refused.value
    )


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"holds notes\.txt and no sweep"), Folder(tmp_path, ABOUT).held():
        pass
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_two_sweeps_cannot_work_in_one_folder_nor_harm_each_other(tmp_path: Path) -> None:
    first, second = Folder(tmp_path / "s", ABOUT), Folder(tmp_path / "s", ABOUT)
    with first.held():
        first.columns.mkdir()
        with pytest.raises(BadInput, match="another sweep is at work"), second.held():
            pass
        assert first.columns.is_dir()
    assert not first.columns.exists()


def test_a_place_where_no_folder_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"), Folder(tmp_path / "file" / "s", ABOUT).held():
        pass

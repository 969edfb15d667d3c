"""`velox doctor` says what is well, what to mend, and ends with a status that a script can use."""

from pathlib import Path

import pytest

from velox import cli
from velox.errors import ExitCode

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_line_has_its_level_and_the_last_counts(capsys: Out) -> None:
    assert cli.run(["doctor"]) == ExitCode.DONE
    *lines, last = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "warn"}
    assert last.startswith(f"{len(lines)} looked at: 0 to mend")


@pytest.mark.parametrize(("when_ns", "level"), [(1_784_100_000 * 10**9, "ok"), (1_500_000_000 * 10**9, "warn")])
def test_today_is_held_against_the_covered_dates(
    when_ns: int, level: str, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    monkeypatch.setattr("velox.clock.wall_ns", lambda: when_ns)
    cli.run(["doctor"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if "market facts" in line] == [level]


def test_nothing_is_left_behind(folder: Path) -> None:
    cli.run(["doctor"])
    assert list(folder.iterdir()) == []


def test_missing_ca_file_is_to_be_mended(folder: Path, capsys: Out) -> None:
    keys = "\n".join(f'{key} = "x"' for key in ("client_code", "api_key", "pin", "totp_secret"))
    (folder / "velox.toml").write_text(f'[feed.smartapi]\n{keys}\nca_file = "absent.pem"\n')
    assert cli.run(["doctor"]) == ExitCode.NOT_READY
    assert "absent.pem does not exist" in capsys.readouterr().out


def test_journal_on_memory_is_warned_about(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    monkeypatch.setattr("velox.cli.doctor._file_system", lambda folder: "tmpfs")
    assert cli.run(["doctor"]) == ExitCode.DONE
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("warn") and "tmpfs" in line]


def test_journal_folder_that_cannot_be_written_is_to_be_mended(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    def refuse(folder: Path) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("velox.cli.doctor._sync_us", refuse)
    assert cli.run(["doctor"]) == ExitCode.NOT_READY
    assert "Permission denied" in capsys.readouterr().out

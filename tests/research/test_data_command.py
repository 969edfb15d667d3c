"""`velox data` from outside: what it prints, and its status for what is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from velox import cli
from velox.errors import ExitCode

Write = Callable[..., Path]
Out = pytest.CaptureFixture[str]

ROWS = ("2021-04-26 09:15:01,100.0,10", "2021-04-26 09:15:02,100.05,20")


def _import(path: Path, catalog: Path, form: str = "nse-ticks") -> int:
    return cli.run(["data", "import", str(path), "--format", form, "--catalog", str(catalog)])


def test_import_sums_up_and_coverage_lists(write: Write, tmp_path: Path, capsys: Out) -> None:
    path = write("GOODNAME_26_April.csv", *ROWS, "not a time,abc,-1")
    assert _import(path, tmp_path / "cat") == ExitCode.DONE
    assert capsys.readouterr().out.splitlines() == [
        "GOODNAME_26_April.csv: NSE:GOODNAME 2021-04-26, 2 rows, 1 rejected, 0 of another day",
        f"1 of 1 files (nse-ticks) in {tmp_path / 'cat'}: 2 rows, 1 rejected, 0 of another day",
    ]
    assert cli.run(["data", "coverage", "--catalog", str(tmp_path / "cat")]) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("NSE:GOODNAME days=1 rows=2 ")


def test_import_names_the_file_without_a_valid_row(write: Write, tmp_path: Path, capsys: Out) -> None:
    assert _import(write("BADNAME_26_April.csv", "not a time,abc,-1"), tmp_path / "cat") == ExitCode.BAD_INPUT
    assert "BADNAME_26_April.csv has no valid row" in capsys.readouterr().err


def test_unknown_format_is_named(write: Write, tmp_path: Path, capsys: Out) -> None:
    assert _import(write("A_26_April.csv", *ROWS), tmp_path / "cat", "nope") == ExitCode.BAD_INPUT
    assert "nope" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["coverage"],
        ["bars", "--instrument", "NSE:X", "--timeframe", "1m", "--indicators", "ema:20", "--out", "o"],
    ],
)
def test_absent_catalogue_is_named(tmp_path: Path, capsys: Out, arguments: list[str]) -> None:
    assert cli.run(["data", *arguments, "--catalog", str(tmp_path / "absent")]) == ExitCode.BAD_INPUT
    assert "there is no catalogue at" in capsys.readouterr().err


def test_import_where_the_catalogue_cannot_be_is_refused(write: Write, tmp_path: Path, capsys: Out) -> None:
    path = write("A_26_April.csv", *ROWS)
    assert _import(path, path) == ExitCode.BAD_INPUT
    assert "cannot be written" in capsys.readouterr().err


def test_sample_says_synthetic_everywhere(tmp_path: Path, capsys: Out) -> None:
    words = ["sample", "--out", str(tmp_path), "--instruments", "NSE:INFY", "--warmup-days", "1", "--seed", "7"]
    assert cli.run(["data", *words, "--from", "2026-07-15"]) == ExitCode.DONE
    assert [line for line in capsys.readouterr().out.splitlines() if "SYNTHETIC" not in line] == []
    assert cli.run(["data", "coverage", "--catalog", str(tmp_path)]) == ExitCode.DONE
    assert capsys.readouterr().out.splitlines()[0].endswith("SYNTHETIC")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--instruments", "RELIANCE"], "'RELIANCE'"),
        (["--instruments", ","], "names no instrument"),
        (["--from", "2019-01-01"], "2019-01-01"),
        (["--from", "tomorrow"], "tomorrow"),
        (["--days", "0"], "0"),
        (["--from", "2026-08-31", "--days", "9"], "not covered"),
    ],
)
def test_sample_that_cannot_be_made_is_refused(tmp_path: Path, capsys: Out, words: list[str], named: str) -> None:
    assert cli.run(["data", "sample", "--out", str(tmp_path / "s"), *words]) == ExitCode.BAD_INPUT
    assert named in capsys.readouterr().err
    assert not (tmp_path / "s").exists()

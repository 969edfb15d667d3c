"""A share that is split, renamed and pays a dividend over the night between two days of one journal."""

import json
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from tests.runtime.conftest import FIRST, SECOND
from tests.runtime.processes import HELD, check_journal, paper, run_cli

from velox import cli
from velox import journal as journals
from velox.errors import ExitCode
from velox.events import ActionBooked, CorporateAction, InstrumentDef, Kind
from velox.research.catalog import Catalog

pytestmark = [pytest.mark.fault, pytest.mark.timeout(110)]

NAME, OLD = "NSE:HDFCBANK", "NSE:HDFCOLD"


@pytest.fixture
def traded(tmp_path: Path, two_days: Path) -> Path:
    """The two days as they were traded: before the second at five times the price and by another name."""
    kept, made = Catalog.open(two_days), Catalog(tmp_path / "traded")
    for entry in kept.entries():
        frame = kept.read(entry)
        if entry.instrument == NAME and entry.day < SECOND:
            columns = [name for name in frame.columns if name in ("price", "open", "high", "low", "close")]
            books = [name for name in frame.columns if name.startswith(("bid", "ask")) and "qty" not in name]
            prices = [name for name in books if "orders" not in name] + columns
            changed = msgspec.structs.replace(entry, instrument=OLD, prev_close=entry.prev_close * 5)
            made.store(changed, frame.with_columns(pl.col(name) * 5 for name in prices))
        else:
            made.store(entry, frame)
    return made.root


def written(folder: Path) -> Path:
    file, head = folder / "actions.toml", f'[[action]]\nname = "{NAME}"\nex = {SECOND}\nsource = "test"\n'
    parts = [
        'kind = "split"\nratio = "1:5"\n',
        f'kind = "rename"\nwas = "{OLD}"\n',
        'kind = "dividend"\namount = "5"\n',
    ]
    file.write_text("\n".join(head + part for part in parts))
    return file


def test_paper_carries_a_position_over_an_ex_date_as_a_back_test_does(tmp_path: Path, traded: Path) -> None:
    journal, actions = tmp_path / "journal", ["--corporate-actions", str(written(tmp_path))]
    day = ["--speed", "max", "--day"]
    with paper(journal, HELD, "-p", f"symbol={OLD}", *day, f"{traded}@{FIRST}") as first:
        assert first.wait() == 0, first.output
    with paper(journal, HELD, "-p", f"symbol={NAME}", *actions, *day, f"{traded}@{SECOND}") as second:
        second.kill_engine()  # wherever its beginning has come to
        assert second.wait() == 0, second.output
        report = second.report()
    check_journal(journal, report)
    held = report["strategies"][0]
    assert (held["instrument"], held["quantity"], held["orders"], held["dividends"]) == (NAME, 50, 0, 50.0)
    (told,) = payloads(journal, Kind.CORPORATE_ACTION)
    assert isinstance(told, CorporateAction)
    assert (told.ex, told.new, told.old, told.dividend, told.was) == (20260805, 5, 1, 500_000_000, OLD)
    (booked,) = payloads(journal, Kind.ACTION_BOOKED)
    assert isinstance(booked, ActionBooked) and (booked.before, booked.quantity) == (10, 50)
    names = {each.name: each.id for each in payloads(journal, Kind.INSTRUMENT_DEF) if isinstance(each, InstrumentDef)}
    assert names[OLD] == names[NAME], "a renamed share keeps its number"
    again = run_cli("replay", str(journal), "--verify")
    assert again.returncode == 0, again.stderr
    tested = back_tested(tmp_path, traded, actions)
    assert tested["gross_pnl"] == pytest.approx(held["gross_pnl"], abs=1e-6)
    assert tested["strategies"][0]["dividends"] == held["dividends"]


def payloads(journal: Path, kind: Kind) -> list[object]:
    return [record.payload for record in journals.records(journal, [kind])]


def back_tested(folder: Path, catalog: Path, actions: list[str]) -> dict[str, Any]:
    file = folder / "tested.json"
    words = ["backtest", HELD, "--catalog", str(catalog), *actions, "--json", str(file)]
    assert cli.run(words) == ExitCode.DONE
    return dict(json.loads(file.read_bytes()))


def test_settings_name_the_file_and_a_mistake_in_it_is_told_before_anything_starts(
    tmp_path: Path, traded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(written(tmp_path).read_text().replace('"1:5"', '"1:1"'))
    monkeypatch.setenv("VELOX_MARKET__CORPORATE_ACTIONS", str(bad))
    for words in (
        ["paper", HELD, "--day", f"{traded}@{SECOND}", "--journal", str(tmp_path / "none")],
        ["demo", "--strategy", HELD, "--day", f"{traded}@{SECOND}", "--journal", str(tmp_path / "none")],
        ["backtest", HELD, "--catalog", str(traded)],
    ):
        assert cli.run(words) == ExitCode.BAD_INPUT
        said = capsys.readouterr().err
        assert "ratio 1:1 of a split changes nothing: write 1:5" in said and said.count("\n") == 1

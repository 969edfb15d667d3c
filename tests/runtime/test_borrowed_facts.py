"""A played day that the facts do not cover: refused, or traded by those of a named date, which every report names."""

from pathlib import Path

import msgspec
import pytest
from tests.runtime.processes import BUSY, paper, replayed, run_cli

pytestmark = [pytest.mark.fault, pytest.mark.timeout(110)]

_NOTE = "the facts of 2023-04-26 are not known; those of 2021-04-26 are used"


@pytest.fixture
def uncovered(tmp_path: Path) -> Path:
    """A recording of some minutes of a day between the covered ranges."""
    rows = (f"2023-04-26 09:{15 + s // 60:02}:{s % 60:02},{1500 + s % 7}.05,{(s + 1) * 10}" for s in range(0, 600, 2))
    file = tmp_path / "INFY_2023-04-26_.csv"
    file.write_text("\n".join(["timestamp,ltp,volume", *rows]) + "\n")
    return file


def test_a_demo_of_an_uncovered_day_names_whose_facts_stand_in(tmp_path: Path, uncovered: Path) -> None:
    refused = run_cli("demo", "--day", str(uncovered), "--journal", str(tmp_path / "refused"))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "2023-04-26 is not covered" in refused.stderr and "--facts-as-of" in refused.stderr
    alone = run_cli("simulate", "--broker", "smartapi", "--day", str(uncovered))
    assert (alone.returncode, alone.stderr) == (2, refused.stderr)
    hashes = set()
    for feed in ("socket", "direct"):
        journal, figures = tmp_path / feed, tmp_path / f"{feed}.json"
        words = ("--speed", "max", "--feed", feed, "--journal", str(journal), "--json", str(figures))
        told = run_cli("demo", "--day", str(uncovered), "--facts-as-of", "2021-04-26", *words)
        assert told.returncode == 0, told.stderr
        assert f"Note: {_NOTE}" in told.stdout
        report = msgspec.json.decode(figures.read_bytes())
        assert _NOTE in report["notes"] and report["session_date"] == 20230426 and report["candles"] > 0
        assert _NOTE in replayed(journal)["notes"], "the journal itself says so"
        hashes.add(report["decisions_hash"])
    assert len(hashes) == 1


def test_a_day_goes_on_only_by_the_facts_that_it_was_begun_with(tmp_path: Path, uncovered: Path) -> None:
    journal, played = tmp_path / "journal", ("--day", str(uncovered), "--speed", "20")
    with paper(journal, BUSY, *played, "--facts-as-of", "2021-04-26") as day:
        day.until_record(200)
        day.kill_engine()
        day.until_record(400)
        day.process.terminate()
        assert day.wait() == 0, day.output
        assert f"Note: {_NOTE}" in day.output and len(day.report()["interruptions"]) == 1
    other = run_cli("paper", BUSY, *played, "--facts-as-of", "2026-07-15", "--journal", str(journal))
    assert (other.returncode, other.stderr.count("\n")) == (2, 1)
    assert _NOTE in other.stderr


def test_a_live_day_is_never_traded_by_the_facts_of_another(tmp_path: Path) -> None:
    secrets = {f"VELOX_FEED__SMARTAPI__{name}": "x" for name in ("CLIENT_CODE", "API_KEY", "PIN", "TOTP_SECRET")}
    told = run_cli("paper", BUSY, "--facts-as-of", "2026-07-15", "--journal", str(tmp_path / "journal"), env=secrets)
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert "--facts-as-of is for days that are played" in told.stderr


@pytest.mark.parametrize("word", ["yesterday", "2021-4-26", "2021-02-30", "20210426"])
def test_what_is_no_date_is_said(word: str) -> None:
    told = run_cli("demo", "--facts-as-of", word)
    assert told.returncode == 2 and f"{word!r} is not a date like" in told.stderr

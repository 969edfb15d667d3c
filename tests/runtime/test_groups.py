"""A strategy of several symbols over deaths, and over days with other symbols."""

from pathlib import Path

import pytest
from tests.runtime.conftest import FIRST, SECOND
from tests.runtime.processes import check_journal, paper

from velox import journal as journals
from velox.events import Kind, StateSet, StrategyStarted
from velox.strategy import state

pytestmark = [pytest.mark.fault, pytest.mark.timeout(110)]

RANKED = str(Path(__file__).with_name("ranked.py"))


def _starts(journal: Path) -> list[tuple[str, int, int]]:
    starts = [record.payload for record in journals.records(journal, [Kind.STRATEGY_STARTED])]
    return [(each.name, each.id, each.group) for each in starts if isinstance(each, StrategyStarted)]


def test_a_group_goes_on_after_a_death(tmp_path: Path, two_days: Path) -> None:
    journal = tmp_path / "journal"
    with paper(journal, f"{RANKED}:Ranked", "--day", f"{two_days}@{FIRST}", "--speed", "max") as day:
        day.kill_engine(20_000)
        assert day.wait() == 0, day.output
        report = day.report()
    check_journal(journal, report)
    assert report["finished"] and len(report["interruptions"]) == 1
    assert [(each["name"], each["round_trips"] > 20) for each in report["strategies"]] == [
        ("Ranked:HDFCBANK", True),
        ("Ranked:INFY", True),
    ]
    assert not any(each["faulted"] for each in report["strategies"])
    sets = [record.payload for record in journals.records(journal, [Kind.STATE_SET])]
    turns = [each for each in sets if isinstance(each, StateSet) and each.name == "turns"]
    counted = [value for _, value in map(state.decode, (each.value for each in turns)) if isinstance(value, int)]
    # A turn whose count was in flight at the death is lost; none is counted twice.
    assert counted == sorted(set(counted)) and counted[0] == 1 and len(counted) > 300


def test_the_next_day_may_have_other_symbols(tmp_path: Path, two_days: Path) -> None:
    journal = tmp_path / "journal"
    for date, symbols in ((FIRST, "NSE:HDFCBANK"), (SECOND, "NSE:INFY,NSE:HDFCBANK")):
        arguments = ("-p", f"symbol={symbols}", "--day", f"{two_days}@{date}", "--speed", "max")
        with paper(journal, f"{RANKED}:Ranked", *arguments) as day:
            assert day.wait() == 0, day.output
            report = day.report()
    check_journal(journal, report)
    assert _starts(journal) == [("Ranked:HDFCBANK", 0, 0), ("Ranked:INFY", 1, 0), ("Ranked:HDFCBANK", 0, 0)]
    assert all(each["round_trips"] > 20 for each in report["strategies"])


def test_a_decision_for_all_that_ends_the_process_quarantines_all(tmp_path: Path, two_days: Path) -> None:
    journal = tmp_path / "journal"
    with paper(journal, f"{RANKED}:RankedAndGone", "--day", f"{two_days}@{FIRST}", "--speed", "max") as day:
        assert day.wait() == 0, day.output
        report = day.report()
    check_journal(journal, report)
    assert report["finished"] and len(report["interruptions"]) == 1
    assert [each["faulted"] for each in report["strategies"]] == [True, True]

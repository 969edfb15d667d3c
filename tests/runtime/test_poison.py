"""A record that kills the engine: after the second death it is skipped, and the operator still gets out."""

from pathlib import Path

import pytest
from tests.runtime.conftest import Undisturbed
from tests.runtime.processes import BUSY, check_journal, paper, run_cli, until

import velox_core
from velox import journal as journals
from velox.errors import Fatal
from velox.events import Kind, Skip
from velox.runtime.deaths import Deaths
from velox.runtime.plan import Plan

pytestmark = [pytest.mark.fault, pytest.mark.timeout(110)]

_ABORT = -6


def test_a_record_that_kills_twice_is_skipped_and_the_account_only_reduces(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    journal = tmp_path / "journal"
    planted = undisturbed.records // 3
    with paper(journal, BUSY, "ema_cross", "--speed", "1000", env={"VELOX_PANIC_AT_SEQ": str(planted)}) as day:
        until(lambda: "The engine is back" in day.output, "the engine's return")
        flat = run_cli("flatten", "--journal", str(journal))
        assert flat.returncode == 0, flat.stderr
        assert flat.stdout.startswith("flat at ")
        day.process.terminate()
        assert day.wait() == 0, day.output
        report = day.report()
    deaths = report["interruptions"]
    poison = deaths[0]["seq"]
    assert poison >= planted and [each["seq"] for each in deaths] == [poison, poison]
    assert [each["status"] for each in deaths] == [_ABORT, 70], "once as it was applied, once as it was recovered"
    assert "skips record" in deaths[1]["measures"]
    assert "ALARM" in day.output
    assert all(s["quantity"] == 0 for s in report["strategies"])
    check_journal(journal, report)
    skips = [record.payload for record in journals.records(journal, [Kind.SKIP])]
    assert [(each.seq, each.tick) for each in skips if isinstance(each, Skip)] == [(poison, _is_tick(journal, poison))]


def test_the_day_goes_on_after_a_skipped_tick_without_asking_for_it_again(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    journal = tmp_path / "journal"
    poison = undisturbed.tick_near(undisturbed.records // 2)
    with paper(journal, BUSY, "ema_cross", "--speed", "max", env={"VELOX_PANIC_AT_SEQ": str(poison)}) as day:
        assert day.wait() == 0, day.output
        report = day.report()
    state = check_journal(journal, report)
    assert {each["seq"] for each in report["interruptions"]} == {poison} and _is_tick(journal, poison)
    assert state["skipped_ticks"] == 1
    assert report["finished"] and report["journalled"] == undisturbed.report["journalled"] == report["sent"]
    assert state["accounts"][0]["skipped"], "only reductions until an operator resumes"


def test_a_record_of_the_set_up_that_kills_twice_is_skipped_as_well(tmp_path: Path, undisturbed: Undisturbed) -> None:
    journal = tmp_path / "journal"
    with paper(journal, BUSY, "ema_cross", "--speed", "max", env={"VELOX_PANIC_AT_SEQ": "4"}) as day:
        assert day.wait() in (0, 2, 77), day.output
    assert "Traceback" not in day.output
    assert "died (status 70) at record 4;" in day.output and "status 1)" not in day.output


def test_signals_from_outside_never_count_against_a_record() -> None:
    deaths, plan = Deaths(), Plan(journal="", strategies=[])
    doing = {"seq": 7, "phase": "applying", "instance": 0}
    for _ in range(3):
        assert deaths.judge(plan, -9, doing, {}).plan.skip == []
    assert deaths.judge(plan, 70, doing, {}).plan.skip == []
    assert deaths.judge(plan, -6, doing, {}).plan.skip == [7]


def test_an_engine_that_keeps_ending_by_itself_is_given_up_though_it_gets_on() -> None:
    deaths, plan = Deaths(), Plan(journal="", strategies=[])
    for seq in range(20):
        deaths.judge(plan, 1, {"seq": seq, "phase": "idle", "instance": 0}, {})
    for seq in range(100, 150):  # who is killed from outside is started again for ever
        deaths.judge(plan, -9, {"seq": seq, "phase": "idle", "instance": 0}, {})
    with pytest.raises(Fatal, match="ended by itself 21 times"):
        deaths.judge(plan, 1, {"seq": 999, "phase": "idle", "instance": 0}, {})


def test_a_hook_that_ends_the_engine_is_quarantined_by_name() -> None:
    judged = Deaths().judge(
        Plan(journal="", strategies=[]), 70, {"seq": 7, "phase": "hook", "instance": 3}, {3: "Busy"}
    )
    assert judged.plan.quarantine == [3]
    assert judged.interruption.measures.startswith("Busy, ")


def _is_tick(journal: Path, seq: int) -> bool:
    return any(at == seq for _, at, *_ in velox_core.JournalReader(journal, kinds=[Kind.TICK]))

"""Day after day on one journal: finished days, new ones, and those that do not belong there."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.conftest import FIRST, SECOND
from tests.runtime.processes import BUSY, HELD, JOINER, check_journal, paper, replayed, run_cli

import velox_core
from velox import journal as journals
from velox.events import HistoryBar, InstrumentDef, Kind, StrategyStarted
from velox.journal.payloads import CandleClosed
from velox.market.calendar import ist_ns

pytestmark = [pytest.mark.fault, pytest.mark.timeout(110)]


def test_the_next_day_on_the_same_journal(tmp_path: Path, two_days: Path) -> None:
    journal = tmp_path / "journal"
    strategies = (HELD, BUSY, "--speed", "max")
    with paper(journal, *strategies, "--day", f"{two_days}@{FIRST}") as day:
        assert day.wait() == 0, day.output
        first = day.report()
    check_journal(journal, first)
    held = _of(first, "Held")
    assert held["quantity"] == 10, "it keeps its position over the night"

    again = run_cli("paper", *strategies, "--journal", str(journal), "--day", f"{two_days}@{FIRST}")
    assert (again.returncode, "was finished already" in again.stdout) == (0, True), again.stderr
    _check_refused(journal, two_days)

    with paper(journal, *strategies, "--day", f"{two_days}@{SECOND}") as day:
        day.kill_engine()  # wherever its beginning has come to
        assert day.wait() == 0, day.output
        second = day.report()
    state = check_journal(journal, second)
    assert second["session_date"] == 20260805 and second["finished"]
    assert second["journalled"] == second["sent"] == sum(second["verdicts"].values()) != first["journalled"]
    assert _of(second, "Held")["quantity"] == 10 and _of(second, "Held")["orders"] == 0, "carried, not bought again"
    assert _of(second, "Busy")["round_trips"] > 0
    assert len(state["strategies"]) == 2, "numbers of strategies are kept"
    _check_warm_up(journal)

    back = run_cli("paper", *strategies, "--journal", str(journal), "--day", f"{two_days}@{FIRST}")
    assert back.returncode == 2 and "has come to 2026-08-05" in back.stderr, "time goes forward alone"


def _of(report: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(s for s in report["strategies"] if s["name"] == name)
    return found


def _check_refused(journal: Path, two_days: Path) -> None:
    """A strategy that holds something may not be left out of the next day; nothing may trade in its stead."""
    left_out = run_cli("paper", BUSY, "--journal", str(journal), "--day", f"{two_days}@{SECOND}", "--speed", "max")
    assert left_out.returncode == 2
    assert "Held still holds +10 NSE:HDFCBANK" in left_out.stderr and left_out.stderr.count("\n") == 1


def _check_warm_up(journal: Path) -> None:
    """Indicators that went through the first day get no candle twice."""
    bars: dict[int, list[int]] = {}
    for record in journals.records(journal, [Kind.HISTORY_BAR]):
        assert isinstance(record.payload, HistoryBar)
        bars.setdefault(record.payload.series, []).append(record.payload.ts_open)
    assert bars and all(times == sorted(set(times)) for times in bars.values())
    starts = [r.payload for r in journals.records(journal, [Kind.STRATEGY_STARTED])]
    assert sorted(each.name for each in starts if isinstance(each, StrategyStarted)) == ["Busy", "Busy", "Held", "Held"]


def test_an_indicator_that_joins_on_the_second_day_is_warmed_alone(tmp_path: Path, two_days: Path) -> None:
    """It gets the earlier candles, and the indicator beside it, which had them, does not get them again."""
    joined, stayed, alone = tmp_path / "joined", tmp_path / "stayed", tmp_path / "alone"
    for journal, strategy, day in (
        (joined, BUSY, FIRST),
        (joined, JOINER, SECOND),
        (stayed, BUSY, FIRST),
        (stayed, BUSY, SECOND),
        (alone, JOINER, SECOND),
    ):
        ended = run_cli("paper", strategy, "--journal", str(journal), "--day", f"{two_days}@{day}", "--speed", "max")
        assert ended.returncode == 0, ended.stderr
        assert "were not run again" not in ended.stdout, "a day that ended in order lost no hook"
    both = _minutes_of_second(joined)
    assert [values[0] for values in both] == [values[0] for values in _minutes_of_second(stayed)], "ATR went on"
    assert [values[1] for values in both] == [values[0] for values in _minutes_of_second(alone)], "EMA was warm"
    assert not any(math.isnan(value) for values in both for value in values)
    replayed(joined)


def _minutes_of_second(journal: Path) -> list[tuple[float, ...]]:
    """Indicator values of INFY's one-minute candles of the second day."""
    closed = [r.payload for r in journals.records(journal, [Kind.CANDLE_CLOSED])]
    numbers = {
        r.payload.name: r.payload.id
        for r in journals.records(journal, [Kind.INSTRUMENT_DEF])
        if isinstance(r.payload, InstrumentDef)
    }
    wanted = (numbers["NSE:INFY"], 60)
    second = [c for c in closed if isinstance(c, CandleClosed) and c.ts_open >= ist_ns(SECOND)]
    found = [tuple(c.values) for c in second if (c.instrument, c.seconds) == wanted]
    assert len(found) == 360, "INFY trades until 15:15"
    return found


def test_a_running_day_is_not_taken_up_by_others(tmp_path: Path, two_days: Path) -> None:
    journal = tmp_path / "journal"
    day_args = ("--day", f"{two_days}@{FIRST}", "--speed", "3000")
    with paper(journal, BUSY, *day_args) as day:
        day.until_record(8_000)
        day.process.terminate()
        assert day.wait() == 0, day.output
    before = velox_core.decisions_hash(journal)
    for others, words in (
        ((HELD,), "runs Busy, not Held"),
        ((BUSY, HELD), "runs Busy, not Busy, Held"),
        ((BUSY, "-p", "symbol=NSE:HDFCBANK"), "Busy trades NSE:INFY, not NSE:HDFCBANK"),
    ):
        told = run_cli("paper", *others, "--journal", str(journal), *day_args)
        assert (told.returncode, words in told.stderr) == (2, True), told.stderr
        assert "Traceback" not in told.stderr and told.stderr.count("\n") == 1
    assert velox_core.decisions_hash(journal) == before


def test_seconds_end_a_day_in_order(tmp_path: Path, two_days: Path) -> None:
    """They count from where the engine is up: a slow machine's start-up does not use them up."""
    journal = tmp_path / "journal"
    with paper(journal, BUSY, "--day", f"{two_days}@{FIRST}", "--speed", "200", "--seconds", "0.2") as day:
        assert day.wait() == 0, day.output
        report = day.report()
    assert not report["finished"] and "stopped before its end" in day.output
    check_journal(journal, report)


def test_a_folder_of_other_things_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    told = run_cli("paper", BUSY, "--journal", str(tmp_path))
    assert told.returncode == 2 and "thesis.txt" in told.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.txt"]


def test_nothing_of_the_working_folder_is_imported(
    tmp_path: Path, two_days: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("velox.py", "json.py", "signal.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    command = ["-P", "-c", "from velox.cli import main; main()", "paper", BUSY, "--day", f"{two_days}@{FIRST}"]
    told = subprocess.run(
        [sys.executable, *command, "--speed", "max", "--journal", "journal"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr


def test_a_name_that_no_folder_can_have_is_said(tmp_path: Path) -> None:
    told = run_cli("paper", BUSY, "--journal", str(tmp_path / ("x" * 300)))
    assert (told.returncode, told.stderr.count("\n")) == (2, 1) and "too long" in told.stderr


@pytest.mark.parametrize("word", ["nan", "inf", "0", "-1", "soon"])
def test_seconds_are_a_number_above_0(word: str) -> None:
    told = run_cli("demo", "--seconds", word)
    assert told.returncode == 2 and f"{word!r} is not a number of seconds" in told.stderr

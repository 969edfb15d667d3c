"""Whatever dies, the day goes on: the same decisions, no order twice, nothing acknowledged lost."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.conftest import Undisturbed
from tests.runtime.processes import BUSY, Paper, alive, candles_of, check_journal, command_keys, doing, paper, until

from velox.events import CommandKind
from velox.runtime.commands import send

pytestmark = [pytest.mark.fault, pytest.mark.timeout(110)]

_DAY = (BUSY, "ema_cross")
# Who kills looks on from outside and may see a place late: the rest of the day is what it has for that.
_PACE = "3000"
_LATEST = 0.8


def _check_same_day(journal: Path, report: dict[str, object], undisturbed: Undisturbed) -> None:
    """The day's result; hooks that were in flight are lost by rule, and then the report must name them."""
    check_journal(journal, report)
    assert report["finished"] and report["journalled"] == undisturbed.report["journalled"]
    assert candles_of(journal) == undisturbed.candles
    interruptions = report["interruptions"]
    assert isinstance(interruptions, list)
    if not any(each["lost"] for each in interruptions):
        assert report["decisions_hash"] == undisturbed.report["decisions_hash"]


def _killed_at(day: Paper, places: list[int]) -> None:
    for place in places:
        day.kill_engine(place)


def _places(seed: int, count: int, undisturbed: Undisturbed) -> list[int]:
    draw = np.random.default_rng(seed)
    return sorted(int(place) for place in draw.integers(1, int(undisturbed.records * _LATEST), count))


@pytest.mark.parametrize("seed", [1, 2])
def test_an_engine_killed_at_random_goes_on_as_if_nothing_had_been(
    seed: int, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    journal = tmp_path / "journal"
    places = _places(seed, 5, undisturbed)
    with paper(journal, *_DAY, "--speed", _PACE) as day:
        _killed_at(day, places)
        assert day.wait() == 0, day.output
        report = day.report()
    _check_same_day(journal, report, undisturbed)
    assert len(report["interruptions"]) == len(places)
    assert all(each["back_after_s"] > 0 and each["status"] == -signal.SIGKILL for each in report["interruptions"])
    assert day.output.count("Interrupted at record") == len(places)


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 110))
def test_a_hundred_kills_and_back_within_five_seconds(seed: int, tmp_path: Path, undisturbed: Undisturbed) -> None:
    journal = tmp_path / "journal"
    with paper(journal, *_DAY, "--speed", "2000") as day:
        _killed_at(day, _places(seed, 10, undisturbed))
        assert day.wait(300) == 0, day.output
        report = day.report()
    _check_same_day(journal, report, undisturbed)
    assert len(report["interruptions"]) == 10
    assert max(each["back_after_s"] for each in report["interruptions"]) <= 5


def test_killed_again_while_it_recovers(tmp_path: Path, undisturbed: Undisturbed) -> None:
    journal = tmp_path / "journal"
    with paper(journal, *_DAY, "--speed", _PACE) as day:
        day.kill_engine(undisturbed.records // 2)
        for _ in range(3):  # as soon as the next one has the journal, long before it is ready
            day.kill_engine()
        assert day.wait() == 0, day.output
        report = day.report()
    _check_same_day(journal, report, undisturbed)
    assert len(report["interruptions"]) == 4
    assert all(each["back_after_s"] > 0 for each in report["interruptions"])


def test_killed_while_the_day_is_set_up(tmp_path: Path, undisturbed: Undisturbed) -> None:
    journal = tmp_path / "journal"
    with paper(journal, *_DAY, "--speed", "max") as day:
        for place in (2, 40, 200):  # facts, series, candles of earlier days
            day.kill_engine(place)
        assert day.wait() == 0, day.output
        report = day.report()
    _check_same_day(journal, report, undisturbed)


def test_acknowledged_commands_are_in_the_journal_once(tmp_path: Path, undisturbed: Undisturbed) -> None:
    journal = tmp_path / "journal"
    acknowledged = {}
    with paper(journal, *_DAY, "--speed", _PACE) as day:
        for turn, share in enumerate((0.1, 0.3, 0.5, 0.7)):
            day.until_record(int(undisturbed.records * share))
            kind = (CommandKind.HALT, CommandKind.RESUME)[turn % 2]
            reply = send(journal, kind, "a test", key=f"key-{turn}")
            acknowledged[f"key-{turn}"] = reply
            day.kill_engine()
            # The same key again, before the engine is back: the same command, no second record.
            assert send(journal, kind, "a test", key=f"key-{turn}").state == reply.state == "done"
        assert day.wait() == 0, day.output
        report = day.report()
    check_journal(journal, report)
    assert command_keys(journal) == dict.fromkeys(acknowledged, 1)
    assert len(report["interruptions"]) == 4
    run, _, seq = acknowledged["key-0"].as_of.partition(":")
    assert (int(run), int(seq) > 0) == (1, True)


def test_a_killed_supervisor_takes_its_children_along_and_the_day_can_go_on(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    journal = tmp_path / "journal"
    with paper(journal, *_DAY, "--speed", _PACE) as day:
        day.until_record(undisturbed.records // 3)
        children = day.children()
        assert len(children) == 2, "simulator and engine"
        day.process.kill()
        for pid in children:
            until(lambda pid=pid: not alive(pid), f"the end of orphan {pid}", 10)  # type: ignore[misc]
    reached = doing(journal)["seq"]
    assert undisturbed.records // 3 <= reached < undisturbed.records * 0.95, "it must have ended on its way"
    with paper(journal, *_DAY, "--speed", "max") as day:
        assert day.wait() == 0, day.output
        report = day.report()
    assert "Recovered" in day.output
    _check_same_day(journal, report, undisturbed)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, pytest.param(signal.SIGINT, marks=pytest.mark.nightly)]
)
def test_a_signal_ends_the_day_in_order_and_it_can_go_on(
    number: signal.Signals, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    journal = tmp_path / "journal"
    with paper(journal, *_DAY, "--speed", _PACE) as day:
        day.until_record(undisturbed.records // 2)
        children = day.children()
        day.process.send_signal(number)
        assert day.wait() == 0, day.output
        report = day.report()
        assert not any(alive(pid) for pid in children)
    assert not report["finished"] and report["interruptions"] == []
    assert "The day was stopped before its end." in day.output
    check_journal(journal, report)
    with paper(journal, *_DAY, "--speed", "max") as day:
        assert day.wait() == 0, day.output
        report = day.report()
    _check_same_day(journal, report, undisturbed)


def test_stopped_before_the_engine_is_ready(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with paper(journal, *_DAY) as day:
        until(lambda: len(day.children()) == 2, "the engine's process")
        day.process.send_signal(signal.SIGINT)
        assert day.wait() in (0, 130), day.output
        assert "Traceback" not in day.output


def test_a_simulator_killed_before_it_is_ready_is_started_again(tmp_path: Path, undisturbed: Undisturbed) -> None:
    journal = tmp_path / "journal"
    with paper(journal, *_DAY, "--speed", "max") as day:
        until(lambda: len(day.children()) > 0, "the simulator's process")
        os.kill(day.children()[0], signal.SIGKILL)
        assert day.wait() == 0, day.output
        report = day.report()
    assert report["simulator_restarts"] == 1
    _check_same_day(journal, report, undisturbed)


def test_a_stopped_engine_does_not_hold_up_the_end(tmp_path: Path, undisturbed: Undisturbed) -> None:
    journal = tmp_path / "journal"
    with paper(journal, *_DAY, "--speed", _PACE) as day:
        os.kill(day.until_record(undisturbed.records // 3), signal.SIGSTOP)
        day.process.terminate()
        assert day.wait() == 130, day.output
    assert "the engine did not end in time" in day.output
    with paper(journal, *_DAY, "--speed", "max") as day:
        assert day.wait() == 0, day.output
        _check_same_day(journal, day.report(), undisturbed)


def test_a_killed_simulator_comes_back_and_the_day_goes_on(tmp_path: Path, undisturbed: Undisturbed) -> None:
    journal = tmp_path / "journal"
    with paper(journal, *_DAY, "--speed", _PACE) as day:
        engine = day.until_record(undisturbed.records // 3)
        simulator = next(pid for pid in day.children() if pid != engine)
        os.kill(simulator, signal.SIGKILL)
        assert day.wait() == 0, day.output
        report = day.report()
    assert report["simulator_restarts"] == 1 and report["interruptions"] == []
    _check_same_day(journal, report, undisturbed)

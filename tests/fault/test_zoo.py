"""Hostile strategies beside a good one, over a whole day on paper: what they may cost the others."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.fault import zoo

import velox_core
from velox.events import Kind

pytestmark = [pytest.mark.fault, pytest.mark.timeout(zoo.WITHIN_S + 30)]

GOOD = 0  # the first instance of every run
BACK_WITHIN_S = 5.0
HOOKS = ("Start", "Bar", "Tick", "Fill", "Entered", "Stop", "Target", "Reject", "At", "Every", "Finish")
RAISERS = [f"raises:In{hook}" for hook in HOOKS] + ["raises:WithSpite"]
KINDS = ("Exception", "SystemExit", "KeyboardInterrupt", "RecursionError", "MemoryError", "GeneratorExit")


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zoo.make_day(tmp_path_factory.mktemp("zoo") / "day")


@pytest.fixture(scope="session")
def alone(day: Path, tmp_path_factory: pytest.TempPathFactory) -> zoo.Ran:
    ran = zoo.run(tmp_path_factory.mktemp("zoo") / "alone", day, "good", "quiet:Quiet")
    assert ran.status == 0
    assert ran.strategy("Good")["fills"] > 2
    return ran


def _undisturbed(ran: zoo.Ran, alone: zoo.Ran) -> None:
    """The day ended in order, and the good strategy's orders and money are those of the run without the others."""
    assert ran.status == 0, ran.told
    assert ran.report["finished"]
    assert ran.report["verdicts"] == alone.report["verdicts"]
    assert ran.strategy("Good") == alone.strategy("Good")
    assert not ran.strategy("Good")["faulted"]
    assert ran.decided(GOOD) == alone.decided(GOOD)
    replayed = velox_core.Replayer(ran.journal, verify=True)
    while replayed.step(100_000):
        pass
    assert replayed.summary()["decisions_equal"] > 0


def _names(targets: list[str]) -> set[str]:
    return {target.partition(":")[2] for target in targets}


def _lost(ran: zoo.Ran) -> list[str]:
    """Hooks of records in flight that the report names."""
    return [hook for each in ran.report["interruptions"] for hook in each["lost"]]


def _restarts_within(ran: zoo.Ran, most: int) -> None:
    entries = ran.report["interruptions"]
    assert len(entries) <= most, ran.told
    for entry in entries:
        assert entry["status"] in (70, 0, -11)
        assert entry["back_after_s"] > 0


@pytest.mark.req("V-081")
def test_an_exception_in_any_hook_stops_its_strategy_alone(day: Path, alone: zoo.Ran, tmp_path: Path) -> None:
    ran = zoo.run(tmp_path / "run", day, "good", *RAISERS)
    _undisturbed(ran, alone)
    assert ran.faulted() == _names(RAISERS)
    assert ran.report["interruptions"] == []
    told = [reason for _, reason in sorted(ran.reasons().items())]
    assert len(told) == len(RAISERS)
    assert all(
        re.match(r"In\w+: raises\.py:\d+: \w+: from the zoo", reason) for reason in told if "Spite" not in reason
    )


@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_exception_in_every_hook(day: Path, alone: zoo.Ran, tmp_path: Path, kind: str) -> None:
    ran = zoo.run(tmp_path / "run", day, "good", *RAISERS, env={"ZOO_RAISES": kind})
    _undisturbed(ran, alone)
    assert ran.faulted() == _names(RAISERS)
    assert ran.report["interruptions"] == []


def test_a_flood_stops_its_strategy_alone(day: Path, alone: zoo.Ran, tmp_path: Path) -> None:
    flooding = [f"floods:{name}" for name in ("Intents", "Stubborn", "Lines", "Words", "Keeping", "Reasons")]
    restless = [f"floods:{name}" for name in ("Answering", "Pyramid", "Chatty")]
    ran = zoo.run(tmp_path / "run", day, "good", *flooding, *restless)
    _undisturbed(ran, alone)
    # What answers each refusal with the same wish is halted by risk and then only counted: no chain is left to break.
    assert ran.faulted() == _names(flooding)
    assert ran.strategy("Answering")["orders"] == 0
    assert ran.report["interruptions"] == []
    assert ran.strategy("Intents")["orders"] == 0
    assert ran.strategy("Chatty")["orders"] <= 2


def test_odd_figures_and_strange_instruments_reach_no_order_of_others(
    day: Path, alone: zoo.Ran, tmp_path: Path
) -> None:
    names = ("Stops", "Sizes", "Raw", "Stranger", "Undeclared", "Mutating", "Patching", "Impostor")
    ran = zoo.run(tmp_path / "run", day, "good", *(f"figures:{name}" for name in names))
    _undisturbed(ran, alone)
    assert ran.faulted() == {"Undeclared", "Mutating", "Patching", "Impostor"}
    assert ran.report["interruptions"] == []
    assert [ran.strategy(name)["orders"] for name in ("Raw", "Stranger", "Patching", "Impostor")] == [0, 0, 0, 0]
    for _, kind, record in ran.decided(1):
        assert kind != "ORDER_EVENT" or 0 < record[7] < 10**15, "an order at an impossible price"


def test_a_loop_in_python_is_broken_and_its_strategy_stopped(day: Path, alone: zoo.Ran, tmp_path: Path) -> None:
    broken = ["loops:Spinning", "loops:Swallowing", "loops:AtFinish", "loops:InItsWords"]
    ran = zoo.run(tmp_path / "run", day, "good", *broken)
    _undisturbed(ran, alone)
    assert ran.faulted() == _names(broken)
    assert ran.report["interruptions"] == []
    assert any(re.fullmatch(r"Spinning: loops\.py:\d+: the hook used up its time", r) for r in ran.reasons().values())


def test_loops_that_nothing_breaks_cost_one_restart_each(day: Path, alone: zoo.Ran, tmp_path: Path) -> None:
    ran = zoo.run(tmp_path / "run", day, "good", "loops:Summing", "loops:Unbreakable")
    _undisturbed(ran, alone)
    assert ran.faulted() == {"Summing", "Unbreakable"}
    assert [entry["status"] for entry in ran.report["interruptions"]] == [70, 70]
    told = " ".join(entry["measures"] for entry in ran.report["interruptions"])
    for name in ("Summing", "Unbreakable"):
        assert f"{name}, whose hook ended it, is quarantined" in told
    assert not any("Good" in hook for hook in _lost(ran)), "hooks of others were lost"


@pytest.mark.nightly
@pytest.mark.parametrize("loop", ["Hoarding", "Backtracking", "Sleeping", "AtStart"])
def test_any_loop_that_nothing_breaks_costs_one_restart(day: Path, alone: zoo.Ran, tmp_path: Path, loop: str) -> None:
    ran = zoo.run(tmp_path / "run", day, "good", f"loops:{loop}")
    _undisturbed(ran, alone)
    assert ran.faulted() == {loop}
    assert [entry["status"] for entry in ran.report["interruptions"]] == [70]
    assert not any("Good" in hook for hook in _lost(ran)), "hooks of others were lost"


@pytest.mark.nightly
def test_many_loops_cost_one_restart_each(day: Path, alone: zoo.Ran, tmp_path: Path) -> None:
    endless = [
        f"loops:{name}" for name in ("Unbreakable", "Summing", "Hoarding", "Backtracking", "Sleeping", "AtStart")
    ]
    broken = [f"loops:{name}" for name in ("Spinning", "Swallowing", "AtRecover", "AtFinish", "InItsWords")]
    ran = zoo.run(tmp_path / "run", day, "good", *endless, *broken)
    _undisturbed(ran, alone)
    _restarts_within(ran, len(endless))
    assert ran.faulted() == _names(endless) | _names(broken)


@pytest.mark.parametrize("leak", ["Leaking", pytest.param("Dripping", marks=pytest.mark.nightly)])
def test_a_leak_costs_one_restart_and_no_hook(day: Path, alone: zoo.Ran, tmp_path: Path, leak: str) -> None:
    ran = zoo.run(tmp_path / "run", day, "good", f"leaks:{leak}", env={"VELOX_ENGINE__MEMORY_HEADROOM_MB": "48"})
    _undisturbed(ran, alone)
    _restarts_within(ran, 1)
    assert ran.faulted() == {leak}
    assert re.search(rf"{leak} leaked \d+ MiB: quarantined", ran.told)
    assert _lost(ran) == []


@pytest.mark.parametrize("name", ["Crashing", pytest.param("Leaving", marks=pytest.mark.nightly)])
def test_who_ends_the_process_is_quarantined(day: Path, alone: zoo.Ran, tmp_path: Path, name: str) -> None:
    ran = zoo.run(tmp_path / "run", day, "good", f"cheats:{name}")
    _undisturbed(ran, alone)
    _restarts_within(ran, 1)
    assert ran.faulted() == {name}


def test_threads_of_hooks_are_refused(day: Path, alone: zoo.Ran, tmp_path: Path) -> None:
    ran = zoo.run(tmp_path / "run", day, "good", "cheats:Threads", "cheats:HeavyThreads")
    _undisturbed(ran, alone)
    assert ran.faulted() == {"Threads", "HeavyThreads"}
    assert ran.report["interruptions"] == []


def test_what_is_the_engines_is_refused_in_hooks(day: Path, alone: zoo.Ran, tmp_path: Path) -> None:
    names = ("Killing", "Raising", "Alarming", "Closing", "Reusing", "Looping", "Tracing", "Hurrying", "Ending")
    ran = zoo.run(tmp_path / "run", day, "good", *(f"cheats:{name}" for name in names))
    _undisturbed(ran, alone)
    assert ran.faulted() == set(names)
    assert ran.report["interruptions"] == []
    assert all("Refused: a hook must not" in why or "a hook cannot" in why for why in ran.reasons().values())


def test_words_and_folders_of_a_strategy_are_its_own(day: Path, alone: zoo.Ran, tmp_path: Path) -> None:
    small = {"VELOX_JOURNAL__SNAPSHOT_RECORDS": "5000"}  # segments are opened after the folder was changed
    ran = zoo.run(tmp_path / "run", day, "good", "cheats:Printing", "cheats:Moving", env=small)
    _undisturbed(ran, alone)
    assert ran.faulted() == set()
    assert ran.report["interruptions"] == []
    assert "part of a line" in ran.told


def test_a_journal_that_is_deleted_ends_the_day_as_a_named_failure(day: Path, tmp_path: Path) -> None:
    ran = zoo.run(tmp_path / "run", day, "good", "cheats:Erasing")
    assert ran.status == 74, ran.told
    assert ran.report == {}
    last = ran.told.splitlines()[-1]
    assert last.startswith("velox: the journal stopped: ") and "Traceback" not in ran.told


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Twice as many endless loops as there are processors."""
    command = [sys.executable, "-c", "while True: pass"]
    hogs = [subprocess.Popen(command) for _ in range(2 * (os.cpu_count() or 1))]
    yield
    for hog in hogs:
        hog.kill()
        hog.wait()


@pytest.mark.usefixtures("busy_machine")
def test_a_slow_hook_on_a_busy_machine_is_told_and_not_stopped(day: Path, alone: zoo.Ran, tmp_path: Path) -> None:
    ran = zoo.run(tmp_path / "run", day, "good", "fine:Slow")
    _undisturbed(ran, alone)
    assert ran.faulted() == set()
    assert ran.report["interruptions"] == []
    assert re.search(r"Slow is slow: \d+ hooks took more than 1,000 µs, the longest [\d,]+ µs\.", ran.told)
    assert _state(ran, "candles") == [12]


def _state(ran: zoo.Ran, name: str) -> list[Any]:
    """The last value of a State."""
    values: list[Any] = []
    for *_, payload in velox_core.JournalReader(ran.journal, kinds=[int(Kind.STATE_SET)]):
        _, key, value = msgspec.msgpack.decode(payload)
        if key == name:
            values = [msgspec.msgpack.decode(value)[1]]
    return values

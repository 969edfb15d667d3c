"""Operator commands to a running engine: idempotent, durable, placed in the journal, and honest."""

import asyncio
import datetime as dt
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.journal import made
from tests.runtime.conftest import FIRST, Undisturbed
from tests.runtime.processes import BUSY, HELD, check_journal, command_keys, paper, run_cli, until

import velox_core
from velox import journal as journals
from velox.errors import BadInput, Fatal, Unknown
from velox.events import BrokerReply, CommandKind, IntentId, Kind, OrderId, PositionChanged, StrategyStarted
from velox.market.calendar import IST
from velox.runtime.commands import CommandServer, Reply, Scope, send, socket_path

pytestmark = [pytest.mark.fault, pytest.mark.timeout(110)]

_CLOSED_NS = int(dt.datetime.combine(FIRST, dt.time(15, 16), IST).timestamp()) * 1_000_000_000


def test_halt_resume_and_flatten_of_a_running_day(tmp_path: Path, undisturbed: Undisturbed) -> None:
    journal = tmp_path / ("long-" * 30) / "journal"  # longer than a Unix address can be
    journal.parent.mkdir()
    with paper(journal, BUSY, "--speed", "200") as day:
        day.until_record(undisturbed.records // 20)
        mode = stat.S_IMODE(socket_path(journal).stat().st_mode)
        assert mode == stat.S_IRUSR | stat.S_IWUSR
        halted = run_cli("halt", "--journal", str(journal), "--reason", "a test")
        assert (halted.returncode, halted.stdout.split(":")[0]) == (0, "done at 1")
        first = send(journal, CommandKind.RESUME, key="one")
        again = send(journal, CommandKind.RESUME, key="one")
        assert first.state == again.state == "done"
        other = send(journal, CommandKind.HALT, key="one")
        assert other.state == "refused" and "another command's" in other.sentence, "no answer to what was not done"
        assert send(journal, CommandKind.HALT, key="three").sentence.startswith("Nothing is opened from now on")
        assert "since then positions may not be opened" in send(journal, CommandKind.RESUME, key="one").sentence
        assert send(journal, CommandKind.RESUME, key="four").sentence == "Positions may be opened again."
        until(lambda: _position(journal) != 0, "a position")
        flat = send(journal, CommandKind.FLATTEN, key="two")
        assert (flat.state, flat.sentence.split(",")[0]) == ("flat", "Every position is closed")
        day.process.terminate()
        assert day.wait() == 0, day.output
        report = day.report()
    assert [s["quantity"] for s in report["strategies"]] == [0]
    assert report["accounts"][0]["kill"]
    check_journal(journal, report)
    keys = command_keys(journal)
    assert set(keys.values()) == {1} and {"one", "two", "three", "four"} < set(keys) and len(keys) == 5


def test_a_flatten_of_one_strategy_reports_and_leaves_the_others_alone(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with paper(journal, BUSY, HELD, "--speed", "200") as day:  # so that the day outlasts six commands on a busy machine
        day.until_record(2_000)
        until(lambda: _position(journal, "Held") == 10, "a position")
        asked = ("flatten", "--journal", str(journal), "--strategy", "Held", "--key", "out")
        told = run_cli(*asked)
        assert (told.returncode, told.stdout[:4]) == (0, "flat"), told.stdout + told.stderr
        assert "Closed: Held +10 NSE:HDFCBANK at " in told.stdout
        again = run_cli(*asked)
        assert again.stdout == told.stdout.replace(_as_of(told.stdout), _as_of(again.stdout)), "the same command"
        wrong = run_cli("halt", "--journal", str(journal), "--strategy", "Hold")
        assert wrong.returncode == 2 and wrong.stderr == "velox: there is no strategy Hold; there are Busy, Held\n"
        both = run_cli("halt", "--journal", str(journal), "--strategy", "Held", "--account", "paper")
        assert both.returncode == 2 and "--strategy names one alone" in both.stderr
        trades = _fills(journal, "Busy")
        until(lambda: _fills(journal, "Busy") > trades + 2, "trades of the other strategy")
        halted = run_cli("halt", "--journal", str(journal), "--instrument", "NSE:INFY", "--account", "paper")
        assert "Nothing is opened from now on for instrument NSE:INFY of account paper" in halted.stdout
        resumed = send(journal, CommandKind.RESUME, scope=Scope(instrument="NSE:INFY"))
        assert resumed.sentence == "Positions may be opened again for instrument NSE:INFY."
        day.process.terminate()
        assert day.wait() == 0, day.output
        report = day.report()
    kills = {s["name"]: s["kill"] for s in report["strategies"]}
    assert kills == {"Busy": False, "Held": True} and not report["accounts"][0]["kill"]
    check_journal(journal, report)
    assert command_keys(journal)["out"] == 1


def test_an_engine_that_dies_while_it_flattens_goes_on_with_it(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with paper(journal, HELD, "--speed", "20") as day:
        day.until_record(500)
        until(lambda: _is_seen(lambda: _position(journal, "Held") == 10), "a position")
        sent = threading.Thread(target=send, args=(journal, CommandKind.FLATTEN), kwargs={"key": "out"})
        sent.start()
        until(lambda: _is_seen(lambda: "out" in command_keys(journal)), "the command in the journal")
        day.kill_engine()
        sent.join(60)
        until(lambda: _is_seen(lambda: _position(journal, "Held") == 0), "a flat position")
        told = send(journal, CommandKind.FLATTEN, key="out")
        assert told.state == "flat" and "Closed: Held +10 NSE:HDFCBANK at " in told.sentence
        day.process.terminate()
        assert day.wait() == 0, day.output
        check_journal(journal, day.report())
    assert command_keys(journal)["out"] == 1


def _is_seen(condition: Callable[[], bool]) -> bool:
    """Whether it holds by now; where a recovery has just removed a half-made segment the journal cannot be read."""
    try:
        return condition()
    except Fatal:
        return False


def _as_of(told: str) -> str:
    return told.split()[2]


def _fills(journal: Path, name: str) -> int:
    """Changes of a strategy's position so far."""
    return sum(_of(record.payload, journal, name) for record in journals.records(journal, [Kind.POSITION_CHANGED]))


def _of(payload: object, journal: Path, name: str) -> bool:
    starts = (record.payload for record in journals.records(journal, [Kind.STRATEGY_STARTED]))
    number = next(start.id for start in starts if isinstance(start, StrategyStarted) and start.name == name)
    return isinstance(payload, PositionChanged) and payload.instance == number


def _position(journal: Path, name: str | None = None) -> int:
    """What the strategy, or the only one, holds by the newest fill."""
    held = 0
    for record in journals.records(journal, [Kind.POSITION_CHANGED]):
        assert isinstance(record.payload, PositionChanged)
        if name is None or _of(record.payload, journal, name):
            held = record.payload.quantity
    return held


def _now(journal: Path) -> int:
    """The time of the newest tick."""
    return max((ts for _, _, ts, *_ in velox_core.JournalReader(journal, kinds=[Kind.TICK])), default=0)


def test_flatten_after_the_session_says_why_not(tmp_path: Path, two_days: Path) -> None:
    journal = tmp_path / "journal"
    played = ("--day", f"{two_days}@{FIRST}", "--from", "15:12:00", "--speed", "40")
    with paper(journal, HELD, *played) as day:
        day.until_record(100)
        until(lambda: _now(journal) >= _CLOSED_NS, "the end of the session")
        told = run_cli("flatten", "--journal", str(journal))
        day.process.terminate()
        assert day.wait() == 0, day.output
    assert told.returncode == 76
    assert "session" in told.stdout and "Held +10 NSE:HDFCBANK" in told.stdout


def test_no_engine_is_said_in_a_sentence(tmp_path: Path) -> None:
    told = run_cli("halt", "--journal", str(tmp_path))
    assert told.returncode == 2
    assert told.stderr.startswith("velox: no engine runs on the journal") and told.stderr.count("\n") == 1


@pytest.mark.parametrize("reason", ["x" * 1001, "two\nlines", "\x1b[2J", "\udcff"])
def test_a_reason_that_is_no_line_is_refused_before_it_is_sent(
    tmp_path: Path, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket_path(tmp_path).touch()
    monkeypatch.setattr("velox.runtime.commands._RETURN_WITHIN_NS", 0)
    with pytest.raises(BadInput, match="one line of at most 1000"):
        send(tmp_path, CommandKind.HALT, reason)


def test_who_has_no_name_can_command_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", nameless)
    monkeypatch.setattr("velox.runtime.commands._RETURN_WITHIN_NS", 0)
    socket_path(tmp_path).touch()
    with pytest.raises(BadInput, match="no engine runs"):
        send(tmp_path, CommandKind.HALT)


def test_a_second_engine_is_refused_and_told_who_holds_the_journal(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with paper(journal, BUSY) as day:
        engine = day.until_record(500)
        second = run_cli("paper", BUSY, "--journal", str(journal))
        assert second.returncode == 73
        assert str(engine) in second.stderr and second.stderr.count("\n") == 1
        assert day.process.poll() is None


def test_a_command_waits_for_an_engine_that_has_no_socket_yet(tmp_path: Path) -> None:
    core = velox_core.Core(tmp_path)
    try:
        asked = threading.Event()

        def served() -> None:
            with socket.socket(socket.AF_UNIX) as server:
                assert asked.wait(10)
                server.bind(str(socket_path(tmp_path)))
                server.listen()
                link, _ = server.accept()
                with link:
                    link.recv(1 << 16)
                    answer = msgspec.msgpack.encode(Reply("done", "1:1", "halted"))
                    link.sendall(len(answer).to_bytes(4, "big") + answer)

        engine = threading.Thread(target=served)
        engine.start()

        def judged(reason: str) -> str:
            asked.set()  # by now it has looked for the socket
            return reason

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("velox.runtime.commands._judged", judged)
            assert send(tmp_path, CommandKind.HALT).sentence == "halted"
        engine.join(10)
    finally:
        core.close()


def test_an_engine_that_takes_no_commands_yet_is_not_called_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("velox.runtime.commands._RETURN_WITHIN_NS", 0)
    core = velox_core.Core(tmp_path)
    try:
        with pytest.raises(BadInput, match=f"process {os.getpid()} holds the journal .* nothing was ordered"):
            send(tmp_path, CommandKind.HALT)
    finally:
        core.close()
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (tmp_path / "LOCK").write_bytes(ended.stdout)
    with pytest.raises(BadInput, match="no engine runs"):
        send(tmp_path, CommandKind.HALT)


def test_a_dead_engines_number_that_another_program_has_by_now_is_not_called_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("velox.runtime.commands._RETURN_WITHIN_NS", 0)
    (tmp_path / "LOCK").write_text(f"{os.getpid()}\n")  # this one has no journal open
    with pytest.raises(BadInput, match="no engine runs"):
        send(tmp_path, CommandKind.HALT)
    monkeypatch.setattr("velox.runtime.commands._PROCESSES", tmp_path)  # a system that does not tell what is open
    with pytest.raises(
        BadInput, match=r"^it may be that an engine holds the journal .* nothing was ordered, send it again"
    ):
        send(tmp_path, CommandKind.HALT)


def test_a_flatten_says_what_others_hold_beside_what_it_closed(tmp_path: Path) -> None:
    day = made.MadeDay(tmp_path / "journal")
    day.define()
    order = OrderId(IntentId(0, 0, 0), 0)
    day.put(Kind.BROKER_REPLY, BrokerReply(0, 0, "phone", 0, 1, 7, 100 * made.ONE, order, 0, "", ""))

    async def asked() -> Reply:
        async with CommandServer(day.core, day.path):
            return await asyncio.to_thread(send, day.path, CommandKind.FLATTEN)

    try:
        told = asyncio.run(asked())
    finally:
        day.core.close()
    assert (told.state, told.sentence) == (
        "flat",
        "Every position is closed, and nothing is opened until `velox resume`. Others hold: +7 NSE:ALPHA on paper.",
    )


def test_a_socket_that_nobody_serves_any_more_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("velox.runtime.commands._RETURN_WITHIN_NS", 0)
    path = socket_path(tmp_path)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        with pytest.raises(BadInput, match="no engine runs"):
            send(tmp_path, CommandKind.HALT)
        left.listen()
    with socket.socket(socket.AF_UNIX) as mute:
        path.unlink()
        mute.bind(str(path))
        mute.listen()
        monkeypatch.setattr("velox.runtime.commands._ANSWER_WITHIN_S", 0.05)
        with pytest.raises(Unknown, match="no answer"):
            send(tmp_path, CommandKind.HALT)

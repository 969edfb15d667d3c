"""State over a change of the class body, on the real kernel: what fits stays, what does not is handed to `migrate`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.strategy.desk import Desk

from velox.strategy import state
from velox.strategy.base import Strategy

Made = Callable[[str], type[Strategy]]

HEAD = 'symbol = Param("NSE:RELIANCE")\nbars = Bars(symbol, "1m")\n'
OLD = HEAD + "level = State(0)\ncount = State(0)\ndef on_bar(self, bar):\n    self.level = 7\n    self.count += 1\n"
BAR = "def on_bar(self, bar):\n    pass\n"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def kept(desk: Desk, strategy: Made, body: str = OLD) -> Mapping[str, bytes]:
    """What a run of an earlier form leaves in the journal."""
    desk.start(strategy(body))
    desk.candles("09:16", [100.0] * 3)
    return dict(desk.core.state(0))


def again(desk: Desk, strategy: Made, body: str, values: Mapping[str, bytes]) -> Any:
    """The next form, started with what the earlier one left."""
    return desk.start(strategy(body), kept=values, symbol="NSE:INFY")


def test_an_unchanged_class_body_migrates_nothing(desk: Desk, strategy: Made) -> None:
    body = OLD + "def migrate(self, old):\n    self.level = -1\n"
    values = kept(desk, strategy, body)
    assert again(desk, strategy, body, values).level == 7


def test_migrate_runs_before_on_start_with_the_old_values_and_once(desk: Desk, strategy: Made) -> None:
    body = HEAD + 'levels = State(())\ncount = State(0)\nseen = State("")\n' + BAR
    body += "def migrate(self, old):\n    self.levels = (old['level'], old['count'])\n    self.seen += 'm'\n"
    body += "def on_start(self):\n    self.seen += 's'\n"
    me = again(desk, strategy, body, kept(desk, strategy))
    assert (me.levels, me.count, me.seen) == ((7, 2), 2, "ms")
    values = dict(desk.core.state(1))
    desk2 = Desk()
    me = desk2.start(strategy(body), kept=values)
    assert (me.levels, me.seen) == ((7, 2), "mss")


def test_a_changed_type_without_migrate_stops_the_strategy_with_a_sentence(tmp_path: Path, strategy: Made) -> None:
    desk = Desk(tmp_path / "journal")
    again(desk, strategy, HEAD + "level = State(())\n" + BAR, kept(desk, strategy))
    assert desk.summary(1)["faulted"]
    (reason,) = desk.reasons()
    assert "level = State(()) was kept as 7 by an earlier form of A: write migrate(self, old)" in reason


def test_a_new_state_and_a_removed_one_need_no_migrate(desk: Desk, strategy: Made) -> None:
    me = again(desk, strategy, HEAD + "level = State(0.5)\nfresh = State(3)\n" + BAR, kept(desk, strategy))
    assert (me.level, me.fresh, desk.faults) == (7, 3, [])


def test_an_error_in_migrate_stops_the_strategy_and_keeps_the_old_values(desk: Desk, strategy: Made) -> None:
    body = HEAD + "level = State(())\ncount = State(0)\n" + BAR
    broken = body + "def migrate(self, old):\n    self.level = (old['level'],)\n    1 / 0\n"
    again(desk, strategy, broken, kept(desk, strategy))
    ((_, error),) = desk.faults
    assert type(error) is ZeroDivisionError
    assert desk.summary(1)["faulted"]
    assert "level" not in dict(desk.core.state(1)), "nothing of a broken migration is kept"


def test_a_restart_within_the_day_migrates_before_on_recover(desk: Desk, strategy: Made) -> None:
    from velox.events import Kind, MarkKind, SessionMark, encode

    values = kept(desk, strategy)
    body = HEAD + 'levels = State(())\nseen = State("")\n' + BAR
    body += "def migrate(self, old):\n    self.levels = (old['level'],)\n    self.seen += 'm'\n"
    body += "def on_recover(self):\n    self.seen += 'r'\n"
    desk.instances.clear()
    instance = desk.attach(strategy(body), kept=values)
    desk.core.input(Kind.SESSION_MARK, encode(SessionMark(MarkKind.RECOVERED, desk.core.now_ns(), "")))
    assert (instance.levels, instance.seen) == ((7,), "mr")


def test_a_session_state_of_an_earlier_day_starts_anew(desk: Desk, strategy: Made) -> None:
    body = HEAD + 'level = State(1, reset="session")\nlasting = State(1)\n' + BAR
    values = {name: state.encode(20_260_714, 5) for name in ("level", "lasting")}
    me = desk.start(strategy(body), kept=values)
    assert (me.level, me.lasting) == (1, 5)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("a = State(0)\ndef migrate(self):\n    pass\n", "it is called as migrate(self, …) with one argument"),
        ("a = State(0)\nmigrate = 5\n", "migrate must be a plain method, or it would never run"),
    ],
)
def test_26_a_wrong_migrate_is_told(faults: Callable[..., list[str]], body: str, sentence: str) -> None:
    assert [each for each in faults(HEAD + BAR + body) if sentence in each]


def test_a_migrate_without_state_is_doubted(strategy: Made) -> None:
    (warning,) = strategy(HEAD + BAR + "def migrate(self, old):\n    pass\n").__velox__.warnings
    assert "without a State it never runs" in warning.sentence

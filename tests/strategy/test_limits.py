"""`Limits` and `Guard` of a class body: what may be written, and what the kernel makes of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.strategy.desk import Desk

from velox.cli import run
from velox.strategy.base import Strategy
from velox.strategy.spec import GuardSpec, LimitsSpec, Spec

Faults = Callable[..., list[str]]
Made = Callable[[str], type[Strategy]]

HEAD = 'symbol = Param("NSE:RELIANCE")\nseen = State(())\n'
DAY = 'session = intraday("09:16", last_entry="14:45")\n'
HEARD = "def on_reject(self, why):\n    self.seen = (*self.seen, (why.code, why.limit, why.value))\n"
TURN = "def on_tick(self, tick):\n    self.go_flat() if self.position.quantity else self.go_long(qty=10)\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "journal")


def ticks(desk: Desk, first: str, prices: list[float], name: str = "NSE:RELIANCE") -> None:
    """A tick every two seconds."""
    hour, minute = first.split(":")
    for place, price in enumerate(prices):
        second = 2 * place
        desk.tick(f"{hour}:{int(minute) + second // 60:02}:{second % 60:02}", price, name)


def test_the_documented_declarations_take_numbers_and_parameters(strategy: Made, compiled: Callable[..., Spec]) -> None:
    body = HEAD + "most = Param(3)\nwait = Param('15m')\nlock = Param(4000)\n"
    body += "limits = Limits(max_trades=most, cooldown=wait, max_positions=3, max_loss=6_000, lock_at=lock, "
    body += "lock_keep=lock / 2)\nguard = Guard(max_loss=6_000, lock_at=4_000, lock_keep=2_000)\n" + DAY + HEARD
    cls = strategy(body)
    spec = compiled(cls)
    minute = 60_000_000_000
    assert spec.limits == LimitsSpec(
        name="limits", max_trades=3, cooldown_ns=15 * minute, max_positions=3, max_loss=6000, lock_at=4000,
        lock_keep=2000,
    )  # fmt: skip
    assert spec.guard == GuardSpec(name="guard", max_loss=6000, lock_at=4000, lock_keep=2000)
    changed = compiled(cls, most="5", wait="1h", lock="1000").limits
    assert changed is not None
    assert (changed.max_trades, changed.cooldown_ns, changed.lock_at, changed.lock_keep) == (5, 60 * minute, 1000, 500)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("limits = Limits()", "limits = Limits(…) limits nothing; give it at least one of max_trades, cooldown"),
        ("guard = Guard(lock_at=4_000)", "guard = Guard(…): lock_at needs lock_keep"),
        ("guard = Guard(lock_keep=4_000)", "guard = Guard(…): lock_keep needs lock_at"),
        ("guard = Guard(lock_at=4_000, lock_keep=4_000)", "lock_keep is 4000 and lock_at is 4000; what is kept must"),
        ("guard = Guard(max_loss=0)", "max_loss is 0; it must lie between 1 and 1,00,00,00,000 rupees"),
        ("guard = Guard(max_loss='5%')", "max_loss is an amount in rupees or a number Param, not '5%'"),
        ("limits = Limits(max_trades=0)", "max_trades is 0; it must lie between 1 and 100000"),
        ("limits = Limits(max_trades=2.5)", "max_trades is a whole number or a whole-number Param, not 2.5"),
        ("limits = Limits(max_positions=True)", "max_positions is a whole number or a whole-number Param, not True"),
        ("limits = Limits(cooldown='15')", "cooldown '15' is no length of time; write it as"),
        ("limits = Limits(cooldown=15)", 'cooldown is a text or a text Param, as in cooldown="15m"'),
        ("a = Guard(max_loss=1)\nb = Guard(max_loss=2)", "b is a second Guard(…) beside a; a strategy has one"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(faults: Faults, line: str, sentence: str) -> None:
    (told,) = faults(HEAD + line + "\n" + HEARD)
    assert told.startswith("4: " if "\n" in line else "3: ") and sentence in told


def test_a_parameter_of_the_user_is_judged_too(faults: Faults) -> None:
    body = HEAD + "lock = Param(4000)\nguard = Guard(lock_at=lock, lock_keep=2_000)\n" + HEARD
    assert faults(body) == []
    assert "lock_keep is 2000 and lock_at is 1500" in faults(body, lock="1500")[0]


def test_check_shows_what_a_strategy_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.py"
    body = HEAD + 'limits = Limits(max_trades=3, cooldown="15m")\nguard = Guard(max_loss=6_000)\n' + HEARD
    file.write_text("from velox import *\n\nclass A(Strategy):\n" + "".join(f"    {x}\n" for x in body.splitlines()))
    assert run(["check", str(file)]) == 0
    told = capsys.readouterr().out
    assert "limits     limits: max_trades 3, cooldown 15m" in told and "guard: max_loss 6,000" in told


def test_trades_of_a_session_are_counted_and_the_strategy_hears_it_once(desk: Desk, strategy: Made) -> None:
    me = desk.start(strategy(HEAD + "limits = Limits(max_trades=2)\n" + DAY + HEARD + TURN))
    ticks(desk, "09:16", [100.0] * 60)
    assert desk.summary()["round_trips"] == 2
    assert me.seen == (("trades_per_day", 2.0, 2.0),), "a limit of its own halts nobody, however often it asks"
    assert desk.summary()["trading"] == "active"
    assert [line.split()[5] for line in desk.logged()] == ["1", "10", "50"][:2]


def test_after_a_cooldown_the_strategy_trades_again(desk: Desk, strategy: Made) -> None:
    me = desk.start(strategy(HEAD + 'limits = Limits(cooldown="30s")\n' + DAY + HEARD + TURN))
    ticks(desk, "09:16", [100.0] * 60)  # two minutes
    assert desk.summary()["round_trips"] == 4
    assert {code for code, _, _ in me.seen} == {"cooldown"}
    assert all(limit == 30.0 and 0 < left <= 30 for _, limit, left in me.seen)
    assert len(me.seen) == 4, "once in each time of rest"


def test_profit_is_locked_in_and_the_day_is_over(desk: Desk, strategy: Made) -> None:
    body = HEAD + "guard = Guard(max_loss=600, lock_at=400, lock_keep=200)\n" + DAY + HEARD
    body += "kept = State(0.0)\ndef on_tick(self, tick):\n    self.kept = self.guard.lock_keep\n"
    body += "    self.go_long(qty=100)\n"
    me = desk.start(strategy(body))
    ticks(desk, "09:16", [100.0, 100.0, 106.05, 104.1, 104.05, 104.0, 104.0])
    told = desk.summary()
    # bought at 100.01: ₹604 at best, so ₹404 are kept, which is what 104.05 left; sold a tick below the next price
    assert (told["trading"], told["quantity"], round(told["gross_pnl"])) == ("profit_locked", 0, 398)
    assert me.kept == 200.0
    (code, kept, left), *_ = me.seen
    assert code == "profit_locked" and 390 < kept < 404 and left < kept


@pytest.mark.parametrize("shared", [True, False])
def test_limits_are_the_classs_and_a_guard_is_each_instances(desk: Desk, strategy: Made, shared: bool) -> None:
    rules = "limits = Limits(max_loss=100)\n" if shared else "guard = Guard(max_loss=100)\n"
    cls = strategy(HEAD + rules + DAY + "def on_tick(self, tick):\n    self.go_long(qty=100)\n")
    names = ("NSE:RELIANCE", "NSE:INFY")
    for name in names:
        desk.start(cls, symbol=name)
    for name in names:
        ticks(desk, "09:16", [100.0, 100.0], name)
    ticks(desk, "09:17", [99.3, 99.3, 99.3], names[0])  # ₹75 lost, charges besides
    ticks(desk, "09:18", [99.3, 99.3, 99.3], names[1])
    ticks(desk, "09:19", [99.3, 99.3, 99.3], names[0])
    states: list[Any] = [desk.summary(place)["trading"] for place in range(2)]
    assert states == (["loss_stopped"] * 2 if shared else ["active"] * 2)

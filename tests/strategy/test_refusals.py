"""What a strategy hears when risk says no, and what the journal keeps of one that does not stop asking."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.strategy.desk import Desk

from velox.events import CommandKind
from velox.strategy.base import Strategy

Made = Callable[[str], type[Strategy]]

HEAD = 'symbol = Param("NSE:RELIANCE")\nseen = State(())\n'
DAY = 'session = intraday("09:16", last_entry="14:45")\n'
HEARD = "def on_reject(self, why):\n    self.seen = (*self.seen, why.code)\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "journal")


def ticks(desk: Desk, count: int, minute: int = 16) -> None:
    for second in range(count):
        desk.tick(f"09:{minute + second // 60}:{second % 60:02}", 100 + second / 100)


def test_a_halted_strategy_hears_one_refusal_and_its_other_wishes_are_counted(desk: Desk, strategy: Made) -> None:
    body = HEAD + DAY + HEARD + "def on_tick(self, tick):\n    self.buy(qty=1_000_000)\n"
    me = desk.start(strategy(body))
    ticks(desk, 140)
    # Twenty refusals halt it; the next one says so; of the 119 others 1, 10 and 100 are noted.
    assert me.seen == ("order_value",) * 20 + ("reduce_only",)
    counts = [line.split()[5] for line in desk.logged() if line.startswith("nothing may be opened now")]
    assert counts == ["1", "10", "100"]


def test_a_wish_that_is_only_counted_gives_the_trade_of_the_refused_one(desk: Desk, strategy: Made) -> None:
    body = HEAD + DAY + HEARD + "def on_tick(self, tick):\n    self.last = self.go_long(qty=1_000_000)\n"
    me = desk.start(strategy(body))
    ticks(desk, 40)
    assert me.last.counter == 21
    assert math.isnan(me.last.entry), "a trade that never was has no entry"


def test_a_halted_strategy_may_still_leave_and_is_heard_again_afterwards(desk: Desk, strategy: Made) -> None:
    body = HEAD + DAY + HEARD + "n = State(0)\ndef on_tick(self, tick):\n    self.n += 1\n"
    body += "    if self.n == 1: self.buy(qty=10)\n    elif self.n < 60: self.buy(qty=1_000_000)\n"
    body += "    elif self.n == 60: self.sell(qty=4)\n    elif self.n == 62: self.go_flat()\n"
    body += "    elif self.n > 64: self.go_short(qty=5)\n"
    me = desk.start(strategy(body))
    ticks(desk, 100)
    assert me.position.quantity == 0
    # The sale and the target were heard, so the first wish to open after them is heard, too.
    assert me.seen == ("order_value",) * 20 + ("reduce_only",) * 2


def test_the_kill_switch_counts_wishes_and_halts_nobody(desk: Desk, strategy: Made) -> None:
    body = HEAD + DAY + HEARD + "def on_tick(self, tick):\n    self.go_long(qty=5)\n"
    me = desk.start(strategy(body))
    desk.command(CommandKind.HALT)
    ticks(desk, 50)
    assert me.seen == ("kill_switch",)
    desk.command(CommandKind.RESUME)
    ticks(desk, 5, minute=18)
    assert (me.seen, me.position.quantity) == (("kill_switch",), 5)


def test_24_the_two_numbers_are_rupees_or_counts(desk: Desk, strategy: Made) -> None:
    body = HEAD + DAY + "def on_reject(self, why):\n    self.seen = (*self.seen, why.code, why.limit, why.value)\n"
    body += "n = State(0)\ndef on_tick(self, tick):\n    self.n += 1\n"
    body += "    if self.n == 1: self.go_long(qty=100_000)\n    if self.n == 9: [self.buy(qty=q) for q in (1, 2, 3)]\n"
    me = desk.start(strategy(body))
    ticks(desk, 10)
    assert me.seen == ("order_value", 5_000_000.0, pytest.approx(10_051_000.0), "order_rate", 2.0, 3.0)


def test_11_a_share_is_sold_short_only_within_hours(desk: Desk, strategy: Made) -> None:
    body = HEAD + HEARD + "n = State(0)\ndef on_tick(self, tick):\n    self.n += 1\n"
    body += "    if self.n == 1: self.sell(qty=5)\n    if self.n == 3: self.buy(qty=5)\n"
    body += "    if self.n == 6: self.sell(qty=9)\n"
    me = desk.start(strategy(body))
    ticks(desk, 12)
    assert me.seen == ("needs_intraday", "needs_intraday")
    assert me.position.quantity == 0


def test_an_endless_chain_of_wishes_and_refusals_stops_its_strategy(desk: Desk, strategy: Made) -> None:
    body = HEAD + "n = State(0)\ndef on_tick(self, tick):\n    self.n += 1\n    if self.n == 1: self.buy(qty=5)\n"
    body += '@at("15:35")\ndef late(self):\n    self.leave()\ndef on_reject(self, why):\n    self.leave()\n'
    body += "def leave(self):\n    self.go_flat()\n"  # in the hook itself the time would be refused
    me = desk.start(strategy(body))
    ticks(desk, 3)
    desk.core.time_mark(desk.ns("15:36:00"))
    told = desk.summary()
    assert (me.position.quantity, told["faulted"]) == (5, True)
    assert desk.reasons() == ["a chain of more than 64 hooks and intents"]

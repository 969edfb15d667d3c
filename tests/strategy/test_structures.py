"""Structures, on the real kernel: two members opened as one position of one value, and left together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.strategy.desk import Desk

import velox_core
from velox import events
from velox.events import Kind
from velox.journal import payloads
from velox.strategy.base import Strategy
from velox.strategy.spec import Spec

Made = Callable[[str], type[Strategy]]
Faults = Callable[..., list[str]]

HEAD = 'symbol = Symbols(["NSE:RELIANCE", "NSE:INFY"])\nkept = State(None)\nbars = Bars(symbol, "1m")\n'
HOURS = 'session = intraday("09:16", last_entry="14:45")\n'
TOGETHER = "@on(bars, together=True)\ndef weigh(self, members):\n    one, two = members\n    "


def body(more: str = "", rest: str = "") -> str:
    opens = f"if self.kept is None: self.kept = structure(long=one, short=two, notional=10_000{more})\n"
    return HEAD + HOURS + TOGETHER + opens + rest


def began(desk: Desk, cls: type[Strategy]) -> list[Any]:
    """Both members with their entries on the way, at 09:17."""
    members = desk.start_group(cls)
    for at in ("16:10", "17:00"):
        desk.tick(f"09:{at}", 100, "NSE:RELIANCE")
        desk.tick(f"09:{at}", 250, "NSE:INFY")
    return members


def fill(desk: Desk, *at: str) -> None:
    for moment in at:
        desk.tick(f"09:{moment}", 100, "NSE:RELIANCE")
        desk.tick(f"09:{moment}", 250, "NSE:INFY")


def quantities(members: list[Any]) -> list[int]:
    return [member.position.quantity for member in members]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "journal")


def test_both_legs_have_the_same_value(desk: Desk, strategy: Made) -> None:
    members = began(desk, strategy(body()))
    fill(desk, "17:01")
    assert quantities(members) == [99, -40]
    pair = members[0].kept
    assert pair.is_open
    assert (pair.long.entry, pair.short.entry) == (100.01, 249.99)
    assert pair.pnl == pytest.approx(99 * -0.01 + 40 * -0.01)
    assert pair.other(members[0]).entry == 249.99
    assert pair.other(pair.short).entry == 100.01


def test_a_leg_that_leaves_takes_the_other_along_and_another_pair_can_follow(desk: Desk, strategy: Made) -> None:
    rest = "    elif self.kept.is_open: self.kept.flatten('enough')\n"
    members = began(desk, strategy(body(rest=rest)))
    fill(desk, "17:01", "18:00", "18:01", "18:02")
    assert quantities(members) == [0, 0]
    assert not members[0].kept.is_open


def test_a_stop_of_one_leg_closes_both_unless_the_other_may_stay(desk: Desk, strategy: Made) -> None:
    rest = "def on_stop(self, trade):\n    self.log(f'stopped {self.symbol}')\n"
    members = began(desk, strategy(body(", stop=pct(1)", rest)))
    fill(desk, "17:01")
    for second in ("17:02", "17:03"):
        desk.tick(f"09:{second}", 98.8, "NSE:RELIANCE")
    desk.tick("09:17:04", 250, "NSE:INFY")
    assert quantities(members) == [0, 0]
    assert desk.logged() == ["stopped NSE:RELIANCE"]


def test_the_survivor_of_a_pair_gets_its_stop_from_the_leg_that_was_stopped(desk: Desk, strategy: Made) -> None:
    rest = (
        "def on_stop(self, trade):\n    if self.symbol == 'NSE:RELIANCE': pair_of(self).other(trade).stop_at_cost()\n"
    )
    kept = "def on_start(self):\n    pass\n"
    source = body(', stop=pct(1), if_left="keep"', rest + kept).replace("pair_of(self)", "self.kept")
    members = began(desk, strategy(source))
    fill(desk, "17:01")
    for second in ("17:02", "17:03"):
        desk.tick(f"09:{second}", 98.8, "NSE:RELIANCE")
    assert desk.faults == []
    assert quantities(members) == [0, -40]
    assert members[0].kept.short.stop == 249.99


@pytest.mark.parametrize("call", ["self.kept.other(trade).stop_at_cost()", "self.kept.flatten('all')"])
def test_the_stop_of_the_last_leg_speaks_of_the_other_in_vain(desk: Desk, strategy: Made, call: str) -> None:
    rest = f"def on_stop(self, trade):\n    self.log(self.symbol)\n    {call}\n"
    source = body(', stop=pct(1), if_left="keep"', rest).replace(
        "    if self.kept is None: self.kept = ", "    if self.kept is None: one.kept = two.kept = "
    )
    members = began(desk, strategy(source))
    fill(desk, "17:01")
    for second in ("17:02", "17:03", "17:04"):
        desk.tick(f"09:{second}", 98.8, "NSE:RELIANCE")
        desk.tick(f"09:{second}", 253, "NSE:INFY")
    assert desk.faults == []
    assert quantities(members) == [0, 0]
    assert desk.logged() == ["NSE:RELIANCE", "NSE:INFY"]


def test_a_leg_that_does_not_fill_takes_the_other_back_and_is_told(desk: Desk, strategy: Made) -> None:
    rest = "def on_reject(self, why):\n    self.log(f'{self.symbol} {why.code}')\n"
    members = began(desk, strategy(body(rest=rest)))
    desk.tick("09:17:01", 100, "NSE:RELIANCE")
    assert quantities(members) == [99, 0]
    desk.core.time_mark(desk.ns("09:19:00"))
    desk.tick("09:19:01", 100, "NSE:RELIANCE")
    assert quantities(members) == [0, 0]
    assert desk.logged() == ["NSE:INFY leg_unfilled"]


def test_an_index_is_no_leg_and_shorts_need_hours(faults: Faults) -> None:
    source = 'symbol = Symbols(["NSE:RELIANCE", "NSE:NIFTY"])\nbars = Bars(symbol, "1m")\n' + HOURS + TOGETHER
    assert any("NSE:NIFTY" in each for each in faults(source + "structure(long=one, short=two, notional=1)\n"))
    told = faults(HEAD + TOGETHER + "structure(long=one, short=two, notional=1)\n")
    assert any("intraday" in each for each in told), told


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("structure(long=one, short=one, notional=1)", "one strategy as both of its legs"),
        ("structure(long=one, short=None, notional=1)", "None is no leg"),
        ('structure(long=one, short=two, notional=1, if_partial="no")', 'it is "unwind" or "keep"'),
        ("structure(long=one, short=two, notional=-1)", "a value is an amount in rupees above 0"),
    ],
)
def test_a_wrong_structure_is_told_and_swallows_no_later_wish(
    desk: Desk, strategy: Made, call: str, sentence: str
) -> None:
    source = HEAD + HOURS + TOGETHER
    source += f"try: {call}\n    except Exception as error: self.kept = str(error)\n    one.go_long(qty=3)\n"
    members = began(desk, strategy(source))
    fill(desk, "17:01")
    assert sentence in members[0].kept
    assert quantities(members) == [3, 0]


def test_a_pair_is_one_record_and_comes_back_after_a_restart(desk: Desk, strategy: Made, tmp_path: Path) -> None:
    members = began(desk, strategy(body()))
    fill(desk, "17:01")
    assert quantities(members) == [99, -40]
    kept = dict(desk.core.state(0))
    assert kept
    desk.core.close()
    ((*_, raw),) = velox_core.JournalReader(tmp_path / "journal", kinds=[Kind.STRUCTURE])
    record = payloads.decode(Kind.STRUCTURE, raw)
    assert isinstance(record, events.Structure)
    assert events.encode(record) == raw
    assert [(leg.id.instance, leg.side) for leg in record.legs] == [(0, 1), (1, -1)]


def test_candles_of_a_named_member_are_the_same_in_every_instance(
    desk: Desk, strategy: Made, compiled: Callable[..., Spec], faults: Faults
) -> None:
    source = HEAD + 'first = Bars(symbol[0], "1m")\nsecond = Bars(symbol[1], "1m")\n' + HOURS
    source += "@on(bars)\ndef note(self, bar):\n    self.kept = (float(self.first.close), float(self.second.close))\n"
    members = desk.start_group(strategy(source))
    for at in ("16:10", "17:00", "17:01"):
        desk.tick(f"09:{at}", 250, "NSE:INFY")
        desk.tick(f"09:{at}", 100, "NSE:RELIANCE")
    assert members[0].kept == (100, 250)
    assert compiled(strategy(source), symbol="NSE:TCS,NSE:INFY").bars[1].symbol == "NSE:TCS"
    (told,) = faults(source, symbol="NSE:TCS")
    assert "symbol[1]: symbol has 1 names, counted from 0" in told

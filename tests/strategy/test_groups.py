"""Several symbols in one strategy, on the real kernel: independent instances that share capital and decide together."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.strategy.desk import CAPITAL, ONE, Desk

from velox.strategy.base import Strategy
from velox.strategy.spec import Spec

Made = Callable[[str], type[Strategy]]
Faults = Callable[..., list[str]]

THREE = ("NSE:RELIANCE", "NSE:INFY", "NSE:TCS")
HEAD = 'symbol = Symbols(["NSE:RELIANCE", "NSE:INFY", "NSE:TCS"])\nseen = State(())\nbars = Bars(symbol, "1m")\n'
HOURS = 'session = intraday("09:16", last_entry="14:45")\n'
NOTE = "def note(self, *words):\n    self.seen = (*self.seen, *words)\n"
TOGETHER = "@on(bars, together=True)\ndef rank(self, members):\n    "


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_8_each_symbol_is_an_instance_with_its_own_nodes_state_and_position(desk: Desk, strategy: Made) -> None:
    body = HEAD + HOURS + "mean = SMA(bars.close, 2)\n" + NOTE
    body += "def on_bar(self, bar):\n    self.note(float(self.mean))\n"
    body += '    if self.symbol == "NSE:INFY": self.go_long(qty=2)\n'
    first, second, third = desk.start_group(strategy(body))
    for at in ("16:00", "17:00", "18:00", "18:01", "19:00"):
        for name, price in zip(THREE, (100, 200, 300), strict=True):
            desk.tick(f"09:{at}", price + int(at[:2]), name)
    assert [me.symbol for me in (first, second, third)] == list(THREE)
    assert first.seen == (116.5, 117.5)
    assert second.seen == (216.5, 217.5)
    assert [me.position.quantity for me in (first, second, third)] == [0, 2, 0]


def test_8_the_instances_share_the_capital_of_the_strategy(desk: Desk, strategy: Made) -> None:
    members = desk.start_group(strategy(HEAD + HOURS + "def on_bar(self, bar):\n    pass\n"))
    assert [me.capital for me in members] == [CAPITAL / ONE] * 3


def test_8_together_runs_once_when_all_have_closed_and_sees_every_member(desk: Desk, strategy: Made) -> None:
    body = HEAD + NOTE + TOGETHER + "self.note([m.symbol[4:] for m in members].__str__(), float(self.bars.close))\n"
    first, second, _ = desk.start_group(strategy(body))
    for name in THREE:
        desk.tick("09:16:10", 100, name)
    for name in THREE:
        assert first.seen == ()
        desk.tick("09:17:00", 101, name)
    assert first.seen == ("['RELIANCE', 'INFY', 'TCS']", 100.0)
    assert second.seen == ()


def test_8_together_runs_after_the_grace_where_one_has_no_candle(desk: Desk, strategy: Made) -> None:
    body = HEAD + NOTE + TOGETHER + 'self.note(self.now.strftime("%H:%M:%S.%f")[:12], len(members))\n'
    first, _, _ = desk.start_group(strategy(body))
    desk.tick("09:16:10", 100, "NSE:INFY")
    desk.core.time_mark(desk.ns("09:17:02"))
    assert first.seen == ("09:17:01.500", 3)


def test_3_together_runs_after_the_candles_own_hooks_of_every_member(desk: Desk, strategy: Made) -> None:
    body = HEAD + NOTE + TOGETHER + "[m.note('all') for m in members]\n"
    members = desk.start_group(strategy(body + "def on_bar(self, bar):\n    self.note('bar')\n"))
    for name in THREE:
        desk.tick("09:16:10", 100, name)
    desk.core.time_mark(desk.ns("09:17:02"))
    assert [me.seen for me in members] == [("bar", "all")] * 3


def test_the_best_of_a_ranking_trade_each_with_its_own_size_and_state(desk: Desk, strategy: Made) -> None:
    body = HEAD + HOURS + "risk = Param(risk_rupees(500))\n" + NOTE + TOGETHER
    body += "for m in sorted(members, key=lambda m: m.bars.close / m.bars.open)[:2]:\n"
    body += "        m.go_long(size=m.risk, stop=pct(1))\n        m.note('chosen')\n"
    members = desk.start_group(strategy(body))
    for second in ("16:50", "16:58", "17:00", "17:02"):
        for name, last in zip(THREE, (99, 101, 98), strict=True):
            desk.tick(f"09:{second}", 100 if second == "16:50" else last, name)
    assert [me.seen for me in members] == [("chosen",), (), ("chosen",)]
    assert [me.position.quantity > 0 for me in members] == [True, False, True]
    assert desk.faults == []


def test_a_member_that_is_not_ready_is_left_out(desk: Desk, strategy: Made) -> None:
    body = HEAD + "mean = SMA(bars.close, 2)\n" + NOTE + TOGETHER + "self.note(*[m.symbol for m in members])\n"
    first, second, _ = desk.start_group(strategy(body))
    for minute in (16, 17):
        desk.tick(f"09:{minute}:10", 100, "NSE:INFY")
    desk.tick("09:17:20", 100, "NSE:TCS")
    desk.core.time_mark(desk.ns("09:18:02"))
    assert (first.seen, second.seen) == ((), ("NSE:INFY",))


def test_25_what_fails_while_it_decides_for_all_stops_all(desk: Desk, strategy: Made) -> None:
    desk.start_group(strategy(HEAD + TOGETHER + "1 / 0\n"))
    for name in THREE:
        desk.tick("09:16:10", 100, name)
    desk.core.time_mark(desk.ns("09:17:02"))
    assert [desk.summary(place)["faulted"] for place in range(3)] == [True, True, True]
    ((_, error),) = desk.faults
    assert type(error) is ZeroDivisionError


def test_25_what_fails_in_a_members_own_hook_stops_that_one(desk: Desk, strategy: Made) -> None:
    body = HEAD + 'def on_bar(self, bar):\n    1 / (self.symbol != "NSE:INFY")\n'
    desk.start_group(strategy(body))
    for name in THREE:
        desk.tick("09:16:10", 100, name)
    desk.core.time_mark(desk.ns("09:17:02"))
    assert [desk.summary(place)["faulted"] for place in range(3)] == [False, True, False]


def test_one_member_cannot_speak_for_another_in_its_own_hook(desk: Desk, strategy: Made) -> None:
    body = HEAD + HOURS + NOTE + "def on_bar(self, bar):\n    self._group[1].go_long(qty=1)\n"
    members: list[Any] = desk.start_group(strategy(body))
    members[0].__dict__["_group"] = dict(enumerate(members))
    desk.tick("09:16:10", 100)
    desk.tick("09:17:10", 100)
    ((_, error),) = desk.faults
    assert "inside the strategy's own hooks" in str(error)


def test_symbols_are_set_as_a_list_on_the_command_line(
    strategy: Made, compiled: Callable[..., Spec], faults: Faults
) -> None:
    cls = strategy(HEAD + "def on_bar(self, bar):\n    pass\n")
    assert compiled(cls, symbol="NSE:TCS, NSE:INFY").name == "A:TCS"
    body = HEAD + "def on_bar(self, bar):\n    pass\n"
    assert faults(body, symbol="NSE:TCS,") == ["-1: symbol=NSE:TCS, lacks a name: write symbol=NSE:INFY,NSE:TCS"]
    assert faults(body, symbol="NSE:TCS,NSE:TCS") == ["-1: symbol=NSE:TCS,NSE:TCS names NSE:TCS twice: name it once"]
    (unknown,) = faults(body, symbol="NSE:TCS,NSE:INFI")
    assert "'NSE:INFI' is not a known instrument: did you mean NSE:INFY" in unknown


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("symbol = Symbols([])", "symbol = Symbols([]): it is a list of names; write it as Symbols"),
        ('symbol = Symbols("NSE:INFY")', "symbol = Symbols('NSE:INFY'): it is a list of names"),
        ('symbol = Symbols(["NSE:TCS", "NSE:TCS"])', "symbol = Symbols(…): NSE:TCS is named twice; name it once"),
        ('symbol = Param(Symbols(["NSE:TCS"]))', "Symbols is a parameter by itself; write symbol = Symbols([…])"),
    ],
)
def test_26_a_wrong_symbols_is_told_with_the_fix(faults: Faults, body: str, sentence: str) -> None:
    found = faults(body + '\nbars = Bars(symbol, "1m")\ndef on_bar(self, bar):\n    pass')
    assert any(each.startswith("1: ") and sentence in each for each in found), found


def test_26_together_without_symbols_is_told(faults: Faults) -> None:
    body = 'symbol = Param("NSE:TCS")\nbars = Bars(symbol, "1m")\n' + TOGETHER + "pass"
    (told,) = faults(body)
    assert "@on(…, together=True) on rank needs several instruments: write symbol = Symbols" in told


def test_26_intents_of_members_are_reviewed_like_own_ones(faults: Faults) -> None:
    body = HEAD + TOGETHER + "for m in members:\n        m.go_short(size=risk_pct(1))"
    told = faults(body)
    assert any("go_short(size=risk_pct(1)) has no stop" in each for each in told)


def test_11_a_short_of_a_member_needs_hours_too(faults: Faults) -> None:
    told = faults(HEAD + TOGETHER + "for m in members:\n        m.go_short(qty=1)")
    assert [each for each in told if "go_short on NSE:INFY needs intraday hours" in each]


def test_windows_bound_when_entries_open(desk: Desk, strategy: Made) -> None:
    body = 'symbol = Param("NSE:RELIANCE")\nseen = State(())\nbars = Bars(symbol, "1m")\n' + NOTE
    body += 'session = intraday(windows=[("09:17", "09:18"), ("09:20", "09:21")])\n'
    body += "def on_bar(self, bar):\n    self.go_long(qty=1)\n"
    body += "def on_fill(self, fill):\n    self.note(self.now.strftime('%H:%M'))\n    self.go_flat()\n"
    me = desk.start(strategy(body))
    desk.candles("09:15", [100.0] * 9)
    assert me.seen == ("09:17", "09:17", "09:20", "09:20")
    assert [(a.isoformat("minutes"), b.isoformat("minutes")) for a, b in me.session.windows] == [
        ("09:17", "09:18"),
        ("09:20", "09:21"),
    ]
    assert (me.session.start.minute, me.session.last_entry.minute) == (17, 21)


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ('intraday("09:20", windows=[("09:30", "11:00")])', "windows= says when it enters; leave out start"),
        ("intraday()", "start=None is no time of the day"),
        ("intraday(windows=[])", "windows is a list of pairs, as in windows="),
        ('intraday(windows=["09:30"])', "windows is a list of pairs, as in windows="),
        ('intraday(windows=[("9.30", "11:00")])', "windows: '9.30' is no time of the day"),
        ('intraday(windows=[("11:00", "09:30")])', "the window 11:00 to 09:30 must begin before it ends"),
        ('intraday(windows=[("09:30", "11:00"), ("10:00", "12:00")])', "after the window before it"),
    ],
)
def test_26_wrong_windows_are_told_with_the_fix(faults: Faults, hours: str, sentence: str) -> None:
    body = f'symbol = Param("NSE:TCS")\nsession = {hours}\nbars = Bars(symbol, "1m")\ndef on_bar(self, bar):\n    pass'
    found = faults(body)
    assert any(each.startswith("2: ") and sentence in each for each in found), found

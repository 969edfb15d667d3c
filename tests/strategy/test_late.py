"""`self.watch(…)`: candles and indicators that a hook chooses while the day runs."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.strategy.desk import Desk

import velox_core
from velox.journal import Verdict
from velox.strategy.base import Strategy
from velox.strategy.spec import Spec

Made = Callable[[str], type[Strategy]]

HEAD = 'symbol = Param("NSE:RELIANCE")\nbars = Bars(symbol, "1m")\nseen = State(())\n'
NOTE = "def on_bar(self, bar):\n    self.seen = (*self.seen, float(self.late))\n"
PRICES = [100.0, 104.0, 102.0, 108.0, 106.0, 101.0, 99.0, 107.0, 111.0]
BOTH = ("NSE:RELIANCE", "NSE:INFY")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "journal")
    for name in BOTH:  # as a day begins for a strategy that watches late
        desk.core.watch(desk.core.instrument(name), 60, kept=True)
    return desk


def _same(one: object, other: object) -> bool:
    assert isinstance(one, tuple) and isinstance(other, tuple)
    return len(one) == len(other) and all(
        a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(one, other, strict=True)
    )


def _picks(watched: str) -> str:
    return HEAD + f'@at("09:18")\ndef pick(self):\n    self.late = self.watch({watched})\n' + NOTE


@pytest.mark.parametrize(
    ("watched", "declared"),
    [
        ('EMA(Bars("NSE:INFY", "1m").close, 2)', "EMA(other.close, 2)"),
        ('Bars("NSE:INFY", "1m").high', "SMA(other.high, 1)"),
        ('Donchian(Bars("NSE:INFY", "1m"), 2).middle', "SMA(Donchian(other, 2).middle, 1)"),
        ('Bars(self.symbol, "1m").close - SMA(Bars("NSE:INFY", "1m").low, 2)', "bars.close - SMA(other.low, 2)"),
        ("ATR(type(self).bars, 2)", "ATR(bars, 2)"),
    ],
)
def test_what_a_hook_watches_reads_like_what_is_declared_once_it_is_chosen(
    desk: Desk, tmp_path: Path, strategy: Made, watched: str, declared: str
) -> None:
    early = HEAD + f'other = Bars("NSE:INFY", "1m")\nlate = {declared}\n'
    early += "@on(bars)\ndef look(self, bar):\n    self.seen = (*self.seen, float(self.late))\n"
    late = desk.start(strategy(_picks(watched)))
    beside = Desk(tmp_path / "beside")
    there = beside.start(strategy(early))
    for each in (desk, beside):
        each.candles("09:15:00", PRICES, *BOTH)
        assert not each.faults
    before = late.seen[:3]  # the hooks at 09:16, 09:17 and at 09:18 before the choice
    assert all(map(math.isnan, before)) and len(late.seen) == len(PRICES) - 1
    assert late.seen[3:] == there.seen[-len(late.seen) + 3 :] and not any(map(math.isnan, late.seen[3:]))
    for one, other in ((late.late, there.late), (late.late.forming, there.late.forming)):
        assert float(one) == float(other)
    assert list(late.late.window(4)) == list(there.late.window(4))
    assert (late.late[1], late.late.n, late.late.age_ns) == (there.late[1], there.late.n, there.late.age_ns)


def test_6_a_hook_may_watch_candles_with_and_without_the_pre_open(desk: Desk, strategy: Made) -> None:
    desk.core.watch(desk.core.instrument("NSE:INFY"), 60, kept=True, without_preopen=True)
    desk.tick("09:08:00", 100, "NSE:INFY", verdict=Verdict.NOT_CONTINUOUS)
    body = HEAD + '@at("09:18")\ndef pick(self):\n    late = Bars("NSE:INFY", "1m", preopen="exclude")\n'
    body += '    self.apart = self.watch(VWAP(Bars("NSE:INFY", "1m")) - VWAP(late))\n'
    body += "    self.volume = self.watch(late.volume)\n"
    me = desk.start(strategy(body))
    desk.candles("09:15:00", PRICES, *BOTH)
    assert not desk.faults
    volumes = me.volume.window(20)
    assert list(volumes) == [60.0] * (len(PRICES) - 1)

    def mean(left_out: float) -> float:
        units = volumes + np.array([10.0 - left_out, *[0.0] * (len(PRICES) - 2)])
        return float((np.array(PRICES[:-1]) * units).sum() / units.sum())

    assert float(me.apart) == pytest.approx(mean(0) - mean(10), abs=1e-9) and abs(me.apart) > 0.001


def test_it_has_no_value_before_the_hook_is_over_and_then_at_once(desk: Desk, strategy: Made) -> None:
    body = HEAD + '@at("09:18")\ndef pick(self):\n    self.late = self.watch(EMA(Bars("NSE:INFY", "1m").close, 2))\n'
    body += "    self.seen = (float(self.late), self.late[0], self.late.n, self.late.window(3).size)\n"
    me = desk.start(strategy(body))
    assert math.isnan(me.late) and not me.late.ready and me.late.n == 0 and math.isnan(me.late.hist)
    desk.candles("09:15:00", PRICES[:4], *BOTH)
    assert _same(me.seen, (math.nan, math.nan, 0, 0))
    assert not math.isnan(float(me.late))


def test_candles_and_lines_are_watched_too(desk: Desk, strategy: Made) -> None:
    body = HEAD + '@at("09:18")\ndef pick(self):\n    self.late = self.watch(Bars("NSE:INFY", "1m"))\n'
    body += "    self.lines = self.watch(MACD(type(self).bars.close, 2, 3, 2))\n"
    me = desk.start(strategy(body))
    desk.candles("09:15:00", PRICES, *BOTH)
    assert not desk.faults
    assert (me.late.close[0], me.late.close[1], me.late.timeframe_s) == (107.0, 99.0, 60)
    assert me.lines.line - me.lines.signal == pytest.approx(float(me.lines.hist))


def test_asked_for_twice_it_is_the_same(desk: Desk, strategy: Made) -> None:
    body = HEAD + "def on_bar(self, bar):\n"
    body += '    one = self.watch(EMA(Bars("NSE:INFY", "2m").close, 2))\n'
    body += '    two = self.watch(EMA(Bars("NSE:INFY", "2m").close, 2))\n    self.seen = (*self.seen, one is two)\n'
    me, other = desk.start(strategy(body)), desk.start(strategy(body), symbol="NSE:TCS")
    desk.candles("09:15:00", PRICES, *BOTH, "NSE:TCS")
    assert not desk.faults
    assert set(me.seen) == set(other.seen) == {True}
    kinds = [number for _, _, _, number, _, _ in _closed(desk)]
    assert (kinds.count(18), kinds.count(19)) == (1, 4)  # one node; series of both names, of TCS and of two minutes


def _closed(desk: Desk) -> velox_core.JournalReader:
    desk.core.close()
    assert desk._journal is not None
    return velox_core.JournalReader(desk._journal)


def test_without_earlier_candles_it_says_that_it_begins_cold(desk: Desk, strategy: Made) -> None:
    me = desk.start(strategy(_picks('EMA(Bars("NSE:INFY", "3m").close, 2)')))
    desk.candles("09:15:00", PRICES[:5], *BOTH)
    assert math.isnan(float(me.late))
    assert "no_value_yet" in desk.codes()


@pytest.mark.parametrize(
    ("watched", "told"),
    [
        ('Bars("NSE:SBIN", "1m")', "NSE:SBIN is not among the instruments of this run: .* --watch NSE:SBIN"),
        ('EMA(Bars("NSE:INFY", "1m").close, 0)', "period is 0; it must lie between 1 and 5000"),
        ('EMA(Bars("NSE:INFY", "1m"), 3)', "its first argument is a field of candles"),
        ('EMA(Bars("NSE:INFY", self.symbol).close, 3)', "'NSE:RELIANCE' is no length of time"),
        ("self.bars.close", "it takes candles or an indicator on them"),
        ("type(self).macd", r"it takes candles or an indicator on them"),
    ],
)
def test_what_cannot_be_watched_is_told_in_a_sentence(desk: Desk, strategy: Made, watched: str, told: str) -> None:
    body = _picks(watched).replace("@at", "macd = State(0)\n@at", 1)
    me = desk.start(strategy(body))
    desk.candles("09:15:00", PRICES[:5], *BOTH)
    ((instance, error),) = desk.faults
    assert instance == 0
    with pytest.raises(type(error), match=told):
        raise error
    assert math.isnan(float(me.late))


def test_an_instrument_of_an_earlier_day_is_none_of_this_one(desk: Desk, strategy: Made) -> None:
    desk.start(strategy(_picks('Bars("NSE:INFY", "1m").high')))
    desk.instances[0].may_watch({"NSE:RELIANCE"})
    desk.candles("09:15:00", PRICES[:5], *BOTH)
    ((_, error),) = desk.faults
    assert "NSE:INFY is not among the instruments of this run" in str(error)


def test_one_too_many_is_refused(desk: Desk, strategy: Made) -> None:
    body = HEAD + "def on_bar(self, bar):\n    for period in range(1, 500):\n"
    body += '        self.watch(SMA(Bars("NSE:INFY", "1m").close, period))\n'
    desk.start(strategy(body))
    desk.candles("09:15:00", PRICES[:3], *BOTH)
    ((_, error),) = desk.faults
    assert "a strategy may watch 256 series and indicators of its hooks a day" in str(error)


def test_a_hook_that_says_too_much_keeps_no_number_from_the_others(desk: Desk, strategy: Made) -> None:
    body = HEAD + 'def on_bar(self, bar):\n    self.watch(SMA(Bars("NSE:INFY", "1m").close, 3))\n'
    flood = desk.start(strategy(body + '    for _ in range(2_000):\n        self.log("x")\n'))
    me = desk.start(strategy(_picks('SMA(Bars("NSE:INFY", "1m").close, 4)')), symbol="NSE:TCS")
    desk.candles("09:15:00", PRICES, *BOTH, "NSE:TCS")
    assert [instance for instance, _ in desk.faults] == [0]
    assert flood.seen == ()
    assert float(me.late) == sum(PRICES[-5:-1]) / 4


def test_outside_of_hooks_nothing_is_watched(desk: Desk, strategy: Made) -> None:
    me = desk.start(strategy(_picks('Bars("NSE:INFY", "1m")')))
    with pytest.raises(RuntimeError, match="inside the strategy's own hooks"):
        me.watch(type(me).bars)


def test_after_a_restart_it_is_there_again_and_says_the_same(tmp_path: Path, strategy: Made) -> None:
    cls = strategy(_picks('Bars(self.symbol, "1m").close - EMA(Bars("NSE:INFY", "1m").close, 2)'))

    def day(journal: Path) -> Desk:
        desk = Desk(journal)
        for name in BOTH:
            desk.core.watch(desk.core.instrument(name), 60, kept=True)
        return desk

    whole, cut = day(tmp_path / "whole"), day(tmp_path / "cut")
    first = whole.start(cls)
    cut.start(cls)
    for desk in (whole, cut):
        desk.candles("09:15:00", PRICES[:6], *BOTH)
    cut.core.close()
    cut.core = velox_core.Core(tmp_path / "cut", recover=True)
    cut.instances.clear()
    before = cut.core.as_of()
    again = cut.attach(cls, dict(cut.core.state(0)))
    assert cut.core.as_of() == before, "nothing joins a second time"
    assert float(again.late) == float(first.late)
    for desk in (whole, cut):
        desk.candles("09:21:00", PRICES[6:], *BOTH)
    assert _same(again.seen, first.seen) and again.late[1] == first.late[1]
    assert whole.core.summary()["decisions_hash"] == cut.core.summary()["decisions_hash"]
    for desk in (whole, cut):
        desk.core.close()
    for journal in ("whole", "cut"):
        replayer = velox_core.Replayer(tmp_path / journal)
        while replayer.step(1_000):
            pass
        assert replayer.summary()["decisions_hash"] == whole.core.summary()["decisions_hash"]


def test_26_the_text_of_hooks_tells_what_will_be_watched(compiled: Callable[..., Spec], strategy: Made) -> None:
    body = HEAD + 'length = Param("5m")\n@at("09:20")\ndef pick(self):\n'
    told = compiled(strategy(body + '    self.a = self.watch(EMA(Bars("NSE:INFY", "3m").close, 9))\n'))
    assert (told.late_names, told.late_s) == (["a"], [180])
    told = compiled(strategy(body + '    self.watch(Bars("NSE:INFY", timeframe=self.length))\n'), length="10m")
    assert (told.late_names, told.late_s) == ([], [600])
    told = compiled(strategy(body + '    self.watch(Bars("NSE:INFY", "1" + "m"))\n'))
    assert told.late_s == [60, 300, 900]
    assert compiled(strategy(HEAD + "def on_bar(self, bar):\n    self.late = 1\n".replace("late", "seen"))).late_s == []


@pytest.mark.parametrize(
    ("words", "without"),
    [("", False), (', preopen="include"', False), (', preopen="exclude"', True), (', **dict(preopen="include")', True)],
)
def test_26_the_text_of_hooks_tells_whether_the_pre_open_is_left_out(
    compiled: Callable[..., Spec], strategy: Made, words: str, without: bool
) -> None:
    body = HEAD + f'@at("09:20")\ndef pick(self):\n    self.a = self.watch(Bars("NSE:INFY", "3m"{words}))\n'
    told = compiled(strategy(body))
    assert (told.late_s, told.late_without_preopen) == ([180], without)


def test_26_what_cannot_be_watched_is_seen_by_velox_check(faults: Callable[..., list[str]]) -> None:
    body = HEAD + '@at("09:20")\ndef pick(self):\n'
    (told,) = faults(body + '    self.a = self.watch(Bars("NSE:INFY", "3x"))\n')
    assert told.startswith("6: Bars(…): '3x' is no length of time")
    (told,) = faults(body + "    self.a = self.watch()\n")
    assert told.startswith("6: watch(…) takes one thing")
    (told,) = faults(body + "    self.a = 5\n")
    assert "self.a is set in a hook but not declared" in told

"""What a hook may do with an indicator: whatever it may do with a float."""

import datetime
from collections.abc import Callable

import pytest
from tests.strategy.desk import Desk

from velox.strategy.base import Strategy

Made = Callable[[str], type[Strategy]]

BODY = 'symbol = Param("NSE:RELIANCE")\nseen = State(())\nbars = Bars(symbol, "1m")\n'
NODES = "average = SMA(bars.close, 2)\nrange_ = ATR(bars, 2)\n"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("abs(-self.average), abs(self.average)", (101.5, 101.5)),
        ("round(self.average), round(self.average, 1), round(self.range_, 1)", (102, 101.5, 1.0)),
        ('f"{self.average:.2f} {self.range_:.1f} {self.bars.close:g}"', "101.50 1.0 102"),
        ("bool(self.average), bool(self.range_)", (True, True)),
        (
            "self.average == 101.5, self.range_ == 1.0, self.average != 101.5, self.range_ == None",
            (True, True, False, False),
        ),
    ],
)
def test_an_indicator_is_used_like_a_number(words: str, value: object, strategy: Made) -> None:
    desk = Desk()
    me = desk.start(strategy(BODY + NODES + f"def on_bar(self, bar):\n    if bar.n == 3: self.seen = ({words})\n"))
    desk.candles("09:15", [100, 101, 102, 103])
    assert desk.faults == []
    assert me.seen == value


def test_an_indicator_without_a_value_or_of_zero_is_not_true(strategy: Made) -> None:
    desk = Desk()
    body = BODY + "slow = SMA(bars.volume, 900)\ndef on_tick(self, tick):\n    pass\n"
    me = desk.start(strategy(body))
    desk.candles("09:15", [100, 101])
    assert not me.slow
    assert me.bars.close
    assert not (me.bars.close - me.bars.close)


def test_2_age_counts_from_the_end_of_the_candle_that_gave_the_value(strategy: Made) -> None:
    desk = Desk()
    me = desk.start(strategy(BODY + NODES + "def on_bar(self, bar):\n    pass\n"))
    desk.candles("09:15", [100, 101, 102])
    desk.tick("09:18:30", 103)
    for series in (me.average, me.range_, me.bars.close):
        assert series.age == datetime.timedelta(seconds=30)
        assert series.age_ns == 30 * 1_000_000_000
    desk.core.time_mark(desk.ns("09:25:00"))
    desk.tick("09:25:10", 103)
    assert me.bars.close.age == me.average.age == datetime.timedelta(minutes=6, seconds=10)


def test_2_without_a_value_age_is_greater_than_any_day(strategy: Made) -> None:
    desk = Desk()
    me = desk.start(strategy(BODY + NODES + "def on_bar(self, bar):\n    pass\n"))
    desk.tick("09:15:10", 100)
    assert me.average.age > datetime.timedelta(days=1000) < me.bars.close.age


def test_2_history_ages_over_the_night(strategy: Made) -> None:
    desk = Desk()
    me = desk.start(strategy(BODY + NODES + "def on_bar(self, bar):\n    pass\n"))
    desk.history(0, [100.0, 101.0, 102.0])
    desk.tick("09:15:10", 100)
    assert me.average.age == me.bars.close.age == datetime.timedelta(hours=17, minutes=45, seconds=10)


def test_an_indicator_that_is_declared_twice_is_computed_once(strategy: Made) -> None:
    desk = Desk()
    body = BODY + "one = EMA(bars.close, 2)\ntwo = EMA(bars.close, 2)\nother = EMA(bars.close, 3)\n"
    body += "def on_bar(self, bar):\n    self.seen = (float(self.one), float(self.two), float(self.other))\n"
    me = desk.start(strategy(body))
    desk.candles("09:15", [100, 101, 103, 106, 110])
    assert me.seen[0] == me.seen[1] != me.seen[2]
    assert desk.instances[0].wiring.nodes == [0, 1]

"""Arithmetic on nodes, nodes on nodes, and indicators that a user writes, on the real kernel."""

import itertools
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.strategy.desk import Desk

from velox.strategy.base import Strategy
from velox.strategy.spec import Spec

PRICES = [100.0, 102.0, 101.0, 105.0, 103.0, 108.0, 107.0, 111.0]
WALK = """
bars = Bars("NSE:RELIANCE", "1m")
quick = SMA(bars.close, 2)
slow = SMA(bars.close, 3)
weight = Param(2.5)
MORE
seen = State(())

def on_bar(self, bar):
    self.seen = (*self.seen, (SEEN))
"""


def _body(more: str, seen: str) -> str:
    return WALK.replace("MORE", more).replace("SEEN", seen)


def test_a_formula_is_a_node_with_history_and_forming_value(strategy: Callable[[str], type[Strategy]]) -> None:
    shown = "float(self.gap), self.gap[1], self.gap.n, self.gap.age.total_seconds()"
    desk = Desk()
    mine = desk.start(strategy(_body("gap = weight * (quick - slow) / slow + 1", shown)))
    desk.candles("09:15", PRICES)
    seen = mine.seen
    means = [[math.nan] * (n - 1) + [sum(PRICES[i - n + 1 : i + 1]) / n for i in range(n - 1, 8)] for n in (2, 3)]
    wanted = [2.5 * (quick - slow) / slow + 1 for quick, slow in zip(*means, strict=True)]
    assert [each[0] for each in seen] == pytest.approx(wanted[2:7], rel=1e-15)
    assert [each[1] for each in seen[1:]] == pytest.approx(wanted[2:6], rel=1e-15)
    assert [each[2] for each in seen] == [3, 4, 5, 6, 7]
    # Each candle has closed by the tick that came after it, which is the newest moment.
    assert all(each[3] == 0 for each in seen)
    assert mine.gap.forming == pytest.approx(wanted[7], rel=1e-15)
    desk.core.close()


def test_an_indicator_follows_another_and_one_of_several_outputs(strategy: Callable[[str], type[Strategy]]) -> None:
    more = "band = Bollinger(bars.close, 2, 1)\nsmooth = SMA(band.upper, 2)\nz = ZScore(log(bars.close), 3)"
    desk = Desk()
    mine = desk.start(strategy(_body(more, "float(self.smooth), float(self.z)")))
    desk.candles("09:15", PRICES)
    desk.core.close()
    # Of two values the mean and one deviation above it is the larger one.
    upper = [max(pair) for pair in itertools.pairwise(PRICES)]
    wanted = [sum(pair) / 2 for pair in itertools.pairwise(upper)]
    assert [each[0] for each in mine.seen] == pytest.approx(wanted[:5], rel=1e-12)
    logs = np.log(PRICES)
    scores = [(logs[i] - logs[i - 2 : i + 1].mean()) / logs[i - 2 : i + 1].std() for i in range(2, 7)]
    assert [each[1] for each in mine.seen] == pytest.approx(scores, rel=1e-9)


def test_candles_of_two_lengths_are_joined_by_time(strategy: Callable[[str], type[Strategy]]) -> None:
    mine_class = strategy("""
fast = Bars("NSE:RELIANCE", "1m")
slow = Bars("NSE:RELIANCE", "3m")
above = fast.close - slow.close
seen = State(())

@on(fast)
def each(self, bar):
    self.seen = (*self.seen, float(self.above))
""")
    desk = Desk()
    mine = desk.start(mine_class)
    desk.candles("09:15", PRICES)
    desk.core.close()
    # The first three-minute candle closes at 09:18; until 09:21 its close of 101 is carried.
    assert mine.seen == (0.0, 4.0, 2.0, 0.0, -1.0)


def test_what_nobody_names_is_computed_once_and_warmed_up(
    strategy: Callable[[str], type[Strategy]], compiled: Callable[..., Spec]
) -> None:
    spec = compiled(strategy(_body("gap = quick - EMA(quick, 10)", "1")))
    assert [(node.kind, node.source, node.second) for node in spec.nodes] == [
        ("sma", "close", ""),
        ("sma", "close", ""),
        ("ema", "node:0:0", ""),
        ("minus", "node:0:0", "node:2:0"),
    ]
    assert spec.bars[0].ready_after == 12
    assert spec.bars[0].warmup == 12 + 8 * 10


def test_faults_of_formulas_are_told_with_their_fix(faults: Callable[..., list[str]]) -> None:
    told = faults("""
bars = Bars("NSE:RELIANCE", "1m")
macd = MACD(bars.close)
wrong = macd - 1
worse = EMA(macd, 3)
text = bars.close + "1"
deep = bars.close - EMA(bars.close, 0)

def on_bar(self, bar):
    pass
""")
    assert len(told) == 3
    assert told[0].startswith("3: wrong = … - …: macd = MACD(…) has several values; name one of them")
    assert told[1].startswith("4: worse = EMA(…): macd = MACD(…) has several values")
    assert told[2] == "5: text = … + …: '1' is no number, no candles' field and no indicator"
    only = faults("""
bars = Bars("NSE:RELIANCE", "1m")
deep = bars.close - EMA(bars.close, 0)

def on_bar(self, bar):
    pass
""")
    assert only == ["2: EMA(…): period is 0; it must lie between 1 and 5000"]


def test_a_users_own_indicator_reads_like_one_of_the_core(strategy: Callable[[str], type[Strategy]]) -> None:
    more = """own = indicator(window=3)(lambda close, scale=1.0: scale * sorted(close)[1])
med = own(bars.close, scale=weight)
of_mean = own(quick, window=2 + 1)"""
    declared = strategy(_body(more, "1")).__velox__
    assert declared.computed["med"].spelled({}) == "<lambda>(bars.close, window=3, scale=2.5)"
    desk = Desk()
    shown = "float(self.med), self.med[1], float(self.of_mean), crossed.above(self.med, 1.0), self.med.forming"
    mine = desk.start(strategy(_body(more, shown)))
    desk.candles("09:15", PRICES)
    assert not desk.faults
    desk.core.close()
    # It runs once both have three values: the mean of two has its third one at the fourth candle.
    medians = [2.5 * sorted(PRICES[i - 2 : i + 1])[1] for i in range(3, 7)]
    assert [each[0] for each in mine.seen] == medians
    assert [each[1] for each in mine.seen[1:]] == medians[:3]
    means = [sum(PRICES[i - 1 : i + 1]) / 2 for i in range(1, 8)]
    assert [each[2] for each in mine.seen] == [sorted(means[i - 2 : i + 1])[1] for i in range(2, 6)]
    assert [each[3] for each in mine.seen] == [False] * 4


def test_values_of_a_users_own_indicator_stand_in_the_journal(
    strategy: Callable[[str], type[Strategy]], tmp_path: Path
) -> None:
    more = "own = indicator(lambda close: 2 * close[-1])\ntwice = own(bars.close)"
    desk = Desk(tmp_path / "journal")
    desk.start(strategy(_body(more, "float(self.twice)")))
    desk.candles("09:15", PRICES[:5])
    assert desk.logged() == ["202", "210"], "once a candle on which a hook ran"


def test_faults_of_a_users_own_indicator_are_told_with_their_fix(faults: Callable[..., list[str]]) -> None:
    told = faults("""
bars = Bars("NSE:RELIANCE", "1m")
own = indicator(window=3)(lambda close, scale=1.0: scale * close[-1])
wrong = own(5)
more = own(bars.close, size=2)
long = own(bars.close, window=500)

def on_bar(self, bar):
    pass
""")
    assert len(told) == 2
    assert "follows fields of candles or indicators" in told[0]
    assert "size" in told[1]


def test_an_indicator_that_gives_no_number_stops_the_strategy_with_its_name(
    strategy: Callable[[str], type[Strategy]],
) -> None:
    more = 'own = indicator(lambda close: "much")\nbad = own(bars.close)'
    desk = Desk()
    desk.start(strategy(_body(more, "float(self.bad)")))
    desk.candles("09:15", PRICES[:5])
    assert "gave 'much', no number" in str(desk.faults[0][1])
    desk.core.close()

"""What the numbered rules of the strategy API say besides their first sentence, on the real kernel."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.strategy.desk import Desk

from velox.events import Kind, MarkKind, SessionMark, encode
from velox.journal import Verdict
from velox.strategy.base import Strategy

Made = Callable[[str], type[Strategy]]

ONE = 'symbol = Param("NSE:RELIANCE")\nseen = State(())\nbars = Bars(symbol, "1m")\n'
DAY = 'session = intraday("09:16", last_entry="14:45")\n'
NOTE = "def note(self, *words):\n    self.seen = (*self.seen, *words)\n"
BAR = "def on_bar(self, bar):\n    "
HEARD = "def on_reject(self, why):\n    self.note(why.code)\n"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_4_the_candle_before_the_first_is_yesterdays(desk: Desk, strategy: Made) -> None:
    cls = strategy(ONE + "mean = SMA(bars.close, 2)\n" + NOTE + BAR + "self.note(self.bars.close[1], self.mean[1])\n")
    instrument = desk.core.instrument("NSE:RELIANCE")
    series = desk.core.watch(instrument, 60)
    desk.core.node(series, "close", "sma", [2.0])
    desk.history(series, [97.0, 98.0, 99.0])
    me = desk.start(cls)
    desk.candles("09:15", [101, 103])
    assert me.seen[:2] == (99.0, 98.5)


def test_6_the_first_candle_leaves_out_the_pre_open_where_that_is_asked_for(desk: Desk, strategy: Made) -> None:
    body = ONE + 'own = Bars(symbol, "1m", preopen="exclude")\nmean, ours = VWAP(bars), VWAP(own)\n' + NOTE
    body += '@on(bars)\ndef whole(self, bar):\n    self.note("whole", bar.volume, round(float(self.mean), 4))\n'
    body += '@on(own)\ndef without(self, bar):\n    self.note("without", bar.volume, round(float(self.ours), 4))\n'
    me = desk.start(strategy(body))
    desk.tick("09:08:00", 98, verdict=Verdict.NOT_CONTINUOUS)
    desk.candles("09:15", [100, 108, 110])
    # Of the 40 units at 100 in the first candle 10 are of the pre-open; then 30 at 108.
    assert me.seen == (
        *("whole", 40, 100.0, "without", 30, 100.0),
        *("whole", 30, round((40 * 100 + 30 * 108) / 70, 4), "without", 30, 104.0),
    )
    assert me.own.volume[1] == 30 and me.bars.volume[1] == 40


def test_6_with_and_without_the_pre_open_are_two_series_of_which_all_share(desk: Desk, strategy: Made) -> None:
    own = ONE.replace('"1m"', '"1m", preopen="exclude"') + NOTE + BAR + "self.note(bar.volume)\n"
    one, other = (
        desk.start(strategy(own)),
        desk.start(strategy(own.replace("RELIANCE", "INFY").replace("(symbol", '("NSE:RELIANCE"'))),
    )
    assert desk.core.watch(0, 60, without_preopen=True) != desk.core.watch(0, 60)
    assert desk.core.watch(0, 60, without_preopen=True) == desk.core.watch(0, 60, without_preopen=True)
    desk.tick("09:08:00", 98, verdict=Verdict.NOT_CONTINUOUS)
    desk.candles("09:15", [100, 100])
    assert one.seen == other.seen == (30,)


@pytest.mark.parametrize(("prints", "first", "marked"), [(2, 60, False), (0, 50, True)])
def test_6_without_a_print_of_the_pre_open_it_counts_from_the_first_tick_and_says_so(
    desk: Desk, strategy: Made, prints: int, first: int, marked: bool
) -> None:
    body = ONE.replace('"1m"', '"1m", preopen="exclude"') + NOTE + BAR + "self.note(bar.volume, bar.gap)\n"
    me = desk.start(strategy(body))
    for _ in range(prints):
        desk.tick("09:08:00", 98, verdict=Verdict.NOT_CONTINUOUS)
    for second in range(0, 130, 10):
        desk.tick(f"09:{15 + second // 60}:{second % 60:02}", 100)
    assert me.seen == (first, marked, 60, False)


def test_7_on_recover_runs_before_any_other_hook(desk: Desk, strategy: Made) -> None:
    body = ONE + NOTE + "def on_start(self):\n    self.note('start')\ndef on_recover(self):\n    self.note('recover')\n"
    body += "def on_tick(self, tick):\n    self.note('tick')\n" + BAR + "self.note('bar')\n"
    body += '@at("09:17")\ndef clock(self):\n    self.note("at")\n'
    cls = strategy(body)
    me = desk.start(cls)
    desk.tick("09:16:10", 100)
    assert me.seen == ("start", "tick")
    desk.instances.clear()
    again = desk.attach(cls, kept=dict(desk.core.state(0)))
    desk.core.input(Kind.SESSION_MARK, encode(SessionMark(MarkKind.RECOVERED, desk.core.now_ns(), "recovered")))
    desk.tick("09:17:05", 100)
    assert again.seen == ("start", "tick", "recover", "bar", "at", "tick")


def test_7_what_is_skipped_for_being_late_is_recorded(tmp_path: Path, strategy: Made) -> None:
    desk = Desk(tmp_path / "journal")
    desk.tick("11:00:00", 100)
    desk.start(strategy(ONE + '@at("09:20")\ndef clock(self):\n    pass\n'))
    desk.tick("11:00:01", 100)
    assert desk.codes() == {"at_skipped"}


@pytest.mark.parametrize("wish", ["go_long(qty=1)", "go_short(qty=1)", "buy(qty=1)", "buy(qty=1, limit=99)"])
def test_10_a_wish_out_of_the_continuous_phase_is_refused_and_never_queued(
    tmp_path: Path, strategy: Made, wish: str
) -> None:
    desk = Desk(tmp_path / "journal")
    body = ONE + 'session = intraday("09:05")\n' + NOTE + HEARD
    body += f"def wish(self):\n    self.{wish}\n"  # in the hook itself the time would be refused
    me = desk.start(strategy(body + '@at("09:10")\ndef early(self):\n    self.wish()\n'))
    desk.core.time_mark(desk.ns("09:11:00"))
    desk.candles("09:15", [100, 99, 98, 100])
    assert (me.seen, me.position.quantity, desk.summary()["orders"]) == (("session_closed",), 0, 0)


def test_14_capital_is_fixed_for_the_day_whatever_is_lost(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + "def on_entered(self, trade):\n    self.note(self.capital, self.position.quantity)\n"
    body += BAR + "if bar.n in (1, 5): self.go_long(size=risk_pct(0.5), stop=points(5))\n"
    body += "    if bar.n == 3: self.go_flat()\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", [100, 100, 97, 97, 97, 97, 97, 97])
    (capital, first), (again, second) = me.seen[:2], me.seen[2:]
    assert capital == again == 1_000_000
    assert first == second == 1000
    assert desk.summary()["gross_pnl"] < -2_000


@pytest.mark.parametrize(("side", "price"), [("long", 99.999), ("short", 100.001)])
def test_16_the_strategy_sees_its_stop_on_the_tick_nearer_to_the_price(
    desk: Desk, strategy: Made, side: str, price: float
) -> None:
    body = ONE + DAY + NOTE + BAR + f"if bar.n == 1: self.t = self.go_{side}(qty=1, stop=points(2))\n"
    body += f"    if bar.n == 2: self.t.stop_to(bar.close * {price / 100 - (0.02 if side == 'long' else -0.02)!r})\n"
    body += "    if bar.n == 3: self.note(self.t.stop)\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", [100, 100, 100, 100])
    assert me.seen == ((98.0,) if side == "long" else (102.0,))

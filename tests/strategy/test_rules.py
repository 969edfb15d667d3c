"""The numbered rules of the strategy API, on the real kernel: each test names the rule that it proves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.strategy.desk import Desk

import velox_core
from velox.events import SameInstrument
from velox.strategy.base import Strategy

Made = Callable[[str], type[Strategy]]

HEAD = 'symbol = Param("NSE:RELIANCE")\nseen = State(())\n'
ONE = HEAD + 'bars = Bars(symbol, "1m")\n'
DAY = 'session = intraday("09:16", last_entry="14:45")\n'
NOTE = "def note(self, *words):\n    self.seen = (*self.seen, *words)\n"
BAR = "def on_bar(self, bar):\n    "
FILLS = "def on_fill(self, fill):\n    self.note(fill.role, fill.side * fill.quantity)\n"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def flat(count: int, price: float = 100.0) -> list[float]:
    return [price] * count


def test_1_on_bar_runs_once_a_closed_candle_and_its_intent_fills_on_the_next_tick(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + BAR + "self.note(bar.n, bar.close)\n    if bar.n == 1: self.go_long(qty=1, stop=pct(1))\n"
    me = desk.start(strategy(body + "def on_fill(self, fill):\n    self.note('fill', self.now.strftime('%H:%M:%S'))\n"))
    for place, second in enumerate(range(0, 140, 20)):
        desk.tick(f"09:{16 + second // 60}:{second % 60:02}", 100 + place / 10)
    assert me.seen == (1, 100.2, "fill", "09:17:20", 2, 100.5)


def test_2_a_quiet_minute_has_no_candle_and_a_timer_closes_the_last_one(desk: Desk, strategy: Made) -> None:
    me = desk.start(strategy(ONE + NOTE + BAR + "self.note(bar.n, self.now.strftime('%H:%M:%S.%f')[:12])\n"))
    desk.tick("09:16:10", 100)
    desk.tick("09:20:00", 100)
    desk.core.time_mark(desk.ns("09:21:02"))
    assert me.seen == (1, "09:17:01.500", 2, "09:21:01.500")


def test_3_long_candles_come_before_short_then_every_then_at(desk: Desk, strategy: Made) -> None:
    body = HEAD + 'fine = Bars(symbol, "1m")\ncoarse = Bars(symbol, "5m")\n' + NOTE
    body += (
        '@at("09:20")\ndef clock(self):\n    self.note("at")\n@every("5m")\ndef often(self):\n    self.note("every")\n'
    )
    body += '@on(fine)\ndef a(self, bar):\n    self.note("1m")\n@on(coarse)\ndef b(self, bar):\n    self.note("5m")\n'
    me = desk.start(strategy(body))
    desk.tick("09:19:30", 100)
    desk.tick("09:20:00", 100)
    assert me.seen == ("5m", "1m", "every", "at")


@pytest.mark.parametrize(("session", "crossings"), [("", (1, 2)), (", session=True", (2,))])
def test_4_a_crossing_is_true_on_one_candle_and_may_end_at_the_night(
    desk: Desk, strategy: Made, session: str, crossings: tuple[int, ...]
) -> None:
    body = ONE + NOTE + BAR + f"if crossed.above(self.bars.close, 100{session}): self.note(bar.n)\n"
    cls = strategy(body)
    instrument = desk.core.instrument("NSE:RELIANCE")
    desk.history(desk.core.watch(instrument, 60), [99.0])
    me = desk.start(cls)
    desk.candles("09:15", [101, 99, 101, 102, 103])
    expected = tuple({1: 1, 2: 3}[each] for each in crossings)
    assert me.seen == expected


def test_5_no_hook_runs_before_its_nodes_are_ready(desk: Desk, strategy: Made) -> None:
    body = ONE + "slow = SMA(bars.close, 3)\n" + NOTE + BAR + "self.note(bar.n)\n"
    body += '@at("09:16")\ndef early(self):\n    self.note("at")\n'
    me = desk.start(strategy(body))
    desk.candles("09:15", flat(6))
    assert me.seen == (3, 4, 5)


@pytest.mark.parametrize(("late", "seen"), [("", ()), (', late="run"', ("at",))])
def test_7_at_is_skipped_when_late_unless_it_asks_to_run(
    desk: Desk, strategy: Made, late: str, seen: tuple[str, ...]
) -> None:
    desk.tick("11:00:00", 100)
    body = ONE + NOTE + f'@at("09:20"{late})\ndef clock(self):\n    self.note("at")\n'
    me = desk.start(strategy(body))
    desk.tick("11:00:01", 100)
    desk.tick("11:05:00", 100)
    assert me.seen == seen


def test_9_flat_closes_the_position_at_the_legal_time(desk: Desk, strategy: Made) -> None:
    body = ONE + 'session = intraday("09:16", flat="auto")\n' + NOTE + FILLS
    me = desk.start(strategy(body + BAR + "self.go_long(qty=3)\n"))
    latest = me.session.flat.isoformat()
    desk.candles("15:00", flat(3))
    assert (me.seen, me.position.quantity) == (("entry", 3), 3)
    desk.tick(latest, 100)
    desk.core.time_mark(desk.ns(latest) + 2_000_000_000)
    desk.tick("15:16:00", 100)
    assert (me.seen, me.position.quantity) == (("entry", 3, "flat", -3), 0)


def test_10_outside_the_entry_window_go_closes_the_opposite_only(desk: Desk, strategy: Made) -> None:
    body = ONE + 'session = intraday("09:16", last_entry="09:18")\n' + NOTE + FILLS
    me = desk.start(strategy(body + BAR + "self.go_long(qty=3) if bar.n == 3 else self.go_short(qty=3)\n"))
    desk.candles("09:15", flat(2))
    assert me.position.quantity == -3
    desk.candles("09:17", flat(5))
    assert me.position.quantity == 0
    assert me.seen == ("entry", -3, "exit", 3)


def test_12_go_long_while_long_changes_nothing(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + FILLS + BAR + "self.go_long(qty=bar.n, stop=90 + bar.n)\n"
    desk.start(strategy(body))
    desk.candles("09:16", flat(6))
    told = desk.summary()
    assert (told["quantity"], told["stop"], told["orders"]) == (1, 91.0, 1)


def test_12_the_last_of_two_targets_in_one_hook_wins_with_a_warning(tmp_path: Path, strategy: Made) -> None:
    desk = Desk(tmp_path / "journal")
    body = (
        ONE + DAY + NOTE + FILLS + BAR + "if bar.n == 1:\n        self.go_long(qty=1)\n        self.go_short(qty=2)\n"
    )
    me = desk.start(strategy(body))
    desk.candles("09:16", flat(4))
    assert me.position.quantity == -2
    assert "two different targets in one hook: the last one, go_short, counts" in desk.logged()


def test_13_a_flip_is_one_order(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + FILLS
    body += BAR + "if bar.n == 1: self.go_long(qty=2)\n    if bar.n == 3: self.go_short(qty=3)\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", flat(6))
    assert me.position.quantity == -3
    assert desk.summary()["orders"] == 2


def test_14_risk_size_follows_from_the_distance_to_the_stop(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + BAR + "if bar.n == 1: self.go_long(size=risk_rupees(500), stop=98)\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", flat(3))
    # Bought one tick above 100: 500 rupees over a distance of 2.01 are 248 shares.
    assert me.position.average == pytest.approx(100.01)
    assert me.position.quantity == 248


def test_15_a_size_of_nothing_is_no_order_and_no_exception(tmp_path: Path, strategy: Made) -> None:
    desk = Desk(tmp_path / "journal")
    body = ONE + DAY + NOTE + "def on_reject(self, why):\n    self.note(why.code)\n"
    me = desk.start(strategy(body + BAR + "if bar.n == 1: self.go_long(size=risk_rupees(1), stop=50)\n"))
    desk.candles("09:16", flat(3))
    assert (desk.summary()["orders"], desk.faults) == (0, [])
    assert "too_small" in {*me.seen, *desk.codes()}


def test_15_one_lot_is_the_least_where_that_is_asked_for(tmp_path: Path, strategy: Made) -> None:
    desk = Desk(tmp_path / "journal")
    body = ONE + DAY + BAR + "if bar.n == 1: self.go_long(size=risk_rupees(1), stop=50, min_lots=1)\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", flat(3))
    assert (me.position.quantity, desk.faults) == (1, [])
    assert "sized_up" in desk.codes()


def test_12_an_entry_that_waits_for_a_price_is_a_target_already(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + FILLS + BAR + "self.go_long(qty=bar.n, above=101, stop=99, valid_until='10:00')\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", [*flat(4), 101, 101])
    assert me.seen == ("entry", 1)


def test_a_stop_entry_short_fills_after_the_tick_that_triggers_it(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + BAR + "if bar.n == 1: self.go_short(qty=2, below=99.5, stop=101, valid_until=bars(9))\n"
    me = desk.start(strategy(body + "def on_fill(self, fill):\n    self.note(self.now.strftime('%H:%M:%S'))\n"))
    desk.candles("09:16", [100, 100, 100, 99, 99])
    assert (me.position.quantity, me.seen) == (-2, ("09:19:20",))


def test_a_limit_against_the_position_waits_for_its_price(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + FILLS + BAR + "if bar.n == 1: self.buy(qty=4)\n"
    body += "    if bar.n == 3: self.sell(qty=4, limit=101, valid_until=bars(5))\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", flat(5))
    assert me.seen == ("entry", 4)
    desk.candles("09:21", [101.5, 101.5])
    assert me.seen == ("entry", 4, "reduce", -4)


def test_an_order_with_trigger_and_limit_passes_the_same_risk(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + FILLS + "def on_reject(self, why):\n    self.note(why.code)\n" + BAR
    body += "if bar.n == 1: self.submit(Order(side='buy', qty=4, trigger=101, limit=101.5, valid_until=bars(9)))\n"
    body += "    if bar.n == 4: self.submit(Order(side='buy', qty=1_000_000))\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", [100, 100, 102, 101.4, 101.4, 101.4])
    assert me.seen[:2] == ("entry", 4)
    assert me.seen[2] in ("order_value", "position_value", "funds", "freeze")


def test_17_intents_are_counted_from_one_for_each_instance(desk: Desk, strategy: Made) -> None:
    body = ONE + NOTE + BAR + "self.note(self.buy(qty=1).counter)\n"
    first, second = desk.start(strategy(body)), desk.start(strategy(body), symbol="NSE:INFY")
    desk.candles("09:16", flat(4), "NSE:RELIANCE", "NSE:INFY")
    assert first.seen == second.seen == (1, 2, 3)


def test_21_on_entered_is_told_of_the_trade_and_on_stop_of_its_end(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + BAR + "if bar.n == 1: self.go_long(qty=1, stop=points(2))\n"
    body += "def on_entered(self, trade):\n    self.note(round(trade.stop, 2), round(trade.r, 2))\n"
    body += "def on_stop(self, trade):\n    self.note('stopped')\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", [100, 100, 100, 97, 96])
    assert me.seen == (98.01, 2.0, "stopped")


def test_a_stop_can_be_moved_and_a_trade_left(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + BAR + "if bar.n == 1: self.t = self.go_long(qty=1, stop=points(2))\n"
    body += "    if bar.n == 3: self.t.stop_to(99.5)\n    if bar.n == 4: self.note(self.t.stop)\n"
    body += "    if bar.n == 5: self.t.exit()\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", flat(8))
    assert me.seen == (99.5,)
    assert me.position.quantity == 0


def test_a_trade_grows_shrinks_and_leaves_in_parts(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + FILLS + BAR + "if bar.n == 1: self.t = self.go_long(qty=4, stop=points(2))\n"
    body += "    if bar.n == 2: self.add(qty=4)\n"
    body += "    if bar.n == 3:\n        self.note(round(self.t.entry, 3), round(self.t.r, 2))\n"
    body += "        self.t.stop_at_cost()\n        self.t.resize(qty=6)\n"
    body += "    if bar.n == 4: self.t.exit(1/2)\n    if bar.n == 5: self.t.exit(qty=1)\n"
    body += "    if bar.n == 6: self.note(self.t.stop)\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", [100, 100, 102, 102, 102, 102, 102, 102])
    assert me.seen == ("entry", 4, "add", 4, 101.01, 2.0, "reduce", -2, "reduce", -3, "reduce", -1, 101.01)
    assert me.position.quantity == 2


def test_19_parts_leave_in_thirds_with_break_even_after_the_first(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + FILLS + BAR + "if bar.n == 1: self.go_long(qty=10, stop=points(2), exits=[\n"
    body += "        part(1/3, r(1)), part(1/3, r(2)), part(rest, trail=points(3))])\n"
    body += "def on_target(self, trade):\n    self.note('target', trade.part)\n"
    body += "    if trade.part == 1: trade.stop_at_cost()\n"
    body += "def on_stop(self, trade):\n    self.note('stop', trade.part, trade.stop)\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", [100, 100, 102.5, 104.5, 101, 101])
    outs = ("entry", 10, "target", -3, "target", 1, "target", -3, "target", 2, "stop", -4, "stop", 3, 100.01)
    assert (me.seen, me.position.quantity) == (outs, 0)


def test_19_after_the_first_part_the_stop_of_all_is_at_cost(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + FILLS + BAR + "if bar.n == 1: self.go_long(qty=9, stop=points(2), exits=[\n"
    body += "        part(1/3, r(1)), part(rest, r(9))])\n"
    body += "def on_target(self, trade):\n    trade.stop_at_cost()\n"
    body += "def on_stop(self, trade):\n    self.note(trade.part)\n"
    me = desk.start(strategy(body))
    desk.candles("09:16", [100, 100, 102.5, 100, 99.8])
    assert me.seen == ("entry", 9, "target", -3, "stop", -6, 0)


def test_the_handle_of_an_over_trade_does_not_move_the_stop_of_the_next(tmp_path: Path, strategy: Made) -> None:
    desk = Desk(tmp_path / "journal")
    body = ONE + DAY + BAR + "if bar.n == 1: self.old = self.go_long(qty=1, stop=90)\n"
    body += "    if bar.n == 2: self.old.exit()\n    if bar.n == 3: self.new = self.go_long(qty=1, stop=90)\n"
    body += "    if bar.n == 4: self.old.stop_to(99)\n    if bar.n == 5: self.log(str(self.new.stop))\n"
    desk.start(strategy(body))
    desk.candles("09:16", flat(7))
    assert desk.logged() == ["90.0"]
    assert "trade_over" in desk.codes()


def test_23_of_two_opposite_orders_the_later_waits_and_its_strategy_says_so(strategy: Made) -> None:
    desk = Desk(same_instrument=SameInstrument.WAIT)
    body = HEAD + DAY + "n = State(0)\ndef on_tick(self, tick):\n    self.n += 1\n"
    for word in ("go_long", "go_short"):
        desk.start(strategy(body + f"    if self.n == 1: self.{word}(qty=5)\n"))
    desk.tick("09:16:00", 100)
    assert [desk.summary(place)["waiting"] for place in (0, 1)] == [0, 1]
    desk.tick("09:16:01", 100)
    assert [desk.summary(place)["quantity"] for place in (0, 1)] == [5, 0]
    desk.tick("09:16:02", 100)
    assert [(desk.summary(place)["quantity"], desk.summary(place)["waiting"]) for place in (0, 1)] == [(5, 0), (-5, 0)]


def test_23_a_second_strategy_on_an_instrument_is_refused_by_default(desk: Desk, strategy: Made) -> None:
    desk.start(strategy(HEAD + DAY))
    with pytest.raises(velox_core.CoreError, match="trades the same instrument on the same account"):
        desk.start(strategy(HEAD + DAY))


def test_24_a_refusal_reaches_on_reject_with_code_sentence_and_numbers(desk: Desk, strategy: Made) -> None:
    body = (
        ONE + DAY + NOTE + "def on_reject(self, why):\n    self.note(why.code, why.sentence, why.limit < why.value)\n"
    )
    me = desk.start(strategy(body + BAR + "if bar.n == 1: self.go_long(qty=1_000_000)\n"))
    desk.candles("09:16", flat(3))
    code, sentence, over = me.seen
    assert code
    assert sentence.count(" ") > 2
    assert over is True
    assert me.position.quantity == 0


def test_25_an_exception_hurts_only_its_own_strategy_and_keeps_its_stop(desk: Desk, strategy: Made) -> None:
    body = ONE + DAY + NOTE + BAR + "self.note(bar.n)\n    self.go_long(qty=1, stop=points(2))\n"
    good = desk.start(strategy(body))
    bad = desk.start(strategy(body + "    if bar.n == 2: 1 / 0\n"), symbol="NSE:INFY")
    desk.candles("09:16", [*flat(5), 97, 97, 97], "NSE:RELIANCE", "NSE:INFY")
    assert good.seen == (1, 2, 3, 4, 5, 6, 7)
    assert bad.seen == (1, 2)
    ((instance, error),) = desk.faults
    assert (instance, type(error)) == (1, ZeroDivisionError)
    assert desk.summary(1)["faulted"]
    assert bad.position.quantity == 0


def test_25_setting_an_undeclared_attribute_at_run_time_is_such_an_exception(desk: Desk, strategy: Made) -> None:
    desk.start(strategy(ONE + BAR + "setattr(self, 'counter', 1)\n"))
    desk.candles("09:16", flat(3))
    ((_, error),) = desk.faults
    assert "self.counter is set in a hook but not declared" in str(error)


def test_state_comes_back_from_the_kernel(desk: Desk, strategy: Made) -> None:
    cls = strategy(ONE + NOTE + "def on_start(self):\n    self.note('start')\n" + BAR + "self.note(bar.n)\n")
    me = desk.start(cls)
    desk.candles("09:16", flat(3))
    assert me.seen == ("start", 1, 2)
    again = desk.start(cls, kept=dict(desk.core.state(0)), symbol="NSE:INFY")
    assert again.seen[:3] == ("start", 1, 2)


@pytest.mark.parametrize(
    "node",
    [
        "EMA(bars.close, 9)",
        "SMA(bars.close, 9)",
        "RSI(bars.close, 9)",
        "MACD(bars.close, 5, 9, 4)",
        "ATR(bars, 9)",
        "VWAP(bars)",
        "Bollinger(bars.close, 9, 1.5)",
        "Stochastic(bars, 9, 3, 4)",
        "ADX(bars, 9)",
        "CCI(bars, 9)",
        "WilliamsR(bars, 9)",
        "OBV(bars)",
        "TEMA(bars.close, 9)",
        "Donchian(bars, 9)",
        "Keltner(bars, 9, 5, 1.5)",
        "Keltner(bars, 5, 9, 1.5)",
        "SuperTrend(bars, 9, 2.5)",
        "HMA(bars.close, 15)",
        "VWAPBands(bars, 2)",
    ],
)
def test_a_node_is_ready_after_as_many_candles_as_in_the_core(strategy: Made, node: str) -> None:
    declared = strategy(ONE + f"node = {node}\n" + BAR + "pass\n").__velox__.nodes["node"]
    numbers = declared.numbers({})
    prices = 100 + np.sin(np.arange(40.0))
    columns = [prices, prices + 1, prices - 1, prices, np.full(40, 10.0)]
    first = np.flatnonzero(~np.isnan(velox_core.indicator_values(declared.kind, numbers, *columns)[0]))[0]
    assert declared.lookback(numbers) == first + 1

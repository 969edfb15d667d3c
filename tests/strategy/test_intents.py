"""What a strategy object asks of the core: intents with all their parts, state, trades and hooks."""

import datetime
import math
from collections.abc import Callable
from typing import Any

import pytest
from tests.strategy.fake_core import FakeBar, FakeCore, FakeSeries, Sent

from velox import Order, bars, cost, part, pct, points, r, rest, risk_pct, risk_rupees
from velox.errors import BadInput, Refused
from velox.strategy import state
from velox.strategy.base import Strategy
from velox.strategy.host import Instance
from velox.strategy.protect import Distance, Kind
from velox.strategy.spec import Spec
from velox.strategy.trade import Trade

Compiled = Callable[..., Spec]
Made = Callable[[str], type[Strategy]]

BODY = """
symbol = Param("NSE:RELIANCE")
fast = Param(9)
fine = Bars(symbol, "1m")
coarse = Bars(symbol, "15m")
average = EMA(fine.close, fast)
same = EMA(fine.close, 9)
macd = MACD(coarse.close)
atr = ATR(coarse, 14)
session = intraday("09:20", last_entry="14:45")
count = State(0)
today = State((), reset="session")

@on(coarse)
def trend(self, bar):
    self.count += 1

@at("09:20", late="run")
def early(self):
    pass

@every("30s")
def often(self):
    pass

def on_start(self):
    pass

def on_stop(self, trade):
    self.log(f"{trade!r} {trade.entry} {trade.stop} {trade.r}")
"""
MIDNIGHT = datetime.datetime(2026, 8, 31, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
MIDNIGHT_NS = int(MIDNIGHT.timestamp()) * 1_000_000_000
SECOND_NS = 1_000_000_000


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


@pytest.fixture
def instance(core: FakeCore, strategy: Made, compiled: Compiled) -> Instance:
    cls = strategy(BODY)
    return Instance(core, 3, compiled(cls), cls)


@pytest.fixture
def me(instance: Instance) -> Any:
    """The strategy object; its attributes depend on the class body."""
    return instance.object


def sent(core: FakeCore) -> Sent:
    return core.sent[-1]


def test_declarations_become_values_and_handles(core: FakeCore, me: Any) -> None:
    assert (me.symbol, me.fast, me.count, me.today) == ("NSE:RELIANCE", 9, 0, ())
    assert core.watched == [(7, 60, False), (7, 900, False)]
    assert core.nodes == [
        (0, "close", "ema", (9.0,), ""),
        (1, "close", "macd", (12.0, 26.0, 9.0), ""),
        (1, "close", "atr", (14.0,), ""),
    ]
    assert me.average is me.same
    core.output(1, 2).values = [0.5]
    core.field(0, "low").values = [99.0]
    assert float(me.macd.hist) == 0.5
    assert float(me.fine.low) == 99.0
    assert me.coarse.timeframe_s == 900
    assert me.session.flat == datetime.time(15, 3)


def test_the_table_of_hooks_and_the_record_of_the_start(instance: Instance) -> None:
    names = [getattr(hook, "__name__", None) for hook in instance.hooks]
    assert (names[0], names[16], names[17], names[18]) == ("on_start", "trend", "early", "often")
    assert sum(hook is not None for hook in instance.hooks) == 6, "its five, and what looks at its State after a death"
    wiring = instance.wiring
    assert wiring.series == [(1, 16), (0, -1)]
    assert wiring.nodes == [0, 1, 2]
    assert not wiring.on_tick
    assert (wiring.entry_from_ns, wiring.entry_until_ns, wiring.flat_at_ns) == tuple(
        MIDNIGHT_NS + minutes * 60 * SECOND_NS for minutes in (9 * 60 + 20, 14 * 60 + 45, 15 * 60 + 3)
    )
    at, every = wiring.schedules
    assert (at.hook, at.first_ns, at.every_ns, at.run_late) == (17, wiring.entry_from_ns, 0, True)
    opening_ns = MIDNIGHT_NS + (9 * 60 + 15) * 60 * SECOND_NS
    assert (every.hook, every.first_ns, every.every_ns) == (18, opening_ns + 30 * SECOND_NS, 30 * SECOND_NS)


def test_a_target_carries_size_stop_and_side(core: FakeCore, me: Any) -> None:
    trade = me.go_long(stop=98.5, size=risk_pct(0.5))
    call = sent(core)
    assert isinstance(trade, Trade)
    assert trade.counter == 1
    assert call[:6] == (3, 0, 7, 1, 2, 0.5)
    assert (call.stop_kind, call.stop) == (Kind.PRICE, 98.5)
    assert all(map(math.isnan, (call.limit, call.target, call.trail)))
    assert (call.valid_kind, call.valid, call.reason) == (0, 0, "")


@pytest.mark.parametrize(
    ("word", "action", "side"), [("go_long", 0, 1), ("go_short", 0, -1), ("buy", 1, 1), ("sell", 1, -1)]
)
def test_each_word_has_its_action_and_side(core: FakeCore, me: Any, word: str, action: int, side: int) -> None:
    getattr(me, word)(qty=5)
    assert sent(core)[1:6] == (action, 7, side, 1, 5.0)


@pytest.mark.parametrize(
    ("price", "kind", "value"),
    [
        (98.5, Kind.PRICE, 98.5),
        (98, Kind.PRICE, 98.0),
        (FakeSeries(97.0), Kind.PRICE, 97.0),
        (pct(25), Kind.PERCENT, 25.0),
        (points(30), Kind.POINTS, 30.0),
        (Distance(4), Kind.POINTS, 4.0),
    ],
)
def test_a_stop_is_a_price_or_a_distance(core: FakeCore, me: Any, price: Any, kind: Kind, value: float) -> None:
    me.go_long(qty=1, stop=price)
    assert (sent(core).stop_kind, sent(core).stop) == (kind, value)


def test_a_range_is_a_distance_and_a_price_plus_a_range_is_a_price(core: FakeCore, me: Any) -> None:
    core.output(2, 0).values = [3.0, 4.0]
    me.go_long(qty=1, stop=2 * me.atr, target=100.0 + me.atr, trail=me.atr / 2)
    call = sent(core)
    assert (call.stop_kind, call.stop) == (Kind.POINTS, 8.0)
    assert (call.target_kind, call.target) == (Kind.PRICE, 104.0)
    assert (call.trail_kind, call.trail) == (Kind.POINTS, 2.0)
    me.go_long(qty=1, stop=me.atr, target=FakeBar().close - me.atr[1], trail=max(2 * me.atr, 3 * me.atr[1]))
    call = sent(core)
    assert (call.stop_kind, call.stop, call.target, call.trail) == (Kind.POINTS, 4.0, 97.5, 9.0)


def test_targets_trails_limits_and_lives(core: FakeCore, me: Any) -> None:
    me.buy(size=risk_rupees(500), stop=98.0, target=r(1.5), trail=30.0, limit=99.5, valid_until=bars(3))
    call = sent(core)
    assert (call.size_kind, call.size, call.limit) == (3, 500.0, 99.5)
    assert (call.target_kind, call.target) == (Kind.R_MULTIPLE, 1.5)
    assert (call.trail_kind, call.trail) == (Kind.POINTS, 30.0)
    assert (call.valid_kind, call.valid) == (2, 3)
    half_past_ten_ns = MIDNIGHT_NS + (10 * 60 + 30) * 60 * SECOND_NS
    moment = MIDNIGHT + datetime.timedelta(hours=10, minutes=30)
    for until in ("10:30", datetime.time(10, 30), moment):
        me.buy(qty=1, valid_until=until)
        assert (sent(core).valid_kind, sent(core).valid) == (1, half_past_ten_ns)


def test_parts_leave_one_by_one(core: FakeCore, me: Any) -> None:
    core.output(2, 0).values = [4.0]
    me.go_long(qty=9, stop=98.0, exits=[part(1 / 3, r(1)), part(1 / 3, 104.0), part(rest, trail=2 * me.atr)])
    first, second, last = sent(core).exits
    assert first[:3] == (1 / 3, Kind.R_MULTIPLE, 1.0)
    assert math.isnan(first[4])
    assert second[1:3] == (Kind.PRICE, 104.0)
    assert (last[0], last[3:]) == (0.0, (Kind.POINTS, 8.0))
    assert math.isnan(last[2])
    me.buy(qty=1, exits=[part(1 / 2, trail=5), part(rest)])
    assert sent(core).exits[0][3:] == (Kind.POINTS, 5.0)
    me.buy(qty=1, exits=None)
    assert sent(core).exits == ()


def test_an_entry_can_wait_for_a_price(core: FakeCore, me: Any) -> None:
    me.go_long(qty=1, above=101.5, valid_until="14:00")
    assert (sent(core).trigger_kind, sent(core).trigger, sent(core).valid_kind) == (1, 101.5, 1)
    me.sell(qty=1, below=FakeSeries(98.0))
    assert (sent(core).trigger_kind, sent(core).trigger) == (2, 98.0)
    me.buy(qty=1, above=None)
    assert sent(core).trigger_kind == 0


def test_an_order_has_every_field_of_its_own(core: FakeCore, me: Any) -> None:
    me.submit(Order(side="buy", lots=2, trigger=101.0, limit=102.0, stop=99.0, target=r(2), valid_until=bars(3)))
    call = sent(core)
    assert call[1:6] == (1, 7, 1, 4, 2.0)
    assert (call.limit, call.trigger_kind, call.trigger) == (102.0, 1, 101.0)
    assert (call.stop, call.target_kind, call.valid_kind, call.valid) == (99.0, Kind.R_MULTIPLE, 2, 3)
    me.submit(Order(side="sell", qty=5, trigger=98.0, exits=[part(1, points(3))], trail=points(2)))
    call = sent(core)
    assert (call.side, call.trigger_kind, call.trigger, len(call.exits)) == (-1, 2, 98.0, 1)
    assert math.isnan(call.limit)
    with pytest.raises(BadInput, match="either qty= or size="):
        me.submit(Order(side="buy"))
    with pytest.raises(BadInput, match='a side is "buy" or "sell"'):
        Order(side="long", qty=1)  # type: ignore[arg-type]


def test_leaving_and_moving_a_stop(core: FakeCore, me: Any) -> None:
    me.go_flat()
    assert sent(core)[1:5] == (0, 7, 0, 0)
    me.flatten("end of session")
    assert (sent(core).action, sent(core).reason) == (3, "end of session")
    trade = Trade(me._binding, 9)
    trade.stop_to(cost)
    assert (sent(core).action, sent(core).stop_kind) == (2, Kind.COST)
    trade.stop_to(99.0)
    assert (sent(core).action, sent(core).stop_kind, sent(core).stop) == (2, Kind.PRICE, 99.0)
    trade.exit()
    assert (sent(core).action, sent(core).size_kind, sent(core).trade) == (3, 0, 9)


def test_a_trade_is_changed_by_its_handle(core: FakeCore, me: Any) -> None:
    trade = Trade(me._binding, 9)
    assert (trade.entry, trade.stop, trade.r, trade.target) == (100.0, 98.0, 4.0, 110.0)
    trade.exit(1 / 2)
    assert (sent(core).action, sent(core).size_kind, sent(core).size) == (3, 6, 0.5)
    trade.exit(qty=5)
    assert (sent(core).size_kind, sent(core).size) == (1, 5.0)
    trade.exit(lots=2)
    assert (sent(core).size_kind, sent(core).size) == (4, 2.0)
    trade.stop_at_cost()
    assert (sent(core).action, sent(core).stop_kind) == (2, Kind.COST)
    trade.target_to(r(3))
    assert (sent(core).action, sent(core).target_kind, sent(core).target) == (7, Kind.R_MULTIPLE, 3.0)
    trade.resize(lots=3)
    assert (sent(core).action, sent(core).size_kind, sent(core).size) == (6, 4, 3.0)
    assert {call.trade for call in core.sent} == {9}


def test_more_and_another_size_of_what_is_held(core: FakeCore, me: Any) -> None:
    assert me.add(size=risk_pct(0.5), above=101.0, valid_until=bars(2)).counter == 1
    call = sent(core)
    assert (call.action, call.side, call.size_kind, call.size) == (5, 0, 2, 0.5)
    assert (call.trigger_kind, call.trigger, call.valid_kind, call.valid, call.trade) == (1, 101.0, 2, 2, 0)
    me.resize(notional=50_000)
    assert (sent(core).action, sent(core).size_kind, sent(core).size) == (6, 5, 50_000.0)
    with pytest.raises(BadInput, match="did you mean limit"):
        me.add(qty=1, limt=5)
    with pytest.raises(BadInput, match=r"resize\(limit=…\) is not known"):
        me.resize(qty=1, limit=5)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"part": 0}, "above 0 and is at most 1"),
        ({"part": 2}, "for units use qty="),
        ({"part": math.nan}, "above 0 and is at most 1"),
        ({"part": 0.5, "qty": 1}, "one of them"),
        ({"qty": 0}, "whole number from 1"),
        ({"lots": 1.5}, "lots are a whole number from 1"),
    ],
)
def test_a_part_that_is_none_is_refused_before_the_core(
    core: FakeCore, me: Any, part: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        Trade(me._binding, 9).exit(**part)
    assert core.sent == []


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({}, "either qty= or size="),
        ({"qty": 1, "size": risk_pct(1)}, "either qty= or size="),
        ({"qty": 0}, "whole number from 1"),
        ({"qty": 1.0}, "whole number from 1"),
        ({"qty": True}, "whole number from 1"),
        ({"lots": 0}, "lots are a whole number from 1"),
        ({"lots": 1, "qty": 1}, "either qty= or size="),
        ({"notional": math.inf}, "an amount in rupees above 0"),
        ({"notional": "5"}, "an amount in rupees above 0"),
        ({"notional": 5, "min_lots": 2}, "one lot is the only least there is"),
        ({"notional": 5, "min_lots": True}, "one lot is the only least there is"),
        ({"qty": 5, "min_lots": 1}, r"min_lots=1\) belongs to size= or notional="),
        ({"lots": 5, "min_lots": 1}, r"min_lots=1\) belongs to size= or notional="),
        ({"min_lots": 1}, "needs either qty= or size="),
        ({"size": 5, "stop": 98.0}, "for a number use qty="),
        ({"size": risk_pct(1)}, "needs a stop"),
        ({"qty": 1, "stop": math.nan}, "gives NaN until it is ready"),
        ({"qty": 1, "stop": FakeSeries()}, "gives NaN until it is ready"),
        ({"qty": 1, "stop": -5.0}, "stop=-5 is no price: a price is a number above 0"),
        ({"qty": 1, "stop": True}, "stop=True is no price"),
        ({"qty": 1, "stop": math.inf}, "is no price"),
        ({"qty": 1, "stop": "98"}, "is no price"),
        ({"qty": 1, "stop": r(1)}, "not known at the entry"),
        ({"qty": 1, "target": r(1)}, r"target=…\) counts in r\(…\).* add stop="),
        ({"qty": 1, "trail": r(1)}, r"trail=…\) counts in r"),
        ({"qty": 1, "trail": points(2), "exits": [part(1, r(1))]}, r"exits=…\) counts in r"),
        ({"qty": 1, "stop": cost}, "not known at the entry"),
        ({"qty": 1, "stop": pct(100)}, "beyond the price"),
        ({"qty": 1, "trail": cost}, "no distance"),
        ({"qty": 1, "limit": math.nan}, "limit=nan is no price"),
        ({"qty": 1, "limit": Distance(3)}, "is a distance"),
        ({"qty": 1, "above": Distance(3)}, "above=3.0 is a distance"),
        ({"qty": 1, "below": math.nan}, "below=nan is no price"),
        ({"qty": 1, "above": 101.0, "below": 99.0}, "not for both"),
        ({"qty": 1, "above": 101.0, "limit": 101.0}, "keep one"),
        ({"qty": 1, "exits": []}, "has no part"),
        ({"qty": 1, "exits": [r(1)]}, "a list of part"),
        ({"qty": 1, "exits": part(1, r(1))}, "a list of part"),
        ({"qty": 1, "exits": [part(0.7, r(1)), part(0.7, r(2))]}, "sells 1.4 of the position"),
        ({"qty": 1, "exits": [part(rest, r(1)), part(0.7, r(2))]}, "once, at the end"),
        ({"qty": 1, "exits": [part(rest, r(1)), part(rest, r(2))]}, "once, at the end"),
        ({"qty": 1, "exits": [part(1, r(1)), part(rest)]}, "leave nothing for"),
        ({"qty": 1, "exits": [part(0.01, r(1))] * 17}, "17 parts, at most 16"),
        ({"qty": 1, "exits": [part(1, trail=cost)]}, "no distance"),
        ({"qty": 1, "exits": [part(1, r(1))], "target": r(2)}, "both target= and exits="),
        ({"size": risk_pct(1), "exits": [part(1, trail=points(2))]}, "needs a stop"),
        ({"qty": 1, "valid_until": "noon"}, "valid_until='noon' is no time of the day"),
        ({"qty": 1, "valid_until": datetime.datetime(2026, 8, 31)}, "no time zone"),  # noqa: DTZ001
        ({"qty": 1, "stopp": 98.0}, "did you mean stop"),
    ],
)
def test_an_intent_that_means_nothing_is_refused_before_the_core(
    core: FakeCore, me: Any, terms: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        me.go_long(**terms)
    assert core.sent == []


@pytest.mark.parametrize("order", [{"side": "buy", "qty": 1}, "buy", None])
def test_what_is_no_order_is_not_submitted(core: FakeCore, me: Any, order: Any) -> None:
    with pytest.raises(BadInput, match=r"takes an Order, as in submit\(Order\(side="):
        me.submit(order)
    assert core.sent == []


@pytest.mark.parametrize("word", [pct, points, r, risk_pct, risk_rupees])
@pytest.mark.parametrize("number", ["2", None, True, math.nan, -1])
def test_what_is_no_number_is_refused_in_a_sentence_where_one_is_meant(word: Any, number: Any) -> None:
    with pytest.raises(BadInput, match=r"^\w+\(.*\) must (be|lie)"):
        word(number)


@pytest.mark.parametrize("share", [0, -1, 1.5, math.nan, "half"])
def test_a_share_of_a_part_lies_between_nothing_and_all(share: Any) -> None:
    with pytest.raises(BadInput, match="above 0 and is at most 1"):
        part(share, r(1))


def test_a_part_needs_a_way_out() -> None:
    with pytest.raises(BadInput, match="no way out of its own"):
        part(1 / 3)


def test_two_different_targets_in_one_hook_warn_and_both_reach_the_kernel(core: FakeCore, me: Any) -> None:
    me.go_long(qty=1)
    me.go_long(qty=1)
    assert core.logged == []
    me.go_short(qty=1)
    assert core.logged == ["two different targets in one hook: the last one, go_short, counts"]
    core.serial += 1
    me.go_flat()
    assert len(core.logged) == 1
    assert [call.side for call in core.sent] == [1, 1, -1, 0]


def test_state_is_journalled_when_it_is_set_and_comes_back(
    core: FakeCore, instance: Instance, me: Any, strategy: Made
) -> None:
    hook = instance.hooks[16]
    assert hook is not None
    hook(FakeBar())
    me.today = ("a", 1, None)
    me.pair = me.buy(qty=1)
    again: Any = Instance(core, 3, instance.spec, type(me), kept=core.kept).object
    assert (again.count, again.today, again.pair.counter) == (1, ("a", 1, None), 1)


def test_a_new_session_forgets_what_lasts_a_session_and_its_trades(core: FakeCore, instance: Instance) -> None:
    kept = {
        "count": state.encode(20260828, 5),
        "today": state.encode(20260828, (1,)),
        "gone": state.encode(20260831, 2),
    }
    kept["pair"] = core.kept.get("pair", state.encode(20260828, Trade(instance._binding, 4)))
    me: Any = Instance(core, 3, instance.spec, type(instance.object), kept=kept).object
    assert (me.count, me.today) == (5, ())
    assert not hasattr(type(me), "pair")
    assert "pair" not in me.__dict__
    assert "gone" not in me.__dict__


@pytest.mark.parametrize("value", [[1], {"a": 1}, object(), (1, [2])])
def test_a_state_refuses_what_could_change_unseen(me: Any, value: object) -> None:
    with pytest.raises(BadInput, match="assign a new tuple"):
        me.today = value


@pytest.mark.parametrize(
    ("name", "words"), [("counter", "not declared"), ("fast", "fixed for the run"), ("atr", "fixed for the run")]
)
def test_setting_what_is_not_state_is_refused_when_it_happens(me: Any, name: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        setattr(me, name, 1)


def test_a_hook_about_a_trade_is_given_one(core: FakeCore, instance: Instance) -> None:
    hook = instance.hooks[4]
    assert hook is not None
    hook(12)
    assert core.logged == ["Trade(12) 100.0 98.0 4.0"]


def test_what_a_strategy_reads(core: FakeCore, me: Any) -> None:
    core.now = MIDNIGHT_NS + 33_600 * SECOND_NS + 5_000_000
    assert me.now == MIDNIGHT + datetime.timedelta(hours=9, minutes=20, milliseconds=5)
    assert me.now.time() < datetime.time(9, 21)
    assert (me.capital, me.position.quantity, me.mode) == (250_000.0, 0, "paper")


def test_a_strategy_that_the_engine_did_not_build_has_no_values(me: Any) -> None:
    with pytest.raises(Refused, match="only while the strategy runs"):
        _ = object.__new__(type(me)).average

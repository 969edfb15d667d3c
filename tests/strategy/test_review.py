"""What is seen in the text of hooks before they run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from velox.strategy.base import Strategy
from velox.strategy.load import load_with_faults

Faults = Callable[..., list[str]]
BODY = """
symbol = Param("NSE:RELIANCE")
risk = Param(risk_pct(0.5))
count = State(0)
bars = Bars(symbol, "5m")
atr = ATR(bars, 14)
session = intraday("09:20")
def on_bar(self, bar):
    """.lstrip()


@pytest.mark.parametrize(
    "line",
    [
        "self.go_long(size=self.risk)",
        "self.go_long(size=risk_pct(0.5))",
        "self.go_long(size=risk_rupees(500), stop=None)",
        "self.sell(size=self.risk, target=pct(2))",
    ],
)
def test_a_risk_size_without_a_stop_is_a_fault(faults: Faults, line: str) -> None:
    (fault,) = faults(f"{BODY}{line}")
    assert fault.startswith("8: ")
    assert "has no stop" in fault


@pytest.mark.parametrize(
    "line",
    [
        "self.go_long(size=self.risk, stop=bar.low)",
        "self.go_long(size=self.risk, trail=2 * self.atr)",
        "self.go_long(qty=1)",
        "self.go_long(lots=2)",
        "self.t = self.submit(Order(side='buy', qty=1, trigger=bar.high, limit=bar.high + 1))\n    self.t.exit(1/2)",
        "self.go_long(qty=9, stop=pct(1), exits=[part(1/3, r(1)), part(1/3, r(2)), part(rest, trail=2 * self.atr)])",
        "self.go_long(qty=9, stop=pct(1), exits=[part(bar.n / 9, r(1)), part(0.9, r(2))], valid_until=bars(bar.n))",
        "self.more = self.add(size=self.risk)\n    self.resize(qty=3)",
        "self.go_long(qty=1, above=bar.high, limit=None)",
        "self.go_long(**self.terms())\n\ndef terms(self):\n    return {'qty': 1}",
        "self.count += 1",
        "self.pair = self.buy(qty=1)\n    self.pair.exit()",
        "pass\n\ndef on_stop(self, trade):\n    self.t.exit()\n\ndef on_start(self):\n    self.t = self.go_flat()",
        "self.put(bar)\n\n@staticmethod\ndef put(thing):\n    thing.mark = 1",
        "self._private = self.buy(qty=1)",
        "new = self.buy(qty=1)\n    self.last = new\n    self.last.exit()",
        "pass\n\ndef on_entered(self, trade):\n    self.held = trade\n    self.held.exit()",
        "self.count = bar.open + self.atr.window(-1 + 3)[-1] if self.atr is not None else 0",
        "bar = self.bars\n    self.log(bar.anything)",
        "self.log([bar.opn for bar in ()])",
        "self.go_long(qty=1, size=None, limit=None, valid_until='15:00', stop=2 * 3.5, target=pct(1 / 2))",
        "r = pct = self.buy\n    self.log(f'{r(qty=1)} {pct(qty=2)}')",
        "self.submit(self.order())\n\ndef order(self):\n    return Order(side='sell', notional=5_000, min_lots=1)",
        "t = self.buy(qty=1)\n    t = self.count\n    t.exit('all')",
        "pass\n\ndef on_stop(self, trade):\n    trade.exit(qty=2)\n    trade.stop_to(cost)\n    trade.target_to(r(3))",
        "self.go_long(qty=int(bar.n), stop=pct(bar.n), valid_until=bars(bar.n), exits=[part(1 / bar.n, r(1))])",
        "import math\n    self.log(math.pi)\n    x: Foo = 3\n    self.log([x for y in (1, 2) if (z := y)] + [z])",
        "try:\n        pass\n    except ValueError as error:\n        self.log(error)\n    self.log(__name__)",
        "def inner(a: Foo, *b, **c):\n        return a, b, c\n    self.log(inner(1) or (lambda d: d)(2))",
        "match bar.n:\n        case [first, *others] | {'a': first, **others}: self.log((first, others))",
        "if self.position is None or self.count and not self.atr: self.log(self.count)",
        "self.put(bar, more=1)\n\ndef put(self, thing, *others, more=0, **words):\n    pass",
        "self.go_long(qty=1, stop=cost) if (cost := bar.low) else None",
        "pass\n\ndef on_fill(self, fill):\n    self.log(fill.role)",
        "self.log(f'{self.atr.age} {self.bars.close[1]} {self.bars.timeframe_s} {self.position.average}')",
        "local = 1\n    self.log(f'{local} {self.position.quantity} {self.now} {self.capital}')",
    ],
)
def test_what_is_right_is_not_refused(faults: Faults, line: str) -> None:
    assert faults(f"{BODY}{line}") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("self.counter = 1", "write counter = State(0) in the class body of A"),
        ("self.counter += 1", "counter"),
        ("self.counter: int = 1", "counter"),
        ("for self.counter in range(3): pass", "counter"),
        ("self.trade = None", "trade"),
        ("self.go_long(qty=1, target=r(2))", "go_long(target=…) counts in r(…)"),
        ("self.sell(qty=1, trail=pct(1), exits=[part(1, r(2))])", "sell(exits=…) counts in r(…)"),
        ("self.count = bar.opn", "bar.opn is not known: did you mean open?"),
        ("self.count = self.atr[-1]", "self.atr[-1]: series count backwards"),
        ("self.count = self.bars.close[-2]", "series count backwards"),
        ("self.count = self.bars[1]", "self.bars has several values: name one of them, as in self.bars.close[1]"),
        ("self.count = self.position > 0", "as in self.position.quantity"),
        ("self.count = crossed.over(self.atr, 3)", "there are crossed.above and crossed.below"),
        ("self.count = crossed(self.atr, 3)", "crossed is no function"),
        ("self.last = bar", "write last = State(0)"),
        ("self.count = self.bars.closes", "self.bars.closes is not known: did you mean close?"),
        ("self.count = self.atr.value", "atr = ATR(…) has one value, which self.atr is"),
        ("self.count = self.position.qty", "self.position.qty is not known: did you mean quantity?"),
        ("self.risk = 1", "A.risk is fixed for the run"),
        ("self.atr = self.buy(qty=1)", "A.atr is fixed for the run"),
        ("self.go_long(5)", "takes everything by name"),
        ("self.go_long(stop=bar.low)", "has no size"),
        ("self.go_long(qty=1, size=self.risk, stop=1)", "has both qty= and size="),
        ("self.go_long(size=5, stop=bar.low)", "for a number use qty="),
        ("self.go_long(qty=1, stopp=bar.low)", "did you mean stop?"),
        ("self.go_long(lots=1, notional=5_000)", "has both lots= and notional="),
        ("self.buy(qty=5, min_lots=1)", "min_lots=1) belongs to size= or notional="),
        ("self.resize(notional=5, min_lots=1)", "resize(min_lots=…) is not known"),
        ("self.add()", "add(…) has no size"),
        ("self.add(qty=1, stop=5)", "add(stop=…) is not known"),
        ("self.resize(5)", "resize(…) takes everything by name"),
        ("self.go_long(qty=1, above=bar.high, below=bar.low)", "above= or for below=, not for both"),
        ("self.go_long(qty=1, above=bar.high, limit=bar.high)", "go_long(above=…) has limit= too"),
        (
            "self.go_long(qty=9, stop=pct(1), exits=[part(2/3, r(1)), part(2/3, r(2))])",
            "go_long(…): exits=[…] sells 1.333 of the",
        ),
        (
            "self.go_long(qty=9, stop=pct(1), exits=[part(rest), part(1/3, r(2))])",
            "part(rest, …) stands once, at the end",
        ),
        ("self.go_long(qty=9, exits=[])", "has no part"),
        ("self.go_long(qty=9, stop=pct(1), target=r(1), exits=[part(1, r(2))])", "both target= and exits="),
        ("self.go_long(qty=9, limit=5, valid_until=bars(0))", "bars(0) is no life"),
        ("self.add(qty=9, below=bar.low, limit=5)", "add(below=…) has limit= too"),
        ("self.go_long(qty=1, valid_until='3 bars')", "valid_until='3 bars' is no time of the day; write it as"),
        ("self.go_long(qty=1, valid_until=3)", "valid_until=3 is no time of the day; write it as"),
        ("self.submit({'side': 'buy', 'qty': 1})", "submit(…) takes an Order, as in submit(Order(side="),
        ("self.submit(self.count, 1)", "self.submit(…) takes at most 1 without their names: there are order"),
        ("self.submit(Order(side='long', qty=1))", 'Order(side=\'long\'): a side is "buy" or "sell"'),
        ("self.submit(Order(side='buy', quantity=1))", "Order(quantity=…) is not known: did you mean qty? there are"),
        ("self.submit(Order(side='buy'))", "Order(…) has no size"),
        ("self.submit(Order(qty=1))", "Order(…) needs side: there are side, qty, lots"),
        ("self.submit(Order(side='buy', qty=1, trigger=0))", "Order(…): trigger=0 is no price: a price is a number"),
        ("self.go_long(size=risk_pct(200), stop=bar.low)", "risk_pct(200) must lie above 0 and be at most 100"),
        ("self.go_long(size=risk_rupees('500'), stop=bar.low)", "risk_rupees('500') must be an amount above 0"),
        ("self.buy(qty=1.5)", "buy(qty=1.5): a quantity is a whole number from 1"),
        ("self.buy(lots=-1)", "buy(lots=-1): lots are a whole number from 1"),
        ("self.sell(notional='5_000')", "sell(notional='5_000'): a value is an amount in rupees above 0"),
        ("self.add(notional=500, min_lots=2)", "add(min_lots=2): one lot is the only least there is"),
        ("self.go_long(qty=1, stop='1%')", "go_long(…): stop='1%' is no price"),
        ("self.go_long(qty=1, stop=pct(100))", "go_long(…): stop=pct(100) lies beyond the price itself"),
        ("self.go_long(qty=1, stop=pct(-1))", "pct(-1) must be a number above 0"),
        ("self.go_long(qty=1, stop=r(1))", "stop=r(1) is not known at the entry"),
        ("self.go_long(qty=1, trail=cost)", "trail=cost is no distance"),
        ("self.go_long(qty=1, limit=-5)", "limit=-5 is no price: a price is a number above 0"),
        ("self.go_long(qty=1, limit=points(5))", "limit=points(5) is a distance"),
        ("self.go_long(qty=1, stop=pct(1), exits=part(1, r(1)))", "exits= is a list of part(…)"),
        ("self.go_long(qty=1, stop=pct(1), exits=[part(1.5, r(1))])", "part(1.5, …): a share lies above 0"),
        ("self.go_long(qty=1, stop=pct(1), exits=[part(1 / 2)])", "part(0.5) has no way out of its own"),
        (
            "self.go_long(size=risk_pct(percentage=1), stop=bar.low)",
            "risk_pct(percentage=…) is not known: did you mean",
        ),
        ("self.resize(quantity=3)", "resize(quantity=…) is not known: did you mean qty? there are qty, lots, notional"),
        ("self.go_flat(qty=1)", "self.go_flat(qty=…) is not known: write self.go_flat()"),
        ("self.flatten('end', 'of day')", "self.flatten(…) takes at most 1 without their names: there are reason"),
        (
            "self.put(1, 2)\n\ndef put(self, one):\n    pass",
            "self.put(…) takes at most 1 without their names: there are",
        ),
        ("t = self.buy(qty=1)\n    t.stop_to(-3)", "stop_to=-3 is no price"),
        ("self.t = self.buy(qty=1)\n    self.t.exit(50)", "exit(50): a part lies above 0 and is at most 1"),
        ("pass\n\ndef on_stop(self, trade):\n    trade.stop_to(r(1))", "stop_to(r(…)) is not known; give a price"),
        (
            "pass\n\ndef on_stop(self, trade):\n    trade.stop_to(prise=1)",
            "trade.stop_to(prise=…) is not known: did you",
        ),
        ("pass\n\ndef on_target(self, t):\n    t.resize(quantity=5)", "resize(quantity=…) is not known: did you mean"),
        ("self.a = self.watch(EMA(self.bars.close, length=9))", "EMA(length=…) is not known: there are source, period"),
        (
            "if self.position: self.go_flat()",
            "self.position has several values: name one of them, as in self.position.quantity",
        ),
        ("self.count = 1 if not self.position else 2", "as in self.position.quantity"),
        ("while self.bars and bar.n: pass", "self.bars has several values"),
        ("self.log(atr)", "atr is not defined: did you mean self.atr?"),
        ("self.log(np.mean([1]))", "np is not defined"),
        ("self.log(bra.close)", "bra is not defined: did you mean bar?"),
        ("for x in y: self.log(x)", "y is not defined"),
        ("self.log(bar[1].close)", "bar[1]: a hook is told of one candle; one before it is self.bars.close[1]"),
        ("self.log(self.cuont)", "self.cuont is not known: did you mean count?"),
        ("self.log(self.mood)", "self.mood is not known"),
    ],
)
def test_a_mistake_in_a_hook_is_found(faults: Faults, line: str, words: str) -> None:
    found = faults(f"{BODY}{line}")
    assert len(found) == 1, found
    assert words in found[0]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("self.band.high", "self.band.high is not known: there are lower, middle, upper"),
        ("m.band.uper", "self.band.uper is not known: did you mean upper?"),
        ("m.band > 3", "m.band has several values: name one of them, as in m.band.upper"),
        ("self.band[1]", "self.band has several values: name one of them, as in self.band.upper[1]"),
        ("crossed.above(m.band, 3)", "m.band has several values: name one of them, as in m.band.upper"),
        ("m.bars.volumes", "self.bars.volumes is not known: did you mean volume?"),
    ],
)
def test_a_line_that_an_indicator_does_not_have_is_found_in_whosever_it_is(
    faults: Faults, field: str, words: str
) -> None:
    body = 'symbol = Symbols(["NSE:TCS", "NSE:INFY"])\nbars = Bars(symbol, "5m")\nband = Bollinger(bars.close)\n'
    body += f"@on(bars, together=True)\ndef rank(self, members):\n    for m in members:\n        m.log({field})"
    assert faults(body) == [f"7: {words}"]


@pytest.mark.parametrize(
    ("at", "wish", "words"),
    [
        ("16:00", "self.go_flat()", "go_flat is refused then, NSE:RELIANCE trades from 09:15 to 15:15 on 2026-08-31"),
        ("15:15", "self.flatten('end')", "flatten is refused then, NSE:RELIANCE trades"),
        ("09:14:59", "self.buy(qty=1)", "buy is refused then, NSE:RELIANCE trades from 09:15"),
        ("16:30", "self.log('end')", "never runs: the day ends at 16:00"),
    ],
)
def test_26_a_time_at_which_nothing_can_be_done_is_a_fault(faults: Faults, at: str, wish: str, words: str) -> None:
    body = f'bars = Bars("NSE:RELIANCE", "5m")\n@at("{at}")\ndef act(self):\n    {wish}'
    (told,) = faults(body)
    assert told.startswith(f'3: @at("{at}") on act') and words in told


def test_26_a_time_of_a_parameter_is_judged_by_its_value(faults: Faults) -> None:
    body = 'when = Param("09:20")\nbars = Bars("NSE:RELIANCE", "5m")\nsession = intraday("09:20", flat="14:00")\n'
    body += "@at(when)\ndef act(self):\n    self.go_long(qty=1)"
    assert faults(body) == faults(body, when="13:59:59") == []
    (told,) = faults(body, when="14:00")
    assert told.endswith("go_long is refused then, from the square-off at 14:00 on nothing is opened")


@pytest.mark.parametrize(
    ("at", "wish"),
    [("09:15", "self.buy(qty=1)"), ("15:14:59", "self.go_flat()"), ("16:00", "self.log('end')"), ("09:05", "pass")],
)
def test_a_time_at_which_something_can_be_done_is_right(faults: Faults, at: str, wish: str) -> None:
    assert faults(f'bars = Bars("NSE:RELIANCE", "5m")\n@at("{at}")\ndef act(self):\n    {wish}') == []


def test_a_wish_to_leave_after_the_square_off_does_no_harm(faults: Faults) -> None:
    body = 'bars = Bars("NSE:RELIANCE", "5m")\nsession = intraday("09:20")\n'
    assert faults(body + '@at("15:20")\ndef act(self):\n    self.go_flat()') == []


@pytest.mark.parametrize("line", ["seen.add(3)", "m.log(math.log(8, 2))", "self.put(m, seen)", "seen.add(*[m])"])
def test_words_of_others_are_not_taken_for_those_of_a_member(faults: Faults, line: str) -> None:
    body = 'symbol = Symbols(["NSE:TCS", "NSE:INFY"])\nbars = Bars(symbol, "5m")\n'
    body += "def put(self, *several):\n    pass\n@on(bars, together=True)\ndef rank(self, members):\n"
    assert faults(f"{body}    import math\n    seen = set()\n    for m in members:\n        {line}") == []


@pytest.mark.parametrize(
    ("before", "after", "is_known"),
    [
        ("", "def later():\n    pass\n", True),
        ("import velox as later\n", "", True),
        ("if True:\n    later = print\n", "", True),
        ("def make():\n    global later\n    later = print\n", "", True),
        ("later = None\n", "globals()['later'] = print\n", True),
        ("def other():\n    later = print\n", "", False),
        ("", "", False),
    ],
)
def test_26_a_name_of_a_hook_may_be_given_anywhere_in_its_module(
    tmp_path: Path, before: str, after: str, is_known: bool
) -> None:
    file = tmp_path / "mine.py"
    text = "class A(Strategy):\n    bars = Bars('NSE:INFY', '5m')\n    def on_bar(self, bar):\n        later()\n"
    file.write_text(f"from velox import Bars, Strategy\n{before}{text}{after}")
    sentences = [fault.sentence for fault in load_with_faults(str(file)).__velox__.faults]
    assert sentences == ([] if is_known else ["later is not defined"])


def test_26_what_is_not_imported_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    text = "class A(Strategy):\n    bars = Bars('NSE:INFY', '5m')\n    def on_bar(self, bar):\n"
    file.write_text(f"from velox import Bars, Strategy\n{text}        crossed.above(bar.open, 3)\n")
    told = [str(fault) for fault in load_with_faults(str(file)).__velox__.faults]
    assert told == [f"{file}:5: crossed is not imported: write from velox import crossed"]


def test_a_hook_that_names_self_otherwise_is_read_as_well(faults: Faults) -> None:
    (fault,) = faults(BODY.replace("(self, bar)", "(me, bar)") + "me.counter = 1")
    assert "counter" in fault


@pytest.mark.parametrize(
    "line",
    [
        "if self.mode == 'paper': pass",
        "x = 1 if self.mode == 'live' else 2",
        "while bar.n < 0 and self.mode != 'live': pass",
        "match self.mode:\n        case 'live': pass",
        "live = self.mode == 'live'\n    if live: self.go_flat()",
        "self.go_long(qty={'paper': 1, 'live': 2}[self.mode])",
        "self.mode == 'live' and self.go_flat()",
        "[self.go_flat() for _ in range(3) if self.mode == 'live']",
        "self.log('told') if self.mode == 'live' else None",
        "pass\n\ndef helper(self):\n    return self.mode",
    ],
)
def test_27_what_reads_the_mode_to_decide_is_a_warning(strategy: Callable[[str], type[Strategy]], line: str) -> None:
    (warning,) = strategy(f"{BODY}{line}").__velox__.warnings
    assert warning.sentence.startswith("self.mode is for the words of self.log(…)")


def test_27_the_mode_of_a_member_is_a_warning_too(strategy: Callable[[str], type[Strategy]]) -> None:
    body = 'symbol = Symbols(["NSE:TCS", "NSE:INFY"])\nbars = Bars(symbol, "5m")\n'
    body += "@on(bars, together=True)\ndef rank(self, members):\n    for m in members:\n"
    (warning,) = strategy(body + "        m.log(m.mode)\n        if m.mode == 'live': m.go_flat()").__velox__.warnings
    assert (warning.line, warning.sentence[:10]) == (10, "m.mode is ")


@pytest.mark.parametrize("line", ["self.log(self.mode)", "self.log(f'{self.mode}: ' + ('a' if self.mode else 'b'))"])
def test_27_the_mode_in_a_log_is_no_warning(strategy: Callable[[str], type[Strategy]], line: str) -> None:
    assert strategy(f"{BODY}{line}").__velox__.warnings == []


def test_declarations_in_a_list_are_a_fault(faults: Faults) -> None:
    (told,) = faults(BODY.replace("def on_bar", "several = [ATR(bars, 3), EMA(bars.close, 5)]\ndef on_bar") + "pass")
    assert "several holds declarations without a name: give each one its own" in told


def test_a_hook_that_is_nearly_named_is_a_warning(strategy: Callable[[str], type[Strategy]]) -> None:
    (warning,) = strategy(f"{BODY}pass\n\ndef on_bra(self, bar):\n    pass").__velox__.warnings
    assert "did you mean on_bar?" in warning.sentence


def test_26_a_method_that_hides_another_is_a_fault(faults: Faults) -> None:
    (told,) = faults(f"{BODY}pass\n\n@at('09:30')\ndef go(self):\n    pass\n\n@at('09:40')\ndef go(self):\n    pass")
    assert told == "15: go stands in line 14 already, of which nothing is left; give each its own name"


def test_a_declaration_that_hides_another_is_a_warning(strategy: Callable[[str], type[Strategy]]) -> None:
    body = BODY.replace("atr =", "atr = ATR(bars, 20)\natr =")
    (warning,) = strategy(f"{body}pass").__velox__.warnings
    assert (warning.line, warning.sentence[:30]) == (9, "atr stands in line 8 already, ")


@pytest.mark.parametrize(
    "lines",
    [
        "gap = bars.close - bars.open\ngap = EMA(gap, 9)",
        "seen: int\nseen = State(0)",
        "@property\ndef x(self):\n    return 1\n@x.setter\ndef x(self, value):\n    pass",
        "from typing import overload\n@overload\ndef x(self): ...\ndef x(self, y=1):\n    pass",
        "quick = EMA(bars.close, 9)\nsame = EMA(bars.close, 9)",
    ],
)
def test_what_builds_on_its_name_or_is_twice_the_same_is_right(
    strategy: Callable[[str], type[Strategy]], lines: str
) -> None:
    assert strategy(BODY.replace("def on_bar", f"{lines}\ndef on_bar") + "pass").__velox__.warnings == []

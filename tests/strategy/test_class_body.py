"""What a class body may say, and the sentence for what it may not: rules 3, 9, 11 and 26 of the strategy API."""

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from velox.market.instruments import InstrumentBook
from velox.strategy.base import Strategy
from velox.strategy.faults import InvalidStrategy
from velox.strategy.load import load
from velox.strategy.spec import Spec

Faults = Callable[..., list[str]]
Compiled = Callable[..., Spec]
Made = Callable[[str], type[Strategy]]

DAY = 'session = intraday("09:20", last_entry="14:45", flat="auto")\n'
BARS = 'symbol = Param("NSE:RELIANCE")\nbars = Bars(symbol, "5m")\n'
HOOK = "def on_bar(self, bar):\n    "

# The example of the documentation, word for word.
DOCUMENTED = '''
from velox import Strategy, Param, Bars, EMA, crossed, intraday, risk_pct

class EmaCross(Strategy):
    """Follow the fast EMA across the slow one, intraday, with a stop behind the signal bar."""
    symbol = Param("NSE:RELIANCE")                     # editable in the dashboard
    fast   = Param(9,  range(3, 50))                   # a range makes it optimisable
    slow   = Param(21, range(10, 200))
    risk   = Param(risk_pct(0.5))                      # of the strategy's capital, at the stop

    bars    = Bars(symbol, "5m")                       # anchored at the open, warmed up by itself
    quick   = EMA(bars.close, fast)                    # computed in Rust, plotted automatically
    steady  = EMA(bars.close, slow)
    session = intraday("09:20", last_entry="14:45", flat="auto")

    def on_bar(self, bar):
        if crossed.above(self.quick, self.steady):
            self.go_long(stop=bar.low, size=self.risk)
        elif crossed.below(self.quick, self.steady):
            self.go_short(stop=bar.high, size=self.risk)
'''


def test_the_documented_example_works_literally(tmp_path: Path, compiled: Compiled) -> None:
    path = tmp_path / "ema_cross.py"
    path.write_text(DOCUMENTED)
    spec = compiled(load(str(path)), fast="12", symbol="NSE:INFY")
    assert (spec.symbol, spec.class_name) == ("NSE:INFY", "ema_cross:EmaCross")
    assert [(node.name, node.source, node.kind, node.params) for node in spec.nodes] == [
        ("quick", "close", "ema", (12.0,)),
        ("steady", "close", "ema", (21.0,)),
    ]
    assert [(bars.timeframe_s, bars.ready_after) for bars in spec.bars] == [(300, 22)]
    assert [(hook.number, hook.kind, hook.function) for hook in spec.hooks] == [(16, "bars", "on_bar")]


@pytest.mark.parametrize("name", sorted(each.name for each in entry_points(group="velox.strategies")))
def test_shipped_strategies_are_sound(name: str, compiled: Compiled) -> None:
    spec = compiled(load(name))
    assert spec.doc
    assert not spec.warnings
    assert spec.session is not None


def test_every_fault_is_told_at_once_with_its_line(faults: Faults) -> None:
    found = faults(
        BARS.replace("5m", "7q")
        + "fast = Param(60, range(3, 50))\n"
        + "line = EMA(bars, fast)\n"
        + HOOK
        + "self.counter = 1\n"
        + "    self.go_long(qty=1, stop=self.qick)\n"
    )
    assert [fault.partition(":")[0] for fault in found] == ["3", "4", "6", "7"]
    assert "default is not in the range" in found[0]
    assert "EMA(bars.close, 21)" in found[1]
    assert "counter = State(0)" in found[2]
    assert "qick" in found[3]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('bars = Bars("NSE:RELIANCE", "7q")\n' + HOOK + "pass", "'7q' is no length of time"),
        ('bars = Bars("NSE:RELIANCE", 5)\n' + HOOK + "pass", "timeframe is a text"),
        (
            'bars = Bars("NSE:RELIANCE", "5m", preopen="leave")\n' + HOOK + "pass",
            'bars = Bars(…): preopen is "include" or "exclude", not \'leave\'',
        ),
        (BARS + "line = EMA(bars.close, 0)\n" + HOOK + "pass", "period is 0; it must lie between 1"),
        (BARS + 'line = EMA(bars.close, "9")\n' + HOOK + "pass", "period is a whole number"),
        (BARS + "line = MACD(bars.close, 26, 12)\n" + HOOK + "pass", "fast must be the smaller"),
        (BARS + "band = Bollinger(bars.close, 20, 0)\n" + HOOK + "pass", "deviations is 0; it must lie above 0"),
        (BARS + "band = Bollinger(bars.close, 2.5)\n" + HOOK + "pass", "period is a whole number"),
        (BARS + "band = Bollinger(bars.close, 1)\n" + HOOK + "pass", "period is 1; it must lie between 2 and 5000"),
        (BARS + 'band = VWAPBands(bars, "2")\n' + HOOK + "pass", "deviations is a number or a number Param, not '2'"),
        (BARS + "box = OpeningRange(bars, 7)\n" + HOOK + "pass", "7 minutes are no whole number of candles of 300 s"),
        (BARS + "trend = SuperTrend(bars.close)\n" + HOOK + "pass", "the candles themselves"),
        (BARS + "range_ = ATR(bars.close)\n" + HOOK + "pass", "ATR(bars, 14)"),
        ('line = EMA(Bars("NSE:TCS", "1m").close, 9)\nsymbol = "NSE:TCS"\n', "its Bars has no name"),
        (BARS + "limits = Param([1])\n" + HOOK + "pass", "a parameter is a number"),
        (BARS + 'text = Param("x", range(3))\n' + HOOK + "pass", "only a number can have a range"),
        (BARS + "seen = State([])\n" + HOOK + "pass", "start with () instead of a list"),
        (BARS + 'seen = State(0, reset="day")\n' + HOOK + "pass", 'reset="session"'),
        (BARS + 'session = intraday("9:20")\n' + HOOK + "pass", "start='9:20' is no time"),
        (BARS + 'session = intraday("09:20", last_entry="09:00")\n' + HOOK + "pass", "must come before"),
        (BARS + 'session = intraday("09:20")\nother = intraday("10:00")\n' + HOOK + "pass", "second intraday"),
        (BARS + "log = Param(1)\n" + HOOK + "pass", "log is a word of Velox"),
        (BARS + "def __init__(self):\n    pass\n", "prepare in on_start"),
        (BARS + "def on_bar(self):\n    pass\n", "on_bar has the wrong arguments"),
        (BARS + "on_bar = 5\n", "on_bar must be a plain method"),
        (BARS + "@staticmethod\ndef on_bar(bar):\n    pass\n", "on_bar must be a plain method"),
        (BARS + "@property\ndef on_tick(self):\n    pass\n", "on_tick must be a plain method"),
        (BARS + "def __new__(cls):\n    raise SystemExit\n", "__new__ is not for a strategy"),
        (BARS + "def __getattribute__(self, name):\n    raise SystemExit\n", "__getattribute__ is not for a strategy"),
        (BARS + "async def on_bar(self, bar):\n    pass\n", "must be a plain function"),
        (BARS + '@at("25:00")\ndef go(self):\n    pass\n', "@at on go: '25:00' is no time"),
        (BARS + '@every("soon")\ndef go(self):\n    pass\n', "@every on go: 'soon' is no length"),
        (BARS + '@on(Bars("NSE:TCS", "1m"))\ndef go(self, bar):\n    pass\n', "@on on go: its Bars is not"),
        ("def on_start(self):\n    pass\n", "nothing says what it trades"),
        ('symbol = "NSE:TCS"\n' + HOOK + "pass", "on_bar has no candles"),
        (BARS + "a = Param(9)\nb = Param(3)\nrequire = [a < b]\n" + HOOK + "pass", "a < b does not hold: 9 < 3"),
        (BARS + "require = [True]\n" + HOOK + "pass", "require holds True"),
    ],
)
def test_a_wrong_declaration_is_told_in_one_sentence(faults: Faults, body: str, words: str) -> None:
    found = faults(body)
    assert len(found) == 1, found
    assert words in found[0]


def test_a_requirement_is_judged_with_the_users_parameters(faults: Faults) -> None:
    body = BARS + "fast = Param(9)\nslow = Param(21)\nrequire = [fast * 2 <= slow - 1]\n" + HOOK + "pass"
    assert faults(body) == []
    assert faults(body, slow="12") == ["5: fast * 2 <= slow - 1 does not hold: 18 <= 11; change a parameter"]


def test_times_may_be_parameters(faults: Faults, strategy: Made, compiled: Compiled) -> None:
    body = BARS + 'start = Param("09:20")\nsession = intraday(start)\n@at(start)\ndef go(self):\n    pass\n'
    spec = compiled(strategy(body), start="10:00")
    assert spec.session is not None
    assert spec.session.start_ns == spec.hooks[0].at_ns == 36_000_000_000_000
    found = faults(body, start="noon")
    assert [fault.partition(":")[0] for fault in found] == ["4", "6"]
    assert all("'noon' is no time of the day" in fault for fault in found)


def test_a_shared_list_is_a_warning(strategy: Made) -> None:
    (warning,) = strategy(BARS + "seen = []\n" + HOOK + "pass").__velox__.warnings
    assert "seen is shared by all instances" in warning.sentence


def test_a_chained_requirement_is_refused_with_the_way_to_write_it(write: Callable[[str], Path]) -> None:
    path = write(BARS + "fast = Param(9)\nslow = Param(21)\nrequire = [3 < fast < slow]\n")
    with pytest.raises(Exception, match=r"a\.py:8: .*write each comparison alone"):
        load(str(path))


def test_several_bars_refuse_on_bar_and_take_on(faults: Faults, strategy: Made, compiled: Compiled) -> None:
    two = 'symbol = Param("NSE:TCS")\nfast = Bars(symbol, "1m")\nslow = Bars(symbol, "15m")\n'
    assert ["@on(fast)" in fault for fault in faults(two + HOOK + "pass")] == [True]
    body = two + "@on(slow)\ndef trend(self, bar):\n    pass\n@on(fast)\ndef entry(self, bar):\n    pass\n"
    hooks = compiled(strategy(body)).hooks
    assert [(hook.number, hook.function, hook.bars) for hook in hooks] == [(16, "trend", 1), (17, "entry", 0)]


def test_importing_a_faulty_class_raises(write: Callable[[str], Path]) -> None:
    path = write(BARS + HOOK + "self.counter = 1\n")
    with pytest.raises(InvalidStrategy, match=r"a\.py:7: self\.counter is set in a hook but not declared"):
        exec(compile(path.read_text(), str(path), "exec"), {"__name__": "plain_import"})  # noqa: S102


def test_an_unknown_instrument_names_the_nearest(faults: Faults) -> None:
    assert "did you mean NSE:RELIANCE" in faults(BARS + HOOK + "pass", symbol="NSE:RELIANCEE")[0]


@pytest.mark.parametrize("call", ["go_long(qty=1)", "go_short(qty=1)", "buy(qty=1)", "sell(qty=1)"])
def test_an_index_is_watched_but_not_traded(faults: Faults, call: str) -> None:
    body = BARS.replace("NSE:RELIANCE", "NSE:NIFTY") + DAY + HOOK
    assert faults(body + "pass") == []
    (fault,) = faults(body + f"self.{call}")
    assert fault.startswith("5: ")
    assert "NSE:NIFTY is an index" in fault
    assert "NFO:NIFTY" in fault


def test_flat_later_than_the_rules_allow_names_instrument_and_time(faults: Faults, strategy: Made) -> None:
    def body(flat: str) -> str:
        return BARS + f'session = intraday("09:20", flat="{flat}")\n' + HOOK + "pass"

    (fault,) = faults(body("15:45"))
    assert fault.startswith("3: ")
    assert all(word in fault for word in ('flat="15:45"', "NSE:RELIANCE", "15:03"))
    assert faults(body("15:03")) == []
    assert len(faults(body("15:04"))) == 1


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        ('"09:20", flat="09:15"', "start 09:20 must come before the last entry at 09:15"),
        (
            '"09:20", last_entry="14:45", flat="14:30"',
            "last entry at 14:45, and that not after the square-off at 14:30",
        ),
        ('"09:20", last_entry="15:04"', "last entry at 15:04, and that not after the square-off at 15:03"),
        ('"15:10"', "start 15:10 must come before the last entry at 15:03"),
        ('"06:00", last_entry="09:15"', "from 06:00 to 09:15 nothing can be entered: trading begins at 09:15"),
        ('windows=[("08:00", "08:30"), ("10:00", "11:00")]', "from 08:00 to 08:30 nothing can be entered"),
        ('windows=[("10:00", "15:10")]', "the window 10:00 to 15:10 must begin before it ends, after the window"),
        ('windows=[("10:00", "11:00"), ("10:59", "12:00")]', "the window 10:59 to 12:00 must begin before it ends"),
        ('windows=[("10:00", "11:00"), ("09:30", "09:45")]', "the window 09:30 to 09:45 must begin before it ends"),
    ],
)
def test_26_hours_out_of_order_or_outside_the_session_are_told_in_one_sentence(
    faults: Faults, hours: str, sentence: str
) -> None:
    (fault,) = faults(BARS + f"session = intraday({hours})\n" + HOOK + "pass")
    assert fault.startswith("3: session = intraday(…): ")
    assert sentence in fault


@pytest.mark.parametrize(
    "hours",
    [
        '"09:00"',
        '"09:00", last_entry="09:16"',
        'windows=[("10:00", "11:00"), ("11:00", "12:00")]',
        '"09:20", flat="09:21"',
    ],
)
def test_hours_that_begin_before_the_open_or_touch_are_right(faults: Faults, hours: str) -> None:
    assert faults(BARS + f"session = intraday({hours})\n" + HOOK + "pass") == []


def test_a_share_outside_the_closing_auction_may_stay_longer(faults: Faults, book: InstrumentBook) -> None:
    outside = next(each.name for each in book if each.tradable and not each.cas)
    body = BARS + 'session = intraday("09:20", flat="15:15")\n' + HOOK + "pass"
    assert faults(body, symbol=outside) == []
    assert "latest legal time is 15:03" in faults(body, symbol="NSE:RELIANCE")[0]


def test_shorting_a_share_needs_intraday_hours(faults: Faults) -> None:
    body = BARS + HOOK + "self.go_short(qty=1, stop=bar.high)"
    assert 'add session = intraday("09:20")' in faults(body)[0]
    assert faults(DAY + body) == []


def test_an_inherited_parameter_can_be_given_anew(tmp_path: Path, compiled: Compiled) -> None:
    path = tmp_path / "pair.py"
    path.write_text(DOCUMENTED + "\n\nclass Slower(EmaCross):\n    fast = Param(20, range(3, 50))\n")
    spec = compiled(load(f"{path}:Slower"))
    assert [node.params for node in spec.nodes] == [(20.0,), (21.0,)]
    assert [hook.function for hook in spec.hooks] == ["on_bar"]


def test_a_decorated_method_is_read_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "decorated.py"
    wrapper = "import functools\ndef kept(f):\n    return functools.wraps(f)(lambda *a: f(*a))\n"
    body = DOCUMENTED.replace("    def on_bar", "    @kept\n    def on_bar").replace("stop=bar.low, ", "")
    path.write_text(wrapper + body)
    line = 1 + (wrapper + body).partition("self.go_long(size")[0].count("\n")
    with pytest.raises(InvalidStrategy, match=rf"decorated\.py:{line}: go_long\(size=self\.risk\) has no stop"):
        load(str(path))


def test_equal_source_gives_an_equal_hash(strategy: Made, compiled: Compiled) -> None:
    first = compiled(strategy(BARS + HOOK + "pass")).code_hash
    assert compiled(strategy(BARS + HOOK + "pass")).code_hash == first
    assert compiled(strategy(BARS + HOOK + "return")).code_hash != first


@pytest.mark.parametrize(("length", "candles"), [("1m", 15), ("5m", 3), ("15m", 1)])
def test_an_opening_range_counts_minutes_whatever_its_candles(
    strategy: Made, compiled: Compiled, length: str, candles: int
) -> None:
    body = BARS.replace("5m", length) + "box = OpeningRange(bars, 15)\n"
    (bars,) = compiled(strategy(body + HOOK + "pass")).bars
    assert bars.ready_after == candles + 1

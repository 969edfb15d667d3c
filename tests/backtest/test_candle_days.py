"""Days of candles alone: the same kernel, the same candles as ticks make, and nothing of what comes later."""

import datetime as dt
import json
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from tests.acceptance.product import velox

from velox import journal
from velox.backtest.choose import Ask
from velox.backtest.run import run
from velox.errors import BadInput
from velox.events import Intent, Kind
from velox.journal.payloads import CandleClosed, CandleOpen, CandleRange
from velox.market.calendar import ist_ns
from velox.research.candles import candles_of
from velox.research.catalog import CANDLE_SCHEMA, Catalog, Entry
from velox.research.days import SAMPLE_DIR, open_day
from velox.runtime.choose import SHIPPED, shipped_on
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings

DAY = dt.date(2026, 7, 15)
SYMBOL = "NSE:RELIANCE"
_S = 1_000_000_000
_ONE = 100_000_000

SCRIPT = """
from velox import Bar, Bars, Param, Strategy, intraday, points

class Script(Strategy):
    \"\"\"Does at each minute what it is told.\"\"\"

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")
    session = intraday("09:15")

    def on_bar(self, bar: Bar) -> None:
        BODY
"""


def _entry(symbol: str = SYMBOL, *, candles: bool = False) -> Entry:
    return next(e for e in Catalog(SAMPLE_DIR).of_instrument(symbol) if e.candles == candles)


def _minutes(symbol: str = SYMBOL) -> pl.DataFrame:
    """One-minute candles of the generated day, made of its own ticks."""
    candles = candles_of(Catalog(SAMPLE_DIR), _entry(symbol), 60, None)
    return pl.DataFrame({name: candles[name] for name in CANDLE_SCHEMA})


def _kept(folder: Path, frame: pl.DataFrame, day: dt.date = DAY, symbol: str = SYMBOL) -> Path:
    """A catalogue that holds these candles of one day, and no ticks of it."""
    entry = msgspec.structs.replace(_entry(symbol), day=day, candles=True)
    Catalog(folder).store(entry, frame)
    return folder


def _made(*candles: tuple[str, float, float, float, float]) -> pl.DataFrame:
    """Candles written by hand: clock, open, high, low, close; 100 units each."""
    rows = []
    for clock, *prices in candles:
        begin = ist_ns(DAY, dt.time.fromisoformat(clock))
        rows.append([begin, *(round(price * _ONE) for price in prices), 100, 5])
    return pl.DataFrame(rows, schema=[*CANDLE_SCHEMA], orient="row")


def _script(folder: Path, body: str) -> StrategyPlan:
    file = folder / "script.py"
    file.write_text(SCRIPT.replace("BODY", body.replace("\n", "\n        ")))
    return StrategyPlan(str(file))


def _traded(folder: Path) -> list[tuple[str, str, int, float]]:
    """Clock, role, signed units and price of each fill."""
    told = []
    for fill in journal.fills(folder).to_dicts():
        clock = dt.datetime.fromtimestamp(fill["ts"] / 1e9, dt.timezone(dt.timedelta(hours=5.5)))
        units = fill["side"] * fill["quantity"]
        told.append((f"{clock:%H:%M:%S}", fill["role"], units, fill["price"] / _ONE))
    return told


@pytest.mark.parametrize(
    ("protection", "candle", "left"),
    [
        ("stop=99", ("09:17", 100, 101, 98, 100), ("09:17:59", "stop", -10, 98.9)),
        ("stop=99", ("09:17", 97, 99, 96, 98), ("09:17:00", "stop", -10, 96.9)),
        ("stop=99, target=101", ("09:17", 100, 103, 98, 102), ("09:17:59", "stop", -10, 98.9)),
        ("stop=99, target=101", ("09:17", 100, 103, 99.5, 102), ("09:17:59", "target", -10, 101)),
        ("trail=points(2)", ("09:17", 100, 103, 99.5, 100.5), ("09:17:59", "stop", -10, 100.9)),
    ],
)
def test_a_position_leaves_as_the_rulings_say(
    protection: str, candle: tuple[str, float, float, float, float], left: tuple[str, str, int, float], tmp_path: Path
) -> None:
    plan = _script(tmp_path, f"if bar.n == 1: self.go_long(qty=10, {protection})")
    calm = [("09:15", 100, 100.5, 99.5, 100), ("09:16", 100, 100.5, 99.6, 100.1)]
    after = ("09:18", 100, 100.2, 99.9, 100)
    catalog = _kept(tmp_path / "c", _made(*calm, candle, after))
    result = run(Ask(plans=[plan], catalog=catalog, journal=tmp_path / "j"), Settings())
    assert (result.data, result.ticks, result.minutes) == ("candles", 0, 4)
    assert _traded(tmp_path / "j") == [("09:16:00", "entry", 10, 100.1), left]


def test_an_order_never_fills_in_the_candle_that_asked_for_it(tmp_path: Path) -> None:
    """It closes far away from the next open; nothing trades there."""
    plan = _script(tmp_path, "if bar.n == 2: self.go_long(qty=10)")
    frame = _made(("09:15", 100, 101, 99, 100), ("09:16", 100, 103, 99, 102), ("09:20", 101, 102, 100, 101))
    run(Ask(plans=[plan], catalog=_kept(tmp_path / "c", frame), journal=tmp_path / "j"), Settings())
    assert _traded(tmp_path / "j") == []  # it lives for one candle, and none came: nothing traded until 09:20
    frame = _made(("09:15", 100, 101, 99, 100), ("09:16", 100, 103, 99, 102), ("09:17", 101, 102, 100, 101))
    run(Ask(plans=[plan], catalog=_kept(tmp_path / "d", frame), journal=tmp_path / "k"), Settings())
    assert _traded(tmp_path / "k") == [("09:17:00", "entry", 10, 101.1)]


def _bars(folder: Path) -> list[CandleClosed]:
    """Closed candles with their indicator values; how they are marked is left out, as kept candles do not say it."""
    closed = [record.payload for record in journal.records(folder, [Kind.CANDLE_CLOSED])]
    return [msgspec.structs.replace(c, flags=0) for c in closed if isinstance(c, CandleClosed)]


def _wishes(folder: Path) -> list[tuple[int, str, int, float, float]]:
    """What the strategy asked for: candle, what, which side, stop and target."""
    found = [record.payload for record in journal.records(folder, [Kind.INTENT])]
    return [(i.bar_open, str(i.action), i.side, i.stop.value, i.target.value) for i in found if isinstance(i, Intent)]


@pytest.mark.parametrize("place", range(len(SHIPPED)), ids=SHIPPED)
def test_a_shipped_strategy_sees_the_same_candles_and_wishes_the_same(place: int, tmp_path: Path) -> None:
    plan = shipped_on(open_day(None))[place]
    symbol = plan.params["symbol"]
    kept = _kept(tmp_path / "kept", _minutes(symbol), symbol=symbol)
    earlier = Catalog(SAMPLE_DIR)
    for entry in earlier.of_instrument(symbol):
        if entry.candles:
            Catalog(kept).store(entry, earlier.read(entry))  # the same warm-up
    asks = {
        "ticks": Ask(plans=[plan], catalog=SAMPLE_DIR, journal=tmp_path / "ticks"),
        "made": Ask(plans=[plan], catalog=SAMPLE_DIR, first=DAY, data="candles", journal=tmp_path / "made"),
        "kept": Ask(plans=[plan], catalog=kept, first=DAY, journal=tmp_path / "kept-journal"),
    }
    results = {name: run(ask, Settings()) for name, ask in asks.items()}
    assert [results[name].data for name in asks] == ["ticks", "candles", "candles"]
    assert results["made"].result_hash == results["kept"].result_hash
    ticks, made = tmp_path / "ticks", tmp_path / "made"
    assert _bars(ticks) == _bars(made) and len(_bars(ticks)) >= 25
    assert any(not np.isnan(value) for bar in _bars(made) for value in bar.values)
    assert _wishes(ticks) == _wishes(made) != []
    assert results["made"].fills > 0
    kinds = {record.kind: record.payload for record in journal.records(made)}
    opened, ranged = kinds[Kind.CANDLE_OPEN], kinds[Kind.CANDLE_RANGE]
    assert isinstance(opened, CandleOpen) and isinstance(ranged, CandleRange)
    assert ranged.ts_open == opened.ts_open and ranged.low <= opened.price <= ranged.high
    told = velox("replay", made, "--verify", "--json")
    assert json.loads(told.stdout)["decisions_hash"] == results["made"].result_hash


def test_five_minutes_are_those_of_data_bars(tmp_path: Path) -> None:
    plan = StrategyPlan("ema_cross")
    run(Ask(plans=[plan], catalog=SAMPLE_DIR, first=DAY, data="candles", journal=tmp_path / "j"), Settings())
    bars = candles_of(Catalog(SAMPLE_DIR), _entry(), 300, None)
    fields = ("ts_open", "open", "high", "low", "close", "volume", "ticks")
    told = [tuple(getattr(bar, name) for name in fields) for bar in _bars(tmp_path / "j")]
    assert told == [tuple(int(bar[name]) for name in fields) for bar in bars]


def test_what_comes_later_changes_nothing_before_it(tmp_path: Path) -> None:
    """Candles behind noon are shuffled among their times: until then every decision is the same."""
    body = "if bar.n % 7 == 0: self.go_long(qty=10, stop=bar.low - 1, target=bar.close + 3)\n"
    body += "if bar.n % 11 == 0: self.go_short(qty=10, trail=points(2), limit=bar.close + 0.5)"
    plan = _script(tmp_path, body)
    frame = _minutes()
    noon_ns = ist_ns(DAY, dt.time(12))
    before, after = frame.filter(pl.col("ts_open") < noon_ns), frame.filter(pl.col("ts_open") >= noon_ns)
    shuffled = after.sample(fraction=1, shuffle=True, seed=7).with_columns(ts_open=after["ts_open"])
    decided: list[tuple[list[object], list[object]]] = []
    for name, rows in (("true", frame), ("other", pl.concat([before, shuffled]))):
        run(Ask(plans=[plan], catalog=_kept(tmp_path / name, rows), journal=tmp_path / f"{name}-j"), Settings())
        records = [(r.ts, r.payload) for r in journal.records(tmp_path / f"{name}-j") if r.kind >= Kind.TICK_VERDICT]
        held = [r for r in records if r[0] < noon_ns]
        decided.append(([*held], [r for r in records if r[0] >= noon_ns]))
    (true_before, true_after), (other_before, other_after) = decided
    assert len(true_before) > 500
    assert true_before == other_before
    assert true_after != other_after


def test_the_same_again_gives_the_same_result(tmp_path: Path) -> None:
    plan = _script(tmp_path, "if bar.n % 5 == 0: self.go_long(qty=3, stop=bar.low)")
    ask = Ask(plans=[plan], catalog=SAMPLE_DIR, data="candles")
    first, second = run(ask, Settings()), run(ask, Settings())
    assert first.days == 6 and first.fills > 40
    assert first.result_hash == second.result_hash


def test_each_day_is_run_by_what_was_asked_for(tmp_path: Path) -> None:
    plan = StrategyPlan("ema_cross")
    ways = {
        data: run(Ask(plans=[plan], catalog=SAMPLE_DIR, data=data), Settings())
        for data in ("", "auto", "ticks", "candles")
    }
    assert {data: (result.data, result.days, result.ticks > 0) for data, result in ways.items()} == {
        "": ("ticks", 1, True),
        "ticks": ("ticks", 1, True),
        "auto": ("mixed", 6, True),
        "candles": ("candles", 6, False),
    }
    assert ways[""].result_hash == ways["ticks"].result_hash
    assert any("conservative" in note for note in ways["auto"].notes)
    assert not any("conservative" in note for note in ways["ticks"].notes)
    later = _kept(
        tmp_path / "later", _minutes().with_columns(pl.col("ts_open") + 86_400 * _S), DAY + dt.timedelta(days=1)
    )
    Catalog(later).store(_entry(), Catalog(SAMPLE_DIR).read(_entry()))
    left = run(Ask(plans=[plan], catalog=later), Settings())
    assert left.days == 1 and "1 day of candles alone, from 2026-07-16 on, left out" in left.notes[0]


def test_a_day_with_ticks_of_one_and_candles_of_another_is_refused(tmp_path: Path) -> None:
    catalog = _kept(tmp_path / "c", _minutes("NSE:INFY"), symbol="NSE:INFY")
    Catalog(catalog).store(_entry(), Catalog(SAMPLE_DIR).read(_entry()))
    plans = [StrategyPlan("ema_cross", {"symbol": name}) for name in (SYMBOL, "NSE:INFY")]
    with pytest.raises(BadInput, match=r"ticks of NSE:RELIANCE and candles alone of NSE:INFY: --data candles"):
        run(Ask(plans=plans, catalog=catalog), Settings())
    both = run(Ask(plans=plans, catalog=catalog, data="candles"), Settings())
    assert both.minutes > 700
    with pytest.raises(BadInput, match="holds nothing"):
        run(Ask(plans=plans, catalog=catalog, data="ticks"), Settings())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("    def on_tick(self, tick):\n        pass\n", "has on_tick"),
        ('    quick = Bars(symbol, "30s")\n', "candles of 30 s"),
        ('    def on_start(self):\n        self.quick = self.watch(Bars("NSE:INFY", "30s"))\n', "candles of 30 s"),
        (
            '    own = Bars(symbol, "5m", preopen="exclude")\n',
            "do not tell what was traded in the pre-open: run days of ticks",
        ),
        (
            '    def on_start(self):\n        self.own = self.watch(Bars(self.symbol, "5m", preopen="exclude"))\n',
            'has Bars(…, preopen="exclude"), and 2026-07-08 is run by candles',
        ),
    ],
)
def test_what_candles_cannot_drive_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    head = (
        'from velox import Bars, Param, Strategy, on\n\n\nclass Odd(Strategy):\n    """Needs more than minutes."""\n\n'
    )
    body = '    symbol = Param("NSE:RELIANCE")\n    bars = Bars(symbol, "1m")\n'
    hook = "\n    @on(bars)\n    def minute(self, bar):\n        pass\n"
    (tmp_path / "odd.py").write_text(head + body + text + hook)
    told = velox("backtest", tmp_path / "odd.py", "--catalog", SAMPLE_DIR, "--data", "candles")
    assert (told.returncode, sentence in told.stderr) == (2, True), told.stderr


@pytest.mark.parametrize("hook", ["on_start(self)", "on_bar(self, bar)"])
def test_what_the_text_of_a_hook_hides_of_the_pre_open_stops_its_strategy(hook: str, tmp_path: Path) -> None:
    text = SCRIPT.replace(
        "class Script", 'def hidden(name):\n    return Bars(name, "5m", preopen="exclude")\n\nclass Script'
    )
    text = text.replace("on_bar(self, bar: Bar)", hook).replace("BODY", "self.watch(hidden(self.symbol))")
    (tmp_path / "script.py").write_text(text)
    plan, catalog = StrategyPlan(str(tmp_path / "script.py")), _kept(tmp_path / "c", _minutes())
    told = run(Ask(plans=[plan], catalog=catalog), Settings())
    assert any('preopen="exclude" needs ticks, and this day is run by candles' in note for note in told.notes)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"high": 1}, "high below its low"),
        ({"close": 10**15}, "closes outside"),
        ({"open": 10**15}, "opens outside"),
        ({"volume": -1}, "volume below 0"),
        ({"low": 0}, "not above 0"),
        ({"ts_open": 0}, "not of this day"),
    ],
)
def test_a_candle_that_cannot_be_is_refused_by_its_time(change: dict[str, int], what: str, tmp_path: Path) -> None:
    rows = _minutes().to_dicts()
    rows[30] |= change
    catalog = _kept(tmp_path / "c", pl.DataFrame(rows, schema=[*CANDLE_SCHEMA]))
    with pytest.raises(BadInput, match=f"NSE:RELIANCE of 2026-07-15: the candle of .* {what}"):
        run(Ask(plans=[StrategyPlan("ema_cross")], catalog=catalog), Settings())


def test_candles_out_of_order_or_twice_are_refused(tmp_path: Path) -> None:
    frame = _minutes()
    for rows in (frame.reverse(), pl.concat([frame[:9], frame[8:]])):
        with pytest.raises(BadInput, match="does not come after"):
            run(Ask(plans=[StrategyPlan("ema_cross")], catalog=_kept(tmp_path / "c", rows)), Settings())

"""A day decides the same over the socket and read directly, at any speed, and when its journal is run again."""

import itertools
from pathlib import Path

import pytest
from tests.acceptance.product import Run, demo, replayed, told_by
from tests.acceptance.recorded import Recorded

PACED = 20_000  # a session passes in little more than a second, with pauses and so with time marks

TURNS = """
from velox import ATR, EMA, RSI, Bar, Bars, Param, State, Strategy, Tick, at, every, intraday, on, pct, r, risk_rupees


class Busy(Strategy):
    \"\"\"Uses the clock, ticks, two lengths of candles, limits, targets and trails.\"\"\"

    symbol = Param("SYMBOL")
    fast = Bars(symbol, "1m")
    slow = Bars(symbol, "5m")
    quick = EMA(fast.close, 5)
    range_ = ATR(slow, 5)
    strength = RSI(fast.close, 7)
    session = intraday("09:25", last_entry="15:00", flat="auto")
    turns = State(0, reset="session")

    @on(fast)
    def minute(self, bar: Bar) -> None:
        if self.position.quantity == 0 and bar.n % 3 == 0:
            if self.strength < 45:
                self.go_long(stop=2 * self.range_, target=r(1), size=risk_rupees(700))
            elif self.strength > 55:
                self.go_short(stop=pct(0.4), size=risk_rupees(700))

    @on(slow)
    def five(self, bar: Bar) -> None:
        if bar.n % 4 == 0:
            self.turns += 1
            self.go_long(trail=2 * self.range_, size=risk_rupees(500))

    def on_tick(self, tick: Tick) -> None:
        if tick.price > self.quick * 1.004 and self.position.quantity > 0:
            self.go_flat()

    @every("7m")
    def look(self) -> None:
        self.log(f"turn {self.turns}, forming {self.quick.forming:.4f}")

    @at("14:10:30")
    def leave(self) -> None:
        self.flatten("enough")
"""

WAYS: dict[str, dict[str, str | int | Path]] = {
    "socket": {"feed": "socket"},
    "direct": {"feed": "direct"},
    "socket, paced": {"feed": "socket", "speed": PACED},
    "direct, paced": {"feed": "direct", "speed": PACED},
}


def assert_consistent(run: Run) -> None:
    figures = run.figures
    assert figures["finished"]
    assert figures["sent"] == figures["journalled"] == sum(figures["verdicts"].values())


def assert_replays(run: Run) -> None:
    assert replayed(run.journal) == run.decisions_hash


def assert_agree(runs: dict[str, Run]) -> None:
    for run in runs.values():
        assert_consistent(run)
    (first_way, first), *others = runs.items()
    for way, run in others:
        assert run.decisions_hash == first.decisions_hash, (first_way, way)
        assert run.figures["strategies"] == first.figures["strategies"], (first_way, way)


@pytest.mark.timeout(180)
def test_a_recorded_day_with_the_shipped_strategies(streamed: Recorded, tmp_path: Path) -> None:
    runs = {"socket": streamed.run}
    for way in ("direct", "socket, paced", "direct, paced"):
        runs[way] = demo(tmp_path / way.replace(", ", "-"), streamed.folder, **WAYS[way])
    assert_agree(runs)
    assert sum(s["fills"] for s in streamed.run.figures["strategies"]) > 0
    assert_replays(streamed.run)
    assert_replays(runs["socket, paced"])


@pytest.mark.timeout(180)
def test_the_generated_day_with_the_shipped_strategies(tmp_path: Path) -> None:
    runs = {way: demo(tmp_path / way.replace(", ", "-"), None, **options) for way, options in WAYS.items()}
    assert_agree(runs)
    told = runs["socket"].figures
    assert told["synthetic"]
    assert "SYNTHETIC" in runs["socket"].said
    assert len({s["instrument"] for s in told["strategies"]}) == len(told["strategies"]) == 3
    assert all(s["round_trips"] >= 1 for s in told["strategies"])
    assert_replays(runs["socket, paced"])


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("symbol", "day"),
    [("NSE:RELIANCE", None), ("NSE:HDFCBANK", "26-April-2021")],
    ids=["generated", "recorded"],
)
def test_a_busy_strategy_file(symbol: str, day: str | None, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue("april_26") if day else None
    strategy = tmp_path / "busy.py"
    strategy.write_text(TURNS.replace("SYMBOL", symbol))
    ways = ("socket", "direct, paced") if day else ("direct", "socket, paced")
    runs = {way: demo(tmp_path / way.replace(", ", "-"), folder, strategy=strategy, **WAYS[way]) for way in ways}
    assert_agree(runs)
    first = runs[ways[0]]
    assert first.figures["strategies"][0]["round_trips"] > 2
    assert not first.figures["strategies"][0]["faulted"]
    told = [told_by(run.journal) for run in runs.values()]
    assert told[0].lines[0]
    assert all(each.lines == told[0].lines and each.decisions == told[0].decisions for each in told)
    assert_replays(first)


ODD = """
from velox import EMA, Bar, Bars, Param, Strategy, intraday


class Odd(Strategy):
    \"\"\"Candles of a length that the broker does not keep.\"\"\"

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "LENGTH")
    average = EMA(bars.close, 20)
    session = intraday("09:20", last_entry="15:00", flat="auto")

    def on_bar(self, bar: Bar) -> None:
        self.log(f"{bar.n} {self.average[0]:.9f} {self.average[15]:.9f}")
"""


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("length", "first_bar"), [("2m", 1), ("45s", 20)])
def test_candles_that_the_broker_does_not_keep(length: str, first_bar: int, tmp_path: Path) -> None:
    """Longer ones are warmed by its one-minute candles joined, the others by the day itself."""
    strategy = tmp_path / "odd.py"
    strategy.write_text(ODD.replace("LENGTH", length))
    runs = {way: demo(tmp_path / way, None, strategy=strategy, **WAYS[way]) for way in ("socket", "direct")}
    assert_agree(runs)
    lines = told_by(runs["socket"].journal).lines[0]
    assert lines[0].startswith(f"{first_bar} ") and ("nan" in lines[0]) == (first_bar > 1)


@pytest.mark.timeout(280)
@pytest.mark.parametrize(
    ("day", "frozen_share", "silence"),
    [
        ("15-April-2021", 0.045, 20),
        pytest.param("08-June-2021", 0.017, 553, marks=pytest.mark.nightly),
    ],
)
def test_a_day_with_defects(day: str, frozen_share: float, silence: int, shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "nse_ticks_2021" / day
    runs = {way: demo(tmp_path / way, folder, **WAYS[way]) for way in ("socket", "direct")}
    assert_agree(runs)
    figures = runs["socket"].figures
    assert figures["verdicts"]["not_continuous"] / figures["sent"] == pytest.approx(frozen_share, rel=0.1)
    assert_replays(runs["socket"])
    candles = told_by(runs["socket"].journal).candles
    marked = [key for key, found in candles.items() if (found["flags"] & 1).any()]
    # A silence of more than 15 s marks the candle of the tick that ends it.
    assert len(marked) >= (len(candles) - 1 if silence > 200 else 1)
    for found in candles.values():
        assert all(later > earlier for earlier, later in itertools.pairwise(found["ts_open"]))

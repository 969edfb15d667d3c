"""A small journal of a made-up day, written by the real core: two instruments, two strategies, most verdicts."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

import velox_core
from velox import events
from velox.events import Kind
from velox.feeds.packets import SNAP_QUOTE, DayEncoder, PacketInstrument
from velox.market import facts
from velox.market.records import FactsLoaded
from velox.research.days import DayRows

DATE = dt.date(2026, 7, 15)
ONE = 100_000_000
SECOND = 1_000_000_000
NAN = float("nan")
ALPHA, BETA = "NSE:ALPHA", "NSE:BETA"
TOKENS = ("900000001", "900000002", "900000003")  # nobody defines the third
RECEIVED_NS = 77
CAPITAL = 10_000_000 * ONE
_ALWAYS = 2**63 - 1

BUY, SELL, FLAT = 1, -1, 0


class MadeDay:
    """Writes one journal: definitions first, then ticks, then what ends the day."""

    def __init__(self, path: Path, ticks: int = 600) -> None:
        self.facts: FactsLoaded = facts.load(DATE).loaded
        self.path = path
        self.ticks = ticks
        self.last_mark_ns = self.facts.open_ns + ticks * SECOND // 2 + 61 * SECOND
        self.core = velox_core.Core(path)
        self.inputs: list[tuple[Kind, msgspec.Struct]] = []

    def put(self, kind: Kind, record: msgspec.Struct) -> int:
        """Journal an input and remember it."""
        self.inputs.append((kind, record))
        return self.core.input(kind, events.encode(record))

    def define(self) -> None:
        """Settings, facts, instruments, account, limits, candles and strategies."""
        self.put(Kind.SETTINGS, events.Settings())
        self.put(Kind.FACTS_LOADED, self.facts)
        for number, name in enumerate((ALPHA, BETA)):
            self.put(Kind.INSTRUMENT_DEF, _instrument(number, name, TOKENS[number]))
        self.put(
            Kind.ACCOUNT_DEF,
            events.AccountDef(0, "paper", "", "paper", CAPITAL, 2_000_000_000, 1, 0, False, 2_000_000_000),
        )
        self.put(Kind.LIMITS_SET, _limits())
        series = [self.core.watch(0, 60), self.core.watch(1, 60)]
        nodes = [
            self.core.node(series[0], "close", "ema", [3.0]),
            self.core.node(series[0], "close", "macd", [2, 4, 3]),
        ]
        self.core.node(series[0], "close", "minus", [], f"series:{series[1]}:close")
        price = 100 * ONE
        for back in range(8, 0, -1):
            opened = self.facts.open_ns - 86_400 * SECOND - back * 60 * SECOND
            self.put(Kind.HISTORY_BAR, events.HistoryBar(0, opened, price, price, price, price, 10, 3))
        for number, name in enumerate(("rider", "fader")):
            started = _strategy(number, name, series[number], nodes if number == 0 else [], self.facts)
            self.put(Kind.STRATEGY_STARTED, started)
            self.core.attach(number, self._hooks(number, self.core.output(nodes[0], 0)))
        self.put(Kind.USER_VALUE, events.UserValue(0, "note", "made up"))
        self.put(Kind.STATE_SET, events.StateSet(1, "count", b"\x01"))

    def _hooks(self, instance: int, ema: velox_core.Series) -> list[Callable[..., object] | None]:
        """Trades on every candle: long, flat, short, flat, and one intent that is far too large."""
        turn = iter(range(10_000))

        def on_bar(bar: velox_core.Bar) -> None:
            self.core.log(instance, f"candle {bar.n}, {float(ema):.2f}")
            step = next(turn) % 5
            if step == 4:
                self._intent(instance, BUY, 9e12, bar.close, "far too much")
            else:
                self._intent(instance, (BUY, FLAT, SELL, FLAT)[step], 10 + bar.n, bar.close, f"turn {step}")

        hooks: list[Callable[..., object] | None] = [None] * 16
        return [*hooks, on_bar]

    def _intent(self, instance: int, side: int, size: float, price: float, reason: str) -> None:
        stop = NAN if side == FLAT else round(price * (1 - 0.004 * side), 1)
        wish = (0, instance, side, 1 if side else 0, size if side else NAN, NAN, 0, NAN)
        protection = (0, stop, 0, round(price * (1 + 0.004 * side), 1) if side else NAN, 0, NAN)
        self.core.intent(instance, *wish, *protection, (), 0, 0, 0, reason)

    def rows(self) -> DayRows:
        """Random walks, two rows a second, some of which the guard does not apply."""
        count, rng = self.ticks, np.random.default_rng(7)
        inst = (np.arange(count) % 2).astype(np.int32)
        ts_ns = self.facts.open_ns + np.arange(count, dtype=np.int64) * SECOND // 2
        steps = rng.integers(-1, 2, count) * (ONE // 20)
        price = np.where(inst == 0, 100 * ONE, 250 * ONE) + np.cumsum(steps)
        volume = (np.arange(count, dtype=np.int64) // 2 + 1) * 50
        bad = np.arange(40, count, 97)
        faults = [
            lambda at: price.__setitem__(at, 0),
            lambda at: inst.__setitem__(at, 2),
            lambda at: ts_ns.__setitem__(at, ts_ns[at] - 86_400 * SECOND),
            lambda at: ts_ns.__setitem__(at, self.facts.end_ns - SECOND),
            lambda at: ts_ns.__setitem__(at, ts_ns[at] - 20 * SECOND),
        ]
        for number, at in enumerate(bad):
            faults[number % len(faults)](at)
        return DayRows(inst, ts_ns, ts_ns, price, volume, last_qty=np.full(count, 5, dtype=np.int64))

    def feed(self, mode: int = SNAP_QUOTE) -> None:
        """All ticks through the decoder, as a feed brings them, the last one twice."""
        self.put(Kind.SESSION_MARK, events.SessionMark(events.MarkKind.FEED_UP, self.facts.open_ns, "connected"))
        encoder = DayEncoder(self.rows(), [PacketInstrument(token) for token in TOKENS])
        packets = encoder.packets(slice(0, self.ticks), mode)
        self.core.ingest_block(packets.tobytes(), packets.shape[1], RECEIVED_NS)
        self.core.ingest_block(packets[-1].tobytes(), packets.shape[1], RECEIVED_NS)

    def finish(self) -> None:
        """A minute without ticks, the operator's word, the end."""
        self.core.time_mark(self.last_mark_ns)
        self.put(Kind.COMMAND, events.Command(events.CommandKind.FLATTEN, "tester", "key-1", "", "", -1, "done"))
        self.put(Kind.STRATEGY_STOPPED, events.StrategyStopped(1, False, "the test ends"))
        self.put(Kind.SKIP, events.Skip(10**9, False, "never written"))


def write(folder: Path, ticks: int = 600, mode: int = SNAP_QUOTE) -> MadeDay:
    """A whole small day in `folder`, closed."""
    day = MadeDay(folder, ticks)
    day.define()
    day.feed(mode)
    day.finish()
    day.core.close()
    return day


def _instrument(number: int, name: str, token: str) -> events.InstrumentDef:
    return events.InstrumentDef(
        number, name, "NSE", token, 1, 0, ONE // 20, 1, 0, 50 * ONE, 300 * ONE, 100 * ONE, 0, True
    )


def _limits() -> events.LimitsSet:
    return events.LimitsSet(
        account=0,
        instance=-1,
        instrument=-1,
        order_value=1_000_000 * ONE,
        position_value=2_000_000 * ONE,
        order_quantity=100_000,
        position_quantity=0,
        trade_risk=0,
        instance_open_orders=10,
        account_open_orders=50,
        intents=20,
        refusals=0,
        sends=10,
        trades=0,
        account_trades=0,
        daily_loss=0,
        drawdown=0,
        fat_finger=0,
        duplicate_ns=0,
    )


def _strategy(number: int, name: str, series: int, nodes: list[int], day: FactsLoaded) -> events.StrategyStarted:
    every = events.Schedule(hook=0, first=day.open_ns + 30 * SECOND, every=60 * SECOND, run_late=False)
    return events.StrategyStarted(
        id=number,
        name=name,
        class_name=f"made:{name.title()}",
        code_hash="0" * 64,
        params=[("length", "3")],
        account=0,
        instrument=number,
        capital=CAPITAL // 2,
        series=[(series, 16)],
        nodes=nodes,
        on_tick=False,
        schedules=[every],
        entry_from=day.open_ns,
        entry_until=_ALWAYS,
        flat_at=day.open_ns + 280 * SECOND,
        windows=[],
        together=[],
        group=number,
        rules=events.StrategyRules(),
    )

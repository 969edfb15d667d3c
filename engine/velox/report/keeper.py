"""Keeps, while a back-test runs, what its report tells: nothing is kept where no report was asked for."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

import velox_core
from velox import events
from velox.events import Kind
from velox.journal.payloads import CandleClosed, Payload, TickVerdict, Verdict, decode
from velox.report.blocked import Blocked, BlockedShelf
from velox.report.candles import CandleShelf, DayCandles, SeriesCandles, candles_of, lines_of
from velox.report.coverage import DayCoverage, covered
from velox.report.curve import Curve, DayLine, Marks, Point, together
from velox.report.prices import PricePath
from velox.report.trades import Execution, Trade, TradeBook
from velox.research.days import Day, DayRows
from velox.research.merge import group_number
from velox.strategy.host import Instance

__all__ = ["ExitLine", "Exposure", "Keeper", "Kept"]

_ONE = 100_000_000
_MINUTE_S = 60


class ExitLine(msgspec.Struct, frozen=True):
    """A stop or target from a moment on; 0 for none."""

    at_ns: int
    strategy: str
    instrument: str
    what: str
    stop: int
    target: int


class Exposure(msgspec.Struct, frozen=True):
    """What is held from a moment on, at cost: the sum of sizes and the sum with signs; 1e-8 rupees."""

    at_ns: int
    gross: int
    net: int


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was kept."""

    capital: int
    trades: list[Trade]
    points: list[Point]
    days: list[DayLine]
    exits: list[ExitLine]
    exposure: list[Exposure]
    blocked: list[Blocked]
    series: list[SeriesCandles]
    candle_days_left_out: int
    coverage: list[DayCoverage]
    parameters: dict[str, dict[str, str]]  # by instance: all of them, as text
    strategies: dict[str, str]  # the strategy of each instance, in the order in which they were asked for


class _Today(msgspec.Struct):
    """What one day needs until it ends."""

    day: Day
    rows: DayRows
    strategies: dict[int, str]
    instruments: list[str]
    is_cold: bool
    orders: dict[events.OrderId, tuple[int, int]] = {}  # the place at which it was made, and its limit
    steps: list[
        tuple[int, int, events.Fill | events.ExitEvent | events.Delivery | events.ActionBooked]
    ] = []  # place, kernel time
    refused: list[int] = []  # rows
    candles: dict[tuple[str, int, bool], list[CandleClosed]] = {}
    gap_candles: int = 0


class Keeper:
    """Hears the decisions of a back-test day by day."""

    kinds = (
        Kind.TICK_VERDICT,
        Kind.ORDER_EVENT,
        Kind.RISK_VERDICT,
        Kind.FILL,
        Kind.POSITION_CHANGED,
        Kind.ACCOUNT_MARK,
        Kind.EXIT_EVENT,
        Kind.DELIVERY,
        Kind.ACTION_BOOKED,
        Kind.CANDLE_CLOSED,
        Kind.STRATEGY_EVENT,
    )

    def __init__(self) -> None:
        self._book = TradeBook()
        self._curve = Curve(0)  # begins with the first day, at the capital of its accounts
        self._blocked = BlockedShelf()
        self._shelf = CandleShelf()
        self._exits: list[ExitLine] = []
        self._exposure: list[Exposure] = []
        self._held: dict[tuple[int, int], int] = {}  # value with its sign by instance and instrument
        self._coverage: list[DayCoverage] = []
        self._parameters: dict[str, dict[str, str]] = {}
        self._strategies: dict[str, str] = {}
        self._equities: list[int] = []  # of the accounts, as they were marked last
        self._today: _Today | None = None

    def begin_day(self, core: velox_core.Core, day: Day, instances: Sequence[Instance], *, follows: bool) -> None:
        """A day is set up on a core and its rows are about to come; `follows` says that it goes on from the last."""
        self._shelf.lines |= lines_of(instances)
        self._equities = [round(account["equity"] * _ONE) for account in core.summary()["accounts"]]
        if not self._coverage:
            self._curve = Curve(sum(self._equities))
        self._parameters |= {instance.spec.name: dict(instance.spec.param_texts) for instance in instances}
        self._strategies |= {instance.spec.name: instance.spec.group for instance in instances}
        self._today = _Today(
            day=day,
            rows=day.rows(),
            strategies={instance.id: instance.spec.name for instance in instances},
            instruments=[market["name"] for market in core.markets()],
            is_cold=bool(self._coverage) and not follows,
        )

    def note(self, marks: Marks, kept: Sequence[tuple[int, int, int, bytes]]) -> None:
        """Take in what the core kept: marks as columns, decisions with their place among the rows."""
        today = self._now()
        for at_ns, equity in zip(marks[0].tolist(), together(self._equities, marks).tolist(), strict=True):
            self._curve.mark(at_ns, equity)
        for place, at_ns, kind, payload in kept:
            record = decode(Kind(kind), payload)
            if not self._of_market(today, place, record):
                self._of_orders(today, (place, at_ns), record)

    def _of_market(self, today: _Today, place: int, record: Payload) -> bool:
        match record:
            case TickVerdict(verdict=verdict):
                if verdict != Verdict.DUPLICATE:  # which is a price that was applied before
                    today.refused.append(place - 1)
            case CandleClosed(instrument=number, seconds=seconds, gap=gap):
                key = (today.instruments[number], seconds, record.without_preopen)
                today.candles.setdefault(key, []).append(record)
                today.gap_candles += gap
            case _:
                return False
        return True

    def _of_orders(self, today: _Today, when: tuple[int, int], record: Payload) -> None:
        place, at_ns = when
        match record:
            case events.OrderEvent(order=order, limit=limit):
                today.orders.setdefault(order, (place, limit))
            case events.Fill() | events.ExitEvent() | events.Delivery() | events.ActionBooked():
                today.steps.append((place, at_ns, record))
            case events.PositionChanged():
                self._expose(at_ns, record)
            case events.RiskVerdict(intent=intent):
                self._blocked.refuse(at_ns, today.strategies[intent.instance], record)
            case events.StrategyEvent(instance=instance):
                self._blocked.tell(at_ns, today.strategies[instance], record)
            case _:
                pass

    def end_day(self, summary: dict[str, Any]) -> None:
        """The day is over: judge its fills by the prices that it had."""
        today = self._now()
        self._curve.mark(summary["now_ns"], round(sum(a["equity"] for a in summary["accounts"]) * _ONE))
        self._curve.end_day(today.day.date)
        traded = self._trade(today)
        self._keep_candles(today, traded)
        candles = (sum(map(len, today.candles.values())), today.gap_candles)
        self._coverage.append(covered(today.day, summary["verdicts"], candles, is_cold=today.is_cold))
        self._today = None

    def end(self, core: velox_core.Core) -> None:
        """The core ends: what is still held is valued at the last prices."""
        known = {market["name"]: market["last"] for market in core.markets()}
        self._book.end({name: round(last * _ONE) for name, last in known.items() if last is not None and last == last})
        if self._held:
            self._held.clear()
            self._exposure.append(Exposure(core.now_ns(), 0, 0))

    def finish(self) -> Kept:
        """All that was kept."""
        return Kept(
            capital=self._curve.capital,
            trades=self._book.trades,
            points=self._curve.points,
            days=self._curve.days,
            exits=self._exits,
            exposure=self._exposure,
            blocked=self._blocked.groups(),
            series=self._shelf.series(),
            candle_days_left_out=self._shelf.days_left_out,
            coverage=self._coverage,
            parameters=self._parameters,
            strategies=self._strategies,
        )

    def _now(self) -> _Today:
        assert self._today is not None, "a day must have begun"
        return self._today

    def _expose(self, at_ns: int, changed: events.PositionChanged) -> None:
        key = (changed.instance, changed.instrument)
        self._held[key] = changed.quantity * changed.average
        if not changed.quantity:
            del self._held[key]
        values = self._held.values()
        self._exposure.append(Exposure(at_ns, sum(map(abs, values)), sum(values)))

    def _trade(self, today: _Today) -> set[str]:
        """Turn the day's fills into trades; gives the instruments that were traded or held."""
        carried = self._book.open_trades()
        known = len(self._book.trades)
        paths: dict[str, PricePath] = {}

        def path(instrument: str) -> PricePath:
            if instrument not in paths:
                paths[instrument] = _path(today, instrument)
            return paths[instrument]

        for place, at_ns, step in today.steps:
            instrument = today.instruments[step.instrument]
            if isinstance(step, events.Fill):
                self._book.take(_execution(today, (place, at_ns), step, path(instrument)))
                continue
            strategy = today.strategies[step.instance]
            if isinstance(step, events.ActionBooked):
                self._book.convert(strategy, instrument, step, at_ns)
                continue
            if isinstance(step, events.Delivery):
                lines = (step.brokerage, step.stt, step.transaction, step.sebi, step.stamp, step.gst)
                self._book.deliver(strategy, instrument, lines)
                continue
            self._exits.append(ExitLine(at_ns, strategy, instrument, step.what, step.stop, step.target))
            if step.what == "armed":
                self._book.arm(strategy, instrument, step.stop)
        touched = [(trade, 0) for trade in carried]
        touched += [(trade, trade.opened_place) for trade in self._book.trades[known:]]
        for trade, first in touched:
            last = len(today.rows) + 1 if trade.is_open else trade.closed_place
            seen = path(trade.instrument).between(first, last)
            if seen is not None:
                trade.saw(*seen)
        return {trade.instrument for trade, _ in touched}

    def _keep_candles(self, today: _Today, traded: set[str]) -> None:
        for key, candles in today.candles.items():
            self._shelf.put(key, DayCandles(today.day.date, candles), traded=key[0] in traded)
        for name in sorted(traded - {instrument for instrument, *_ in today.candles}):
            self._shelf.put((name, _MINUTE_S, False), DayCandles(today.day.date, _minutes(today, name)), traded=True)


def _execution(today: _Today, when: tuple[int, int], fill: events.Fill, path: PricePath) -> Execution:
    place, at_ns = when
    return Execution(
        at_ns=at_ns,
        place=place,
        strategy=today.strategies[fill.order.intent.instance],
        instrument=today.instruments[fill.instrument],
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        role=fill.role,
        charges=(fill.brokerage, fill.stt, fill.transaction, fill.sebi, fill.stamp, fill.gst),
        slippage=_slippage(today, fill, path),
    )


def _slippage(today: _Today, fill: events.Fill, path: PricePath) -> int | None:
    """What a marketable order cost against the last price when it was made; an order at its own price has none."""
    made = today.orders.get(fill.order)
    price = None if made is None else path.before(made[0])
    if made is None or price is None or fill.role == "target":
        return None
    is_resting = made[1] > 0 and fill.side * (price - made[1]) > 0
    return None if is_resting else fill.side * (fill.price - price) * fill.quantity


def _rows_of(today: _Today, instrument: str) -> Any:
    number = [item.name for item in today.day.instruments].index(instrument)
    return np.flatnonzero(today.rows.inst == number)


def _path(today: _Today, instrument: str) -> PricePath:
    return PricePath.of(_rows_of(today, instrument), today.rows.price, today.refused)


def _minutes(today: _Today, instrument: str) -> list[CandleClosed]:
    rows, at = today.rows, _rows_of(today, instrument)
    facts = today.day.facts
    group = group_number(facts, instrument, is_index=False)
    packed = msgspec.msgpack.encode(facts.loaded)
    columns = velox_core.compute_bars(packed, group, rows.ts_ns[at], rows.price[at], rows.volume[at], _MINUTE_S)
    return candles_of(columns, today.instruments.index(instrument), _MINUTE_S)

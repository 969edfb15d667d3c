"""What stands in a record: one struct for each kind, read from the fixed layouts or from msgpack.

Ticks, timers, time marks, verdicts and candles have fixed little-endian layouts (`velox_core/src/record/hot.rs`); all
other kinds are msgpack arrays, whose structs `velox.events` holds. Kinds without a struct stay bytes: Snapshots, whose
content belongs to the kernel, hashes, and what no program writes yet.
"""

import enum
import struct
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from velox import events
from velox.events import Kind

__all__ = [
    "CandleClosed",
    "CandleFlag",
    "NodesAligned",
    "CandleOpen",
    "CandleRange",
    "Payload",
    "Tick",
    "TickVerdict",
    "TimeMark",
    "Timer",
    "TimerClass",
    "Verdict",
    "decode",
]


class Verdict(enum.IntEnum):
    """What the guard said of a tick."""

    APPLIED = 0
    IMPOSSIBLE = 1
    UNKNOWN = 2
    WRONG_DAY = 3
    NOT_CONTINUOUS = 4
    OUT_OF_ORDER = 5
    DUPLICATE = 6
    BAND = 7
    LATE = 8


class CandleFlag(enum.IntFlag):
    """What is marked on a candle, as the kernel's `candle.rs` numbers it."""

    GAP = 1
    MISSED = 2
    WITHOUT_PREOPEN = 4


class TimerClass(enum.IntEnum):
    """What a timer was set for."""

    CANDLE = 1
    EVERY = 2
    AT = 3
    EXPIRE = 4
    REPRICE = 5
    RELEASE = 6
    FLAT = 7
    MARK = 8
    DAY_END = 9
    COVER = 10


class Tick(msgspec.Struct, frozen=True):
    """A quote or trade; what its packet does not carry is 0. The fields stand in the order of the bytes."""

    instrument: int  # 2**32 - 1 where nobody defined its token
    exch_ts: int
    price: int
    recv_ns: int = 0
    volume: int = 0
    last_qty: int = 0
    average: int = 0
    total_buy: int = 0
    total_sell: int = 0
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    trade_ts: int = 0
    open_interest: int = 0
    bid: int = 0
    bid_qty: int = 0
    ask: int = 0
    ask_qty: int = 0
    upper: int = 0
    lower: int = 0


class Timer(msgspec.Struct, frozen=True):
    """A timer that became due; `late_ns` is 0 where the data are the clock."""

    due: int
    id: int
    late_ns: int
    timer_class: TimerClass


class TimeMark(msgspec.Struct, frozen=True):
    """The feed's clock moved without a tick."""

    at: int


class CandleOpen(msgspec.Struct, frozen=True):
    """The first price of a candle that came as data."""

    instrument: int
    ts_open: int
    price: int


class CandleRange(msgspec.Struct, frozen=True):
    """All else of that candle, known at its end."""

    instrument: int
    ts_open: int
    high: int
    low: int
    close: int
    volume: int
    ticks: int


class TickVerdict(msgspec.Struct, frozen=True):
    """Why the tick before was not applied."""

    instrument: int
    verdict: Verdict
    exch_ts: int
    price: int


class CandleClosed(msgspec.Struct, frozen=True):
    """A closed candle; `values` are its indicators' outputs, in the order in which they joined the series."""

    instrument: int
    seconds: int
    ts_open: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    ticks: int
    flags: int
    values: tuple[float, ...]

    @property
    def gap(self) -> bool:
        """Whether ticks may be missing in it."""
        return bool(self.flags & CandleFlag.GAP)

    @property
    def without_preopen(self) -> bool:
        """Whether its series leaves the pre-open out: another one may have its instrument and its length."""
        return bool(self.flags & CandleFlag.WITHOUT_PREOPEN)


class NodesAligned(msgspec.Struct, frozen=True):
    """New values of nodes that join several series: the node, the end of the instant in ns, its outputs."""

    values: tuple[tuple[int, int, tuple[float, ...]], ...]


_Cold: TypeAlias = (
    events.Intent
    | events.Command
    | events.BrokerReply
    | events.Structure
    | events.BrokerRequest
    | events.HistoryBar
    | events.InstrumentDef
    | events.FactsLoaded
    | events.AccountDef
    | events.LimitsSet
    | events.StrategyStarted
    | events.StrategyStopped
    | events.NodeAdded
    | events.Watch
    | events.StateSet
    | events.UserValue
    | events.SessionMark
    | events.Skip
    | events.Settings
    | events.OrderEvent
    | events.RiskVerdict
    | events.Fill
    | events.PositionChanged
    | events.AccountMark
    | events.ExitEvent
    | events.StrategyEvent
    | events.CommandResult
    | events.Delivery
    | events.CorporateAction
    | events.ActionBooked
    | events.Netted
)
_Hot: TypeAlias = Tick | Timer | TimeMark | CandleOpen | CandleRange | TickVerdict | CandleClosed | NodesAligned
Payload: TypeAlias = _Cold | _Hot | bytes

_COLD: dict[Kind, type[_Cold]] = {
    Kind.INTENT: events.Intent,
    Kind.STRUCTURE: events.Structure,
    Kind.COMMAND: events.Command,
    Kind.BROKER_REPLY: events.BrokerReply,
    Kind.BROKER_REQUEST: events.BrokerRequest,
    Kind.HISTORY_BAR: events.HistoryBar,
    Kind.INSTRUMENT_DEF: events.InstrumentDef,
    Kind.FACTS_LOADED: events.FactsLoaded,
    Kind.ACCOUNT_DEF: events.AccountDef,
    Kind.LIMITS_SET: events.LimitsSet,
    Kind.STRATEGY_STARTED: events.StrategyStarted,
    Kind.STRATEGY_STOPPED: events.StrategyStopped,
    Kind.NODE_ADDED: events.NodeAdded,
    Kind.WATCH: events.Watch,
    Kind.STATE_SET: events.StateSet,
    Kind.USER_VALUE: events.UserValue,
    Kind.SESSION_MARK: events.SessionMark,
    Kind.SKIP: events.Skip,
    Kind.SETTINGS: events.Settings,
    Kind.ORDER_EVENT: events.OrderEvent,
    Kind.RISK_VERDICT: events.RiskVerdict,
    Kind.FILL: events.Fill,
    Kind.POSITION_CHANGED: events.PositionChanged,
    Kind.ACCOUNT_MARK: events.AccountMark,
    Kind.EXIT_EVENT: events.ExitEvent,
    Kind.STRATEGY_EVENT: events.StrategyEvent,
    Kind.COMMAND_RESULT: events.CommandResult,
    Kind.DELIVERY: events.Delivery,
    Kind.CORPORATE_ACTION: events.CorporateAction,
    Kind.ACTION_BOOKED: events.ActionBooked,
    Kind.NETTED: events.Netted,
}

_TICKS = {layout.size: layout for layout in map(struct.Struct, ("<I2q", "<I13q", "<I20q8x"))}
_TIMER = struct.Struct("<qIqB")
_TIME_MARK = struct.Struct("<q")
_CANDLE_OPEN = struct.Struct("<I2q")
_CANDLE_RANGE = struct.Struct("<I5qI")
_VERDICT = struct.Struct("<IBqq")
_CANDLE = struct.Struct("<II6qIIH")
_COUNT = struct.Struct("<H")
_ALIGNED = struct.Struct("<IqH")


def _tick(payload: bytes) -> Tick:
    layout = _TICKS.get(len(payload))
    if layout is None:
        raise ValueError(f"{len(payload)} bytes are no length of a tick")
    return Tick(*layout.unpack(payload))


def _timer(payload: bytes) -> Timer:
    due, number, late_ns, timer_class = _TIMER.unpack(payload)
    return Timer(due, number, late_ns, TimerClass(timer_class))


def _time_mark(payload: bytes) -> TimeMark:
    return TimeMark(*_TIME_MARK.unpack(payload))


def _candle_open(payload: bytes) -> CandleOpen:
    return CandleOpen(*_CANDLE_OPEN.unpack(payload))


def _candle_range(payload: bytes) -> CandleRange:
    return CandleRange(*_CANDLE_RANGE.unpack(payload))


def _verdict(payload: bytes) -> TickVerdict:
    instrument, verdict, exch_ts, price = _VERDICT.unpack(payload)
    return TickVerdict(instrument, Verdict(verdict), exch_ts, price)


def _candle(payload: bytes) -> CandleClosed:
    fields = _CANDLE.unpack_from(payload)
    values = struct.unpack_from(f"<{fields[-1]}d", payload, _CANDLE.size)
    everything: tuple[Any, ...] = (*fields[:-1], values)
    return CandleClosed(*everything)


def _aligned(payload: bytes) -> NodesAligned:
    (count,), at = _COUNT.unpack_from(payload), _COUNT.size
    values = []
    for _ in range(count):
        node, end, outputs = _ALIGNED.unpack_from(payload, at)
        at += _ALIGNED.size
        values.append((node, end, struct.unpack_from(f"<{outputs}d", payload, at)))
        at += 8 * outputs
    if at != len(payload):
        raise ValueError(f"{len(payload)} bytes are no length of {count} nodes")
    return NodesAligned(tuple(values))


_HOT: dict[Kind, Callable[[bytes], Payload]] = {
    Kind.TICK: _tick,
    Kind.TIMER: _timer,
    Kind.TIME_MARK: _time_mark,
    Kind.CANDLE_OPEN: _candle_open,
    Kind.CANDLE_RANGE: _candle_range,
    Kind.TICK_VERDICT: _verdict,
    Kind.CANDLE_CLOSED: _candle,
    Kind.NODES_ALIGNED: _aligned,
}
_COLD_DECODERS: dict[Kind, Callable[[bytes], Payload]] = {
    kind: msgspec.msgpack.Decoder(cls).decode for kind, cls in _COLD.items()
}
_DECODERS = _HOT | _COLD_DECODERS


def decode(kind: Kind, payload: bytes) -> Payload:
    """The payload as the struct of its kind; ValueError where the bytes are not what the kind promises."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        return payload
    try:
        return decoder(payload)
    except (struct.error, msgspec.MsgspecError) as error:
        raise ValueError(str(error)) from error

"""Records of the journal: kinds by number and payloads as structs, field by field what the core reads and writes.

What the kernel decides stands in `decisions`.
"""

import enum

import msgspec

from velox.decisions import (
    AccountMark,
    ActionBooked,
    BrokerRequest,
    CommandResult,
    Delivery,
    ExitEvent,
    Fill,
    IntentId,
    Netted,
    OrderEvent,
    OrderId,
    PositionChanged,
    Record,
    RiskVerdict,
    StrategyEvent,
)
from velox.market.records import ChargeRates, FactsLoaded, InstrumentDef, Phase, PhaseGroup

__all__ = [
    "AccountDef",
    "AccountMark",
    "ActionBooked",
    "BrokerReply",
    "BrokerRequest",
    "ChargeRates",
    "ClockMode",
    "Command",
    "CommandKind",
    "CommandResult",
    "CorporateAction",
    "Delivery",
    "ExitEvent",
    "ExitPart",
    "FactsLoaded",
    "Fill",
    "HistoryBar",
    "InstrumentDef",
    "Intent",
    "IntentId",
    "Kind",
    "LimitsSet",
    "MarkKind",
    "MoneyRules",
    "Netted",
    "NodeAdded",
    "OrderEvent",
    "OrderId",
    "Phase",
    "PhaseGroup",
    "PositionChanged",
    "PriceSpec",
    "RiskVerdict",
    "SameInstrument",
    "Schedule",
    "SessionMark",
    "Settings",
    "Skip",
    "StateSet",
    "Structure",
    "StrategyEvent",
    "StrategyRules",
    "StrategyStarted",
    "StrategyStopped",
    "TriggerSpec",
    "UserValue",
    "Watch",
    "encode",
]


class Kind(enum.IntEnum):
    """The kind of a record; numbers from 128 on are decisions."""

    SNAPSHOT = 1
    TICK = 2
    TIMER = 3
    TIME_MARK = 4
    INTENT = 5
    COMMAND = 6
    BROKER_REPLY = 7
    BOOK_SNAPSHOT = 8
    FUNDS = 9
    MARGIN_QUOTE = 10
    HISTORY_BAR = 11
    INSTRUMENT_DEF = 12
    FACTS_LOADED = 13
    ACCOUNT_DEF = 14
    LIMITS_SET = 15
    STRATEGY_STARTED = 16
    STRATEGY_STOPPED = 17
    NODE_ADDED = 18
    WATCH = 19
    STATE_SET = 20
    USER_VALUE = 21
    SESSION_MARK = 22
    AUDIT_ANCHOR = 23
    SKIP = 24
    SETTINGS = 25
    CANDLE_OPEN = 26
    CANDLE_RANGE = 27
    CORPORATE_ACTION = 28
    STRUCTURE = 30
    TICK_VERDICT = 128
    ORDER_EVENT = 129
    RISK_VERDICT = 130
    FILL = 131
    POSITION_CHANGED = 132
    ACCOUNT_MARK = 133
    EXIT_EVENT = 134
    CANDLE_CLOSED = 135
    STRATEGY_EVENT = 136
    OUTPUT_HASH = 137
    COMMAND_RESULT = 138
    DELIVERY = 139
    NODES_ALIGNED = 140
    ACTION_BOOKED = 141
    NETTED = 142
    BROKER_REQUEST = 143


class CorporateAction(Record, frozen=True):
    """What befalls a share as a session begins: `new` of every `old` shares, the dividend at 1e-8 rupees an old one."""

    instrument: int
    ex: int  # yyyymmdd
    new: int
    old: int
    dividend: int
    was: str  # its name until then, empty where it stays
    source: str


class CommandKind(enum.IntEnum):
    """What an operator may order."""

    HALT = 0
    RESUME = 1
    FLATTEN = 2


class MarkKind(enum.IntEnum):
    """What happened to the feed or the day."""

    FEED_UP = 0
    FEED_DOWN = 1
    FEED_RESUMED = 2
    DAY_DONE = 3
    RECOVERED = 4


class ClockMode(enum.IntEnum):
    """Which clock the kernel follows: the ticks' exchange time, or the engine's."""

    DATA = 0
    WALL = 1


class SameInstrument(enum.IntEnum):
    """What an account does with a second strategy on an instrument.

    It refuses it, or lets the later of two orders wait that would trade with each other, or nets them.
    """

    REFUSE = 0
    WAIT = 1
    NET = 2


class PriceSpec(Record, frozen=True):
    """A protective price: 0 none, 1 price, 2 percent, 3 points, 4 multiples of risk, 5 cost."""

    kind: int
    value: float


class TriggerSpec(Record, frozen=True):
    """What an entry waits for: 0 nothing, 1 a price at or above this, 2 one at or below it."""

    kind: int
    price: float


class ExitPart(Record, frozen=True):
    """A part of a position with its own way out: its share, 0 for what the others leave."""

    share: float
    target: PriceSpec
    trail: PriceSpec


class Intent(Record, frozen=True):
    """What a strategy wishes."""

    id: IntentId
    cause_seq: int
    action: int
    instrument: int
    side: int
    size_kind: int
    size: float
    limit: float
    trigger: TriggerSpec
    stop: PriceSpec
    target: PriceSpec
    trail: PriceSpec
    exits: list[ExitPart]
    valid_kind: int
    valid: int
    trade: int
    bar_open: int
    bar_seconds: int
    reason: str
    reads: list[tuple[int, int, float]]


class Structure(Record, frozen=True):
    """Two legs that a strategy wishes as one position, each of one value in rupees."""

    legs: tuple[Intent, Intent]
    unwind: bool
    together: bool


class Command(Record, frozen=True):
    """What an operator orders; the same key twice is the same command. -1 stands for all of a kind.

    A strategy is named alone; an instrument may be named with an account.
    """

    kind: int
    actor: str
    key: str
    trace: str
    address: str
    account: int
    reason: str
    strategy: int = -1
    instrument: int = -1


class BrokerReply(Record, frozen=True):
    """What a broker tells: kind 0 of a fill of somebody else on the account, the others of an order of ours.

    Those are accepted, rejected, filled, cancelled, modified, refused, unknown, from 1 on. `quantity` and `price` of an
    order are all that has filled and its average at 1e-8; `ask` names the request that is answered, 0 for none.
    """

    kind: int
    account: int
    id: str
    instrument: int
    side: int
    quantity: int
    price: int
    order: OrderId
    ask: int
    code: str
    text: str


class HistoryBar(Record, frozen=True):
    """A closed candle of an earlier day; prices at 1e-8 rupees."""

    series: int
    ts_open: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    ticks: int


class AccountDef(Record, frozen=True):
    """An account; money at 1e-8 rupees, margins at 1e-10 of the value."""

    id: int
    name: str
    owner: str
    venue: str
    capital: int
    mis_margin: int
    slippage_ticks: int
    latency_ns: int
    partial: bool
    fno_margin: int
    same_instrument: int = SameInstrument.REFUSE


class LimitsSet(Record, frozen=True):
    """Limits of an account, of one instance or of one instrument on it (-1: not of one).

    Money is at 1e-8 and shares at 1e-10; 0 is no limit.
    """

    account: int
    instance: int
    instrument: int
    order_value: int
    position_value: int
    order_quantity: int
    position_quantity: int
    trade_risk: int
    instance_open_orders: int
    account_open_orders: int
    intents: int
    refusals: int
    sends: int
    trades: int
    account_trades: int
    daily_loss: int
    drawdown: int
    fat_finger: int
    duplicate_ns: int


class Schedule(Record, frozen=True):
    """A hook that runs by the clock."""

    hook: int
    first: int
    every: int
    run_late: bool


class MoneyRules(Record, frozen=True):
    """What a day may lose and what it keeps of its profit; money at 1e-8, 0 for none."""

    max_loss: int = 0
    lock_at: int = 0
    lock_keep: int = 0


class StrategyRules(Record, frozen=True):
    """What a strategy limits of itself; instances of one group share positions and `shared`. 0 is no limit."""

    group: str = ""
    max_trades: int = 0
    cooldown: int = 0
    max_positions: int = 0
    shared: MoneyRules = MoneyRules()
    own: MoneyRules = MoneyRules()


class StrategyStarted(Record, frozen=True):
    """A strategy instance begins."""

    id: int
    name: str
    class_name: str
    code_hash: str
    params: list[tuple[str, str]]
    account: int
    instrument: int
    capital: int
    series: list[tuple[int, int]]
    nodes: list[int]
    on_tick: bool
    schedules: list[Schedule]
    entry_from: int
    entry_until: int
    flat_at: int
    windows: list[tuple[int, int]]
    together: list[tuple[int, int]]
    group: int
    rules: StrategyRules


class StrategyStopped(Record, frozen=True):
    """An instance ends, or its code failed."""

    instance: int
    fault: bool
    reason: str


class NodeAdded(Record, frozen=True):
    """An indicator joins the graph."""

    id: int
    series: int
    source: str
    kind: str
    params: list[float]
    second: str
    instance: int  # the one whose hook asked for it, -1 where it is declared


class Watch(Record, frozen=True):
    """A candle series joins the graph."""

    series: int
    instrument: int
    seconds: int
    kept: bool  # whether its candles are kept for nodes that come late
    without_preopen: bool  # whether the first candle of a day leaves out what the pre-open traded


class StateSet(Record, frozen=True):
    """A strategy's persistent value, msgpack."""

    instance: int
    name: str
    value: bytes


class UserValue(Record, frozen=True):
    """A line that a strategy wants kept."""

    instance: int
    name: str
    text: str


class SessionMark(Record, frozen=True):
    """What happened to the feed or the day."""

    kind: int
    at: int
    text: str


class Skip(Record, frozen=True):
    """A record that recovery must not apply."""

    seq: int
    tick: bool  # the feed goes on after it
    reason: str


class Settings(Record, frozen=True):
    """Thresholds of the guard and the clock."""

    clock: int = ClockMode.DATA
    grace_ns: int = 1_500_000_000
    gap_ns: int = 15_000_000_000
    stale_ns: int = 10_000_000_000
    ahead_ns: int = 5_000_000_000
    late_ns: int = 30_000_000_000


def encode(record: msgspec.Struct) -> bytes:
    """Pack a payload as the core reads it."""
    return msgspec.msgpack.encode(record)

"""Decisions of the kernel, field by field what it writes, and the names by which they tell orders."""

import msgspec

__all__ = [
    "AccountMark",
    "ActionBooked",
    "BrokerRequest",
    "CommandResult",
    "Delivery",
    "ExitEvent",
    "Fill",
    "IntentId",
    "Netted",
    "OrderEvent",
    "OrderId",
    "PositionChanged",
    "Record",
    "RiskVerdict",
    "StrategyEvent",
]


class Record(msgspec.Struct, array_like=True, frozen=True):
    """A payload: the order of its fields is the format."""


class IntentId(Record, frozen=True):
    """Names an intent for ever."""

    instance: int
    date: int
    counter: int


class OrderId(Record, frozen=True):
    """Names an order: its intent and which child of it (0 the entry)."""

    intent: IntentId
    child: int


class OrderEvent(Record, frozen=True):
    """An order changed its state."""

    order: OrderId
    state: str
    account: int
    instrument: int
    side: int
    quantity: int
    filled: int
    limit: int
    role: str
    reason: str


class BrokerRequest(Record, frozen=True):
    """What a broker is to be asked about an order: `place`, `modify` or `cancel`; prices at 1e-8 rupees.

    `ask` counts the requests about this order from 1, `quantity` holds what has filled too, `trigger` is 0 of a limit.
    """

    order: OrderId
    ask: int
    what: str
    id: str
    account: int
    instrument: int
    side: int
    quantity: int
    limit: int
    trigger: int


class RiskVerdict(Record, frozen=True):
    """Risk refused or cut an order."""

    intent: IntentId
    verdict: str
    code: str
    sentence: str
    limit: int
    value: int


class Fill(Record, frozen=True):
    """A fill with its charges by line; money at 1e-8 rupees."""

    order: OrderId
    account: int
    instrument: int
    side: int
    quantity: int
    price: int
    role: str
    brokerage: int
    stt: int
    transaction: int
    sebi: int
    stamp: int
    gst: int


class Delivery(Record, frozen=True):
    """What delivered shares cost more than their fills were charged, by line; units sold are below 0."""

    account: int
    instance: int
    instrument: int
    units: int
    brokerage: int
    stt: int
    transaction: int
    sebi: int
    stamp: int
    gst: int


class ActionBooked(Record, frozen=True):
    """What a corporate action made of a position; money at 1e-8 rupees, below 0 where a short paid it."""

    account: int
    instance: int
    instrument: int
    ex: int  # yyyymmdd
    new: int
    old: int
    before: int
    quantity: int
    dividend: int
    fraction: int
    fraction_cost: int


class Netted(Record, frozen=True):
    """Units that changed hands between two strategies of an account, free of charges; money at 1e-8 rupees.

    The fills of both orders follow it.
    """

    account: int
    instrument: int
    buyer: OrderId
    seller: OrderId
    quantity: int
    price: int


class PositionChanged(Record, frozen=True):
    """A book after a fill; money at 1e-8 rupees."""

    account: int
    instance: int
    instrument: int
    quantity: int
    average: int
    realised: int
    charges: int


class AccountMark(Record, frozen=True):
    """An account's equity; money at 1e-8 rupees."""

    account: int
    equity: int
    realised: int
    unrealised: int
    charges: int
    drawdown: int
    margin: int


class ExitEvent(Record, frozen=True):
    """A stop or target was armed, moved, hit or disarmed; 0 for none."""

    instance: int
    instrument: int
    what: str
    stop: int
    target: int


class StrategyEvent(Record, frozen=True):
    """Something a strategy's owner must see."""

    instance: int
    code: str
    sentence: str


class CommandResult(Record, frozen=True):
    """What became of a command."""

    key: str
    state: str
    sentence: str

"""Contract notes: what was traded of one instrument on one day and what that cost, line by line, rounded as there."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from velox import events
from velox.events import Kind
from velox.journal.payloads import decode
from velox.market.amounts import ONE
from velox.market.charges import ChargeLines, contract_note

__all__ = ["ContractNote", "ContractNotes", "NOTED"]

# The decisions that a contract note is made of.
NOTED = (Kind.FILL, Kind.DELIVERY, Kind.NETTED)


class ContractNote(msgspec.Struct, frozen=True, kw_only=True):
    """An account's note of one instrument and day, money in rupees: taxes of the state to the rupee, the rest to
    the paisa.

    `delivered` are the units of it that were kept over the day, below 0 those that were sold from before. `net` is what
    the account receives, below 0 what it pays.
    """

    day: str
    account: int
    instrument: str
    orders: int
    bought: int
    bought_value: float
    sold: int
    sold_value: float
    delivered: int
    brokerage: float
    stt: float
    transaction: float
    sebi: float
    stamp: float
    gst: float
    charges: float
    net: float


class _Trades(msgspec.Struct):
    orders: set[events.OrderId] = msgspec.field(default_factory=set)
    units: dict[int, int] = msgspec.field(default_factory=lambda: {1: 0, -1: 0})
    values: dict[int, int] = msgspec.field(default_factory=lambda: {1: 0, -1: 0})
    delivered: int = 0
    lines: ChargeLines = ChargeLines()


class ContractNotes:
    """The notes of all days, made of decisions as they come."""

    def __init__(self) -> None:
        self._trades: dict[tuple[dt.date, int, str], _Trades] = {}
        self._inside: set[events.OrderId] = set()  # whose next fill is no trade of the market

    def note(self, day: dt.date, names: Sequence[str], kept: Sequence[tuple[int, int, bytes]]) -> None:
        """Take decisions of a day in (kernel time, kind, payload); `names` are those of the instruments by number."""
        for _, kind, payload in kept:
            if kind not in NOTED:
                continue
            record = decode(Kind(kind), payload)
            assert isinstance(record, events.Fill | events.Delivery | events.Netted)
            if isinstance(record, events.Netted):
                self._inside |= {record.buyer, record.seller}
                continue
            if isinstance(record, events.Fill) and record.order in self._inside:
                self._inside.discard(record.order)
                continue
            trades = self._trades.setdefault((day, record.account, names[record.instrument]), _Trades())
            trades.lines += ChargeLines(
                record.brokerage, record.stt, record.transaction, record.sebi, record.stamp, record.gst
            )
            if isinstance(record, events.Delivery):
                trades.delivered += record.units
            else:
                trades.orders.add(record.order)
                trades.units[record.side] += record.quantity
                trades.values[record.side] += record.quantity * record.price

    def all(self) -> list[ContractNote]:
        """The notes by day, account and instrument."""
        return [_rendered(*key, self._trades[key]) for key in sorted(self._trades)]


def _rendered(day: dt.date, account: int, name: str, trades: _Trades) -> ContractNote:
    lines = contract_note(trades.lines)
    bought, sold = trades.values[1], trades.values[-1]
    return ContractNote(
        day=day.isoformat(),
        account=account,
        instrument=name,
        orders=len(trades.orders),
        bought=trades.units[1],
        bought_value=bought / ONE,
        sold=trades.units[-1],
        sold_value=sold / ONE,
        delivered=trades.delivered,
        **{line: getattr(lines, line) / ONE for line in lines.__struct_fields__},
        charges=lines.total / ONE,
        net=(sold - bought - lines.total) / ONE,
    )

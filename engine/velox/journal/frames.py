"""What a journal says as polars frames with names in place of numbers; prices at 1e-8 rupees, times in ns UTC."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from velox import events
from velox.events import Kind
from velox.journal.columns import TICK_COLUMNS, candle_columns, tick_batches
from velox.journal.names import Names
from velox.journal.payloads import Verdict
from velox.journal.records import Position, Record, records

__all__ = ["candles", "fills", "orders", "positions", "tick_frames", "ticks"]

_VERDICTS = [verdict.name.lower() for verdict in Verdict]
_PLACE = {"run": pl.UInt32, "seq": pl.UInt64, "ts": pl.Int64}
_ORDER = {
    **_PLACE,
    "order": pl.String,
    "strategy": pl.String,
    "account": pl.String,
    "instrument": pl.String,
    "role": pl.String,
    "side": pl.Int8,
    "quantity": pl.Int64,
    "filled": pl.Int64,
    "limit": pl.Int64,
    "average": pl.Int64,
    "state": pl.String,
    "reason": pl.String,
    "events": pl.UInt32,
}
_CHARGES = ("brokerage", "stt", "transaction", "sebi", "stamp", "gst")
_FILL = {
    **_PLACE,
    "order": pl.String,
    "strategy": pl.String,
    "account": pl.String,
    "instrument": pl.String,
    "role": pl.String,
    "side": pl.Int8,
    "quantity": pl.Int64,
    "price": pl.Int64,
    "netted": pl.Boolean,
    **dict.fromkeys(_CHARGES, pl.Int64),
}
_POSITION = {
    **_PLACE,
    "account": pl.String,
    "strategy": pl.String,
    "instrument": pl.String,
    "quantity": pl.Int64,
    "average": pl.Int64,
    "realised": pl.Int64,
    "charges": pl.Int64,
}


def tick_frames(path: str | Path, *, until: Position | None = None) -> Iterator[pl.DataFrame]:
    """The ticks with their verdicts, a frame for each batch: `TICK_COLUMNS` with instrument and verdict by name."""
    names = Names.of(path, until=until)
    for batch in tick_batches(path, until=until):
        yield _tick_frame(batch, names)


def ticks(path: str | Path, *, until: Position | None = None) -> pl.DataFrame:
    """All ticks in one frame; a long journal is better read by `tick_frames`."""
    none = _tick_frame(np.empty(0, dtype=TICK_COLUMNS), Names())
    return pl.concat([none, *tick_frames(path, until=until)])


def _tick_frame(rows: npt.NDArray[np.void], names: Names) -> pl.DataFrame:
    spelled = pl.Series("verdict", _VERDICTS, dtype=pl.Enum(_VERDICTS))
    frame = _named(rows, names)
    return frame.with_columns(spelled.gather(frame["verdict"]))


def candles(path: str | Path, *, until: Position | None = None) -> pl.DataFrame:
    """Every closed candle: the columns of `CANDLE_COLUMNS`, the instrument by name."""
    return _named(candle_columns(path, until=until), Names.of(path, until=until))


def fills(path: str | Path, *, until: Position | None = None) -> pl.DataFrame:
    """Every fill in order with its charges by line; `netted` ones are between two strategies, not of the market."""
    return _frame(_fill_rows(path, until), _FILL)


def orders(path: str | Path, *, until: Position | None = None) -> pl.DataFrame:
    """Every order in the order of its first event, as its newest event leaves it; `average` is its fills' price."""
    names = Names.of(path, until=until)
    found: dict[str, dict[str, object]] = {}
    counts: Counter[str] = Counter()
    costs: Counter[str] = Counter()
    for record in records(path, {Kind.ORDER_EVENT, Kind.FILL}, until=until):
        event = record.payload
        if isinstance(event, events.Fill):
            costs[_order_name(event.order)] += event.price * event.quantity
        elif isinstance(event, events.OrderEvent):
            order = _order_name(event.order)
            counts[order] += 1
            found[order] = _order_row(record, event, names)
    for order, row in found.items():
        filled = row["filled"]
        assert isinstance(filled, int)
        row |= {"average": _rounded(costs[order], filled) if filled else 0, "events": counts[order]}
    return _frame(found.values(), _ORDER)


def positions(path: str | Path, *, until: Position | None = None) -> pl.DataFrame:
    """The newest position of every account, strategy and instrument, flat ones too."""
    names = Names.of(path, until=until)
    newest: dict[tuple[int, int, int], dict[str, object]] = {}
    for record in records(path, {Kind.POSITION_CHANGED}, until=until):
        change = record.payload
        assert isinstance(change, events.PositionChanged)
        newest[change.account, change.instance, change.instrument] = _place(record) | {
            "account": names.account(change.account),
            "strategy": names.strategy(change.instance),
            "instrument": names.instrument(change.instrument),
            "quantity": change.quantity,
            "average": change.average,
            "realised": change.realised,
            "charges": change.charges,
        }
    return _frame(newest.values(), _POSITION)


def _rounded(cost: int, quantity: int) -> int:
    return (2 * cost + quantity) // (2 * quantity)  # whole numbers: a float would lose the last digits


def _frame(rows: Iterable[dict[str, object]], schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def _named(rows: npt.NDArray[np.void], names: Names) -> pl.DataFrame:
    columns = {name: np.ascontiguousarray(rows[name]) for name in rows.dtype.names or ()}
    known, places = np.unique(columns.pop("instrument"), return_inverse=True)
    spelled = pl.Series(names.instruments_of(known.tolist()), dtype=pl.String).gather(places)
    return pl.DataFrame(columns).insert_column(3, spelled.alias("instrument"))


def _place(record: Record) -> dict[str, object]:
    return {"run": record.run, "seq": record.seq, "ts": record.ts}


def _order_name(order: events.OrderId) -> str:
    """An order as people read it: instance-date-counter of its intent, and which child."""
    intent = order.intent
    return f"{intent.instance}-{intent.date}-{intent.counter}.{order.child}"


def _order_row(record: Record, event: events.OrderEvent, names: Names) -> dict[str, object]:
    return _place(record) | {
        "order": _order_name(event.order),
        "strategy": names.strategy(event.order.intent.instance),
        "account": names.account(event.account),
        "instrument": names.instrument(event.instrument),
        "role": event.role,
        "side": event.side,
        "quantity": event.quantity,
        "filled": event.filled,
        "limit": event.limit,
        "state": event.state,
        "reason": event.reason,
    }


def _fill_rows(path: str | Path, until: Position | None) -> Iterator[dict[str, object]]:
    names = Names.of(path, until=until)
    inside: set[events.OrderId] = set()  # whose next fill was netted
    for record in records(path, {Kind.FILL, Kind.NETTED}, until=until):
        told = record.payload
        if isinstance(told, events.Netted):
            inside |= {told.buyer, told.seller}
        elif isinstance(told, events.Fill):
            yield _fill_row(record, told, names, netted=told.order in inside)
            inside.discard(told.order)


def _fill_row(record: Record, fill: events.Fill, names: Names, *, netted: bool) -> dict[str, object]:
    return _place(record) | {
        "order": _order_name(fill.order),
        "strategy": names.strategy(fill.order.intent.instance),
        "account": names.account(fill.account),
        "instrument": names.instrument(fill.instrument),
        "role": fill.role,
        "side": fill.side,
        "quantity": fill.quantity,
        "price": fill.price,
        "netted": netted,
        **{line: getattr(fill, line) for line in _CHARGES},
    }

"""Futures that a class body names by their place: the contract itself is found anew on each day."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self, overload

from velox.errors import BadInput
from velox.market.contracts import day_after, future_name, last_day
from velox.strategy.declaration import Declaration
from velox.strategy.params import Expression, Values

if TYPE_CHECKING:
    from velox.market.instruments import Instrument, InstrumentBook

__all__ = ["Future", "Index", "ends_on"]

_ROLL = re.compile(r"expiry(?:-(\d{1,2}))?")
_PLACES = ("near", "next", "far")


class Index:
    """An index by its name, as `Index("NIFTY")`: it cannot be traded itself, its futures can."""

    def __init__(self, name: str) -> None:
        self.name = name

    def future(self, which: str = "near", *, roll: str = "expiry") -> "Future":
        """The near, next or far monthly future; with `roll="expiry-1"` the next one follows a trading day earlier.

        Nothing that is held is rolled: on the last day of a contract it is closed when `flat="auto"` would close it.
        """
        return Future(self.name, which, roll)


class Future(Declaration, Expression):
    """A monthly future of an index by its place; in hooks the name of the day's contract."""

    def __init__(self, index: str, which: str, roll: str) -> None:
        super().__init__()
        self.index = index
        self.which = which
        self.roll = roll

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> str: ...
    def __get__(self, instance: object | None, owner: type) -> Self | str:
        return self if instance is None else self.unbound(owner)

    @property
    def key(self) -> str:
        """Where the values of a day hold its contract; no parameter can be called so."""
        return f"{self.which} future of {self.index}, roll {self.roll}"

    def value(self, values: Values) -> Any:
        """The day's contract among these."""
        return values.get(self.key, self.key)

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        head = f"{self.name} = " if self.name else ""
        if _underlying(str(self.index)) is None:
            yield f'{head}Index({self.index!r}): no index with futures is called so; write Index("NIFTY")'
        if self.which not in _PLACES:
            yield f'{head}Index(…).future({self.which!r}): give "near", "next" or "far"'
        if _ROLL.fullmatch(str(self.roll)) is None:
            yield f'{head}Index(…).future(…, roll={self.roll!r}): give "expiry", or "expiry-1" for one day earlier'

    def on(self, day: dt.date, book: "InstrumentBook") -> str:
        """The name of its contract on a day; a book that has contracts decides when they expire."""

        def expiry_of(name: str) -> dt.date | None:
            return book[name].expiry if name in book else None

        underlying, found = _underlying(self.index), _ROLL.fullmatch(self.roll)
        if underlying is None or found is None or self.which not in _PLACES:
            raise BadInput(next(self.sentences()))
        return future_name(underlying, _PLACES.index(self.which), day, int(found[1] or 0), expiry_of)


def _underlying(index: str) -> str | None:
    # Imported late: what only replays a journal imports the words of strategies, and needs no facts of the market.
    from velox.market.instruments import index_underlying

    return index_underlying(index)


def ends_on(day: dt.date, instrument: "Instrument", future: Future | None, book: "InstrumentBook") -> bool:
    """Whether what is held of a contract must be closed on this day: it expires, or the next one takes its place."""
    if instrument.expiry is None:
        return False
    if day >= last_day(instrument.expiry, delivered=not instrument.of_index):
        return True
    return future is not None and future.on(day_after(day), book) != instrument.name

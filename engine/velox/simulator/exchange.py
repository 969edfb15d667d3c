"""The market of one day as a broker sees it: listings, how far the day has come, quotes and candles until then."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from velox.errors import BadInput
from velox.feeds.packets import EXCHANGE_TYPES, PACKETS, SNAP_QUOTE, DayEncoder, PacketInstrument, RowColumns, can_apply
from velox.market.facts import Facts
from velox.market.instruments import Instrument, InstrumentBook
from velox.market.lots import LotOf
from velox.market.ticks import tick_size

__all__ = ["AFTER_END_NS", "Candle", "DaySource", "Exchange", "Listing", "MergedRows", "price_step"]

_Ints: TypeAlias = npt.NDArray[np.int64]
# Time of opening in ns UTC; open, high, low, close at 1e-8 rupees; volume.
Candle: TypeAlias = tuple[int, int, int, int, int, int]

# The last time mark of a day stands this long after the end of its session, so that the final candles close.
AFTER_END_NS = 2_000_000_000

_PAISA = 1_000_000
_NS_PER_S = 1_000_000_000
_HISTORY_DAYS = 30


class MergedRows(RowColumns, Protocol):
    """The rows of a day with the clock at which each stands in it."""

    @property
    def place_ns(self) -> _Ints:
        """The clock at which each row stands in the merged day."""
        ...

    def __len__(self) -> int: ...


class _DayInstrument(Protocol):
    """One instrument of a day."""

    @property
    def name(self) -> str:
        """As NSE:RELIANCE."""
        ...

    @property
    def is_index(self) -> bool:
        """Whether it can only be watched."""
        ...

    @property
    def tick(self) -> int:
        """Price step at 1e-8 rupees, 0 where unknown."""
        ...

    @property
    def prev_close(self) -> int:
        """Close of the day before at 1e-8 rupees, 0 where unknown."""
        ...


class DaySource(Protocol):
    """A day of ticks and the candles of the days before it, as `velox.research.days.Day` is one."""

    @property
    def date(self) -> dt.date:
        """The session."""
        ...

    @property
    def facts(self) -> Facts:
        """What holds in the market that day."""
        ...

    @property
    def instruments(self) -> list[Any]:
        """Each a DayInstrument; rows name them by their place here."""
        ...

    @property
    def lots(self) -> LotOf:
        """The lots of its contracts that its facts do not tell."""
        ...

    def rows(self) -> MergedRows:
        """All rows, merged."""
        ...

    def history(self, instrument: str, timeframe_s: int, days: int = 10) -> npt.NDArray[np.void]:
        """Candles of earlier days with the fields ts_open, open, high, low, close, volume."""
        ...


class Listing(msgspec.Struct, frozen=True):
    """One instrument as the broker lists it; `number` is its place in the day, None when the day has no ticks of it."""

    instrument: Instrument
    tick: int
    number: int | None = None

    @property
    def token(self) -> str:
        """The broker's number of the instrument."""
        return self.instrument.token

    @property
    def exchange_type(self) -> int:
        """The number of its exchange on the wire."""
        return EXCHANGE_TYPES[self.instrument.exchange]


def price_step(item: _DayInstrument, instrument: Instrument, facts: Facts, first_price: Callable[[], int]) -> int:
    """The step of the data or of the listing, else that of the day's first price; 0 where an index has none."""
    tick = item.tick or instrument.tick
    if not tick and instrument.tradable:
        tick = tick_size(instrument.steps, first_price(), facts.rules_date)
    return tick


class Exchange:
    """One day, its clock and its listings; the brokers in front of it only ask."""

    def __init__(self, day: DaySource, *, start: dt.time | None = None, book: InstrumentBook | None = None) -> None:
        self.date = day.date
        self.rows = day.rows()
        self._history: Callable[[str, int, int], npt.NDArray[np.void]] = day.history
        self.facts = day.facts
        given = list(book or ())
        book = book if book is not None else InstrumentBook.offline(lots=day.lots)
        self.listings = [self._listing(book, item, number) for number, item in enumerate(day.instruments)]
        played = {listing.instrument.name for listing in self.listings}
        self.listings += [Listing(known, known.tick) for known in given if known.name not in played]
        self.by_token = {(listing.exchange_type, listing.token): listing for listing in self.listings}
        self.encoder = DayEncoder(
            self.rows,
            [
                PacketInstrument(listing.token, listing.exchange_type, item.prev_close)
                for listing, item in zip(self.listings, day.instruments, strict=False)
            ],
        )
        self.exchanges = sorted({each.instrument.exchange for each in self.listings}, key=EXCHANGE_TYPES.__getitem__)
        self.instrument_count = len(day.instruments)
        self.clock_start_ns, self.start_row = self._start(start)
        self.position = self.start_row

    @property
    def end_ns(self) -> int:
        """The end of the session day."""
        return self.facts.loaded.end_ns

    @property
    def now_ns(self) -> int:
        """How far the furthest client has come in the day."""
        if self.position == self.start_row:
            return self.clock_start_ns
        return max(self.clock_start_ns, int(self.rows.place_ns[self.position - 1]))

    def reach(self, position: int) -> None:
        """Note that rows before `position` have happened."""
        self.position = max(self.position, position)

    def last_row(self, number: int) -> int | None:
        """The newest row of an instrument that has happened, or None."""
        own = np.flatnonzero(self.rows.inst[: self.position] == number)
        return int(own[-1]) if len(own) else None

    def packet(self, number: int) -> Any:
        """The newest packet of an instrument, as a record with the fields of a SnapQuote; None before its first."""
        row = self.last_row(number)
        if row is None:
            return None
        return self.encoder.packets(np.array([row])).view(PACKETS[SNAP_QUOTE])[0, 0]

    def candles(self, listing: Listing, timeframe_s: int, from_ns: int, to_ns: int) -> list[Candle]:
        """Candles that opened in [from, to]: those of earlier days, then of today as far as it has come."""
        if listing.number is None:
            return []
        earlier = self._history(listing.instrument.name, timeframe_s, _HISTORY_DAYS)
        fields = ("ts_open", "open", "high", "low", "close", "volume")
        found = list(zip(*(earlier[name].tolist() for name in fields), strict=True))
        found += self._today(listing.number, timeframe_s)
        return [candle for candle in found if from_ns <= candle[0] <= to_ns]

    def _today(self, number: int, timeframe_s: int) -> list[Candle]:
        rows, open_ns = self.rows, self.facts.loaded.open_ns
        own = np.flatnonzero(rows.inst[: self.position] == number)
        ts_ns, price = rows.ts_ns[own], rows.price[own]
        # Where the own time is the place in the day, the row is in its continuous phase and not late.
        own = own[can_apply(price, rows.volume[own]) & (ts_ns == rows.place_ns[own]) & (ts_ns >= open_ns)]
        if not len(own):
            return []
        length_ns = timeframe_s * _NS_PER_S
        slot, price = (rows.ts_ns[own] - open_ns) // length_ns, rows.price[own]
        first = np.flatnonzero(np.diff(slot, prepend=slot[0] - 1))
        last = np.append(first[1:], len(own)) - 1
        total = np.maximum.accumulate(rows.volume[own])[last]
        columns = (
            open_ns + slot[first] * length_ns,
            price[first],
            np.maximum.reduceat(price, first),
            np.minimum.reduceat(price, first),
            price[last],
            np.diff(total, prepend=0),
        )
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def listed(self, exchange: object, token: str) -> Listing | None:
        """What is listed under a token of an exchange, as NSE or NFO."""
        number = EXCHANGE_TYPES.get(exchange) if isinstance(exchange, str) else None
        return None if number is None else self.by_token.get((number, token))

    def _listing(self, book: InstrumentBook, item: _DayInstrument, number: int) -> Listing:
        instrument = book.adopt(item.name, index=item.is_index)

        def first_price() -> int:
            prices = self.rows.price[self.rows.inst == number]
            return next(iter(prices[prices > 0].tolist()), 0)

        return Listing(instrument, price_step(item, instrument, self.facts, first_price), number)

    def _start(self, start: dt.time | None) -> tuple[int, int]:
        loaded = self.facts.loaded
        if start is None:
            return loaded.open_ns, 0
        start_ns = loaded.day_start_ns + (start.hour * 3600 + start.minute * 60 + start.second) * _NS_PER_S
        if start_ns > loaded.end_ns:
            raise BadInput(f"--from {start} is after the end of the session of {self.date}: give an earlier time")
        return start_ns, int(np.searchsorted(self.rows.place_ns, start_ns))

"""Instruments: what is known of each, found by name or by broker token, and described for the kernel."""

import datetime as dt
import difflib
import enum
import functools
import hashlib
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePath

import msgspec

from velox.errors import BadInput
from velox.market.calendar import last_covered_date
from velox.market.contracts import EXCHANGE, Contract, contract_of, future_name
from velox.market.dated import data_files
from velox.market.derivatives import cash_freeze_applies, freeze_quantity, lot_size
from velox.market.facts import Facts
from velox.market.lots import LotOf, untold
from velox.market.records import InstrumentDef
from velox.market.ticks import has_ticks, tick_size, valid_ticks

__all__ = [
    "Instrument",
    "InstrumentBook",
    "Kind",
    "UnknownInstrument",
    "contract_instrument",
    "definition",
    "index_underlying",
    "listed_symbol",
    "made_up_token",
    "plain_name",
    "recorded_name",
    "shipped",
    "why_not_known",
    "why_not_tradable",
]

_FILE = "instruments.toml"
_NEAREST_MAX = 3
# Exchange tokens have up to six digits and the brokers' index tokens eight: nine digits cannot meet them.
_MADE_UP_FIRST = 900_000_000
_MADE_UP_COUNT = 100_000_000
_DATE_SUFFIX = re.compile(r"_?(?:\d{4}-\d\d-\d\d_?|\d{1,2}_[A-Z][a-z]+)$")
_PRODUCTS = {"futures": "futures", "options": "options"}  # by group; all others are cash within the day


class UnknownInstrument(BadInput):
    """No instrument of this name is known."""


class Kind(enum.IntEnum):
    """What an instrument is; the number is the one of InstrumentDef.kind."""

    INDEX = 0
    EQUITY = 1
    FUTURE = 2
    OPTION = 3


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an instrument apart from the session; tick at 1e-8 rupees, 0 where unknown."""

    name: str  # NSE:RELIANCE, NFO:NIFTY26JULFUT
    exchange: str
    token: str
    kind: Kind
    symbol: str  # with the series: RELIANCE-EQ
    tick: int = 0
    lot: int = 1  # 0 where it is not known
    why_no_lot: str = ""  # what would tell it
    freeze: int = 0
    cas: bool = False  # in the closing auction, once there is one
    shortable: bool = True
    futures: str = ""  # underlying under which an index's futures are listed
    underlying: str = ""  # of a contract, as its name begins
    expiry: dt.date | None = None  # of a contract

    @property
    def tradable(self) -> bool:
        """Whether it can be ordered at all."""
        return self.kind is not Kind.INDEX

    @property
    def group(self) -> str:
        """The group whose phases are its own."""
        if self.kind is Kind.EQUITY:
            return "cash-cas" if self.cas else "cash"
        return {Kind.INDEX: "index", Kind.FUTURE: "futures", Kind.OPTION: "options"}[self.kind]

    @property
    def steps(self) -> str:
        """The table of its price steps."""
        if self.expiry is None:
            return "index" if self.kind is Kind.INDEX else "cash"
        return f"{'index' if self.of_index else 'stock'}-{self.group}"

    @property
    def product(self) -> str:
        """What its trades are charged as."""
        return _PRODUCTS.get(self.group, "cash-intraday")

    @property
    def of_index(self) -> bool:
        """Whether it is a contract on an index, settled in cash."""
        return self.underlying in _index_underlyings()


class _Index(msgspec.Struct, frozen=True):
    name: str
    title: str
    token: str = ""
    futures: str = ""


class _Equity(msgspec.Struct, frozen=True):
    derivatives: list[str]
    plain: list[str]


class _Shipped(msgspec.Struct, frozen=True):
    source: str
    index: list[_Index]
    recorded: dict[str, str]
    equity: _Equity


@functools.cache
def _shipped() -> _Shipped:
    return msgspec.convert(tomllib.loads(data_files()[_FILE].decode()), _Shipped)


@functools.cache
def shipped() -> tuple[Instrument, ...]:
    """The instruments known without any file, indices first, each with a listed or a made-up token."""
    known, taken = _shipped(), {entry.token for entry in _shipped().index if entry.token}
    found: list[Instrument] = []
    for entry in known.index:
        made = _index(entry, entry.token or made_up_token(f"NSE:{entry.name}", taken))
        taken.add(made.token)
        found.append(made)
    for symbol in sorted({*known.equity.derivatives, *known.equity.plain}):
        made = _equity(symbol, made_up_token(f"NSE:{symbol}", taken), cas=symbol in known.equity.derivatives)
        taken.add(made.token)
        found.append(made)
    return tuple(found)


def _index(entry: _Index, token: str) -> Instrument:
    return Instrument(
        name=f"NSE:{entry.name}",
        exchange="NSE",
        token=token,
        kind=Kind.INDEX,
        symbol=entry.title,
        shortable=False,
        futures=entry.futures,
    )


@functools.cache
def _index_underlyings() -> frozenset[str]:
    return frozenset(entry.futures for entry in _shipped().index if entry.futures)


def index_underlying(name: str) -> str | None:
    """The name under which an index's contracts are listed, from that or the index's own name; None for no index."""
    plain = plain_name(name)
    return next((e.futures for e in _shipped().index if e.futures and plain in (e.futures, e.name)), None)


def contract_instrument(name: str, contract: Contract, token: str) -> Instrument:
    """A contract known by its name alone: its lot is that of the dated facts, 0 where they do not tell it."""
    lot = lot_size(contract.underlying, contract.expiry, "monthly" if contract.monthly else "weekly")
    return Instrument(
        name=name,
        exchange=EXCHANGE,
        token=token,
        kind=Kind.OPTION if contract.right else Kind.FUTURE,
        symbol=plain_name(name),
        lot=lot or 0,
        # Margins of sold options are not known: they can be bought, and sold again.
        shortable=not contract.right,
        underlying=contract.underlying,
        expiry=contract.expiry,
    )


def _equity(symbol: str, token: str, *, cas: bool = False) -> Instrument:
    name = f"NSE:{symbol}"
    return Instrument(name=name, exchange="NSE", token=token, kind=Kind.EQUITY, symbol=f"{symbol}-EQ", cas=cas)


def made_up_token(name: str, taken: Collection[str] = ()) -> str:
    """A stable token for a name without one: the same name and the same taken tokens give the same answer."""
    attempt = 0
    while True:
        seed = hashlib.sha256(f"{name}#{attempt}".encode()).digest()
        token = str(_MADE_UP_FIRST + int.from_bytes(seed[:8], "big") % _MADE_UP_COUNT)
        if token not in taken:
            return token
        attempt += 1


class InstrumentBook:
    """The instruments of a run, found by name and by (exchange, token); both are unique."""

    def __init__(self, instruments: Iterable[Instrument] = ()) -> None:
        self._by_name: dict[str, Instrument] = {}
        self._by_token: dict[tuple[str, str], Instrument] = {}
        self._is_offline = False
        self._lot_untold = 0
        self._lots: LotOf = untold
        for instrument in instruments:
            self.add(instrument)

    @classmethod
    def offline(cls, *, lots_come_later: bool = False, lots: LotOf = untold) -> "InstrumentBook":
        """A new book of the shipped list, to which contracts come as they are named.

        What the dated facts do not tell of a lot, `lots` does. Where a broker's file will tell it later, 1 stands for
        each of them until then.
        """
        book = cls(shipped())
        book._is_offline, book._lot_untold, book._lots = True, int(lots_come_later), lots
        return book

    @classmethod
    def from_file(cls, source: bytes | Path) -> "InstrumentBook":
        """A new book of a broker's instrument file."""
        # The reader builds on this module; imported late, it costs nothing to those who need no file.
        from velox.market.scrip_master import read_scrip_master

        return cls(read_scrip_master(source).instruments)

    def add(self, instrument: Instrument) -> None:
        """Take an instrument in; a name or token that the book already has is refused."""
        key = (instrument.exchange, instrument.token)
        rival = self._by_name.get(instrument.name) or self._by_token.get(key)
        if rival is not None:
            raise BadInput(
                f"{instrument.name} (token {instrument.token}) and {rival.name} (token {rival.token}) "
                "cannot be told apart: names and tokens of instruments must be unique"
            )
        self._by_name[instrument.name] = instrument
        self._by_token[key] = instrument

    def adopt(self, name: str, *, index: bool = False) -> Instrument:
        """The instrument of this name; one that is unknown enters with a made-up token."""
        known = self._by_name.get(name)
        if known is not None:
            return known
        exchange, _, symbol = name.partition(":")
        if (contract := contract_of(name)) is not None:
            return self._add_contract(name, contract)
        if exchange != "NSE" or not symbol:
            raise UnknownInstrument(
                f"{name!r} is no name of an NSE instrument: write it like NSE:RELIANCE or NFO:NIFTY26JULFUT"
            )
        token = made_up_token(name, {token for _, token in self._by_token})
        made = _index(_Index(name=symbol, title=symbol), token) if index else _equity(symbol, token)
        self.add(made)
        return made

    def __getitem__(self, name: str) -> Instrument:
        """The instrument of this name; an unknown one raises `UnknownInstrument` with the nearest names."""
        found = self._by_name.get(name)
        if found is None and self._is_offline and (contract := contract_of(name)) is not None:
            found = self._add_contract(name, contract)
        if found is None:
            raise UnknownInstrument(f"{name!r} is not a known instrument{self._nearest(name)}")
        return found

    def _add_contract(self, name: str, contract: Contract) -> Instrument:
        taken = {token for _, token in self._by_token}
        made = contract_instrument(name, contract, made_up_token(name, taken))
        if not made.lot:
            told = self._lots(name)
            units = told.units or self._lot_untold
            made = msgspec.structs.replace(made, lot=units, freeze=told.freeze, why_no_lot=told.why)
        self.add(made)
        return made

    def _nearest(self, name: str) -> str:
        if name.startswith(f"{EXCHANGE}:"):
            return ": write a contract like NFO:NIFTY26JULFUT, NFO:NIFTY26JUL24500CE or, weekly, NFO:NIFTY2670724500CE"
        # Symbols alone are compared: the exchange before each would make them all alike.
        by_symbol = {plain_name(known): known for known in self._by_name}
        near = difflib.get_close_matches(plain_name(name).strip().upper(), by_symbol, n=_NEAREST_MAX)
        return f": did you mean {' or '.join(by_symbol[n] for n in near)}?" if near else ": write it like NSE:RELIANCE"

    def by_token(self, exchange: str, token: str) -> Instrument | None:
        """The instrument with a broker's token on an exchange; tokens repeat across exchanges."""
        return self._by_token.get((exchange, token))

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)


def why_not_tradable(instrument: Instrument, on: dt.date | None = None) -> str | None:
    """Why an instrument cannot be ordered, naming an index's futures of the month of `on`; None when it can."""
    if instrument.tradable:
        return None
    if not instrument.futures:
        return f"{instrument.name} is an index and cannot be traded; it has no futures either"
    futures = future_name(instrument.futures, 0, on or last_covered_date(), 0, lambda _: None)
    return f"{instrument.name} is an index and cannot be traded; trade its futures, e.g. {futures}"


def why_not_known(instrument: Instrument, facts: Facts) -> str | None:
    """Why a contract cannot be used on a day: it has expired, or what it takes is not known; None when it can."""
    if instrument.expiry is None:
        return None
    if facts.date > instrument.expiry:
        return f"{instrument.name} expired on {instrument.expiry}; name a contract of {facts.date} or later"
    if instrument.lot < 1:
        how = instrument.why_no_lot or "an instrument file of a broker tells it"
        return f"the lot of {instrument.name} is not known on {facts.date}: {how}"
    if not any(rates.name == instrument.product for rates in facts.loaded.charges):
        return f"what {instrument.product} cost on {facts.rules_date} is not known; choose a later day"
    if not has_ticks(instrument.steps, facts.rules_date):
        return f"the price steps of {instrument.product} on {facts.rules_date} are not known; choose a later day"
    return None


def plain_name(name: str) -> str:
    """The name less its exchange: RELIANCE for NSE:RELIANCE."""
    return name.rpartition(":")[2]


def listed_symbol(spelled: str) -> str:
    """The exchange's own symbol of one that recorders spell otherwise: M&M for MM."""
    return _shipped().recorded.get(spelled, spelled)


def recorded_name(filename: str | PurePath) -> tuple[str, bool]:
    """Name of a recorded file's instrument, and whether it is an index: known as one, or in a folder `index`."""
    path = PurePath(filename)
    stem = _DATE_SUFFIX.split(path.name.split(".")[0])[0]
    if not stem or not stem.isprintable():
        raise BadInput(f"{path.name!r} names no instrument: call the file like RELIANCE_26_April.csv")
    symbol = listed_symbol(stem)
    known = symbol in {entry.name for entry in _shipped().index}
    return f"NSE:{symbol}", known or path.parent.name == "index"


def definition(
    instrument: Instrument,
    facts: Facts,
    *,
    id: int,  # noqa: A002  the record's own word
    reference_price: int,
    prev_close: int = 0,
) -> InstrumentDef:
    """The instrument as the kernel wants it; the reference price (close of the month before) decides the tick."""
    if (why := why_not_known(instrument, facts)) is not None:
        raise BadInput(why)
    kind = instrument.steps
    # An instrument file of another year may name a step that the session's table does not have; the table wins.
    steps = valid_ticks(kind, facts.rules_date)
    tick = instrument.tick if instrument.tick in steps else 0
    if not tick and reference_price <= 0 and len(steps) > 1:
        raise BadInput(f"the tick size of {instrument.name} is not known: give a price of it or an instrument file")
    return InstrumentDef(
        id=id,
        name=instrument.name,
        exchange=instrument.exchange,
        token=instrument.token,
        kind=int(instrument.kind),
        group=facts.group_index(instrument.group),
        tick=tick or tick_size(kind, reference_price, facts.rules_date),
        lot=instrument.lot,
        freeze=_freeze(instrument, facts.rules_date),
        lower=0,
        upper=0,
        prev_close=prev_close,
        charges=facts.charges_index(instrument.product),
        shortable=instrument.shortable,
    )


def _freeze(instrument: Instrument, day: dt.date) -> int:
    if instrument.expiry is not None:
        return instrument.freeze or freeze_quantity(instrument.underlying, day) or 0
    return instrument.freeze if cash_freeze_applies(day) else 0

"""Reader of Angel One's instrument file: one JSON array, rebuilt each day, in which nearly every value is a string."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec

from velox.errors import BadInput
from velox.market.amounts import PAISA, scaled
from velox.market.contracts import EXCHANGE, Contract, contract_name, contract_of, expiry_of, monthly_expiry
from velox.market.instruments import Instrument, Kind, contract_instrument, shipped

__all__ = ["ScripMaster", "read_scrip_master"]

_INDEX = "AMXIDX"
_CONTRACTS = frozenset({"FUTIDX", "OPTIDX", "FUTSTK", "OPTSTK"})
_DERIVATIVES = _CONTRACTS | {"FUTCOM", "OPTFUT", "FUTCUR", "OPTCUR", "FUTIRC", "OPTIRC", "FUTIRT"}
_RIGHTS = ("CE", "PE")
# Series of shares. The others (SM, ST: small companies; BE, BZ: delivery only) cannot be sold before they are bought.
_INTRADAY_SERIES = "EQ"
_SERIES = frozenset({_INTRADAY_SERIES, "BE", "BZ", "SM", "ST"})
_REJECTS_SHOWN_MAX = 5


class _Row(msgspec.Struct, frozen=True):
    token: str
    symbol: str
    name: str
    lotsize: str
    instrumenttype: str
    exch_seg: str
    tick_size: str
    expiry: str = ""
    strike: str = ""
    freeze_qty: str = "0"
    is_cas_enabled: bool | str = False


class ScripMaster(msgspec.Struct, frozen=True):
    """The instruments of a file, how many rows were left out and why, and the first rows that made no sense."""

    instruments: list[Instrument]
    skipped: dict[str, int]
    rejects: list[str]


def read_scrip_master(source: bytes | Path) -> ScripMaster:
    """NSE shares, indices and contracts of the file; other rows are counted by reason, broken ones under `rejected`."""
    try:
        rows = msgspec.json.decode(_content(source), type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"the instrument file is no JSON array of rows ({error}): fetch it again") from None
    reader = _Reader()
    for number, raw in enumerate(rows, 1):
        reader.take(number, bytes(raw))
    reader.take_contracts()
    return ScripMaster(reader.instruments, dict(reader.skipped), reader.rejects)


def _content(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise BadInput(f"the instrument file {source} cannot be read: {error.strerror}") from None


class _Reader:
    def __init__(self) -> None:
        self.instruments: list[Instrument] = []
        self.skipped: Counter[str] = Counter()
        self.rejects: list[str] = []
        self._decode = msgspec.json.Decoder(_Row).decode
        self._names: set[str] = set()
        self._tokens: set[tuple[str, str]] = set()
        self._contracts: list[tuple[int, _Row, dt.date]] = []
        self._indices = {i.symbol.casefold(): i for i in shipped() if i.kind is Kind.INDEX}

    def take(self, number: int, raw: bytes) -> None:
        with self._rejecting(number):
            row = self._decode(raw)
            if reason := _why_skipped(row):
                self.skipped[reason] += 1
            elif row.instrumenttype in _CONTRACTS:
                self._contracts.append((number, row, _expiry(row)))  # their names are known when all of them are
            else:
                self._add(self._instrument(row))

    def take_contracts(self) -> None:
        """Take in the futures and options: a month's futures tell which of its options are no weekly ones."""
        months: dict[tuple[str, int, int], dt.date] = {}
        for _, row, expiry in self._contracts:
            if row.instrumenttype.startswith("FUT"):
                months[row.name, expiry.year, expiry.month] = expiry
        for number, row, expiry in self._contracts:
            with self._rejecting(number):
                last = months.get((row.name, expiry.year, expiry.month)) or monthly_expiry(expiry.year, expiry.month)
                self._add(_contract(row, expiry, monthly=expiry == last))

    @contextmanager
    def _rejecting(self, number: int) -> Iterator[None]:
        try:
            yield
        except (ValueError, msgspec.ValidationError) as error:
            self.skipped["rejected"] += 1
            if len(self.rejects) < _REJECTS_SHOWN_MAX:
                self.rejects.append(f"row {number}: {error}")

    def _add(self, made: Instrument) -> None:
        key = (made.exchange, made.token)
        if made.name in self._names or key in self._tokens:
            self.skipped["duplicate"] += 1
            return
        self._names.add(made.name)
        self._tokens.add(key)
        self.instruments.append(made)

    def _instrument(self, row: _Row) -> Instrument:
        _check_token(row)
        if row.instrumenttype == _INDEX:
            return self._index(row)
        symbol, _, series = row.symbol.rpartition("-")
        intraday = series == _INTRADAY_SERIES
        lot, tick = _lot_and_tick(row, lot_min=1)
        return Instrument(
            name=f"NSE:{symbol if intraday else row.symbol}",
            exchange="NSE",
            token=row.token,
            kind=Kind.EQUITY,
            symbol=row.symbol,
            tick=tick,
            lot=lot,
            freeze=max(0, scaled(row.freeze_qty or "0", 1)),
            cas=row.is_cas_enabled is True or str(row.is_cas_enabled).lower() == "true",
            shortable=intraday,
        )

    def _index(self, row: _Row) -> Instrument:
        known = self._indices.get(row.symbol.casefold())
        name = known.name if known else f"NSE:{row.name.upper().replace(' ', '_')}"
        return Instrument(
            name=name,
            exchange="NSE",
            token=row.token,
            kind=Kind.INDEX,
            symbol=row.symbol,
            shortable=False,
            futures=known.futures if known else "",
        )


def _check_token(row: _Row) -> None:
    if not row.token.isascii() or not row.token.isdigit():
        raise ValueError(f"token {row.token!r} is no number")


def _lot_and_tick(row: _Row, *, lot_min: int) -> tuple[int, int]:
    lot, tick = scaled(row.lotsize, 1), scaled(row.tick_size, PAISA)
    if lot < lot_min or tick < 1:
        raise ValueError(f"{row.symbol}: lot {row.lotsize} and tick {row.tick_size} must be positive")
    return lot, tick


def _expiry(row: _Row) -> dt.date:
    """The day of `27AUG2026`."""
    day = expiry_of(row.expiry)
    if day is None:
        raise ValueError(f"{row.symbol}: {row.expiry!r} is no day of an expiry like 27AUG2026")
    return day


def _contract(row: _Row, expiry: dt.date, *, monthly: bool) -> Instrument:
    """A future or an option under its name of ours; a lot of 0 is not known."""
    _check_token(row)
    lot, tick = _lot_and_tick(row, lot_min=0)
    strike, right = "", ""
    if row.instrumenttype.startswith("OPT"):
        strike, right = f"{Decimal(scaled(row.strike, 1)) / 100:f}", row.symbol[-2:].upper()
        strike = strike.rstrip("0").rstrip(".") if "." in strike else strike
        if right not in _RIGHTS:
            raise ValueError(f"{row.symbol} is neither a call (CE) nor a put (PE)")
    meant = Contract(row.name, expiry, monthly, strike, right)
    name = contract_name(meant)
    read = contract_of(name)
    if read is None or (read.underlying, read.strike, read.right) != (meant.underlying, strike, right):
        raise ValueError(f"{row.symbol}: {row.name!r} with a strike of {row.strike} makes no name of a contract")
    made = contract_instrument(name, meant, row.token)
    freeze = max(0, scaled(row.freeze_qty or "0", 1))
    return msgspec.structs.replace(made, symbol=row.symbol, tick=tick, lot=lot or made.lot, freeze=freeze)


def _why_skipped(row: _Row) -> str | None:
    if row.instrumenttype in _CONTRACTS and row.exch_seg == EXCHANGE:
        return None
    if row.instrumenttype in _DERIVATIVES:
        return "derivatives"
    if row.exch_seg != "NSE":
        return "other exchanges"
    if row.instrumenttype == _INDEX:
        return None
    if row.instrumenttype:
        return "other kinds"
    return None if row.symbol.rpartition("-")[2] in _SERIES and "-" in row.symbol else "other series"

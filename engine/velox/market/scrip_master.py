"""Reader of Angel One's instrument file: one JSON array, rebuilt each day, in which nearly every value is a string."""

from collections import Counter
from pathlib import Path

import msgspec

from velox.errors import BadInput
from velox.market.amounts import PAISA, scaled
from velox.market.instruments import Instrument, Kind, shipped

__all__ = ["ScripMaster", "read_scrip_master"]

_INDEX = "AMXIDX"
_DERIVATIVES = frozenset(
    {"FUTIDX", "OPTIDX", "FUTSTK", "OPTSTK", "FUTCOM", "OPTFUT", "FUTCUR", "OPTCUR", "FUTIRC", "OPTIRC", "FUTIRT"}
)
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
    freeze_qty: str = "0"
    is_cas_enabled: bool | str = False


class ScripMaster(msgspec.Struct, frozen=True):
    """The instruments of a file, how many rows were left out and why, and the first rows that made no sense."""

    instruments: list[Instrument]
    skipped: dict[str, int]
    rejects: list[str]


def read_scrip_master(source: bytes | Path) -> ScripMaster:
    """NSE shares and indices of the file; other rows are counted by reason, broken ones under `rejected`."""
    try:
        rows = msgspec.json.decode(_content(source), type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"the instrument file is no JSON array of rows ({error}): fetch it again") from None
    reader = _Reader()
    for number, raw in enumerate(rows, 1):
        reader.take(number, bytes(raw))
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
        self._tokens: set[str] = set()
        self._indices = {i.symbol.casefold(): i for i in shipped() if i.kind is Kind.INDEX}

    def take(self, number: int, raw: bytes) -> None:
        try:
            row = self._decode(raw)
            reason = _why_skipped(row)
            made = None if reason else self._instrument(row)
        except (ValueError, msgspec.ValidationError) as error:
            self.skipped["rejected"] += 1
            if len(self.rejects) < _REJECTS_SHOWN_MAX:
                self.rejects.append(f"row {number}: {error}")
            return
        if made is not None and (made.name in self._names or made.token in self._tokens):
            reason = "duplicate"
        if reason or made is None:
            self.skipped[reason or "rejected"] += 1
            return
        self._names.add(made.name)
        self._tokens.add(made.token)
        self.instruments.append(made)

    def _instrument(self, row: _Row) -> Instrument:
        if not row.token.isascii() or not row.token.isdigit():
            raise ValueError(f"token {row.token!r} is no number")
        if row.instrumenttype == _INDEX:
            return self._index(row)
        symbol, _, series = row.symbol.rpartition("-")
        intraday = series == _INTRADAY_SERIES
        lot = scaled(row.lotsize, 1)
        tick = scaled(row.tick_size, PAISA)
        if lot < 1 or tick < 1:
            raise ValueError(f"{row.symbol}: lot {row.lotsize} and tick {row.tick_size} must be positive")
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


def _why_skipped(row: _Row) -> str | None:
    if row.instrumenttype in _DERIVATIVES:
        return "derivatives"
    if row.exch_seg != "NSE":
        return "other exchanges"
    if row.instrumenttype == _INDEX:
        return None
    if row.instrumenttype:
        return "other kinds"
    return None if row.symbol.rpartition("-")[2] in _SERIES and "-" in row.symbol else "other series"

"""The Parquet catalogue: one file per exchange, instrument and day, with fixed-point columns and its own description.

    DIR/NSE/RELIANCE/2021-04-26.parquet       ticks of a day (generated days also carry the book)
    DIR/NSE/RELIANCE/2021-04-23.1m.parquet    one-minute candles of a day, made elsewhere or of ticks not kept
    DIR/NSE/RELIANCE/2021-04-23.5m.parquet    the same of another length: whole minutes
    DIR/NSE/RELIANCE/2021-04-23.1d.parquet    the day's own candle as the exchange published it, dated by midnight

A file appears whole or not at all, so that importing twice or at the same time from two places is harmless.
"""

import datetime as dt
import difflib
import os
import secrets
from pathlib import Path

import msgspec
import polars as pl

from velox.errors import BadInput
from velox.market.venues import day_start_ns

__all__ = ["CANDLE_SCHEMA", "DAY_S", "MINUTE_S", "Catalog", "Entry", "length_text", "write_parquet"]

MINUTE_S = 60
DAY_S = 86_400

CANDLE_SCHEMA = dict.fromkeys(("ts_open", "open", "high", "low", "close", "volume", "ticks"), pl.Int64)

_META_KEY = "velox"
_FORMAT = 1
_DAY_NS = DAY_S * 1_000_000_000
_SUFFIX = ".parquet"
# Written once and read often: a high level pays, the top levels only cost time.
_ZSTD_LEVEL = 9


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one file of the catalogue says about itself."""

    instrument: str
    day: dt.date
    is_index: bool = False
    candles: bool = False  # candles instead of ticks
    length_s: int = MINUTE_S  # of its candles, where it holds such
    source: str = ""  # name of the file it was made from; takes part in the order of a merged day
    synthetic: str = ""  # how it was generated; empty for a recording
    rows: int = 0
    rejects: int = 0
    wrong_day: int = 0
    first_ns: int = 0
    last_ns: int = 0
    tick: int = 0  # 1e-8 rupees, 0 = unknown
    prev_close: int = 0  # 1e-8 rupees, 0 = unknown
    kept_as: str = ""  # name of its folder where a later one stands for it; not of a file's own words
    quantity_decimals: int = 0  # volume and quantities are whole numbers of the last of so many decimals
    format: int = _FORMAT


class Catalog:
    """A folder of Parquet files; it is made by the first `store`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._entries: list[Entry] | None = None
        self._listed: dict[Path, tuple[int, ...]] = {}

    @classmethod
    def open(cls, root: Path) -> "Catalog":
        """Open a catalogue that must already be there and hold something."""
        if not root.exists():
            raise BadInput(f"there is no catalogue at {root}: make one with `velox data import` or `velox data sample`")
        if not root.is_dir():
            raise BadInput(f"{root} is a file, not the folder of a catalogue")
        catalog = cls(root)
        if not catalog.paths():
            raise BadInput(f"{root} holds no data of a catalogue: fill it with `velox data import`")
        return catalog

    def store(self, entry: Entry, frame: pl.DataFrame) -> Entry:
        """Write one instrument's day, replacing what was there; returns the entry with its rows counted."""
        times = frame["ts_open" if entry.candles else "ts_ns"]
        own = times.filter((times >= (start := day_start_ns(entry.instrument, entry.day))) & (times < start + _DAY_NS))
        first, last = own.min(), own.max()
        entry = msgspec.structs.replace(
            entry,
            rows=frame.height,
            wrong_day=frame.height - len(own),
            first_ns=first if isinstance(first, int) else 0,
            last_ns=last if isinstance(last, int) else 0,
        )
        path = self._path(entry)
        self._entries = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_parquet(frame, path, {_META_KEY: msgspec.json.encode(entry).decode()})
        except OSError as error:
            raise BadInput(f"{path} cannot be written: {error.strerror or error}") from error
        return entry

    def paths(self) -> list[Path]:
        """Every data file, by exchange, instrument and day."""
        return sorted(p for p in self.root.glob(f"*/*/*{_SUFFIX}") if not p.name.startswith("."))

    def entries(self) -> list[Entry]:
        """Describe every file, ordered by instrument and day, as they were when this was asked first."""
        if self._entries is None:
            paths = self.paths()
            self._listed = {path: _identity(path) for path in paths}
            found = [_describe(path) for path in paths]
            self._entries = sorted(found, key=lambda e: (e.instrument, e.day, e.candles, e.length_s))
        return self._entries

    def playable(self) -> list[Entry]:
        """The entries that back-tests and played days can run on: ticks of what is traded in whole units."""
        return [entry for entry in self.entries() if not entry.candles and not entry.quantity_decimals]

    def of_instrument(self, instrument: str) -> list[Entry]:
        """Describe the files of one instrument by day; an unknown name is refused with its nearest neighbours."""
        found = [e for e in self.entries() if e.instrument == instrument]
        if not found:
            names = sorted({e.instrument for e in self.entries()})
            near = difflib.get_close_matches(instrument, names, n=3, cutoff=0.5) or names[:5]
            raise BadInput(f"{instrument} is not in the catalogue {self.root}; nearest: {', '.join(near)}")
        return found

    def read(self, entry: Entry) -> pl.DataFrame:
        """Load the rows behind an entry, in the order of their source."""
        path = self._path(entry)
        try:
            return pl.read_parquet(path, memory_map=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise BadInput(f"{path} is not a readable Parquet file: {_first_line(error)}") from error

    def piece(self, entry: Entry, start: int, count: int) -> pl.DataFrame:
        """Load so many of an entry's rows from one on; a file that is no more the one that was listed is refused."""
        path = self._path(entry)
        try:
            if start == 0 and count >= entry.rows:
                frame = self.read(entry)
            else:
                frame = pl.scan_parquet(path).slice(start, count).collect()
            replaced = self._listed.get(path, _identity(path)) != _identity(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise BadInput(f"{path} is not a readable Parquet file: {_first_line(error)}") from error
        if replaced:
            raise BadInput(f"{path} was replaced while the catalogue was read: start again")
        return frame

    def _path(self, entry: Entry) -> Path:
        exchange, _, symbol = (entry.kept_as or entry.instrument).partition(":")
        if not symbol or any(part in (".", "..") or "/" in part for part in (exchange, symbol)):
            raise BadInput(f"{entry.instrument!r} is not an instrument name like NSE:RELIANCE")
        length = f".{length_text(entry.length_s)}" if entry.candles else ""
        return self.root / exchange / symbol / f"{entry.day.isoformat()}{length}{_SUFFIX}"


def length_text(length_s: int) -> str:
    """How a length of whole minutes, or of a day, is written: 1m, 90m, 1d."""
    return "1d" if length_s == DAY_S else f"{length_s // MINUTE_S}m"


def write_parquet(frame: pl.DataFrame, path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write a file that is whole as soon as its name exists."""
    scratch = path.parent / f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        with scratch.open("wb") as file:
            frame.write_parquet(file, compression="zstd", compression_level=_ZSTD_LEVEL, metadata=metadata)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, ...]:
    told = path.stat()
    return told.st_ino, told.st_size, told.st_mtime_ns


def _describe(path: Path) -> Entry:
    try:
        text = pl.read_parquet_metadata(path).get(_META_KEY, "")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{path} is not a readable Parquet file: {_first_line(error)}") from error
    try:
        entry = msgspec.json.decode(text, type=Entry)
    except msgspec.DecodeError as error:
        raise BadInput(f"{path} was not written by a Velox catalogue: {error}") from error
    if entry.format != _FORMAT:
        raise BadInput(f"{path} has catalogue format {entry.format}, this version reads {_FORMAT}: import it again")
    return entry


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]

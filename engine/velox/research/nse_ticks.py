"""Reader of the `nse-ticks` recordings: one CSV file (plain or gzip) of `timestamp,ltp,volume` per instrument and day.

Timestamps are naive IST in whole seconds, volume is the day's running total. Rows come out in file order and none is
dropped but those that cannot be parsed: late, frozen and foreign-day rows are for the kernel's guard to judge.
"""

import datetime as dt
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import polars as pl

from velox.errors import BadInput
from velox.market.instruments import recorded_name
from velox.research.unpack import inflate

__all__ = ["IST_OFFSET_NS", "ONE", "Recording", "TICK_SCHEMA", "find_recordings", "read_recording"]

ONE = 100_000_000
IST_OFFSET_NS = 19_800 * 1_000_000_000
TICK_SCHEMA = {"ts_ns": pl.Int64, "price": pl.Int64, "volume": pl.Int64, "row": pl.Int64}

_SUFFIXES = (".csv", ".csv.gz")
# Lines are read as one column and split afterwards; this byte therefore may not occur in the text.
_NO_SEPARATOR = "\x1f"
_QUOTED = r'^"([^"]*)"$'
_PRICE_MAX = 9e9
_VOLUME_MAX = 9e15
_YEARS = (1990, 2200)


class Recording(msgspec.Struct, frozen=True):
    """One file as read; `fault` says why nothing could be read, `day` is then None."""

    path: Path
    instrument: str
    is_index: bool
    day: dt.date | None
    ticks: pl.DataFrame
    rejects: int
    fault: str = ""

    @property
    def source(self) -> str:
        """The file's own name, which takes part in the order of a merged day."""
        return self.path.name

    @property
    def shown(self) -> str:
        """The same with whatever is no text escaped."""
        return self.path.name.encode("utf-8", "backslashreplace").decode()


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """List the recordings under files and folders (searched through), in the order of their names."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files = [p for p in path.rglob("*") if p.name.lower().endswith(_SUFFIXES) and p.is_file()]
            if not files:
                raise BadInput(f"{path} holds no recording: no file there ends in .csv or .csv.gz")
            found.update(dict.fromkeys(files))
        elif path.is_file():
            found[path] = None
        else:
            raise BadInput(f"{path} does not exist")
    return sorted(found, key=lambda p: (p.name, str(p)))


def read_recording(path: Path) -> Recording:
    """Read one file; what cannot be parsed is counted, what cannot be read at all is told in `fault`."""
    try:
        name, is_index = recorded_name(path.absolute())
    except BadInput as error:
        return _nothing(path, "", False, 0, f"is left out: {error}")
    try:
        text, cut = inflate(path.read_bytes())
    except (OSError, zlib.error) as error:
        return _nothing(path, name, is_index, 0, f"cannot be read: {error}")
    lines = _lines(text)
    if lines.height == 0:
        return _nothing(path, name, is_index, 0, "is empty")
    header = [re.sub(_QUOTED, r"\1", field.strip()).lower() for field in str(lines.item(0, "line")).split(",")]
    if "timestamp" not in header or "ltp" not in header:
        return _nothing(path, name, is_index, lines.height, "does not begin with the line timestamp,ltp,volume")
    parsed = _parse(lines.slice(1), header)
    ticks = parsed.filter(pl.all_horizontal(pl.col(c).is_not_null() for c in TICK_SCHEMA))
    rejects = parsed.height - ticks.height + cut
    if ticks.height == 0:
        return _nothing(path, name, is_index, rejects, "has no valid row")
    return Recording(path, name, is_index, _session_day(ticks), ticks, rejects)


def _nothing(path: Path, name: str, is_index: bool, rejects: int, fault: str) -> Recording:
    return Recording(path, name, is_index, None, pl.DataFrame(schema=TICK_SCHEMA), rejects, fault)


def _lines(text: bytes) -> pl.DataFrame:
    """Split bytes into non-blank lines numbered from 0 as they stand in the file."""
    clean = text.removeprefix(b"\xef\xbb\xbf").replace(_NO_SEPARATOR.encode(), b"?")
    if not clean.strip():
        return pl.DataFrame(schema={"line": pl.String, "row": pl.Int64})
    frame = pl.read_csv(
        clean,
        has_header=False,
        separator=_NO_SEPARATOR,
        quote_char=None,
        schema={"line": pl.String},
        encoding="utf8-lossy",
    )
    trimmed = frame.select(pl.col("line").str.strip_chars()).with_row_index("row")
    return trimmed.select("line", pl.col("row").cast(pl.Int64)).filter(pl.col("line").fill_null("") != "")


def _parse(lines: pl.DataFrame, header: list[str]) -> pl.DataFrame:
    """Turn lines into the tick columns, null where a field does not parse."""
    width = len(header)
    fields = lines.select(
        pl.col("line").str.split_exact(",", width).struct.rename_fields([f"f{i}" for i in range(width + 1)]).alias("f"),
        "row",
    ).unnest("f")

    def field(name: str) -> pl.Expr:
        return pl.col(f"f{header.index(name)}").str.strip_chars().str.replace(_QUOTED, "$1")

    whole = pl.col(f"f{width}").is_null()
    price = field("ltp").cast(pl.Float64, strict=False)
    volume = field("volume").cast(pl.Float64, strict=False) if "volume" in header else pl.lit(0.0)
    return fields.select(
        pl.when(whole).then(_instant(field("timestamp"))).alias("ts_ns"),
        pl.when(price.is_finite() & (price.abs() < _PRICE_MAX))
        .then((price * ONE).round(0))
        .cast(pl.Int64)
        .alias("price"),
        pl.when(volume.is_finite() & (volume.abs() < _VOLUME_MAX) & (volume == volume.floor()))
        .then(volume)
        .cast(pl.Int64)
        .alias("volume"),
        pl.col("row") - 1,
    )


def _instant(text: pl.Expr) -> pl.Expr:
    """Read naive IST as ns UTC; a date outside any market's life is as unreadable as a word."""
    # Microseconds first: a nonsense year would wrap around silently in nanoseconds.
    naive = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    sane = naive.dt.year().is_between(*_YEARS)
    return pl.when(sane).then(naive.dt.epoch("us") * 1_000 - IST_OFFSET_NS)


def _ist_date(ts_ns: pl.Expr) -> pl.Expr:
    return pl.from_epoch(ts_ns + IST_OFFSET_NS, time_unit="ns").dt.date()


def _session_day(ticks: pl.DataFrame) -> dt.date:
    """The most frequent date; of two equally frequent ones the earlier."""
    counts = (
        ticks.group_by(_ist_date(pl.col("ts_ns")).alias("day")).len().sort(["len", "day"], descending=[True, False])
    )
    day: dt.date = counts.item(0, "day")
    return day

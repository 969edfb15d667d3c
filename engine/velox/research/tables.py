"""Tables of candles from any program: CSV in its dialects or Parquet, with the columns found by what they mean."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from velox.errors import BadInput
from velox.research.decimals import as_text
from velox.research.unpack import Member, members

__all__ = ["MEANINGS", "Table", "find_columns", "find_tables", "read_tables"]

# Meaning: how programs head such a column, in letters and digits alone. "price" names are left to the user.
MEANINGS: dict[str, tuple[str, ...]] = {
    "datetime": ("timestamp", "datetime", "ts", "opentime", "starttime", "tsopen", "tsopenns", "tsevent"),
    "date": ("date", "day", "tradedate", "tradingdate", "yyyymmdd", "dt"),
    "time": ("time", "clock", "hhmm", "hhmmss", "tradetime"),
    "open": ("open", "o", "openprice", "openingprice", "opnpric"),
    "high": ("high", "h", "highprice", "max", "hghpric"),
    "low": ("low", "l", "lowprice", "min", "lwpric"),
    "close": ("close", "c", "closeprice", "closingprice", "clspric"),
    "last": ("last", "lastprice", "ltp"),
    "volume": ("volume", "vol", "v", "qty", "quantity", "tradedquantity", "totaltradedquantity", "tottrdqty", "shares"),
    "symbol": ("symbol", "sym", "ticker", "instrument", "tradingsymbol", "scrip", "stock", "tckrsymb"),
}
_SUFFIXES = (".csv", ".csv.gz", ".txt", ".txt.gz", ".parquet", ".zip")
_SEPARATORS = (",", ";", "\t", "|")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_FIELD_MAX = 1 << 16
_SEPARATOR_LINE = re.compile(r"sep=.?")  # how some programs tell each other the separator


class Table(msgspec.Struct, frozen=True):
    """One table as text columns and the line of each row; `rejects` are lines that are no row of it."""

    name: str
    frame: pl.DataFrame  # text columns and `line`
    rejects: list[tuple[int, str]]
    decimal_comma: bool = False  # where the separator is a semicolon, a comma may be a decimal point


def find_tables(paths: Iterable[Path], suffixes: Sequence[str] = _SUFFIXES) -> list[Path]:
    """List the tables under files and folders (searched through), in the order of their names."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files = [p for p in path.rglob("*") if p.name.lower().endswith(tuple(suffixes)) and p.is_file()]
            if not files:
                raise BadInput(f"{path} holds no table: no file there ends in {', '.join(suffixes)}")
            found.update(dict.fromkeys(files))
        elif path.is_file():
            found[path] = None
        else:
            raise BadInput(f"{path} does not exist")
    return sorted(found, key=lambda p: (p.name, str(p)))


def read_tables(path: Path, header: Sequence[str] = ()) -> list[Table]:
    """Read a file, each member of a zip as one table; `header` names the columns of files without such a line."""
    if path.name.lower().endswith(".parquet"):
        return [_parquet(path)]
    return [_csv(path, member, header) for member in members(path)]


def find_columns(table: Table, named: Mapping[str, str]) -> dict[str, str]:
    """The table's column of each meaning: as named by the user, else by its heading; two candidates are refused."""
    headings = [name for name in table.frame.columns if name != "line"]
    found: dict[str, str] = {}
    for meaning, words in MEANINGS.items():
        if meaning in named:
            if named[meaning] not in headings:
                raise BadInput(f"{table.name} has no column {named[meaning]!r}; it has {', '.join(headings)}")
            found[meaning] = named[meaning]
            continue
        fitting = [name for name in headings if _bare(name) in words and name not in named.values()]
        if len(fitting) > 1:
            raise BadInput(
                f"{table.name} has several columns of {meaning}: {', '.join(fitting)}; "
                f"say which with --column {meaning}={fitting[0]}"
            )
        if fitting:
            found[meaning] = fitting[0]
    return found


def _bare(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def _csv(path: Path, member: Member, header: Sequence[str]) -> Table:
    if member.content.startswith(_UTF16):
        raise BadInput(f"{path} is written in UTF-16: save it as UTF-8 and import it again")
    text = member.content.decode("utf-8-sig", "replace").replace("\0", "")
    name = path.name
    heads = (line for line in text.splitlines() if line.strip() and not _SEPARATOR_LINE.fullmatch(line.strip()))
    first = next(heads, "")
    if not first:
        return Table(name, pl.DataFrame({"line": []}, schema={"line": pl.Int64}), [])
    separator = max(_SEPARATORS, key=lambda sign: (first.count(sign), -_SEPARATORS.index(sign)))
    columns, lines, rejects = _rows(name, text, separator, list(header))
    if member.cut:
        rejects.append(((lines[-1] if lines else 1) + 1, "the packed file is damaged here; the rest is missing"))
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return Table(name, frame.with_columns(pl.Series("line", lines, dtype=pl.Int64)), rejects, separator == ";")


def _rows(
    name: str, text: str, separator: str, header: list[str]
) -> tuple[dict[str, list[str]], list[int], list[tuple[int, str]]]:
    csv.field_size_limit(_FIELD_MAX)
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=separator, skipinitialspace=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    rejects: list[tuple[int, str]] = []
    while True:
        # A quote that is never closed swallows lines: each of them is a reject.
        before = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            rejects += _spoilt(before, reader.line_num, f"no row of a table: {error}")
            continue
        if not any(field.strip() for field in row) or (not header and _SEPARATOR_LINE.fullmatch(separator.join(row))):
            continue
        if not header:
            header = _headings(name, row)
        elif len(row) < len(header) or any(field.strip() for field in row[len(header) :]):
            rejects += _spoilt(before, reader.line_num, f"{len(row)} fields instead of {len(header)}")
        else:
            rows.append(row[: len(header)])
            lines.append(reader.line_num)
    columns = {heading: [row[n] for row in rows] for n, heading in enumerate(header) if heading}
    return columns, lines, rejects


def _spoilt(before: int, last: int, reason: str) -> list[tuple[int, str]]:
    return [(line, reason) for line in range(before + 1, last + 1)]


def _headings(name: str, row: list[str]) -> list[str]:
    header = [field.strip() for field in row]
    if sum(1 for field in header if re.fullmatch(r"[\d.,:/+\-\s]+", field)) * 2 > len(header):
        raise BadInput(
            f"{name} begins without a line that names its columns: "
            "say them with --header, like --header date,time,open,high,low,close,volume"
        )
    named = [field for field in header if field]
    twice = sorted({field for field in named if named.count(field) > 1})
    if twice:
        raise BadInput(f"{name} has two columns called {twice[0]!r}: rename one of them")
    return ["" if field == "line" else field for field in header]


def _parquet(path: Path) -> Table:
    try:
        frame = pl.read_parquet(path, memory_map=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{path} is not a readable Parquet file: {str(error).splitlines()[0]}") from None
    usable = [column for column in frame.iter_columns() if not column.dtype.is_nested() and column.name != "line"]
    texts = [_text(column) for column in usable]
    rows = pl.Series("line", range(1, frame.height + 1), dtype=pl.Int64)
    return Table(path.name, pl.DataFrame([*texts, rows]), [])


def _text(column: pl.Series) -> pl.Series:
    """A typed column as text; moments as ns since the epoch where they have a zone, else as they read."""
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is not None:
            return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f")
    if column.dtype == pl.Date:
        return column.dt.strftime("%Y-%m-%d")
    return as_text(column)

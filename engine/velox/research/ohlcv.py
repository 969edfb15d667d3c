"""Reader of candles as any program writes them: finds the columns, the times and the length, and checks every row."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from velox.errors import BadInput
from velox.market.instruments import listed_symbol
from velox.market.venues import known_exchanges, offset_ns, venue_of
from velox.research.candle_checks import PRICES, Series, checked_days, session_spans
from velox.research.catalog import DAY_S, MINUTE_S, length_text
from velox.research.decimals import scaled_column
from velox.research.findings import Findings
from velox.research.moments import read_moments
from velox.research.tables import Table, find_columns, read_tables

__all__ = ["CandleFile", "CandleOptions", "PRICE_DECIMALS", "instrument_named", "read_candles"]

PRICE_DECIMALS = 8
_NS = 1_000_000_000
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9&_.-]*")
_LISTED_AS = re.compile(r"(-EQ|\.NS|\.NSE)$")  # what programs add to the exchange's own symbol
_STEM = "{stem}"


class CandleOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says of the files; what is empty is found in them."""

    instrument: str = ""  # {stem} in it stands for the file's name up to its first dot
    exchange: str = "NSE"  # of symbols that name none
    zone: str = "Asia/Kolkata"
    time_format: str = ""
    label: str = ""  # open or close
    length_s: int = 0
    columns: Mapping[str, str] = {}
    header: Sequence[str] = ()
    as_of: dt.date | None = None


class CandleFile(msgspec.Struct, frozen=True):
    """One instrument's candles of one table, by day, and what was wrong with its rows."""

    name: str
    series: Series
    days: dict[dt.date, pl.DataFrame]
    findings: Findings


def read_candles(path: Path, options: CandleOptions) -> list[CandleFile]:
    """Read a file: an element for each table and instrument in it; what makes the file unusable is refused."""
    found: list[CandleFile] = []
    for table in read_tables(path, options.header):
        found += _read_table(path, table, options)
    return found


def instrument_named(symbol: str, exchange: str) -> str | None:
    """The catalogue's name of a symbol as programs write it; None where it is no name."""
    given, _, plain = symbol.strip().upper().rpartition(":")
    plain = listed_symbol(_LISTED_AS.sub("", plain))
    return f"{given or exchange}:{plain}" if _SYMBOL.fullmatch(plain) else None


def _read_table(path: Path, table: Table, options: CandleOptions) -> list[CandleFile]:
    if not table.frame.height and not table.rejects and len(table.frame.columns) == 1:
        raise BadInput(f"{table.name} is empty")
    columns = find_columns(table, options.columns)
    missing = [name for name in PRICES if name not in columns]
    if not {"datetime", "date", "time"} & columns.keys():
        missing.insert(0, "time")
    if missing:
        headings = ", ".join(name for name in table.frame.columns if name != "line") or "nothing"
        raise BadInput(
            f"{table.name} has no column of {', '.join(missing)} among {headings}: "
            f"name it with --column {'datetime' if missing[0] == 'time' else missing[0]}=HEADING"
        )
    if table.decimal_comma and any(table.frame[columns[name]].str.contains(",").any() for name in PRICES):
        raise BadInput(f"{table.name} writes numbers with a comma: save it with a decimal point and import it again")
    moments = read_moments(_time_text(table, columns), zone=options.zone, form=options.time_format)
    frame = table.frame.select(
        "line",
        moments.ts_ns.alias("ts_ns"),
        _named(path, table, columns, options),
        pl.concat_str([pl.col(columns[n]).fill_null("") for n in _shown(columns)], separator=",").alias("shown"),
        *(scaled_column(table.frame[columns[name]], PRICE_DECIMALS).alias(name) for name in PRICES),
        *(pl.col(columns[name]).alias(f"{name}_text") for name in ("volume", "last") if name in columns),
    )
    return _by_instrument(table, frame, options, dates_only=moments.dates_only)


def _shown(columns: Mapping[str, str]) -> list[str]:
    wanted = ("symbol", "datetime", "date", "time", *PRICES, "volume")
    return [name for name in wanted if name in columns]


def _time_text(table: Table, columns: Mapping[str, str]) -> pl.Series:
    if "datetime" in columns:
        return table.frame[columns["datetime"]]
    if "date" not in columns or "time" not in columns:
        return table.frame[columns.get("date") or columns["time"]]
    date, clock = (table.frame[columns[name]].str.strip_chars() for name in ("date", "time"))
    # 915 and 91500 are written by programs that keep the time as a number.
    short = clock.str.contains(r"^\d{3}$|^\d{5}$").fill_null(value=False)
    return date + " " + (("0" + clock).zip_with(short, clock))


def _named(path: Path, table: Table, columns: Mapping[str, str], options: CandleOptions) -> pl.Expr | pl.Series:
    """The instrument of each row, null where the row names none."""
    if options.instrument:
        stem = path.name.split(".")[0]
        name = instrument_named(options.instrument.replace(_STEM, stem), options.exchange)
        if name is None:
            raise BadInput(f"{options.instrument!r} is not an instrument name like NSE:RELIANCE")
        _check_exchange(name)
        return pl.lit(name).alias("instrument")
    if "symbol" not in columns:
        raise BadInput(
            f"{table.name} does not say whose candles these are: "
            f"say it with --instrument NSE:NAME, or NSE:{_STEM} where each file is named so"
        )
    symbols = table.frame[columns["symbol"]]
    names = {each: instrument_named(each, options.exchange) for each in symbols.drop_nulls().unique()}
    for name in filter(None, names.values()):
        _check_exchange(name)
    return pl.Series("instrument", [names.get(each) for each in symbols], dtype=pl.String)


def _check_exchange(name: str) -> None:
    if name.partition(":")[0] not in known_exchanges():
        raise BadInput(f"the market of {name} is not known: its exchange must be one of {', '.join(known_exchanges())}")


def _by_instrument(table: Table, frame: pl.DataFrame, options: CandleOptions, *, dates_only: bool) -> list[CandleFile]:
    stray = Findings()
    for line, reason in table.rejects:
        stray.add("the line is no row of the table", [(line, reason)])
    frame = stray.take_out(frame, pl.col("instrument").is_null(), "the symbol is no name of an instrument")
    found: list[CandleFile] = []
    length_s = options.length_s or (_length_of(table.name, frame, dates_only=dates_only) if frame.height else MINUTE_S)
    for (name,), rows in sorted(frame.partition_by("instrument", as_dict=True, maintain_order=True).items()):
        findings, stray = (stray, Findings()) if not found else (Findings(), stray)
        series = Series(str(name), length_s, options.as_of)
        opened = _opened(table.name, rows, series, options.label)
        found.append(CandleFile(table.name, series, checked_days(opened, series, findings), findings))
    if not found:
        series = Series(options.instrument or "?", options.length_s or MINUTE_S, options.as_of)
        found.append(CandleFile(table.name, series, {}, stray))
    return found


def _length_of(table: str, frame: pl.DataFrame, *, dates_only: bool) -> int:
    """The most frequent distance of two candles of an instrument on a day."""
    if dates_only:
        return DAY_S
    ahead_ns = offset_ns(str(frame["instrument"].item(0)))
    rows = frame.select("instrument", (pl.col("ts_ns") + ahead_ns).alias("ts_ns")).drop_nulls().unique().sort(pl.all())
    clock = pl.col("ts_ns") % (DAY_S * _NS)
    same_day = (pl.col("ts_ns") - clock).diff().over("instrument") == 0
    steps = rows.select((pl.col("ts_ns").diff().over("instrument") // _NS).filter(same_day).alias("step"))
    if steps.height:
        counts = steps.group_by("step").len().sort(["len", "step"], descending=[True, False])
        length_s = int(counts.item(0, "step"))
        if length_s % MINUTE_S or length_s <= 0:
            raise BadInput(f"{table}: its candles are {length_s} s apart; only whole minutes and days are kept")
        return length_s
    if rows["ts_ns"].n_unique() > 1 and rows.select(clock.n_unique()).item() == 1:
        return DAY_S
    if not rows.height:
        raise BadInput(f"{table} has no time that can be read: say how they are written with --time-format")
    raise BadInput(f"{table} does not show how long its candles are: say it with --timeframe, like 1m or 1d")


def _opened(table: str, rows: pl.DataFrame, series: Series, label: str) -> pl.DataFrame:
    """The rows with `ts_open`, volume and, of whole days, the last price where it is told."""
    nothing = pl.Series([0] * rows.height, dtype=pl.Int64)
    columns = [_scaled(rows, "volume", _quantity_decimals(rows, series), nothing)]
    if series.whole_days:
        columns.append(_scaled(rows, "last", PRICE_DECIMALS, nothing).fill_null(0))
    ts_ns = pl.col("ts_ns")
    if label == "close" and not series.whole_days:
        # 09:15:59 and 09:16:00 both end the candle of 09:15.
        last_second = ts_ns // _NS % MINUTE_S == MINUTE_S - 1
        ts_ns = ts_ns + pl.when(last_second).then(_NS).otherwise(0) - series.length_s * _NS
    elif not label and not series.whole_days:
        _refuse_close_labels(table, rows, series)
    return rows.select("line", "shown", ts_ns.alias("ts_open"), *PRICES, *columns)


def _scaled(rows: pl.DataFrame, name: str, decimals: int, nothing: pl.Series) -> pl.Series:
    text = f"{name}_text"
    return (scaled_column(rows[text], decimals) if text in rows.columns else nothing).rename(name)


def _quantity_decimals(rows: pl.DataFrame, series: Series) -> int:
    days = pl.from_epoch(rows["ts_ns"].drop_nulls(), time_unit="ns").dt.date()
    venue = venue_of(series.instrument, days.item(-1)) if len(days) else None
    return venue.quantity_decimals if venue else 0


def _refuse_close_labels(table: str, rows: pl.DataFrame, series: Series) -> None:
    """Candles that are labelled by their close must not be taken for later ones, nor the other way round."""
    spans = session_spans(series, rows["ts_ns"].drop_nulls())
    opens, ends = {begin for begin, _ in spans}, {end for _, end in spans}
    times = set(rows["ts_ns"].drop_nulls().to_list())
    seconds = {time // _NS % MINUTE_S for time in times}
    if seconds == {MINUTE_S - 1} or (times & ends and not times & opens):
        raise BadInput(
            f"{table}: the candles of {series.instrument} look labelled by their close "
            f"(one of {length_text(series.length_s)} stands at the session's end, none at its open): "
            "say --label close, or --label open if they are not"
        )

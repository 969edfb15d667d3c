"""Times as tables write them: epochs, ISO, day-month-year in its spellings, in one column or two, as ns UTC.

A column is read in one way as a whole. Whether 03/04/2026 is in March or April is never guessed: a row of the file
must prove it (25/04/2026), or the user says it.
"""

import re
import zoneinfo

import msgspec
import polars as pl

from velox.errors import BadInput

__all__ = ["Moments", "read_moments"]

_NS = 1_000_000_000
_EPOCH_NS = {10: _NS, 13: 1_000_000, 16: 1_000, 19: 1}  # by the digits of a moment between 2001 and 2286
_YEARS = (1990, 2200)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_CLOCK = r"(?:[T\s,]+(?P<clock>\d{1,2}:?\d{2}(?::?\d{2}(?:\.\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?))?"
_ZONE = r"\s*(?P<zone>Z|UTC|IST|[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = re.compile(r"^(?P<year>\d{4})[-/.]?(?P<month>\d{2})[-/.]?(?P<day>\d{2})" + _CLOCK + _ZONE + "$")
_NUMBERS = re.compile(r"^(?P<one>\d{1,2})[-/.](?P<two>\d{1,2})[-/.](?P<year>\d{4}|\d{2})" + _CLOCK + _ZONE + "$")
_DAY_NAME = re.compile(
    r"^(?P<day>\d{1,2})[-/.\s]?(?P<name>[A-Za-z]{3,9})[-/.\s,]*(?P<year>\d{4}|\d{2})" + _CLOCK + _ZONE + "$"
)
_NAME_DAY = re.compile(
    r"^(?P<name>[A-Za-z]{3,9})[-/.\s]+(?P<day>\d{1,2})[-/.\s,]+(?P<year>\d{4})" + _CLOCK + _ZONE + "$"
)
_PACKED = re.compile(r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?P<clock>\d{4}(?:\d{2})?)(?P<zone>Z)?$")
_FORMS = (_PACKED, _YEAR_FIRST, _NUMBERS, _DAY_NAME, _NAME_DAY)
_EPOCH = r"^(\d{10}|\d{13}|\d{16}|\d{19})(?:\.(\d+))?$"
_CLOCK_PARTS = re.compile(r"^(\d{1,2}):?(\d{2})(?::?(\d{2})(?:\.(\d+))?)?\s*([AaPp])?")


class Moments(msgspec.Struct, frozen=True):
    """Each row's moment in ns UTC, null where it cannot be read; `dates_only` where the file tells no time of day."""

    ts_ns: pl.Series
    dates_only: bool


def read_moments(text: pl.Series, *, zone: str, form: str = "") -> Moments:
    """Read a column; `form` is dmy, mdy or a pattern like %d/%m/%Y %H:%M, empty where the file shall show it."""
    _check_zone(zone)
    text = text.str.strip_chars()
    if "%" in form:
        return _by_pattern(text, zone, form)
    if form not in ("", "dmy", "mdy"):
        raise BadInput(f"{form!r} is no form of a time: write dmy, mdy or a pattern like %d/%m/%Y %H:%M")
    epoch = text.str.contains(_EPOCH).fill_null(False)
    if epoch.sum() * 2 > text.count() and not form:
        return Moments(_epochs(text), dates_only=False)
    shape = _shape_of(text)
    if shape is None:
        return Moments(pl.Series("ts_ns", [None] * len(text), dtype=pl.Int64), dates_only=False)
    # Python's names of groups are those of polars' engine too.
    parts = pl.DataFrame({"text": text}).select(pl.col("text").str.extract_groups(shape.pattern)).unnest("text")
    if "one" in parts.columns:
        order = form or _proven_order(parts, text)
        day, month = ("one", "two") if order == "dmy" else ("two", "one")
        parts = parts.rename({day: "day", month: "month"})
    if "name" in parts.columns:
        short = pl.col("name").str.to_lowercase().str.slice(0, 3)
        parts = parts.with_columns(short.replace_strict(_MONTHS, range(1, 13), default=None).alias("month"))
    return _assemble(parts, zone)


def _check_zone(zone: str) -> None:
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"{zone!r} is no time zone: write it like Asia/Kolkata or UTC") from None


def _by_pattern(text: pl.Series, zone: str, form: str) -> Moments:
    dates_only = not re.search(r"%[HIkTRsXcr+]", form)
    try:
        if re.search(r"%[:#]?z", form):
            utc = text.str.to_datetime(form, time_unit="ns", strict=False, time_zone="UTC")
        elif dates_only:
            utc = _in_zone(text.str.to_date(form, strict=False).cast(pl.Datetime("ns")), zone)
        else:
            utc = _in_zone(text.str.to_datetime(form, time_unit="ns", strict=False), zone)
    except pl.exceptions.PolarsError as error:
        raise BadInput(f"{form!r} is no pattern of a time: {str(error).splitlines()[0]}") from None
    return Moments(utc.dt.epoch("ns").rename("ts_ns"), dates_only)


def _in_zone(naive: pl.Series, zone: str) -> pl.Series:
    # A time that a clock change skips or repeats is no moment.
    return naive.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")


def _epochs(text: pl.Series) -> pl.Series:
    whole = pl.col("text").str.extract(_EPOCH, 1)
    unit_ns = whole.str.len_bytes().cast(pl.Int64).replace_strict(_EPOCH_NS, default=None)
    fraction = pl.col("text").str.extract(_EPOCH, 2).fill_null("0").str.slice(0, 9).str.pad_end(9, "0").cast(pl.Int64)
    ts_ns = whole.cast(pl.Int64) * unit_ns + fraction * unit_ns // _NS
    return pl.DataFrame({"text": text}).select(ts_ns.alias("ts_ns")).to_series()


def _shape_of(text: pl.Series) -> re.Pattern[str] | None:
    """The form that most of the first rows have."""
    sample = [str(each) for each in text.drop_nulls().head(1_000)]
    counts = [(sum(1 for each in sample if shape.match(each)), -n) for n, shape in enumerate(_FORMS)]
    most, place = max(counts)
    return _FORMS[-place] if most else None


def _proven_order(parts: pl.DataFrame, text: pl.Series) -> str:
    one, two = (parts[name].cast(pl.Int64, strict=False) for name in ("one", "two"))
    day_first, month_first = (one > 12).fill_null(False), (two > 12).fill_null(False)
    if day_first.any() and not month_first.any():
        return "dmy"
    if month_first.any() and not day_first.any():
        return "mdy"
    shown = next(each for each, known in zip(text, one.is_not_null(), strict=True) if known)
    if day_first.any():
        raise BadInput(f"dates like {shown!r} put now the day, now the month first: name the form with --time-format")
    raise BadInput(
        f"dates like {shown!r} may put the day or the month first: say --time-format dmy or --time-format mdy"
    )


def _assemble(parts: pl.DataFrame, zone: str) -> Moments:
    year = pl.col("year").cast(pl.Int64, strict=False)
    year = pl.when(pl.col("year").str.len_bytes() == 2).then(year + 2000).otherwise(year)
    clock = pl.col("clock").str.extract_groups(_CLOCK_PARTS.pattern)
    split = parts.with_columns(year.alias("year"), clock.alias("parts"))
    hour = pl.col("parts").struct.field("1").cast(pl.Int64, strict=False)
    half = pl.col("parts").struct.field("5").str.to_lowercase()
    hour = (
        pl.when(half.is_not_null() & ~hour.is_between(1, 12))
        .then(None)
        .when(half == "p")
        .then(hour % 12 + 12)
        .when(half == "a")
        .then(hour % 12)
        .otherwise(hour)
    )
    minute = pl.col("parts").struct.field("2").cast(pl.Int64, strict=False)
    second = pl.col("parts").struct.field("3").cast(pl.Int64, strict=False).fill_null(0)
    part_ns = pl.col("parts").struct.field("4").str.slice(0, 9).str.pad_end(9, "0").cast(pl.Int64, strict=False)
    sane = pl.col("year").is_between(*_YEARS)
    timed = pl.col("clock").is_not_null()
    good = ~timed | (hour.is_between(0, 23) & minute.is_between(0, 59) & second.is_between(0, 59))
    # Through text: a date that no month has becomes null there, not an error.
    day = pl.concat_str(
        pl.col("year"),
        pl.lit("-"),
        pl.col("month").cast(pl.String).str.zfill(2),
        pl.lit("-"),
        pl.col("day").cast(pl.String).str.zfill(2),
    ).str.to_date("%Y-%m-%d", strict=False)
    since_ns = ((hour * 60 + minute) * 60 + second) * _NS + part_ns.fill_null(0)
    naive = day.cast(pl.Datetime("ns")) + pl.duration(nanoseconds=since_ns.fill_null(0))
    frame = split.select(pl.when(sane & good).then(naive).alias("naive"), "zone", timed.alias("timed"))
    local = _in_zone(frame["naive"], zone).dt.epoch("ns")
    offset = _offset_ns(frame["zone"])
    explicit = frame["naive"].dt.epoch("ns") - offset
    ts_ns = explicit.fill_null(0).zip_with(frame["zone"].is_not_null(), local).rename("ts_ns")
    read = frame["naive"].is_not_null()
    timed_rows = frame["timed"] & read
    dates_only = bool(read.any()) and not timed_rows.any()
    # Where others tell a time of day, a bare date is not midnight but a row cut short.
    return Moments(ts_ns.set(~read if dates_only else ~timed_rows, None), dates_only)


def _offset_ns(zone: pl.Series) -> pl.Series:
    """What a written offset is ahead of UTC; null where none is written."""
    minutes = (
        pl.when(pl.col("zone").is_in(["Z", "UTC"]))
        .then(0)
        .when(pl.col("zone") == "IST")
        .then(330)
        .otherwise(
            (
                pl.col("zone").str.extract(r"^[+-](\d{2})", 1).cast(pl.Int64, strict=False) * 60
                + pl.col("zone").str.extract(r"(\d{2})$", 1).cast(pl.Int64, strict=False)
            )
            * pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1)
        )
    )
    return pl.DataFrame({"zone": zone}).select((minutes * 60 * _NS).alias("zone")).to_series()

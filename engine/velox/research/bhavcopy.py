"""Reader of the NSE's end-of-day files, the bhavcopies, in the three forms that they have had.

    cm26APR2021bhav.csv                            SYMBOL,SERIES,OPEN,…,LAST,PREVCLOSE,TOTTRDQTY,…,TIMESTAMP
    sec_bhavdata_full_26042021.csv                 SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, …
    BhavCopy_NSE_CM_0_0_0_20260715_F_0000.csv      TckrSymb,SctySrs,OpnPric,… since July 2024; FO for contracts

A share may be listed in several series; the candle is that of the first of EQ, BE, BZ, SM, ST that has traded.
Close is the exchange's own, the average of the last half hour; the last price is kept beside it. Contracts are counted
there in lots, here in units as everywhere else.
"""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import msgspec
import polars as pl

from velox.errors import BadInput
from velox.market import calendar
from velox.market.venues import offset_ns
from velox.research.candle_checks import PRICES, Series, readable_and_possible
from velox.research.candle_import import Ledger
from velox.research.catalog import CANDLE_SCHEMA, DAY_S, Catalog
from velox.research.decimals import scaled_column
from velox.research.findings import Finding, Findings
from velox.research.moments import read_moments
from velox.research.ohlcv import PRICE_DECIMALS, instrument_named
from velox.research.tables import Table, read_tables

__all__ = ["BhavOutcome", "Bhavcopy", "import_bhavcopies", "read_bhavcopy"]

_SERIES = ("EQ", "BE", "BZ", "SM", "ST")
_UDIFF = {
    "date": "TradDt", "symbol": "TckrSymb", "series": "SctySrs", "open": "OpnPric", "high": "HghPric",
    "low": "LwPric", "close": "ClsPric", "last": "LastPric", "prev_close": "PrvsClsgPric", "volume": "TtlTradgVol",
    "ticks": "TtlNbOfTxsExctd", "segment": "Sgmt", "contract": "FinInstrmNm", "lot": "NewBrdLotQty",
}  # fmt: skip
_FORMS = (
    _UDIFF,
    {
        "date": "DATE1", "symbol": "SYMBOL", "series": "SERIES", "open": "OPEN_PRICE", "high": "HIGH_PRICE",
        "low": "LOW_PRICE", "close": "CLOSE_PRICE", "last": "LAST_PRICE", "prev_close": "PREV_CLOSE",
        "volume": "TTL_TRD_QNTY", "ticks": "NO_OF_TRADES",
    },
    {
        "date": "TIMESTAMP", "symbol": "SYMBOL", "series": "SERIES", "open": "OPEN", "high": "HIGH", "low": "LOW",
        "close": "CLOSE", "last": "LAST", "prev_close": "PREVCLOSE", "volume": "TOTTRDQTY", "ticks": "TOTALTRADES",
    },
)  # fmt: skip
_OPTIONAL = {"ticks", "segment", "contract", "lot"}  # files before 2011 do not count trades


class Bhavcopy(msgspec.Struct, frozen=True):
    """One file as read: a row per instrument with `instrument`, `day` and the columns of a day's candle."""

    name: str
    rows: pl.DataFrame
    findings: Findings
    other_series: int  # rows of bonds, warrants and second listings


class BhavOutcome(msgspec.Struct, frozen=True):
    """What became of one file."""

    name: str
    days: list[dt.date]
    rows: int
    other_series: int
    findings: list[Finding]
    rejects: int
    left_out: int  # instruments that another file of the same import has given for the day
    fault: str = ""

    @property
    def sentence(self) -> str:
        """For people."""
        if self.fault:
            return self.fault if self.fault.startswith(self.name) else f"{self.name}: {self.fault}"
        told = (
            f"{self.name}: {', '.join(map(str, self.days))}, {self.rows:,} day candles, {self.rejects:,} rows rejected"
        )
        told += f", {self.other_series:,} of other series" if self.other_series else ""
        return told + (f", {self.left_out:,} already taken from another file" if self.left_out else "")


def read_bhavcopy(path: Path) -> list[Bhavcopy]:
    """Read a file, each member of a zip by itself; what is no bhavcopy is refused by name."""
    return [_read_table(table) for table in read_tables(path)]


def import_bhavcopies(
    files: Sequence[Path], catalog: Catalog, wanted: Collection[str] = (), done: Callable[[], None] = lambda: None
) -> list[BhavOutcome]:
    """Read and store files, of the wanted instruments alone where some are named.

    Only when nothing is taken from any file the whole import is refused.
    """
    ledger = Ledger(catalog)
    outcomes: list[BhavOutcome] = []
    for path in files:
        try:
            outcomes += [_store(ledger, copy, wanted) for copy in read_bhavcopy(path)]
        except BadInput as error:
            if len(files) == 1:
                raise
            outcomes.append(BhavOutcome(path.name, [], 0, 0, [], 0, 0, str(error)))
        done()
    if ledger.empty:
        more = f" (nor from the other {len(files) - 1} files)" if len(files) > 1 else ""
        raise BadInput(f"nothing was imported: {outcomes[0].sentence}{more}")
    return outcomes


def _store(ledger: Ledger, copy: Bhavcopy, wanted: Collection[str]) -> BhavOutcome:
    rows = copy.rows.filter(pl.col("instrument").is_in(list(wanted))) if wanted else copy.rows
    taken = left_out = 0
    for (instrument, day), frame in rows.partition_by("instrument", "day", as_dict=True).items():
        series = Series(str(instrument), DAY_S)
        if ledger.put(copy.name, series, day, frame.drop("instrument", "day")):
            left_out += 1
        else:
            taken += 1
    days = copy.rows["day"].unique().sort().to_list()
    fault = ""
    if not taken and not left_out:
        reasons = "; ".join(finding.sentence for finding in copy.findings.all if finding.rejected)
        fault = "it has none of the instruments asked for" if copy.rows.height else f"has no valid row: {reasons}"
    found = copy.findings
    return BhavOutcome(copy.name, days, taken, copy.other_series, found.all, found.rejects, left_out, fault)


def _read_table(table: Table) -> Bhavcopy:
    form = _form(table)
    findings = Findings()
    for line, reason in table.rejects:
        findings.add("the line is no row of the table", [(line, reason)])
    raw = table.frame.with_columns(pl.col(heading).str.strip_chars() for heading in form.values())
    moments = read_moments(raw[form["date"]], zone="Asia/Kolkata")
    frame = raw.select(
        "line",
        pl.concat_str([pl.col(form[name]) for name in ("symbol", "series", *PRICES)], separator=",").alias("shown"),
        pl.col(form["series"]).fill_null("").alias("series"),
        _names(raw, form),
        moments.ts_ns.alias("ts_open"),
        *(scaled_column(raw[form[name]], PRICE_DECIMALS).alias(name) for name in (*PRICES, "last", "prev_close")),
        _units(raw, form).alias("volume"),
        _trades(raw, form),
    )
    other = pl.col("instrument").str.starts_with("NSE:") & ~pl.col("series").is_in(_SERIES)
    own = frame.filter(~other.fill_null(value=False))
    own = findings.take_out(own, pl.col("instrument").is_null(), "the symbol is no name of an instrument")
    untraded = ((pl.col("volume") == 0) & (pl.col("open") == 0)).fill_null(value=False)
    findings.note(own, untraded, "not traded that day, hence no candle")
    rows = _one_a_day(readable_and_possible(own.filter(~untraded), findings), findings)
    return Bhavcopy(table.name, rows, findings, frame.select(other.sum()).item())


def _form(table: Table) -> dict[str, str]:
    for form in _FORMS:
        known = {name: heading for name, heading in form.items() if heading in table.frame.columns}
        if form.keys() - known.keys() <= _OPTIONAL:
            return known
    headings = ", ".join(name for name in table.frame.columns if name != "line") or "nothing"
    raise BadInput(f"{table.name} is no bhavcopy of the NSE: its columns are {headings}")


def _names(raw: pl.DataFrame, form: dict[str, str]) -> pl.Series:
    symbols = {each: instrument_named(each, "NSE") for each in raw[form["symbol"]].drop_nulls().unique()}
    names = [symbols.get(each) for each in raw[form["symbol"]]]
    if "segment" in form and "contract" in form:
        contracts = zip(names, raw[form["segment"]], raw[form["contract"]], strict=True)
        names = [instrument_named(of, "NFO") if segment == "FO" else name for name, segment, of in contracts]
    return pl.Series("instrument", names, dtype=pl.String)


def _units(raw: pl.DataFrame, form: dict[str, str]) -> pl.Series:
    volume = scaled_column(raw[form["volume"]], 0)
    if "lot" not in form or "segment" not in form:
        return volume
    lots = scaled_column(raw[form["lot"]], 0)
    return (volume * lots).zip_with((raw[form["segment"]] == "FO").fill_null(value=False), volume)


def _trades(raw: pl.DataFrame, form: dict[str, str]) -> pl.Series:
    if "ticks" not in form:
        return pl.Series("ticks", [0] * raw.height, dtype=pl.Int64)
    return scaled_column(raw[form["ticks"]], 0).fill_null(0).rename("ticks")


def _one_a_day(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """The candle of each instrument: of the first of its series, at midnight of its day."""
    day = pl.from_epoch(pl.col("ts_open") + offset_ns("NSE:"), time_unit="ns").dt.date()
    rank = pl.col("series").replace_strict({name: n for n, name in enumerate(_SERIES)}, default=0, return_dtype=pl.Int8)
    frame = frame.with_columns(day.alias("day"), rank.alias("rank"))
    again = ~pl.struct("instrument", "day", "series").is_first_distinct()
    frame = findings.take_out(frame.with_columns(again.alias("again")), pl.col("again"), "given twice")
    second = pl.col("rank") > pl.col("rank").min().over("instrument", "day")
    findings.note(frame, second, "another series of a share that has a candle already, hence left out")
    for closed in (day for day in frame["day"].unique().sort() if calendar.covered(day) and calendar.why_closed(day)):
        findings.note(
            frame, pl.col("day") == closed, f"the calendar has the market closed: {calendar.why_closed(closed)}"
        )
    known = frame.filter(~second).with_columns(pl.col("last", "prev_close").fill_null(0))
    return known.select("instrument", "day", *CANDLE_SCHEMA, "last", "prev_close")

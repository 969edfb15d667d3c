"""Downloading a broker's candles into the catalogue, day by day, so that what was interrupted goes on where it ended.

Days that the catalogue holds already are not asked for again. What a broker gives is judged by the same checks as an
imported file; a day's file appears when its candles are whole.
"""

import datetime as dt
from collections.abc import Callable, Sequence

import msgspec
import polars as pl

from velox.errors import BadInput
from velox.feeds.history import HistorySource
from velox.feeds.smartapi_rest import HistoryCandle
from velox.market import calendar
from velox.market.venues import offset_ns
from velox.research.candle_checks import PRICES, Series, checked_days
from velox.research.candle_import import Ledger
from velox.research.catalog import Catalog, length_text
from velox.research.findings import Finding, Findings
from velox.rupees import counted

__all__ = ["Download", "Downloaded", "Request", "download", "requests_of"]

_DAY = dt.timedelta(days=1)


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted; dates are inclusive."""

    instruments: Sequence[str]
    first: dt.date
    last: dt.date
    length_s: int
    again: bool = False  # ask for days that are kept already too
    as_of: dt.date | None = None


class Request(msgspec.Struct, frozen=True):
    """One call: the days of a stretch that are not kept yet."""

    instrument: str
    days: list[dt.date]


class Downloaded(msgspec.Struct, frozen=True):
    """What became of one instrument."""

    instrument: str
    taken: list[dt.date]
    kept: int  # days that the catalogue had
    empty: list[dt.date]  # days of which the broker gave no good candle
    rows: int
    findings: list[Finding]

    @property
    def sentence(self) -> str:
        """For people."""
        told = f"{self.instrument}: {counted(len(self.taken), 'day')}, {counted(self.rows, 'candle')}"
        told += f"; {counted(self.kept, 'day')} already there" if self.kept else ""
        if self.empty:
            told += f"; nothing of {counted(len(self.empty), 'day')} ({self.empty[0]} to {self.empty[-1]})"
        return told


def requests_of(wanted: Download, source: HistorySource, catalog: Catalog) -> list[Request]:
    """The calls that are needed, each as long as the broker allows."""
    limit = source.limits.days.get(wanted.length_s)
    if limit is None:
        known = ", ".join(length_text(length_s) for length_s in source.limits.days)
        raise BadInput(f"{source.name} has no candles of {length_text(wanted.length_s)}, only of {known}")
    if wanted.first > wanted.last:
        raise BadInput(f"{wanted.first} lies after {wanted.last}: --from must not be later than --to")
    days = _trading_days(wanted.first, wanted.last)
    found: list[Request] = []
    for name in dict.fromkeys(wanted.instruments):
        have = set() if wanted.again else _kept(catalog, name, wanted.length_s)
        for day in (day for day in days if day not in have):
            within = found and found[-1].instrument == name and (day - found[-1].days[0]).days < limit
            if within:
                found[-1].days.append(day)
            else:
                found.append(Request(name, [day]))
    return found


async def download(
    wanted: Download,
    source: HistorySource,
    catalog: Catalog,
    requests: Sequence[Request],
    done: Callable[[], None] = lambda: None,
) -> list[Downloaded]:
    """Make the calls and store what comes; days are written as they arrive."""
    ledger = Ledger(catalog)
    found = {name: Downloaded(name, [], 0, [], 0, []) for name in dict.fromkeys(wanted.instruments)}
    judged = {name: Findings() for name in found}
    asked = 0
    for request in requests:
        series = Series(request.instrument, wanted.length_s, wanted.as_of)
        given = await source.candles(request.instrument, wanted.length_s, request.days[0], request.days[-1])
        days = checked_days(_frame(given, asked), series, judged[request.instrument])
        asked += len(given)
        outcome = found[request.instrument]
        rows = 0
        for day in request.days:
            frame = days.get(day)
            if frame is None:
                outcome.empty.append(day)
                continue
            ledger.put(source.name, series, day, frame)
            outcome.taken.append(day)
            rows += frame.height
        found[request.instrument] = msgspec.structs.replace(outcome, rows=outcome.rows + rows)
        done()
    due = len(_trading_days(wanted.first, wanted.last))
    return [
        msgspec.structs.replace(each, kept=due - len(each.taken) - len(each.empty), findings=judged[name].all)
        for name, each in found.items()
    ]


def _kept(catalog: Catalog, name: str, length_s: int) -> set[dt.date]:
    return {e.day for e in catalog.entries() if e.instrument == name and e.candles and e.length_s == length_s}


def _trading_days(first: dt.date, last: dt.date) -> list[dt.date]:
    """The days on which the market trades, or may trade where the calendar does not reach."""
    days = (first + n * _DAY for n in range((last - first).days + 1))
    return [day for day in days if calendar.why_closed(day) is None]


def _frame(given: Sequence[HistoryCandle], before: int) -> pl.DataFrame:
    """The candles as rows to be checked; a candle's line is its place among all that were given."""
    names = ("ts_open_ns", *PRICES, "volume")
    columns = {name: [getattr(candle, name) for candle in given] for name in names}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.Int64)).rename({"ts_open_ns": "ts_open"})
    shown = pl.from_epoch(pl.col("ts_open") + offset_ns("NSE:"), time_unit="ns").dt.strftime("%Y-%m-%d %H:%M:%S")
    return frame.with_columns(pl.int_range(before + 1, before + 1 + pl.len()).alias("line"), shown.alias("shown"))

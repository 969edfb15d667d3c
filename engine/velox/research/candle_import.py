"""Bringing candles into the catalogue: a file a day, with an account of what was taken and what was not."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import polars as pl

from velox.errors import BadInput
from velox.market.venues import venue_of
from velox.research.candle_checks import Series, is_index
from velox.research.catalog import Catalog, Entry, length_text
from velox.research.findings import Finding, Findings
from velox.research.ohlcv import CandleFile

__all__ = ["CandleOutcome", "Ledger", "import_candles"]

_Key = tuple[str, dt.date, int]


class CandleOutcome(msgspec.Struct, frozen=True):
    """What became of one instrument's candles of one file; no day was taken where it has a fault."""

    name: str
    series: Series
    days: list[dt.date]
    rows: int
    findings: list[Finding]
    rejects: int
    left_out: list[str]  # days that another file of the same import has given already
    fault: str = ""

    @property
    def sentence(self) -> str:
        """For people, e.g. `a.csv: NSE:RELIANCE 1m, 2 days (…), 750 candles, 3 rows rejected`."""
        if self.fault:
            return self.fault if self.fault.startswith(self.name) else f"{self.name}: {self.fault}"
        span = (
            str(self.days[0]) if len(self.days) == 1 else f"{len(self.days)} days ({self.days[0]} to {self.days[-1]})"
        )
        what = f"{self.series.instrument} {length_text(self.series.length_s)}, {span}"
        return f"{self.name}: {what}, {self.rows:,} candles, {self.rejects:,} rows rejected"


class Ledger:
    """Which days an import has written; the second giver of a day is left out, for joining two would make a third."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._stored: dict[_Key, str] = {}

    def store(self, name: str, series: Series, days: dict[dt.date, pl.DataFrame], findings: Findings) -> CandleOutcome:
        """Write the days of one file."""
        taken: list[dt.date] = []
        left_out: list[str] = []
        rows = 0
        for day, frame in days.items():
            if giver := self.put(name, series, day, frame):
                left_out.append(f"left out: {series.instrument} of {day} was already taken from {giver}")
            else:
                taken.append(day)
                rows += frame.height
        fault = "" if taken else _fault(findings.all, left_out)
        return CandleOutcome(name, series, taken, rows, findings.all, findings.rejects, left_out, fault)

    def put(self, name: str, series: Series, day: dt.date, frame: pl.DataFrame) -> str:
        """Write one day; returns the file that gave it before, if one did, and leaves it as it is."""
        key = (series.instrument, day, series.length_s)
        if (giver := self._stored.get(key)) is None:
            self._catalog.store(_entry(name, series, day, frame), frame.drop("prev_close", strict=False))
            self._stored[key] = name
        return giver or ""

    @property
    def empty(self) -> bool:
        """Whether nothing has been written."""
        return not self._stored


def import_candles(
    files: Sequence[Path],
    read: Callable[[Path], list[CandleFile]],
    catalog: Catalog,
    done: Callable[[], None] = lambda: None,
) -> list[CandleOutcome]:
    """Read and store files; only when not one of them has a valid candle is the whole import refused."""
    ledger = Ledger(catalog)
    outcomes: list[CandleOutcome] = []
    for path in files:
        try:
            for found in read(path):
                outcomes.append(ledger.store(found.name, found.series, found.days, found.findings))
        except BadInput as error:
            if len(files) == 1:
                raise
            outcomes.append(_unusable(path, str(error)))
        done()
    if ledger.empty:
        first = outcomes[0].sentence
        more = f" (and none of the other {len(files) - 1} files has one)" if len(files) > 1 else ""
        raise BadInput(f"nothing was imported: {first}{more}")
    return outcomes


def _unusable(path: Path, fault: str) -> CandleOutcome:
    return CandleOutcome(path.name, Series("", 0), [], 0, [], 0, [], fault)


def _entry(name: str, series: Series, day: dt.date, frame: pl.DataFrame) -> Entry:
    venue = venue_of(series.instrument, day)
    return Entry(
        instrument=series.instrument,
        day=day,
        is_index=is_index(series.instrument),
        candles=True,
        length_s=series.length_s,
        source=name,
        prev_close=int(frame["prev_close"].item(0)) if "prev_close" in frame.columns else 0,
        quantity_decimals=venue.quantity_decimals if venue else 0,
    )


def _fault(findings: Sequence[Finding], left_out: Sequence[str]) -> str:
    if left_out:
        return left_out[0]
    reasons = "; ".join(finding.sentence for finding in findings if finding.rejected)
    return f"has no valid candle: {reasons}" if reasons else "has no candle"

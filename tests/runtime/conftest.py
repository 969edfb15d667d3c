"""One undisturbed day, against which the disturbed ones are held."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.runtime.processes import BUSY, candles_of, check_journal, paper

import velox_core
from velox.events import Kind
from velox.research.catalog import Catalog
from velox.simulator.session import Plan, generate

FIRST, SECOND = dt.date(2026, 8, 4), dt.date(2026, 8, 5)


class Undisturbed(msgspec.Struct, frozen=True):
    """A paper day that nothing interrupted."""

    report: dict[str, Any]
    candles: bytes
    records: int
    journal: Path

    def tick_near(self, seq: int) -> int:
        """A tick among ten on both sides at or after a record: other days have it within a few records of there."""
        ticks = [number for _, number, *_ in velox_core.JournalReader(self.journal, kinds=[Kind.TICK])]
        runs = zip(ticks, ticks[10:], ticks[20:], strict=False)
        return next(middle for first, middle, last in runs if first >= seq and last - first == 20)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The day as it goes when nobody interferes."""
    journal = tmp_path_factory.mktemp("undisturbed") / "journal"
    with paper(journal, BUSY, "ema_cross", "--speed", "max") as day:
        assert day.wait() == 0, day.output
        report = day.report()
    state = check_journal(journal, report)
    assert report["finished"] and not report["interruptions"]
    assert all(s["round_trips"] > 0 for s in report["strategies"]), "the day must give something to lose"
    return Undisturbed(report, candles_of(journal), state["as_of"][1], journal)


@pytest.fixture(scope="session")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue with two generated days; HDFCBANK's ends at 15:15 with a closing auction, the index's at 15:30."""
    folder = tmp_path_factory.mktemp("days") / "catalog"
    names = ("NSE:NIFTY", "NSE:HDFCBANK", "NSE:INFY")
    generate(Plan(first=FIRST, days=2, warmup_days=2, instruments=names), Catalog(folder))
    return folder

"""One undisturbed day, against which the disturbed ones are held."""

from typing import Any

import msgspec
import pytest
from tests.runtime.processes import BUSY, candles_of, check_journal, paper


class Undisturbed(msgspec.Struct, frozen=True):
    """A paper day that nothing interrupted."""

    report: dict[str, Any]
    candles: bytes
    records: int


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
    return Undisturbed(report, candles_of(journal), state["as_of"][1])

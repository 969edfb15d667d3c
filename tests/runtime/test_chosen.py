"""What a strategy has chosen to watch is there again when its engine has died, and says the same."""

from pathlib import Path

import msgspec
import pytest
from tests.runtime.processes import CHOOSER, check_journal, paper

import velox_core
from velox.events import Kind, UserValue

pytestmark = [pytest.mark.fault, pytest.mark.timeout(110)]


def _lines(journal: Path) -> list[str]:
    rows = velox_core.JournalReader(journal, kinds=[Kind.USER_VALUE])
    return [msgspec.msgpack.decode(payload, type=UserValue).text for _, _, _, _, _, payload in rows]


def test_killed_in_mid_day_it_goes_on_with_what_was_chosen(tmp_path: Path) -> None:
    with paper(tmp_path / "whole", CHOOSER, "--speed", "max") as day:
        assert day.wait() == 0, day.output
        whole = day.report()
    records = check_journal(tmp_path / "whole", whole)["as_of"][1]
    said = _lines(tmp_path / "whole")
    assert whole["strategies"][0]["round_trips"] > 5 and sum("nan" not in line for line in said) > 300
    with paper(tmp_path / "cut", CHOOSER, "--speed", "3000") as day:
        for share in (0.3, 0.5, 0.7):  # before noon and after it
            day.kill_engine(int(records * share))
        assert day.wait() == 0, day.output
        cut = day.report()
    check_journal(tmp_path / "cut", cut)
    assert cut["finished"] and len(cut["interruptions"]) == 3
    assert not cut["strategies"][0]["faulted"]
    # Hooks that were in flight at a death are lost by rule; whatever ran says the same.
    lost = sum(len(each["lost"]) for each in cut["interruptions"])
    again = _lines(tmp_path / "cut")
    assert set(again) <= set(said) and len(said) - len(again) <= lost
    if not lost:
        assert cut["decisions_hash"] == whole["decisions_hash"]

"""Walk-forward: windows in trading days, no look-ahead, and tests that are the single runs of those days."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.acceptance.product import velox
from tests.sweep.conftest import store_days

from velox.backtest.choose import Ask
from velox.backtest.run import run
from velox.errors import BadInput
from velox.research.catalog import Catalog
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings
from velox.sweep.job import Job
from velox.sweep.prepare import SweepAsk, prepare
from velox.sweep.walk import Walk, Window, parse_walk, windows
from velox.sweep.work import Desk

# Each starts processes, which takes long where many work.
pytestmark = pytest.mark.timeout(300)

DAYS = [dt.date(2026, 7, 1) + dt.timedelta(days=n) for n in range(10)]


def test_lengths_are_read_and_the_step_is_the_test_unless_given() -> None:
    assert parse_walk("train=20,test=5") == Walk(20, 5, 5)
    assert parse_walk("test=2, train=3, step=4") == Walk(3, 2, 4)


@pytest.mark.parametrize("text", ["train=2", "train=0,test=1", "train=2,test=x", "train=2,test=1,train=3", "a=1", ""])
def test_what_is_no_walk_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="--walk-forward train=20,test=5"):
        parse_walk(text)


def test_a_step_that_counts_days_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="counted twice"):
        parse_walk("train=5,test=3,step=2")


def test_each_test_begins_behind_its_days_of_choice() -> None:
    found = windows(DAYS, Walk(4, 2, 2))
    assert [(w.train_first.day, w.train_last.day, w.test_first.day, w.test_last.day) for w in found] == [
        (1, 4, 5, 6),
        (3, 6, 7, 8),
        (5, 8, 9, 10),
    ]
    assert windows(DAYS, Walk(8, 2, 2)) == [Window(DAYS[0], DAYS[7], DAYS[8], DAYS[9])]
    with pytest.raises(BadInput, match="10 days are too few"):
        windows(DAYS, Walk(9, 2, 2))


def _walked(cross: Path, catalog: Path, out: Path) -> dict[str, Any]:
    words = ["-p", "fast=2:6:2", "-p", "slow=8,20", "--walk-forward", "train=2,test=1", "--json", out.with_suffix(".j")]
    told = velox("sweep", cross, "--catalog", catalog, "--out", out, *words)
    assert told.returncode == 0, told.stderr
    assert "Out of sample" in told.stdout
    found: dict[str, Any] = json.loads(out.with_suffix(".j").read_bytes())["walk_forward"]
    return found


def test_each_part_is_the_single_run_of_its_days(cross: Path, tmp_path: Path) -> None:
    store_days(tmp_path / "days", 5)
    found = _walked(cross, tmp_path / "days", tmp_path / "out")
    assert len(found["each"]) == found["windows"] == 3
    for each in found["each"]:
        plans = [StrategyPlan(str(cross), each["params"])]
        for part, first, last in (
            ("chosen", each["days"]["train_first"], each["days"]["train_last"]),
            ("tested", each["days"]["test_first"], each["days"]["test_last"]),
        ):
            span = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
            alone = run(Ask(plans=plans, catalog=tmp_path / "days", first=span[0], last=span[1]), Settings())
            assert (each[part]["result_hash"], each[part]["net_pnl"]) == (alone.result_hash, alone.net_pnl)
            assert alone.fills > 0
    tested = [each["tested"] for each in found["each"]]
    assert found["daily_pnl"] == [value for part in tested for value in part["daily_pnl"]]
    assert found["net_pnl"] == pytest.approx(sum(part["net_pnl"] for part in tested))
    assert found["round_trips"] == sum(part["round_trips"] for part in tested)


def test_days_of_a_test_and_after_it_have_no_say_in_the_choice(cross: Path, tmp_path: Path) -> None:
    """The day of the first test is mirrored: its own result changes, the choice for it and what was known do not."""
    store_days(tmp_path / "true", 4)
    store_days(tmp_path / "other", 4, mirrored=frozenset({2}))
    true, other = (_walked(cross, tmp_path / name, tmp_path / f"{name}-out") for name in ("true", "other"))
    first, changed = true["each"][0], other["each"][0]
    assert first["params"] == changed["params"]
    assert first["chosen"] == changed["chosen"]
    assert first["tested"]["result_hash"] != changed["tested"]["result_hash"]
    assert true["each"][1]["chosen"]["result_hash"] != other["each"][1]["chosen"]["result_hash"]


def test_a_walk_goes_on_where_it_ended(cross: Path, tmp_path: Path) -> None:
    store_days(tmp_path / "days", 4)
    once = _walked(cross, tmp_path / "days", tmp_path / "out")
    file = tmp_path / "out" / "outcomes.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:5]) + lines[5][:30])
    assert _walked(cross, tmp_path / "days", tmp_path / "out") == once


def test_a_metric_that_says_nothing_chooses_nothing(cross: Path, three_days: Path, tmp_path: Path) -> None:
    """A single day has no Sharpe ratio: the first set is not the best one for that."""
    words = ["-p", "fast=2:3", "--walk-forward", "train=1,test=1", "--metric", "sharpe", "--json", tmp_path / "j"]
    told = velox("sweep", cross, "--catalog", three_days, "--out", tmp_path / "out", *words)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("no set could be chosen") == 2
    found = json.loads((tmp_path / "j").read_bytes())["walk_forward"]
    assert [each["params"] for each in found["each"]] == [None, None] and found["days"] == 0


def test_an_instrument_that_lacks_the_first_day_of_a_window_is_as_alone(cross: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "days"
    dates = store_days(catalog, 5)
    for path in (catalog / "NSE" / "RELIANCE").iterdir():
        (catalog / "NSE" / "INFY").mkdir(exist_ok=True)
        entry = next(e for e in Catalog(catalog).of_instrument("NSE:RELIANCE") if path.name.startswith(str(e.day)))
        if entry.day != dates[2]:
            Catalog(catalog).store(msgspec.structs.replace(entry, instrument="NSE:INFY"), Catalog(catalog).read(entry))
    ask = SweepAsk(
        target=str(cross),
        params={"symbol": "NSE:RELIANCE,NSE:INFY"},
        catalog=catalog,
        walk=Walk(train=2, test=2, step=2),
    )
    prepared = prepare(ask, Settings())
    (window,) = prepared.windows
    assert window.test_first == dates[2]
    market = prepared.market_of[1]
    job = Job(0, prepared.space.sets[1], market, window.test_first, window.test_last)
    figures = Desk(prepared.setup, prepared.arrays).work(job).figures
    plans = [StrategyPlan(str(cross), job.params)]
    alone = run(Ask(plans=plans, catalog=catalog, first=job.first, last=job.last), Settings())
    assert figures is not None and alone.days == 1 and alone.fills > 0
    assert (figures.result_hash, figures.net_pnl) == (alone.result_hash, alone.net_pnl)

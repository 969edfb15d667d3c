"""Days held for many runs are the days themselves: rows, warm-up and price steps, in memory once."""

import datetime as dt
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.sweep.conftest import SYMBOL, store_days

from velox.backtest.choose import Ask, choose
from velox.backtest.run import run
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR
from velox.runtime.plan import StrategyPlan
from velox.secret import Secret
from velox.settings import FeedSettings, Settings, SmartapiSettings
from velox.sweep.crew import LocalCrew
from velox.sweep.held import days_of, hold, open_arrays, save_arrays
from velox.sweep.job import Job
from velox.sweep.prepare import SweepAsk, prepare
from velox.sweep.schedule import outcomes
from velox.sweep.work import Desk


def _ask(cross: Path, catalog: Path) -> Ask:
    return Ask(plans=[StrategyPlan(str(cross), {"fast": "3"})], catalog=catalog)


def test_rows_and_earlier_candles_are_those_of_the_catalogue(cross: Path, tmp_path: Path) -> None:
    dates = store_days(tmp_path / "days", 4)
    chosen = choose(_ask(cross, tmp_path / "days"))
    market, arrays = hold("m", chosen, Catalog(tmp_path / "days"), [dates[2]], [60, 180])
    save_arrays(tmp_path / "arrays", arrays)
    mapped = open_arrays(tmp_path / "arrays")
    for held, day in zip(days_of(market, mapped, None), chosen.days, strict=True):
        assert (held.date, held.synthetic, held.facts) == (day.date, day.synthetic, day.facts)
        for name in ("inst", "ts_ns", "place_ns", "price", "volume"):
            np.testing.assert_array_equal(getattr(held.rows(), name), getattr(day.rows(), name))
    asked = [(dates[0], dt.date.min), (dates[1], dates[0]), (dates[2], dt.date.min), (dates[3], dates[2])]
    held_days = {day.date: day for day in days_of(market, mapped, None)}
    true_days = {day.date: day for day in chosen.days}
    for date, after in asked:
        told = held_days[date].history(SYMBOL, 60, 30, after)
        np.testing.assert_array_equal(told, true_days[date].history(SYMBOL, 60, 30, after))
    assert len(held_days[dates[2]].history(SYMBOL, 60, 30, dt.date.min)) > 700


def test_workers_map_the_columns_and_none_holds_a_copy(cross: Path, three_days: Path, tmp_path: Path) -> None:
    chosen = choose(_ask(cross, three_days))
    _, arrays = hold("m", chosen, Catalog(three_days), [], [60])
    save_arrays(tmp_path / "arrays", arrays)
    mapped = open_arrays(tmp_path / "arrays")
    assert mapped.keys() == arrays.keys()
    for name, array in mapped.items():
        assert isinstance(array.base, np.memmap) and not array.flags.writeable, name


def test_a_run_warms_up_with_kept_candles_as_a_single_run_does(cross: Path) -> None:
    """The day that comes with the package has earlier days as candles alone, and a book beside its prices."""
    prepared = prepare(SweepAsk(target=str(cross), params={"fast": "3", "slow": "40"}, catalog=SAMPLE_DIR), Settings())
    job = Job(0, prepared.space.sets[0], 0, prepared.days[0], prepared.days[-1])
    figures = Desk(prepared.setup, prepared.arrays).work(job).figures
    alone = run(Ask(plans=[StrategyPlan(str(cross), job.params)], catalog=SAMPLE_DIR), Settings())
    assert figures is not None and alone.fills > 4
    assert (figures.result_hash, figures.net_pnl, figures.bars) == (alone.result_hash, alone.net_pnl, alone.bars)
    assert any(len(array) for name, array in prepared.arrays.items() if SYMBOL.replace(":", "-") in name)


def test_data_that_changes_has_another_digest(cross: Path, tmp_path: Path) -> None:
    digests = []
    for name, mirrored in (("a", frozenset[int]()), ("b", frozenset({1})), ("c", frozenset[int]())):
        store_days(tmp_path / name, 2, mirrored=mirrored)
        chosen = choose(_ask(cross, tmp_path / name))
        digests.append(hold("m", chosen, Catalog(tmp_path / name), [], [180])[0].digest)
    assert digests[0] == digests[2] != digests[1]


def test_what_workers_are_told_holds_no_secret(cross: Path, three_days: Path) -> None:
    word = "a-word-that-nobody-may-see"
    own = SmartapiSettings(client_code="C", api_key=Secret(word), pin=Secret(word), totp_secret=Secret(word))
    settings = Settings(feed=FeedSettings(smartapi=own))
    prepared = prepare(SweepAsk(target=str(cross), params={"fast": "3"}, catalog=three_days), settings)
    assert word.encode() not in msgspec.json.encode(prepared.setup)
    assert word not in str(prepared.about)


@pytest.mark.parametrize("code", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGSEGV)"])
@pytest.mark.timeout(120)
def test_the_reason_of_a_death_is_told(cross: Path, three_days: Path, tmp_path: Path, code: str) -> None:
    cross.write_text(cross.read_text().replace('raise ValueError("no")', code))
    params = {"fast": "3:4", "slow": "9", "how": "raise"}
    prepared = prepare(SweepAsk(target=str(cross), params=params, catalog=three_days), Settings())
    jobs = [Job(n, each, 0, prepared.days[0], prepared.days[0]) for n, each in enumerate(prepared.space.sets)]
    crew = LocalCrew(prepared.setup, prepared.arrays, tmp_path / "columns")
    try:
        found = {each.job.params["fast"]: each for each in outcomes(crew, jobs, 1)}
    finally:
        crew.close()
    wanted = "ended with status 3" if "exit" in code else "ended by SIGSEGV"
    assert found["3"].figures is not None and wanted in found["4"].failed

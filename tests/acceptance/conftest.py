"""Recorded days that several tests look at, run once."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.acceptance.product import demo, engine, told_by
from tests.acceptance.recorded import SAMPLED, Recorded
from tests.acceptance.truth import instrument_name

from velox.runtime.plan import Plan, StrategyPlan

_WATCHER = Path(__file__).with_name("watcher.py")
_DATE = "2021-04-26"


@pytest.fixture(scope="session")
def april_26(shared: Path) -> Path:
    """The recorded day of 25 instruments."""
    return shared / "data" / "nse_ticks_2021" / "26-April-2021"


@pytest.fixture(scope="session")
def streamed(april_26: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """That day through the simulator's socket at full speed with the shipped strategies."""
    run = demo(tmp_path_factory.mktemp("streamed") / "journal", april_26, feed="socket")
    return Recorded(april_26, run, told_by(run.journal))


@pytest.fixture(scope="session")
def watched(april_26: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """That day with every indicator declared on every instrument."""
    names = [instrument_name(path) for path in sorted(april_26.glob("*/*.csv.gz"))]
    return _run("Watcher", names, april_26, tmp_path_factory.mktemp("watched") / "journal")


@pytest.fixture(scope="session")
def sampled(april_26: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """That day with five instruments whose forming values are noted now and then."""
    return _run("Sampler", SAMPLED, april_26, tmp_path_factory.mktemp("sampled") / "journal")


def _run(strategy: str, names: Sequence[str], day: Path, journal: Path) -> Recorded:
    plan = Plan(
        journal=str(journal),
        strategies=[StrategyPlan(f"{_WATCHER}:{strategy}", {"symbol": name}) for name in names],
        date=_DATE,
        watched=list(names),
        day=str(day),
        feed="direct",
    )
    run = engine(plan)
    return Recorded(day, run, told_by(run.journal))

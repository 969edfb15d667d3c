"""Every strategy that ships, on every given day: over the socket it trades what its back-test trades."""

import importlib.metadata
import json
from collections.abc import Collection
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from tests.acceptance.product import velox
from tests.conftest import shared_path

from velox import journal
from velox.research.days import SAMPLE_DIR

_SHIPPED = sorted(found.name for found in importlib.metadata.entry_points(group="velox.strategies"))
# The given days, and who finds nothing to do on them with the parameters that ship.
_DAYS = {
    "15-April-2021": {"SuperTrendTwo"},
    "26-April-2021": {"RsiReversal", "VwapPullback"},
    "08-June-2021": {"RsiReversal", "SuperTrendTwo"},
}
_FIGURES = ("name", "account", "instrument", "orders", "fills", "round_trips", "gross_pnl", "charges", "net_pnl")


# Those that take a list of symbols.
_SEVERAL = {"cash_pair", "rsi_best_three"}


def _run(folder: Path, names: Collection[str], *words: object) -> dict[str, dict[str, object]]:
    """Run a command on strategies, each on an account of its own; gives what is told of each."""
    folder.joinpath("velox.toml").write_text("".join(f"[accounts.{name}]\n" for name in names))
    told = folder / "told.json"
    ended = velox(*words, *(f"{name}@{name}" for name in names), "--json", told, cwd=folder)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return {each["name"]: {key: each[key] for key in _FIGURES} for each in json.loads(told.read_bytes())["strategies"]}


def _assert_same(
    folder: Path, names: Collection[str], day: Path, catalog: Path, *params: str
) -> dict[str, dict[str, object]]:
    paper, back = folder / "paper", folder / "back"
    traded = _run(folder, names, "paper", "--day", day, "--speed", "max", "--journal", paper, *params)
    assert traded == _run(folder, names, "backtest", "--catalog", catalog, "--journal", back, *params)
    for read in (journal.orders, journal.fills, journal.positions):
        assert_frame_equal(*(read(way).drop("run", "seq") for way in (back, paper)))
    return traded


def _idle(traded: dict[str, dict[str, object]]) -> set[str]:
    """The strategies without a fill."""
    filled = {name.partition(":")[0] for name, each in traded.items() if each["fills"]}
    return {name.partition(":")[0] for name in traded} - filled


@pytest.mark.timeout(280)
@pytest.mark.parametrize("day", _DAYS)
def test_a_recorded_day_over_the_socket_is_its_back_test(day: str, tmp_path: Path) -> None:
    recorded, catalog = shared_path("data", "nse_ticks_2021", day), tmp_path / "catalog"
    assert velox("data", "import", "--format", "nse-ticks", recorded, "--catalog", catalog).returncode == 0
    assert _idle(_assert_same(tmp_path, _SHIPPED, recorded, catalog)) == _DAYS[day]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("names", "symbol", "idle"),
    [
        ({*_SHIPPED} - _SEVERAL, "NSE:RELIANCE", {"SuperTrendTwo", "VwapPullback"}),
        (_SEVERAL, "NSE:HDFCBANK,NSE:ICICIBANK", set()),
    ],
    ids=["one", "several"],
)
def test_the_generated_day_over_the_socket_is_its_back_test(
    names: set[str], symbol: str, idle: set[str], tmp_path: Path
) -> None:
    traded = _assert_same(tmp_path, sorted(names), SAMPLE_DIR, SAMPLE_DIR, "-p", f"symbol={symbol}")
    assert _idle(traded) == idle


def test_none_is_idle_on_every_day() -> None:
    assert not set.intersection(*_DAYS.values())

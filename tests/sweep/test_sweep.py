"""Sweeps as users run them: the single runs' results, on all cores, whatever happens to workers and to the sweep."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from tests.acceptance.product import velox
from tests.conftest import shared_path
from tests.runtime.processes import until
from tests.sweep.conftest import SYMBOL

from velox.backtest.choose import Ask
from velox.backtest.run import Result, run
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR
from velox.research.importer import import_recordings
from velox.research.nse_ticks import find_recordings
from velox.runtime.plan import StrategyPlan
from velox.rupees import grouped
from velox.settings import Settings
from velox.sweep.job import Figures, Job, Outcome
from velox.sweep.prepare import SweepAsk, prepare
from velox.sweep.work import Desk

# Each starts processes, which takes long where many work.
pytestmark = pytest.mark.timeout(300)

_FIGURES = [name for name in Figures.__struct_fields__ if name not in ("faulted", "notes")]


_LATE = """
from velox import EMA, Bars, Param, Strategy, at, intraday

class Late(Strategy):
    symbol = Param("NSE:RELIANCE")
    slow = Param(9, range(3, 60))
    bars = Bars(symbol, "1m")
    session = intraday("09:20")

    @at("09:45")
    def choose(self):
        self.lead = self.watch(EMA(Bars("NSE:INFY", "3m").close, self.slow))

    def on_bar(self, bar):
        if self.lead > self.lead[1]:
            self.go_long(stop=bar.low * 0.99, qty=10)
        elif self.lead < self.lead[1]:
            self.go_flat()
"""


def _sweep(cross: Path, catalog: Path, out: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return velox("sweep", cross, "--catalog", catalog, "--out", out, "--json", out.with_suffix(".json"), *words)


def _figures(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out.with_suffix(".json").read_bytes())
    return found


def _outcomes(out: Path) -> list[Outcome]:
    lines = (out / "outcomes.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Outcome) for line in lines]


def _alone(cross: Path, catalog: Path, outcome: Outcome, **ask: Any) -> Result:
    job = outcome.job
    plans = [StrategyPlan(str(cross), job.params)]
    return run(Ask(plans=plans, catalog=catalog, first=job.first, last=job.last, **ask), Settings())


def assert_equal_alone(cross: Path, catalog: Path, found: list[Outcome], **ask: Any) -> int:
    """Every figure of these sets is that of a back-test of the set alone; gives all fills."""
    fills = 0
    for outcome in found:
        assert outcome.figures is not None, outcome.failed
        result = _alone(cross, catalog, outcome, **ask)
        assert {name: getattr(outcome.figures, name) for name in _FIGURES} == {
            name: getattr(result, name) for name in _FIGURES
        }
        assert outcome.figures.faulted == any(strategy.faulted for strategy in result.strategies)
        fills += result.fills
    return fills


def test_each_set_gives_what_its_single_run_gives(cross: Path, three_days: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = _sweep(cross, three_days, out, "-p", "fast=2:5", "-p", "slow=9,12", "-p", "timeframe=2m,3m")
    assert told.returncode == 0, told.stderr
    found = _outcomes(out)
    assert len(found) == 16
    assert assert_equal_alone(cross, three_days, found[::3]) > 20
    assert len({outcome.figures.result_hash for outcome in found if outcome.figures}) > 10
    assert "SYNTHETIC" in told.stdout


def test_a_set_that_watches_what_its_hooks_choose_is_its_single_run_too(tmp_path: Path) -> None:
    file, out = tmp_path / "late.py", tmp_path / "out"
    file.write_text(_LATE)
    assert _sweep(file, SAMPLE_DIR, out, "-p", "slow=9,30", "--watch", "NSE:INFY").returncode == 0
    found = _outcomes(out)
    assert assert_equal_alone(file, SAMPLE_DIR, found, watched=["NSE:INFY"]) > 4 and len(found) == 2
    assert not any(outcome.figures.faulted for outcome in found if outcome.figures)


def test_the_command_of_a_single_run_gives_the_same_hash(cross: Path, three_days: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    account = ["--capital", "300000", "--slippage", "3", "--latency", "80", "--charges", "statutory"]
    assert _sweep(cross, three_days, out, "-p", "fast=3:4", *account).returncode == 0
    best = _figures(out)["best"][0]
    alone = tmp_path / "alone.json"
    words = ["-p", f"fast={best['params']['fast']}", *account, "--json", alone]
    assert velox("backtest", cross, "--catalog", three_days, *words).returncode == 0
    single = json.loads(alone.read_bytes())
    assert {name: best[name] for name in _FIGURES} == {name: single[name] for name in _FIGURES}


def test_each_set_of_given_days_gives_what_its_single_run_gives(cross: Path, tmp_path: Path) -> None:
    """Recorded days far apart, each of which begins anew, and two instruments traded at once."""
    catalog = Catalog(tmp_path / "catalog")
    folders = [shared_path("data", "nse_ticks_2021", day) for day in ("15-April-2021", "26-April-2021")]
    import_recordings([p for p in find_recordings(folders) if p.name.startswith(("INFY", "TCS"))], catalog)
    for out, words in (
        (tmp_path / "swept", ["-p", "symbol=NSE:INFY,NSE:TCS"]),
        (tmp_path / "both", ["--instruments", "NSE:INFY,NSE:TCS"]),
    ):
        told = _sweep(cross, catalog.root, out, "-p", "fast=2,5", "-p", "slow=20", *words)
        assert told.returncode == 0, told.stderr
    assert assert_equal_alone(cross, catalog.root, _outcomes(tmp_path / "swept")) > 10
    names = ("NSE:INFY", "NSE:TCS")
    for outcome in _outcomes(tmp_path / "both"):
        plans = [StrategyPlan(str(cross), {**outcome.job.params, "symbol": name}) for name in names]
        result = run(Ask(plans=plans, catalog=catalog.root), Settings())
        assert outcome.figures is not None
        assert (outcome.figures.result_hash, outcome.figures.net_pnl) == (result.result_hash, result.net_pnl)


def test_the_table_the_files_and_the_page_say_the_same(cross: Path, three_days: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = _sweep(cross, three_days, out, "-p", "fast=2:5", "-p", "slow=4:12:4", "--top", "3")
    frame = pl.read_parquet(out / "results.parquet")
    assert frame.height == 10
    assert frame["fast"].dtype == pl.Int64
    best = frame.sort("net_pnl", descending=True).row(0, named=True)
    first = _figures(out)["best"][0]
    assert first["params"] == {"fast": str(best["fast"]), "slow": str(best["slow"])}
    assert first["net_pnl"] == best["net_pnl"] and len(_figures(out)["best"]) == 3
    assert grouped(best["net_pnl"], 2) in told.stdout
    assert pl.read_csv(out / "results.csv")["result_hash"].to_list() == frame["result_hash"].to_list()
    page = (out / "heatmap.html").read_text()
    assert grouped(best["net_pnl"], 2) in page and "SYNTHETIC" in page
    assert not (out / "columns").exists()


def test_sets_that_break_a_requirement_are_left_out_and_counted(cross: Path, three_days: Path, tmp_path: Path) -> None:
    told = _sweep(cross, three_days, tmp_path / "out", "-p", "fast=4:6", "-p", "slow=5")
    assert told.returncode == 0
    assert "1 set (2 left out: fast < slow does not hold: 5 < 5" in told.stdout
    assert (_figures(tmp_path / "out")["sets"], _figures(tmp_path / "out")["left_out"]) == (1, 2)


def test_a_sweep_over_candles_gives_each_set_the_figures_of_its_own_back_test(cross: Path, tmp_path: Path) -> None:
    days = tmp_path / "days"
    shutil.copytree(SAMPLE_DIR, days)
    for ticks in days.rglob("2026-??-??.parquet"):
        ticks.unlink()
    told = _sweep(cross, days, tmp_path / "out", "-p", "fast=4,5")
    assert told.returncode == 0, told.stderr
    found = _outcomes(tmp_path / "out")
    assert len(found) == 2
    assert all(each.figures is not None and each.figures.fills > 4 for each in found)
    assert_equal_alone(cross, days, found)


@pytest.mark.parametrize("data", ["ticks", "candles", "auto"])
def test_the_kind_of_data_is_chosen_as_for_a_back_test(cross: Path, tmp_path: Path, data: str) -> None:
    told = _sweep(cross, SAMPLE_DIR, tmp_path / "out", "-p", "fast=4", "--data", data)
    assert told.returncode == 0, told.stderr
    assert_equal_alone(cross, SAMPLE_DIR, _outcomes(tmp_path / "out"), data=data)


def test_an_account_of_its_own_is_refused(cross: Path, three_days: Path, tmp_path: Path) -> None:
    (tmp_path / "velox.toml").write_text("[accounts.SIDE]\ncapital_rupees = 300000\n")
    words = ["--catalog", three_days, "-p", "fast=4", "--out", tmp_path / "out"]
    told = velox("sweep", f"{cross}@SIDE", *words, cwd=tmp_path)
    assert told.returncode == 2 and not (tmp_path / "out").exists()
    assert "a sweep runs each set on the paper account alone: leave @SIDE out" in told.stderr
    assert velox("sweep", f"{cross}@paper", *words, cwd=tmp_path).returncode == 0


def test_the_same_command_goes_on_where_it_was_killed(cross: Path, three_days: Path, tmp_path: Path) -> None:
    out, words = tmp_path / "out", ["-p", "fast=2:9", "-p", "slow=10:40:10"]
    command = [sys.executable, "-c", "from velox.cli import main; main()", "sweep", cross, "--catalog", three_days]
    with subprocess.Popen([*map(str, command), *words, "--out", str(out)], stdout=subprocess.DEVNULL) as sweep:
        _wait_for_lines(out, sweep, 4)
        sweep.kill()
    before = [outcome.job.params for outcome in _outcomes(out)]
    assert 4 <= len(before) < 32
    told = _sweep(cross, three_days, out, *words)
    assert told.returncode == 0, told.stderr
    assert f"{len(before)} results are there already" in told.stdout
    after = [outcome.job.params for outcome in _outcomes(out)]
    assert after[: len(before)] == before
    assert len(after) == 32 == len({tuple(params.items()) for params in after})
    assert _figures(out)["known_before"] == len(before)
    assert_equal_alone(cross, three_days, _outcomes(out)[-2:])


def test_ctrl_c_says_what_is_kept(cross: Path, three_days: Path, tmp_path: Path) -> None:
    out, words = tmp_path / "out", ["-p", "fast=2:9", "-p", "slow=10:40"]  # far more than are done before it is seen
    command = [sys.executable, "-c", "from velox.cli import main; main()", "sweep", cross, "--catalog", three_days]
    with subprocess.Popen(
        [*map(str, command), *words, "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as sweep:
        _wait_for_lines(out, sweep, 2)
        os.killpg(sweep.pid, signal.SIGINT)
        said, complained = sweep.communicate(timeout=60)
    assert sweep.returncode == 130
    kept = len(_outcomes(out))
    assert f"Stopped; {kept} results are kept in {out}" in said and "Traceback" not in complained
    assert not (out / "columns").exists()


def _wait_for_lines(out: Path, sweep: "subprocess.Popen[Any]", count: int) -> None:
    file = out / "outcomes.jsonl"

    def there() -> bool:
        assert sweep.poll() is None, "the sweep ended before it could be interrupted"
        return file.is_file() and file.read_bytes().count(b"\n") >= count

    until(there, f"{count} outcomes in {file}")


def test_another_command_in_the_same_folder_is_refused(cross: Path, three_days: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert _sweep(cross, three_days, out, "-p", "fast=3").returncode == 0
    for words in (["-p", "fast=4"], ["-p", "fast=3", "--slippage", "2"], ["-p", "fast=3", "--to", "2026-07-16"]):
        told = _sweep(cross, three_days, out, *words)
        assert told.returncode == 2 and "holds another sweep" in told.stderr, told.stderr
    cross.write_text(cross.read_text().replace("risk_pct(0.5)", "risk_pct(0.4)"))
    told = _sweep(cross, three_days, out, "-p", "fast=3")
    assert told.returncode == 2 and "its code was" in told.stderr


@pytest.mark.fault
def test_a_set_whose_worker_dies_each_time_has_failed_and_the_rest_is_there(
    cross: Path, three_days: Path, tmp_path: Path
) -> None:
    out, note = tmp_path / "out", tmp_path / "note"
    told = _sweep(cross, three_days, out, "-p", "fast=2:6", "-p", "how=kill", "-p", f"note={note}")
    assert told.returncode == 0, told.stderr
    assert note.read_text() == "xx"  # tried twice
    assert "fast=4" in told.stdout and "ended by SIGKILL, as when memory runs out, twice" in told.stdout
    assert [outcome.job.params["fast"] for outcome in _outcomes(out) if outcome.figures is None] == ["4"]
    assert_equal_alone(cross, three_days, [each for each in _outcomes(out) if each.figures])


@pytest.mark.fault
def test_a_set_whose_worker_dies_once_has_its_result(cross: Path, three_days: Path, tmp_path: Path) -> None:
    out, note = tmp_path / "out", tmp_path / "note"
    told = _sweep(cross, three_days, out, "-p", "fast=2:6", "-p", "how=once", "-p", f"note={note}")
    assert told.returncode == 0, told.stderr
    assert "failed" not in told.stdout
    assert len([outcome for outcome in _outcomes(out) if outcome.figures]) == 5


@pytest.mark.fault
def test_a_failed_set_is_tried_again_by_the_same_command(cross: Path, three_days: Path, tmp_path: Path) -> None:
    out, note = tmp_path / "out", tmp_path / "note"
    words = ["-p", "fast=3:5", "-p", "how=kill", "-p", f"note={note}"]
    assert _sweep(cross, three_days, out, *words).returncode == 0
    assert _sweep(cross, three_days, out, *words).returncode == 0
    assert note.read_text() == "xxxx"
    assert (_figures(out)["ran"], _figures(out)["known_before"], len(_figures(out)["failed"])) == (2, 2, 1)


def test_a_set_whose_hook_raises_is_told_and_not_among_the_best(cross: Path, three_days: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = _sweep(cross, three_days, out, "-p", "fast=3:5", "-p", "how=raise")
    assert "An error in a hook: 1 set, the first fast=4" in told.stdout
    assert "ValueError: no)" in told.stdout
    assert [each["params"]["fast"] for each in _figures(out)["best"]].count("4") == 0
    assert_equal_alone(cross, three_days, _outcomes(out))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-p", "fats=1:3"], "did you mean fast"),
        (["-p", "fast=20:25", "-p", "slow=10"], "none of the 6 sets can be run"),
        (["-p", "fast=3:5", "--map", "fast,risk"], "risk is not swept"),
        (["-p", "fast=3:5", "--from", "2027-01"], "holds no ticks from 2027-01-01"),
        (["-p", "symbol=NSE:TCS,NSE:INFY"], "NSE:TCS, of which"),
        (["-p", "fast=3:5", "--metric", "luck"], "is not one of"),
        (["-p", "fast=3:5", "--walk-forward", "train=2"], "lacks train or test"),
        (["-p", "fast=3:5", "--walk-forward", "train=2,test=2"], "3 days are too few"),
        (["-p", "fast=3:5", "--on", "dask"], "--on dask is not understood"),
        (["-p", "fast=3:5", "--on", "spark://x"], "write --on ray://HOST:PORT, or --on ray"),
        (["-p", "fast=3:5", "--on", "ray://x"], "--on ray://x is not understood"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    cross: Path, three_days: Path, tmp_path: Path, words: list[str], sentence: str
) -> None:
    told = velox("sweep", cross, "--catalog", three_days, "--out", tmp_path / "out", *words)
    assert told.returncode == 2
    assert sentence in told.stderr and "Traceback" not in told.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_changes_meanwhile_gives_no_mixed_results(cross: Path, three_days: Path, tmp_path: Path) -> None:
    prepared = prepare(SweepAsk(target=str(cross), params={"fast": "3"}, catalog=three_days), Settings())
    desk = Desk(prepared.setup, prepared.arrays)
    job = Job(0, {"fast": "3"}, 0, prepared.days[0], prepared.days[-1])
    assert desk.work(job).figures is not None
    cross.write_text(cross.read_text() + "\n")
    assert "was changed while the sweep ran" in desk.work(job).failed


def test_a_parameter_that_is_called_like_a_figure_keeps_its_column(three_days: Path, tmp_path: Path) -> None:
    strategy = tmp_path / "named.py"
    strategy.write_text(
        "from velox import Bars, Param, Strategy\n\n\n"
        "class Named(Strategy):\n"
        f'    symbol = Param("{SYMBOL}")\n'
        "    first = Param(1)\n"
        "    fills = Param(2)\n"
        '    bars = Bars(symbol, "5m")\n\n'
        "    def on_bar(self, bar):\n"
        "        pass\n"
    )
    told = _sweep(strategy, three_days, tmp_path / "out", "-p", "first=1:2", "-p", "fills=7,9")
    assert told.returncode == 0, told.stderr
    frame = pl.read_parquet(tmp_path / "out" / "results.parquet")
    assert sorted(frame.select("first", "fills").rows()) == [(1, 7), (1, 9), (2, 7), (2, 9)]
    assert frame["fills_result"].to_list() == [0] * 4 and frame["first_result"].dtype == pl.Date

"""`velox bench` prints the keys of the targets with their units, and refuses what would mean nothing."""

from pathlib import Path

import msgspec
import pytest

import velox_core
from velox import cli
from velox.bench import suite
from velox.bench.figure import Benchmark, Figure, Goal, Lab, Sample, judge
from velox.errors import ExitCode

Out = pytest.CaptureFixture[str]

KEYS = {
    "core_tick_ns": "ns",
    "tick_to_hook_ns": "ns",
    "order_to_fill_ns": "ns",
    "risk_check_ns": "ns",
    "indicators_four_ns": "ns",
    "journal_append_ns": "ns",
    "journal_sync_us": "µs",
    "replica_ticks_per_s": "ticks/s",
    "backtest_on_bar_ticks_per_s": "ticks/s",
    "backtest_on_tick_ticks_per_s": "ticks/s",
    "backtest_peak_rss_mib": "MiB",
}
SMALL = 0.002


def _measured(*samples: Sample, goals: tuple[Goal, ...]) -> Figure:
    return judge(Benchmark("key", "ns", "what", goals, lambda lab: samples[0]), samples)


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(velox_core, "BUILD_PROFILE", "release")


@pytest.fixture
def one_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Benchmark(
        "made_ns", "ns", "a made-up figure", (Goal("p50", 5),), lambda lab: Sample({"p50": 3.0, "p99": 9.0})
    )
    monkeypatch.setattr(suite, "BENCHMARKS", (made,))


def test_every_key_has_its_unit_and_a_target() -> None:
    assert {each.key: each.unit for each in suite.BENCHMARKS} == KEYS
    assert all(each.goals and each.what for each in suite.BENCHMARKS)


@pytest.mark.parametrize("key", KEYS)
def test_a_small_run_gives_every_field_that_its_goals_name(key: str) -> None:
    (benchmark,) = suite.chosen([key])
    heard: list[str] = []
    figure = suite.run(benchmark, 2, heard.append, SMALL)
    assert heard == [f"{key}: run 1 of 2", f"{key}: run 2 of 2"]
    assert all(goal.field in figure.median for goal in benchmark.goals)
    assert all(value > 0 for value in figure.median.values())
    assert figure.facts.get("output_hash") != "differs between runs"
    assert figure.facts.get("same_hash_without_journal", 1) == 1


def test_every_order_of_the_probe_is_filled_and_each_second_one_timed(tmp_path: Path) -> None:
    (benchmark,) = suite.chosen(["order_to_fill_ns"])
    facts = benchmark.measure(Lab(tmp_path, SMALL)).facts
    assert (facts["orders"], facts["fills"], facts["timed"]) == (401, 400, 200)


def test_the_median_is_held_against_the_target_and_the_worst_stands_beside() -> None:
    runs = [Sample({"p50": value, "p99": 10 * value}) for value in (10.0, 30.0, 20.0)]
    figure = _measured(*runs, goals=(Goal("p50", 25),))
    assert (figure.value, figure.met, figure.met_by_worst) == (20.0, True, False)
    assert figure.worst == {"p50": 30.0, "p99": 300.0}
    assert figure.target == ["p50 ≤ 25"]


def test_the_worst_of_a_rate_is_the_smallest() -> None:
    runs = [Sample({"per_s": value}) for value in (5.0, 7.0, 9.0)]
    figure = _measured(*runs, goals=(Goal("per_s", 6, least=True),))
    assert (figure.value, figure.worst, figure.met, figure.met_by_worst) == (7.0, {"per_s": 5.0}, True, False)


def test_a_hash_that_differs_between_runs_is_told() -> None:
    runs = [Sample({"p50": 1.0}, facts={"output_hash": text, "ticks": number}) for number, text in enumerate("ab")]
    assert _measured(*runs, goals=(Goal("p50", 1),)).facts == {"output_hash": "differs between runs", "ticks": 1}


def test_an_unknown_key_is_named(capsys: Out) -> None:
    assert cli.run(["bench", "--only", "no_such_key"]) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert "no_such_key" in told and "core_tick_ns" in told and len(told.splitlines()) == 1


@pytest.mark.parametrize("profile", ["quick", "debug"])
def test_a_build_that_is_no_release_is_refused(profile: str, monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    monkeypatch.setattr(velox_core, "BUILD_PROFILE", profile)
    assert cli.run(["bench", "--only", "risk_check_ns"]) == ExitCode.BAD_INPUT
    out, told = capsys.readouterr()
    assert f"{profile} build" in told and "make setup" in told and not out


def test_a_missing_folder_is_told_before_anything_is_measured(
    release: None, one_benchmark: None, tmp_path: Path, capsys: Out
) -> None:
    assert cli.run(["bench", "--json", str(tmp_path / "none" / "f.json")]) == ExitCode.BAD_INPUT
    assert str(tmp_path / "none") in capsys.readouterr().err


def test_table_and_json_name_figure_target_machine_and_commit(
    release: None, one_benchmark: None, tmp_path: Path, capsys: Out
) -> None:
    file = tmp_path / "f.json"
    assert cli.run(["bench", "--json", str(file), "--runs", "2"]) == ExitCode.DONE
    out, told = capsys.readouterr()
    assert not told
    assert "made_ns" in out and "met" in out and "target p50 ≤ 5" in out
    whole = msgspec.json.decode(file.read_bytes())
    assert whole["made_ns"]["value"] == 3.0
    assert whole["made_ns"]["runs"] == [{"p50": 3.0, "p99": 9.0}] * 2
    assert {"date", "commit", "version", "build_profile", "machine"} <= set(whole)
    assert {"cpu", "cores", "kernel", "python"} <= set(whole["machine"])

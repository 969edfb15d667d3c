"""Other engines beside Velox: run in turn, told with their ratios, and honest only while they trade the same."""

import sys
from pathlib import Path

import pytest

from velox.bench import backtests, cross, suite
from velox.bench.backtests import Size
from velox.bench.figure import Benchmark, Goal, Lab, PeerFigure, Sample
from velox.bench.peers import PEERS, Peer, Peers, programs
from velox.bench.report import peers_told

KEY = "backtest_on_bar_ticks_per_s"
SMALL = Size(3, 8_000)

# Notes that it ran, and takes a second of made-up time for a tick in a million.
STUB = """
import json, pathlib, sys
folder, hook, _ = sys.argv[1:]
days = json.loads((pathlib.Path(folder) / "columns" / "days.json").read_bytes())
with open(pathlib.Path(folder) / "calls", "a") as calls:
    calls.write(f"{hook} {len(days)}\\n")
print(json.dumps({"engine_s": SECONDS, "peak_rss_mib": 100, "bars": 1, "orders": ORDERS, "version": "1"}))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of peers' programs with one environment: this very Python."""
    folder = tmp_path / "peers"
    (folder / ".venv-one" / "bin").mkdir(parents=True)
    (folder / ".venv-one" / "bin" / "python").symlink_to(sys.executable)
    return folder


def _nobody(sentence: str) -> None:
    """Hear nothing."""


def _program(home: Path, name: str, seconds: float, orders: int) -> None:
    (home / name).write_text(STUB.replace("SECONDS", str(seconds)).replace("ORDERS", str(orders)))


def _peers(home: Path, *peers: Peer, heard: list[str] | None = None) -> Peers:
    folder = home.parent / "data"
    folder.mkdir()
    return Peers(folder, SMALL, (heard if heard is not None else []).append, peers, home)


def _measured(lab: Lab) -> Sample:
    return Sample({"engine": 6_000_000.0, "process": 3_000_000.0})


def _benchmark(*ratios: Goal) -> Benchmark:
    return Benchmark(KEY, "ticks/s", "what", (Goal("engine", 1, least=True),), _measured, ratios)


def test_peers_run_in_turn_with_velox_and_the_ratio_is_to_the_best(home: Path) -> None:
    _program(home, "slow.py", 0.024, 0)  # 1 M ticks/s of 24,000
    _program(home, "fast.py", 0.008, 0)
    _program(home, "machine.py", 0.004, 0)
    _program(home, "sparse.py", 0.002, 0)
    heard: list[str] = []
    peers = _peers(
        home,
        Peer("slow", "slow.py", "one"),
        Peer("fast", "fast.py", "one"),
        Peer("machine", "machine.py", "one", compiled=True),
        Peer("sparse", "sparse.py", "one", compiled=True, sparse=True),
        heard=heard,
    )
    benchmark = _benchmark(Goal("engine", 2, least=True), Goal("engine_compiled", 3, least=True))
    figure = suite.run(benchmark, 2, heard.append, peers=peers)
    turn = ["run {0} of 2", "slow, run {0}", "fast, run {0}", "machine, run {0}", "sparse, run {0}"]
    assert heard == [f"{KEY}: {words.format(number)}" for number in (1, 2) for words in turn]
    assert (figure.ratio["engine"], figure.ratio["engine_compiled"], figure.ratio_met) == (2.0, 1.0, False)
    assert figure.ratio["engine_sparse"] == 0.5, "told, and held against nothing"
    assert figure.ratio_target == ["engine ≥ 2", "engine_compiled ≥ 3"]


def test_another_number_of_orders_is_told(home: Path) -> None:
    _program(home, "other.py", 0.024, -1)
    figure = suite.run(
        _benchmark(Goal("engine", 2, least=True)), 1, _nobody, peers=_peers(home, Peer("other", "other.py", "one"))
    )
    assert figure.facts["orders_agree"] == "no: other"
    assert any("same orders as Velox: no: other" in line for line in peers_told(figure))


def test_a_peer_that_cannot_run_is_missing_with_its_reason_and_asked_once(home: Path) -> None:
    (home / "broken.py").write_text("raise SystemExit('no such engine here')")
    heard: list[str] = []
    peers = _peers(home, Peer("broken", "broken.py", "one"), Peer("absent", "any.py", "none"), heard=heard)
    figure = suite.run(_benchmark(Goal("engine", 2, least=True)), 2, _nobody, peers=peers)
    assert heard == [f"{KEY}: broken, run 1", f"{KEY}: absent, run 1"]
    assert peers.missing == {
        "broken": "no such engine here",
        "absent": "its environment is not there: run benchmarks/peers/setup",
    }
    assert (figure.peers, figure.ratio, figure.ratio_met) == ({}, {}, None)


def test_memory_takes_the_runs_that_the_rate_has_made(home: Path) -> None:
    _program(home, "one.py", 0.024, 0)
    peers = _peers(home, Peer("one", "one.py", "one"))
    for key in (KEY, "backtest_peak_rss_mib", "backtest_on_tick_ticks_per_s", "core_tick_ns"):
        peers.run(key, 1)
    assert (home.parent / "data" / "calls").read_text() == "on_bar 3\non_tick 3\n"
    assert peers.figures("backtest_peak_rss_mib")["one"] == PeerFigure(
        peers.figures(KEY)["one"].fields, {"version": "1", "ticks": 24_000, "bars": 1, "orders": 0}, False
    )


@pytest.mark.nightly
@pytest.mark.parametrize("hook", ["on_bar", "on_tick"])
@pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
def test_a_peer_gives_as_many_orders_as_velox(peer: Peer, hook: str, tmp_path: Path) -> None:
    peers = Peers(tmp_path, SMALL, _nobody, [peer])
    key = f"backtest_{hook}_ticks_per_s"
    peers.run(key, 1)
    if peers.missing:
        pytest.skip(f"{peer.name} is not available: {peers.missing[peer.name]}")
    facts = peers.figures(key)[peer.name].facts
    whole = backtests.backtest(tmp_path / "own", cross.CrossOnBar, SMALL)
    assert facts["orders"] == peers.orders > 20
    assert whole["bars"] == SMALL.days * 375
    # An engine learns of the last candle's end by the next day's first tick, so the last of all may be missing.
    assert facts["bars"] in (whole["bars"], whole["bars"] - 1)


def test_every_peer_has_its_program_and_pinned_requirements() -> None:
    for peer in PEERS:
        assert (programs() / peer.program).is_file()
        assert "--hash=sha256:" in (programs() / f"{peer.environment}.txt").read_text()

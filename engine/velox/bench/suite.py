"""The keys that are measured, in order, and how they are run: several times, each in an empty folder."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from velox.bench import backtests, core, hooks, indicators
from velox.bench.figure import Benchmark, Figure, Goal, Lab, judge
from velox.bench.peers import Peers, beside
from velox.errors import BadInput

__all__ = ["BENCHMARKS", "chosen", "run"]

BENCHMARKS = (
    Benchmark(
        "core_tick_ns",
        "ns",
        "379-byte SMART packet through decode, journal, guard and 3 candles with 4 indicators each; 1,000 instruments",
        (Goal("processor", 100),),
        core.core_tick,
    ),
    Benchmark(
        "tick_to_hook_ns",
        "ns",
        "packet into the core to the first line of a strategy's on_tick, journalled",
        (Goal("p50", 350), Goal("p99", 1_000)),
        hooks.tick_to_hook,
    ),
    Benchmark(
        "order_to_fill_ns",
        "ns",
        "buy() in a hook through risk, order and the next tick to on_fill, at the 50,000th order; early is the 100th",
        (Goal("p50", 3_000), Goal("early_p50", 3_000), Goal("late_by_early", 1.25)),
        hooks.order_to_fill,
    ),
    Benchmark(
        "risk_check_ns",
        "ns",
        "all pre-trade rules of one order, with gathering what they look at",
        (Goal("processor", 500),),
        core.risk_check,
    ),
    Benchmark(
        "indicators_four_ns",
        "ns",
        "EMA, SMA, RSI and MACD updated and read by one Python call that returns six floats",
        (Goal("p50", 130),),
        indicators.indicators_four,
    ),
    Benchmark(
        "journal_append_ns",
        "ns",
        "a tick record of 198 bytes appended by the owner thread",
        (Goal("processor", 60),),
        core.journal_append,
    ),
    Benchmark(
        "journal_sync_us",
        "µs",
        "an intent made durable while 50,000 ticks/s flow, from its due time",
        (Goal("p50", 500), Goal("p99", 2_000)),
        core.journal_sync,
    ),
    Benchmark(
        "replica_ticks_per_s",
        "ticks/s",
        "a journal of the hot path through a replica's kernel",
        (Goal("ticks_per_s", 5_000_000, least=True),),
        core.replica,
    ),
    Benchmark(
        "backtest_on_bar_ticks_per_s",
        "ticks/s",
        "20 M ticks of one instrument, EMA 10/20 on one-minute candles: the run loop, and the process with it",
        (Goal("engine", 12_000_000, least=True), Goal("process", 5_000_000, least=True)),
        backtests.on_bar,
        (Goal("engine", 13, least=True), Goal("engine_compiled", 3, least=True), Goal("process", 15, least=True)),
    ),
    Benchmark(
        "backtest_on_tick_ticks_per_s",
        "ticks/s",
        "the same with a Python hook at each tick",
        (Goal("engine", 5_000_000, least=True),),
        backtests.on_tick,
        (Goal("engine", 7.6, least=True),),
    ),
    Benchmark(
        "backtest_peak_rss_mib",
        "MiB",
        "the most memory that the process of 20 M ticks took",
        (Goal("peak", 200),),
        backtests.memory,
        (Goal("peak", 0.4),),
    ),
)


def chosen(keys: Sequence[str]) -> list[Benchmark]:
    """The benchmarks of these keys, all when none is named."""
    known = {benchmark.key: benchmark for benchmark in BENCHMARKS}
    for key in keys:
        if key not in known:
            raise BadInput(f"there is no figure {key!r}; there are {', '.join(known)}")
    return [known[key] for key in keys] or list(BENCHMARKS)


def run(
    benchmark: Benchmark, runs: int, told: Callable[[str], None], scale: float = 1.0, peers: Peers | None = None
) -> Figure:
    """Measure one key some times, with the peers in turn; `told` hears of each run."""
    samples = []
    for number in range(1, runs + 1):
        told(f"{benchmark.key}: run {number} of {runs}")
        with tempfile.TemporaryDirectory(prefix="velox-bench-") as folder:
            samples.append(benchmark.measure(Lab(Path(folder), scale)))
        if peers is not None:
            peers.run(benchmark.key, number)
    figure = judge(benchmark, samples)
    return figure if peers is None else beside(figure, peers, benchmark.key, benchmark.ratios)

"""What a measurement says: figures of each run, the target they are held against, and what was measured beside them."""

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

__all__ = ["Benchmark", "Fact", "Figure", "Goal", "Lab", "PeerFigure", "Sample", "judge"]

Fact = str | int | float


class Goal(msgspec.Struct, frozen=True):
    """A bound on one field of a figure."""

    field: str
    bound: float
    least: bool = False  # the field must reach the bound; otherwise it must stay within it

    def holds(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value >= self.bound if self.least else value <= self.bound

    def __str__(self) -> str:
        return f"{self.field} {'≥' if self.least else '≤'} {self.bound:,.10g}"


class Sample(msgspec.Struct):
    """One run: what was measured, what was measured beside it, and facts that are no times."""

    fields: dict[str, float]
    beside: dict[str, float] = {}
    facts: dict[str, Fact] = {}


class Lab:
    """Where a run happens: an empty folder of its own, and how much of the full work it does."""

    def __init__(self, folder: Path, scale: float = 1.0) -> None:
        self.folder = folder
        self._scale = scale

    def count(self, full: int, least: int = 1) -> int:
        """So many pieces of work instead of `full`."""
        return max(least, round(full * self._scale))


class Benchmark(msgspec.Struct, frozen=True):
    """One key: its unit, its goals (the first field is the figure that is quoted) and its measurement."""

    key: str
    unit: str
    what: str
    goals: tuple[Goal, ...]
    measure: Callable[[Lab], Sample]
    ratios: tuple[Goal, ...] = ()  # bounds on the ratio to the best peer, where peers are run beside it


class PeerFigure(msgspec.Struct):
    """What another engine took for the same work: medians, and what shows that it did it."""

    fields: dict[str, float]
    facts: dict[str, Fact]
    compiled: bool  # its strategy is machine code, no Python
    sparse: bool = False  # it cannot fill at each tick's own price


class Figure(msgspec.Struct):
    """The outcome of one key; `value` is the median over the runs of the first goal's field."""

    unit: str
    what: str
    value: float
    target: list[str]
    met: bool
    met_by_worst: bool
    median: dict[str, float]
    worst: dict[str, float]
    beside: dict[str, float]
    facts: dict[str, Fact]
    runs: list[dict[str, float]]
    peers: dict[str, PeerFigure] = {}
    ratio: dict[str, float] = {}  # this figure by that of the best peer
    ratio_target: list[str] = []
    ratio_met: bool | None = None


def judge(benchmark: Benchmark, samples: Sequence[Sample]) -> Figure:
    """The medians and the worst of some runs, held against the goals."""
    least = {goal.field for goal in benchmark.goals if goal.least}
    columns = {name: [sample.fields[name] for sample in samples] for name in samples[0].fields}
    median = {name: statistics.median(values) for name, values in columns.items()}
    worst = {name: (min if name in least else max)(values) for name, values in columns.items()}
    beside = {name: statistics.median(sample.beside[name] for sample in samples) for name in samples[0].beside}
    return Figure(
        unit=benchmark.unit,
        what=benchmark.what,
        value=median[benchmark.goals[0].field],
        target=[str(goal) for goal in benchmark.goals],
        met=all(goal.holds(median[goal.field]) for goal in benchmark.goals),
        met_by_worst=all(goal.holds(worst[goal.field]) for goal in benchmark.goals),
        median=_rounded(median),
        worst=_rounded(worst),
        beside=_rounded(beside),
        facts=_common(samples),
        runs=[_rounded(sample.fields) for sample in samples],
    )


def _rounded(fields: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in fields.items()}


def _common(samples: Sequence[Sample]) -> dict[str, Fact]:
    """The last run's facts; one that differs between the runs says so, which a hash must never do."""
    facts = dict(samples[-1].facts)
    for name, value in facts.items():
        if any(sample.facts[name] != value for sample in samples) and name.endswith("hash"):
            facts[name] = "differs between runs"
    return facts

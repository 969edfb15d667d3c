"""Runs a sweep: what is not known yet goes to the workers, what they say goes into the folder, until all is known."""

import datetime as dt
import os
from collections.abc import Callable, Iterator, Sequence

import msgspec

from velox.clock import monotonic_ns
from velox.sweep.crew import Crew, LocalCrew
from velox.sweep.folder import Folder
from velox.sweep.job import Job, Outcome
from velox.sweep.prepare import Prepared
from velox.sweep.schedule import outcomes
from velox.sweep.score import Metric, ranked
from velox.sweep.walk import Window

__all__ = ["Stint", "Swept", "WindowOutcome", "cores", "local_crew", "run_sweep"]

_Tell = Callable[[int, int, Outcome | None], None]


class WindowOutcome(msgspec.Struct, frozen=True):
    """The set that was best on the days of choice, there and on the days that followed; None where none could run."""

    window: Window
    chosen: Outcome | None
    tested: Outcome | None


class Stint(msgspec.Struct):
    """How this run of the sweep was spent: what was known before it, and the workers' time."""

    known: int = 0
    run: int = 0
    workers: int = 0
    worked_ns: int = 0  # of all workers together
    manned_ns: int = 0  # from the hiring of the workers to their end
    elapsed_ns: int = 0

    @property
    def busy(self) -> float:
        """The part of the time, that of the workers' own start included, in which a worker was at a set."""
        return self.worked_ns / max(1, self.workers * self.manned_ns)


class Swept(msgspec.Struct, frozen=True):
    """All outcomes, in the order of the sets; with walk-forward those of each window's days of choice."""

    outcomes: list[Outcome]
    windows: list[WindowOutcome]
    stint: Stint


class _Sweep:
    def __init__(self, prepared: Prepared, folder: Folder, hire: Callable[[], Crew], workers: int) -> None:
        self.prepared = prepared
        self.folder = folder
        self.hire = hire
        self.workers = workers
        self.stint = Stint(workers=workers)
        self.known = {outcome.job.key: outcome for outcome in folder.kept if outcome.figures is not None}

    def jobs(self, first: dt.date, last: dt.date) -> list[Job]:
        """Each set over these days."""
        places = zip(self.prepared.space.sets, self.prepared.market_of, strict=True)
        return [Job(number, params, market, first, last) for number, (params, market) in enumerate(places)]

    def outcomes(self, jobs: Sequence[Job], tell: Callable[[Outcome], None]) -> list[Outcome]:
        """The outcome of each job, run now or known before, in their order."""
        missing = [
            msgspec.structs.replace(job, number=place) for place, job in enumerate(jobs) if job.key not in self.known
        ]
        found = {job.key: self.known[job.key] for job in jobs if job.key in self.known}
        self.stint.known += len(found)
        if missing:
            for outcome in self._run(missing):
                original = msgspec.structs.replace(outcome, job=jobs[outcome.job.number])
                self.folder.keep(original)
                found[original.job.key] = original
                tell(original)
        return [found[job.key] for job in jobs]

    def _run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        began_ns = monotonic_ns()
        crew = self.hire()
        try:
            for outcome in outcomes(crew, jobs, self.workers):
                self.stint.run += 1
                self.stint.worked_ns += outcome.worked_ns
                yield outcome
        finally:
            crew.close()
            self.stint.manned_ns += monotonic_ns() - began_ns


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local_crew(prepared: Prepared, folder: Folder) -> Callable[[], Crew]:
    """A way to hire workers on this machine."""
    return lambda: LocalCrew(prepared.setup, prepared.arrays, folder.columns)


def run_sweep(
    prepared: Prepared, folder: Folder, metric: Metric, hire: Callable[[], Crew], workers: int, tell: _Tell
) -> Swept:
    """Run what the folder, which is held, does not know yet."""
    began_ns = monotonic_ns()
    sweep = _Sweep(prepared, folder, hire, workers)
    spans = [(window.train_first, window.train_last) for window in prepared.windows]
    jobs = [job for span in spans or [(prepared.days[0], prepared.days[-1])] for job in sweep.jobs(*span)]
    total = len(jobs) + len(prepared.windows)
    done = sum(job.key in sweep.known for job in jobs)
    tell(done, total, None)

    def note(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        tell(done, total, outcome)

    found = sweep.outcomes(jobs, note)
    walked = _walked(sweep, found, metric, note) if prepared.windows else []
    sweep.stint.elapsed_ns = monotonic_ns() - began_ns
    return Swept(found, walked, sweep.stint)


def _walked(
    sweep: _Sweep, found: Sequence[Outcome], metric: Metric, note: Callable[[Outcome], None]
) -> list[WindowOutcome]:
    """Judge each window's best set by the days that follow; the days themselves had no say in which it is."""
    best: list[Outcome | None] = []
    count = len(sweep.prepared.space.sets)
    for place in range(len(sweep.prepared.windows)):
        first = next(iter(ranked(found[place * count : (place + 1) * count], metric)), None)
        # Where the metric says nothing of the best one, as Sharpe of a single day, nothing has been chosen.
        is_judged = first is not None and first.figures is not None and metric.of(first.figures) is not None
        best.append(first if is_judged else None)
    tests = [
        msgspec.structs.replace(chosen.job, first=window.test_first, last=window.test_last)
        for window, chosen in zip(sweep.prepared.windows, best, strict=True)
        if chosen is not None
    ]
    tested = iter(sweep.outcomes(tests, note))
    return [
        WindowOutcome(window, chosen, next(tested) if chosen is not None else None)
        for window, chosen in zip(sweep.prepared.windows, best, strict=True)
    ]

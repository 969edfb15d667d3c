"""Who does what next: jobs to workers, so that none idles, and a second try for a job whose worker died."""

from collections import deque
from collections.abc import Iterator, Sequence

from velox.errors import Refused
from velox.sweep.crew import Answer, Crew, Gone
from velox.sweep.job import Job, Outcome

__all__ = ["outcomes"]

# Workers that died one after the other without a single answer: then it is not the sets that are at fault.
_DEATHS_MAX = 8
# Jobs that a worker is given at once: short ones must not wait until their answers are read.
_AHEAD_MAX = 8


def outcomes(crew: Crew, jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """What comes of each job, in the order in which they end; a job that two workers died of has failed."""
    board = _Board(crew, jobs)
    for _ in range(min(workers, len(jobs))):
        board.hire()
    board.hand_out()
    while board.busy():
        for event in crew.events():
            match event:
                case Answer(worker, outcome):
                    board.done(worker, outcome)
                    yield outcome
                case Gone(worker, reason):
                    yield from board.died(worker, reason)
        board.hand_out()


class _Board:
    """Which jobs wait and which worker holds which."""

    def __init__(self, crew: Crew, jobs: Sequence[Job]) -> None:
        self._crew = crew
        self._waiting = deque(jobs)
        self._held: dict[int, deque[Job]] = {}
        self._tried: set[int] = set()
        self._deaths = 0

    def hire(self) -> None:
        """Start a worker; `hand_out` finds it something to do."""
        self._held[self._crew.hire()] = deque()

    def busy(self) -> bool:
        """Whether anything is still to be done."""
        return bool(self._waiting) or any(self._held.values())

    def hand_out(self) -> None:
        """Keep every worker at a job and some ahead, fewer towards the end, lest one idles while another has many."""
        while self._waiting and self._held:
            worker, held = min(self._held.items(), key=lambda each: len(each[1]))
            if len(held) >= max(1, min(_AHEAD_MAX, len(self._waiting) // (2 * len(self._held)))):
                return
            held.append(self._waiting.popleft())
            self._crew.give(worker, held[-1])

    def done(self, worker: int, outcome: Outcome) -> None:
        """Take an answered job from its worker."""
        self._deaths = 0
        held = self._held[worker]
        self._held[worker] = deque(job for job in held if job.number != outcome.job.number)

    def died(self, worker: int, reason: str) -> Iterator[Outcome]:
        """Blame the job at hand, give the others back, and go on with a new worker."""
        held = self._held.pop(worker)
        self._deaths += 1
        if self._deaths > _DEATHS_MAX:
            raise Refused(f"the workers keep dying, the last one because {reason}: the sweep ends here")
        if held:
            job = held.popleft()
            self._waiting.extendleft(reversed(held))
            if job.number in self._tried:
                yield Outcome(job=job, failed=f"{reason}, twice")
            else:
                self._tried.add(job.number)
                self._waiting.appendleft(job)
        if self._waiting:
            self.hire()

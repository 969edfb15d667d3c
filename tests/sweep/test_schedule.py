"""Who does what: every job once, a second try after a death, no worker idle before the work runs out."""

import datetime as dt
from collections import deque
from collections.abc import Mapping

import pytest

from velox.errors import Refused
from velox.sweep.crew import Answer, Event, Gone
from velox.sweep.job import Job, Outcome
from velox.sweep.schedule import outcomes

DAY = dt.date(2026, 7, 15)


class FakeCrew:
    """Workers that answer one after the other, and die of some jobs so many times."""

    def __init__(self, deadly: Mapping[int, int] | None = None) -> None:
        self.deadly = dict(deadly or {})
        self.queues: dict[int, deque[Job]] = {}
        self.longest = 0
        self.begun: list[int] = []
        self.closed = False

    def hire(self) -> int:
        number = len(self.begun) + len(self.queues) + 1000
        while number in self.queues:
            number += 1
        self.queues[number] = deque()
        return number

    def give(self, worker: int, job: Job) -> None:
        self.queues[worker].append(job)
        self.longest = max(self.longest, len(self.queues[worker]))

    def events(self) -> list[Event]:
        worker, queue = next((worker, queue) for worker, queue in self.queues.items() if queue)
        self.queues[worker] = self.queues.pop(worker)  # the others are next
        job = queue.popleft()
        self.begun.append(job.number)
        if self.deadly.get(job.number, 0) > 0:
            self.deadly[job.number] -= 1
            del self.queues[worker]
            return [Gone(worker, "it died")]
        return [Answer(worker, Outcome(job=job, worked_ns=1))]

    def close(self) -> None:
        self.closed = True


def _jobs(count: int) -> list[Job]:
    return [Job(number, {}, 0, DAY, DAY) for number in range(count)]


def test_every_job_runs_once() -> None:
    crew = FakeCrew()
    found = list(outcomes(crew, _jobs(10), 3))
    assert sorted(each.job.number for each in found) == list(range(10)) == sorted(crew.begun)


def test_workers_have_jobs_ahead_so_that_none_waits_for_an_answer_to_be_read() -> None:
    crew = FakeCrew()
    list(outcomes(crew, _jobs(100), 2))
    assert crew.longest == 8


def test_more_workers_than_jobs_are_not_hired() -> None:
    crew = FakeCrew()
    assert len(list(outcomes(crew, _jobs(2), 8))) == 2
    assert len(crew.queues) == 2


def test_the_last_jobs_are_not_queued_behind_others_while_a_worker_is_free() -> None:
    crew = FakeCrew()
    list(outcomes(crew, _jobs(4), 4))
    assert crew.longest == 1


def test_a_job_whose_worker_died_once_is_tried_again() -> None:
    crew = FakeCrew({3: 1})
    found = list(outcomes(crew, _jobs(8), 2))
    assert sorted(each.job.number for each in found) == list(range(8))
    assert not [each for each in found if each.failed]
    assert crew.begun.count(3) == 2


def test_a_job_that_two_workers_died_of_has_failed_and_the_rest_goes_on() -> None:
    crew = FakeCrew({3: 9})
    found = list(outcomes(crew, _jobs(8), 2))
    assert [(each.job.number, each.failed) for each in found if each.failed] == [(3, "it died, twice")]
    assert sorted(each.job.number for each in found) == list(range(8))
    assert crew.begun.count(3) == 2 and all(crew.begun.count(number) == 1 for number in range(8) if number != 3)


def test_workers_that_only_die_end_the_sweep() -> None:
    with pytest.raises(Refused, match="keep dying, the last one because it died"):
        list(outcomes(FakeCrew(dict.fromkeys(range(100), 9)), _jobs(100), 2))

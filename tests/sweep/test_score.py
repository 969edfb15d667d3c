"""By what sets are ranked, and what is said of the best of many."""

import datetime as dt
import math

import pytest

from velox.sweep.job import Figures, Job, Outcome
from velox.sweep.score import METRICS, Moments, caution, deflated_sharpe, moments, ranked, sharpe

DAY = dt.date(2026, 7, 15)


def _outcome(number: int, daily: list[float], **figures: float) -> Outcome:
    zeros = dict.fromkeys(Figures.__struct_fields__, 0) | {"result_hash": "", "notes": [], "faulted": False}
    told = Figures(**{**zeros, "daily_pnl": daily, "net_pnl": sum(daily), **figures})  # type: ignore[arg-type]
    return Outcome(job=Job(number, {"a": str(number)}, 0, DAY, DAY), figures=told)


def test_sharpe_is_mean_over_deviation_of_days_a_year_of_them() -> None:
    assert sharpe([1.0, 2.0, 3.0]) == pytest.approx(2 / 1 * math.sqrt(252))
    assert sharpe([-1.0, 1.0]) == 0
    assert sharpe([1.0]) is sharpe([2.0, 2.0]) is sharpe([]) is None


def test_best_comes_first_and_what_cannot_be_ranked_last() -> None:
    found = [_outcome(0, [1, 2]), _outcome(1, [9, 8]), _outcome(2, [5, 5]), _outcome(3, [9, 8])]
    faulted = _outcome(4, [99, 98], faulted=True)
    failed = Outcome(job=Job(5, {}, 0, DAY, DAY), failed="no")
    assert [o.job.number for o in ranked([*found, faulted, failed], METRICS["net_pnl"])] == [1, 3, 2, 0]
    assert [o.job.number for o in ranked(found, METRICS["sharpe"])] == [1, 3, 0, 2]


def test_the_least_drawdown_is_the_best() -> None:
    found = [_outcome(0, [1], max_drawdown=7), _outcome(1, [1], max_drawdown=3)]
    assert [o.job.number for o in ranked(found, METRICS["max_drawdown"])] == [1, 0]
    assert METRICS["net_of_drawdown"].of(_outcome(0, [6], max_drawdown=3).figures) == 2  # type: ignore[arg-type]
    assert METRICS["net_a_trip"].of(_outcome(0, [6]).figures) is None  # type: ignore[arg-type]


def test_deflated_sharpe_is_that_of_the_paper() -> None:
    """The worked example of Bailey and López de Prado (2014): 0.9004 for 100 trials, 0.9505 for 46."""
    best = Moments(ratio=2.5 / math.sqrt(250), days=1250, skew=-3, kurtosis=10)
    spread = math.sqrt(0.5 / 250)
    assert deflated_sharpe(best, spread, 100) == pytest.approx(0.9004, abs=2e-4)
    assert deflated_sharpe(best, spread, 46) == pytest.approx(0.9505, abs=2e-4)


def test_moments_are_those_of_the_definition() -> None:
    found = moments([0.0, 0.0, 0.0, 4.0])
    assert found is not None
    assert found.days == 4 and found.ratio == pytest.approx(0.5)
    assert found.skew == pytest.approx(2 / math.sqrt(3)) and found.kurtosis == pytest.approx(7 / 3)


def test_the_warning_names_the_sets_and_says_luck_where_it_is() -> None:
    few = caution([_outcome(n, [1.0, -1.0 + n]) for n in range(5)])
    assert "The best of 5 sets on 2 days is no forecast" in few and "--walk-forward" in few
    noise = [[math.sin(7 * n + 13 * day) for day in range(40)] for n in range(50)]
    lucky = caution([_outcome(n, daily) for n, daily in enumerate(noise)])
    assert "deflated Sharpe ratio" in lucky
    chance = int(lucky.partition("probability of ")[2].partition("%")[0])
    assert chance < 95

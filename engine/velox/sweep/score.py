"""By what sets are compared, and how far chance alone would explain the best of many."""

import math
import statistics
from collections.abc import Callable, Sequence

import msgspec

from velox.sweep.job import Figures, Outcome

__all__ = ["METRICS", "Metric", "Moments", "caution", "deflated_sharpe", "moments", "ranked", "sharpe"]

_TRADING_DAYS = 252
# Moments of fewer days than this say nothing.
_DAYS_MIN = 10
_EULER = 0.5772156649015329


class Metric(msgspec.Struct, frozen=True):
    """A figure by which sets are ranked: more of it is better; None where it says nothing."""

    name: str
    of: Callable[[Figures], float | None]
    title: str


def sharpe(daily: Sequence[float]) -> float | None:
    """Mean over standard deviation of daily P&L, a year's worth; None for fewer than two days or equal ones."""
    if len(daily) < 2:
        return None
    spread = statistics.stdev(daily)
    return statistics.fmean(daily) / spread * math.sqrt(_TRADING_DAYS) if spread > 0 else None


def _of_drawdown(figures: Figures) -> float | None:
    return figures.net_pnl / figures.max_drawdown if figures.max_drawdown > 0 else None


def _a_trip(figures: Figures) -> float | None:
    return figures.net_pnl / figures.round_trips if figures.round_trips else None


METRICS = {
    metric.name: metric
    for metric in (
        Metric("net_pnl", lambda figures: figures.net_pnl, "net P&L, ₹"),
        Metric("gross_pnl", lambda figures: figures.gross_pnl, "gross P&L, ₹"),
        Metric("sharpe", lambda figures: sharpe(figures.daily_pnl), "Sharpe ratio of daily P&L, a year"),
        Metric("max_drawdown", lambda figures: -figures.max_drawdown, "drawdown, ₹ (0 is best)"),
        Metric("net_of_drawdown", _of_drawdown, "net P&L over drawdown"),
        Metric("net_a_trip", _a_trip, "net P&L a round trip, ₹"),
    )
}


def ranked(outcomes: Sequence[Outcome], metric: Metric) -> list[Outcome]:
    """The sets that ran to their end without a fault, best first; equal ones in the order of the sets."""

    def rank(outcome: Outcome) -> tuple[bool, float, int]:
        value = metric.of(outcome.figures) if outcome.figures else None
        return value is None, -(value or 0.0), outcome.job.number

    return sorted((each for each in outcomes if each.figures is not None and not each.figures.faulted), key=rank)


class Moments(msgspec.Struct, frozen=True):
    """What daily P&L says of a set: Sharpe ratio a day, skewness, kurtosis (3 for the normal distribution)."""

    ratio: float
    days: int
    skew: float
    kurtosis: float


def deflated_sharpe(best: Moments, spread: float, trials: int) -> float | None:
    """The probability that a Sharpe ratio is above what chance gives the best of so many trials.

    After Bailey and López de Prado (2014). `spread` is the standard deviation of the trials' daily Sharpe ratios; None
    where that many say nothing.
    """
    variance = 1 - best.skew * best.ratio + (best.kurtosis - 1) / 4 * best.ratio**2
    if trials < 2 or best.days < _DAYS_MIN or variance <= 0:
        return None
    normal = statistics.NormalDist()
    likely, rare = normal.inv_cdf(1 - 1 / trials), normal.inv_cdf(1 - 1 / (trials * math.e))
    expected = spread * ((1 - _EULER) * likely + _EULER * rare)
    return normal.cdf((best.ratio - expected) * math.sqrt(best.days - 1) / math.sqrt(variance))


def moments(daily: Sequence[float]) -> Moments | None:
    """The moments of daily P&L; None where `sharpe` is None."""
    ratio = sharpe(daily)
    if ratio is None:
        return None
    mean, deviation = statistics.fmean(daily), statistics.pstdev(daily)
    away = [(value - mean) / deviation for value in daily]
    skew, kurtosis = (statistics.fmean(value**power for value in away) for power in (3, 4))
    return Moments(ratio / math.sqrt(_TRADING_DAYS), len(daily), skew, kurtosis)


def caution(outcomes: Sequence[Outcome]) -> str:
    """What everybody should know who looks at the best of many."""
    told = [each.figures.daily_pnl for each in outcomes if each.figures is not None and not each.figures.faulted]
    days = max(map(len, told), default=0)
    span = f"{days} day{'' if days == 1 else 's'}"
    said = f"The best of {len(told):,} sets on {span} is no forecast: the more are tried, the better the best looks"
    rated = [found for daily in told if (found := moments(daily)) is not None]
    chance = None
    if len(rated) > 1:
        spread = statistics.stdev(found.ratio for found in rated)
        chance = deflated_sharpe(max(rated, key=lambda found: found.ratio), spread, len(rated))
    if chance is None:
        return f"{said} by chance alone. Look at its neighbours, and at days that it has not seen (--walk-forward)."
    return (
        f"{said}. That its highest Sharpe ratio is more than the luck of so many trials has a probability of "
        f"{chance:.0%} (deflated Sharpe ratio); below 95 % take it for luck."
    )

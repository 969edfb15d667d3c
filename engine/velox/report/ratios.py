"""The figures that strategies are judged by, each from trades or days alone; what cannot be said is None."""

import math
import statistics
from collections.abc import Iterable, Sequence

import msgspec

from velox.report.trades import Trade

__all__ = ["Ratios", "ratios", "sharpe", "sortino"]

_ONE = 100_000_000
_DAYS_A_YEAR = 252
_S_NS = 1_000_000_000


class Ratios(msgspec.Struct, frozen=True, kw_only=True):
    """Money in rupees, shares as fractions; all of them after charges unless they say gross."""

    trades: int
    winners: int
    losers: int
    win_rate: float | None
    profit_factor: float | None  # None without a loss
    expectancy: float | None  # net rupees a trade
    average_win: float | None
    average_loss: float | None
    payoff: float | None  # average win over average loss
    average_r: float | None  # gross, of trades with a first stop
    average_hold_s: float | None
    best: float | None
    worst: float | None
    losses_in_a_row: int
    sharpe: float | None
    sortino: float | None


def ratios(trades: Sequence[Trade], daily_returns: Sequence[float]) -> Ratios:
    """Judge trades and the days that they came from; returns are a day's net over the capital."""
    nets = [trade.net / _ONE for trade in trades]
    wins, losses = [net for net in nets if net > 0], [net for net in nets if net < 0]
    multiples = [trade.r for trade in trades if trade.r is not None]
    holds = [(trade.closed_ns - trade.opened_ns) / _S_NS for trade in trades if not trade.is_open]
    win, loss = _mean(wins), _mean(losses)
    return Ratios(
        trades=len(nets),
        winners=len(wins),
        losers=len(losses),
        win_rate=len(wins) / len(nets) if nets else None,
        profit_factor=sum(wins) / -sum(losses) if losses else None,
        expectancy=_mean(nets),
        average_win=win,
        average_loss=loss,
        payoff=win / -loss if win is not None and loss is not None else None,
        average_r=_mean(multiples),
        average_hold_s=_mean(holds),
        best=max(nets, default=None),
        worst=min(nets, default=None),
        losses_in_a_row=_longest_run(net < 0 for net in nets),
        sharpe=sharpe(daily_returns),
        sortino=sortino(daily_returns),
    )


def sharpe(returns: Sequence[float]) -> float | None:
    """Mean over standard deviation of the days, a year's worth, no riskless rate; None where days do not differ."""
    if len(returns) < 2:
        return None
    spread = statistics.stdev(returns)
    return statistics.fmean(returns) / spread * math.sqrt(_DAYS_A_YEAR) if spread > 0 else None


def sortino(returns: Sequence[float]) -> float | None:
    """Mean over the root mean square of losing days among all days, a year's worth; None without a losing day."""
    if len(returns) < 2:
        return None
    downside = math.sqrt(statistics.fmean(min(0.0, each) ** 2 for each in returns))
    return statistics.fmean(returns) / downside * math.sqrt(_DAYS_A_YEAR) if downside > 0 else None


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _longest_run(hits: Iterable[bool]) -> int:
    longest = now = 0
    for hit in hits:
        now = now + 1 if hit else 0
        longest = max(longest, now)
    return longest

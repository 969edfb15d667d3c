"""The figures of judgement, against sums made by hand."""

import pytest

from velox.report.ratios import ratios, sharpe, sortino
from velox.report.trades import Trade

R = 100_000_000
S = 1_000_000_000


def trade(net: float, hold_s: int = 60, **more: object) -> Trade:
    """Bought one unit at 1,000, sold so that the net is as asked, without charges."""
    told: dict[str, object] = {"closed_ns": S + hold_s * S, "left": 1, "exit_value": round((1000 + net) * R)} | more
    return Trade(
        number=1, strategy="S", instrument="NSE:X", side=1, opened_ns=S, entry_role="entry", entered=1, quantity=1,
        entry_value=1000 * R, charges=[0] * 6, **told,  # type: ignore[arg-type]
    )  # fmt: skip


def test_trades_are_judged() -> None:
    judged = ratios([trade(30), trade(-10, 120), trade(-20, 180), trade(60), trade(0)], [])
    assert (judged.trades, judged.winners, judged.losers, judged.losses_in_a_row) == (5, 2, 2, 2)
    assert judged.win_rate == pytest.approx(2 / 5)
    assert judged.profit_factor == pytest.approx(90 / 30)
    assert judged.expectancy == pytest.approx(60 / 5)
    assert (judged.average_win, judged.average_loss, judged.payoff) == pytest.approx((45, -15, 3))
    assert judged.average_hold_s == pytest.approx((60 + 120 + 180 + 60 + 60) / 5)
    assert (judged.best, judged.worst) == pytest.approx((60, -20))


def test_what_cannot_be_said_is_not_said() -> None:
    judged = ratios([], [0.01])
    assert [judged.win_rate, judged.profit_factor, judged.expectancy, judged.average_hold_s, judged.sharpe] == [
        None
    ] * 5
    assert ratios([trade(5)], []).profit_factor is None
    assert sharpe([0.01, 0.01]) is None
    assert sortino([0.01, 0.02]) is None


def test_average_r_is_of_trades_with_a_stop_alone() -> None:
    judged = ratios([trade(30, stop=990 * R), trade(-10, stop=990 * R), trade(500)], [])
    assert judged.average_r == pytest.approx((3 - 1) / 2)


def test_sharpe_and_sortino_of_four_days() -> None:
    """Mean 0.005, sample deviation √(0.0005/3)… by hand: deviations .005 −.015 .015 −.005."""
    days = [0.01, -0.01, 0.02, 0.0]
    assert sharpe(days) == pytest.approx(0.005 / (0.0005 / 3) ** 0.5 * 252**0.5)
    assert sortino(days) == pytest.approx(0.005 / (0.01**2 / 4) ** 0.5 * 252**0.5)

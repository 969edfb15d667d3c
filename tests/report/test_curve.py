"""Equity and drawdown, against sums made by hand."""

import datetime as dt

from velox.report.curve import Curve

MINUTE = 60_000_000_000
DAY = dt.date(2026, 7, 15)


def test_a_minute_keeps_its_last_equity_and_its_deepest_drawdown() -> None:
    curve = Curve(1000)
    for at, equity in ((0, 1010), (1, 990), (2, 1005), (MINUTE, 1020)):
        curve.mark(at, equity)
    assert [(p.minute_ns, p.equity, p.drawdown) for p in curve.points] == [(0, 1005, 20), (MINUTE, 1020, 0)]


def test_a_loss_from_the_beginning_is_a_drawdown_from_the_capital() -> None:
    curve = Curve(1000)
    curve.mark(0, 970)
    assert curve.points[0].drawdown == 30


def test_days_say_what_each_brought_and_carry_the_drawdown_over() -> None:
    curve = Curve(1000)
    for day, equities in enumerate(((1100, 1080), (1070, 1090))):
        for step, equity in enumerate(equities):
            curve.mark(day * 1000 * MINUTE + step * MINUTE, equity)
        curve.end_day(DAY + dt.timedelta(days=day))
    assert [(d.net, d.equity, d.drawdown) for d in curve.days] == [(80, 1080, 20), (10, 1090, 30)]


def test_a_core_that_begins_anew_goes_on_from_what_was_made() -> None:
    curve = Curve(1000)
    curve.mark(0, 1050)
    curve.end_day(DAY)
    curve.end_spell()
    curve.mark(MINUTE, 1000)  # its own capital again
    curve.mark(MINUTE, 990)
    curve.end_day(DAY + dt.timedelta(days=9))
    assert [(d.net, d.equity) for d in curve.days] == [(50, 1050), (-10, 1040)]
    assert curve.days[-1].drawdown == 10

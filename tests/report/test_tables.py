"""Groupings of trades and days, against sums made by hand."""

import datetime as dt

from tests.report.test_ratios import R, trade

from velox.market.calendar import IST
from velox.report.curve import DayLine
from velox.report.tables import charges_by_line, grouped_by, hours, months, slippage


def at(*when: int) -> int:
    return int(dt.datetime(*when, tzinfo=IST).timestamp()) * 1_000_000_000  # type: ignore[misc,arg-type]


def test_hours_are_those_of_the_entry_in_india() -> None:
    early, late = trade(10), trade(-4)
    early.opened_ns, late.opened_ns = at(2026, 7, 15, 9, 59), at(2026, 7, 17, 10, 0)
    found = hours([early, late, early])
    assert {key: (group.trades, group.net / R) for key, group in found.items()} == {(2, 9): (2, 20), (4, 10): (1, -4)}


def test_months_add_up_the_days() -> None:
    lines = [
        DayLine(dt.date(*day), net, 0, 0) for day, net in (((2026, 7, 30), 5), ((2026, 7, 31), -2), ((2027, 7, 1), 9))
    ]
    assert months(lines) == {(2026, 7): 3, (2027, 7): 9}


def test_groups_charges_and_slippage_add_up() -> None:
    one, other = trade(10), trade(-4)
    one.charges, other.charges = [1, 2, 3, 4, 5, 6], [10, 0, 0, 0, 0, 1]
    one.slippage, other.slippage, other.slippage_unknown = 7, -2, 1
    group = grouped_by([one, other], lambda each: each.instrument)["NSE:X"]
    assert (group.trades, group.winners, group.charges, group.slippage) == (2, 1, 32, 5)
    assert group.net == group.gross - group.charges
    assert charges_by_line([one, other]) == {
        "brokerage": 11, "stt": 2, "transaction": 3, "sebi": 4, "stamp": 5, "gst": 7,
    }  # fmt: skip
    assert (slippage([one, other]).cost, slippage([one, other]).unknown) == (5, 1)

"""Trading days, holidays, special live days, and the edges of what is known."""

import datetime as dt

import pytest

from velox.market import calendar

D = dt.date

HOLIDAYS_2026 = """2026-01-15 2026-01-26 2026-03-03 2026-03-26 2026-03-31 2026-04-03 2026-04-14 2026-05-01 2026-05-28
2026-06-26 2026-09-14 2026-10-02 2026-10-20 2026-11-10 2026-11-24 2026-12-25""".split()
HOLIDAYS_2021 = "2021-04-02 2021-04-14 2021-04-21 2021-05-13".split()


@pytest.mark.parametrize("text", HOLIDAYS_2021 + HOLIDAYS_2026)
def test_a_holiday_is_named(text: str) -> None:
    reason = calendar.why_closed(D.fromisoformat(text))
    assert reason is not None
    assert reason.startswith("a holiday (")


def test_no_holiday_falls_on_a_weekend_or_is_missing() -> None:
    closed = [
        day
        for first, last in ((D(2021, 4, 1), D(2021, 6, 30)), (D(2026, 1, 1), D(2026, 12, 31)))
        for day in (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
        if day.weekday() < 5 and calendar.why_closed(day) is not None
    ]
    assert [str(day) for day in closed] == sorted(HOLIDAYS_2021 + HOLIDAYS_2026)


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (D(2021, 4, 15), True),
        (D(2021, 4, 26), True),
        (D(2021, 6, 8), True),
        (D(2021, 4, 17), False),
        (D(2026, 1, 1), True),
        (D(2026, 2, 1), True),  # a Sunday: Union Budget
        (D(2026, 2, 8), False),
        (D(2026, 7, 15), True),
        (D(2026, 8, 31), True),
    ],
)
def test_trading_days_are_weekdays_less_holidays_plus_special_days(day: dt.date, open_: bool) -> None:
    assert calendar.is_trading_day(day) is open_


def test_muhurat_trading_is_refused_while_its_hour_is_unknown() -> None:
    with pytest.raises(calendar.NotATradingDay, match=r"2026-11-08.*Muhurat.*hours are not known"):
        calendar.check_open(D(2026, 11, 8))


@pytest.mark.parametrize(
    ("day", "known"),
    [
        (D(2021, 3, 31), False),
        (D(2021, 4, 1), True),
        (D(2021, 6, 30), True),
        (D(2021, 7, 1), False),
        (D(2025, 12, 31), False),
        (D(2026, 1, 1), True),
        (D(2026, 8, 31), True),
        (D(2026, 9, 1), False),
    ],
)
def test_the_covered_ranges_have_sharp_edges(day: dt.date, known: bool) -> None:
    assert calendar.covered(day) is known
    if not known:
        with pytest.raises(calendar.NotCovered, match=str(day)):
            calendar.is_trading_day(day)


def test_the_last_covered_date_is_the_end_of_august_2026() -> None:
    assert calendar.last_covered_date() == D(2026, 8, 31)


def test_trading_days_include_both_ends() -> None:
    days = calendar.trading_days(D(2026, 1, 23), D(2026, 2, 2))
    assert [day.day for day in days] == [23, 27, 28, 29, 30, 1, 2]
    assert calendar.trading_days(D(2026, 1, 24), D(2026, 1, 26)) == []
    assert calendar.trading_days(D(2026, 1, 27), D(2026, 1, 23)) == []


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-01", D(2026, 1, 1), D(2026, 1, 31)),
        ("2026-02", D(2026, 2, 1), D(2026, 2, 28)),
        ("2024-02", D(2024, 2, 1), D(2024, 2, 29)),
        ("2026-12", D(2026, 12, 1), D(2026, 12, 31)),
        ("2026-07-15", D(2026, 7, 15), D(2026, 7, 15)),
    ],
)
def test_8_a_month_is_the_whole_month_and_a_date_a_day(text: str, first: dt.date, last: dt.date) -> None:
    assert calendar.day_span(text) == (first, last)


def test_a_range_that_leaves_what_is_known_is_refused() -> None:
    with pytest.raises(calendar.NotCovered, match="2021-07-01"):
        calendar.trading_days(D(2021, 6, 29), D(2021, 7, 2))


@pytest.mark.parametrize(
    ("day", "previous"),
    [
        (D(2026, 7, 15), D(2026, 7, 14)),
        (D(2026, 7, 20), D(2026, 7, 17)),
        (D(2026, 1, 27), D(2026, 1, 23)),
        (D(2026, 2, 2), D(2026, 2, 1)),
        (D(2021, 4, 5), D(2021, 4, 1)),
    ],
)
def test_the_previous_trading_day_steps_over_holidays(day: dt.date, previous: dt.date) -> None:
    assert calendar.previous_trading_day(day) == previous
    assert calendar.next_trading_day(previous) == day


def test_the_day_before_the_first_known_one_is_not_guessed() -> None:
    with pytest.raises(calendar.NotCovered, match="2025-12-31"):
        calendar.previous_trading_day(D(2026, 1, 1))


def test_times_in_india_are_exact_nanoseconds() -> None:
    assert calendar.ist_ns(D(1970, 1, 1), dt.time(5, 30)) == 0
    assert calendar.ist_ns(D(1970, 1, 1), dt.time(5, 30, 0, 1)) == 1_000
    assert calendar.ist_ns(D(2021, 4, 26), dt.time(9, 15)) == 1_619_408_700_000_000_000

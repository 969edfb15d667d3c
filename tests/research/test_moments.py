"""Times are read as they were meant, or refused: never guessed."""

import datetime as dt

import polars as pl
import pytest

from velox.errors import BadInput
from velox.research.decimals import scaled_column
from velox.research.moments import read_moments

OPEN = dt.datetime(2021, 4, 26, 3, 45, tzinfo=dt.UTC)  # 09:15 in India
MIDNIGHT = dt.datetime(2021, 4, 25, 18, 30, tzinfo=dt.UTC)


def moments(*texts: str | None, zone: str = "Asia/Kolkata", form: str = "") -> list[dt.datetime | None]:
    read = read_moments(pl.Series("t", texts, dtype=pl.String), zone=zone, form=form)
    return pl.from_epoch(read.ts_ns, time_unit="ns").dt.replace_time_zone("UTC").to_list()


@pytest.mark.parametrize(
    "text",
    [
        "2021-04-26 09:15",
        "2021-04-26T09:15:00",
        "2021-04-26 09:15:00.000000",
        "2021/04/26 09:15:00",
        "20210426 09:15",
        "20210426 0915",
        "20210426091500",
        "202104260915",
        "26-04-2021 09:15",
        "26/04/2021 09:15:00",
        "26.04.2021 9:15",
        "26-04-21 09:15",
        "04/26/2021 09:15:00",
        "04/26/2021 09:15 AM",
        "26-Apr-2021 09:15:00",
        "26 APRIL 2021 9:15 am",
        "Apr 26, 2021 09:15",
        "2021-04-26T09:15:00+05:30",
        "2021-04-26T09:15:00+0530",
        "2021-04-26 03:45:00Z",
        "2021-04-26 09:15:00 IST",
        "1619408700",
        "1619408700.0",
        "1619408700000",
        "1619408700000000",
        "1619408700000000000",
    ],
)
def test_every_spelling_of_the_open_is_the_same_moment(text: str) -> None:
    assert moments(text) == [OPEN]


@pytest.mark.parametrize("text", ["2021-04-26", "20210426", "26-APR-2021", "26/04/2021"])
def test_dates_alone_are_midnight_and_say_so(text: str) -> None:
    assert moments(text) == [MIDNIGHT]
    assert read_moments(pl.Series("t", [text]), zone="Asia/Kolkata").dates_only


def test_afternoons_noons_and_fractions() -> None:
    assert moments("26/04/2021 12:00 AM", "26/04/2021 12:30 PM", "26/04/2021 03:29 PM", "26/04/2021 13:00 PM") == [
        MIDNIGHT,
        MIDNIGHT + dt.timedelta(hours=12, minutes=30),
        MIDNIGHT + dt.timedelta(hours=15, minutes=29),
        None,
    ]
    assert moments("2021-04-26 09:15:00.25", "1619408700.25") == [
        OPEN + dt.timedelta(milliseconds=250),
        None,
    ]


def test_a_zone_named_by_the_user_holds_for_times_without_one() -> None:
    assert moments("2021-04-26 03:45:00", zone="UTC") == [OPEN]
    assert moments("2021-04-26 09:15:00+05:30", zone="America/New_York") == [OPEN]
    # An hour that the clocks skip, and one that they repeat, are no moments.
    assert moments("2021-03-14 02:30:00", "2021-11-07 01:30:00", zone="America/New_York") == [None, None]
    with pytest.raises(BadInput, match="'Mars/Base' is no time zone"):
        moments("2021-04-26 09:15", zone="Mars/Base")


def test_ambiguous_dates_are_refused_unless_a_row_or_the_user_says_what_they_are() -> None:
    with pytest.raises(BadInput, match="'03/04/2026' may put the day or the month first: say --time-format dmy"):
        moments("03/04/2026", "05/04/2026")
    march, april = dt.datetime(2026, 3, 3, 18, 30, tzinfo=dt.UTC), dt.datetime(2026, 4, 2, 18, 30, tzinfo=dt.UTC)
    assert moments("03/04/2026", form="dmy") == [april]
    assert moments("03/04/2026", form="mdy") == [march]
    assert moments("03/04/2026", "25/04/2026")[0] == april
    assert moments("03/04/2026", "04/25/2026")[0] == march
    with pytest.raises(BadInput, match="now the day, now the month first"):
        moments("13/04/2026", "04/13/2026")


def test_a_pattern_is_taken_at_its_word() -> None:
    assert moments("26~04~2021 09h15", form="%d~%m~%Y %Hh%M") == [OPEN]
    assert moments("26~04~2021", form="%d~%m~%Y") == [MIDNIGHT]
    with pytest.raises(BadInput, match="no form of a time"):
        moments("26~04~2021", form="daymonth")


def test_what_is_no_time_is_null_and_never_another_one() -> None:
    good = "2021-04-26 09:15:00"
    bad = ("", "noon", "2021-02-30 09:15:00", "2021-04-26 24:00:00", "2021-04-26 09:60:00", "1821-04-26 09:15:00", None)
    assert moments(good, *bad) == [OPEN, *[None] * len(bad)]
    # Where others tell a time of day, a bare date is a row cut short.
    assert moments(good, "2021-04-27") == [OPEN, None]


@pytest.mark.parametrize(
    ("text", "scaled"),
    [
        ("0.07", 7_000_000),
        ("323.45", 32_345_000_000),
        ("1,234.50", 123_450_000_000),
        ("12,34,567.5", 123_456_750_000_000),
        ("-2.25", -225_000_000),
        ("+.5", 50_000_000),
        ("5.", 500_000_000),
        ("1e3", 100_000_000_000),
        ("2.5E-7", 25),
        ("0.1234567800", 12_345_678),
        ("9999999999.99999999", 999_999_999_999_999_999),
        ("0.123456789", None),  # finer than can be kept: not rounded
        ("99999999999", None),
        ("123,45", None),  # no grouping of thousands: perhaps a decimal comma
        ("NaN", None),
        ("", None),
        ("1.2.3", None),
        ("abc", None),
    ],
)
def test_prices_are_exact_or_nothing(text: str, scaled: int | None) -> None:
    assert scaled_column(pl.Series("p", [text]), 8).to_list() == [scaled]

"""Contracts by name: what a name says, when it expires, which future is the near one of a day."""

import datetime as dt

import pytest

from velox.errors import BadInput
from velox.market import facts
from velox.market.contracts import Contract, contract_of, future_name, last_day, monthly_expiry
from velox.market.derivatives import moved_expiries
from velox.market.instruments import InstrumentBook, Kind, UnknownInstrument, definition, why_not_known

D = dt.date
ONE = 100_000_000
PAISA = 1_000_000


@pytest.mark.parametrize(
    ("year", "month", "expiry"),
    [
        (2021, 4, D(2021, 4, 29)),  # Thursdays then
        (2021, 5, D(2021, 5, 27)),
        (2021, 6, D(2021, 6, 24)),
        (2025, 8, D(2025, 8, 28)),  # the last Thursday
        (2025, 9, D(2025, 9, 30)),  # the first Tuesday of a month's end
        (2026, 3, D(2026, 3, 30)),  # 31 March is a holiday
        (2026, 6, D(2026, 6, 30)),
        (2026, 7, D(2026, 7, 28)),
        (2026, 8, D(2026, 8, 25)),
        (2026, 11, D(2026, 11, 23)),  # 24 November is a holiday
    ],
)
def test_a_month_expires_on_its_last_expiry_weekday_or_the_trading_day_before(
    year: int, month: int, expiry: dt.date
) -> None:
    assert monthly_expiry(year, month) == expiry


def test_moved_monthly_expiries_are_those_that_the_table_states() -> None:
    moved = [each for each in moved_expiries() if each.contract == "monthly"]
    assert len(moved) == 2
    for each in moved:
        assert monthly_expiry(each.scheduled.year, each.scheduled.month) == each.actual


def near(day: dt.date, place: int = 0, roll_days: int = 0) -> str:
    return future_name("NIFTY", place, day, roll_days, lambda _: None)


@pytest.mark.parametrize(
    ("day", "roll_days", "name"),
    [
        (D(2021, 4, 28), 0, "NFO:NIFTY21APRFUT"),
        (D(2021, 4, 29), 0, "NFO:NIFTY21APRFUT"),
        (D(2021, 4, 30), 0, "NFO:NIFTY21MAYFUT"),
        (D(2021, 6, 25), 0, "NFO:NIFTY21JULFUT"),
        (D(2026, 3, 27), 0, "NFO:NIFTY26MARFUT"),
        (D(2026, 3, 30), 0, "NFO:NIFTY26MARFUT"),
        (D(2026, 4, 1), 0, "NFO:NIFTY26APRFUT"),
        (D(2026, 3, 27), 1, "NFO:NIFTY26APRFUT"),  # Friday is the trading day before Monday's expiry
        (D(2026, 3, 25), 1, "NFO:NIFTY26MARFUT"),  # 26 March is a holiday
        (D(2026, 3, 25), 2, "NFO:NIFTY26APRFUT"),
        (D(2026, 7, 27), 1, "NFO:NIFTY26AUGFUT"),
        (D(2026, 7, 24), 1, "NFO:NIFTY26JULFUT"),
        (D(2026, 12, 30), 0, "NFO:NIFTY27JANFUT"),
    ],
)
def test_the_near_future_of_a_day(day: dt.date, roll_days: int, name: str) -> None:
    assert near(day, roll_days=roll_days) == name


def test_next_and_far_follow_the_near_one() -> None:
    names = ["NFO:NIFTY26NOVFUT", "NFO:NIFTY26DECFUT", "NFO:NIFTY27JANFUT"]
    assert [near(D(2026, 11, 5), place) for place in range(3)] == names
    assert [near(D(2026, 11, 23), place, 1) for place in range(2)] == names[1:]


def test_an_instrument_files_expiry_decides() -> None:
    told = {"NFO:NIFTY26JULFUT": D(2026, 7, 27)}
    assert future_name("NIFTY", 0, D(2026, 7, 28), 0, told.get) == "NFO:NIFTY26AUGFUT"


@pytest.mark.parametrize(
    ("name", "contract"),
    [
        ("NFO:NIFTY26JULFUT", Contract("NIFTY", D(2026, 7, 28), True)),
        ("NFO:NIFTYNXT5026JULFUT", Contract("NIFTYNXT50", D(2026, 7, 28), True)),
        ("NFO:M&M26JULFUT", Contract("M&M", D(2026, 7, 28), True)),
        ("NFO:NIFTY26JUL24500CE", Contract("NIFTY", D(2026, 7, 28), True, "24500", "CE")),
        ("NFO:NIFTY2670724500PE", Contract("NIFTY", D(2026, 7, 7), False, "24500", "PE")),
        ("NFO:NIFTY26O1924500PE", Contract("NIFTY", D(2026, 10, 19), False, "24500", "PE")),
        ("NFO:ITC26JUL402.5CE", Contract("ITC", D(2026, 7, 28), True, "402.5", "CE")),
    ],
)
def test_a_name_says_what_a_contract_is(name: str, contract: Contract) -> None:
    assert contract_of(name) == contract


@pytest.mark.parametrize(
    "name",
    [
        "NSE:NIFTY26JULFUT",
        "NFO:NIFTY",
        "NFO:NIFTY26JUL",
        "NFO:NIFTY26JULXFUT",
        "NFO:NIFTY26JUL0CE",
        "NFO:NIFTY2623024500CE",
    ],
)
def test_what_is_no_contract_has_no_such_name(name: str) -> None:
    assert contract_of(name) is None
    if name.startswith("NFO:"):
        with pytest.raises(UnknownInstrument, match="write a contract like NFO:NIFTY26JULFUT"):
            _ = InstrumentBook.offline()[name]


def test_a_book_without_a_file_takes_contracts_in_as_they_are_named() -> None:
    book = InstrumentBook.offline()
    future, option = book["NFO:NIFTY26JULFUT"], book["NFO:BANKNIFTY26JUL55000PE"]
    assert (future.kind, future.lot, future.shortable, future.group) == (Kind.FUTURE, 65, True, "futures")
    assert (option.kind, option.lot, option.shortable, option.group) == (Kind.OPTION, 30, False, "options")
    assert book["NFO:NIFTY26JULFUT"] is future
    assert book.by_token("NFO", future.token) is future


def test_lots_that_only_a_brokers_file_knows_may_be_left_open_until_it_is_there() -> None:
    assert InstrumentBook.offline()["NFO:SBIN26JULFUT"].lot == 0
    book = InstrumentBook.offline(lots_come_later=True)
    assert (book["NFO:SBIN26JULFUT"].lot, book["NFO:NIFTY26JULFUT"].lot) == (1, 65)


def test_a_book_of_a_file_makes_no_contracts_up() -> None:
    with pytest.raises(UnknownInstrument, match="NFO:NIFTY26JULFUT"):
        _ = InstrumentBook()["NFO:NIFTY26JULFUT"]


@pytest.mark.parametrize(
    ("day", "name", "price", "tick", "lot", "freeze"),
    [
        (D(2026, 1, 5), "NFO:NIFTY26JANFUT", 26_000, 10 * PAISA, 65, 0),  # no freeze quantity is known then
        (D(2026, 8, 3), "NFO:NIFTY26AUGFUT", 24_900, 10 * PAISA, 65, 1800),
        (D(2026, 8, 3), "NFO:BANKNIFTY26AUGFUT", 55_300, 20 * PAISA, 30, 600),
        (D(2026, 8, 3), "NFO:NIFTY26AUG24500CE", 120, 5 * PAISA, 65, 1800),
        (D(2026, 1, 2), "NFO:NIFTY2610626000CE", 120, 5 * PAISA, 65, 0),
    ],
)
def test_a_contract_is_described_for_the_kernel(
    day: dt.date, name: str, price: int, tick: int, lot: int, freeze: int
) -> None:
    known = facts.load(day)
    made = definition(InstrumentBook.offline()[name], known, id=0, reference_price=price * ONE)
    assert (made.tick, made.lot, made.freeze, made.exchange) == (tick, lot, freeze, "NFO")
    group = "futures" if name.endswith("FUT") else "options"
    assert known.loaded.groups[made.group].name == known.loaded.charges[made.charges].name == group
    assert made.kind == (2 if group == "futures" else 3)


@pytest.mark.parametrize(
    ("day", "name", "why"),
    [
        (D(2026, 7, 29), "NFO:NIFTY26JULFUT", "NFO:NIFTY26JULFUT expired on 2026-07-28"),
        (D(2026, 7, 1), "NFO:RELIANCE26JULFUT", "the lot of NFO:RELIANCE26JULFUT is not known"),
        (D(2021, 4, 26), "NFO:NIFTY21APRFUT", "the lot of NFO:NIFTY21APRFUT is not known"),
    ],
)
def test_what_a_contract_lacks_is_said(day: dt.date, name: str, why: str) -> None:
    instrument, known = InstrumentBook.offline()[name], facts.load(day)
    assert str(why_not_known(instrument, known)).startswith(why)
    with pytest.raises(BadInput, match=why):
        definition(instrument, known, id=0, reference_price=100 * ONE)


def test_shares_are_delivered_so_their_contracts_end_a_day_earlier() -> None:
    assert last_day(D(2026, 7, 28), delivered=False) == D(2026, 7, 28)
    assert last_day(D(2026, 3, 30), delivered=True) == D(2026, 3, 27)

"""Instruments are found by name and token, unknown ones are named with their neighbours, tokens are stable."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velox.errors import BadInput
from velox.market import facts
from velox.market.amounts import ONE, PAISA
from velox.market.instruments import (
    Instrument,
    InstrumentBook,
    Kind,
    UnknownInstrument,
    definition,
    made_up_token,
    plain_name,
    recorded_name,
    shipped,
    why_not_tradable,
)
from velox.market.records import InstrumentDef

D = dt.date


@pytest.fixture
def book() -> InstrumentBook:
    return InstrumentBook.offline()


def test_the_shipped_list_has_indices_and_shares(book: InstrumentBook) -> None:
    assert book["NSE:NIFTY"].token == "99926000"
    assert book["NSE:BANKNIFTY"].token == "99926009"
    assert book["NSE:NIFTY"].kind is Kind.INDEX
    reliance = book["NSE:RELIANCE"]
    assert (reliance.kind, reliance.symbol, reliance.exchange) == (Kind.EQUITY, "RELIANCE-EQ", "NSE")
    assert (reliance.cas, reliance.shortable, reliance.tradable, reliance.lot) == (True, True, True, 1)
    assert not book["NSE:SYNGENE"].cas
    assert len(book) == len(shipped()) >= 75
    assert book.names() == sorted(instrument.name for instrument in book)


@pytest.mark.req("S-012")
def test_every_instrument_is_found_by_its_token(book: InstrumentBook) -> None:
    for instrument in book:
        assert book.by_token(instrument.exchange, instrument.token) is instrument
    assert book.by_token("BSE", "99926000") is None
    assert book.by_token("NSE", "1") is None


def test_made_up_tokens_are_the_same_everywhere_and_for_ever(book: InstrumentBook) -> None:
    assert book["NSE:RELIANCE"].token == made_up_token("NSE:RELIANCE") == "927109371"
    assert book["NSE:M&M"].token == made_up_token("NSE:M&M")


@given(st.text(min_size=1, max_size=20))
def test_a_made_up_token_cannot_meet_a_listed_one(name: str) -> None:
    token = made_up_token(name)
    assert 900_000_000 <= int(token) < 1_000_000_000
    second = made_up_token(name, {token})
    assert second != token
    assert made_up_token(name, {token, second}) not in {token, second}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("NSE:RELAINCE", "did you mean NSE:RELIANCE?"),
        ("RELIANCE", "did you mean NSE:RELIANCE?"),
        ("nse:tcs", "NSE:TCS"),
        ("BAJAJ_AUTO", "NSE:BAJAJ-AUTO"),
        ("NSE:QQQQQQQQ", "write it like NSE:RELIANCE"),
        ("", "write it like NSE:RELIANCE"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_ones(book: InstrumentBook, name: str, hint: str) -> None:
    assert name not in book
    with pytest.raises(UnknownInstrument) as refusal:
        book[name]
    assert repr(name) in str(refusal.value)
    assert hint in str(refusal.value)


def test_a_name_seen_only_in_a_recording_is_adopted_once(book: InstrumentBook) -> None:
    made = book.adopt("NSE:NEWCO")
    assert (made.symbol, made.kind, made.cas) == ("NEWCO-EQ", Kind.EQUITY, False)
    assert book.adopt("NSE:NEWCO") is made
    assert book["NSE:NEWCO"] is made
    assert book.adopt("NSE:NIFTY_NEW", index=True).kind is Kind.INDEX
    assert book.adopt("NSE:RELIANCE", index=True).kind is Kind.EQUITY


@pytest.mark.parametrize("name", ["NEWCO", "BSE:NEWCO", "NSE:", ""])
def test_a_name_that_is_none_is_not_adopted(book: InstrumentBook, name: str) -> None:
    with pytest.raises(UnknownInstrument, match="NSE:RELIANCE"):
        book.adopt(name)


def test_names_and_tokens_are_unique(book: InstrumentBook) -> None:
    rival = Instrument(name="NSE:OTHER", exchange="NSE", token="99926000", kind=Kind.EQUITY, symbol="OTHER-EQ")
    with pytest.raises(BadInput, match=r"NSE:OTHER .*NSE:NIFTY "):
        book.add(rival)
    with pytest.raises(BadInput, match="NSE:TCS"):
        book.add(Instrument(name="NSE:TCS", exchange="NSE", token="1", kind=Kind.EQUITY, symbol="TCS-EQ"))


def test_an_index_is_not_tradable_and_names_its_futures(book: InstrumentBook) -> None:
    assert why_not_tradable(book["NSE:TCS"]) is None
    nifty = why_not_tradable(book["NSE:NIFTY"], D(2026, 3, 24))
    assert nifty is not None
    assert "NSE:NIFTY is an index" in nifty
    assert "NFO:NIFTY26MARFUT" in nifty
    near = "NFO:FINNIFTY26SEPFUT"  # of 31 August 2026
    assert near in str(why_not_tradable(book["NSE:NIFTY_FINSERV"]))
    assert "no futures" in str(why_not_tradable(book["NSE:NIFTY_AUTO"]))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("Nifty_26_April.csv.gz", ("NSE:NIFTY", True)),
        ("Nifty_Bank_2021-06-08_.csv.gz", ("NSE:BANKNIFTY", True)),
        ("BAJAJ_AUTO_15_April.csv.gz", ("NSE:BAJAJ-AUTO", False)),
        ("MM_2021-06-08_.csv", ("NSE:M&M", False)),
        ("LT2021-06-08_.csv.gz", ("NSE:LT", False)),
        ("NIFTY_AUTO2021-06-08_.csv.gz", ("NSE:NIFTY_AUTO", True)),
        ("somewhere/index/NEW_INDEX_1_May.csv", ("NSE:NEW_INDEX", True)),
        ("somewhere/stocks/RELIANCE.csv", ("NSE:RELIANCE", False)),
        ("RELIANCE", ("NSE:RELIANCE", False)),
    ],
)
def test_a_recorded_file_names_its_instrument(file: str, expected: tuple[str, bool]) -> None:
    assert recorded_name(file) == expected
    assert recorded_name(Path("folder") / file) == expected


@pytest.mark.parametrize("file", ["2021-06-08_.csv", ".csv.gz", ""])
def test_a_file_without_a_name_is_refused(file: str) -> None:
    with pytest.raises(BadInput, match="names no instrument"):
        recorded_name(file)


def test_every_recorded_name_is_shipped(book: InstrumentBook, shared: Path) -> None:
    files = sorted((shared / "data" / "nse_ticks_2021").glob("*/*/*.csv.gz"))
    assert len(files) == 110
    for path in files:
        name, index = recorded_name(path)
        assert (book[name].kind is Kind.INDEX) is index is (path.parent.name == "index")


def test_plain_name_leaves_the_exchange_out() -> None:
    assert plain_name("NSE:M&M") == "M&M"


def test_a_share_is_described_for_the_kernel(book: InstrumentBook) -> None:
    day = facts.load(D(2026, 8, 3))
    made = definition(book["NSE:RELIANCE"], day, id=7, reference_price=1400 * ONE, prev_close=1410 * ONE)
    assert made == InstrumentDef(
        id=7,
        name="NSE:RELIANCE",
        exchange="NSE",
        token="927109371",
        kind=1,
        group=2,
        tick=10 * PAISA,
        lot=1,
        freeze=0,
        lower=0,
        upper=0,
        prev_close=1410 * ONE,
        charges=0,
        shortable=True,
    )


def test_groups_of_the_kernel_follow_kind_and_closing_auction(book: InstrumentBook) -> None:
    day = facts.load(D(2026, 8, 3))
    names = {"NSE:NIFTY": "index", "NSE:SYNGENE": "cash", "NSE:TCS": "cash-cas"}
    for name, group in names.items():
        made = definition(book[name], day, id=0, reference_price=900 * ONE)
        assert day.loaded.groups[made.group].name == group
        assert made.shortable is (group != "index")


@pytest.mark.parametrize(
    ("day", "tick_in_file", "price", "tick"),
    [
        (D(2021, 4, 26), 0, 1400, 5 * PAISA),
        (D(2021, 4, 26), 10 * PAISA, 1400, 5 * PAISA),  # a file of 2026 beside a day of 2021
        (D(2026, 7, 15), 0, 1400, 10 * PAISA),
        (D(2026, 7, 15), 5 * PAISA, 1400, 5 * PAISA),  # the band was set before the price rose
        (D(2026, 7, 15), 3 * PAISA, 100, PAISA),
    ],
)
def test_the_instrument_files_tick_holds_where_the_date_knows_it(
    day: dt.date, tick_in_file: int, price: int, tick: int
) -> None:
    share = Instrument(
        name="NSE:X", exchange="NSE", token="1", kind=Kind.EQUITY, symbol="X-EQ", tick=tick_in_file, freeze=900
    )
    made = definition(share, facts.load(day), id=0, reference_price=price * ONE)
    assert made.tick == tick
    assert made.freeze == (0 if day.year == 2021 else 900)


def test_a_tick_is_not_guessed_without_a_price(book: InstrumentBook) -> None:
    with pytest.raises(BadInput, match=r"tick size of NSE:TCS"):
        definition(book["NSE:TCS"], facts.load(D(2026, 7, 15)), id=0, reference_price=0)
    only_one = definition(book["NSE:TCS"], facts.load(D(2021, 4, 26)), id=0, reference_price=0)
    assert only_one.tick == 5 * PAISA

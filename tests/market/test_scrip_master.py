"""The broker's instrument file: shares and indices enter, the rest is counted, broken rows hurt nothing else."""

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velox.errors import BadInput
from velox.market.amounts import PAISA
from velox.market.instruments import InstrumentBook, Kind
from velox.market.scrip_master import ScripMaster, read_scrip_master

SHARE = {
    "token": "2885",
    "symbol": "RELIANCE-EQ",
    "name": "RELIANCE",
    "expiry": "",
    "strike": "-1.000000",
    "lotsize": "1",
    "instrumenttype": "",
    "exch_seg": "NSE",
    "tick_size": "10.000000",
}
NIFTY = {
    **SHARE,
    "token": "99926000",
    "symbol": "Nifty 50",
    "name": "NIFTY",
    "instrumenttype": "AMXIDX",
    "tick_size": "0",
}


def read(*rows: object) -> ScripMaster:
    return read_scrip_master(json.dumps(rows).encode())


def test_the_excerpt_of_2026(shared: Path) -> None:
    path = shared / "data" / "reference" / "angelone_scripmaster_excerpt_2026.json"
    master = read_scrip_master(path)
    book = InstrumentBook.from_file(path)
    assert list(book) == master.instruments
    assert (master.skipped, master.rejects) == ({}, [])
    assert book.names() == sorted(
        f"NSE:{name}"
        for name in ("NIFTY", "BANKNIFTY", "ICICIBANK", "TORNTPHARM", "BANKBARODA", "SYNGENE", "VEEKAYEM-SM")
    )
    icici = book["NSE:ICICIBANK"]
    assert (icici.token, icici.tick, icici.freeze, icici.cas) == ("4963", 10 * PAISA, 64_561, True)
    assert [book[f"NSE:{name}"].tick // PAISA for name in ("TORNTPHARM", "BANKBARODA", "SYNGENE")] == [50, 1, 5]
    assert not book["NSE:SYNGENE"].cas
    small = book["NSE:VEEKAYEM-SM"]
    assert (small.lot, small.shortable, small.tradable) == (500, False, True)
    assert book.by_token("NSE", "99926009") is book["NSE:BANKNIFTY"]
    assert not book["NSE:NIFTY"].tradable


def test_a_file_without_the_fields_of_2026_is_read() -> None:
    (share,) = read(SHARE).instruments
    assert (share.name, share.symbol, share.freeze, share.cas) == ("NSE:RELIANCE", "RELIANCE-EQ", 0, False)
    assert (share.tick, share.lot, share.kind, share.shortable) == (10 * PAISA, 1, Kind.EQUITY, True)


@pytest.mark.parametrize(("given_", "flag"), [(True, True), ("true", True), (False, False), ("false", False)])
def test_the_closing_auction_flag_may_be_text(given_: bool | str, flag: bool) -> None:
    (share,) = read({**SHARE, "is_cas_enabled": given_}).instruments
    assert share.cas is flag


def test_rows_of_no_use_are_counted_by_reason() -> None:
    master = read(
        SHARE,
        {**SHARE, "token": "35001", "symbol": "SENSEX27AUG2681000CE", "instrumenttype": "OPTIDX", "exch_seg": "BFO"},
        {**SHARE, "token": "35002", "symbol": "GOLD05OCT26FUT", "instrumenttype": "FUTCOM", "exch_seg": "MCX"},
        {**SHARE, "token": "500325", "symbol": "RELIANCE", "exch_seg": "BSE"},
        {**SHARE, "token": "77", "symbol": "738GS2027-GS"},
        {**SHARE, "token": "78", "symbol": "NOSERIES"},
        {**SHARE, "token": "79", "symbol": "GOLD", "instrumenttype": "COMDTY"},
        SHARE,
        {**SHARE, "token": "99"},
    )
    assert [share.name for share in master.instruments] == ["NSE:RELIANCE"]
    assert master.skipped == {
        "derivatives": 2,
        "other exchanges": 1,
        "other series": 2,
        "other kinds": 1,
        "duplicate": 2,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""},
        {"token": "12x"},
        {"token": 12},
        {"tick_size": "ten"},
        {"tick_size": "0"},
        {"tick_size": "-5"},
        {"tick_size": "1e-9"},
        {"lotsize": "0"},
        {"lotsize": "1.5"},
        {"freeze_qty": "many"},
        {"symbol": None},
    ],
)
def test_a_broken_row_is_counted_and_hurts_no_other(change: dict[str, object]) -> None:
    master = read({**SHARE, **change}, {**SHARE, "token": "11536", "symbol": "TCS-EQ", "name": "TCS"})
    assert [share.name for share in master.instruments] == ["NSE:TCS"]
    assert master.skipped == {"rejected": 1}
    assert master.rejects[0].startswith("row 1: ")


def test_only_the_first_broken_rows_are_quoted() -> None:
    master = read(*[{**SHARE, "token": "x"}] * 50)
    assert master.skipped == {"rejected": 50}
    assert len(master.rejects) == 5


def test_an_index_is_known_by_its_title() -> None:
    fin = {**NIFTY, "token": "99926037", "symbol": "NIFTY FIN SERVICE", "name": "FINNIFTY"}
    other = {**NIFTY, "token": "99926040", "symbol": "Nifty Growth 15", "name": "Nifty Growth 15"}
    book = InstrumentBook(read(NIFTY, fin, other).instruments)
    assert book["NSE:NIFTY_FINSERV"].futures == "FINNIFTY"
    assert book["NSE:NIFTY_GROWTH_15"].kind is Kind.INDEX
    assert book["NSE:NIFTY"].futures == "NIFTY"


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b"<html>", b"\xff\xfe", b"null"])
def test_a_file_that_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="no JSON array"):
        read_scrip_master(content)


def _contract(symbol: str, expiry: str, kind: str, token: str, **change: str) -> dict[str, object]:
    row = {**SHARE, "symbol": symbol, "expiry": expiry, "instrumenttype": kind, "token": token, "exch_seg": "NFO"}
    return {**row, "name": "NIFTY", "lotsize": "65", "tick_size": "5.000000", "freeze_qty": "1801", **change}


FUTURE = _contract("NIFTY28JUL26FUT", "28JUL2026", "FUTIDX", "35000", tick_size="10.000000")
MONTHLY = _contract("NIFTY28JUL2624500CE", "28JUL2026", "OPTIDX", "35001", strike="2450000.000000")
WEEKLY = _contract("NIFTY21JUL2624550PE", "21JUL2026", "OPTIDX", "35002", strike="2455000.000000")


def test_contracts_have_the_names_by_which_strategies_call_them() -> None:
    of_share = {"name": "RELIANCE", "lotsize": "500", "freeze_qty": "0"}
    half = {"strike": "142250.000000", **of_share}
    master = read(
        WEEKLY,
        MONTHLY,
        FUTURE,
        _contract("RELIANCE28JUL26FUT", "28JUL2026", "FUTSTK", "35003", **of_share),
        _contract("RELIANCE28JUL261422.5CE", "28JUL2026", "OPTSTK", "35004", **half),
    )
    book = InstrumentBook(master.instruments)
    assert (master.skipped, master.rejects) == ({}, [])
    assert book.names() == [
        "NFO:NIFTY2672124550PE",
        "NFO:NIFTY26JUL24500CE",
        "NFO:NIFTY26JULFUT",
        "NFO:RELIANCE26JUL1422.5CE",
        "NFO:RELIANCE26JULFUT",
    ]
    future, share = book["NFO:NIFTY26JULFUT"], book["NFO:RELIANCE26JULFUT"]
    assert (future.kind, future.lot, future.tick, future.freeze) == (Kind.FUTURE, 65, 10 * PAISA, 1801)
    assert (future.expiry, future.of_index, future.shortable) == (dt.date(2026, 7, 28), True, True)
    assert (share.lot, share.of_index, share.underlying) == (500, False, "RELIANCE")
    option = book["NFO:NIFTY2672124550PE"]
    assert (option.kind, option.shortable, option.symbol) == (Kind.OPTION, False, "NIFTY21JUL2624550PE")
    assert book.by_token("NFO", "35001") is book["NFO:NIFTY26JUL24500CE"]


def test_a_future_of_the_file_decides_which_options_are_monthly() -> None:
    """A holiday that the calendar does not know moved the month's last expiry."""
    moved = [{**row, "expiry": "27JUL2026"} for row in (FUTURE, MONTHLY)]
    master = read(*moved)
    assert [(each.name, each.expiry) for each in master.instruments] == [
        ("NFO:NIFTY26JULFUT", dt.date(2026, 7, 27)),
        ("NFO:NIFTY26JUL24500CE", dt.date(2026, 7, 27)),
    ]


def test_tokens_repeat_across_exchanges() -> None:
    master = read(SHARE, {**FUTURE, "token": SHARE["token"]}, {**MONTHLY, "token": SHARE["token"]})
    assert [each.name for each in master.instruments] == ["NSE:RELIANCE", "NFO:NIFTY26JULFUT"]
    assert master.skipped == {"duplicate": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"expiry": ""},
        {"expiry": "31JUN2026"},
        {"expiry": "28JUL1926"},
        {"strike": "-1.000000"},
        {"strike": "0.5"},
        {"strike": "1e40"},
        {"symbol": "NIFTY28JUL2624500XX"},
        {"name": ""},
        {"name": "NIFTY 50"},
        {"token": "x"},
        {"lotsize": "-1"},
        {"tick_size": "0"},
    ],
)
def test_a_broken_contract_is_counted_and_hurts_no_other(change: dict[str, object]) -> None:
    master = read({**MONTHLY, **change}, WEEKLY)
    assert [each.name for each in master.instruments] == ["NFO:NIFTY2672124550PE"]
    assert master.skipped == {"rejected": 1} and master.rejects[0].startswith("row 1: ")


def test_a_lot_that_a_file_does_not_tell_is_that_of_the_facts() -> None:
    (future,) = read({**FUTURE, "lotsize": "0"}).instruments
    assert future.lot == 65
    (of_share,) = read(_contract("SBIN28JUL26FUT", "28JUL2026", "FUTSTK", "1", name="SBIN", lotsize="0")).instruments
    assert of_share.lot == 0


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.json cannot be read"):
        read_scrip_master(tmp_path / "none.json")


JSON = st.recursive(st.none() | st.booleans() | st.text(max_size=12) | st.integers(), lambda x: st.lists(x, max_size=3))


LIKELY = st.sampled_from(["NFO", "OPTIDX", "FUTSTK", "28JUL2026", "2450000.000000", "NIFTY28JUL2624500CE", "0", "35"])


@given(
    st.lists(
        st.dictionaries(st.sampled_from(sorted([*SHARE, "freeze_qty", "is_cas_enabled"])), JSON | LIKELY), max_size=6
    )
)
def test_no_row_of_any_kind_breaks_the_reader(changes: list[dict[str, object]]) -> None:
    master = read(*({**SHARE, **change} for change in changes))
    assert len(master.instruments) + sum(master.skipped.values()) == len(changes)
    InstrumentBook(master.instruments)

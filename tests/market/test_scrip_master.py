"""The broker's instrument file: shares and indices enter, the rest is counted, broken rows hurt nothing else."""

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
        {**SHARE, "token": "35001", "symbol": "NIFTY25AUG2624500CE", "instrumenttype": "OPTIDX", "exch_seg": "NFO"},
        {**SHARE, "token": "35002", "symbol": "RELIANCE25AUG26FUT", "instrumenttype": "FUTSTK", "exch_seg": "NFO"},
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


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.json cannot be read"):
        read_scrip_master(tmp_path / "none.json")


JSON = st.recursive(st.none() | st.booleans() | st.text(max_size=12) | st.integers(), lambda x: st.lists(x, max_size=3))


@given(st.lists(st.dictionaries(st.sampled_from(sorted([*SHARE, "freeze_qty", "is_cas_enabled"])), JSON), max_size=6))
def test_no_row_of_any_kind_breaks_the_reader(changes: list[dict[str, object]]) -> None:
    master = read(*({**SHARE, **change} for change in changes))
    assert len(master.instruments) + sum(master.skipped.values()) == len(changes)
    InstrumentBook(master.instruments)

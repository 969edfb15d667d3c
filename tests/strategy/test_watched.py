"""Candles of an instrument that is only watched: its nodes decide, another instrument is traded."""

from collections.abc import Callable

import pytest
from tests.strategy.desk import Desk

from velox.strategy.base import Strategy
from velox.strategy.spec import Spec

Made = Callable[[str], type[Strategy]]

HEAD = 'symbol = Param("NSE:RELIANCE")\nseen = State(())\nbars = Bars(symbol, "1m")\nlead = Bars("NSE:INFY", "1m")\n'
NOTE = "def note(self, *words):\n    self.seen = (*self.seen, *words)\n"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_strategy_decides_by_one_instrument_and_trades_another(desk: Desk, strategy: Made) -> None:
    body = HEAD + 'session = intraday("09:16")\nmean = SMA(lead.close, 2)\n' + NOTE
    body += "@on(lead)\ndef follow(self, bar):\n    self.note(bar.close, float(self.mean))\n    self.go_long(qty=1)\n"
    me = desk.start(strategy(body))
    for second in ("15:10", "16:00", "17:00", "17:01"):
        desk.tick(f"09:{second}", 100)
        desk.tick(f"09:{second}", 200 + int(second[:2]), "NSE:INFY")
    desk.tick("09:17:02", 100)
    assert me.seen == (216.0, 215.5)
    assert (me.position.quantity, desk.summary()["instrument"]) == (1, "NSE:RELIANCE")


def test_what_is_called_symbol_is_traded_whichever_candles_come_first(
    strategy: Made, compiled: Callable[..., Spec]
) -> None:
    body = (
        'lead = Bars("NSE:NIFTY", "5m")\nsymbol = Param("NSE:TCS")\n@on(lead)\ndef a(self, bar):\n    self.buy(qty=1)\n'
    )
    spec = compiled(strategy(body))
    assert (spec.symbol, spec.symbols) == ("NSE:TCS", {"NSE:TCS", "NSE:NIFTY"})


def test_without_a_symbol_the_first_candles_are_of_what_it_trades(
    strategy: Made, compiled: Callable[..., Spec]
) -> None:
    body = 'a = Bars("NSE:TCS", "5m")\nb = Bars("NSE:INFY", "5m")\n@on(b)\ndef c(self, bar):\n    self.buy(qty=1)\n'
    assert compiled(strategy(body)).symbol == "NSE:TCS"


def test_several_symbols_may_watch_one_more(desk: Desk, strategy: Made) -> None:
    body = 'symbol = Symbols(["NSE:RELIANCE", "NSE:TCS"])\nseen = State(())\nbars = Bars(symbol, "1m")\n'
    body += 'lead = Bars("NSE:INFY", "1m")\n' + NOTE
    body += "@on(lead, together=True)\ndef rank(self, members):\n    [m.note(float(m.lead.close)) for m in members]\n"
    members = desk.start_group(strategy(body))
    desk.tick("09:16:10", 200, "NSE:INFY")
    desk.tick("09:17:00", 201, "NSE:INFY")
    assert [me.seen for me in members] == [(200.0,), (200.0,)]


def test_26_an_unknown_watched_instrument_is_told_at_its_line(faults: Callable[..., list[str]]) -> None:
    body = 'symbol = Param("NSE:TCS")\nbars = Bars(symbol, "1m")\nlead = Bars("NSE:INFI", "1m")\n@on(lead)\n'
    (told,) = faults(body + "def a(self, bar):\n    pass")
    assert told.startswith("3: 'NSE:INFI' is not a known instrument: did you mean NSE:INFY")


def test_11_an_index_may_be_watched_but_not_traded(faults: Callable[..., list[str]]) -> None:
    body = 'lead = Bars("NSE:NIFTY", "1m")\ndef on_bar(self, bar):\n    self.go_long(qty=1)\n'
    (told,) = faults(body)
    assert "go_long: NSE:NIFTY is an index and cannot be traded; trade its futures, e.g. NFO:NIFTY26SEPFUT" in told
    assert faults('symbol = Param("NSE:TCS")\n' + body) == []

"""Contracts in a class body: what is traded on the day, what is refused in a sentence, when a contract ends."""

import datetime as dt
from collections.abc import Callable

import msgspec
import pytest
from tests.acceptance.product import velox

from velox import Bars, Index, Param, Strategy
from velox.market import facts as market_facts
from velox.market.instruments import InstrumentBook
from velox.research.days import open_day
from velox.runtime.choose import check_strategies
from velox.settings import Settings
from velox.strategy.compile import compile_members
from velox.strategy.faults import InvalidStrategy
from velox.strategy.load import load
from velox.strategy.spec import Spec

_GOES = "bars = Bars(symbol, '5m')\ndef on_bar(self, bar):\n    self.go_short(lots=1)\n"


class Near(Strategy):
    """Trades the near future and watches the next."""

    symbol = Index("NIFTY").future("near")
    bars = Bars(symbol, "5m")
    later = Bars(Index("NIFTY").future("next", roll="expiry-2"), "5m")
    lots = Param(1)

    def on_start(self) -> None:
        """It does nothing."""


def test_a_future_by_its_place_is_the_contract_of_the_day(compiled: Callable[..., Spec]) -> None:
    spec = compiled(Near)  # on 31 August 2026
    assert (spec.symbol, spec.symbols) == ("NFO:NIFTY26SEPFUT", {"NFO:NIFTY26SEPFUT", "NFO:NIFTY26OCTFUT"})
    assert spec.params == {"lots": 1}
    assert spec.contracts == {"symbol": "NFO:NIFTY26SEPFUT"}
    assert (spec.rolls, spec.ends_ns) == (True, 0)


@pytest.mark.parametrize(
    ("symbol", "sentence"),
    [
        ("Index('RELIANCE').future('near')", "no index with futures is called so"),
        ("Index('NIFTY').future('soon')", 'give "near", "next" or "far"'),
        ("Index('NIFTY').future(roll='monthly')", 'give "expiry", or "expiry-1"'),
        ("Param('NFO:NIFTY26AUGFUT')", "NFO:NIFTY26AUGFUT expired on 2026-08-25"),
        ("Param('NFO:TCS26SEPFUT')", "the lot of NFO:TCS26SEPFUT is not known"),
        ("Param('NFO:NIFTY26')", "write a contract like NFO:NIFTY26JULFUT"),
        ("Param('NFO:NIFTY26SEP24500CE')", "an option cannot be sold before it is bought"),
    ],
)
def test_what_is_no_contract_to_trade_is_said(symbol: str, sentence: str, faults: Callable[..., list[str]]) -> None:
    (told,) = faults(f"symbol = {symbol}\n{_GOES}")
    assert sentence in told


def test_a_shares_future_is_judged_by_the_lot_of_the_brokers_file(write: Callable[[str], object]) -> None:
    target = str(write('bars = Bars("NFO:SBIN26JULFUT", "5m")\ndef on_bar(self, bar):\n    self.go_long(lots=1)'))
    facts = market_facts.load(dt.date(2026, 7, 15))
    assert len(check_strategies([target], {}, facts, None, Settings())) == 1  # the live feed's file comes later
    with pytest.raises(InvalidStrategy, match="the lot of NFO:SBIN26JULFUT is not known"):
        check_strategies([target], {}, facts, open_day(None), Settings())
    listed = InstrumentBook.offline()["NFO:SBIN26JULFUT"]
    (spec,) = compile_members(load(target), {}, facts, InstrumentBook([msgspec.structs.replace(listed, lot=1_500)]))
    assert spec.symbol == "NFO:SBIN26JULFUT"


def test_a_future_may_be_sold_short_without_hours(faults: Callable[..., list[str]]) -> None:
    assert faults(f"symbol = Index('NIFTY').future()\n{_GOES}") == []
    assert "needs intraday hours" in faults(f"symbol = Param('NSE:TCS')\n{_GOES}")[0]


def test_an_absolute_flat_time_is_judged_by_the_hours_of_futures(faults: Callable[..., list[str]]) -> None:
    body = f"symbol = Index('NIFTY').future()\nsession = intraday('09:20', flat='FLAT')\n{_GOES}"
    assert faults(body.replace("FLAT", "15:20")) == []
    assert "the latest legal time is 15:20" in faults(body.replace("FLAT", "15:21"))[0]


def test_check_judges_an_expired_contract_by_its_expiry(write: Callable[[str], object]) -> None:
    told = velox("check", write(f"symbol = Param('NFO:NIFTY26JULFUT')\n{_GOES}"))
    assert told.returncode == 0, told.stderr
    assert "2026-07-28, the expiry of NFO:NIFTY26JULFUT" in told.stdout


def test_check_names_the_place_and_the_contract(write: Callable[[str], object]) -> None:
    told = velox("check", write(f"symbol = Index('NIFTY').future()\n{_GOES}"))
    assert "NFO:NIFTY26SEPFUT on 2026-08-31: the near future of NIFTY" in told.stdout

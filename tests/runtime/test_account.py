"""The paper account as the kernel gets it from the settings."""

import datetime as dt

import pytest

from velox.events import SameInstrument
from velox.market import facts
from velox.runtime.account import account_def, with_brokerage
from velox.settings import AccountSettings, PaperSettings, Settings

ONE = 100_000_000


@pytest.mark.parametrize(
    ("pct", "rupees", "rate", "cap"),
    [(0.03, 20.0, 3_000_000, 20 * ONE), (0.0, 20.0, 0, 0), (0.03, 0.0, 3_000_000, 0), (100.0, 20.0, 10**10, 20 * ONE)],
)
def test_brokerage_is_the_lesser_of_amount_and_percentage(pct: float, rupees: float, rate: int, cap: int) -> None:
    settings = Settings(paper=PaperSettings(brokerage_pct=pct, brokerage_rupees=rupees))
    told = with_brokerage(facts.load(dt.date(2026, 7, 15)).loaded, settings)
    (intraday,) = [each for each in told.charges if each.name == "cash-intraday"]
    assert (intraday.brokerage_rate, intraday.brokerage_cap) == (rate, cap)


def test_an_account_says_what_it_does_with_a_second_strategy_on_an_instrument() -> None:
    accounts = {"open": AccountSettings(same_instrument="wait"), "plain": AccountSettings()}
    settings = Settings(accounts=accounts)
    told = [account_def(settings, name, 1).same_instrument for name in ("paper", "open", "plain")]
    assert told == [SameInstrument.REFUSE, SameInstrument.WAIT, SameInstrument.REFUSE]
    settings = Settings(paper=PaperSettings(same_instrument="wait"), accounts=accounts)
    assert account_def(settings, "plain", 1).same_instrument == SameInstrument.WAIT

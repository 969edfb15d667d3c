"""The paper account as the kernel gets it from the settings."""

import datetime as dt

import pytest

from velox.market import facts
from velox.runtime.account import with_brokerage
from velox.settings import PaperSettings, Settings

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

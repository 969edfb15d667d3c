"""A market that never closes has one phase from midnight to midnight of its own zone."""

import datetime as dt

import pytest

from velox.errors import BadInput, Refused
from velox.market.facts import load, load_for
from velox.market.records import Phase
from velox.market.venues import day_start_ns, venue_of

DAY = dt.date(2024, 8, 8)  # not covered by the facts of the NSE
MIDNIGHT_NS = 1_723_075_200_000_000_000  # 2024-08-08 00:00 UTC
DAY_NS = 86_400_000_000_000


def test_a_day_of_it_is_open_from_midnight_to_midnight_utc() -> None:
    facts = load_for("BINANCE:BTCUSDT", DAY)
    (group,) = facts.loaded.groups
    assert group.phases == [(MIDNIGHT_NS, Phase.CONTINUOUS), (MIDNIGHT_NS + DAY_NS, Phase.CLOSED)]
    assert (facts.loaded.open_ns, facts.loaded.end_ns) == (MIDNIGHT_NS, MIDNIGHT_NS + DAY_NS)
    assert facts.loaded.session_date == 20_240_808 and facts.stand_in is None
    assert day_start_ns("BINANCE:BTCUSDT", DAY) == MIDNIGHT_NS
    assert day_start_ns("NSE:RELIANCE", DAY) == MIDNIGHT_NS - 19_800 * 10**9


def test_it_has_no_weekend_and_no_holiday() -> None:
    assert load_for("BINANCE:BTCUSDT", dt.date(2026, 1, 25)).loaded.groups  # a Sunday


def test_shares_have_the_sessions_that_they_had() -> None:
    assert load_for("NSE:RELIANCE", dt.date(2021, 4, 26)) == load(dt.date(2021, 4, 26))
    with pytest.raises(Refused, match="2024-08-08 is not covered"):
        load_for("NSE:RELIANCE", DAY)
    assert load_for("NSE:RELIANCE", DAY, as_of=dt.date(2021, 4, 26)).stand_in == "2021-04-26"


def test_unknown_markets_and_days_before_the_first_are_refused() -> None:
    with pytest.raises(BadInput, match="the hours of NYSE are not known; known are NSE, NFO, BINANCE"):
        venue_of("NYSE:X", DAY)
    with pytest.raises(Refused, match="BINANCE is known from 2017-07-14 on"):
        load_for("BINANCE:BTCUSDT", dt.date(2016, 1, 1))

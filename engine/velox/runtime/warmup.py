"""Candles of earlier days for warm-up: which to ask for, and how longer ones are made of those that are kept."""

import datetime as dt
import itertools
from collections.abc import Callable, Sequence

from velox.feeds.smartapi_candles import INTERVALS
from velox.market.facts import Facts
from velox.runtime.trading import Candle

__all__ = ["GAP_DAYS_MAX", "earlier_candles", "join_candles", "kept_length_s", "span", "unbroken"]

# Days further apart begin anew, in the kernel as well: nothing from before such a gap warms anything up.
GAP_DAYS_MAX = 4

_S = 1_000_000_000
_IST_NS = 19_800 * _S
_MINUTE_S = 60
_DAY_NS = 86_400 * _S
_TRADING_DAY_S = 22_500
_SPARE_DAYS = 4


def earlier_candles(
    facts: Facts, timeframe_s: int, count: int, kept: Callable[[int, int, int], Sequence[Candle]]
) -> Sequence[Candle]:
    """About `count` candles of days before that of the facts, made of those that `kept` gives.

    It is asked for a length in seconds and for the first and last opening time in ns.
    """
    kept_s = kept_length_s(timeframe_s)
    if not kept_s:
        return []
    begin, end = (int(at.timestamp()) * _S for at in span(facts.date, timeframe_s, count))
    found = unbroken(kept(kept_s, begin, end), facts.date)
    return found if kept_s == timeframe_s else join_candles(found, facts, timeframe_s)


def unbroken(candles: Sequence[Candle], date: dt.date) -> Sequence[Candle]:
    """The candles, in order, that no gap between days parts from the date."""
    newer = (date - dt.date(1970, 1, 1)).days
    for place in range(len(candles) - 1, -1, -1):
        day = (candles[place][0] + _IST_NS) // _DAY_NS
        if newer - day > GAP_DAYS_MAX:
            return candles[place + 1 :]
        newer = day
    return candles


def kept_length_s(timeframe_s: int) -> int:
    """The broker's candles of which longer ones are made where it keeps none of this length; 0 where none will do."""
    if timeframe_s in INTERVALS:
        return timeframe_s
    return 0 if timeframe_s % _MINUTE_S else _MINUTE_S


def join_candles(minutes: Sequence[Candle], facts: Facts, timeframe_s: int) -> list[Candle]:
    """Longer candles, anchored at the open of each session as the kernel's are."""
    length_ns, today = timeframe_s * _S, facts.loaded

    def opened(minute: Candle) -> int:
        anchor_ns = today.open_ns + (minute[0] - today.day_start_ns) // _DAY_NS * _DAY_NS
        return anchor_ns + (minute[0] - anchor_ns) // length_ns * length_ns

    joined = []
    for ts_open, group in itertools.groupby(minutes, opened):
        _, opens, highs, lows, closes, volumes = zip(*group, strict=True)
        joined.append((ts_open, opens[0], max(highs), min(lows), closes[-1], sum(volumes)))
    return joined


def span(date: dt.date, timeframe_s: int, count: int) -> tuple[dt.datetime, dt.datetime]:
    """From when to when candles must be asked for to get `count` of them before a day."""
    ist = dt.timezone(dt.timedelta(hours=5, minutes=30))
    sessions = -(-count * timeframe_s // _TRADING_DAY_S)
    midnight = dt.datetime.combine(date, dt.time(), tzinfo=ist)
    return midnight - dt.timedelta(days=2 * sessions + _SPARE_DAYS), midnight - dt.timedelta(minutes=1)

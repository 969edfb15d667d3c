"""Velox: algorithmic trading for NSE India; these names are all that a strategy file needs."""

from velox.strategy import crossed
from velox.strategy.base import Strategy
from velox.strategy.core import Bar, Fill, Position, Refusal, Series, Tick
from velox.strategy.declare import ATR, EMA, MACD, RSI, SMA, VWAP, Bars
from velox.strategy.params import Param
from velox.strategy.protect import cost, pct, points, r
from velox.strategy.schedule import at, bars, every, intraday, on
from velox.strategy.sizes import risk_pct, risk_rupees
from velox.strategy.state import State
from velox.strategy.trade import Trade

__all__ = [
    "ATR",
    "Bar",
    "Bars",
    "EMA",
    "Fill",
    "MACD",
    "Param",
    "Position",
    "RSI",
    "Refusal",
    "SMA",
    "Series",
    "State",
    "Strategy",
    "Tick",
    "Trade",
    "VWAP",
    "at",
    "bars",
    "cost",
    "crossed",
    "every",
    "intraday",
    "on",
    "pct",
    "points",
    "r",
    "risk_pct",
    "risk_rupees",
]

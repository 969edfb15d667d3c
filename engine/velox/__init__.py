"""Velox: algorithmic trading for NSE India; these names are all that a strategy file needs."""

from velox.strategy import crossed
from velox.strategy.base import Strategy
from velox.strategy.core import Bar, Fill, Position, Refusal, Series, Tick
from velox.strategy.declare import ATR, EMA, MACD, RSI, SMA, VWAP, Bars
from velox.strategy.params import Param, Symbols
from velox.strategy.protect import cost, pct, points, r
from velox.strategy.schedule import at, bars, every, intraday, on
from velox.strategy.sizes import risk_pct, risk_rupees
from velox.strategy.state import State
from velox.strategy.studies import (
    ADX,
    CCI,
    HMA,
    OBV,
    TEMA,
    Bollinger,
    Donchian,
    Keltner,
    OpeningRange,
    Stochastic,
    SuperTrend,
    VWAPBands,
    WilliamsR,
)
from velox.strategy.trade import Trade

__all__ = [
    "ADX",
    "ATR",
    "Bar",
    "Bars",
    "Bollinger",
    "CCI",
    "Donchian",
    "EMA",
    "Fill",
    "HMA",
    "Keltner",
    "MACD",
    "OBV",
    "OpeningRange",
    "Param",
    "Position",
    "RSI",
    "Refusal",
    "SMA",
    "Series",
    "State",
    "Stochastic",
    "Strategy",
    "SuperTrend",
    "Symbols",
    "TEMA",
    "Tick",
    "Trade",
    "VWAP",
    "VWAPBands",
    "WilliamsR",
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

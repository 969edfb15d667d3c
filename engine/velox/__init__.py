"""Velox: algorithmic trading for NSE India; these names are all that a strategy file needs."""

from velox.strategy import crossed
from velox.strategy.base import Strategy
from velox.strategy.computed import indicator
from velox.strategy.contracts import Index
from velox.strategy.core import Bar, Fill, Position, Refusal, Series, Tick
from velox.strategy.declare import ATR, EMA, MACD, RSI, SMA, VWAP, Bars, log
from velox.strategy.limits import Guard, Limits
from velox.strategy.order import Order
from velox.strategy.params import Param, Symbols
from velox.strategy.parts import part, rest
from velox.strategy.protect import cost, pct, points, r
from velox.strategy.schedule import at, bars, every, intraday, on
from velox.strategy.sizes import risk_pct, risk_rupees
from velox.strategy.state import State
from velox.strategy.structure import Structure, structure
from velox.strategy.studies import (
    ADX,
    CCI,
    CPR,
    HMA,
    OBV,
    TEMA,
    Bollinger,
    Donchian,
    Ichimoku,
    Keltner,
    OpeningRange,
    Pivots,
    PreviousDay,
    Stochastic,
    SuperTrend,
    VWAPBands,
    WilliamsR,
    ZScore,
)
from velox.strategy.trade import Trade

__all__ = [
    "ADX",
    "ATR",
    "Bar",
    "Bars",
    "Bollinger",
    "CCI",
    "CPR",
    "Donchian",
    "EMA",
    "Fill",
    "Guard",
    "HMA",
    "Ichimoku",
    "Index",
    "Keltner",
    "Limits",
    "MACD",
    "OBV",
    "OpeningRange",
    "Order",
    "Param",
    "Pivots",
    "Position",
    "PreviousDay",
    "RSI",
    "Refusal",
    "SMA",
    "Series",
    "State",
    "Structure",
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
    "ZScore",
    "at",
    "bars",
    "cost",
    "crossed",
    "every",
    "indicator",
    "intraday",
    "log",
    "on",
    "part",
    "pct",
    "points",
    "r",
    "rest",
    "risk_pct",
    "risk_rupees",
    "structure",
]

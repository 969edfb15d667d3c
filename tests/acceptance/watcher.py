"""Strategies that trade nothing: one declares every indicator, one notes forming values now and then."""

import functools
import zlib
from collections import Counter

import msgspec
import numpy as np
import numpy.typing as npt

from velox import ATR, EMA, MACD, RSI, SMA, VWAP, Bar, Bars, Param, Strategy, Tick, on
from velox.strategy.handles import MacdHandle

__all__ = ["Sampler", "Watcher"]

_SEED = 20_210_426
_TICKS_MAX = 100_000
_SHARE = 0.012
_seen: Counter[str] = Counter()


@functools.cache
def _drawn(symbol: str) -> npt.NDArray[np.bool_]:
    chance = np.random.default_rng([_SEED, zlib.crc32(symbol.encode())])
    return chance.random(_TICKS_MAX) < _SHARE


def _forming(macd: MacdHandle) -> list[float]:
    return [macd.line.forming, macd.signal.forming, macd.hist.forming]


class Watcher(Strategy):
    """Every indicator at 1m, 5m and 15m with the parameters that charts begin with, but for a MACD of one day."""

    symbol = Param("NSE:RELIANCE")
    one = Bars(symbol, "1m")
    five = Bars(symbol, "5m")
    quarter = Bars(symbol, "15m")

    ema_one = EMA(one.close, 20)
    sma_one = SMA(one.close, 20)
    rsi_one = RSI(one.close, 14)
    macd_one = MACD(one.close)
    atr_one = ATR(one, 14)
    vwap_one = VWAP(one)
    ema_five = EMA(five.close, 20)
    sma_five = SMA(five.close, 20)
    rsi_five = RSI(five.close, 14)
    macd_five = MACD(five.close)
    atr_five = ATR(five, 14)
    vwap_five = VWAP(five)
    ema_quarter = EMA(quarter.close, 20)
    sma_quarter = SMA(quarter.close, 20)
    rsi_quarter = RSI(quarter.close, 14)
    macd_quarter = MACD(quarter.close, 5, 12, 4)
    atr_quarter = ATR(quarter, 14)
    vwap_quarter = VWAP(quarter)

    @on(one)
    def minute(self, bar: Bar) -> None:
        """Be there: a strategy has at least one hook."""


class Sampler(Strategy):
    """Short indicators at 1m, 5m and 15m, and their forming values at ticks drawn by lot."""

    symbol = Param("NSE:RELIANCE")
    one = Bars(symbol, "1m")
    five = Bars(symbol, "5m")
    quarter = Bars(symbol, "15m")

    ema_one = EMA(one.close, 9)
    sma_one = SMA(one.close, 9)
    rsi_one = RSI(one.close, 14)
    macd_one = MACD(one.close)
    atr_one = ATR(one, 14)
    vwap_one = VWAP(one)
    ema_five = EMA(five.close, 6)
    sma_five = SMA(five.close, 6)
    rsi_five = RSI(five.close, 6)
    macd_five = MACD(five.close, 3, 6, 2)
    atr_five = ATR(five, 6)
    vwap_five = VWAP(five)
    ema_quarter = EMA(quarter.close, 3)
    sma_quarter = SMA(quarter.close, 3)
    rsi_quarter = RSI(quarter.close, 3)
    macd_quarter = MACD(quarter.close, 2, 3, 2)
    atr_quarter = ATR(quarter, 3)
    vwap_quarter = VWAP(quarter)

    def on_tick(self, tick: Tick) -> None:
        """Note what is forming, when the lot falls on this tick."""
        _seen[self.symbol] += 1
        count = _seen[self.symbol]
        if _drawn(self.symbol)[count]:
            forming = [self._one(), self._five(), self._quarter()]
            self.log(msgspec.json.encode([count, tick.exch_ns, tick.price, *forming]).decode())

    def on_finish(self) -> None:
        """Note how many ticks there were."""
        self.log(str(_seen[self.symbol]))

    def _one(self) -> list[float]:
        plain = [self.ema_one.forming, self.sma_one.forming, self.rsi_one.forming, *_forming(self.macd_one)]
        return [*plain, float(self.atr_one.forming), self.vwap_one.forming]

    def _five(self) -> list[float]:
        plain = [self.ema_five.forming, self.sma_five.forming, self.rsi_five.forming, *_forming(self.macd_five)]
        return [*plain, float(self.atr_five.forming), self.vwap_five.forming]

    def _quarter(self) -> list[float]:
        plain = [self.ema_quarter.forming, self.sma_quarter.forming, self.rsi_quarter.forming]
        return [*plain, *_forming(self.macd_quarter), float(self.atr_quarter.forming), self.vwap_quarter.forming]

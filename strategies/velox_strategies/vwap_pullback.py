"""VWAP pullback: in a rising market, wait at the day's average price instead of running after the last one."""

from velox import ATR, EMA, VWAP, Bar, Bars, Param, Strategy, bars, intraday, r, risk_pct

__all__ = ["VwapPullback"]


class VwapPullback(Strategy):
    """Bid at the VWAP while the price stands above it and its averages rise, in the morning and in the afternoon."""

    symbol = Param("NSE:RELIANCE")
    fast = Param(9, range(3, 30))
    slow = Param(30, range(10, 120))
    risk = Param(risk_pct(0.4))

    require = [fast < slow]

    candles = Bars(symbol, "1m")
    quick = EMA(candles.close, fast)
    steady = EMA(candles.close, slow)
    vwap = VWAP(candles)
    atr = ATR(candles, 14)
    session = intraday(windows=[("09:30", "11:00"), ("13:30", "15:00")])

    def on_bar(self, bar: Bar) -> None:
        if bar.close > self.vwap and self.quick > self.steady:
            self.go_long(limit=self.vwap, stop=3 * self.atr, target=r(2), valid_until=bars(2), size=self.risk)

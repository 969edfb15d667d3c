"""Slow but fine: nobody may be stopped for this."""

from velox import Bar, Bars, Param, State, Strategy


def _work(rounds: int) -> int:
    return sum(i * i for i in range(rounds))


class Slow(Strategy):
    """Think for some thirty milliseconds a candle, measured in work so that a busy machine changes nothing."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")
    candles = State(0)

    def on_bar(self, bar: Bar) -> None:
        self.candles += 1
        _work(120_000)

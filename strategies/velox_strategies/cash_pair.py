"""Cash pair: two banks that move alike; when one runs ahead of the other, sell it and buy the one that lags."""

from collections.abc import Sequence

from velox import Bars, Param, Strategy, Symbols, ZScore, intraday, log, on, structure

__all__ = ["CashPair"]


class CashPair(Strategy):
    """Trade the z-score of the log spread of two shares, the same value on both sides, and leave where it is spent."""

    symbol = Symbols(["NSE:HDFCBANK", "NSE:ICICIBANK"])
    window = Param(30, range(10, 121))
    enter = Param(2.0)
    leave = Param(0.5)
    worst = Param(4.0)
    value = Param(200_000)  # rupees in each leg

    require = [leave < enter, enter < worst]

    candles = Bars(symbol, "1m")
    first = Bars(symbol[0], "1m")
    second = Bars(symbol[1], "1m")
    far = ZScore(log(first.close) - log(second.close), window)
    session = intraday("09:30", last_entry="14:45")

    @on(candles, together=True)
    def weigh(self, members: Sequence["CashPair"]) -> None:
        if len(members) < 2:
            return
        one, other = members
        if one.position.quantity or other.position.quantity:
            if abs(self.far) < self.leave or abs(self.far) > self.worst:
                one.flatten("the spread is spent" if abs(self.far) < self.leave else "the spread has run away")
        elif self.enter < abs(self.far) < self.worst:
            dear, cheap = (one, other) if self.far > 0 else (other, one)
            structure(long=cheap, short=dear, notional=self.value)

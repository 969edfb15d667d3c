"""RSI reversal on ten symbols: of all that have fallen too far and turn, the three that fell farthest."""

from collections.abc import Sequence

from velox import ATR, RSI, Bars, Limits, Param, Strategy, Symbols, crossed, intraday, on, r, risk_pct

__all__ = ["RsiBestThree"]


class RsiBestThree(Strategy):
    """Buy what comes back from below the low, the deepest first, and never hold more than three."""

    symbol = Symbols(
        [
            "NSE:RELIANCE",
            "NSE:HDFCBANK",
            "NSE:ICICIBANK",
            "NSE:INFY",
            "NSE:TCS",
            "NSE:SBIN",
            "NSE:AXISBANK",
            "NSE:KOTAKBANK",
            "NSE:HCLTECH",
            "NSE:MARUTI",
        ]
    )
    period = Param(14, range(5, 31))
    low = Param(30, range(10, 46))
    most = Param(3, range(1, 11))
    risk = Param(risk_pct(0.3))

    bars = Bars(symbol, "5m")
    rsi = RSI(bars.close, period)
    atr = ATR(bars, 14)
    session = intraday("09:25", last_entry="14:30")
    limits = Limits(max_positions=most)  # entries that still work count too

    @on(bars, together=True)
    def rank(self, members: Sequence["RsiBestThree"]) -> None:
        free = self.most - sum(member.position.quantity != 0 for member in members)
        turning = [member for member in members if crossed.above(member.rsi, member.low)]
        for member in sorted(turning, key=lambda member: member.rsi[1])[: max(free, 0)]:
            member.go_long(stop=2 * member.atr, target=r(1.5), size=member.risk)

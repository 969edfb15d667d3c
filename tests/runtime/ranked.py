"""A strategy of several symbols that decides for all of them at once, and one whose decision ends the process."""

import os
from collections.abc import Sequence

from velox import Bars, State, Strategy, Symbols, intraday, on, pct

__all__ = ["Ranked", "RankedAndGone"]


class Ranked(Strategy):
    """Hold the symbol that rose most in the minute."""

    symbol = Symbols(["NSE:HDFCBANK", "NSE:INFY"])
    bars = Bars(symbol, "1m")
    session = intraday("09:20", last_entry="15:00")
    turns = State(0)

    @on(bars, together=True)
    def rank(self, members: Sequence["Ranked"]) -> None:
        self.turns += 1
        best = max(members, key=lambda member: member.bars.close / member.bars.open)
        for member in members:
            if member is best:
                member.go_long(qty=5, stop=pct(1))
            else:
                member.go_flat()


class RankedAndGone(Ranked):
    """The same until its tenth turn."""

    @on(Ranked.bars, together=True)
    def rank(self, members: Sequence["Ranked"]) -> None:
        self.turns = self.turns + 1
        if self.turns > 10:
            os.abort()

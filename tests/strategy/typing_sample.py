"""What strict type checkers must understand of a strategy; checked by test_typing.py, never run."""

import datetime
from collections.abc import Sequence
from typing import assert_type

from velox import (
    ATR,
    EMA,
    MACD,
    Bar,
    Bars,
    Bollinger,
    Order,
    Param,
    Series,
    State,
    Strategy,
    SuperTrend,
    Symbols,
    Tick,
    Trade,
    at,
    bars,
    cost,
    crossed,
    every,
    intraday,
    on,
    part,
    pct,
    points,
    r,
    rest,
    risk_pct,
    risk_rupees,
)


class EmaCross(Strategy):
    """Follow the fast EMA across the slow one, intraday, with a stop behind the signal bar."""

    symbol = Param("NSE:RELIANCE")
    fast = Param(9, range(3, 50))
    slow = Param(21, range(10, 200))
    risk = Param(risk_pct(0.5))
    require = [fast < slow]  # noqa: RUF012  as a user writes it

    bars = Bars(symbol, "5m")
    quick = EMA(bars.close, fast)
    steady = EMA(bars.close, slow)
    session = intraday("09:20", last_entry="14:45", flat="auto")

    def on_bar(self, bar: Bar) -> None:
        assert_type(self.fast, int)
        assert_type(self.symbol, str)
        assert_type(self.quick, Series)
        if crossed.above(self.quick, self.steady):
            self.go_long(stop=bar.low, size=self.risk)
        elif crossed.below(self.quick, self.steady):
            self.go_short(stop=bar.high, size=self.risk)


class EveryWord(Strategy):
    """Every word of the language at least once."""

    symbol = Param("NSE:INFY")
    short = Bars(symbol, "1m")
    long = Bars(symbol, "15m")
    own = Bars(symbol, "5m", preopen="exclude")
    macd = MACD(long.close)
    atr = ATR(short, 14)
    width = Param(2.5)
    bands = Bollinger(short.close, 20, width)
    trend = SuperTrend(long, 10, 3)
    session = intraday("09:20")
    count = State(0)
    seen = State("", reset="session")

    @on(long)
    def decide(self, bar: Bar) -> None:
        trade = self.go_long(size=risk_rupees(500), stop=2 * self.atr, target=r(1.5), valid_until=bars(3))
        assert_type(trade, Trade)
        assert_type(self.macd.line[1], float)
        assert_type(self.bands.upper, Series)
        if self.trend.up and not self.trend.up[1]:
            self.log(f"{self.trend.line[0] - self.width}")
        self.count += 1
        self.buy(qty=1, stop=self.short.low[1], trail=points(30), limit=bar.close - self.atr)
        self.sell(qty=1, stop=pct(1), valid_until="10:30")
        thirds = [part(1 / 3, r(1)), part(1 / 3, 2 * self.atr), part(rest, trail=2 * self.atr)]
        self.go_short(lots=2, below=bar.low, stop=pct(1), exits=thirds)
        assert_type(self.add(notional=50_000, above=bar.high), Trade)
        assert_type(self.buy(notional=50_000, min_lots=1), Trade)
        self.resize(qty=5)
        self.submit(Order(side="buy", qty=1, trigger=bar.high, limit=bar.high + 1, valid_until=bars(2)))
        if self.macd.hist > 0 and self.macd.hist.ready and self.macd.hist.forming < 1:
            trade.stop_to(cost)

    @at("09:20", late="run")
    def early(self) -> None:
        assert_type(self.now, datetime.datetime)
        assert_type(self.session.flat, datetime.time)
        self.log("awake")

    @every("30s")
    def often(self) -> None:
        if self.position.quantity:
            self.flatten("enough")

    def on_tick(self, tick: Tick) -> None:
        self.seen = f"{tick.price + self.capital}"

    def on_stop(self, trade: Trade) -> None:
        self.log(f"{trade.entry} {trade.stop} {trade.r}")
        trade.stop_at_cost()
        trade.target_to(r(3))
        trade.resize(size=risk_rupees(500))
        trade.exit(1 / 2)
        trade.exit(qty=trade.part)


class BestOfSeveral(Strategy):
    """One decision for several symbols, in two windows of the day."""

    symbol = Symbols(["NSE:INFY", "NSE:TCS"])
    risk = Param(risk_pct(0.5))
    bars = Bars(symbol, "5m")
    atr = ATR(bars)
    session = intraday(windows=[("09:30", "11:00"), ("13:30", "15:00")])

    @on(bars, together=True)
    def rank(self, members: Sequence["BestOfSeveral"]) -> None:
        assert_type(self.symbol, str)
        assert_type(self.session.windows, tuple[tuple[datetime.time, datetime.time], ...])
        for member in sorted(members, key=lambda m: m.bars.close / m.bars.open)[:1]:
            member.go_long(stop=2 * member.atr, size=member.risk)


def notebook() -> None:
    """What a notebook does with a strategy."""
    asked = EmaCross(fast=12)
    assert_type(asked.fast, int)
    asked.backtest("2026-01", "2026-10", catalog="days", capital=500_000, charges="none")

"""A strategy that chooses what it watches while the day runs, and trades by it each minute."""

from velox import EMA, Bar, Bars, Param, State, Strategy, at, intraday, points

__all__ = ["Chooser"]


class Chooser(Strategy):
    """Follows another share from 09:40 on, and the difference of two from noon on."""

    symbol = Param("NSE:INFY")

    bars = Bars(symbol, "1m")
    session = intraday("09:20", last_entry="15:00", flat="auto")
    seen = State(0.0)

    @at("09:40")
    def choose(self) -> None:
        self.lead = self.watch(EMA(Bars("NSE:RELIANCE", "1m").close, 9))
        self.candles = self.watch(Bars("NSE:RELIANCE", "5m"))
        self.volume = self.watch(Bars(self.symbol, "5m", preopen="exclude").volume)

    @at("12:00")
    def choose_again(self) -> None:
        gap = Bars("NSE:HDFCBANK", "1m").close - Bars("NSE:ICICIBANK", "5m").close
        self.lead = self.watch(EMA(gap, 20))

    def on_bar(self, bar: Bar) -> None:
        self.log(f"{bar.n} {float(self.lead)} {float(self.candles.close)} {self.candles.close.n} {self.volume.n}")
        if self.lead > self.lead[1] > self.lead[2]:
            self.go_long(stop=points(8), qty=20)
        elif self.lead < self.lead[1]:
            self.go_flat()
        self.seen = float(self.lead) if self.lead.ready else 0.0

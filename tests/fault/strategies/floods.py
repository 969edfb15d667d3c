"""Says far too much: intents, lines, state, long words, and answers to its own refusals."""

import contextlib

from velox import Bar, Bars, Fill, Param, Refusal, State, Strategy, Tick


class Intents(Strategy):
    """Wish ten thousand things a tick."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        for _ in range(10_000):
            self.buy(qty=1)


class Stubborn(Strategy):
    """Wish on after every error."""

    symbol = Param("NSE:TCS")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        for _ in range(10_000):
            with contextlib.suppress(BaseException):
                self.buy(qty=1)


class Lines(Strategy):
    """Log ten thousand lines a tick."""

    symbol = Param("NSE:HDFCBANK")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        for number in range(10_000):
            self.log(f"line {number}")


class Words(Strategy):
    """Log more than a record holds."""

    symbol = Param("NSE:ICICIBANK")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        self.log("x" * (100 << 20))


class Keeping(Strategy):
    """Keep more than a record holds."""

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")
    text = State("")

    def on_bar(self, bar: Bar) -> None:
        self.text = "x" * (100 << 20)


class Reasons(Strategy):
    """Leave for very long reasons."""

    symbol = Param("NSE:AXISBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self.flatten("x" * (100 << 20))


class Answering(Strategy):
    """Answer each refusal with the same wish."""

    symbol = Param("NSE:ITC")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self.buy(qty=10**12)

    def on_reject(self, why: Refusal) -> None:
        self.buy(qty=10**12)


class Pyramid(Strategy):
    """Buy more with every fill."""

    symbol = Param("NSE:LT")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self.buy(qty=1)

    def on_fill(self, fill: Fill) -> None:
        self.buy(qty=1)


class Chatty(Strategy):
    """Wish a little too often, for ever."""

    symbol = Param("NSE:WIPRO")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        for _ in range(100):
            self.buy(qty=1)

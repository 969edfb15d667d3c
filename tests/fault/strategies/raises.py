"""Raises in each hook; the environment's ZOO_RAISES names the one exception for all, else each has its own."""

import builtins
import os

from velox import Bar, Bars, Fill, Param, Refusal, Strategy, Tick, Trade, at, every, pct

_NAMED = os.environ.get("ZOO_RAISES", "")


def _throw(own: type[BaseException]) -> None:
    kind: type[BaseException] = getattr(builtins, _NAMED) if _NAMED else own
    raise kind("from the zoo")


class InStart(Strategy):
    """Raise before anything else."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_start(self) -> None:
        _throw(ValueError)


class InBar(Strategy):
    """Raise at a candle."""

    symbol = Param("NSE:TCS")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        _throw(SystemExit)


class InTick(Strategy):
    """Raise at a tick."""

    symbol = Param("NSE:HDFCBANK")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        _throw(KeyboardInterrupt)


class InFill(Strategy):
    """Raise at a fill."""

    symbol = Param("NSE:ICICIBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self.go_long(qty=1, stop=pct(1))

    def on_fill(self, fill: Fill) -> None:
        _throw(RecursionError)


class InEntered(Strategy):
    """Raise when in."""

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self.go_long(qty=1, stop=pct(1))

    def on_entered(self, trade: Trade) -> None:
        _throw(MemoryError)


class InStop(Strategy):
    """Raise when stopped."""

    symbol = Param("NSE:AXISBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self.go_long(qty=1, stop=pct(0.02))

    def on_stop(self, trade: Trade) -> None:
        _throw(GeneratorExit)


class InTarget(Strategy):
    """Raise at the target."""

    symbol = Param("NSE:ITC")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self.go_long(qty=1, stop=pct(5), target=pct(0.02))

    def on_target(self, trade: Trade) -> None:
        _throw(Exception)


class InReject(Strategy):
    """Raise when refused."""

    symbol = Param("NSE:LT")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        self.buy(qty=10**12)

    def on_reject(self, why: Refusal) -> None:
        _throw(BaseException)


class InAt(Strategy):
    """Raise by the clock."""

    symbol = Param("NSE:WIPRO")
    bars = Bars(symbol, "1m")

    @at("09:20")
    def early(self) -> None:
        _throw(AssertionError)


class InEvery(Strategy):
    """Raise again and again."""

    symbol = Param("NSE:MARUTI")
    bars = Bars(symbol, "1m")

    @every("30s")
    def often(self) -> None:
        _throw(StopIteration)


class InFinish(Strategy):
    """Raise at the end."""

    symbol = Param("NSE:ONGC")
    bars = Bars(symbol, "1m")

    def on_finish(self) -> None:
        _throw(OSError)


class WithSpite(Strategy):
    """Raise what cannot even be told."""

    symbol = Param("NSE:TITAN")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        class Spite(Exception):
            def __str__(self) -> str:
                raise SystemExit(3)

        raise Spite

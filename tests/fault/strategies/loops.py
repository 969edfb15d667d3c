"""Does not come back: loops in Python that a signal breaks or does not, loops in C, sleep."""

import contextlib
import re
import time

from velox import Bar, Bars, Param, Strategy, Tick


class Spinning(Strategy):
    """Loop in plain Python."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        while True:
            pass


class Swallowing(Strategy):
    """Loop and swallow what Exception is."""

    symbol = Param("NSE:TCS")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        while True:
            with contextlib.suppress(Exception):
                sum(range(100))


class Unbreakable(Strategy):
    """Loop and swallow everything."""

    symbol = Param("NSE:HDFCBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        while True:
            with contextlib.suppress(BaseException):
                while True:  # inside, so that the exception cannot come between two `with`
                    sum(range(100))


class Summing(Strategy):
    """Loop in C."""

    symbol = Param("NSE:ICICIBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        sum(range(10**12))


class Hoarding(Strategy):
    """Ask for more memory than there is."""

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        len("a" * 10**10)


class Backtracking(Strategy):
    """Match what takes for ever."""

    symbol = Param("NSE:AXISBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        re.match(r"(a+)+$", "a" * 64 + "b")


class Sleeping(Strategy):
    """Sleep for days."""

    symbol = Param("NSE:ITC")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        time.sleep(10**6)  # noqa: TID251  # the fault to be survived


class AtStart(Strategy):
    """Loop in C before the day has begun."""

    symbol = Param("NSE:LT")
    bars = Bars(symbol, "1m")

    def on_start(self) -> None:
        sum(range(10**12))


class AtFinish(Strategy):
    """Loop when the day is over."""

    symbol = Param("NSE:WIPRO")
    bars = Bars(symbol, "1m")

    def on_finish(self) -> None:
        while True:
            pass


class AtRecover(Strategy):
    """Loop when the engine has come back."""

    symbol = Param("NSE:MARUTI")
    bars = Bars(symbol, "1m")

    def on_recover(self) -> None:
        while True:
            pass


class InItsWords(Strategy):
    """Loop while its error is told."""

    symbol = Param("NSE:ONGC")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        class Endless(Exception):
            def __str__(self) -> str:  # noqa: PLE0307
                while True:
                    pass

        raise Endless

"""Goes around the engine: threads, processes that end, tasks on the loop."""

import ctypes
import os
import threading

from velox import Bar, Bars, Param, Strategy


def _spin() -> None:
    while True:
        pass


class Threads(Strategy):
    """Start threads that burn the processor."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        threading.Thread(target=_spin, daemon=True).start()


class HeavyThreads(Strategy):
    """Start a thread that never lets go of the interpreter."""

    symbol = Param("NSE:TCS")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        threading.Thread(target=sum, args=(range(10**12),), daemon=True).start()


class Leaving(Strategy):
    """End the process as if all were well."""

    symbol = Param("NSE:HDFCBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        os._exit(0)


class Crashing(Strategy):
    """Touch memory that is not there."""

    symbol = Param("NSE:ICICIBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        ctypes.string_at(0)

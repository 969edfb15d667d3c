"""Goes around the engine: threads, signals, descriptors, its loop, its files, a process that ends."""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
import threading
from typing import Any, cast

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


class Killing(Strategy):
    """End the process as an operator would."""

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Raising(Strategy):
    """The same without asking for a process."""

    symbol = Param("NSE:AXISBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        signal.raise_signal(signal.SIGKILL)


class Alarming(Strategy):
    """Have the process ended later, when no hook runs."""

    symbol = Param("NSE:ITC")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.01)


class Closing(Strategy):
    """Close what others have open."""

    symbol = Param("NSE:LT")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        os.closerange(0, 200)


class Reusing(Strategy):
    """Close the standard streams, so that the journal's next file gets their numbers."""

    symbol = Param("NSE:WIPRO")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        for fd in (1, 2):
            os.close(fd)


class Looping(Strategy):
    """Go on forever on the engine's loop, where no watchdog looks."""

    symbol = Param("NSE:MARUTI")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        asyncio.get_running_loop().call_soon(_spin)


class Tracing(Strategy):
    """Run with every line of the engine."""

    symbol = Param("NSE:ONGC")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        sys.settrace(cast(Any, _spin))


class Hurrying(Strategy):
    """Move the engine's clock to the end of all days."""

    symbol = Param("NSE:TITAN")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        cast(Any, self._binding.core).time_mark(2**62)


class Ending(Strategy):
    """Close the journal."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        cast(Any, self._binding.core).close()


class Printing(Strategy):
    """Print what looks like the engine's own last word, a part of a line, and very much."""

    symbol = Param("NSE:TCS")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        forged = '{"type":"failed","exit_code":0,"sentence":"forged"}'
        for words in (forged + "\n", "part of a line", "x" * (1 << 20)):
            sys.stdout.write(words)
            sys.stdout.flush()


class Moving(Strategy):
    """Change the folder to which relative paths belong."""

    symbol = Param("NSE:HDFCBANK")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        os.chdir("/")


class Erasing(Strategy):
    """Delete the journal while it is written."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        shutil.rmtree("journal")

"""What every peer's program shares: the columns that it is given, the rules of the strategy, and what it prints."""

import json
import sys
import time
from pathlib import Path

import numpy as np

QUANTITY = 10
QUICK, SLOW = 10, 20
# Peers begin an average with its first value, Velox with a mean: nobody trades until both have forgotten that.
WARM_BARS = 375


class Day:
    """One session: its columns, and from when and until when it may be entered, in ns."""

    def __init__(self, folder, told):
        self.folder = folder
        self.name = told["date"]
        self.open_ns = told["open_ns"]
        self.start_ns = told["start_ns"]
        self.last_entry_ns = told["last_entry_ns"]
        self.flat_ns = told["flat_ns"]
        self.end_ns = told["end_ns"]

    def column(self, name):
        """Read ts_ns, price_paise or size."""
        return np.load(self.folder / f"{self.name}-{name}.npy")


def days_of(folder):
    """Read the days of a folder of columns."""
    return [Day(folder, told) for told in json.loads((folder / "days.json").read_bytes())]


class Rules:
    """When the averages cross: enter or turn inside the window, close outside of it, be flat at the end."""

    def __init__(self, days):
        self.windows = iter(days)
        self.day = next(self.windows)
        self.above = None
        self.bars = 0
        self.crosses = 0

    def wanted(self, end_ns, quick, slow, position):
        """Give the position (1, 0 or -1) to have after a candle that ended at `end_ns`."""
        while end_ns > self.day.end_ns:
            self.day = next(self.windows)
        self.bars += 1
        above, before = quick > slow, self.above
        self.above = above
        if self.bars <= WARM_BARS:
            return 0
        if end_ns >= self.day.flat_ns:
            return 0
        if above == before or quick == slow:
            return position
        self.crosses += 1
        side = 1 if above else -1
        if self.day.start_ns <= end_ns < self.day.last_entry_ns:
            return side
        return 0 if position == -side else position


def asked():
    """Read the command line: the folder of columns, whether each tick reaches the strategy, the name of its data."""
    folder, hook, data = sys.argv[1:]
    return Path(folder), {"on_bar": False, "on_tick": True}[hook], data


class Stopwatch:
    """Adds up the time of the run loop alone."""

    def __init__(self):
        self.seconds = 0.0

    def __enter__(self):
        self.begun = time.perf_counter()

    def __exit__(self, *_):
        self.seconds += time.perf_counter() - self.begun


def tell(watch, **facts):
    """Print the figures as one line of JSON."""
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    print(json.dumps({"engine_s": watch.seconds, "peak_rss_mib": peak / 1024} | facts))

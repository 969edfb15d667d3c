"""Back-tests as users run them: a process from its start to its exit, over days of one instrument."""

import datetime as dt
import functools
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from velox.bench import cross
from velox.bench.figure import Lab, Sample
from velox.clock import monotonic_ns
from velox.market.calendar import trading_days
from velox.market.facts import load
from velox.research.catalog import Catalog, Entry
from velox.research.merge import Ints

__all__ = ["SYMBOL", "TICKS", "Size", "backtest", "dates", "measured", "memory", "on_bar", "on_tick", "walk"]

SYMBOL = "NSE:RELIANCE"
TICKS = 20_000_000
_TICKS_A_DAY = 500_000
_TICKS_MIN = 8_000
_FIRST, _LAST = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
_SESSION_MS = 22_500_000
_MINUTE_MS = 60_000
_NS_PER_MS = 1_000_000
_PAISA = 1_000_000
_STEP = 5  # paise


class Size(NamedTuple):
    """How much is run: days, and ticks in each."""

    days: int
    ticks: int

    @classmethod
    def of(cls, lab: Lab) -> "Size":
        """Days of half a million ticks; at least four days, one a quarter."""
        ticks = lab.count(TICKS, _TICKS_MIN)
        days = max(4, round(ticks / _TICKS_A_DAY))
        return cls(days, ticks // days)


def on_bar(lab: Lab) -> Sample:
    """Candles alone reach Python; beside it a quarter of the days, whose rate is the same where time is linear."""
    days, ticks = Size.of(lab)
    quarter = backtest(lab.folder, cross.CrossOnBar, Size(days // 4, ticks))
    sample = _sample(lab, cross.CrossOnBar)
    return msgspec.structs.replace(sample, beside={"engine_of_a_quarter": quarter["engine_ticks_per_s"]})


def on_tick(lab: Lab) -> Sample:
    """Every tick does."""
    return _sample(lab, cross.CrossOnTick)


def memory(lab: Lab) -> Sample:
    """The most that a process took, over all days and beside it over a quarter of them."""
    size = Size.of(lab)
    whole, quarter = (backtest(lab.folder, cross.CrossOnBar, Size(d, size.ticks)) for d in (size.days, size.days // 4))
    return Sample({"peak": whole["peak_rss_mib"]}, {"peak_of_a_quarter": quarter["peak_rss_mib"]})


def _sample(lab: Lab, cls: type) -> Sample:
    told = backtest(lab.folder, cls, Size.of(lab))
    return Sample(
        {"engine": told["engine_ticks_per_s"], "process": told["ticks"] / told["process_s"]},
        facts={name: told[name] for name in ("ticks", "orders", "fills", "result_hash")},
    )


def backtest(folder: Path, cls: type, size: Size) -> dict[str, float]:
    """Run `velox backtest` over a catalogue that is made in the folder; gives its JSON and `process_s`."""
    catalog, figures = folder / f"{size.days}-days", folder / "figures.json"
    _write_days(catalog, size)
    words = ["backtest", f"{cross.__file__}:{cls.__name__}", "--catalog", str(catalog), "--json", str(figures)]
    process_s, _ = measured([sys.executable, "-c", "from velox.cli import main; main()", *words])
    told: dict[str, float] = json.loads(figures.read_bytes())
    return told | {"process_s": process_s}


def measured(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[float, str]:
    """Run a process to its end; gives its seconds and what it printed. Raises CalledProcessError."""
    began_ns = monotonic_ns()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return (monotonic_ns() - began_ns) / 1e9, done.stdout


def dates(days: int) -> list[dt.date]:
    """The sessions that are made up."""
    return list(trading_days(_FIRST, _LAST))[:days]


def _write_days(folder: Path, size: Size) -> None:
    catalog = Catalog(folder)
    for date in dates(size.days):
        at_ns, price, volume = walk(size.ticks)
        frame = pl.DataFrame({"ts_ns": at_ns + load(date).loaded.open_ns, "price": price, "volume": volume})
        entry = Entry(instrument=SYMBOL, day=date, tick=_STEP * _PAISA, synthetic="a random walk")
        catalog.store(entry, frame)


@functools.cache
def walk(ticks: int) -> tuple[Ints, Ints, Ints]:
    """Times since the open, prices that move at each tick, volume of the day so far; from one seed."""
    random = np.random.default_rng(7)
    at_ms = np.sort(random.integers(0, _SESSION_MS, ticks))
    at_ms += at_ms % _MINUTE_MS == 0  # engines differ in which candle a tick between two belongs to
    steps = random.choice([-_STEP, _STEP], ticks) * random.integers(1, 4, ticks)
    price = np.clip(100_000 + np.cumsum(steps), 50_000, 200_000) * _PAISA
    return at_ms * _NS_PER_MS, price, np.cumsum(random.integers(1, 60, ticks))

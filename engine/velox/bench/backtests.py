"""Back-tests as users run them: a process from its start to its exit, over days of one instrument."""

import datetime as dt
import functools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

from velox.bench import cross
from velox.bench.figure import Lab, Sample
from velox.clock import monotonic_ns
from velox.market.calendar import trading_days
from velox.market.facts import load
from velox.research.catalog import Catalog, Entry
from velox.research.merge import Ints

__all__ = ["memory", "on_bar", "on_tick"]

_DAYS = 40
_TICKS_A_DAY = 500_000
_FIRST, _LAST = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
_SESSION_MS = 22_500_000
_NS_PER_MS = 1_000_000
_PAISA = 1_000_000
_STEP = 5  # paise


def on_bar(lab: Lab) -> Sample:
    """Candles alone reach Python."""
    return _sample(lab, cross.CrossOnBar)


def on_tick(lab: Lab) -> Sample:
    """Every tick does."""
    return _sample(lab, cross.CrossOnTick)


def memory(lab: Lab) -> Sample:
    """The most that a process took, over all days and beside it over a quarter of them."""
    days = lab.count(_DAYS, 4)
    whole = _run(lab, cross.CrossOnBar, days)["peak_rss_mib"]
    return Sample({"peak": whole}, {"peak_of_a_quarter": _run(lab, cross.CrossOnBar, days // 4)["peak_rss_mib"]})


def _sample(lab: Lab, cls: type) -> Sample:
    told = _run(lab, cls, lab.count(_DAYS, 2))
    return Sample(
        {"engine": told["engine_ticks_per_s"], "process": told["ticks"] / told["process_s"]},
        facts={"ticks": told["ticks"], "fills": told["fills"], "result_hash": told["result_hash"]},
    )


def _run(lab: Lab, cls: type, days: int) -> dict[str, float]:
    catalog, figures = lab.folder / f"{days}-days", lab.folder / "figures.json"
    _write_days(catalog, days, lab.count(_TICKS_A_DAY, 2_000))
    strategy = f"{cross.__file__}:{cls.__name__}"
    words = ["backtest", strategy, "--catalog", str(catalog), "--json", str(figures)]
    began_ns = monotonic_ns()
    subprocess.run(
        [sys.executable, "-c", "from velox.cli import main; main()", *words], check=True, stdout=subprocess.DEVNULL
    )
    process_s = (monotonic_ns() - began_ns) / 1e9
    told: dict[str, float] = json.loads(figures.read_bytes())
    return told | {"process_s": process_s}


def _write_days(folder: Path, days: int, ticks: int) -> None:
    catalog = Catalog(folder)
    for date in trading_days(_FIRST, _LAST)[:days]:
        at_ns, price, volume = _walk(ticks)
        frame = pl.DataFrame({"ts_ns": at_ns + load(date).loaded.open_ns, "price": price, "volume": volume})
        entry = Entry(instrument="NSE:RELIANCE", day=date, tick=_STEP * _PAISA, synthetic="a random walk")
        catalog.store(entry, frame)


@functools.cache
def _walk(ticks: int) -> tuple[Ints, Ints, Ints]:
    """Times since the open, prices that move at each tick, volume of the day so far; from one seed."""
    random = np.random.default_rng(7)
    at_ns = np.sort(random.integers(0, _SESSION_MS, ticks)) * _NS_PER_MS
    steps = random.choice([-_STEP, _STEP], ticks) * random.integers(1, 4, ticks)
    price = np.clip(100_000 + np.cumsum(steps), 50_000, 200_000) * _PAISA
    return at_ns, price, np.cumsum(random.integers(1, 60, ticks))

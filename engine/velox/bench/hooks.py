"""Across the border: a tick to the first line of a strategy's hook, and an order to the hook of its fill."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from velox.bench.desk import Desk
from velox.bench.figure import Lab, Sample
from velox.bench.probes import order_probe, tick_probe
from velox_core._core import Stopwatch

__all__ = ["order_to_fill", "tick_to_hook"]

_TICKS = 500_000
_TICK_GAP_MS = 20
_ORDERS = 51_000
_ORDER_GAP_MS = 400
_WINDOW = 500  # timed orders from the 100th on and up to the last; each second order, a purchase, is timed

_Times = npt.NDArray[np.int64]


def tick_to_hook(lab: Lab) -> Sample:
    """Packets into the core, journal and all; beside it a call of the same hook with a tick."""
    watch = Stopwatch()
    desk = Desk(lab.folder)
    token = desk.start(tick_probe(watch))
    ticks = lab.count(_TICKS, 1_000)
    with _quiet():
        watch.bare(desk.hook("on_tick"), ticks)
        bare = watch.take()[ticks // 10 :]
        watch.play(desk.core, [token], desk.open_ns, _TICK_GAP_MS, ticks, each=True)
        taken = watch.take()[ticks // 10 :]
    desk.close()
    return Sample(
        _spread(taken), {"bare_hook_p50": _at(bare, 50), "bare_hook_p99": _at(bare, 99)}, {"hooks": len(taken)}
    )


def order_to_fill(lab: Lab) -> Sample:
    """Work from `buy()` through intent, risk, order and the next tick to `on_fill`."""
    watch = Stopwatch()
    desk = Desk(lab.folder)
    token = desk.start(order_probe(watch))
    orders = lab.count(_ORDERS, 400)
    with _quiet():
        watch.play(desk.core, [token], desk.open_ns, _ORDER_GAP_MS, orders + 1, each=False)
    taken = watch.take()
    told = desk.close()
    early, late = taken[50 : 50 + _WINDOW], taken[-_WINDOW:]
    flat = _at(late, 50) / _at(early, 50)
    fields = _spread(late) | {"early_p50": _at(early, 50), "early_p99": _at(early, 99), "late_by_early": flat}
    return Sample(fields, facts={"orders": told["orders"], "fills": told["fills"], "timed": len(taken)})


@contextmanager
def _quiet() -> Iterator[None]:
    """No collection of garbage, as in a session."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _spread(taken: _Times) -> dict[str, float]:
    return {"p50": _at(taken, 50), "p99": _at(taken, 99), "p999": _at(taken, 99.9)}


def _at(taken: _Times, percent: float) -> float:
    return float(np.percentile(taken, percent))

"""Many sets of signals over the same days on all cores: each row of the arrays is a set."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from velox.backtest.choose import Ask
from velox.backtest.signals import Array, Orders, Signals, candles_of, choose_signals, digest_of, judged, plan_of
from velox.errors import BadInput, Refused
from velox.research.catalog import Catalog
from velox.settings import Settings
from velox.strategy.load import load
from velox.sweep.crew import LocalCrew
from velox.sweep.held import hold
from velox.sweep.job import Figures, Job, Setup
from velox.sweep.kept_orders import keep_orders
from velox.sweep.run import cores
from velox.sweep.schedule import outcomes
from velox.sweep.work import file_digest

__all__ = ["sweep_signals"]

_ARRAYS = ("entries", "exits", "shorts", "stop", "target")


def sweep_signals(ask: Ask, signals: Signals, settings: Settings, workers: int | None = None) -> list[Figures]:
    """Run each row of two-dimensional arrays as `run_signals` runs it alone; one of one dimension is every row's."""
    orders = _orders(ask, signals)
    chosen = choose_signals(ask, signals.instrument)
    market, columns = hold("m0", chosen, Catalog.open(ask.catalog), (), ())
    arrays = dict(columns)
    plans = [plan_of(signals, digest_of(each)) for each in orders]
    kept = keep_orders({plan.params["orders"]: each for plan, each in zip(plans, orders, strict=True)}, arrays)
    cls = load(plans[0].target)
    setup = Setup(
        target=plans[0].target,
        class_name=cls.__name__,
        file=cls.__velox__.file,
        file_digest=file_digest(cls.__velox__.file),
        instruments=[],
        charges=ask.charges,
        facts_as_of=ask.facts_as_of,
        actions=list(ask.actions),
        paper=settings.paper,
        limits=settings.limits,
        engine=settings.engine,
        markets=[market],
        orders=kept,
    )
    span = chosen.days[0].date, chosen.days[-1].date
    jobs = [Job(number, plan.params, 0, *span) for number, plan in enumerate(plans)]
    found: dict[int, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="velox-signals-") as folder:
        crew = LocalCrew(setup, arrays, Path(folder))
        try:
            for outcome in outcomes(crew, jobs, workers or cores()):
                if outcome.figures is None:
                    raise Refused(f"set {outcome.job.number} of the signals: {outcome.failed}")
                found[outcome.job.number] = outcome.figures
        finally:
            crew.close()
    return [found[number] for number in range(len(jobs))]


def _orders(ask: Ask, signals: Signals) -> list[Orders]:
    """The orders of each row, all judged before one runs."""
    given: dict[str, Array] = {name: getattr(signals, name) for name in _ARRAYS}
    shaped: dict[str, Any] = {name: np.asarray(values) for name, values in given.items() if values is not None}
    counts = {name: len(array) for name, array in shaped.items() if array.ndim == 2}
    if not counts or len(set(counts.values())) > 1 or 0 in counts.values():
        told = ", ".join(f"{name} {count}" for name, count in counts.items()) or "none has two dimensions"
        raise BadInput(f"the arrays must agree on the number of sets, the first dimension of (sets, candles): {told}")
    candles, found = candles_of(ask, signals.instrument, signals.timeframe), []
    for row in range(next(iter(counts.values()))):
        own = {name: array[row] if name in counts else array for name, array in shaped.items()}
        try:
            found.append(judged(msgspec.structs.replace(signals, **own), candles))
        except BadInput as error:
            raise BadInput(f"set {row}: {error}") from None
    return found

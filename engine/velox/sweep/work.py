"""What a worker does with a set: the very back-test that `velox backtest` runs, over days that are held."""

import hashlib
from pathlib import Path

from velox.backtest.choose import Ask, Chosen, plans_on, spells
from velox.backtest.run import Result, run
from velox.backtest.signals import follow
from velox.clock import monotonic_ns
from velox.errors import BadInput, VeloxError
from velox.market.corporate_actions import Actions
from velox.sweep.held import Arrays, days_of
from velox.sweep.job import Figures, Job, Outcome, Setup
from velox.sweep.kept_orders import orders_in

__all__ = ["Desk", "file_digest"]


class Desk:
    """The held days and settings of a sweep, and the way to run one set over them."""

    def __init__(self, setup: Setup, arrays: Arrays) -> None:
        self._setup = setup
        self._actions = Actions(setup.actions)
        self._orders = orders_in(setup.orders, arrays)
        self._days = [days_of(market, arrays, setup.facts_as_of) for market in setup.markets]

    def work(self, job: Job) -> Outcome:
        """Run one set; what it cannot be run for is an outcome, too."""
        began_ns = monotonic_ns()
        figures, failed = None, ""
        try:
            figures = _figures(self._run(job))
        except VeloxError as error:
            failed = str(error)
        return Outcome(job=job, figures=figures, failed=failed, worked_ns=monotonic_ns() - began_ns)

    def _run(self, job: Job) -> Result:
        setup = self._setup
        if file_digest(setup.file) != setup.file_digest:
            raise BadInput(f"{setup.file} was changed while the sweep ran: begin anew in another folder")
        days = [day for day in self._days[job.market] if job.first <= day.date <= job.last]
        if not days:
            raise BadInput(f"there are no days of it from {job.first} to {job.last}")
        ask = Ask(
            plans=plans_on([setup.target], job.params, setup.instruments),
            catalog=Path(),
            first=job.first,
            last=job.last,
            facts_as_of=setup.facts_as_of,
            charges=setup.charges,
            actions=self._actions,
            watched=setup.watched,
        )
        chosen = Chosen(setup.markets[job.market].symbols, spells(days), [], held=True)
        key = job.params.get("orders", "")
        if key not in self._orders:
            return run(ask, setup.settings, chosen=chosen)
        return follow(key, self._orders[key], lambda: run(ask, setup.settings, chosen=chosen))


def file_digest(file: str) -> str:
    """What a strategy's file holds, in one number; empty where it is no longer there."""
    path = Path(file)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _figures(result: Result) -> Figures:
    return Figures(
        net_pnl=result.net_pnl,
        gross_pnl=result.gross_pnl,
        charges=result.charges,
        max_drawdown=result.max_drawdown,
        orders=result.orders,
        fills=result.fills,
        round_trips=result.round_trips,
        rejected=result.rejected,
        too_small=result.too_small,
        ticks=result.ticks,
        bars=result.bars,
        daily_pnl=result.daily_pnl,
        result_hash=result.result_hash,
        faulted=any(strategy.faulted for strategy in result.strategies),
        notes=result.notes,
    )

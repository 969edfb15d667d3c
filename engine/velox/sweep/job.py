"""What is said between a sweep and its workers: what they run on, one set to run, and what came of it."""

import datetime as dt
from typing import Literal

import msgspec

from velox.market.corporate_actions import Action
from velox.settings import EngineSettings, LimitSettings, PaperSettings, Settings
from velox.sweep.held import KeptMarket

__all__ = ["Figures", "Job", "KeptOrders", "Outcome", "Setup"]


class KeptOrders(msgspec.Struct, frozen=True):
    """The orders of one set of signals; their arrays bear the key. One of the three is the size."""

    key: str
    quantity: int = 0
    risk_percent: float = 0.0
    risk_rupees: float = 0.0


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What every worker needs once. Settings that hold secrets are no part of it."""

    target: str  # FILE.py[:Class] or an offered name
    class_name: str
    file: str  # the strategy's file; what it held when the sweep began:
    file_digest: str
    instruments: list[str]
    watched: list[str] = []  # what hooks may choose
    charges: Literal["discount", "statutory", "none"]
    facts_as_of: dt.date | None
    actions: list[Action] = []
    paper: PaperSettings
    limits: LimitSettings
    engine: EngineSettings
    markets: list[KeptMarket]
    orders: list[KeptOrders] = []  # where the strategy follows signals

    @property
    def settings(self) -> Settings:
        """The settings of each back-test."""
        return Settings(paper=self.paper, limits=self.limits, engine=self.engine)


class Job(msgspec.Struct, frozen=True):
    """One set over some days of one market; dates are inclusive."""

    number: int
    params: dict[str, str]
    market: int
    first: dt.date
    last: dt.date

    @property
    def key(self) -> tuple[tuple[tuple[str, str], ...], dt.date, dt.date]:
        """What tells it from every other job of its sweep."""
        return tuple(sorted(self.params.items())), self.first, self.last


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a back-test of this set says; money in rupees."""

    net_pnl: float
    gross_pnl: float
    charges: float
    max_drawdown: float
    orders: int
    fills: int
    round_trips: int
    rejected: int
    too_small: int
    ticks: int
    bars: int
    daily_pnl: list[float]
    result_hash: str
    faulted: bool = False  # a hook raised: from then on it took no new risk
    notes: list[str] = []


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A job that is over: its figures, or why there are none."""

    job: Job
    figures: Figures | None = None
    failed: str = ""
    worked_ns: int = 0

"""A core with one strategy on paper, without limits: what an order costs is measured, not how soon it is refused."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from velox.events import AccountDef, Kind, LimitsSet, encode
from velox.market import facts as market_facts
from velox.market.instruments import InstrumentBook, definition
from velox.strategy.base import Strategy
from velox.strategy.compile import compile_strategy
from velox.strategy.host import Instance
from velox_core import Core

__all__ = ["Desk"]

_DAY = dt.date(2026, 7, 15)
_ONE = 100_000_000  # a rupee at 1e-8
_CAPITAL = 10**9 * _ONE  # ₹100 crore: funds never refuse
_NO_LIMIT = dict.fromkeys(LimitsSet.__struct_fields__[3:], 0)


class Desk:
    """One engine's core with one instrument, one account and one strategy."""

    def __init__(self, journal: Path) -> None:
        self._facts = market_facts.load(_DAY)
        self._book = InstrumentBook.offline()
        self._instance: Instance | None = None
        self.core = Core(journal)
        self.open_ns = self._facts.loaded.open_ns
        self._put(Kind.FACTS_LOADED, self._facts.loaded)
        self._put(
            Kind.ACCOUNT_DEF, AccountDef(0, "paper", "", "paper", _CAPITAL, 2_000_000_000, 1, 0, False, 2_000_000_000)
        )
        self._put(Kind.LIMITS_SET, LimitsSet(account=0, instance=-1, instrument=-1, **_NO_LIMIT))

    def start(self, cls: type[Strategy]) -> str:
        """Start a strategy; gives the token of its instrument."""
        spec = compile_strategy(cls, {}, self._facts, self._book, name="probe")
        defined = definition(self._book[spec.symbol], self._facts, id=0, reference_price=1_000 * _ONE)
        self._put(Kind.INSTRUMENT_DEF, msgspec.structs.replace(defined, lower=0, upper=0))
        instance = Instance(self.core, 0, spec, cls)
        self._instance = instance
        self.core.attach(0, instance.hooks)
        self._put(Kind.STRATEGY_STARTED, instance.started(_CAPITAL))
        return defined.token

    def hook(self, name: str) -> Callable[..., object]:
        """A hook of the strategy as the core calls it."""
        assert self._instance is not None, "a strategy is started first"
        found: Callable[..., object] = getattr(self._instance.object, name)
        return found

    def close(self) -> dict[str, Any]:
        """End the core; gives what it tells of the strategy."""
        told: dict[str, Any] = self.core.summary()["strategies"][0]
        self.core.close()
        return told

    def _put(self, kind: Kind, record: msgspec.Struct) -> None:
        self.core.input(kind, encode(record))

"""What a back-test adds up while it runs: decisions as they come, sums as each day ends."""

from typing import Any

import msgspec

from velox import events
from velox.events import Kind
from velox.journal.payloads import decode

__all__ = ["KEPT", "StrategyTally", "Tally"]

# The decisions that are added up.
KEPT = (Kind.RISK_VERDICT, Kind.ACCOUNT_MARK, Kind.STRATEGY_EVENT)

_ONE = 100_000_000


class StrategyTally(msgspec.Struct):
    """One strategy's sums over all days; money in rupees."""

    name: str
    instrument: str
    orders: int = 0
    fills: int = 0
    round_trips: int = 0
    gross_pnl: float = 0.0
    charges: float = 0.0
    net_pnl: float = 0.0
    faulted: bool = False


class Tally(msgspec.Struct):
    """All sums of a back-test."""

    ticks: int = 0
    minutes: int = 0
    bars: int = 0
    rejected: int = 0
    too_small: int = 0
    max_drawdown: float = 0.0  # rupees below the highest equity so far
    strategies: dict[str, StrategyTally] = {}
    decisions_hash: str = ""
    notes: list[str] = []
    equity: float = 0.0
    _peak: float = float("-inf")

    def note(self, kept: list[tuple[int, int, bytes]]) -> None:
        """Take decisions in: kernel time, kind, payload."""
        for _, kind, payload in kept:
            if kind not in KEPT:
                continue
            record = decode(Kind(kind), payload)
            if isinstance(record, events.AccountMark):
                self._mark(record.equity / _ONE)
            elif isinstance(record, events.StrategyEvent) and record.code == "too_small":
                self.too_small += 1
            elif isinstance(record, events.RiskVerdict) and record.verdict == "refused":
                self.rejected += 1

    def end_day(self, summary: dict[str, Any], *, by_candles: bool = False) -> None:
        """Add what the core says of a day that is over."""
        if by_candles:
            self.minutes += summary["ticks"]  # the guard has judged each candle by its open
        else:
            self.ticks += summary["ticks"]
        self.bars += summary["candles"]
        self._mark(sum(account["equity"] for account in summary["accounts"]))
        for told in summary["strategies"]:
            held = self.strategies.setdefault(told["name"], StrategyTally(told["name"], told["instrument"]))
            held.orders += told["orders"]
            held.fills += told["fills"]
            held.round_trips += told["round_trips"]
            held.faulted |= told["faulted"]
        self.notes += [note for note in summary["notes"] or [] if note not in self.notes]

    def end(self, summary: dict[str, Any]) -> None:
        """Add the money, which the core has counted over all days."""
        for told in summary["strategies"]:
            held = self.strategies[told["name"]]
            held.gross_pnl += told["gross_pnl"]
            held.charges += told["charges"]
            held.net_pnl += told["net_pnl"]
        self.decisions_hash = summary["decisions_hash"]

    def _mark(self, equity: float) -> None:
        self.equity = equity
        self._peak = max(self._peak, self.equity)
        self.max_drawdown = max(self.max_drawdown, self._peak - self.equity)

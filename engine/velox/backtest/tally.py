"""What a back-test adds up while it runs: decisions as they come, sums as each day ends."""

from typing import Any

import msgspec

from velox import events
from velox.events import Kind
from velox.journal.payloads import decode

__all__ = ["KEPT", "AccountTally", "StrategyTally", "Tally"]

# The decisions that are added up.
KEPT = (Kind.RISK_VERDICT, Kind.ACCOUNT_MARK, Kind.STRATEGY_EVENT)

_ONE = 100_000_000


class AccountTally(msgspec.Struct):
    """One account's money over all days, in rupees."""

    name: str
    capital: float
    net_pnl: float = 0.0
    charges: float = 0.0


class StrategyTally(msgspec.Struct):
    """One strategy's sums over all days; money in rupees."""

    name: str
    instrument: str
    account: str
    orders: int = 0
    fills: int = 0
    round_trips: int = 0
    gross_pnl: float = 0.0
    charges: float = 0.0
    net_pnl: float = 0.0
    faulted: bool = False


class Tally(msgspec.Struct):
    """All sums; each core counts money from its own beginning, and what those before it made is carried."""

    ticks: int = 0
    bars: int = 0
    rejected: int = 0
    too_small: int = 0
    max_drawdown: float = 0.0  # rupees below the highest equity so far
    strategies: dict[str, StrategyTally] = {}
    accounts: dict[str, AccountTally] = {}
    hashes: list[str] = []
    notes: list[str] = []
    equity: float = 0.0  # of all accounts
    _peak: float = float("-inf")
    _carried: float = 0.0  # equity gained by cores before this one
    _equities: list[float] = []  # of the accounts, as they were marked last

    def note(self, kept: list[tuple[int, int, bytes]]) -> None:
        """Take decisions in: kernel time, kind, payload."""
        for _, kind, payload in kept:
            record = decode(Kind(kind), payload)
            if isinstance(record, events.AccountMark):
                self._equities[record.account] = record.equity / _ONE
                self._mark()
            elif isinstance(record, events.StrategyEvent) and record.code == "too_small":
                self.too_small += 1
            elif isinstance(record, events.RiskVerdict) and record.verdict == "refused":
                self.rejected += 1

    def begin_day(self, summary: dict[str, Any]) -> None:
        """Take the accounts as a day finds them; the drawdown is that of all of them together."""
        self._equities = [account["equity"] for account in summary["accounts"]]
        self._mark()

    def end_day(self, summary: dict[str, Any]) -> None:
        """Add what the core says of a day that is over."""
        self.ticks += summary["ticks"]
        self.bars += summary["candles"]
        self._equities = [account["equity"] for account in summary["accounts"]]
        self._mark()
        for told in summary["strategies"]:
            held = self.strategies.setdefault(
                told["name"], StrategyTally(told["name"], told["instrument"], told["account"])
            )
            held.orders += told["orders"]
            held.fills += told["fills"]
            held.round_trips += told["round_trips"]
            held.faulted |= told["faulted"]
        self.notes += [note for note in summary["notes"] or [] if note not in self.notes]

    def end_spell(self, summary: dict[str, Any]) -> None:
        """Add the money of a core that ends; the next one starts from its capital again."""
        for told in summary["strategies"]:
            held = self.strategies[told["name"]]
            held.gross_pnl += told["gross_pnl"]
            held.charges += told["charges"]
            held.net_pnl += told["net_pnl"]
        for told in summary["accounts"]:
            account = self.accounts.setdefault(told["name"], AccountTally(told["name"], told["capital"]))
            account.net_pnl += told["equity"] - told["capital"]
            account.charges += told["charges"]
        self.hashes.append(summary["decisions_hash"])
        self._carried = self.equity - sum(told["capital"] for told in summary["accounts"])

    def _mark(self) -> None:
        self.equity = self._carried + sum(self._equities)
        self._peak = max(self._peak, self.equity)
        self.max_drawdown = max(self.max_drawdown, self._peak - self.equity)

"""What a back-test adds up while it runs: decisions as they come, sums as each day ends."""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from velox import events
from velox.events import Kind
from velox.journal.payloads import decode
from velox.report.curve import Marks, together

__all__ = ["KEPT", "AccountTally", "StrategyTally", "Tally"]

# The decisions that are added up.
KEPT = (Kind.RISK_VERDICT, Kind.ACCOUNT_MARK, Kind.STRATEGY_EVENT)

_ONE = 100_000_000


class AccountTally(msgspec.Struct):
    """One account's money over all days, in rupees."""

    name: str
    capital: float
    net_pnl: float = 0.0
    dividends: float = 0.0
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
    dividends: float = 0.0  # part of the gross profit
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
    accounts: dict[str, AccountTally] = {}
    decisions_hash: str = ""
    notes: list[str] = []
    capital: float = 0.0  # of all accounts
    equity: float = 0.0  # of all accounts
    closes: list[float] = []  # equity at the end of each day
    _peak: float = 0.0
    _equities: list[int] = []  # of the accounts, as they were marked last

    def note(self, marks: Marks, kept: list[tuple[int, int, bytes]]) -> None:
        """Take in what the core kept: marks as columns, decisions as kernel time, kind, payload."""
        self._marks(together(self._equities, marks) / _ONE)
        for _, kind, payload in kept:
            if kind not in KEPT:
                continue
            record = decode(Kind(kind), payload)
            if isinstance(record, events.StrategyEvent) and record.code == "too_small":
                self.too_small += 1
            elif isinstance(record, events.StrategyEvent) and record.code == "fault":
                if record.sentence not in self.notes:  # the same line may fail on each of many days
                    self.notes.append(record.sentence)
            elif isinstance(record, events.RiskVerdict) and record.verdict == "refused":
                self.rejected += 1

    def begin_day(self, summary: dict[str, Any]) -> None:
        """Take the accounts as a day finds them, at first their capital; the drawdown is that of all together."""
        self._look(summary)
        if not self.closes:
            self.capital = self.equity

    def end_day(self, summary: dict[str, Any], *, by_candles: bool = False) -> None:
        """Add what the core says of a day that is over."""
        if by_candles:
            self.minutes += summary["ticks"]  # the guard has judged each candle by its open
        else:
            self.ticks += summary["ticks"]
        self.bars += summary["candles"]
        self._look(summary)
        self.closes.append(self.equity)
        for told in summary["strategies"]:
            held = self.strategies.setdefault(
                told["name"], StrategyTally(told["name"], told["instrument"], told["account"])
            )
            if told["instrument"] not in held.instrument.split(", "):  # the next contract of a future
                held.instrument += f", {told['instrument']}"
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
            held.dividends += told["dividends"]
            held.charges += told["charges"]
            held.net_pnl += told["net_pnl"]
        for told in summary["accounts"]:
            account = self.accounts.setdefault(told["name"], AccountTally(told["name"], told["capital"]))
            account.net_pnl += told["equity"] - told["capital"]
            account.dividends += told["dividends"]
            account.charges += told["charges"]
        self.decisions_hash = summary["decisions_hash"]

    def _look(self, summary: dict[str, Any]) -> None:
        """Take the accounts as they are between two days."""
        self._equities = [round(account["equity"] * _ONE) for account in summary["accounts"]]
        self._marks(np.array([sum(account["equity"] for account in summary["accounts"])]))

    def _marks(self, equity: npt.NDArray[np.float64]) -> None:
        if not len(equity):
            return
        peaks = np.maximum(np.maximum.accumulate(equity), self._peak)
        self.equity, self._peak = float(equity[-1]), float(peaks[-1])
        self.max_drawdown = max(self.max_drawdown, float((peaks - equity).max()))

"""Trades from fills: a trade begins when a book leaves flat and ends when it is flat again or turns over.

All money is at 1e-8 rupees. A fill that turns a book over closes one trade and opens the next; its charges and its
slippage go to both by their units, and not a unit of money is lost between them.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from velox.decisions import ActionBooked

__all__ = ["CHARGE_LINES", "Execution", "Trade", "TradeBook"]

CHARGE_LINES = ("brokerage", "stt", "transaction", "sebi", "stamp", "gst")


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """A fill in one book; `slippage` is what it cost against the price of the decision, None where none is known."""

    at_ns: int
    strategy: str
    instrument: str
    side: int
    quantity: int
    price: int
    role: str
    charges: tuple[int, ...]  # by CHARGE_LINES
    slippage: int | None = None
    place: int = 0  # how many rows of its day had been seen, its own included

    def part(self, units: int) -> "Execution":
        """The first units of it, with their share of all money."""
        return msgspec.structs.replace(
            self,
            quantity=units,
            charges=tuple(line * units // self.quantity for line in self.charges),
            slippage=None if self.slippage is None else self.slippage * units // self.quantity,
        )

    def less(self, part: "Execution") -> "Execution":
        """What is left of it behind its first part."""
        slippage = None
        if self.slippage is not None and part.slippage is not None:
            slippage = self.slippage - part.slippage
        return msgspec.structs.replace(
            self,
            quantity=self.quantity - part.quantity,
            charges=tuple(all_of - taken for all_of, taken in zip(self.charges, part.charges, strict=True)),
            slippage=slippage,
        )


class Trade(msgspec.Struct, kw_only=True):
    """One round trip, or what is open of it at the end; `closed_ns` is 0 while it is open."""

    number: int
    strategy: str
    instrument: str
    side: int
    opened_ns: int
    entry_role: str
    closed_ns: int = 0
    opened_place: int = 0  # rows of the day that had been seen, that of the fill included
    closed_place: int = 0
    exit_role: str = ""
    entered: int = 0
    left: int = 0
    quantity: int = 0  # the largest position
    entry_value: int = 0
    exit_value: int = 0
    mark: int = 0  # last price of what is still open
    fills: int = 0
    charges: list[int] = []
    slippage: int = 0
    slippage_unknown: int = 0  # fills without a price to compare with
    stop: int = 0  # the first one, 0 for none
    received: int = 0  # dividends, and cash for parts of a share; below 0 where a short paid them
    lowest: int = 0
    highest: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it has units left."""
        return self.entered != self.left

    @property
    def gross(self) -> int:
        """Profit before charges; units that are still open count at the last price."""
        still = (self.entered - self.left) * self.mark
        return self.side * (self.exit_value + still - self.entry_value) + self.received

    @property
    def charged(self) -> int:
        """All charges."""
        return sum(self.charges)

    @property
    def net(self) -> int:
        """Profit after charges."""
        return self.gross - self.charged

    @property
    def entry_price(self) -> float:
        """Average of what was entered."""
        return self.entry_value / self.entered

    @property
    def exit_price(self) -> float | None:
        """Average of what was left, if anything was."""
        return self.exit_value / self.left if self.left else None

    @property
    def risk(self) -> float | None:
        """What was at stake between entry and first stop, where there was one."""
        distance = self.side * (self.entry_price - self.stop) if self.stop else 0
        return distance * self.quantity if distance > 0 else None

    @property
    def r(self) -> float | None:
        """Gross profit in units of that risk."""
        return None if self.risk is None else self.gross / self.risk

    @property
    def adverse(self) -> float:
        """Deepest loss that the largest position saw, as a price against the entry; never below 0."""
        worst = self.lowest if self.side > 0 else self.highest
        return max(0.0, self.side * (self.entry_price - worst)) * self.quantity

    @property
    def favourable(self) -> float:
        """Highest profit that the largest position saw; never below 0."""
        best = self.highest if self.side > 0 else self.lowest
        return max(0.0, self.side * (best - self.entry_price)) * self.quantity

    def saw(self, lowest: int, highest: int) -> None:
        """Prices while it was open."""
        self.lowest = min(self.lowest, lowest)
        self.highest = max(self.highest, highest)


class TradeBook:
    """Turns fills, in order, into trades."""

    def __init__(self) -> None:
        self.trades: list[Trade] = []
        self._open: dict[tuple[str, str], Trade] = {}

    def take(self, fill: Execution) -> None:
        """Take the next fill in."""
        key = (fill.strategy, fill.instrument)
        trade = self._open.get(key)
        if trade is None:
            self._enter(self._begin(fill), fill)
        elif trade.side == fill.side:
            self._enter(trade, fill)
        else:
            held = trade.entered - trade.left
            closing = fill if fill.quantity <= held else fill.part(held)
            self._leave(trade, closing)
            if closing.quantity < fill.quantity:
                rest = fill.less(closing)
                self._enter(self._begin(rest), rest)

    def arm(self, strategy: str, instrument: str, stop: int) -> None:
        """Keep the first stop of the open trade."""
        trade = self._open.get((strategy, instrument))
        if trade is not None and trade.stop == 0:
            trade.stop = stop

    def deliver(self, strategy: str, instrument: str, charges: Sequence[int]) -> None:
        """Add what delivery costs: to the trade that is kept over the day, or to the one that sold what was kept."""
        of_it = [trade for trade in self.trades if (trade.strategy, trade.instrument) == (strategy, instrument)]
        trade = self._open.get((strategy, instrument)) or of_it[-1]
        trade.charges = [line + more for line, more in zip(trade.charges, charges, strict=True)]

    def convert(self, strategy: str, instrument: str, booked: ActionBooked, at_ns: int) -> None:
        """Count the open trade in the shares and prices of after a corporate action."""
        trade = self._open[strategy, instrument]
        trade.received += booked.dividend + booked.fraction
        by = Fraction(booked.old, booked.new)
        trade.stop, trade.lowest, trade.highest = (
            max(1, round(price * by)) if price else 0 for price in (trade.stop, trade.lowest, trade.highest)
        )
        held = abs(booked.quantity)
        trade.left = max(1, int(trade.left / by)) if trade.left else 0
        trade.quantity = max(held, int(trade.quantity / by))
        trade.entered = trade.left + held
        if not held:
            trade.entered = trade.left = max(1, trade.left)
            trade.exit_role = "corporate action"
            self._end(trade, at_ns, 0)

    def open_trades(self) -> list[Trade]:
        """Those that are not closed."""
        return list(self._open.values())

    def end(self, last: dict[str, int]) -> None:
        """Value what is open at the last prices and let go of it: no later fill belongs to it."""
        for trade in self._open.values():
            trade.mark = last.get(trade.instrument, round(trade.entry_price))
            trade.saw(trade.mark, trade.mark)
        self._open.clear()

    def _begin(self, fill: Execution) -> Trade:
        trade = Trade(
            number=len(self.trades) + 1,
            strategy=fill.strategy,
            instrument=fill.instrument,
            side=fill.side,
            opened_ns=fill.at_ns,
            opened_place=fill.place,
            entry_role=fill.role,
            charges=[0] * len(CHARGE_LINES),
            lowest=fill.price,
            highest=fill.price,
        )
        self.trades.append(trade)
        self._open[fill.strategy, fill.instrument] = trade
        return trade

    def _enter(self, trade: Trade, fill: Execution) -> None:
        trade.entered += fill.quantity
        trade.entry_value += fill.quantity * fill.price
        trade.quantity = max(trade.quantity, trade.entered - trade.left)
        _count(trade, fill)

    def _leave(self, trade: Trade, fill: Execution) -> None:
        trade.left += fill.quantity
        trade.exit_value += fill.quantity * fill.price
        trade.exit_role = fill.role
        _count(trade, fill)
        if not trade.is_open:
            self._end(trade, fill.at_ns, fill.place)

    def _end(self, trade: Trade, at_ns: int, place: int) -> None:
        trade.closed_ns, trade.closed_place = at_ns, place
        del self._open[trade.strategy, trade.instrument]


def _count(trade: Trade, fill: Execution) -> None:
    trade.fills += 1
    trade.charges = _added(trade.charges, fill.charges)
    trade.saw(fill.price, fill.price)
    if fill.slippage is None:
        trade.slippage_unknown += 1
    else:
        trade.slippage += fill.slippage


def _added(have: Sequence[int], more: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip(have, more, strict=True)]

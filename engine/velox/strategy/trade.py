"""A trade: the handle of what an intent began, readable as long as the kernel knows it."""

from typing import TYPE_CHECKING, Unpack

import msgspec

from velox.strategy.protect import Price, cost
from velox.strategy.sizes import Sized, encode_part

if TYPE_CHECKING:
    from velox.strategy.binding import Binding

__all__ = ["Trade"]


class Trade(msgspec.Struct, eq=False):
    """What one intent began; every figure comes from the kernel and is NaN until there is one."""

    _binding: "Binding"
    counter: int
    part: int = 0  # which of its parts a hook tells of, from 1; 0 for all of it

    @property
    def entry(self) -> float:
        """Average price of what is held."""
        return self._binding.core.trade(self._binding.instance, self.counter).entry

    @property
    def stop(self) -> float:
        """Where its stop stands now."""
        return self._binding.core.trade(self._binding.instance, self.counter).stop

    @property
    def r(self) -> float:
        """Its first risk in rupees a unit: the distance from entry to first stop, whatever is added later."""
        return self._binding.core.trade(self._binding.instance, self.counter).risk

    @property
    def target(self) -> float:
        """Where its target stands now."""
        return self._binding.core.trade(self._binding.instance, self.counter).target

    def exit(self, part: float | None = None, *, qty: int | None = None, lots: int | None = None) -> None:
        """Leave the position at the market, or a part of it: `exit(1/2)`, `exit(qty=5)`."""
        self._binding.leave("exit", encode_part(part, qty, lots), self.counter)

    def stop_to(self, price: Price) -> None:
        """Move the stop, as in `trade.stop_to(cost)`; beyond the market it is an exit."""
        self._binding.move_stop(price, self.counter)

    def stop_at_cost(self) -> None:
        """Move the stop to what the position cost: break-even."""
        self._binding.move_stop(cost, self.counter)

    def target_to(self, price: Price) -> None:
        """Move the target, as in `trade.target_to(r(3))`."""
        self._binding.move_target(price, self.counter)

    def resize(self, **size: Unpack[Sized]) -> None:
        """Make the position as large as this, smaller or larger."""
        self._binding.resize(size, self.counter)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trade) and other.counter == self.counter and other._binding is self._binding

    def __hash__(self) -> int:
        return hash(self.counter)

    def __repr__(self) -> str:
        return f"Trade({self.counter})"

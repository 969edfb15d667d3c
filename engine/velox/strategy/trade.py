"""A trade: the handle of what an intent began, readable as long as the kernel knows it."""

from typing import TYPE_CHECKING

from velox.strategy.protect import Price

if TYPE_CHECKING:
    from velox.strategy.binding import Binding

__all__ = ["Trade"]


class Trade:
    """What one intent began; every figure comes from the kernel and is NaN until there is one."""

    __slots__ = ("_binding", "counter")

    def __init__(self, binding: "Binding", counter: int) -> None:
        self._binding = binding
        self.counter = counter

    @property
    def entry(self) -> float:
        """Average price of its entry fills."""
        return self._binding.core.trade(self._binding.instance, self.counter).entry

    @property
    def stop(self) -> float:
        """Where its stop stands now."""
        return self._binding.core.trade(self._binding.instance, self.counter).stop

    @property
    def r(self) -> float:
        """Its first risk in rupees a unit: the distance from entry to first stop."""
        state = self._binding.core.trade(self._binding.instance, self.counter)
        return abs(state.entry - state.first_stop)

    def exit(self) -> None:
        """Leave the position."""
        self._binding.leave("exit")

    def stop_to(self, price: Price) -> None:
        """Move the stop, as in `trade.stop_to(cost)`."""
        self._binding.move_stop(price)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trade) and other.counter == self.counter and other._binding is self._binding

    def __hash__(self) -> int:
        return hash(self.counter)

    def __repr__(self) -> str:
        return f"Trade({self.counter})"

"""State that was kept under another declaration: told apart, handed to `migrate`, and kept anew as one."""

import functools
from collections.abc import Callable, Mapping

from velox.errors import BadInput
from velox.strategy import state
from velox.strategy.base import Strategy
from velox.strategy.binding import Binding
from velox.strategy.spec import StateSpec

__all__ = ["Kept"]

_Hook = Callable[..., object]


class Kept:
    """What a journal has of an instance's State, beside what its class declares now."""

    def __init__(self, states: list[StateSpec], values: Mapping[str, object]) -> None:
        self._defaults = {each.name: each.default for each in states}
        self._now = state.shape(self._defaults.items())
        self._before: object = values.get(state.SHAPE)
        self._values = {name: value for name, value in values.items() if name != state.SHAPE}
        self._is_settled = self._now == self._before or not (self._now or self._before)

    def values(self) -> dict[str, object]:
        """Every declared value: the kept one where it can stand, else the default."""
        usable = {n: v for n, v in self._values.items() if n in self._defaults and state.fits(v, self._defaults[n])}
        return self._defaults | usable

    def first(self, binding: Binding, owner: Strategy, then: _Hook | None) -> _Hook | None:
        """The hook that runs before all others, after the State has been brought into its new form."""
        if self._is_settled:
            return then

        def hook() -> None:
            self._settle(binding, owner)
            if then is not None:
                then()

        return hook if then is None else functools.update_wrapper(hook, then)

    def _settle(self, binding: Binding, owner: Strategy) -> None:
        if self._is_settled:
            return
        if self._before is not None:
            self._bring_over(binding, owner)
        binding.keep(state.SHAPE, self._now)
        self._is_settled = True

    def _bring_over(self, binding: Binding, owner: Strategy) -> None:
        if type(owner).migrate is Strategy.migrate:
            for name, value in self._values.items():
                if name in self._defaults and not state.fits(value, self._defaults[name]):
                    raise BadInput(
                        f"{name} = State({self._defaults[name]!r:.60}) was kept as {value!r:.60} by an earlier form of "
                        f"{type(owner).__name__}: write migrate(self, old) to turn one into the other"
                    )
            return
        # Kept as one once all of it is done: what fails half-way is asked for again, with the old values as they were.
        binding.held_back = {}
        try:
            owner.migrate(dict(self._values))
            found = binding.held_back
        finally:
            binding.held_back = None
        for name, value in found.items():
            binding.keep(name, value)

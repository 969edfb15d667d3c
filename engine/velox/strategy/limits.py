"""What a class body may say about its own day: how often it trades, what it may lose, what profit it keeps."""

from collections.abc import Iterator
from typing import Self, overload

from velox.rupees import grouped
from velox.strategy.clocktext import span_ns
from velox.strategy.declaration import Declaration
from velox.strategy.declare import Multiple, Text, Whole, resolved
from velox.strategy.params import Values
from velox.strategy.spec import GuardSpec, LimitsSpec

__all__ = ["Guard", "Limits"]

_COUNT_MAX = 100_000
_RUPEES_MAX = 1e9
_MONEY = ("max_loss", "lock_at", "lock_keep")


class _DayRules(Declaration):
    """Money rules of the day in rupees, each a number, a number Param or arithmetic over them."""

    def __init__(self, max_loss: Multiple | None, lock_at: Multiple | None, lock_keep: Multiple | None) -> None:
        super().__init__()
        money = {"max_loss": max_loss, "lock_at": lock_at, "lock_keep": lock_keep}
        self.given: dict[str, object] = {word: value for word, value in money.items() if value is not None}

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        for word, value in self.given.items():
            if word in _MONEY and type(resolved(value, {})) not in (int, float):
                yield f"{self._call}: {word} is an amount in rupees or a number Param, not {resolved(value, {})!r}"
        if "lock_at" in self.given and "lock_keep" not in self.given:
            yield f"{self._call}: lock_at needs lock_keep, the profit that is kept then: lock_at=4_000, lock_keep=2_000"
        if "lock_keep" in self.given and "lock_at" not in self.given:
            yield f"{self._call}: lock_keep needs lock_at, the profit from which it is kept: lock_at=4_000"
        if not self.given:
            yield f"{self._call} limits nothing; give it at least one of {', '.join(self._words)}"

    def judged(self, values: Values) -> Iterator[str]:
        """What is wrong with the values of its parameters."""
        money = self.money(values)
        for word, amount in money.items():
            least = 0 if word == "lock_keep" else 1
            if not least <= amount <= _RUPEES_MAX:
                most = grouped(_RUPEES_MAX)
                yield f"{self._call}: {word} is {amount:g}; it must lie between {least} and {most} rupees"
        if money.get("lock_keep", 0) >= money.get("lock_at", float("inf")):
            yield (
                f"{self._call}: lock_keep is {money['lock_keep']:g} and lock_at is {money['lock_at']:g}; "
                "what is kept must be the smaller"
            )

    def money(self, values: Values) -> dict[str, float]:
        """The amounts in rupees."""
        return {word: float(resolved(value, values)) for word, value in self.given.items() if word in _MONEY}

    @property
    def _call(self) -> str:
        return f"{self.name} = {type(self).__name__}(…)"

    @property
    def _words(self) -> tuple[str, ...]:
        return _MONEY


class Limits(_DayRules):
    """Limits of the day that the instances of a class share on one account; trades and cooldown are each one's own.

    `max_trades` round trips a session; after each, `cooldown` without an opening; positions in at most
    `max_positions` instruments; at a loss of `max_loss` everything is closed for the day; once the profit has reached
    `lock_at`, it is closed for the day when it falls back by `lock_at - lock_keep` from its best.
    """

    def __init__(
        self,
        *,
        max_trades: Whole | None = None,
        cooldown: Text | None = None,
        max_positions: Whole | None = None,
        max_loss: Multiple | None = None,
        lock_at: Multiple | None = None,
        lock_keep: Multiple | None = None,
    ) -> None:
        super().__init__(max_loss, lock_at, lock_keep)
        counts = {"max_trades": max_trades, "cooldown": cooldown, "max_positions": max_positions}
        self.given |= {word: value for word, value in counts.items() if value is not None}

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> LimitsSpec: ...
    def __get__(self, instance: object | None, owner: type) -> Self | LimitsSpec:
        return self if instance is None else self.unbound(owner)

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        yield from super().sentences()
        for word in ("max_trades", "max_positions"):
            value = resolved(self.given.get(word, 1), {})
            if type(value) is not int:
                yield f"{self._call}: {word} is a whole number or a whole-number Param, not {value!r}"
        if not isinstance(resolved(self.given.get("cooldown", ""), {}), str):
            yield f'{self._call}: cooldown is a text or a text Param, as in cooldown="15m"'

    def judged(self, values: Values) -> Iterator[str]:
        """What is wrong with the values of its parameters."""
        yield from super().judged(values)
        for word in ("max_trades", "max_positions"):
            count = resolved(self.given.get(word, 1), values)
            if not 1 <= count <= _COUNT_MAX:
                yield f"{self._call}: {word} is {count}; it must lie between 1 and {_COUNT_MAX}"
        try:
            self._cooldown_ns(values)
        except ValueError as error:
            yield f"{self._call}: cooldown {error}"

    def spec(self, values: Values) -> LimitsSpec:
        """The limits as numbers."""
        return LimitsSpec(
            name=self.name,
            max_trades=resolved(self.given.get("max_trades", 0), values),
            cooldown_ns=self._cooldown_ns(values),
            max_positions=resolved(self.given.get("max_positions", 0), values),
            **self.money(values),
        )

    def _cooldown_ns(self, values: Values) -> int:
        return span_ns(resolved(self.given["cooldown"], values)) if "cooldown" in self.given else 0

    @property
    def _words(self) -> tuple[str, ...]:
        return ("max_trades", "cooldown", "max_positions", *_MONEY)


class Guard(_DayRules):
    """Money rules of the day of each instance alone: what it may lose and what it keeps of its profit."""

    def __init__(
        self,
        *,
        max_loss: Multiple | None = None,
        lock_at: Multiple | None = None,
        lock_keep: Multiple | None = None,
    ) -> None:
        super().__init__(max_loss, lock_at, lock_keep)

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> GuardSpec: ...
    def __get__(self, instance: object | None, owner: type) -> Self | GuardSpec:
        return self if instance is None else self.unbound(owner)

    def spec(self, values: Values) -> GuardSpec:
        """The rules as numbers."""
        return GuardSpec(name=self.name, **self.money(values))

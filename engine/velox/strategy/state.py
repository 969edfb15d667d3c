"""Values of a strategy that outlive the process: journalled when set, back after a restart."""

from collections.abc import Iterable, Iterator
from typing import Any, Generic, Literal, Self, TypeVar, overload

import msgspec

from velox.errors import BadInput
from velox.strategy.declaration import Declaration
from velox.strategy.spec import Recipe
from velox.strategy.structure import Structure
from velox.strategy.trade import Trade

__all__ = ["SHAPE", "Shape", "State", "decode", "encode", "fits", "keepable", "shape"]

_T = TypeVar("_T")
Shape = tuple[tuple[str, str], ...]
SHAPE = "velox:states"  # the name under which a journal keeps what a class declared; no attribute can have it
_SCALARS = (type(None), bool, int, float, str)


def keepable(value: object) -> bool:
    """Whether a value can be kept: it must not change behind the journal's back."""
    if isinstance(value, tuple):
        return all(map(keepable, value))
    return type(value) in _SCALARS or isinstance(value, Trade | Structure)


class State(Declaration, Generic[_T]):
    """A persistent value of each instance; with `reset="session"` it starts anew every day."""

    def __init__(self, default: _T, *, reset: Literal["session"] | None = None) -> None:
        super().__init__()
        self.default = default
        self.reset = reset

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | _T:
        if instance is None:
            return self
        try:
            value: _T = instance.__dict__[self.name]
        except KeyError:
            self.unbound(owner)
        return value

    def __set__(self, instance: Any, value: _T) -> None:
        if not keepable(value):
            raise BadInput(
                f"self.{self.name} = {value!r:.60}: a State holds numbers, texts, None and tuples of them; "
                "assign a new tuple instead of changing a list"
            )
        instance.__dict__["_binding"].keep(self.name, value)
        instance.__dict__[self.name] = value

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        if not keepable(self.default):
            yield (
                f"{self.name} = State({self.default!r:.60}): a State holds numbers, texts, None and tuples of them; "
                "start with () instead of a list"
            )
        if self.reset not in (None, "session"):
            yield f'{self.name} = State(…): reset={self.reset!r} is unknown; write reset="session" or leave it out'


def shape(defaults: Iterable[tuple[str, object]]) -> Shape:
    """What a class declares as its State: names with the types of their defaults."""
    return tuple(sorted((name, type(default).__name__) for name, default in defaults))


def fits(value: object, default: object) -> bool:
    """Whether a kept value can stand where this default is declared."""
    if default is None or value is None or isinstance(value, Trade | Structure):
        return True
    return type(value) is type(default) or (type(default) is float and type(value) is int)


def encode(session_date: int, value: object) -> bytes:
    """A value as the journal keeps it, with the day on which it was set."""
    return msgspec.msgpack.encode((session_date, _packed(value)))


def decode(kept: bytes) -> tuple[int, object]:
    """The day on which a value was set and the value; a trade and what is watched are dictionaries of what they are."""
    session_date, value = msgspec.msgpack.decode(kept, type=tuple[int, Any])
    return session_date, _unpacked(value)


def _packed(value: object) -> object:
    if isinstance(value, tuple):
        return [_packed(part) for part in value]
    if isinstance(value, Structure):
        return {"structure": value.legs}
    if isinstance(value, Recipe):
        return {"watch": value}
    return {"trade": value.counter} if isinstance(value, Trade) else value


def _unpacked(value: object) -> object:
    return tuple(map(_unpacked, value)) if isinstance(value, list) else value

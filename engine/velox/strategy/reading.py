"""What reads like a plain float: comparison and arithmetic of a handle by its newest value."""

from abc import ABC, abstractmethod
from typing import SupportsFloat, overload

from velox.strategy.core import Number

__all__ = ["Reading"]


class Reading(ABC):
    """Something with a newest value, on which a hook computes as on a float."""

    __slots__ = ()

    @abstractmethod
    def __float__(self) -> float: ...

    def __lt__(self, other: Number, /) -> bool:
        return float(self) < float(other)

    def __le__(self, other: Number, /) -> bool:
        return float(self) <= float(other)

    def __gt__(self, other: Number, /) -> bool:
        return float(self) > float(other)

    def __ge__(self, other: Number, /) -> bool:
        return float(self) >= float(other)

    def __add__(self, other: Number, /) -> float:
        return float(self) + float(other)

    __radd__ = __add__

    def __sub__(self, other: Number, /) -> float:
        return float(self) - float(other)

    def __rsub__(self, other: Number, /) -> float:
        return float(other) - float(self)

    def __mul__(self, other: Number, /) -> float:
        return float(self) * float(other)

    def __rmul__(self, other: Number, /) -> float:
        return self * other

    def __truediv__(self, other: Number, /) -> float:
        return float(self) / float(other)

    def __rtruediv__(self, other: Number, /) -> float:
        return float(other) / float(self)

    def __neg__(self) -> float:
        return -float(self)

    def __eq__(self, other: object, /) -> bool:
        return isinstance(other, SupportsFloat) and float(self) == float(other)

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        value = float(self)
        return value == value and value != 0  # NaN is no value

    def __abs__(self) -> float:
        return abs(float(self))

    @overload
    def __round__(self, digits: None = None, /) -> int: ...
    @overload
    def __round__(self, digits: int, /) -> float: ...
    def __round__(self, digits: int | None = None, /) -> float:
        return round(float(self), digits)

    def __format__(self, how: str, /) -> str:
        return format(float(self), how)

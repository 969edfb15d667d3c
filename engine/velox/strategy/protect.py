"""Where a stop, a target or a trail lies: a price, or a distance that is known only once the entry has filled."""

import enum
import math
from typing import Final, final

import msgspec

from velox.errors import BadInput
from velox.strategy.core import Series
from velox.strategy.sizes import as_number

__all__ = [
    "ABSENT",
    "Cost",
    "Distance",
    "Kind",
    "Pct",
    "Points",
    "Price",
    "RMultiple",
    "cost",
    "encode",
    "encode_trail",
    "pct",
    "points",
    "r",
]


class Kind(enum.IntEnum):
    """How the kernel reads the number beside it."""

    PRICE = 0
    PERCENT = 1
    POINTS = 2
    R_MULTIPLE = 3
    COST = 4


# A name of a module is found at once; a member on its class costs more than all the rest of a price.
_PRICE, _PERCENT, _POINTS, _R_MULTIPLE, _COST = map(int, Kind)
ABSENT: Final[tuple[int, float]] = (_PRICE, math.nan)


@final
class Pct(msgspec.Struct, frozen=True):
    """A distance in percent of the entry price."""

    percent: float

    def __str__(self) -> str:
        return f"pct({self.percent:g})"


@final
class Points(msgspec.Struct, frozen=True):
    """A distance in rupees from the entry price."""

    rupees: float

    def __str__(self) -> str:
        return f"points({self.rupees:g})"


@final
class RMultiple(msgspec.Struct, frozen=True):
    """A distance in multiples of the risk between entry and first stop."""

    multiple: float

    def __str__(self) -> str:
        return f"r({self.multiple:g})"


@final
class Cost(msgspec.Struct, frozen=True):
    """The entry price."""

    def __str__(self) -> str:
        return "cost"


class Distance(float):
    """A price distance in rupees, such as `2 * self.atr`; added to a price it gives a price, a plain float."""

    __slots__ = ()

    def __mul__(self, other: float, /) -> "Distance":
        return Distance(float(self) * other)

    __rmul__ = __mul__

    def __truediv__(self, other: float, /) -> "Distance":
        return Distance(float(self) / other)

    def __add__(self, other: float, /) -> float:
        total = float(self) + float(other)
        return Distance(total) if isinstance(other, Distance) else total

    def __sub__(self, other: float, /) -> float:
        rest = float(self) - float(other)
        return Distance(rest) if isinstance(other, Distance) else rest


Price = float | Series | Pct | Points | RMultiple | Cost
cost = Cost()


def pct(percent: float) -> Pct:
    """This many percent of the entry price away."""
    return Pct(_above_zero("pct", percent))


def points(rupees: float) -> Points:
    """This many rupees away from the entry price."""
    return Points(_above_zero("points", rupees))


def r(multiple: float) -> RMultiple:
    """This multiple of the first risk (entry to first stop) away from the entry price."""
    return RMultiple(_above_zero("r", multiple))


def encode(word: str, price: Price | None) -> tuple[int, float]:
    """The kind and the number that the kernel gets; nothing given is NaN."""
    if price is None:
        return ABSENT
    if type(price) is float and 0 < price < math.inf:  # the way of most prices
        return _PRICE, price
    # Not `isinstance`, which asks the metaclass of a struct.
    if type(price) is Pct:
        return _PERCENT, price.percent
    if type(price) is Points:
        return _POINTS, price.rupees
    if type(price) is RMultiple:
        return _R_MULTIPLE, price.multiple
    return (_COST, 0.0) if type(price) is Cost else _encode_number(word, price)


def encode_trail(price: Price | None) -> tuple[int, float]:
    """As `encode`, for a trail: always a distance, so that a plain number means rupees."""
    kind, value = encode("trail", price)
    if kind == _COST:
        raise BadInput("trail=cost is no distance; give pct(…), points(…) or 2 * self.atr")
    return (_POINTS if kind == _PRICE and price is not None else kind), value


def _encode_number(word: str, price: float | Series) -> tuple[int, float]:
    if isinstance(price, bool) or not hasattr(price, "__float__"):
        raise BadInput(f"{word}={price!r} is no price; give a price, pct(1), points(5) or 2 * self.atr")
    value = float(price)
    # NaN means "absent" to the kernel: a stop that was asked for must never vanish that way.
    if math.isnan(value):
        raise BadInput(f"{word}={value} is no price; a node gives NaN until it is ready")
    if not 0 < value < math.inf:
        raise BadInput(f"{word}={value:g} is no price: a price is a number above 0")
    is_distance = isinstance(price, Distance) or getattr(price, "is_distance", False)
    return (_POINTS if is_distance else _PRICE), value


def _above_zero(word: str, number: float) -> float:
    value = as_number(number)
    if not 0 < value < math.inf:
        raise BadInput(f"{word}({number!r}) must be a number above 0")
    return value

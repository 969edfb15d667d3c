"""Sizes of a trade: units, lots, a value, or what it may lose; never a bare number."""

import math
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import msgspec

from velox.errors import BadInput

__all__ = [
    "NO_SIZE",
    "Opening",
    "QUANTITY",
    "RiskPct",
    "RiskRupees",
    "Size",
    "Sized",
    "as_number",
    "encode",
    "encode_part",
    "risk_pct",
    "risk_rupees",
]

_NONE, QUANTITY, _RISK_PERCENT, _RISK_RUPEES, _LOTS, _NOTIONAL, _SHARE = range(7)
_OR_LOT = {_RISK_PERCENT: 7, _RISK_RUPEES: 8, _NOTIONAL: 9}  # the same, one lot at least
NO_SIZE: tuple[int, float] = (_NONE, math.nan)
_WORDS = ("qty", "lots", "notional", "size")
_OTHERS = frozenset(_WORDS) - {"qty"} | {"min_lots"}


class RiskPct(msgspec.Struct, frozen=True):
    """Risk of a trade in percent of the strategy's capital, measured at the stop."""

    percent: float

    def __str__(self) -> str:
        return f"risk_pct({self.percent:g})"


class RiskRupees(msgspec.Struct, frozen=True):
    """Risk of a trade in rupees, measured at the stop."""

    rupees: float

    def __str__(self) -> str:
        return f"risk_rupees({self.rupees:g})"


Size = RiskPct | RiskRupees


class Sized(TypedDict, total=False):
    """The words that give a size; exactly one of them is given."""

    qty: int
    lots: int
    notional: float
    size: Size


class Opening(Sized, total=False):
    """The size of what opens or adds; with `min_lots=1` a value or a risk below one lot is one lot."""

    min_lots: Literal[1] | None


def as_number(value: Any) -> float:
    """The number that this is; NaN for a text, a truth value and whatever else is none."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return math.nan
    return float(value)


def risk_pct(percent: float) -> RiskPct:
    """Size a trade so that its stop costs this percentage of the strategy's capital."""
    share = as_number(percent)
    if not 0 < share <= 100:
        raise BadInput(f"risk_pct({percent!r}) must lie above 0 and be at most 100: risk_pct(0.5) is half a percent")
    return RiskPct(share)


def risk_rupees(rupees: float) -> RiskRupees:
    """Size a trade so that its stop costs this amount."""
    amount = as_number(rupees)
    if not 0 < amount < math.inf:
        raise BadInput(f"risk_rupees({rupees!r}) must be an amount above 0, such as risk_rupees(500)")
    return RiskRupees(amount)


def encode(word: str, terms: Mapping[str, object], *, protected: bool) -> tuple[int, float]:
    """The kind and the number that the kernel gets; `protected` says that a stop tells what is risked."""
    quantity = terms.get("qty")
    if type(quantity) is int and quantity > 0 and _OTHERS.isdisjoint(terms):  # the way of most orders
        return QUANTITY, float(quantity)
    kind, number = _encode(word, terms, protected=protected)
    least = terms.get("min_lots")
    if least is None:
        return kind, number
    if type(least) is not int or least != 1:
        raise BadInput(f"{word}(min_lots={least!r}): one lot is the only least there is: min_lots=1")
    if kind not in _OR_LOT:
        raise BadInput(f"{word}(min_lots=1) belongs to size= or notional=; qty= and lots= say the units themselves")
    return _OR_LOT[kind], number


def _encode(word: str, terms: Mapping[str, object], *, protected: bool) -> tuple[int, float]:
    quantity, size = terms.get("qty"), terms.get("size")
    lots, value = terms.get("lots"), terms.get("notional")
    if (quantity is None) + (size is None) + (lots is None) + (value is None) != len(_WORDS) - 1:
        raise BadInput(f"{word}(…) needs either qty= or size= (or lots= or notional=), as in size=risk_pct(0.5)")
    if quantity is not None:
        return QUANTITY, _whole(word, "qty", quantity)
    if lots is not None:
        return _LOTS, _whole(word, "lots", lots)
    if value is not None:
        return _NOTIONAL, _rupees(word, value)
    if not isinstance(size, RiskPct | RiskRupees):
        raise BadInput(f"{word}(size={size!r}): a size is risk_pct(…) or risk_rupees(…); for a number use qty=")
    if not protected:
        raise BadInput(f"{word}(size={size}) needs a stop: add stop= or trail=, the size follows from it")
    return (_RISK_PERCENT, size.percent) if isinstance(size, RiskPct) else (_RISK_RUPEES, size.rupees)


def encode_part(part: float | None, qty: int | None, lots: int | None) -> tuple[int, float]:
    """What of a position leaves: a share of it, units, lots, or all where nothing is given."""
    if (part is not None) + (qty is not None) + (lots is not None) > 1:
        raise BadInput("exit(…) takes a part, qty= or lots=, one of them")
    if qty is not None:
        return QUANTITY, _whole("exit", "qty", qty)
    if lots is not None:
        return _LOTS, _whole("exit", "lots", lots)
    if part is None:
        return NO_SIZE
    share = as_number(part)
    if not 0 < share <= 1:
        raise BadInput(f"exit({part!r}): a part lies above 0 and is at most 1, as in exit(1/2); for units use qty=")
    return _SHARE, share


def _whole(word: str, name: str, number: object) -> float:
    # `__index__` is what whole numbers of any library have; True has it too and is none.
    whole = type(number) is int or (not isinstance(number, bool) and hasattr(number, "__index__"))
    if not whole or (units := int(number)) < 1:  # type: ignore[call-overload]
        what = "a quantity is" if name == "qty" else "lots are"
        raise BadInput(f"{word}({name}={number!r}): {what} a whole number from 1")
    return float(units)


def _rupees(word: str, value: object) -> float:
    rupees = as_number(value)
    if not 0 < rupees < math.inf:
        raise BadInput(f"{word}(notional={value!r}): a value is an amount in rupees above 0")
    return rupees

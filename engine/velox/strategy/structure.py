"""Structures: two instances of a strategy that are opened, watched and left as one position."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Required, TypedDict, Unpack

from velox.errors import BadInput
from velox.strategy.params import nearest
from velox.strategy.trade import Trade

if TYPE_CHECKING:
    from velox.strategy.base import Strategy
    from velox.strategy.protect import Price
    from velox.strategy.schedule import ValidUntil

__all__ = ["PairTerms", "Structure", "structure"]

_GO = 0


class Structure:
    """What `structure(…)` began: a long and a short leg; every figure comes from the kernel."""

    __slots__ = ("_group", "legs")

    def __init__(self, group: Mapping[int, Any], legs: tuple[tuple[int, int], tuple[int, int]]) -> None:
        self._group = group
        self.legs = legs  # instance and counter of the intent, the long one first

    @property
    def long(self) -> Trade:
        """The leg that was bought."""
        return self._trade(0)

    @property
    def short(self) -> Trade:
        """The leg that was sold."""
        return self._trade(1)

    @property
    def is_open(self) -> bool:
        """Whether anything of it is held."""
        return any(self._position(place).quantity for place in (0, 1))

    @property
    def pnl(self) -> float:
        """What both legs would give at the last prices, in rupees, before charges."""
        return sum(float(self._position(place).unrealised) for place in (0, 1))

    def other(self, leg: "Trade | Strategy") -> Trade:
        """The leg beside this one, named by its trade or by its strategy object."""
        instance = _binding_of(leg).instance
        places = [place for place, (number, _) in enumerate(self.legs) if number == instance]
        if not places:
            raise BadInput("other(…): this is no leg of the structure")
        return self._trade(1 - places[0])

    def stop_at_cost(self) -> None:
        """Move the stops of both legs to what they cost."""
        self.long.stop_at_cost()
        self.short.stop_at_cost()

    def flatten(self, reason: str = "") -> None:
        """Leave both legs at the market, and say why."""
        for place in (0, 1):
            _binding_of(self._group[self.legs[place][0]]).leave(reason)

    def _trade(self, place: int) -> Trade:
        instance, counter = self.legs[place]
        return Trade(_binding_of(self._group[instance]), counter)

    def _position(self, place: int) -> Any:
        binding = _binding_of(self._group[self.legs[place][0]])
        return binding.core.position(binding.instance)


class PairTerms(TypedDict, total=False):
    """How both legs are sized and guarded, and what becomes of one without the other."""

    notional: Required[float]
    stop: "Price | None"
    target: "Price | None"
    valid_until: "ValidUntil | None"
    if_partial: Literal["unwind", "keep"]
    if_left: Literal["close", "keep"]


def structure(*, long: "Strategy", short: "Strategy", **terms: Unpack[PairTerms]) -> Structure:
    """Open two members of a group that decides together as one position, each worth `notional` rupees at most.

    Both are sized to one value, the smaller where limits allow one of them less, and both pass every rule or none is
    sent. A leg that does not fill in its life takes the other one back, unless `if_partial="keep"`; a leg that leaves,
    by its stop or by a wish, takes the other one along, unless `if_left="keep"`.
    """
    if not terms.keys() <= PairTerms.__annotations__.keys():
        name = min(terms.keys() - PairTerms.__annotations__.keys())
        raise BadInput(f"structure({name}=…) is not known: {nearest(name, PairTerms.__annotations__)}")
    unwind = _choice("if_partial", terms.pop("if_partial", "unwind"), "unwind", "keep")
    together = _choice("if_left", terms.pop("if_left", "close"), "close", "keep")
    one, other = _binding_of(long), _binding_of(short)
    if one.instance == other.instance:
        raise BadInput("structure(…) has one strategy as both of its legs; give two of those that decide together")
    core = one.core
    core.begin_structure()
    try:
        legs = [leg.enter("structure", _GO, side, terms) for leg, side in ((one, 1), (other, -1))]
        core.end_structure(unwind, together)
    finally:
        core.drop_structure()
    return Structure(one.group, ((one.instance, legs[0].counter), (other.instance, legs[1].counter)))


def _choice(word: str, value: str, yes: str, no: str) -> bool:
    if value not in (yes, no):
        raise BadInput(f'structure({word}={value!r}): it is "{yes}" or "{no}"')
    return value == yes


def _binding_of(leg: object) -> Any:
    found = getattr(leg, "_binding", None)
    if found is None:
        raise BadInput(f"{leg!r:.60} is no leg: give a strategy object that a together=True hook was given, or a trade")
    return found

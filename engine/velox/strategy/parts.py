"""Parts of a position that leave one by one: `exits=[part(1/3, r(1)), part(rest, trail=2 * self.atr)]`."""

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from velox.errors import BadInput
from velox.strategy import protect
from velox.strategy.protect import Price
from velox.strategy.sizes import as_number

__all__ = ["PARTS_MAX", "Part", "PartSpec", "Rest", "encode", "part", "rest", "shares_fault"]

PARTS_MAX = 16
_ROUNDING = 1e-9  # three thirds are one
_REST_SHARE = 0.0

# A part as the core gets it: share, then kind and number of target and trail.
PartSpec: TypeAlias = tuple[float, int, float, int, float]


class Rest(msgspec.Struct, frozen=True):
    """What the other parts leave of a position."""

    def __str__(self) -> str:
        return "rest"


rest: Final = Rest()


class Part(msgspec.Struct, frozen=True):
    """A share of a position, and where it leaves: at its target, by its trail, or by the stop of all."""

    share: float | Rest
    target: Price | None
    trail: Price | None


def part(share: float | Rest, target: Price | None = None, *, trail: Price | None = None) -> Part:
    """A share of the position, as in `part(1/3, r(1))`, or its rest, as in `part(rest, trail=points(5))`."""
    if isinstance(share, Rest):
        return Part(share, target, trail)
    size = as_number(share)
    if not 0 < size <= 1:
        raise BadInput(f"part({share!r}, …): a share lies above 0 and is at most 1, as in part(1/3, r(1))")
    if target is None and trail is None:
        raise BadInput(f"part({share:g}) has no way out of its own: add a target or trail=, as in part(1/3, r(1))")
    return Part(size, target, trail)


def shares_fault(shares: Sequence[float | Rest]) -> str | None:
    """What is wrong with the shares of parts in their order, and the fix."""
    given = [share for share in shares if not isinstance(share, Rest)]
    total = math.fsum(given)
    if not shares:
        return "exits=[] has no part: leave it out, or give part(…)"
    if len(shares) > PARTS_MAX:
        return f"exits=[…] has {len(shares)} parts, at most {PARTS_MAX} can be"
    if total > 1 + _ROUNDING:
        return f"exits=[…] sells {total:.4g} of the position: shares add up to 1 at most"
    if len(given) < len(shares):
        if len(given) < len(shares) - 1 or not isinstance(shares[-1], Rest):
            return "exits=[…]: part(rest, …) stands once, at the end"
        if total > 1 - _ROUNDING:
            return "exits=[…]: the other parts leave nothing for part(rest, …)"
    return None


def encode(exits: object) -> tuple[PartSpec, ...]:
    """The parts as the kernel gets them."""
    if not isinstance(exits, Sequence) or not all(isinstance(each, Part) for each in exits):
        raise BadInput("exits= is a list of part(…), as in exits=[part(1/2, r(1)), part(rest, trail=points(5))]")
    fault = shares_fault([each.share for each in exits])
    if fault is not None:
        raise BadInput(fault)
    return tuple(_encode(each) for each in exits)


def _encode(each: Part) -> PartSpec:
    share = _REST_SHARE if isinstance(each.share, Rest) else each.share
    return (share, *protect.encode("target", each.target), *protect.encode_trail(each.trail))

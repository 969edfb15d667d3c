"""One order with every field of its own, for what the words of a strategy do not say: `self.submit(Order(…))`."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from velox.errors import BadInput
from velox.strategy.core import Number
from velox.strategy.parts import Part
from velox.strategy.protect import Price
from velox.strategy.schedule import ValidUntil
from velox.strategy.sizes import Size

__all__ = ["Order"]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An increment as an exchange knows it; it passes the same risk as every other order.

    With `trigger` it waits until the price has come to it, a buy from below and a sell from above, and goes then with
    its own `limit`, or with the usual one. It opens, adds or, without a trigger, reduces, as `buy` and `sell` do.
    """

    side: Literal["buy", "sell"]
    qty: int | None = None
    lots: int | None = None
    notional: float | None = None
    size: Size | None = None
    min_lots: Literal[1] | None = None
    limit: Number | None = None
    trigger: Number | None = None
    valid_until: ValidUntil | None = None
    stop: Price | None = None
    target: Price | None = None
    trail: Price | None = None
    exits: Sequence[Part] | None = None

    def __post_init__(self) -> None:
        if self.side not in ("buy", "sell"):
            raise BadInput(f'Order(side={self.side!r}): a side is "buy" or "sell"')

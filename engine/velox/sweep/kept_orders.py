"""Orders of many sets of signals as arrays that workers share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from velox.backtest.signals import Orders
from velox.strategy.sizes import RiskPct, RiskRupees
from velox.sweep.held import Arrays
from velox.sweep.job import KeptOrders

__all__ = ["keep_orders", "orders_in"]

_TIMES = "signals-ts-open"


def keep_orders(found: dict[str, Orders], arrays: dict[str, npt.NDArray[Any]]) -> list[KeptOrders]:
    """Put orders over the same candles among the arrays; gives what is said of them."""
    kept = []
    for key, orders in found.items():
        arrays.setdefault(_TIMES, np.array(list(orders.places), dtype=np.int64))
        for name in ("wish", "stop", "target"):
            arrays[f"{key}-{name}"] = getattr(orders, name)
        size = orders.size.get("size")
        kept.append(
            KeptOrders(
                key,
                quantity=orders.size.get("qty", 0),
                risk_percent=size.percent if isinstance(size, RiskPct) else 0.0,
                risk_rupees=size.rupees if isinstance(size, RiskRupees) else 0.0,
            )
        )
    return kept


def orders_in(kept: Sequence[KeptOrders], arrays: Arrays) -> dict[str, Orders]:
    """The orders by their keys."""
    if not kept:
        return {}
    places = {ts: place for place, ts in enumerate(arrays[_TIMES].tolist())}
    found = {}
    for each in kept:
        wish, stop, target = (arrays[f"{each.key}-{name}"] for name in ("wish", "stop", "target"))
        found[each.key] = Orders(places, wish, stop, target, _size(each), np.zeros(len(places), dtype=np.bool_))
    return found


def _size(kept: KeptOrders) -> dict[str, Any]:
    if kept.quantity:
        return {"qty": kept.quantity}
    return {"size": RiskPct(kept.risk_percent) if kept.risk_percent else RiskRupees(kept.risk_rupees)}

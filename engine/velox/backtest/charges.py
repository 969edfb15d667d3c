"""What a back-test is charged: all of it, what the state and the exchange take, or nothing."""

import msgspec

from velox.market.facts import Facts
from velox.settings import Settings

__all__ = ["charged", "costs"]

_STATUTORY = ("stt_buy", "stt_sell", "transaction", "sebi", "stamp_buy", "gst")


def charged(facts: Facts, what: str) -> Facts:
    """The day's facts with these charges: `discount`, `statutory` (no brokerage) or `none`."""
    if what != "none":
        return facts
    rates = [msgspec.structs.replace(each, **dict.fromkeys(_STATUTORY, 0)) for each in facts.loaded.charges]
    return msgspec.structs.replace(facts, loaded=msgspec.structs.replace(facts.loaded, charges=rates))


def costs(
    settings: Settings,
    charges: str,
    *,
    capital: float | None = None,
    slippage: int | None = None,
    latency: int | None = None,
) -> Settings:
    """The settings with what was asked for instead: capital in rupees, slippage in ticks, latency in ms."""
    asked = {
        "capital_rupees": capital,
        "slippage_ticks": slippage,
        "latency_ms": latency,
        "brokerage_pct": None if charges == "discount" else 0.0,
        "brokerage_rupees": None if charges == "discount" else 0.0,
    }
    changes = {name: value for name, value in asked.items() if value is not None}
    return msgspec.structs.replace(settings, paper=msgspec.structs.replace(settings.paper, **changes))

"""What a back-test is charged: all of it, what the state and the exchange take, or nothing."""

import msgspec

from velox.market.facts import Facts

__all__ = ["charged"]

_STATUTORY = ("stt_buy", "stt_sell", "transaction", "sebi", "stamp_buy", "gst")


def charged(facts: Facts, what: str) -> Facts:
    """The day's facts with these charges: `discount`, `statutory` (no brokerage) or `none`."""
    if what != "none":
        return facts
    rates = [msgspec.structs.replace(each, **dict.fromkeys(_STATUTORY, 0)) for each in facts.loaded.charges]
    return msgspec.structs.replace(facts, loaded=msgspec.structs.replace(facts.loaded, charges=rates))

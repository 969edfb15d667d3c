"""How the simulated SMART API writes quotes and listings: the broker's field names, its numbers and its texts."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from velox.simulator.exchange import Listing

__all__ = ["full_quote", "ist_time", "prices_of", "scrip_row"]

_IST = dt.timezone(dt.timedelta(hours=5, minutes=30))
_PAISA = 1_000_000


def ist_time(ts_ns: int) -> dt.datetime:
    """A moment as the clocks in India show it."""
    return dt.datetime.fromtimestamp(ts_ns // 1_000_000_000, _IST)


def _rupees(packet: Any, field: str) -> float:
    return float(packet[field]) / 100


def prices_of(packet: Any) -> dict[str, float]:
    """The five prices of a quote, from a SnapQuote record."""
    fields = {
        "ltp": "last_traded_price",
        "open": "open_price_of_the_day",
        "high": "high_price_of_the_day",
        "low": "low_price_of_the_day",
        "close": "closed_price",
    }
    return {name: _rupees(packet, field) for name, field in fields.items()}


def full_quote(packet: Any, prices: Mapping[str, float]) -> dict[str, Any]:
    """What a FULL quote has beside its prices."""
    change = prices["ltp"] - prices["close"] if prices["close"] else 0.0
    at = ist_time(int(packet["exchange_timestamp"]) * 1_000_000).strftime("%d-%b-%Y %H:%M:%S")
    levels = [
        {"price": float(level["price"]) / 100, "quantity": int(level["quantity"]), "orders": int(level["orders"])}
        for level in packet["best_5"]
    ]
    return {
        "lastTradeQty": int(packet["last_traded_quantity"]),
        "exchFeedTime": at,
        "exchTradeTime": at,
        "netChange": round(change, 2),
        "percentChange": round(change / prices["close"] * 100, 2) if prices["close"] else 0.0,
        "avgPrice": _rupees(packet, "average_traded_price"),
        "tradeVolume": int(packet["volume_trade_for_the_day"]),
        "opnInterest": int(packet["open_interest"]),
        "lowerCircuit": _rupees(packet, "lower_circuit_limit"),
        "upperCircuit": _rupees(packet, "upper_circuit_limit"),
        "totBuyQuan": int(packet["total_buy_quantity"]),
        "totSellQuan": int(packet["total_sell_quantity"]),
        "52WeekLow": _rupees(packet, "52_week_low_price"),
        "52WeekHigh": _rupees(packet, "52_week_high_price"),
        "depth": {"buy": levels[:5], "sell": levels[5:]},
    }


def scrip_row(listing: Listing) -> dict[str, Any]:
    """One row of the instrument file, in which nearly every value is text and prices are paise."""
    known = listing.instrument
    return {
        "token": known.token,
        "symbol": known.symbol,
        "name": known.name.partition(":")[2],
        "expiry": "",
        "strike": "-1.000000" if known.tradable else "0.000000",
        "lotsize": str(known.lot),
        "instrumenttype": "" if known.tradable else "AMXIDX",
        "exch_seg": known.exchange,
        "tick_size": f"{listing.tick / _PAISA:.6f}",
        "freeze_qty": str(known.freeze),
        "is_cas_enabled": known.cas,
    }

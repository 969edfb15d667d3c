"""How the simulated SMART API writes quotes and listings: the broker's field names, its numbers and its texts."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from velox.market.contracts import Contract, contract_of, expiry_text
from velox.market.instruments import Instrument
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
    row = {
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
    contract = contract_of(known.name)
    return row if contract is None or known.expiry is None else row | _contract(known, contract, known.expiry)


def _contract(known: Instrument, contract: Contract, expiry: dt.date) -> dict[str, str]:
    """What the row of a contract says otherwise: its symbol is written with the day of its expiry."""
    day = expiry_text(expiry)
    end = f"{contract.strike}{contract.right}" if contract.right else "FUT"
    return {
        "symbol": f"{contract.underlying}{day[:5]}{day[-2:]}{end}",
        "name": contract.underlying,
        "expiry": day,
        "strike": f"{Decimal(contract.strike) * 100:.6f}" if contract.right else "-1.000000",
        "instrumenttype": f"{'OPT' if contract.right else 'FUT'}{'IDX' if known.of_index else 'STK'}",
    }

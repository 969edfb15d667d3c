"""Writer of Kite's messages for tests: full packets of any rows of a day, as many a message as asked for."""

from collections.abc import Iterator, Sequence

import numpy as np

from velox.feeds.packets import RowColumns

_PAISA = 1_000_000
_NS_PER_S = 1_000_000_000
_LEVEL = [("quantity", ">u4"), ("price", ">u4"), ("orders", ">u2"), ("padding", ">u2")]

FULL = np.dtype(
    [
        ("instrument_token", ">u4"),
        ("last_price", ">u4"),
        ("last_traded_quantity", ">u4"),
        ("average_traded_price", ">u4"),
        ("volume_traded", ">u4"),
        ("total_buy_quantity", ">u4"),
        ("total_sell_quantity", ">u4"),
        ("open", ">u4"),
        ("high", ">u4"),
        ("low", ">u4"),
        ("close", ">u4"),
        ("last_trade_time", ">u4"),
        ("oi", ">u4"),
        ("oi_day_high", ">u4"),
        ("oi_day_low", ">u4"),
        ("exchange_timestamp", ">u4"),
        ("depth", _LEVEL, (10,)),
    ]
)
_PACKET = np.dtype([("length", ">u2"), ("body", FULL)])


def messages(rows: RowColumns, tokens: Sequence[int], packets: int) -> Iterator[bytes]:
    """All rows of a day, so many a message; `tokens` are the exchange's own numbers of shares on NSE."""
    out = np.zeros(len(rows.inst), dtype=_PACKET)
    out["length"] = FULL.itemsize
    body = out["body"]
    body["instrument_token"] = np.array(tokens)[rows.inst] * 256 + 1
    body["last_price"] = rows.price // _PAISA
    body["volume_traded"] = rows.volume
    if rows.last_qty is not None:
        body["last_traded_quantity"] = rows.last_qty
    body["last_trade_time"] = body["exchange_timestamp"] = rows.ts_ns // _NS_PER_S
    if rows.depth is not None:
        levels = body["depth"]
        levels["price"], levels["quantity"] = rows.depth[:, :, 0] // _PAISA, rows.depth[:, :, 1]
    for start in range(0, len(out), packets):
        part = out[start : start + packets]
        yield len(part).to_bytes(2, "big") + part.tobytes()

"""Write the columns as event files of hftbacktest, once and before anything is timed.

Market orders fill against its book. An order that may fill at each tick's own price needs a book with each tick: two
events for the quote, one for the trade. The sparse form has one event a tick and a book with the first of each minute.
"""

import sys
from pathlib import Path

import numpy as np
from cross import days_of
from hftbacktest import types

_MINUTE_NS = 60_000_000_000
_SEEN = types.EXCH_EVENT | types.LOCAL_EVENT
_STEP = 0.05
_DEPTH = 1_000_000.0


def _events(kind, ts_ns, price, quantity):
    events = np.zeros(len(ts_ns), dtype=types.event_dtype)
    events["ev"] = kind | _SEEN
    events["exch_ts"] = events["local_ts"] = ts_ns
    events["px"], events["qty"] = price, quantity
    return events


def _each(day):
    ts_ns, price = day.column("ts_ns"), day.column("price_paise") / 100
    whole = np.zeros(3 * len(ts_ns), dtype=types.event_dtype)
    for place, (kind, px, quantity) in enumerate(
        (
            (types.DEPTH_BBO_EVENT | types.BUY_EVENT, price - _STEP, _DEPTH),
            (types.DEPTH_BBO_EVENT | types.SELL_EVENT, price + _STEP, _DEPTH),
            (types.TRADE_EVENT | types.BUY_EVENT, price, day.column("size")),
        )
    ):
        whole[place::3] = _events(kind, ts_ns, px, quantity)
    return whole


def _sparse(day):
    ts_ns, price = day.column("ts_ns"), day.column("price_paise") / 100
    trades = _events(types.TRADE_EVENT | types.BUY_EVENT, ts_ns, price, day.column("size"))
    first = np.flatnonzero(np.diff(ts_ns // _MINUTE_NS, prepend=0))
    at, around = ts_ns[first], price[first]
    cleared = _events(types.DEPTH_CLEAR_EVENT, at, 0.0, 0.0)
    bids = _events(types.DEPTH_EVENT | types.BUY_EVENT, at, around - _STEP, _DEPTH)
    asks = _events(types.DEPTH_EVENT | types.SELL_EVENT, at, around + _STEP, _DEPTH)
    whole = np.concatenate([cleared, bids, asks, trades])
    return whole[np.argsort(whole["exch_ts"], kind="stable")]


def main():
    """Write all days."""
    columns, events = map(Path, sys.argv[1:])
    events.mkdir()
    made = _sparse if events.name.endswith("_sparse") else _each
    for day in days_of(columns):
        np.savez(events / f"{day.name}.npz", data=made(day))


if __name__ == "__main__":
    main()

"""hftbacktest: the strategy is compiled by numba, nothing of it is Python while it runs; candles are made by hand.

`on_bar` lets a minute pass at a time and looks at its last trade; `on_tick` stops at each event.
"""

import importlib.metadata

import numpy as np
from cross import QUANTITY, QUICK, SLOW, WARM_BARS, Stopwatch, asked, days_of, tell
from hftbacktest import GTC, MARKET, BacktestAsset, ROIVectorMarketDepthBacktest
from numba import njit

_MINUTE_NS = 60_000_000_000
_TRADES_A_MINUTE_MAX = 100_000
_FEW = 8


@njit
def _candle(state, close, end_ns, window):
    """Take a candle in; gives the position to have. State: bars, crosses, averages, above, position, orders."""
    bars, position = state[0], state[5]
    state[0] += 1
    if bars == 0:
        state[2] = state[3] = close
    state[2] += (close - state[2]) * 2 / (QUICK + 1)
    state[3] += (close - state[3]) * 2 / (SLOW + 1)
    before = state[4]
    state[4] = 1.0 if state[2] > state[3] else -1.0
    if bars < WARM_BARS or end_ns >= window[3]:
        return 0.0
    if state[4] == before or state[2] == state[3]:
        return position
    state[1] += 1
    if window[1] <= end_ns < window[2]:
        return state[4]
    return 0.0 if position == -state[4] else position


@njit
def _trade(hbt, state, wanted):
    change = wanted - state[5]
    if change == 0:
        return
    state[6] += 1
    state[5] = wanted
    number = np.uint64(state[6])
    if change > 0:
        hbt.submit_buy_order(0, number, hbt.depth(0).best_ask, change * QUANTITY, GTC, MARKET, True)
    else:
        hbt.submit_sell_order(0, number, hbt.depth(0).best_bid, -change * QUANTITY, GTC, MARKET, True)
    hbt.clear_inactive_orders(0)


@njit
def _by_candles(hbt, windows, state):
    for day in range(len(windows)):
        end_ns = windows[day, 0]
        while end_ns < windows[day, 4]:
            end_ns += _MINUTE_NS
            hbt.elapse(end_ns - hbt.current_timestamp)
            trades = hbt.last_trades(0)
            if len(trades) == 0:
                continue
            close = trades[len(trades) - 1].px
            hbt.clear_last_trades(0)
            _trade(hbt, state, _candle(state, close, end_ns, windows[day]))


@njit
def _by_ticks(hbt, windows, state):
    day, close = 0, 0.0
    end_ns = windows[0, 0] + _MINUTE_NS
    while hbt.wait_next_feed(False, 10**18) == 2:
        now = hbt.current_timestamp
        if now >= end_ns:
            _trade(hbt, state, _candle(state, close, end_ns, windows[day]))
            while day + 1 < len(windows) and now >= windows[day + 1, 0]:
                day += 1
            end_ns = now - now % _MINUTE_NS + _MINUTE_NS
        trades = hbt.last_trades(0)
        if len(trades):
            close = trades[len(trades) - 1].px
            hbt.clear_last_trades(0)


def _backtest(files):
    asset = (
        BacktestAsset()
        .data(files)
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(0.05)
        .lot_size(1.0)
        .roi_lb(0.0)
        .roi_ub(4_000.0)
        .last_trades_capacity(_TRADES_A_MINUTE_MAX)
    )
    return ROIVectorMarketDepthBacktest([asset])


def main():
    """Run all days; numba compiles on a few events before the loop is timed, and within the time of the process."""
    folder, each_tick, data = asked()
    days = days_of(folder / "columns")
    walk = _by_ticks if each_tick else _by_candles
    windows = np.array([[d.open_ns, d.start_ns, d.last_entry_ns, d.flat_ns, d.end_ns] for d in days], dtype=np.int64)
    files = [str(folder / data / f"{day.name}.npz") for day in days]
    few = np.load(files[0])["data"][:_FEW]
    walk(_backtest([few]), windows[: int(each_tick)], np.zeros(7))
    hbt, state = _backtest(files), np.zeros(7)
    watch = Stopwatch()
    with watch:
        walk(hbt, windows, state)
    held = hbt.position(0)
    if held != state[5] * QUANTITY:
        raise SystemExit(f"hftbacktest holds {held}, not {state[5] * QUANTITY}: its orders did not fill")
    told = {"bars": int(state[0]), "crosses": int(state[1]), "orders": int(state[6])}
    tell(watch, **told, version=importlib.metadata.version("hftbacktest"))


if __name__ == "__main__":
    main()

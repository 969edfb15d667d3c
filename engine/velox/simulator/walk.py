"""One generated instrument day: prices that swing, the book around them, the volume of a session.

Only uniform draws, + - * / and floor are used: other distributions and functions of numpy may differ in the last bit
between versions and processors, and a generated day must be the same everywhere.
"""

from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["Floats", "LEVELS", "Shape", "Walk", "index_day", "paths", "stock_day"]

Floats: TypeAlias = npt.NDArray[np.float64]
_Ints: TypeAlias = npt.NDArray[np.int64]

LEVELS = 5

_SECOND_NS = 1_000_000_000
_MS_NS = 1_000_000
_BURST_S = 120
_STOCK_ROWS_A_SECOND = 0.9
_INDEX_ROWS_A_SECOND = 0.75
_LEGS = 4
_NOISE_PER_SECOND = 2.5e-5
_AUCTION_S = 420  # the pre-open print stands this long before the open
_QUOTE_ONLY = 0.15
_DUPLICATES = 0.004
_LATE = 0.003
_LATE_ROWS = 3


class Shape(msgspec.Struct, frozen=True):
    """What an instrument is like; prices in units of its tick."""

    tick: int  # 1e-8 rupees
    prev_close: int  # ticks
    shares_a_day: int
    depth_shares: int


class Walk(msgspec.Struct, frozen=True):
    """The span of a session and the relative price at each of its seconds, first and last included."""

    open_ns: int
    relative: Floats

    @property
    def seconds(self) -> int:
        """Length of the session."""
        return len(self.relative) - 1


def paths(draw: np.random.Generator, own: list[np.random.Generator], seconds: int) -> list[Floats]:
    """Draw one relative path per instrument: common swings of 1 to 2 %, each instrument's own size, lag and noise."""
    cuts = 0.7 + 0.8 * draw.random(_LEGS)
    sizes = 0.013 + 0.007 * draw.random(_LEGS)
    sign = 1.0 if draw.random() < 0.5 else -1.0
    return [_own_path(generator, cuts, sizes * sign, seconds) for generator in own]


def stock_day(draw: np.random.Generator, shape: Shape, walk: Walk, *, clean: bool = False) -> pl.DataFrame:
    """Generate a tradable instrument's rows; `clean` leaves out duplicates, late and after-hours rows."""
    at_ms = _times_ms(draw, walk.seconds, _STOCK_ROWS_A_SECOND)
    mid = _level(walk, at_ms) * float(shape.prev_close)
    spread = 1 + (draw.random(len(at_ms)) < 0.22).astype(np.int64) + (at_ms < _BURST_S * 1_000)
    bid = np.floor(mid - 0.5 * spread).astype(np.int64)
    traded = draw.random(len(at_ms)) >= _QUOTE_ONLY
    traded[0] = True
    price = np.where(draw.random(len(at_ms)) < 0.5, bid, bid + spread)
    last_trade = np.maximum.accumulate(np.where(traded, np.arange(len(at_ms)), 0))
    bought = np.where(traded, _trade_sizes(draw, at_ms, walk.seconds, shape.shares_a_day), 0)
    last_qty = np.where(traded, 1 + np.floor(draw.random(len(at_ms)) * bought).astype(np.int64) // 3, 0)
    columns = {
        "ts_ns": walk.open_ns + at_ms * _MS_NS,
        "price": price[last_trade],
        "volume": shape.shares_a_day // 80 + np.cumsum(bought),
        "last_qty": last_qty[last_trade],
        "bid": bid,
        "ask": bid + spread,
    }
    moved = np.diff(bid, prepend=bid[0]) != 0
    for level in range(1, LEVELS + 1):
        columns[f"bid_qty_{level}"] = _level_sizes(draw, moved, level, shape.depth_shares)
        columns[f"ask_qty_{level}"] = _level_sizes(draw, moved, level, shape.depth_shares)
    frame = pl.concat([_auction(draw, shape, walk, list(columns)), pl.DataFrame(columns)])
    if not clean:
        frame = pl.concat([_with_repeats(draw, frame), _after_hours(draw, frame, walk)])
    return frame.with_columns(pl.col("price", "bid", "ask") * shape.tick).with_row_index("row").cast(pl.Int64)


def index_day(draw: np.random.Generator, shape: Shape, walk: Walk, *, clean: bool = False) -> pl.DataFrame:
    """Generate an index's rows: a level without volume or book."""
    at_ms = _times_ms(draw, walk.seconds, _INDEX_ROWS_A_SECOND)
    level = np.floor(_level(walk, at_ms) * float(shape.prev_close) + 0.5).astype(np.int64)
    rows = pl.DataFrame(
        {"ts_ns": walk.open_ns + at_ms * _MS_NS, "price": level, "volume": np.zeros(len(at_ms), dtype=np.int64)}
    )
    frame = pl.concat([_auction(draw, shape, walk, ["ts_ns", "price"]).with_columns(volume=pl.lit(0, pl.Int64)), rows])
    if not clean:
        frame = pl.concat([_with_repeats(draw, frame), _after_hours(draw, frame, walk)])
    return frame.with_columns(pl.col("price") * shape.tick).with_row_index("row").cast(pl.Int64)


def _own_path(draw: np.random.Generator, cuts: Floats, sizes: Floats, seconds: int) -> Floats:
    lengths = cuts * (0.82 + 0.36 * draw.random(_LEGS))
    ends = np.cumsum(lengths)
    corners = np.concatenate([[0.0], np.floor(ends / ends[-1] * seconds)])
    own = sizes * (0.75 + 0.5 * draw.random(_LEGS))
    signs = np.where(np.arange(_LEGS) % 2 == 0, 1.0, -1.0)
    gap = 0.006 * (draw.random() - 0.5)
    heights = np.concatenate([[gap], gap + np.cumsum(own * signs)])
    second = np.arange(seconds + 1, dtype=np.float64)
    leg = np.clip(np.searchsorted(corners, second, side="right") - 1, 0, _LEGS - 1)
    part = (second - corners[leg]) / (corners[leg + 1] - corners[leg])
    # A sum of four uniform draws is near enough to a normal one, and exact everywhere.
    step = draw.random(seconds + 1) + draw.random(seconds + 1) + draw.random(seconds + 1) + draw.random(seconds + 1)
    noise = np.cumsum((step - 2.0) * 1.732 * _NOISE_PER_SECOND * _busy(second, seconds))
    # Pauses and pull-backs inside a swing: a smaller triangular wave.
    turns = second / seconds * (9.0 + 4.0 * draw.random()) + draw.random()
    wave = (0.0014 + 0.001 * draw.random()) * np.abs(4.0 * (turns - np.floor(turns)) - 2.0)
    path: Floats = 1.0 - wave + heights[leg] + part * (heights[leg + 1] - heights[leg]) + noise
    return path


def _busy(second: Floats, seconds: int) -> Floats:
    """How lively the session is at a second: high at both ends, low at noon, 1 on average."""
    side = 2.0 * second / seconds - 1.0
    lively: Floats = 0.5 + 1.5 * side * side
    return lively


def _times_ms(draw: np.random.Generator, seconds: int, per_second: float) -> _Ints:
    """Draw the instants of rows in ms since the open: a burst, then the U of the day."""
    second = np.arange(seconds, dtype=np.float64)
    rate = per_second * _busy(second, seconds) + 2.0 * np.maximum(0.0, 1.0 - second / _BURST_S)
    counts = np.floor(rate + draw.random(seconds)).astype(np.int64)
    counts[0] = max(1, counts[0])
    at_s = np.repeat(np.arange(seconds, dtype=np.int64), counts)
    instants: _Ints = np.sort(at_s * 1_000 + np.floor(draw.random(len(at_s)) * 1_000).astype(np.int64))
    return instants


def _level(walk: Walk, at_ms: _Ints) -> Floats:
    second = at_ms // 1_000
    part = (at_ms - second * 1_000) / 1_000.0
    level: Floats = walk.relative[second] + part * (walk.relative[second + 1] - walk.relative[second])
    return level


def _trade_sizes(draw: np.random.Generator, at_ms: _Ints, seconds: int, shares_a_day: int) -> _Ints:
    """Shares traded since the row before: many small, a few large."""
    luck = draw.random(len(at_ms))
    skewed = 0.1 + 4.5 * luck * luck * luck * luck
    weight = skewed * _busy(at_ms / 1_000.0, seconds)
    sizes: _Ints = 1 + np.floor(weight * (shares_a_day / len(at_ms))).astype(np.int64)
    return sizes


def _level_sizes(draw: np.random.Generator, moved: npt.NDArray[np.bool_], level: int, usual: int) -> _Ints:
    """Shares waiting at one level; the best level changes often, the others seldom."""
    count = len(moved)
    renewed = draw.random(count) < (0.5 if level == 1 else 0.12)
    if level == 1:
        renewed |= moved
    luck = draw.random(count)
    sizes = 1 + np.floor((0.05 + luck * luck) * usual * (1.0 + 0.25 * level)).astype(np.int64)
    renewed[0] = True
    kept: _Ints = sizes[np.maximum.accumulate(np.where(renewed, np.arange(count), 0))]
    return kept


def _auction(draw: np.random.Generator, shape: Shape, walk: Walk, columns: list[str]) -> pl.DataFrame:
    """The single print of the pre-open auction; its book is not known."""
    values = dict.fromkeys(columns, 0)
    values["ts_ns"] = walk.open_ns - _AUCTION_S * _SECOND_NS + int(draw.random() * 40_000) * _MS_NS
    values["price"] = int(walk.relative[0] * shape.prev_close)
    if "volume" in values:
        values["volume"] = shape.shares_a_day // 80
        values["last_qty"] = values["volume"]
    return pl.DataFrame({name: [value] for name, value in values.items()}, schema=dict.fromkeys(columns, pl.Int64))


def _with_repeats(draw: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    """Send some rows twice and some again a little later, as real feeds do."""
    order = np.arange(frame.height, dtype=np.int64)
    twice = np.flatnonzero(draw.random(frame.height) < _DUPLICATES)
    late = np.flatnonzero(draw.random(frame.height) < _LATE)
    late = late[(late > 0) & (late < frame.height - _LATE_ROWS - 1)]
    source = np.concatenate([order, twice, late])
    # Halves place a repeat behind its own row or behind the row `_LATE_ROWS` further on.
    place = np.concatenate([2 * order, 2 * twice + 1, 2 * (late + _LATE_ROWS) + 1])
    return frame[source[np.argsort(place, kind="stable")]]


def _after_hours(draw: np.random.Generator, frame: pl.DataFrame, walk: Walk) -> pl.DataFrame:
    """A few frozen rows behind the close."""
    close_ns = walk.open_ns + walk.seconds * _SECOND_NS
    count = 3 + int(draw.random() * 4)
    ts_ns = close_ns + np.sort(np.floor(draw.random(count) * 600_000).astype(np.int64)) * _MS_NS
    return pl.concat([frame.tail(1)] * count).with_columns(ts_ns=pl.Series(ts_ns, dtype=pl.Int64))

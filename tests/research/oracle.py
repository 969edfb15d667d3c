"""An independent computation of candles in polars, by the arrival rule alone: what the core is compared with."""

import datetime as dt

import polars as pl

_IST_NS = 19_800 * 10**9
_DAY_NS = 86_400 * 10**9


def expected_candles(ticks: pl.DataFrame, day: dt.date, timeframe_s: int) -> pl.DataFrame:
    """Candles of one instrument's rows in file order: ts_open, prices in rupees, volume, ticks."""
    midnight = (day - dt.date(1970, 1, 1)).days * _DAY_NS - _IST_NS
    opens, closes = midnight + (9 * 60 + 15) * 60 * 10**9, midnight + (15 * 60 + 30) * 60 * 10**9
    rows = ticks.filter((pl.col("ts_ns") >= opens) & (pl.col("ts_ns") < closes))
    rows = rows.filter((pl.col("price") > 0) & (pl.col("volume") >= 0))
    rows = rows.filter(pl.col("ts_ns") >= pl.col("ts_ns").cum_max())
    same = pl.all_horizontal(pl.col(c) == pl.col(c).shift(1) for c in ("ts_ns", "price", "volume"))
    rows = rows.filter(~same.fill_null(False)).with_columns(run=pl.col("volume").cum_max())
    slot = (pl.col("ts_ns") - opens) // (timeframe_s * 10**9)
    grouped = rows.group_by(slot=slot, maintain_order=True).agg(
        open=pl.col("price").first(),
        high=pl.col("price").max(),
        low=pl.col("price").min(),
        close=pl.col("price").last(),
        run=pl.col("run").last(),
        ticks=pl.len().cast(pl.Int64),
    )
    # Divided by numpy: polars multiplies by the reciprocal, which is an ulp off.
    grouped = grouped.with_columns(
        pl.Series(name, grouped[name].to_numpy() / 1e8) for name in ("open", "high", "low", "close")
    )
    return grouped.select(
        ts_open=opens + pl.col("slot") * timeframe_s * 10**9,
        open="open",
        high="high",
        low="low",
        close="close",
        volume=pl.col("run") - pl.col("run").shift(1).fill_null(0),
        ticks="ticks",
    )

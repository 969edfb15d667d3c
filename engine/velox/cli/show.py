"""The tables of `velox replay --show`: rupees and Indian time for people, JSON lines for programs."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import polars as pl

from velox import journal

__all__ = ["print_rows"]

_IST_NS = 19_800_000_000_000
_PAISA = 1_000_000
_RUPEE = 100_000_000
# Beyond this a drawn table is slower to make than to read.
_DRAWN_ROWS_MAX = 1_000

_TIMES = {"ts": "time", "exch_ts": "exchange time", "ts_open": "opened"}
_PRICES = ("open", "high", "low", "close", "price", "bid", "ask", "limit", "average")  # 0 is unknown or none
_MONEY = ("realised", "charges")
_COLUMNS = {
    "orders": "ts order strategy instrument role side quantity filled limit average state reason",
    "candles": "ts_open instrument seconds open high low close volume ticks gap without_preopen",
    "ticks": "ts exch_ts instrument price volume last_qty bid ask verdict",
    "positions": "ts strategy account instrument quantity average realised charges",
}


def print_rows(path: Path, show: str, until: tuple[int, int] | None, as_json: bool) -> None:
    """Print the orders, candles, ticks or positions of a journal."""
    names = _COLUMNS[show].split()
    frames = (frame.select("run", "seq", *names) for frame in _frames(path, show, until))
    if as_json:
        for frame in frames:
            click.echo(_for_programs(frame).write_ndjson().rstrip("\n") if frame.height else "", nl=bool(frame.height))
        return
    widths: dict[str, int] = {}
    for frame in frames:
        text = _for_people(frame)
        first = not widths
        _widen(widths, text)
        if first and sys.stdout.isatty() and text.height <= _DRAWN_ROWS_MAX and _drawn(text, widths):
            return
        _print_aligned(text, widths, head=first)


def _frames(path: Path, show: str, until: tuple[int, int] | None) -> Iterator[pl.DataFrame]:
    if show == "ticks":
        yield from journal.tick_frames(path, until=until)
        return
    whole: dict[str, Callable[[], pl.DataFrame]] = {
        "orders": lambda: journal.orders(path, until=until),
        "candles": lambda: journal.candles(path, until=until).with_columns(
            gap=_has(journal.CandleFlag.GAP), without_preopen=_has(journal.CandleFlag.WITHOUT_PREOPEN)
        ),
        "positions": lambda: journal.positions(path, until=until),
    }
    yield whole[show]()


def _has(flag: journal.CandleFlag) -> pl.Expr:
    return (pl.col("flags") & flag.value) != 0


def _sided(frame: pl.DataFrame) -> list[pl.Expr]:
    side = pl.when(pl.col("side") > 0).then(pl.lit("buy")).otherwise(pl.lit("sell"))
    return [side.alias("side")] if "side" in frame.columns else []


def _for_programs(frame: pl.DataFrame) -> pl.DataFrame:
    """Prices and money in rupees, null where there is none; times stay ns."""
    # By numpy: polars divides by one number through its reciprocal, and 100.85 becomes 100.85000000000001.
    amounts = [name for name in frame.columns if name in (*_PRICES, *_MONEY)]
    rupees = frame.with_columns(pl.Series(name, frame[name].to_numpy() / _RUPEE) for name in amounts)
    return rupees.with_columns(*(_known(name) for name in _PRICES if name in amounts), *_sided(frame))


def _for_people(frame: pl.DataFrame) -> pl.DataFrame:
    """Everything as text, the position as run:seq."""
    times = [_ist(name) for name in _TIMES if name in frame.columns]
    prices = [_rupees(_known(name)).fill_null("-") for name in _PRICES if name in frame.columns]
    money = [_rupees(pl.col(name)) for name in _MONEY if name in frame.columns]
    text = frame.with_columns(*times, *prices, *money, *_sided(frame)).cast(pl.String)
    place = pl.concat_str("run", pl.lit(":"), "seq").alias("record")
    shown = [pl.col(name).alias(_TIMES.get(name, name)) for name in text.columns[2:]]
    return text.select(place, *shown)


def _known(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != 0).then(pl.col(name))


def _ist(name: str) -> pl.Expr:
    return pl.from_epoch(pl.col(name) + _IST_NS, "ns").dt.to_string("%Y-%m-%d %H:%M:%S%.3f").alias(name)


def _rupees(amount: pl.Expr) -> pl.Expr:
    """Two decimals from whole paise, so that no float rounds them."""
    paise = (amount.abs() + _PAISA // 2) // _PAISA
    sign = pl.when(amount < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(
        sign, (paise // 100).cast(pl.String), pl.lit("."), (paise % 100).cast(pl.String).str.zfill(2)
    ).alias(amount.meta.output_name())


def _is_number(name: str) -> bool:
    return name in (*_PRICES, *_MONEY, "quantity", "filled", "volume", "last_qty", "ticks", "seconds", "record")


def _widen(widths: dict[str, int], text: pl.DataFrame) -> None:
    for name in text.columns:
        longest = text[name].str.len_chars().max()
        widths[name] = max(widths.get(name, len(name)), longest if isinstance(longest, int) else 0)


def _print_aligned(text: pl.DataFrame, widths: dict[str, int], *, head: bool) -> None:
    if head:
        names = [name.rjust(width) if _is_number(name) else name.ljust(width) for name, width in widths.items()]
        click.echo("  ".join(names).rstrip())
    if text.height:
        padded = [_padded(name, width) for name, width in widths.items()]
        lines = text.select(pl.concat_str(*padded, separator="  ").str.strip_chars_end().alias("line"))["line"]
        click.echo("\n".join(lines))


def _padded(name: str, width: int) -> pl.Expr:
    column = pl.col(name)
    return column.str.pad_start(width) if _is_number(name) else column.str.pad_end(width)


def _drawn(text: pl.DataFrame, widths: dict[str, int]) -> bool:
    """Draw a table where the terminal has room for all of it: a cut price is worse than none."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if sum(width + 3 for width in widths.values()) + 1 > console.width:
        return False
    table = Table()
    for name in text.columns:
        table.add_column(name, justify="right" if _is_number(name) else "left", no_wrap=True)
    for row in text.iter_rows():
        table.add_row(*map(Text, row))  # as Text: what a strategy called itself is no markup
    console.print(table)
    return True

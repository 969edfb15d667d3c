"""The report of a back-test: its figures, its trades and its equity as frames, and the page that shows all of it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from velox.errors import BadInput
from velox.report.keeper import Kept
from velox.report.ratios import Ratios, ratios
from velox.report.trades import CHARGE_LINES, Trade

__all__ = ["Picture", "Report", "write_whole"]

_ONE = 100_000_000
_TIME = pl.Datetime("ns", "UTC")
_IST = "Asia/Kolkata"

_TRADES: dict[str, pl.DataType | type[pl.DataType]] = {
    "number": pl.Int64,
    "strategy": pl.String,
    "instrument": pl.String,
    "side": pl.String,
    "quantity": pl.Int64,
    "opened": _TIME,
    "closed": _TIME,
    "entry_price": pl.Float64,
    "exit_price": pl.Float64,
    "entry_role": pl.String,
    "exit_role": pl.String,
    "stop": pl.Float64,
    "gross": pl.Float64,
    "received": pl.Float64,
    "charges": pl.Float64,
    "net": pl.Float64,
    **dict.fromkeys(CHARGE_LINES, pl.Float64),
    "slippage": pl.Float64,
    "r": pl.Float64,
    "adverse": pl.Float64,
    "favourable": pl.Float64,
}


class Report:
    """What a back-test did; `figures` are those of `velox backtest --json`.

    In a notebook the object shows its headline and `plot()` the equity; `save()` writes the whole page.
    """

    def __init__(self, figures: dict[str, Any], kept: Kept) -> None:
        self.figures = figures
        self.kept = kept

    @property
    def ratios(self) -> Ratios:
        """Sharpe, profit factor, win rate and their like."""
        returns = [day.net / self.kept.capital for day in self.kept.days]
        return ratios(self.kept.trades, returns)

    @property
    def trades(self) -> pl.DataFrame:
        """One row a trade: prices and money in rupees, times in India; what is open at the end has no close."""
        rows = [_row(trade) for trade in self.kept.trades]
        frame = pl.DataFrame(rows, schema=_TRADES, orient="row")
        return frame.with_columns(pl.col("opened", "closed").dt.convert_time_zone(_IST))

    @property
    def equity(self) -> pl.DataFrame:
        """One row for each minute with a change: equity at its end and the deepest drawdown in it, in rupees."""
        points = self.kept.points
        columns = {
            "time": pl.Series([point.minute_ns for point in points], dtype=pl.Int64).cast(_TIME),
            "equity": pl.Series([point.equity / _ONE for point in points], dtype=pl.Float64),
            "drawdown": pl.Series([point.drawdown / _ONE for point in points], dtype=pl.Float64),
        }
        return pl.DataFrame(columns).with_columns(pl.col("time").dt.convert_time_zone(_IST))

    def plot(self, name: str = "equity") -> "Picture":
        """One figure of the page, which a notebook shows: equity, months, hours, days, excursions, holds and others."""
        from velox.report.page import one_figure

        return Picture(one_figure(self.figures, self.kept, name))

    def html(self) -> str:
        """The whole page as text; it needs no network."""
        from velox.report.page import page

        return page(self.figures, self.kept, self.ratios)

    def save(self, path: str | Path) -> Path:
        """Write the whole page; the file appears whole or not at all."""
        return write_whole(Path(path), self.html())

    def save_trades(self, path: str | Path) -> Path:
        """Write the trades as CSV, or as Parquet where the name says so; the file appears whole or not at all."""
        path = Path(path)
        write = self.trades.write_parquet if path.suffix == ".parquet" else self.trades.write_csv
        with _appearing(path) as scratch:
            write(scratch)
        return path

    def _repr_html_(self) -> str:
        from velox.report.page import headline

        return headline(self.figures, self.kept, self.ratios)


class Picture:
    """One figure as a page of its own, framed so that it can neither reach the notebook nor a network."""

    def __init__(self, html: str) -> None:
        self.html = html

    def save(self, path: str | Path) -> Path:
        """Write the page; the file appears whole or not at all."""
        return write_whole(Path(path), self.html)

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html)}" style="width:100%;height:520px;border:0"></iframe>'


def write_whole(path: Path, text: str) -> Path:
    """Write a text file that is whole as soon as its name exists."""
    with _appearing(path) as scratch:
        scratch.write_text(text, encoding="utf-8")
    return path


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """A file beside it to write to, which takes its name at the end and goes where that is not reached."""
    scratch = path.parent / f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        yield scratch
        scratch.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        scratch.unlink(missing_ok=True)


def _row(trade: Trade) -> tuple[Any, ...]:
    def rupees(value: float | None) -> float | None:
        return None if value is None else value / _ONE

    def when(at_ns: int) -> int | None:
        return at_ns or None

    return (
        trade.number,
        trade.strategy,
        trade.instrument,
        "long" if trade.side > 0 else "short",
        trade.quantity,
        when(trade.opened_ns),
        when(trade.closed_ns),
        rupees(trade.entry_price),
        rupees(trade.exit_price),
        trade.entry_role,
        trade.exit_role or None,
        rupees(trade.stop or None),
        rupees(trade.gross),
        rupees(trade.received),
        rupees(trade.charged),
        rupees(trade.net),
        *(rupees(line) for line in trade.charges),
        rupees(trade.slippage),
        trade.r,
        rupees(trade.adverse),
        rupees(trade.favourable),
    )

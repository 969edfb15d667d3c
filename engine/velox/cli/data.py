"""`velox data`: import recordings, make sample days, list what is there, compute bars."""

import datetime as dt
from pathlib import Path

import click
import msgspec

from velox.cli.data_check import check_command
from velox.cli.data_download import download_command
from velox.cli.data_import import import_command
from velox.cli.progress import steps_bar
from velox.cli.words import actions_of, corporate_actions, facts_as_of

__all__ = ["command"]

_PATH = click.Path(path_type=Path)
_DATE = click.DateTime(formats=["%Y-%m-%d"])
_catalog_option = click.option(
    "--catalog", "catalog_dir", required=True, type=_PATH, metavar="DIR", help="Folder of the catalogue."
)


class _BarsOptions(msgspec.Struct):
    """The options of `bars`, which are too many for parameters."""

    catalog_dir: Path
    instrument: str
    timeframe: str
    indicators: str
    out: Path
    day: dt.datetime | None
    facts_as_of: dt.date | None
    corporate_actions: Path | None


@click.group(name="data")
def command() -> None:
    """Import, download, check, sample, list and compute market data."""


command.add_command(import_command)
command.add_command(check_command)
command.add_command(download_command)


@command.command(name="coverage")
@_catalog_option
def _coverage(catalog_dir: Path) -> None:
    """Print a line per instrument: days, rows, first and last time."""
    from velox.research.catalog import Catalog
    from velox.research.coverage import coverage_lines

    for line in coverage_lines(Catalog.open(catalog_dir)):
        click.echo(line)


@command.command(name="bars")
@_catalog_option
@click.option("--instrument", required=True, help="Name like NSE:RELIANCE.")
@click.option("--timeframe", required=True, help="Length like 1m, 15m or 1h.")
@click.option("--indicators", default="", help="Like ema:20,macd:12:26:9,bbands:20:2,supertrend:10:3,vwap.")
@click.option("--out", required=True, type=_PATH, metavar="FILE", help="Parquet file to write.")
@click.option("--day", type=_DATE, help="One day only; otherwise all days run on.")
@facts_as_of
@corporate_actions
def _bars(**options: object) -> None:
    """Compute candles and indicators of an instrument into a Parquet file."""
    from velox.research.bars import borrowed_facts, compute_bars, parse_indicators, parse_timeframe, write_bars
    from velox.research.candles import HistoryRules
    from velox.research.catalog import Catalog

    asked = msgspec.convert(options, _BarsOptions)
    catalog, day = Catalog.open(asked.catalog_dir), asked.day.date() if asked.day else None
    timeframe_s = parse_timeframe(asked.timeframe)
    rules = HistoryRules(asked.facts_as_of, actions_of(asked.corporate_actions))
    frame = compute_bars(
        catalog,
        asked.instrument,
        timeframe_s,
        parse_indicators(asked.indicators),
        day=day,
        rules=rules,
    )
    write_bars(frame, asked.out)
    click.echo(f"{frame.height} candles of {asked.instrument} at {asked.timeframe} in {asked.out}")
    for note in borrowed_facts(catalog, asked.instrument, timeframe_s, day=day, rules=rules):
        click.echo(f"Note: {note}")


@command.command(name="sample")
@click.option("--out", required=True, type=_PATH, metavar="DIR", help="Folder of the catalogue to fill.")
@click.option("--seed", type=int, help="The same seed gives the same prices.")
@click.option("--days", type=click.IntRange(min=1), help="How many trading days of ticks.")
@click.option("--warmup-days", type=click.IntRange(min=0), help="Days before them, kept as one-minute candles.")
@click.option("--instruments", help="Names like NSE:NIFTY,NSE:INFY.")
@click.option("--from", "first", type=_DATE, help="First day.")
def _sample(out: Path, **options: object) -> None:
    """Make seeded trading days; their prices are made up and marked SYNTHETIC."""
    from velox.research.catalog import Catalog
    from velox.simulator.session import generate, plan_of, stamp

    plan = plan_of({name: value for name, value in options.items() if value is not None})
    with steps_bar("generating", plan.days + plan.warmup_days) as advance:
        entries = generate(plan, Catalog(out), advance)
    ticks = [entry for entry in entries if not entry.candles]
    for entry in ticks:
        click.echo(f"{entry.instrument} {entry.day}, {entry.rows} rows, SYNTHETIC")
    click.echo(f"{stamp(plan)}: {len(ticks)} files of ticks, {len(entries) - len(ticks)} of candles in {out}")

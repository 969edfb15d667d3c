"""`velox data download`: a broker's candles into the catalogue."""

import asyncio
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from velox.cli.data_import import candle_length
from velox.cli.progress import steps_bar
from velox.cli.stopping import stopping
from velox.cli.words import DaySpanWord, facts_as_of

if TYPE_CHECKING:
    from velox.feeds.history import HistorySource
    from velox.research.catalog import Catalog
    from velox.research.download import Download, Downloaded

__all__ = ["download_command"]

_EXAMPLES = """\b
Examples:
  velox data download --broker smartapi --instruments NSE:RELIANCE,NSE:INFY --from 2026-01 --to 2026-03 --catalog days
  velox data download --broker smartapi --instruments NSE:NIFTY --from 2026-01 --to 2026-06 --timeframe 1d --catalog d
The account is read from [feed.smartapi] of the settings. Started again, it goes on with the days that are missing.
"""


class _Asked(msgspec.Struct, kw_only=True):
    broker: str
    instruments: str
    first: tuple[dt.date, dt.date]
    last: tuple[dt.date, dt.date]
    timeframe: str
    catalog_dir: Path
    again: bool
    facts_as_of: dt.date | None


@click.command(name="download", epilog=_EXAMPLES)
@click.option("--broker", required=True, metavar="NAME", help="Whose candles, like smartapi.")
@click.option("--instruments", required=True, metavar="A,B", help="Names like NSE:RELIANCE.")
@click.option("--from", "first", required=True, type=DaySpanWord(), metavar="D", help="First day, or month as 2026-01.")
@click.option("--to", "last", required=True, type=DaySpanWord(), metavar="D", help="Last day, or month, inclusive.")
@click.option("--timeframe", default="1m", show_default=True, metavar="T", help="Length of a candle, like 1m or 1d.")
@click.option(
    "--catalog", "catalog_dir", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder to fill."
)
@click.option("--again", is_flag=True, help="Ask for days that are kept already too, and replace them.")
@facts_as_of
def download_command(**options: object) -> None:
    """Bring a broker's candles into the catalogue, checked as imported ones are; goes on after an interruption."""
    from velox.clock import wall_ns
    from velox.errors import BadInput
    from velox.feeds.history import history_source
    from velox.market.calendar import IST
    from velox.research.catalog import Catalog
    from velox.research.download import Download
    from velox.settings import load

    asked = msgspec.convert(options, _Asked)
    names = [name.strip() for name in asked.instruments.split(",") if name.strip()]
    if not names:
        raise click.BadParameter(f"{asked.instruments!r} names no instrument", param_hint="--instruments")
    wanted = Download(
        instruments=names,
        first=asked.first[0],
        last=asked.last[1],
        length_s=candle_length(asked.timeframe),
        again=asked.again,
        as_of=asked.facts_as_of,
    )
    today = dt.datetime.fromtimestamp(wall_ns() // 1_000_000_000, IST).date()
    if wanted.last >= today:
        yesterday = today - dt.timedelta(days=1)
        raise BadInput(f"{wanted.last} is not over yet: its candles would not be whole; end with --to {yesterday}")
    source = history_source(asked.broker, load().feed)
    with stopping(
        f"the download was stopped; days that came are kept in {asked.catalog_dir}: the same command goes on"
    ):
        outcomes = asyncio.run(_download(wanted, source, Catalog(asked.catalog_dir)))
    for outcome in outcomes:
        click.echo(outcome.sentence)
        for finding in outcome.findings:
            click.echo(f"  {finding.sentence}")
    click.echo(
        f"{asked.broker} {asked.timeframe} in {asked.catalog_dir}: "
        f"{sum(len(o.taken) for o in outcomes):,} days, {sum(o.rows for o in outcomes):,} candles"
    )


async def _download(wanted: "Download", source: "HistorySource", catalog: "Catalog") -> "list[Downloaded]":
    from velox.feeds.smartapi_rest import BrokerSilent
    from velox.research.download import download, requests_of

    try:
        requests = requests_of(wanted, source, catalog)
        with steps_bar("downloading", len(requests)) as advance:
            return await download(wanted, source, catalog, requests, advance)
    except BrokerSilent as error:
        raise BrokerSilent(f"{error}; days that came before are kept: run it again to go on") from None
    finally:
        await source.close()

"""`velox data import`: files of several kinds into the catalogue, with an account of every row that was not taken."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from velox.cli.progress import steps_bar
from velox.cli.stopping import stopping
from velox.cli.words import facts_as_of

if TYPE_CHECKING:
    from velox.research.findings import Finding

__all__ = ["candle_length", "import_command"]

_PATH = click.Path(path_type=Path)
_OHLCV = "ohlcv"
_BHAVCOPY = "bhavcopy"
_BINANCE = "binance"
_EXAMPLES = """\b
Examples:
  velox data import recordings/ --format nse-ticks --catalog days
  velox data import RELIANCE.csv --format ohlcv --instrument NSE:RELIANCE --catalog days
  velox data import minutes/ --format ohlcv --instrument 'NSE:{stem}' --label close --catalog days
  velox data import btcusdt.gz --format binance --catalog days
  velox data import eod/*.zip --format bhavcopy --instruments RELIANCE,INFY --catalog days
"""


class _Asked(msgspec.Struct, kw_only=True):
    """The command's words, which are too many for parameters."""

    paths: tuple[Path, ...]
    format_name: str
    catalog_dir: Path
    instruments: str | None
    instrument: str | None
    exchange: str | None
    timezone: str | None
    time_format: str | None
    label: str | None
    timeframe: str | None
    columns: tuple[str, ...]
    header: str | None
    facts_as_of: dt.date | None


# Which options say something about which format.
_ONLY_FOR = {
    "instruments": (_BHAVCOPY,),
    "instrument": (_OHLCV,),
    "exchange": (_OHLCV,),
    "timezone": (_OHLCV,),
    "time_format": (_OHLCV,),
    "label": (_OHLCV,),
    "timeframe": (_OHLCV,),
    "columns": (_OHLCV,),
    "header": (_OHLCV,),
    "facts_as_of": (_OHLCV,),
}


@click.command(name="import", epilog=_EXAMPLES)
@click.argument("paths", nargs=-1, required=True, type=_PATH, metavar="PATH…")
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice(["nse-ticks", _OHLCV, _BHAVCOPY, _BINANCE]),
    help="What the files are: recorded ticks; candles; the NSE's end-of-day files; messages of Binance.",
)
@click.option("--catalog", "catalog_dir", required=True, type=_PATH, metavar="DIR", help="Folder of the catalogue.")
@click.option("--instruments", metavar="A,B", help="bhavcopy: take these alone, like RELIANCE,NFO:NIFTY26APRFUT.")
@click.option(
    "--instrument", metavar="NAME", help="ohlcv: whose candles; {stem} is the file's name up to its first dot."
)
@click.option("--exchange", metavar="X", help="ohlcv: of symbols that name none.  [default: NSE]")
@click.option("--timezone", metavar="ZONE", help="ohlcv: of times without one.  [default: Asia/Kolkata]")
@click.option("--time-format", metavar="FORM", help="ohlcv: dmy, mdy or a pattern like '%d/%m/%Y %H:%M'.")
@click.option("--label", type=click.Choice(["open", "close"]), help="ohlcv: which end of a candle its time is.")
@click.option("--timeframe", metavar="T", help="ohlcv: length of a candle, like 1m, 15m or 1d; else as the times show.")
@click.option(
    "--column", "columns", multiple=True, metavar="MEANING=HEADING", help="ohlcv: name a column, like close=Settle."
)
@click.option("--header", metavar="A,B,…", help="ohlcv: the columns of files that begin without such a line.")
@facts_as_of
def import_command(**options: object) -> None:
    """Bring files and folders into the catalogue; importing again replaces.

    Every row is checked: what cannot be a candle or tick is left out, counted by reason, and named by its first line.
    """
    asked = msgspec.convert(options, _Asked)
    for name, formats in _ONLY_FOR.items():
        if getattr(asked, name) and asked.format_name not in formats:
            word = "column" if name == "columns" else name.replace("_", "-")
            raise click.UsageError(f"--{word} says nothing about {asked.format_name} files; it is for {formats[0]}")
    take = {"nse-ticks": _recordings, _OHLCV: _candles, _BHAVCOPY: _bhavcopies, _BINANCE: _messages}[asked.format_name]
    kept = f"files that were read by then are kept in {asked.catalog_dir}, each day whole"
    with stopping(f"the import was stopped; {kept}: the same command takes all of them again"):
        take(asked)


def _recordings(asked: _Asked) -> None:
    from velox.research.catalog import Catalog
    from velox.research.importer import import_recordings
    from velox.research.nse_ticks import find_recordings

    files = find_recordings(asked.paths)
    with steps_bar("importing", len(files)) as advance:
        outcomes = import_recordings(files, Catalog(asked.catalog_dir), lambda _: advance())
    for outcome in outcomes:
        if outcome.entry is None:
            click.echo(f"{click.format_filename(outcome.path.name)}: {outcome.fault}")
            continue
        entry = outcome.entry
        click.echo(
            f"{outcome.path.name}: {entry.instrument} {entry.day}, {entry.rows} rows, "
            f"{entry.rejects} rejected, {entry.wrong_day} of another day"
        )
    taken = [outcome.entry for outcome in outcomes if outcome.entry is not None]
    click.echo(
        f"{len(taken)} of {len(outcomes)} files ({asked.format_name}) in {asked.catalog_dir}: "
        f"{sum(e.rows for e in taken)} rows, {sum(o.rejects for o in outcomes)} rejected, "
        f"{sum(e.wrong_day for e in taken)} of another day"
    )


def _candles(asked: _Asked) -> None:
    from velox.research.candle_import import import_candles
    from velox.research.catalog import Catalog
    from velox.research.ohlcv import CandleOptions, read_candles
    from velox.research.tables import find_tables

    options = CandleOptions(
        instrument=asked.instrument or "",
        exchange=asked.exchange or "NSE",
        zone=asked.timezone or "Asia/Kolkata",
        time_format=asked.time_format or "",
        label=asked.label or "",
        length_s=candle_length(asked.timeframe) if asked.timeframe else 0,
        columns=_columns(asked.columns),
        header=[name.strip() for name in (asked.header or "").split(",") if name.strip()],
        as_of=asked.facts_as_of,
    )
    files = find_tables(asked.paths)
    with steps_bar("importing", len(files)) as advance:
        outcomes = import_candles(files, lambda path: read_candles(path, options), Catalog(asked.catalog_dir), advance)
    for outcome in outcomes:
        _tell(outcome.sentence, outcome.findings, [] if outcome.fault else outcome.left_out)
    taken = [outcome for outcome in outcomes if not outcome.fault]
    click.echo(
        f"{_OHLCV} in {asked.catalog_dir}: {sum(len(o.days) for o in taken):,} days of "
        f"{len({o.series.instrument for o in taken}):,} instruments, {sum(o.rows for o in taken):,} candles, "
        f"{sum(o.rejects for o in outcomes):,} rows rejected{_unusable(len(outcomes) - len(taken))}"
    )


def _bhavcopies(asked: _Asked) -> None:
    from velox.research.bhavcopy import import_bhavcopies
    from velox.research.catalog import Catalog
    from velox.research.tables import find_tables

    files = find_tables(asked.paths)
    wanted = {_full(name.strip()) for name in (asked.instruments or "").split(",") if name.strip()}
    with steps_bar("importing", len(files)) as advance:
        outcomes = import_bhavcopies(files, Catalog(asked.catalog_dir), wanted, advance)
    for outcome in outcomes:
        _tell(outcome.sentence, outcome.findings)
    taken = [outcome for outcome in outcomes if not outcome.fault]
    days = {day for outcome in taken for day in outcome.days}
    click.echo(
        f"{_BHAVCOPY} in {asked.catalog_dir}: {sum(o.rows for o in taken):,} candles of {len(days):,} days, "
        f"{sum(o.rejects for o in outcomes):,} rows rejected{_unusable(len(outcomes) - len(taken))}"
    )


def _messages(asked: _Asked) -> None:
    from velox.research.binance import import_messages
    from velox.research.catalog import Catalog
    from velox.research.tables import find_tables

    files = find_tables(asked.paths, (".gz", ".json", ".jsonl", ".txt", ".zip"))
    with steps_bar("importing", len(files)) as advance:
        outcomes = import_messages(files, Catalog(asked.catalog_dir), advance)
    for outcome in outcomes:
        _tell(outcome.sentence, outcome.findings)
    taken = [outcome.entry for outcome in outcomes if outcome.entry is not None]
    click.echo(
        f"{_BINANCE} in {asked.catalog_dir}: {len(taken):,} days, {sum(e.rows for e in taken):,} trades, "
        f"{sum(e.rejects for e in taken):,} left out{_unusable(len(outcomes) - len(taken))}"
    )


def _tell(sentence: str, findings: "Sequence[Finding]", left_out: Sequence[str] = ()) -> None:
    click.echo(sentence)
    for finding in findings:
        click.echo(f"  {finding.sentence}")
    for line in left_out:
        click.echo(f"  {line}")


def _unusable(count: int) -> str:
    return f"; {count:,} files or instruments not taken" if count else ""


def _full(name: str) -> str:
    return name if ":" in name else f"NSE:{name}"


def candle_length(text: str) -> int:
    """Read the length of candles that a catalogue keeps, in seconds: whole minutes, or 1d."""
    from velox.research.bars import parse_timeframe
    from velox.research.catalog import DAY_S, MINUTE_S

    length_s = DAY_S if text == "1d" else parse_timeframe(text)
    if length_s % MINUTE_S:
        raise click.BadParameter(f"candles of {text} are not kept: whole minutes and 1d are", param_hint="--timeframe")
    return length_s


def _columns(words: Sequence[str]) -> Mapping[str, str]:
    from velox.research.tables import MEANINGS

    found: dict[str, str] = {}
    for word in words:
        meaning, equals, heading = word.partition("=")
        if not equals or meaning not in MEANINGS:
            known = ", ".join(MEANINGS)
            raise click.BadParameter(f"{word!r} is not MEANING=HEADING with one of {known}", param_hint="--column")
        found[meaning] = heading
    return found

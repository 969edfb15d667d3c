"""`velox data check`: the gap and parity report of a catalogue."""

import datetime as dt
import os
from pathlib import Path

import click
import msgspec

from velox.cli.progress import steps_bar
from velox.cli.words import DaySpanWord, actions_of, check_json, corporate_actions, facts_as_of
from velox.errors import BadInput, ExitCode

__all__ = ["check_command"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_EXAMPLES = """\b
Examples:
  velox data check --catalog days
  velox data check --catalog days --instrument NSE:RELIANCE --from 2026-01 --report gaps.md --json gaps.json
  velox data check --catalog days --strict || echo "do not trade on this"
"""


class _Asked(msgspec.Struct, kw_only=True):
    catalog_dir: Path
    instruments: tuple[str, ...]
    first: tuple[dt.date, dt.date] | None
    last: tuple[dt.date, dt.date] | None
    silence: int
    frozen: int
    jump: float
    facts_as_of: dt.date | None
    corporate_actions: Path | None
    json_file: Path | None
    report: Path | None
    strict: bool


@click.command(name="check", epilog=_EXAMPLES)
@click.option("--catalog", "catalog_dir", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Which.")
@click.option("--instrument", "instruments", multiple=True, metavar="NAME", help="This one alone; may be repeated.")
@click.option("--from", "first", type=DaySpanWord(), metavar="D", help="First day, or month as 2026-01.")
@click.option("--to", "last", type=DaySpanWord(), metavar="D", help="Last day, or month, inclusive.")
@click.option(
    "--silence", type=click.IntRange(1), default=60, show_default=True, help="Tell of silences over this, in s."
)
@click.option("--frozen", type=click.IntRange(1), default=300, show_default=True, help="Of frozen quotes, in s.")
@click.option("--jump", type=click.FloatRange(0.01), default=5.0, show_default=True, help="Of steps over this, in %.")
@facts_as_of
@corporate_actions
@click.option("--json", "json_file", type=_FILE, metavar="F", help="Write everything that was measured to F.")
@click.option("--report", type=_FILE, metavar="F", help="Write every day and finding to F as text.")
@click.option("--strict", is_flag=True, help="End with status 79 when there is a finding.")
def check_command(**options: object) -> int:
    """Look through the days of a catalogue: gaps, repeats, jumps, silence, and whether what is kept twice agrees.

    Ticks are compared with imported candles of the day and with the exchange's own day candle. Trading days that are
    missing and steps that look like a split or bonus are told too.
    """
    from velox.research.catalog import Catalog
    from velox.research.inspection import Ask, inspect, report_lines, summary_lines
    from velox.research.quality import Thresholds

    asked = msgspec.convert(options, _Asked)
    check_json(asked.json_file)
    if asked.report is not None and not asked.report.resolve().parent.is_dir():
        raise click.BadParameter(f"the folder of {asked.report} does not exist", param_hint="--report")
    catalog = Catalog.open(asked.catalog_dir)
    ask = Ask(
        instruments=asked.instruments,
        first=asked.first[0] if asked.first else None,
        last=asked.last[1] if asked.last else None,
        as_of=asked.facts_as_of,
        actions=actions_of(asked.corporate_actions),
        thresholds=Thresholds(silence_s=asked.silence, frozen_s=asked.frozen, jump_pct=asked.jump),
    )
    names = set(asked.instruments) or {entry.instrument for entry in catalog.entries()}
    with steps_bar("checking", len(names)) as advance:
        inspection = inspect(catalog, ask, advance)
    for line in summary_lines(inspection):
        click.echo(line)
    if asked.json_file is not None:
        _write(asked.json_file, msgspec.json.format(msgspec.json.encode(inspection), indent=2) + b"\n")
    if asked.report is not None:
        _write(asked.report, ("\n".join(report_lines(inspection)) + "\n").encode())
    elif inspection.faults:
        click.echo("Every finding: --report FILE.")
    return ExitCode.FAULTY_DATA if asked.strict and inspection.faults else ExitCode.DONE


def _write(path: Path, content: bytes) -> None:
    """Write a file that is whole as soon as its name exists."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_bytes(content)
        scratch.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None
    finally:
        scratch.unlink(missing_ok=True)

"""`velox replay`: run a journal again and compare every decision; nothing but its folder is read."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from velox.errors import BadInput
from velox.rupees import counted, money

__all__ = ["command"]

_RECORDS_AT_ONCE = 20_000
_POSITION = re.compile(r"(\d{1,18}):(\d{1,18})")


@click.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Hold every decision against the journal's; the first difference ends it.")
@click.option("--until", metavar="RUN:SEQ", help="Stop behind this record.")
@click.option(
    "--show",
    type=click.Choice(["orders", "candles", "ticks", "positions"]),
    help="Print what the journal says of them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the summary as one object, --show as a line a row.")
def command(journal: Path, verify: bool, until: str | None, show: str | None, as_json: bool) -> None:
    """Run the journal in the folder JOURNAL again: the same kernel, no settings, no strategies.

    Exit status 0: as recorded. 71: another decision. 72: damaged. 2: there is no journal. A record that a crash left
    unfinished at the end is reported and is no fault.
    """
    place = _position(until) if until is not None else None
    summary = _replayed(journal, verify, place)
    if place is not None and (summary["as_of"] != place or not summary["records"]):
        raise BadInput(_unknown_place(journal, until, summary["as_of"]))
    if show is not None:
        from velox.cli.show import print_rows

        print_rows(journal, show, place, as_json)
    if not as_json:
        _print_summary(journal, summary, verify, whole=place is None)
    elif show is None:
        click.echo(msgspec.json.encode({"journal": str(journal), "verified": verify, **summary}))


def _position(text: str) -> tuple[int, int]:
    found = _POSITION.fullmatch(text)
    if found is None:
        raise BadInput(f"--until {text}: write a position as RUN:SEQ, like 1:5000")
    return int(found[1]), int(found[2])


def _unknown_place(journal: Path, until: str | None, last: tuple[int, int]) -> str:
    where = f"the last one before it is {last[0]}:{last[1]}" if last[0] else "the journal begins behind it"
    return f"--until {until}: there is no such record in {journal}; {where}"


def _replayed(journal: Path, verify: bool, until: tuple[int, int] | None) -> dict[str, Any]:
    from velox.journal import core_errors
    from velox_core import Replayer

    with core_errors():
        replayer = Replayer(journal, verify=verify, until=until)
        with _progress(journal) as report:
            while replayer.step(_RECORDS_AT_ONCE):
                report(replayer.bytes_read())
        return replayer.summary()


@contextmanager
def _progress(journal: Path) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while somebody looks at it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    total = sum(path.stat().st_size for path in journal.glob("*.vj"))
    columns = (TextColumn("replaying"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)


def _print_summary(journal: Path, summary: dict[str, Any], verified: bool, *, whole: bool) -> None:
    run, seq = summary["as_of"]
    click.echo(
        f"{journal}: {counted(summary['records'], 'record')} in {counted(summary['segments'], 'segment')}, "
        f"{counted(summary['runs'], 'run')}, read up to {run}:{seq}, {_session(summary)}"
    )
    if verified:
        equal = f"all {summary['decisions_equal']} decision records reproduced byte for byte"
    else:
        equal = f"{summary['decisions']} decisions made, not compared (--verify compares them)"
    click.echo(f"{counted(summary['inputs'], 'input')} applied by kernel {_kernel_version()}; {equal}")
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in summary["verdicts"].items() if count)
    click.echo(f"{counted(summary['ticks'], 'tick')}{': ' if told else ''}{told}")
    click.echo(f"{counted(summary['candles'], 'candle')} closed; decisions hash {summary['decisions_hash']}")
    for strategy in summary["strategies"]:
        click.echo(_strategy_line(strategy))
    for note in [*(summary["notes"] or []), *_missing(summary, whole)]:
        click.echo(f"note: {note}")
    if summary["torn"]:
        click.echo(f"torn tail, not replayed: {summary['torn']}")


def _missing(summary: dict[str, Any], whole: bool) -> Iterator[str]:
    """What the files that are there cannot tell, because others are gone."""
    first, last, synced = summary["first_segment"], summary["as_of"], summary["synced"]
    if first > 1:
        yield f"the segments before {first} are not here: what they held is taken from a Snapshot, not run again"
    if whole and synced is not None and tuple(synced) > tuple(last):
        yield (
            f"the journal ends at {last[0]}:{last[1]}, but its writer had made records up to {synced[0]}:{synced[1]} "
            "durable: the rest is lost"
        )


def _kernel_version() -> str:
    import velox_core

    return velox_core.__version__


def _session(summary: dict[str, Any]) -> str:
    first, last = summary["first_date"], summary["session_date"]
    day = _date(last) if last else "without a session"
    if first and first != last:
        day = f"{_date(first)} to {day}"
    return f"{day}, written by kernel {summary['kernel_version']}"


def _date(number: int) -> str:
    return f"{number // 10_000}-{number // 100 % 100:02}-{number % 100:02}"


def _strategy_line(strategy: dict[str, Any]) -> str:
    state = "faulted" if strategy["faulted"] else "running" if strategy["running"] else "stopped"
    waiting = f", {counted(strategy['waiting'], 'order')} waiting" if strategy["waiting"] else ""
    held = f"holds {strategy['quantity']}" if strategy["quantity"] else "flat"
    return (
        f"{strategy['name']} on {strategy['instrument']}: {counted(strategy['orders'], 'order')}, "
        f"{counted(strategy['fills'], 'fill')}, gross {money(strategy['gross_pnl'])}, "
        f"charges {money(strategy['charges'])}, net {money(strategy['net_pnl'])}, {held}, {state}{waiting}"
    )

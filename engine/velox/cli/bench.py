"""`velox bench`: measures the stated figures here and holds each against its target."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from velox.errors import BadInput

if TYPE_CHECKING:
    from velox.bench.peers import Peers

__all__ = ["command"]

_RUNS = 3
_RUNS_MAX = 100
_TICKS, _TICKS_MIN, _TICKS_MAX = 20_000_000, 40_000, 60_000_000


@click.command()
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="F",
    help="Write everything here too.",
)
@click.option("--only", "keys", multiple=True, metavar="KEY", help="Measure this key alone; may be given again.")
@click.option("--runs", type=click.IntRange(1, _RUNS_MAX), default=_RUNS, show_default=True, help="Runs of each key.")
@click.option(
    "--peers", "with_peers", is_flag=True, help="Run other engines at the same work, in turn, and give the ratio."
)
@click.option(
    "--ticks",
    type=click.IntRange(_TICKS_MIN, _TICKS_MAX),
    default=_TICKS,
    show_default=True,
    help="Ticks of the back-test keys, for Velox and its peers alike.",
)
def command(json_file: Path | None, keys: tuple[str, ...], runs: int, with_peers: bool, ticks: int) -> None:
    """Measure the figures that the README states, some minutes long; keep the machine quiet meanwhile.

    Quoted is the median of the runs; the worst stands beside it.

    \b
      velox bench --only core_tick_ns --runs 5
      velox bench --peers --only backtest_on_bar_ticks_per_s --ticks 2000000
    """
    import velox_core
    from velox.bench import machine, report, suite

    benchmarks = suite.chosen(keys)
    if json_file is not None and not json_file.absolute().parent.is_dir():
        raise BadInput(f"there is no folder {json_file.absolute().parent} for --json {json_file.name}")
    if velox_core.BUILD_PROFILE != "release":
        raise BadInput(
            f"the Rust core is a {velox_core.BUILD_PROFILE} build, whose figures mean nothing: run `make setup` first"
        )
    origin = machine.provenance()
    scale = ticks / _TICKS
    with _peers(with_peers, scale) as peers:
        figures = {
            each.key: suite.run(each, runs, _told, scale if each.key.startswith("backtest_") else 1.0, peers)
            for each in benchmarks
        }
    for line in report.lines(origin, figures, peers.missing if peers else {}):
        click.echo(line)
    if json_file is not None:
        whole = {key: msgspec.to_builtins(figure) for key, figure in figures.items()} | msgspec.to_builtins(origin)
        text = msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
        try:
            json_file.write_bytes(text)
        except OSError as error:
            raise BadInput(f"{json_file} cannot be written: {error.strerror}") from None


@contextmanager
def _peers(asked: bool, scale: float) -> "Iterator[Peers | None]":
    if not asked:
        yield None
        return
    from velox.bench.backtests import Size
    from velox.bench.figure import Lab
    from velox.bench.peers import Peers

    with tempfile.TemporaryDirectory(prefix="velox-peers-") as name:
        folder = Path(name)
        yield Peers(folder, Size.of(Lab(folder, scale)), _told)


def _told(sentence: str) -> None:
    """Progress for the one who waits; a pipe gets the figures alone."""
    if sys.stderr.isatty():
        click.echo(sentence, err=True)

"""`velox bench`: measures the stated figures here and holds each against its target."""

import sys
from pathlib import Path

import click
import msgspec

from velox.errors import BadInput

__all__ = ["command"]

_RUNS = 3
_RUNS_MAX = 100


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
def command(json_file: Path | None, keys: tuple[str, ...], runs: int) -> None:
    """Measure the figures that the README states, some minutes long; keep the machine quiet meanwhile.

    Quoted is the median of the runs; the worst stands beside it.
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
    figures = {each.key: suite.run(each, runs, _told) for each in benchmarks}
    for line in report.lines(origin, figures):
        click.echo(line)
    if json_file is not None:
        whole = {key: msgspec.to_builtins(figure) for key, figure in figures.items()} | msgspec.to_builtins(origin)
        text = msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
        try:
            json_file.write_bytes(text)
        except OSError as error:
            raise BadInput(f"{json_file} cannot be written: {error.strerror}") from None


def _told(sentence: str) -> None:
    """Progress for the one who waits; a pipe gets the figures alone."""
    if sys.stderr.isatty():
        click.echo(sentence, err=True)

"""`velox compare`: results of back-tests side by side."""

from collections.abc import Sequence
from pathlib import Path

import click

from velox.cli.words import check_json

__all__ = ["command"]


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="A.json B.json…")
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="F.html",
    help="Write the comparison as one HTML page to F.",
)
def command(results: tuple[Path, ...], report_file: Path | None) -> None:
    """Show what differs between results of back-tests: figures, settings, parameters.

    A and B are written by `velox backtest --json`; the differences are those from A. It says so where data, days,
    facts or charges differ, since such results cannot be compared.

    \b
    velox compare fast9.json fast12.json
    velox compare fast9.json fast12.json fast15.json --report fast.html
    """
    from velox.report.compare import compare, load_result
    from velox.report.compared import comparison_lines, comparison_page
    from velox.report.report import write_whole

    if len(results) < 2:
        raise click.UsageError("two results are compared: give a second file of `velox backtest --json`")
    check_json(report_file, "--report")
    told = compare(list(zip(_names(results), map(load_result, results), strict=True)))
    for line in comparison_lines(told):
        click.echo(line)
    if report_file is not None:
        click.echo(f"\nReport: {write_whole(report_file, comparison_page(told))}")


def _names(paths: Sequence[Path]) -> list[str]:
    """File names without their ends, or the whole paths where these would be the same; the same twice is counted."""
    stems = [path.stem for path in paths]
    names = stems if len(set(stems)) == len(stems) else [str(path) for path in paths]
    return [f"{name} ({at})" if names.count(name) > 1 else name for at, name in enumerate(names, 1)]

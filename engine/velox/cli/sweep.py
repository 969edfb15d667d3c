"""`velox sweep`: one strategy with many sets of parameters over the same days."""

import datetime as dt
import hashlib
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from velox.cli.account import AccountCall, account_words, listed, settings_of
from velox.cli.words import DaySpanWord, actions_of, check_json, corporate_actions, data_kind, facts_as_of, watched
from velox.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from velox.sweep.crew import Crew
    from velox.sweep.folder import Folder
    from velox.sweep.job import Outcome
    from velox.sweep.prepare import Prepared
    from velox.sweep.run import Swept

__all__ = ["command"]

_METRICS = ["net_pnl", "gross_pnl", "sharpe", "max_drawdown", "net_of_drawdown", "net_a_trip"]
_EXAMPLES = """
\b
Examples:
  velox sweep ema_cross.py --catalog days -p fast=5:20:1 -p slow=20:60:5
  velox sweep ema_cross.py --catalog days -p fast=: -p slow=: --samples 500
  velox sweep ema_cross.py --catalog days -p symbol=NSE:INFY,NSE:TCS -p fast=5:20
  velox sweep ema_cross.py --catalog days -p fast=5:20 --walk-forward train=20,test=5
  velox sweep ema_cross.py --catalog days -p fast=5:20 --on ray://10.0.0.5:10001

A range holds both of its ends; `:` is the range that the strategy declares, `::5` the same in steps of 5. What was
finished is kept in --out at once: after Ctrl-C or a crash the same command goes on.
"""


class _Call(AccountCall):
    strategy: str
    params: list[str]
    catalog: Path
    instruments: str | None
    first: tuple[dt.date, dt.date] | None
    last: tuple[dt.date, dt.date] | None
    samples: int | None
    seed: int
    walk_forward: str | None
    metric: str
    top: int
    map_of: str | None
    jobs: int | None
    on: str | None
    out: Path | None
    data: Literal["auto", "ticks", "candles"] | None
    facts_as_of: dt.date | None
    corporate_actions: Path | None
    watched: str | None
    json_file: Path | None


@click.command(epilog=_EXAMPLES)
@click.argument("strategy", metavar="FILE.py[:Class]")
@click.option("-p", "params", multiple=True, metavar="k=V", help="FIRST:LAST:STEP, a list a,b,c, or one value.")
@click.option("--catalog", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where the days are.")
@click.option("--instruments", metavar="A,B", help="Run each set on all of these; default: the strategy's own symbol.")
@click.option("--from", "first", type=DaySpanWord(), metavar="D", help="First day, or month as 2026-01.")
@click.option("--to", "last", type=DaySpanWord(), metavar="D", help="Last day, or month, inclusive.")
@click.option("--samples", type=click.IntRange(1), metavar="N", help="Try N sets by chance instead of all.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed, the same sample.")
@click.option("--walk-forward", metavar="train=N,test=N[,step=N]", help="Choose on N days, judge by the next; in turn.")
@click.option("--metric", type=click.Choice(_METRICS), default="net_pnl", show_default=True, help="What is best.")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, metavar="N", help="How many to show.")
@click.option("--map", "map_of", metavar="A,B", help="Parameters of the heat map; default: the two with most values.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Workers; default: one for each core.")
@click.option("--on", metavar="ray[://HOST:PORT]", help="Run on a Ray cluster, or on a Ray of this machine.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="What is found; default: one below sweeps/."
)
@account_words
@data_kind
@facts_as_of
@corporate_actions
@watched
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), metavar="F", help="Write figures to F."
)
def command(**options: object) -> int:
    """Try many sets of parameters of a strategy over the same days, on all cores."""
    from velox.market.lots import Lots
    from velox.settings import load as load_settings
    from velox.strategy.params import parse_assignments
    from velox.sweep.folder import Folder
    from velox.sweep.heatmap import shown_axes
    from velox.sweep.prepare import SweepAsk, prepare
    from velox.sweep.run import run_sweep
    from velox.sweep.score import METRICS
    from velox.sweep.walk import parse_walk

    call = msgspec.convert(options, _Call)
    check_json(call.json_file)
    _check_cluster(call.on)
    configured = load_settings()
    settings = settings_of(call, configured)
    ask = SweepAsk(
        target=_target(call.strategy, configured.accounts),
        params=parse_assignments(call.params),
        catalog=call.catalog,
        instruments=listed(call.instruments),
        watched=listed(call.watched),
        first=call.first[0] if call.first else None,
        last=call.last[1] if call.last else None,
        data=call.data or "",
        facts_as_of=call.facts_as_of,
        actions=actions_of(call.corporate_actions),
        lots=Lots(configured.market.instrument_files),
        charges=call.charges,
        samples=call.samples,
        seed=call.seed,
        walk=parse_walk(call.walk_forward) if call.walk_forward else None,
    )
    prepared = prepare(ask, settings)
    shown_axes(prepared.space.swept, call.map_of)  # a wrong --map is refused now, not after the work
    folder = Folder(call.out or _usual_folder(call.strategy, prepared), prepared.about)
    try:
        # The cluster comes first: one that is not there leaves no folder behind.
        with _crew(call, prepared, folder) as (hire, workers), folder.held():
            click.echo(_opening(prepared, folder))
            with _bar() as tell:
                swept = run_sweep(prepared, folder, METRICS[call.metric], hire, workers, tell)
            _tell(call, prepared, folder, swept)
    except KeyboardInterrupt:
        click.echo(f"Stopped; {len(folder.kept):,} results are kept in {folder.path}: the same command goes on.")
        return ExitCode.INTERRUPTED
    return ExitCode.DONE


def _target(strategy: str, accounts: Collection[str]) -> str:
    """The strategy without an account: each set has the paper account for itself."""
    from velox.runtime.account import PAPER
    from velox.runtime.choose import plan_of

    plan = plan_of(strategy, {}, accounts)
    if plan.account != PAPER:
        raise BadInput(
            f"{strategy}: a sweep runs each set on the paper account alone: leave @{plan.account} out, "
            "and give its capital with --capital"
        )
    return plan.target


def _usual_folder(strategy: str, prepared: "Prepared") -> Path:
    """A folder of its own for each sweep, so that the same command finds it again."""
    digest = hashlib.sha256(msgspec.json.encode(prepared.about)).hexdigest()[:8]
    return Path("sweeps") / f"{Path(strategy.partition(':')[0]).stem}-{digest}"


def _opening(prepared: "Prepared", folder: "Folder") -> str:
    space = prepared.space
    left_out = f" ({space.left_out:,} left out: {space.why})" if space.left_out else ""
    windows = f", {len(prepared.windows)} windows" if prepared.windows else ""
    known = sum(outcome.figures is not None for outcome in folder.kept)
    before = f"; {known:,} results are there already" if known else ""
    return f"{_sets(len(space.sets))}{left_out}, {len(prepared.days)} days{windows}; results in {folder.path}{before}."


def _check_cluster(address: str | None) -> None:
    if address is not None:
        from velox.sweep.on_ray import check_address

        check_address(address)


@contextmanager
def _crew(call: _Call, prepared: "Prepared", folder: "Folder") -> "Iterator[tuple[Callable[[], Crew], int]]":
    """A way to hire workers, and how many."""
    from velox.sweep.run import cores, local_crew

    if call.on is None:
        yield local_crew(prepared, folder), call.jobs or cores()
        return
    from velox.sweep.on_ray import ray_crew

    with ray_crew(call.on, prepared) as (hire, workers):
        yield hire, min(call.jobs or workers, workers)


def _tell(call: _Call, prepared: "Prepared", folder: "Folder", swept: "Swept") -> None:
    from velox.sweep import heatmap, report
    from velox.sweep.score import METRICS, caution

    metric, swept_names = METRICS[call.metric], [axis.name for axis in prepared.space.swept]
    report.write_results(swept, folder.path)
    best = [] if swept.windows else report.best_sets(swept.outcomes, metric, call.top, swept_names)
    if swept.windows:
        lines = report.walk_lines(swept, swept_names)
    else:
        lines = report.aligned(best)
        told = heatmap.Page(
            title=f"{call.strategy}: {_sets(len(prepared.space.sets))}",
            about=prepared.about,
            caution=caution(swept.outcomes),
            synthetic=prepared.synthetic,
            best=best,
        )
        axes = heatmap.shown_axes(prepared.space.swept, call.map_of)
        (folder.path / "heatmap.html").write_text(heatmap.page(told, swept.outcomes, axes, metric))
        lines.append(caution(swept.outcomes))
    for line in [*lines, *_closing(prepared, folder.path, swept)]:
        click.echo(line)
    if call.json_file is not None:
        call.json_file.write_bytes(report.as_json(prepared, swept, metric, call.top))


def _closing(prepared: "Prepared", folder: Path, swept: "Swept") -> list[str]:
    failed = [outcome for outcome in swept.outcomes if outcome.figures is None]
    faulted = [outcome for outcome in swept.outcomes if outcome.figures and outcome.figures.faulted]
    shown = [f"{_params(outcome)}: failed: {outcome.failed}" for outcome in failed[:5]]
    if failed:
        shown.append(f"Failed: {_sets(len(failed))}; the same command tries again.")
    if faulted:
        said = faulted[0].figures.notes[0] if faulted[0].figures and faulted[0].figures.notes else ""
        shown.append(
            f"An error in a hook: {_sets(len(faulted))}, the first {_params(faulted[0])} ({said}); in the results, not "
            "among the best."
        )
    stint = swept.stint
    if stint.run:
        shown.append(
            f"{stint.run:,} back-tests in {stint.elapsed_ns / 1e9:.1f} s on {stint.workers} workers, "
            f"at work {stint.busy:.0%} of the time (their start included)."
        )
    files = "results.parquet, results.csv" + ("" if swept.windows else " and heatmap.html")
    shown.append(f"{folder} holds {files}.")
    if prepared.synthetic:
        shown.append("SYNTHETIC: these prices were generated; the result says nothing about the strategy.")
    return shown


def _sets(count: int) -> str:
    return f"{count:,} set{'' if count == 1 else 's'}"


def _params(outcome: "Outcome") -> str:
    return " ".join(f"{name}={value}" for name, value in outcome.job.params.items())


@contextmanager
def _bar() -> Iterator[Callable[[int, int, "Outcome | None"], None]]:
    """Show on a terminal how many sets are done and how long the others will take."""
    if not sys.stderr.isatty():
        yield lambda _done, _total, _outcome: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("sweep"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("sweep", total=None)
        yield lambda done, total, _outcome: progress.update(task, total=total, completed=done)

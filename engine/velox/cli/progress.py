"""How far long work has come, on a terminal; nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velox.backtest.run import Progress as Step

__all__ = ["days_bar", "steps_bar"]


@contextmanager
def days_bar(what: str) -> Iterator[Callable[["Step"], None]]:
    """Show days, a day counting as its rows are taken."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), TextColumn("{task.fields[day]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None, day="")

        def tell(step: "Step") -> None:
            done = step.days_done + step.rows_done / max(1, step.rows)
            progress.update(task, total=step.days, completed=done, day=step.day.isoformat())

        yield tell


@contextmanager
def steps_bar(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show how many of some equal steps are done."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)

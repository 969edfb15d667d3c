"""One day under a supervisor, seen by an operator: what `demo` and `paper` share."""

import asyncio
from pathlib import Path

import msgspec

from velox.errors import BadInput
from velox.runtime.plan import Plan
from velox.runtime.supervisor import Outcome, Supervisor
from velox.runtime.view import View

__all__ = ["Stage", "open_journal", "simulator_args", "watch"]


class Stage(msgspec.Struct, frozen=True):
    """How a day is shown and for how long."""

    title: str
    seconds: float | None = None
    quiet: bool = False


def open_journal(folder: Path) -> Path:
    """Check that a journal can lie here; an empty or absent folder begins a new one."""
    try:
        if folder.exists() and not folder.is_dir():
            raise BadInput(f"{folder} is a file: a journal is a folder")
        held = [p for p in folder.iterdir() if p.suffix != ".vj"] if folder.is_dir() else []
        strangers = [p.name for p in held if p.name not in ("LOCK", "mark", "watermark", "engine.sock", "facts")]
        if strangers and not any(folder.glob("*.vj")):
            raise BadInput(f"{folder} holds {strangers[0]} and no journal: name an empty or new folder")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"the journal {folder} cannot be made: {error.strerror}") from None
    return folder


def simulator_args(path: str | None, plan: Plan) -> list[str] | None:
    """The simulator's command line for a plan; None when nothing is to be simulated."""
    if plan.feed != "socket":
        return None
    args = ["--broker", "smartapi", "--speed", "max" if plan.speed is None else repr(plan.speed)]
    if path is not None:
        args += ["--day", path]
    if plan.start is not None:
        args += ["--from", plan.start]
    if plan.facts_as_of is not None:
        args += ["--facts-as-of", plan.facts_as_of]
    if plan.corporate_actions:
        args += ["--corporate-actions", plan.corporate_actions]
    return args


def watch(plan: Plan, simulator: list[str] | None, stage: Stage) -> Outcome:
    """Run a plan to its end and show it."""
    with View(stage.title, quiet=stage.quiet) as view:
        return asyncio.run(Supervisor(plan, simulator, view.hear).run(stage.seconds))

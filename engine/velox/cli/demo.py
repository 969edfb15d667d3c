"""`velox demo`: a whole trading day here and now: simulator, engine and strategies on paper, over loopback."""

import datetime as dt
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from velox.cli.words import SecondsWord, SpeedWord, check_json, checked_actions, corporate_actions, facts_as_of

if TYPE_CHECKING:
    from velox.research.days import Day
    from velox.runtime.plan import Plan
    from velox.runtime.supervisor import Outcome

__all__ = ["command"]

_SPEED = 400.0  # a session of 6 h 45 min in about a minute


class _Call(msgspec.Struct):
    day: str | None
    strategy: str | None
    speed: float | None
    seconds: float | None
    journal: Path | None
    feed: str
    json_file: Path | None
    facts_as_of: dt.date | None
    corporate_actions: Path | None


@click.command()
@click.option("--day", metavar="FILE_OR_DIR", help="Recording, folder or catalogue; default: the generated day.")
@click.option("--strategy", metavar="FILE.py", help="Run this strategy instead of the shipped ones.")
@click.option(
    "--speed", default=str(_SPEED), type=SpeedWord(), metavar="N|max", show_default=True, help="Times real time."
)
@click.option("--seconds", type=SecondsWord(), metavar="S", help="Stop S seconds after the start-up.")
@click.option("--journal", type=click.Path(path_type=Path), metavar="DIR", help="Keep the journal here.")
@click.option(
    "--feed", type=click.Choice(["socket", "direct"]), default="socket", help="Through the wire, or read here."
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), metavar="F", help="Write figures to F."
)
@facts_as_of
@corporate_actions
def command(**options: object) -> None:
    """Trade a whole day on paper here, now: simulator, engine and strategies over loopback."""
    from velox.market.lots import Lots
    from velox.research.days import open_day
    from velox.runtime.report import as_json, lines
    from velox.runtime.run import Stage, simulator_args, watch
    from velox.settings import load as load_settings

    call = msgspec.convert(options, _Call)
    check_json(call.json_file)
    lots = Lots(load_settings().market.instrument_files)
    day = open_day(call.day, facts_as_of=call.facts_as_of, lots=lots)
    plan = _plan(call, day)
    for line in (_headline(call, day, plan), *day.left_out()):
        click.echo(line)
    outcome = watch(plan, simulator_args(call.day, plan), Stage(f"Velox demo {day.date}", call.seconds))
    for line in lines(outcome, day.synthetic):
        click.echo(line)
    if call.json_file is not None:
        call.json_file.write_bytes(as_json(outcome, day.synthetic))
    _next_steps(plan, outcome)


def _plan(call: _Call, day: "Day") -> "Plan":
    from velox.runtime.choose import check_strategies, shipped_on
    from velox.runtime.plan import Plan
    from velox.runtime.run import open_journal
    from velox.settings import load as load_settings

    settings = load_settings()  # every fault is told before anything starts
    facts = day.facts
    named = [] if call.strategy is None else [call.strategy]
    chosen = check_strategies(named, {}, facts, day, settings) if named else shipped_on(day)
    return Plan(
        journal=str(open_journal(call.journal or _fresh_journal())),
        strategies=chosen,
        date=day.date.isoformat(),
        facts_as_of=facts.stand_in,
        corporate_actions=checked_actions(call.corporate_actions),
        watched=[item.name for item in day.instruments],
        day=call.day,
        feed="direct" if call.feed == "direct" else "socket",
        speed=call.speed,
    )


def _fresh_journal() -> Path:
    from velox.clock import wall_ns
    from velox.market.calendar import IST

    now = dt.datetime.fromtimestamp(wall_ns() / 1e9, IST)
    return Path("var") / "demo" / now.strftime("%Y%m%d-%H%M%S-%f")


def _headline(call: _Call, day: "Day", plan: "Plan") -> str:
    kind = f"{day.stamp} " if day.synthetic else ""
    pace = "as fast as it goes" if call.speed is None else f"at {call.speed:g}× real time"
    way = "over a real WebSocket on loopback" if plan.feed == "socket" else "read directly"
    held = f"{len(day.instruments)} instrument{'' if len(day.instruments) == 1 else 's'}"
    return f"{kind}{day.date}: {held}, {way}, {pace}; journal {plan.journal}"


def _next_steps(plan: "Plan", outcome: "Outcome") -> None:
    journal = shlex.quote(plan.journal)
    held = outcome.done.summary["strategies"]
    name = held[0]["name"] if held else "MyStrategy"
    click.echo("Next:")
    steps = {
        f"velox replay {journal} --verify": "the same decisions again, bit for bit",
        f"velox replay {journal} --show orders": f"every order of {name} and the others",
        "velox new my_strategy": "a strategy of your own",
    }
    width = max(map(len, steps))
    for step, meaning in steps.items():
        click.echo(f"  {step:{width}}  # {meaning}")

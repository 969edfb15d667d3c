"""`velox paper`: strategies on paper; started again on the same journal it goes on where it ended."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from velox.cli.stopping import stopping
from velox.cli.words import (
    SecondsWord,
    SpeedWord,
    TimeWord,
    checked_actions,
    corporate_actions,
    facts_as_of,
    watched,
)

if TYPE_CHECKING:
    from velox.research.days import Day
    from velox.runtime.plan import Plan
    from velox.settings import Settings

__all__ = ["command"]

_SPEED = 400.0


class _Call(msgspec.Struct):
    strategies: list[str]
    params: list[str]
    journal: Path | None
    day: str | None
    start: object
    speed: float | None
    seconds: float | None
    json_file: Path | None
    facts_as_of: dt.date | None
    corporate_actions: Path | None
    watched: str | None


@click.command()
@click.argument("strategies", nargs=-1, required=True, metavar="FILE.py[:Class][@ACCOUNT]…")
@click.option("-p", "params", multiple=True, metavar="k=v", help="A parameter, for every strategy that has it.")
@click.option("--journal", type=click.Path(path_type=Path), metavar="DIR", help="Where the journal lies.")
@click.option("--day", metavar="FILE_OR_DIR", help="What the simulator plays; default: the generated day.")
@click.option("--from", "start", type=TimeWord(), metavar="HH:MM:SS", help="Begin the simulated day at this time.")
@click.option(
    "--speed", default=str(_SPEED), type=SpeedWord(), metavar="N|max", show_default=True, help="Of the simulator."
)
@click.option("--seconds", type=SecondsWord(), metavar="S", help="Stop S seconds after the start-up.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), metavar="F", help="Write figures to F."
)
@facts_as_of
@corporate_actions
@watched
def command(**options: object) -> None:
    """Trade strategies on paper; started again on the same journal, it goes on where it ended.

    \b
    Examples:
      velox paper ema_cross.py -p symbol=NSE:INFY
      velox paper ema_cross.py@one ema_cross.py@two    # [accounts.one] and [accounts.two] of velox.toml
    """
    from velox.runtime.report import as_json, lines
    from velox.runtime.run import Stage, simulator_args, watch
    from velox.settings import load as load_settings

    call = msgspec.convert(options, _Call)
    settings = load_settings()
    with stopping("stopped before the day began: nothing was traded, and the same command begins it"):
        day = _day(call, settings)
        plan = _plan(call, settings, day)
    for line in (_headline(plan, day), *(day.left_out() if day is not None else [])):
        click.echo(line)
    args = simulator_args(call.day, plan) if day is not None else None
    outcome = watch(plan, args, Stage(f"Velox paper {plan.date}", call.seconds))
    synthetic = day is not None and day.synthetic
    for line in lines(outcome, synthetic):
        click.echo(line)
    if call.json_file is not None:
        call.json_file.write_bytes(as_json(outcome, synthetic))


def _day(call: _Call, settings: "Settings") -> "Day | None":
    """What the simulator plays; None when a feed is configured."""
    from velox.errors import BadInput
    from velox.market.lots import Lots
    from velox.research.days import open_day

    if settings.feed.smartapi is None:
        return open_day(call.day, facts_as_of=call.facts_as_of, lots=Lots(settings.market.instrument_files))
    if call.day is not None:
        raise BadInput(f"--day {call.day} is for the simulator, but [feed.smartapi] is configured: leave one out")
    if call.facts_as_of is not None:
        raise BadInput("--facts-as-of is for days that are played: a live day trades by its own facts or not at all")
    return None


def _plan(call: _Call, settings: "Settings", day: "Day | None") -> "Plan":
    from velox.clock import wall_ns
    from velox.market.calendar import IST
    from velox.market.facts import load
    from velox.runtime.choose import check_strategies
    from velox.runtime.plan import Plan
    from velox.runtime.run import open_journal
    from velox.strategy.params import parse_assignments

    facts = day.facts if day is not None else load(dt.datetime.fromtimestamp(wall_ns() // 1_000_000_000, IST).date())
    chosen = check_strategies(call.strategies, parse_assignments(call.params), facts, day, settings)
    return Plan(
        journal=str(open_journal(call.journal or settings.journal.dir)),
        strategies=chosen,
        date=facts.date.isoformat(),
        facts_as_of=facts.stand_in,
        corporate_actions=checked_actions(call.corporate_actions),
        watched=_watched(call, day),
        day=call.day,
        feed="live" if day is None else "socket",
        speed=call.speed,
        start=str(call.start) if call.start is not None else None,
    )


def _watched(call: _Call, day: "Day | None") -> list[str]:
    """Of a day that plays every instrument, of a live one those that are asked for."""
    from velox.cli.account import listed
    from velox.errors import BadInput

    asked = listed(call.watched)
    if day is None:
        return asked
    names = [item.name for item in day.instruments]
    for name in asked:
        if name not in names:
            raise BadInput(f"--watch {name}: the day does not hold it; it holds {', '.join(sorted(names)[:8])}")
    return names


def _headline(plan: "Plan", day: "Day | None") -> str:
    if day is None:
        return f"Paper trading {plan.date} on the live feed; journal {plan.journal}"
    kind = f"the generated day ({day.stamp})" if day.synthetic else "a recorded day"
    pace = "as fast as it goes" if plan.speed is None else f"at {plan.speed:g}× real time"
    return (
        f"No feed is configured, so the simulator plays {kind} of {day.date} {pace}; journal {plan.journal}. "
        "Set [feed.smartapi] in velox.toml for live ticks."
    )

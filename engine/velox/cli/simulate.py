"""`velox simulate`: plays the broker on this machine until it is told to stop."""

import asyncio
import contextlib
import datetime as dt
import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from velox.cli.words import SpeedWord, TimeWord, actions_of, corporate_actions, facts_as_of
from velox.errors import BadInput

if TYPE_CHECKING:
    from velox.research.days import Day
    from velox.simulator.server import Simulator

__all__ = ["command"]

_PARENT_LOOK_S = 0.25


class _Call(msgspec.Struct):
    """What the command line says, by the names of its parameters."""

    broker: str
    port: int
    day: str | None
    start: dt.time | None
    speed: float | None
    seed: int | None
    instruments: Path | None
    parent_pid: int | None
    facts_as_of: dt.date | None
    corporate_actions: Path | None


@click.command()
@click.option("--broker", required=True, type=click.Choice(["smartapi"]), help="Whose interface to play.")
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), metavar="P", help="Port on this machine; 0: a free one."
)
@click.option("--day", metavar="FILE_OR_DIR", help="Recording, folder or catalogue; default: the generated day.")
@click.option("--from", "start", type=TimeWord(), metavar="HH:MM:SS", help="Begin at this time of the day (IST).")
@click.option(
    "--speed", default="1", type=SpeedWord(), metavar="N|max", help="Times real time, or as the client reads."
)
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Generate another day from this seed.")
@click.option("--instruments", type=click.Path(path_type=Path), metavar="FILE", help="The broker's instrument file.")
@facts_as_of
@corporate_actions
@click.option("--parent-pid", type=int, hidden=True)
def command(**options: object) -> None:
    """Play a broker on this machine: login, instruments, candles and live ticks of one day."""
    import uvloop

    call = msgspec.convert(options, _Call)
    if call.day is not None and call.seed is not None:
        raise BadInput(f"--day {call.day} and --seed {call.seed} exclude each other: a seed generates its own day")
    with contextlib.ExitStack() as held:
        uvloop.run(_serve(_simulator(call, held), call))


def _simulator(call: _Call, held: contextlib.ExitStack) -> tuple["Simulator", "Day"]:
    from velox.market.instruments import InstrumentBook
    from velox.simulator.server import Options, Simulator

    day = _day(call, held)
    for note in (*day.notes, *([day.facts.loaded.notes[0]] if day.facts.stand_in else [])):
        click.echo(f"note: {note}", err=True)
    book = None if call.instruments is None else InstrumentBook.from_file(call.instruments)
    return Simulator(day, Options(port=call.port, speed=call.speed, start=call.start), book=book), day


def _day(call: _Call, held: contextlib.ExitStack) -> "Day":
    from velox.market.lots import Lots
    from velox.research.days import open_day
    from velox.settings import load

    if call.seed is None:
        lots = Lots(load().market.instrument_files)
        day = open_day(call.day, facts_as_of=call.facts_as_of, lots=lots)
        day.actions = actions_of(call.corporate_actions)
        return day
    from velox.research.catalog import Catalog
    from velox.simulator.session import Plan, generate

    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="velox-day-")))
    plan = Plan(seed=call.seed)
    generate(plan, Catalog(folder))
    return open_day(f"{folder}@{plan.first}")


async def _serve(made: tuple["Simulator", "Day"], call: _Call) -> None:
    simulator, day = made
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    watch = loop.create_task(_watch_parent(call.parent_pid, stopped))
    async with simulator:
        click.echo(_line(simulator, day))
        await stopped.wait()
    watch.cancel()


def _line(simulator: "Simulator", day: "Day") -> str:
    """One line of TOML that stands as it is under [feed]; these credentials are made up, so they may be shown."""
    account = simulator.options.accounts[0]
    settings = {
        "client_code": account.client_code,
        "api_key": account.api_key.reveal(),
        "pin": account.pin.reveal(),
        "totp_secret": account.totp_secret.reveal(),
        "rest_url": simulator.rest_url,
        "ws_url": simulator.ws_url,
    }
    speed = simulator.options.speed
    told = [day.stamp] if day.synthetic else []
    told += [str(day.date), f"{len(day.instruments)} instruments", f"{len(simulator.exchange.rows)} rows"]
    told.append("as fast as the client reads" if speed is None else f"{speed:g} x real time")
    values = ", ".join(f'{key} = "{value}"' for key, value in settings.items())
    return f"smartapi = {{ {values} }}  # {', '.join(told)}"


async def _watch_parent(pid: int | None, stopped: asyncio.Event) -> None:
    """Stop when the process that asked for it is gone; a parent that dies leaves this process to another one."""
    if pid is None:
        return
    is_child = os.getppid() == pid
    while os.getppid() == pid if is_child else _alive(pid):
        await asyncio.sleep(_PARENT_LOOK_S)
    stopped.set()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

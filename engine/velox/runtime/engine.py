"""The engine process: one owner thread on one loop runs one day on one journal, and says so in JSON lines."""

import asyncio
import datetime as dt
import gc
import hashlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

import velox_core
from velox.clock import monotonic_ns, wall_ns
from velox.errors import BadInput, ExitCode, Fatal, VeloxError
from velox.events import ClockMode
from velox.market.calendar import IST
from velox.market.corporate_actions import NO_ACTIONS, read_actions
from velox.market.facts import Facts, load
from velox.market.lots import Lots
from velox.research.days import open_day
from velox.runtime import notes
from velox.runtime.account import limits_lines
from velox.runtime.channel import Channel
from velox.runtime.commands import CommandServer
from velox.runtime.hookwatch import HookWatch
from velox.runtime.levels import level_lines
from velox.runtime.plan import Done, Failed, Hello, Plan, Status
from velox.runtime.sources import DirectSource, SocketSource, Source
from velox.runtime.trading import TradingDay, session_date
from velox.settings import Settings, SmartapiSettings
from velox.settings import load as load_settings
from velox.simulator.accounts import DEFAULT_ACCOUNT
from velox.simulator.exchange import Exchange

__all__ = ["Engine", "main", "run"]

_AFTER_END_NS = 1_500_000_000
_STOP_WITHIN_S = 4.0


class Engine:
    """One run of the engine: from an open journal to its close."""

    def __init__(self, plan: Plan, settings: Settings, channel: Channel) -> None:
        self.plan = plan
        self.settings = settings
        self.channel = channel
        self.actions = read_actions(Path(plan.corporate_actions)) if plan.corporate_actions else NO_ACTIONS
        self.core = self._open_core()
        self.source: Source | None = None
        self.hooks = HookWatch(self.core, settings.engine, channel)

    def _open_core(self) -> velox_core.Core:
        journal, created_ns = Path(self.plan.journal), wall_ns()
        digest = hashlib.sha256(repr(self.settings).encode()).digest()
        pace = _pace(self.settings)
        if not journal.exists() or not any(journal.glob("*.vj")):
            return velox_core.Core(journal, panic_at=_planted(), config_digest=digest, created_ns=created_ns, pace=pace)
        return velox_core.Core(
            journal,
            recover=True,
            skip=self.plan.skip,
            panic_at=_planted(),
            config_digest=digest,
            created_ns=created_ns,
            pace=pace,
        )

    async def run(self) -> Done:
        """Run the day to its end or to a stop."""
        core = self.core
        date = self._date()
        known = _frames(core.summary()) if session_date(core) == date else 0
        if known and _is_over(core.summary()):
            self.channel.say(f"The day {date} was finished already: nothing is traded again.")
            return Done(core.summary(), True, known, 0.0)
        _check_date(core, date, self.plan.journal)
        facts = load(date, as_of=self._facts_as_of())
        _check_facts(core, facts, self.plan.journal)
        self.source = self._source(known)
        book = await self.source.book()
        self.hooks.start()
        trading = TradingDay(core, self.settings, facts, book, self.plan, self.actions)
        lines = _recovery_lines(core.recovery())
        if known:
            lines += trading.go_on()
        else:
            # Also where a death interrupted it: what is journalled already is not journalled again.
            clock = ClockMode.WALL if self.plan.feed == "live" else ClockMode.DATA
            await trading.begin(self.plan.watched, self.source.history, clock)
            names = {instance.spec.name for instance in trading.instances}
            lines += [
                *limits_lines(self.settings, list(trading.accounts)),
                *level_lines(self.settings, names),
                *facts.loaded.notes,
            ]
        lost = trading.hook_names((core.recovery() or {}).get("hooks_in_flight", []))
        if lost:
            lines.append(f"Hooks of the record in flight were not run again: {', '.join(lost)}.")
        self.channel.tell(Hello(os.getpid(), core.as_of(), core.recovery(), lost, lines))
        self.channel.tell(Status(core.summary(), core.markets()))  # a death is told with names from it
        return await self._play([market["name"] for market in core.markets()])

    async def _play(self, names: list[str]) -> Done:
        assert self.source is not None
        self.core.exit_on_panic()
        _settle_memory()
        self.hooks.settle()
        began_ns, finished, known = monotonic_ns(), False, self.core.summary()["ticks"]
        async with CommandServer(self.core, Path(self.plan.journal)):
            status = asyncio.get_running_loop().create_task(self._report())
            try:
                finished = await self.source.play(names)
            finally:
                status.cancel()
        elapsed_s = (monotonic_ns() - began_ns) / 1e9
        self._pass_on()
        await self.source.close()
        summary = self.core.summary()
        self.hooks.look(summary["strategies"])
        return Done(summary, finished, self.source.sent, elapsed_s, summary["ticks"] - known)

    def _pass_on(self) -> None:
        """What owners of strategies should read."""
        names = [name for _, name, _, _ in self.core.instances()]
        for line in notes.lines(self.core.take_notes(), names):
            self.channel.say(line)

    def _date(self) -> dt.date:
        if self.plan.feed == "live":
            return dt.datetime.fromtimestamp(wall_ns() // 1_000_000_000, IST).date()
        return dt.date.fromisoformat(self.plan.date)

    def _facts_as_of(self) -> dt.date | None:
        return dt.date.fromisoformat(self.plan.facts_as_of) if self.plan.facts_as_of is not None else None

    def _source(self, known: int) -> Source:
        match self.plan.feed:
            case "direct":
                start = None if self.plan.start is None else dt.time.fromisoformat(self.plan.start)
                lots = Lots(self.settings.market.instrument_files)
                day = open_day(self.plan.day, facts_as_of=self._facts_as_of(), lots=lots)
                day.actions = self.actions
                return DirectSource(self.core, Exchange(day, start=start), self.plan.speed, known)
            case "socket":
                return SocketSource(self.core, _simulated(self.plan), known, self.channel.say)
            case "live":
                smartapi = self.settings.feed.smartapi
                if smartapi is None:
                    raise BadInput("no feed is configured: set [feed.smartapi] in velox.toml")
                return SocketSource(self.core, smartapi, None, self.channel.say)

    async def _report(self) -> None:
        parent = self.plan.parent_pid or os.getppid()
        while True:
            await asyncio.sleep(self.plan.status_every_s)
            if (os.getppid() != parent or self.channel.broken) and self.source is not None:
                self.source.stop()  # nobody is left to start this engine again or to hear it
            summary = self.core.summary()
            self.hooks.look(summary["strategies"])
            self._pass_on()
            self.channel.tell(Status(summary, self.core.markets()))


def _pace(settings: Settings) -> tuple[int, int, int, int]:
    """How often the journal is synced (ms, bytes) and snapshotted (ns, records)."""
    journal = settings.journal
    snapshot_ns = journal.snapshot_minutes * 60 * 1_000_000_000
    return journal.sync_ms, journal.sync_kb << 10, snapshot_ns, journal.snapshot_records


def _planted() -> int:
    """The sequence from which on a test wants the next input to panic in the core."""
    return int(os.environ.get("VELOX_PANIC_AT_SEQ", "0"))


def _frames(summary: dict[str, Any]) -> int:
    """How many frames of the day are in the journal, those included that killed an engine and are skipped."""
    return int(summary["ticks"]) + int(summary["skipped_ticks"])


def _check_date(core: velox_core.Core, date: dt.date, journal: str) -> None:
    """A journal goes forward in time alone."""
    come_to = session_date(core)
    if come_to is not None and date < come_to:
        raise BadInput(
            f"the journal {journal} has come to {come_to} and cannot go back to {date}: give another --journal"
        )


def _check_facts(core: velox_core.Core, facts: Facts, journal: str) -> None:
    """A day that was begun goes on by the facts that it was begun with."""
    if session_date(core) != facts.date:
        return
    begun = core.summary()["notes"] or []
    if begun != facts.loaded.notes:
        told = "; ".join(begun) or "its own facts"
        raise BadInput(f"the journal {journal} began {facts.date} by other facts ({told}): give the same --facts-as-of")


def _is_over(summary: dict[str, Any]) -> bool:
    end_ns = summary["end_ns"]
    return end_ns is not None and summary["now_ns"] >= end_ns + _AFTER_END_NS


def _simulated(plan: Plan) -> SmartapiSettings:
    account = DEFAULT_ACCOUNT
    return SmartapiSettings(
        client_code=account.client_code,
        api_key=account.api_key,
        pin=account.pin,
        totp_secret=account.totp_secret,
        rest_url=plan.rest_url,
        ws_url=plan.ws_url,
    )


def _recovery_lines(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return []
    lines = [f"Recovered: {found['inputs']} records after the last Snapshot, up to {found['last_seq']}."]
    if found["torn"]:
        lines.append(f"A torn tail was cut: {found['torn']}.")
    if found["synced_but_lost"]:
        lines.append(f"{found['synced_but_lost']} records were called durable and are gone: the disk lied or was cut.")
    if found["skipped"]:
        numbers = ", ".join(map(str, found["skipped"]))
        lines.append(
            f"ALARM: record {numbers}, which killed the engine twice, was skipped; positions can only be reduced "
            "until `velox resume`."
        )
    return lines


def _settle_memory() -> None:
    """Collect once and freeze: from now on no automatic collection stalls the loop."""
    gc.collect()
    gc.freeze()
    gc.disable()


def _closed(core: velox_core.Core) -> Exception | None:
    """Close the journal; returns why that failed, so that it hides no earlier failure."""
    try:
        core.close()
    except (velox_core.CoreError, RuntimeError) as error:  # RuntimeError: the core panicked before
        return error
    return None


async def run(plan: Plan, settings: Settings, channel: Channel) -> int:
    """Run a plan to its end; returns the exit status."""
    engine = Engine(plan, settings, channel)
    loop = asyncio.get_running_loop()
    work = loop.create_task(engine.run())

    def stop() -> None:
        if engine.source is not None:
            engine.source.stop()
            loop.call_later(_STOP_WITHIN_S, work.cancel)
        else:
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        done = await work
    except asyncio.CancelledError:
        done = Done(engine.core.summary(), False, 0, 0.0)
    finally:
        failure = _closed(engine.core)
    if failure is not None:
        raise failure  # what the disk refused is missing from the journal: the day is not done
    channel.tell(done)
    return ExitCode.DONE


def main() -> None:
    """Read a plan from standard input and run it."""
    import uvloop

    channel = Channel.instead_of(sys.stdout.fileno(), sys.stderr.fileno())  # a strategy may print
    try:
        plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
        # Absolute: nobody knows whether the working folder stays the same.
        plan = msgspec.structs.replace(plan, journal=str(Path(plan.journal).absolute()))
        Path(plan.journal).mkdir(parents=True, exist_ok=True)
        status = uvloop.run(run(plan, load_settings(), channel))
    except Fatal as error:
        channel.tell(Failed(error.exit_code, str(error)))
        status = error.exit_code
    except VeloxError as error:
        channel.tell(Failed(ExitCode.BAD_INPUT, str(error)))
        status = ExitCode.BAD_INPUT
    except velox_core.CoreError as error:
        channel.tell(Failed(error.exit_code, error.sentence))
        status = error.exit_code
    except OSError as error:
        if error.filename is None:
            raise
        sentence = f"the journal stopped: {error.filename} cannot be used ({error.strerror})"
        channel.tell(Failed(ExitCode.JOURNAL_STOPPED, sentence))
        status = ExitCode.JOURNAL_STOPPED
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        # The core is poisoned: nothing may be written any more, the supervisor starts anew.
        sys.stderr.write(f"the core panicked: {error}\n")
        os._exit(ExitCode.POISONED)
    channel.finish()
    sys.exit(status)


if __name__ == "__main__":
    main()

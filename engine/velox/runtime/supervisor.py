"""The parent of a trading day: starts simulator and engine, and starts the engine again when it dies."""

import asyncio
import contextlib
import os
import signal
import sys
import tomllib
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

import velox_core
from velox.clock import monotonic_ns
from velox.errors import ExitCode, Fatal
from velox.runtime.plan import Done, Failed, Hello, Message, Plan, Said, decode

__all__ = ["Interruption", "Outcome", "Supervisor"]

_STOP_WITHIN_S = 5.0
_DEATHS_MAX = 5
_SIMULATOR_NICE = 5
_ENGINE_NICE = -10
_ENGINE_PRIORITY = 10
_OWN_DEATHS = (ExitCode.POISONED, -signal.SIGABRT)
_SIMULATOR = "import sys; from velox.cli import run; sys.exit(run(sys.argv[1:]))"


class Interruption(msgspec.Struct, frozen=True):
    """One death of the engine and what was done about it."""

    status: int
    seq: int
    doing: str
    back_after_s: float
    measures: str


class Outcome(msgspec.Struct, frozen=True):
    """How the day went."""

    done: Done
    interruptions: list[Interruption]


class Supervisor:
    """Runs a plan to its end; `simulator` is the command line of the simulator's child, if there is one."""

    def __init__(self, plan: Plan, simulator: Sequence[str] | None, hear: Callable[[Message], None]) -> None:
        self._plan = plan
        self._simulator_args = simulator
        self._hear = hear
        self._simulator: Process | None = None
        self._engine: Process | None = None
        self._stopping = False
        self._died_ns = 0
        self._deaths_at: dict[int, int] = {}
        self._last_seq = -1
        self._without_progress = 0
        self._interruptions: list[Interruption] = []

    async def run(self, seconds: float | None = None) -> Outcome:
        """Run until the day is over, `seconds` of wall time have passed or `stop` is called."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        timer = loop.call_later(seconds, self.stop) if seconds is not None else None
        try:
            if self._simulator_args is not None:
                await self._start_simulator(self._simulator_args)
            return Outcome(await self._run_engine(), self._interruptions)
        finally:
            if timer is not None:
                timer.cancel()
            await _end(self._engine)
            await _end(self._simulator)

    def stop(self) -> None:
        """End the day in order, within five seconds."""
        self._stopping = True
        if self._engine is not None and self._engine.returncode is None:
            self._engine.terminate()

    async def _start_simulator(self, args: Sequence[str]) -> None:
        command = [sys.executable, "-c", _SIMULATOR, "simulate", *args, "--parent-pid", str(os.getpid())]
        self._simulator = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
        _lower(self._simulator.pid)
        assert self._simulator.stdout is not None and self._simulator.stderr is not None
        line = await self._simulator.stdout.readline()
        if not line:
            words = (await self._simulator.stderr.read()).decode(errors="replace").strip()
            status = await self._simulator.wait()
            raise Fatal(status, words.removeprefix("velox: ") or "the simulator ended at once")
        settings: dict[str, Any] = tomllib.loads(line.decode())["smartapi"]
        self._plan = msgspec.structs.replace(self._plan, rest_url=settings["rest_url"], ws_url=settings["ws_url"])

    async def _run_engine(self) -> Done:
        while True:
            ended = await self._one_engine()
            if isinstance(ended, Done):
                return ended
            if isinstance(ended, Failed):
                raise Fatal(ended.exit_code, ended.sentence)
            self._died_ns = monotonic_ns()
            self._note_death(ended)

    async def _one_engine(self) -> Done | Failed | int:
        """Run one engine process; returns its last word, or its status when it died."""
        command = [sys.executable, "-m", "velox.runtime.engine"]
        engine = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, start_new_session=True, limit=1 << 24
        )
        self._engine = engine
        if self._plan.speed is not None or self._plan.feed == "live":
            _raise_priority(engine.pid)
        assert engine.stdin is not None and engine.stdout is not None
        engine.stdin.write(msgspec.json.encode(self._plan))
        engine.stdin.close()
        if self._stopping:
            engine.terminate()
        last: Done | Failed | None = None
        async for line in engine.stdout:
            with contextlib.suppress(msgspec.DecodeError):
                last = self._take(decode(line)) or last
        status = await engine.wait()
        return last if last is not None else status

    def _take(self, message: Message) -> Done | Failed | None:
        if isinstance(message, Done | Failed):
            return message
        if isinstance(message, Hello):
            self._note_return()
        self._hear(message)
        return None

    def _note_return(self) -> None:
        if self._interruptions and self._interruptions[-1].back_after_s == 0:
            back_s = (monotonic_ns() - self._died_ns) / 1e9
            last = msgspec.structs.replace(self._interruptions[-1], back_after_s=back_s)
            self._interruptions[-1] = last
            self._hear(Said(f"The engine is back after {back_s:.1f} s ({last.measures})."))

    def _note_death(self, status: int) -> None:
        """Decide what the next engine must do differently."""
        doing = velox_core.last_doing(self._plan.journal) or {"seq": 0, "phase": "idle", "instance": 0}
        seq, own = doing["seq"], status in _OWN_DEATHS
        self._without_progress = self._without_progress + 1 if seq == self._last_seq else 0
        self._last_seq = seq
        measures = "it goes on where its journal ends"
        if own and doing["phase"] == "applying":
            self._deaths_at[seq] = self._deaths_at.get(seq, 0) + 1
            if self._deaths_at[seq] >= 2:
                self._plan = msgspec.structs.replace(self._plan, skip=[*self._plan.skip, seq])
                measures = f"it skips record {seq}, at which it died twice: the account may only reduce"
        elif own and doing["phase"] == "hook":
            quarantine = sorted({*self._plan.quarantine, doing["instance"]})
            self._plan = msgspec.structs.replace(self._plan, quarantine=quarantine)
            measures = f"instance {doing['instance']}, whose hook ended it, is quarantined"
        self._interruptions.append(Interruption(status, seq, doing["phase"], 0.0, measures))
        self._hear(Said(f"The engine died ({_reason(status)}) at record {seq}; it is started again."))
        if self._without_progress >= _DEATHS_MAX:
            raise Fatal(
                ExitCode.GAVE_UP, f"the engine died {_DEATHS_MAX + 1} times at record {seq}: it is not started again"
            )


def _reason(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def _lower(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _SIMULATOR_NICE)


def _raise_priority(pid: int) -> None:
    """Real-time round robin where it is permitted, else a better nice value, else nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(_ENGINE_PRIORITY))
            return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _ENGINE_NICE)


async def _end(process: Process | None) -> None:
    """End a child in order, and for sure."""
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_WITHIN_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

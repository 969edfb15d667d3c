"""The parent of a trading day: starts simulator and engine, and starts the engine again when it dies."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence

import msgspec

import velox_core
from velox.clock import monotonic_ns
from velox.errors import ExitCode, Fatal
from velox.runtime.children import SimulatorChild, end_process
from velox.runtime.deaths import Deaths, Interruption
from velox.runtime.plan import Done, Failed, Hello, Message, Plan, Said, Status, decode

__all__ = ["Outcome", "Supervisor"]

_STOP_WITHIN_S = 5.0
_ENGINE_NICE = -10
_ENGINE_PRIORITY = 10
_LINE_MAX = 1 << 24


class Outcome(msgspec.Struct, frozen=True):
    """How the day went."""

    done: Done
    interruptions: list[Interruption]
    simulator_restarts: int = 0


class Supervisor:
    """Runs a plan to its end; `simulator` is the command line of the simulator's child, if there is one."""

    def __init__(self, plan: Plan, simulator: Sequence[str] | None, hear: Callable[[Message], None]) -> None:
        self._plan = msgspec.structs.replace(plan, parent_pid=os.getpid())
        self._simulator_args = simulator
        self._hear = hear
        self._engine: Process | None = None
        self._stopping = False
        self._was_up = False
        self._deaths = Deaths()
        self._died_ns: list[int] = []
        self._interruptions: list[Interruption] = []
        self._names: dict[int, str] = {}
        self._seconds: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, seconds: float | None = None) -> Outcome:
        """Run until the day is over, `stop` is called or `seconds` have passed on the wall since an engine was up."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # as `nohup` leaves it
                loop.add_signal_handler(number, self.stop)
        self._seconds = seconds
        try:
            return await self._with_simulator()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await end_process(self._engine)

    def stop(self) -> None:
        """End the day in order, within five seconds."""
        if not self._stopping:
            self._stopping = True
            asyncio.get_running_loop().call_later(_STOP_WITHIN_S, self._signal_engine, signal.SIGKILL)
        self._signal_engine(signal.SIGTERM)

    def _signal_engine(self, number: signal.Signals) -> None:
        if self._engine is not None and self._engine.returncode is None:
            self._engine.send_signal(number)

    async def _with_simulator(self) -> Outcome:
        if self._simulator_args is None:
            return Outcome(await self._run_engine(None), self._interruptions)
        async with SimulatorChild(self._simulator_args, lambda line: self._hear(Said(line))) as simulator:
            self._plan = msgspec.structs.replace(self._plan, **simulator.urls)
            watching = asyncio.create_task(simulator.watch())
            running = asyncio.create_task(self._run_engine(simulator))
            try:
                await asyncio.wait([watching, running], return_when=asyncio.FIRST_COMPLETED)
                if not running.done():
                    watching.result()  # the day cannot go on without it
                return Outcome(running.result(), self._interruptions, simulator.restarts)
            finally:
                for task in (watching, running):
                    task.cancel()
                await asyncio.gather(watching, running, return_exceptions=True)

    async def _run_engine(self, simulator: SimulatorChild | None) -> Done:
        while True:
            restarts = simulator.restarts if simulator is not None else 0
            ended = await self._one_engine()
            if isinstance(ended, Done):
                return ended
            if isinstance(ended, Failed):
                if simulator is not None and simulator.restarts > restarts and not self._stopping:
                    continue  # it could not reach a simulator that has come back meanwhile
                raise Fatal(ended.exit_code, ended.sentence)
            self._note_death(ended)

    async def _one_engine(self) -> Done | Failed | int:
        """Run one engine process; returns its last word, or its status when it died."""
        command = [sys.executable, "-P", "-m", "velox.runtime.engine"]  # -P: nothing of the working folder is imported
        engine = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, start_new_session=True, limit=_LINE_MAX
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
        if isinstance(message, Status):
            self._names = {s["id"]: s["name"] for s in message.summary["strategies"]}
        self._hear(message)
        if isinstance(message, Hello):
            if self._seconds is not None and self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(self._seconds, self.stop)
            self._was_up = True
            self._note_return(message)
        return None

    def _note_return(self, hello: Hello) -> None:
        """Complete the entries of all deaths since the engine was last up."""
        for at, died_ns in enumerate(self._died_ns):
            entry = self._interruptions[at - len(self._died_ns)]
            back_s = (monotonic_ns() - died_ns) / 1e9
            entry = msgspec.structs.replace(entry, back_after_s=back_s, lost=hello.lost)
            self._interruptions[at - len(self._died_ns)] = entry
            self._hear(Said(f"The engine is back after {back_s:.1f} s ({entry.measures})."))
        self._died_ns = []

    def _note_death(self, status: int) -> None:
        """Decide what the next engine must do differently."""
        if self._stopping:
            journal = self._plan.journal
            what = "the engine did not end in time" if self._was_up else "stopped before the engine was ready"
            raise Fatal(ExitCode.INTERRUPTED, f"{what}; the journal {journal} is whole and can be gone on with")
        self._died_ns.append(monotonic_ns())
        doing = velox_core.last_doing(self._plan.journal)
        self._plan, entry = msgspec.structs.astuple(self._deaths.judge(self._plan, status, doing, self._names))
        self._interruptions.append(entry)
        self._hear(Said(f"The engine died ({entry.reason}) at record {entry.seq}; it is started again."))


def _raise_priority(pid: int) -> None:
    """Real-time round robin where it is permitted, else a better nice value, else nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(_ENGINE_PRIORITY))
            return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _ENGINE_NICE)

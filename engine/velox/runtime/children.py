"""The simulator as a child process that is started again, on its port, when it dies."""

import asyncio
import collections
import contextlib
import os
import sys
import tomllib
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from typing import Any

from velox.errors import ExitCode, Fatal

__all__ = ["SimulatorChild", "end_process"]

_STOP_WITHIN_S = 5.0
_NICE = 5
_RESTARTS_MAX = 10
_WORDS_KEPT = 20
_COMMAND = "import sys; from velox.cli import run; sys.exit(run(sys.argv[1:]))"


class SimulatorChild:
    """One simulator on one port; use it as a context, and `watch` it while the engine needs it."""

    def __init__(self, args: Sequence[str], say: Callable[[str], None]) -> None:
        self.restarts = 0
        self.urls: dict[str, str] = {}
        self._args = list(args)
        self._say = say
        self._port = 0
        self._process: Process | None = None
        self._words: collections.deque[str] = collections.deque(maxlen=_WORDS_KEPT)
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "SimulatorChild":
        await self._start()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await end_process(self._process)
        if self._listener is not None:
            self._listener.cancel()

    @property
    def pid(self) -> int:
        """The process that plays now."""
        assert self._process is not None
        return self._process.pid

    async def watch(self) -> None:
        """Start the simulator again whenever it ends; raises when it cannot be kept."""
        while True:
            assert self._process is not None
            status = await self._process.wait()
            if self.restarts >= _RESTARTS_MAX:
                raise Fatal(ExitCode.GAVE_UP, f"the simulator died {self.restarts + 1} times: it is not started again")
            self.restarts += 1
            self._say(f"The simulator died (status {status}); it is started again and goes on where the journal ends.")
            await self._start()

    async def _start(self) -> None:
        """Start it until it says where it listens, unless it says why it cannot."""
        while (line := await self._first_line()) is None:
            if self.restarts >= _RESTARTS_MAX:
                raise Fatal(ExitCode.GAVE_UP, f"the simulator died {self.restarts + 1} times: it is not started again")
            self.restarts += 1
        settings: dict[str, Any] = tomllib.loads(line.decode())["smartapi"]
        self.urls = {name: settings[name] for name in ("rest_url", "ws_url")}
        self._port = int(settings["rest_url"].rpartition(":")[2])

    async def _first_line(self) -> bytes | None:
        """Start it once; None when it was killed before it was ready."""
        parent = ["--port", str(self._port), "--parent-pid", str(os.getpid())]
        command = [sys.executable, "-P", "-c", _COMMAND, "simulate", *self._args, *parent]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
        self._process = process
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
        assert process.stdout is not None and process.stderr is not None
        self._listener = asyncio.get_running_loop().create_task(self._listen(process.stderr))
        line = await process.stdout.readline()
        if not line:
            status = await process.wait()
            await self._listener
            if status < 0:
                return None
            words = "\n".join(self._words).removeprefix("velox: ") or f"the simulator ended with status {status}"
            raise Fatal(status if status in [int(code) for code in ExitCode] else ExitCode.GAVE_UP, words)
        return line

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        """Keep the last words: a pipe that nobody reads would stop the simulator once it is full."""
        async for line in stream:
            self._words.append(line.decode(errors="replace").rstrip())


async def end_process(process: Process | None) -> None:
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

"""Refuses inside hooks what reaches beyond them: threads, processes, signals, descriptors, the engine's loop."""

import _thread
import asyncio
import functools
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from typing import Any

from velox.errors import Refused

__all__ = ["fence"]

_UNWATCHED = "nobody could watch it; start it beside the engine"
_SIGNALS = "signals are the engine's; to end a strategy, raise an error"
_FILES = "it may be the journal's or the feed's; close the file object instead"
_SHARED = "the engine lives in it too"
_LOOP = "what it runs outside of hooks nobody could watch; use @at or @every"

# Events of Python's audit.
_PROCESSES = ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen")
_REFUSED: dict[str, tuple[str, str]] = dict.fromkeys(_PROCESSES, ("start a process", _UNWATCHED))
_REFUSED |= dict.fromkeys(("os.kill", "os.killpg", "signal.pthread_kill"), ("send a signal", _SIGNALS))
_REFUSED |= dict.fromkeys(("resource.prlimit", "resource.setrlimit"), ("set limits of the process", _SHARED))
_REFUSED |= dict.fromkeys(("sys.setprofile", "sys.settrace"), ("trace the engine", _UNWATCHED))

# What has no such event is replaced by name; a fence for mistakes, not a wall for those who dig below it.
_NAMES: tuple[tuple[Any, str, tuple[str, str]], ...] = (
    (_thread, "start_new_thread", ("start a thread", _UNWATCHED)),
    *(
        (signal, name, ("send or handle signals", _SIGNALS))
        for name in ("alarm", "raise_signal", "set_wakeup_fd", "setitimer", "signal")
    ),
    *((os, name, ("close or replace files by their numbers", _FILES)) for name in ("closerange", "dup2")),
    *(
        (module, name, ("use the engine's loop", _LOOP))
        for module in (asyncio, asyncio.events)
        for name in ("get_event_loop", "get_running_loop")
    ),
)


def fence(in_hook: Callable[[], bool]) -> None:
    """Raise in the calling thread when a hook does one of these; for the rest of the process."""
    owner = threading.get_ident()
    start_thread, close = threading.Thread.start, os.close

    def check(what: str, why: str) -> None:
        if threading.get_ident() == owner and in_hook():
            raise Refused(f"a hook must not {what}: {why}")

    def start(self: threading.Thread) -> None:
        check("start a thread", _UNWATCHED)
        start_thread(self)

    def close_one(fd: int) -> None:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):  # shutil closes folders by their numbers
            check("close a file by its number", _FILES)
        close(fd)

    def look(event: str, args: tuple[object, ...]) -> None:
        if event in _REFUSED:
            check(*_REFUSED[event])
        elif event == "open" and isinstance(args[0], int):
            check("open a file by its number", _FILES)

    # Python tells audit hooks of new threads only from 3.12 on.
    threading.Thread.start = start  # type: ignore[method-assign]
    os.close = close_one
    for module, name, words in _NAMES:
        setattr(module, name, _guarded(getattr(module, name), check, words))
    sys.addaudithook(look)


def _guarded(
    function: Callable[..., object], check: Callable[[str, str], None], words: tuple[str, str]
) -> Callable[..., object]:
    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        check(*words)
        return function(*args, **kwargs)

    return call

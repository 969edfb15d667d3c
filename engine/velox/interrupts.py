"""Ctrl-C: the first one ends a command in order, the second one at once; where strategies run it waits its turn."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

__all__ = ["held_interrupts", "stop_once", "takes_interrupts"]


def stop_once(*_: object) -> NoReturn:
    """A handler of SIGINT that raises `KeyboardInterrupt`; the next one ends the process, whatever it does then."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise KeyboardInterrupt


def takes_interrupts() -> bool:
    """Whether Ctrl-C is this thread's: workers ignore it, an engine has its own way, no other thread is told of any."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGINT) in (signal.default_int_handler, stop_once)


@contextmanager
def held_interrupts() -> Iterator[Callable[[], None]]:
    """Gives a call that raises `KeyboardInterrupt` once Ctrl-C was pressed.

    Raised where Python stands, it would be a fault of the strategy whose hook runs, and the run would go on without it.
    Pressed again it is raised there all the same, for a hook that does not end.
    """
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        if pressed:
            stop_once()
        pressed = True

    def look() -> None:
        if pressed:
            raise KeyboardInterrupt

    if not takes_interrupts():
        yield look
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield look
    finally:
        # What is put in order after the first one is ended by the second one, where the process is a command.
        signal.signal(signal.SIGINT, signal.SIG_DFL if pressed and before is stop_once else before)

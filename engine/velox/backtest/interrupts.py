"""Ctrl-C while strategies run: it ends the work between two parts of a day, never inside a hook."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["held_interrupts"]


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
            raise KeyboardInterrupt
        pressed = True

    def look() -> None:
        if pressed:
            raise KeyboardInterrupt

    # Workers ignore Ctrl-C, an engine has its own way, and another thread is told of none.
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield look
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield look
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)

"""Refuses inside hooks what would go on beyond them, unwatched: threads and processes."""

import sys
import threading
from collections.abc import Callable

from velox.errors import Refused

__all__ = ["fence"]

_REFUSED = frozenset(
    ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen")
)


def fence(in_hook: Callable[[], bool]) -> None:
    """Raise in the calling thread when a hook starts one of these; for the rest of the process."""
    owner = threading.get_ident()
    start_thread = threading.Thread.start

    def check(what: str) -> None:
        if threading.get_ident() == owner and in_hook():
            raise Refused(f"a hook must not start a {what}: nobody could watch it; start it beside the engine")

    def start(self: threading.Thread) -> None:
        check("thread")
        start_thread(self)

    def look(event: str, _: tuple[object, ...]) -> None:
        if event in _REFUSED:
            check("process")

    # Python tells audit hooks of new threads only from 3.12 on.
    threading.Thread.start = start  # type: ignore[method-assign]
    sys.addaudithook(look)

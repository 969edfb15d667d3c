"""The engine's way to tell its supervisor: lines that never make the engine wait, whatever their reader does."""

import contextlib
import fcntl
import os

from velox.runtime.plan import Message, Said, Status, encode

__all__ = ["Channel"]

_OWN_FD_MIN = 10  # above the low numbers that are used again at once when somebody closes them


class Channel:
    """JSON lines on a pipe; a picture of where things stand is left out while earlier lines wait."""

    def __init__(self, fd: int) -> None:
        self.broken = False
        self._fd = fd
        self._waiting = bytearray()
        os.set_blocking(fd, False)

    @classmethod
    def instead_of(cls, fd: int, now: int) -> "Channel":
        """A channel where `fd` leads; what others write to `fd` goes to `now`, and cannot be taken for a message."""
        own = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _OWN_FD_MIN)
        os.dup2(now, fd)
        return cls(own)

    def say(self, line: str) -> None:
        """Tell the operator a line."""
        self.tell(Said(line))

    def tell(self, message: Message) -> None:
        """Send a message as soon as there is room for it."""
        if self._waiting and isinstance(message, Status):
            self._push()
            return
        self._waiting += encode(message)
        self._push()

    def finish(self) -> None:
        """Wait until everything was read; only for an engine that holds nothing any more."""
        with contextlib.suppress(OSError):
            os.set_blocking(self._fd, True)
        self._push()

    def _push(self) -> None:
        try:
            while self._waiting and not self.broken:
                del self._waiting[: os.write(self._fd, self._waiting)]
        except BlockingIOError:
            return
        except OSError:
            self.broken = True  # nobody reads any more
            self._waiting.clear()

"""What a command that was stopped by Ctrl-C says: what ended, what is kept, how to go on."""

from collections.abc import Iterator
from contextlib import contextmanager

from velox.errors import ExitCode, Fatal

__all__ = ["stopped", "stopping"]


def stopped(command: str) -> Fatal:
    """The end of a command that keeps nothing but what it has told of."""
    return Fatal(
        ExitCode.INTERRUPTED,
        f"`{command}` was stopped: what it has told of is done, and the same command begins anew",
    )


@contextmanager
def stopping(sentence: str) -> Iterator[None]:
    """End with this sentence where Ctrl-C stops what it stands around."""
    try:
        yield
    except KeyboardInterrupt:
        raise Fatal(ExitCode.INTERRUPTED, sentence) from None

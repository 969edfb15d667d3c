"""What every declaration of a class body shares: it knows its name and says what is wrong with it, but never raises."""

from collections.abc import Iterator
from typing import NoReturn

from velox.errors import Refused

__all__ = ["Declaration"]


class Declaration:
    """Something that a class body declares and that an instance holds as a value of its own.

    A constructor keeps what it was given and `sentences` judges it later: only so can every fault
    of a class be told at once, each with its line.
    """

    def __init__(self) -> None:
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        return iter(())

    def unbound(self, owner: type) -> NoReturn:
        """Refuse a read on an object that the engine did not build."""
        raise Refused(
            f"{owner.__name__}.{self.name} has a value only while the strategy runs: start it with `velox paper`"
        )

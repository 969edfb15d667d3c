"""Faults of a strategy: each one sentence with its place, all of them told together."""

from collections.abc import Iterable

import msgspec

from velox.errors import BadInput

__all__ = ["Fault", "InvalidStrategy"]


class Fault(msgspec.Struct, frozen=True, order=True):
    """One thing to mend; the sentence says what is wrong and how to mend it."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


class InvalidStrategy(BadInput):
    """A strategy class cannot be used; `faults` lists every reason, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(map(str, self.faults)))

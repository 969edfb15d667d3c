"""What a journal calls its numbers: instruments, accounts and strategy instances."""

from collections.abc import Iterable
from pathlib import Path

from velox import events
from velox.events import Kind
from velox.journal.records import Position, records

__all__ = ["Names"]

_EXTERNAL = 2**32 - 1
_DEFINING = frozenset({Kind.INSTRUMENT_DEF, Kind.ACCOUNT_DEF, Kind.STRATEGY_STARTED})


class Names:
    """Names by number, as the journal's own records define them; a number that it does not define is `#7`."""

    def __init__(self) -> None:
        self.instruments: dict[int, str] = {}
        self.accounts: dict[int, str] = {}
        self.strategies: dict[int, str] = {}

    @classmethod
    def of(cls, path: str | Path, *, until: Position | None = None) -> "Names":
        """The names that a journal defines."""
        names = cls()
        for record in records(path, _DEFINING, until=until):
            match record.payload:
                case events.InstrumentDef(id=number, name=name):
                    names.instruments[number] = name
                case events.AccountDef(id=number, name=name):
                    names.accounts[number] = name
                case events.StrategyStarted(id=number, name=name):
                    names.strategies[number] = name
                case _:
                    raise AssertionError(f"{record.kind.name} defines no name")
        return names

    def instrument(self, number: int) -> str:
        """The name of an instrument."""
        return self.instruments.get(number, _nameless(number))

    def account(self, number: int) -> str:
        """The name of an account."""
        return self.accounts.get(number, _nameless(number))

    def strategy(self, number: int) -> str:
        """The name of a strategy instance; EXTERNAL is what others hold on the account."""
        if number == _EXTERNAL:
            return "EXTERNAL"
        return self.strategies.get(number, _nameless(number))

    def instruments_of(self, numbers: Iterable[int]) -> list[str]:
        """The names of many instruments."""
        return [self.instrument(number) for number in numbers]


def _nameless(number: int) -> str:
    return "unknown" if number == 2**32 - 1 else f"#{number}"

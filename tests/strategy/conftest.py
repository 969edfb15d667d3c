"""Strategies written as a user writes them, and the market's facts of the last covered date."""

from collections.abc import Callable
from pathlib import Path

import pytest

from velox.market import facts as market_facts
from velox.market.calendar import last_covered_date
from velox.market.facts import Facts
from velox.market.instruments import InstrumentBook
from velox.strategy.base import Strategy
from velox.strategy.compile import compile_strategy
from velox.strategy.faults import InvalidStrategy
from velox.strategy.load import load, load_with_faults
from velox.strategy.spec import Spec

HEAD = "from velox import *\n"
CLASS = 'class A(Strategy):\n    """A."""\n'

Write = Callable[[str], Path]


@pytest.fixture
def facts() -> Facts:
    return market_facts.load(last_covered_date())


@pytest.fixture
def book() -> InstrumentBook:
    return InstrumentBook.offline()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the body of class A, without its indentation, to a file."""

    def written(body: str) -> Path:
        path = tmp_path / "a.py"
        indented = "".join(f"    {line}\n" if line else "\n" for line in body.strip("\n").splitlines())
        path.write_text(HEAD + CLASS + indented)
        return path

    return written


@pytest.fixture
def strategy(write: Write) -> Callable[[str], type[Strategy]]:
    """The class A of this body."""
    return lambda body: load(str(write(body)))


@pytest.fixture
def faults(write: Write, facts: Facts, book: InstrumentBook) -> Callable[..., list[str]]:
    """Every fault of this body of class A on the last covered date, as "line: sentence"; line 1 is the body's first."""

    def found(body: str, **params: str) -> list[str]:
        cls = load_with_faults(str(write(body)))
        try:
            compile_strategy(cls, params, facts, book)
        except InvalidStrategy as error:
            return [f"{fault.line - 3}: {fault.sentence}" for fault in error.faults]
        return []

    return found


@pytest.fixture
def compiled(facts: Facts, book: InstrumentBook) -> Callable[..., Spec]:
    """A class made ready for the last covered date."""
    return lambda cls, **params: compile_strategy(cls, params, facts, book)

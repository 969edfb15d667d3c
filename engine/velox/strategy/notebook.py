"""A strategy in a notebook: parameters given in Python, a back-test asked of the object, no engine started."""

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn, TypedDict

import msgspec

from velox.errors import BadInput, Refused
from velox.strategy.collect import Declared, judge_values
from velox.strategy.faults import InvalidStrategy
from velox.strategy.params import nearest, resolve

__all__ = ["NotRunning", "Options", "backtest", "prepare"]

# What runs a back-test lies above strategies; it is found by its entry point, never imported.
_GROUP = "velox.notebook"


class Options(TypedDict, total=False):
    """What a back-test may be told besides days and catalogue; the settings stand for what is left out."""

    capital: float  # rupees
    slippage: int  # ticks
    latency: int  # ms
    charges: Literal["discount", "statutory", "none"]
    facts_as_of: str  # yyyy-mm-dd
    watch: list[str]  # instruments that hooks may choose
    corporate_actions: str | Path  # the file of them


class NotRunning:
    """Stands where the engine would be and refuses everything."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, word: str) -> NoReturn:
        raise Refused(
            f"{self._name}(…) does not run: it has positions and prices inside its hooks alone; ask it to .backtest(…)"
        )


def prepare(declared: Declared, given: Mapping[str, object]) -> tuple[dict[str, str], dict[str, object]]:
    """The parameters as texts and as values; raises with every fault of them."""
    texts: dict[str, str] = {}
    judged = msgspec.structs.replace(declared, faults=list(declared.faults))
    for name, value in given.items():
        if name not in declared.params:
            judged.fault("", f"there is no parameter {name}: {nearest(name, declared.params)}")
            continue
        try:
            texts[name] = declared.params[name].written(value)
        except BadInput as error:
            judged.fault("", str(error))
    values, sentences = resolve(declared.params, texts)
    for sentence in sentences:
        judged.fault("", sentence)
    judge_values(judged, values)
    if judged.faults:
        raise InvalidStrategy(judged.faults)
    return texts, values


def backtest(strategy: type, texts: Mapping[str, str], days: tuple[str | None, str | None], **how: Any) -> Any:
    """The report of a back-test of a class with these parameters."""
    found = importlib.metadata.entry_points(group=_GROUP, name="backtest")
    if not found:
        raise Refused("there is no back-test in this installation: install velox-trading as a whole")
    return next(iter(found)).load()(strategy, texts, days, **how)

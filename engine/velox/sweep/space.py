"""The sets of parameters that a sweep tries: ranges and lists as the user writes them, expanded and judged."""

import itertools
import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import numpy as np

from velox.errors import BadInput
from velox.strategy.collect import Declared, judge_values
from velox.strategy.params import Param, nearest

__all__ = ["Axis", "Space", "axes", "expand"]

_SETS_MAX = 1_000_000


class Axis(msgspec.Struct, frozen=True):
    """One parameter and the texts that it takes in turn."""

    name: str
    texts: list[str]


class Space(msgspec.Struct, frozen=True):
    """Sets to try, in the order of the axes, and how many the strategy itself rules out."""

    axes: list[Axis]
    sets: list[dict[str, str]]
    left_out: int = 0
    why: str = ""  # what is wrong with the first that was left out

    @property
    def swept(self) -> list[Axis]:
        """The axes that take more than one value."""
        return [axis for axis in self.axes if len(axis.texts) > 1]


def axes(declared: Mapping[str, Param[Any]], asked: Mapping[str, str]) -> list[Axis]:
    """Read `5:20:1`, `a,b,c` or `:` (the declared range) for each parameter; raises with every fault."""
    found: list[Axis] = []
    faults: list[str] = []
    for name, text in asked.items():
        if name not in declared:
            faults.append(f"there is no parameter {name}: {nearest(name, declared)}")
            continue
        try:
            found.append(_axis(name, declared[name], text))
        except BadInput as error:
            faults.append(str(error))
    if faults:
        raise BadInput(
            "\n  ".join(faults if len(faults) == 1 else [f"{len(faults)} faults in the parameters:", *faults])
        )
    return found


def expand(declared: Declared, given: list[Axis], samples: int | None = None, seed: int = 0) -> Space:
    """Every combination that the strategy allows, or so many of them by chance; the same seed gives the same ones."""
    total = math.prod(len(axis.texts) for axis in given)
    if total > _SETS_MAX:
        raise BadInput(f"these ranges make {total:,} sets, more than {_SETS_MAX:,}: take larger steps")
    names = [axis.name for axis in given]
    parsed = [[declared.params[axis.name].parsed(text) for text in axis.texts] for axis in given]
    defaults = {name: param.default for name, param in declared.params.items()}
    sets: list[dict[str, str]] = []
    left_out, why = 0, ""
    for texts, values in zip(
        itertools.product(*(axis.texts for axis in given)), itertools.product(*parsed), strict=True
    ):
        wrong = _wrong(declared, defaults | dict(zip(names, values, strict=True)))
        if wrong:
            left_out, why = left_out + 1, why or wrong
        else:
            sets.append(dict(zip(names, texts, strict=True)))
    if not sets:
        raise BadInput(f"none of the {total:,} sets can be run: {why}")
    if samples is not None and samples < len(sets):
        picked = np.random.default_rng(seed).choice(len(sets), samples, replace=False)
        sets = [sets[place] for place in sorted(picked.tolist())]
    return Space(given, sets, left_out, why)


def _axis(name: str, param: Param[Any], text: str) -> Axis:
    if text == "":
        raise BadInput(f"{name}= is empty: give a value, a list a,b,c or a range FIRST:LAST:STEP")
    items: list[str] = []
    for item in text.split(","):
        is_range = ":" in item and not isinstance(param.default, str | bool)
        items += _range(name, param, item.strip()) if is_range else [item.strip()]
        if len(items) > _SETS_MAX:
            raise BadInput(f"{name}={text} has more than {_SETS_MAX:,} values: take larger steps")
    seen: set[object] = set()
    for item in items:
        value = param.parsed(item)
        if value in seen:
            raise BadInput(f"{name}={text} has {item} twice: give each value once")
        seen.add(value)
    return Axis(name, items)


def _range(name: str, param: Param[Any], item: str) -> list[str]:
    """The values of `first:last:step`, both ends included; what is left out comes from the declared range."""
    parts = [part.strip() for part in item.split(":")]
    first, last, step = [*parts, ""][:3]
    declared = sorted((param.values[0], param.values[-1])) if param.values else None
    if len(parts) > 3 or ((not first or not last) and declared is None):
        raise BadInput(
            f"{name}={item} is no range: write {name}=FIRST:LAST:STEP"
            + ("" if declared else f"; {name} declares no range that {name}=: could mean")
        )
    if not step and declared is None and type(param.default) is not int:
        raise BadInput(f"{name}={item} has no step: write {name}=FIRST:LAST:STEP")
    begin = _number(name, item, first) if first else Decimal(min(declared or [0]))
    end = _number(name, item, last) if last else Decimal(max(declared or [0]))
    stride = _number(name, item, step) if step else Decimal(abs(param.values.step) if param.values else 1)
    if stride <= 0 or end < begin:
        raise BadInput(f"{name}={item} holds no value: the first must not exceed the last, and the step is above 0")
    count = int((end - begin) / stride) + 1
    if count > _SETS_MAX:
        raise BadInput(f"{name}={item} has {count:,} values, more than {_SETS_MAX:,}: take larger steps")
    return [_plain(begin + stride * place) for place in range(count)]


def _number(name: str, item: str, text: str) -> Decimal:
    try:
        value = Decimal(text.removesuffix("%"))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise BadInput(f"{name}={item} cannot be used: {text!r} is no number")
    return value


def _plain(value: Decimal) -> str:
    """As people write it: 0.50 is 0.5, 1E+2 is 100."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _wrong(declared: Declared, values: dict[str, object]) -> str:
    """What the strategy says against these values; empty when nothing."""
    judged = msgspec.structs.replace(declared, faults=[])
    judge_values(judged, values)
    return judged.faults[0].sentence if judged.faults else ""

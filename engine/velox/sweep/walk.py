"""Walk-forward: sets are chosen on some days and judged on the days that follow, window after window."""

import datetime as dt
from collections.abc import Sequence

import msgspec

from velox.errors import BadInput

__all__ = ["Walk", "Window", "parse_walk", "windows"]

_HOW = "write --walk-forward train=20,test=5[,step=5], in trading days"


class Walk(msgspec.Struct, frozen=True):
    """Lengths in trading days."""

    train: int
    test: int
    step: int


class Window(msgspec.Struct, frozen=True):
    """Days to choose on and the days right after them to be judged by; all dates inclusive."""

    train_first: dt.date
    train_last: dt.date
    test_first: dt.date
    test_last: dt.date


def parse_walk(text: str) -> Walk:
    """Read `train=20,test=5[,step=5]`; without a step the tests follow each other."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        name, value = name.strip(), value.strip()
        if name not in ("train", "test", "step") or name in found:
            raise BadInput(f"{part.strip()!r} in {text!r} is not understood: {_HOW}")
        if not (value.isascii() and value.isdigit() and int(value) > 0):
            raise BadInput(f"{name}={value} in {text!r} is no number of days: {_HOW}")
        found[name] = int(value)
    if not {"train", "test"} <= found.keys():
        raise BadInput(f"{text!r} lacks train or test: {_HOW}")
    walk = Walk(found["train"], found["test"], found.get("step", found["test"]))
    if walk.step < walk.test:
        raise BadInput(f"step={walk.step} is less than test={walk.test}: days would be counted twice; {_HOW}")
    return walk


def windows(days: Sequence[dt.date], walk: Walk) -> list[Window]:
    """The windows that fit into these days, oldest first; days at the end that fill no test are left out."""
    found = []
    for start in range(0, len(days) - walk.train - walk.test + 1, walk.step):
        middle = start + walk.train
        found.append(Window(days[start], days[middle - 1], days[middle], days[middle + walk.test - 1]))
    if not found:
        raise BadInput(
            f"{len(days)} days are too few for train={walk.train} and test={walk.test}: take fewer, or more days"
        )
    return found

"""Splits, bonuses, dividends and renames, dated: what they make of earlier prices on a later day of use.

They come from a file of the user's, since no list that could be checked is shipped:

    [[action]]
    name = "NSE:ABC"              # as it is called from the ex-date on
    ex = 2026-03-09               # the first day of the new count
    kind = "split"
    ratio = "1:5"                 # split: of 1 share become 5; bonus: 1 new share for every 5 held
    source = "the company's notice"

A dividend has `amount` in rupees a share, and `close`, the close of the day before, where the catalogue does not hold
that day. A rename has `was`, the old name.
"""

import datetime as dt
import itertools
import math
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

import msgspec

from velox.errors import BadInput
from velox.market.amounts import ONE, scaled
from velox.rupees import grouped

__all__ = ["Action", "Actions", "Adjustment", "Due", "NO_ACTIONS", "Step", "adjustment_of", "read_actions"]

# The largest number of a ratio that the kernel takes.
_RATIO_MAX = 1_000_000


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event of one instrument."""

    name: str
    ex: dt.date
    kind: Literal["split", "bonus", "dividend", "rename"]
    source: str
    ratio: str = ""
    amount: str = ""
    close: str = ""
    was: str = ""

    @property
    def shares(self) -> Fraction:
        """How many shares one of before has become."""
        if self.kind not in ("split", "bonus"):
            return Fraction(1)
        one, other = (int(part) for part in self.ratio.split(":"))
        return Fraction(other, one) if self.kind == "split" else 1 + Fraction(one, other)


class Adjustment(msgspec.Struct, frozen=True):
    """What a price of a day is multiplied with, and what its volume, to be comparable on the day of use."""

    price: Fraction = Fraction(1)
    volume: Fraction = Fraction(1)


class Step(msgspec.Struct, frozen=True):
    """What one ex-date makes of the prices and volumes before it."""

    ex: dt.date
    price: Fraction
    volume: Fraction


class Due(msgspec.Struct, frozen=True):
    """All that befalls an instrument on one ex-date; the dividend is for each share of before, at 1e-8 rupees."""

    name: str
    ex: dt.date
    shares: Fraction
    dividend: int
    was: str
    source: str


# The close of an instrument on the trading day before a date, at 1e-8 rupees; None where it is not known.
_CloseBefore = Callable[[str, dt.date], int | None]


class Actions:
    """The events that are known, by instrument."""

    def __init__(self, actions: Sequence[Action] = ()) -> None:
        self._by_name: dict[str, list[Action]] = {}
        for action in sorted(actions, key=lambda each: each.ex):
            self._by_name.setdefault(action.name, []).append(action)

    def __iter__(self) -> Iterator[Action]:
        return itertools.chain.from_iterable(self._by_name.values())

    def __len__(self) -> int:
        return sum(len(actions) for actions in self._by_name.values())

    def until(self, name: str, use: dt.date) -> list[Action]:
        """Everything that has befallen an instrument up to a day of use, under its older names too, newest first.

        `name` may be one that it has only later, as in a back-test that ends after a rename.
        """
        found: list[Action] = []
        names, until = self._called_by(name, use), use
        while True:
            own = [action for action in self._by_name.get(names, ()) if action.ex <= until]
            renames = [action for action in own if action.kind == "rename"]
            since = renames[-1].ex if renames else dt.date.min
            found += [action for action in reversed(own) if action.ex >= since]
            if not renames:
                return found
            names, until = renames[-1].was, since - dt.timedelta(days=1)

    def name_on(self, name: str, day: dt.date, use: dt.date) -> str:
        """What the instrument that is called `name` on the day of use, or later, was called on a day up to that."""
        called = self._called_by(name, use)
        for action in self.until(called, use):
            if action.kind == "rename" and day < action.ex:
                called = action.was
        return called

    def _called_by(self, name: str, use: dt.date) -> str:
        """The name on a day of what is called `name` then or later: renames to come are undone, the last one first."""
        before = dt.date.max
        while renames := [a for a in self._by_name.get(name, ()) if a.kind == "rename" and use < a.ex < before]:
            name, before = renames[-1].was, renames[-1].ex
        return name

    def called_on(self, name: str, since: dt.date, use: dt.date) -> str:
        """What the instrument that was called `name` on a day is called on a later one."""
        renames = sorted((each for each in self if each.kind == "rename"), key=lambda each: each.ex)
        for action in renames:
            if action.was == name and since < action.ex <= use:
                name = action.name
        return name

    def due(self, name: str, since: dt.date, use: dt.date) -> list[Due]:
        """What takes effect after one day and up to another, by ex-date: together, what falls on the same.

        An ex-date without a session takes effect with the next one.
        """
        by_date: dict[dt.date, list[Action]] = {}
        for action in reversed(self.until(name, use)):
            if action.ex > since:
                by_date.setdefault(action.ex, []).append(action)
        return [_together(name, ex, actions) for ex, actions in by_date.items()]

    def adjustment(self, name: str, day: dt.date, use: dt.date, close_before: _CloseBefore) -> Adjustment:
        """What makes a candle of `day` comparable with prices of the day of use; 1 where nothing lies between."""
        return adjustment_of(self.steps(name, day, use, close_before), day, use)

    def steps(self, name: str, since: dt.date, use: dt.date, close_before: _CloseBefore) -> list[Step]:
        """What takes effect after one day and up to another, as factors of what was before; newest first."""
        return [
            Step(action.ex, _price_factor(action, close_before), action.shares)
            for action in self.until(name, use)
            if action.ex > since and action.kind != "rename"
        ]


NO_ACTIONS = Actions()


def adjustment_of(steps: Iterable[Step], day: dt.date, use: dt.date) -> Adjustment:
    """What those of the steps that lie between a day and the day of use make of a candle of that day."""
    between = [step for step in steps if day < step.ex <= use]
    return Adjustment(
        math.prod((step.price for step in between), start=Fraction(1)),
        math.prod((step.volume for step in between), start=Fraction(1)),
    )


class _File(msgspec.Struct, forbid_unknown_fields=True):
    action: list[Action] = []


def read_actions(path: Path) -> Actions:
    """Read a file of actions; each mistake in it is refused with its place."""
    try:
        with path.open("rb") as file:
            tree = tomllib.load(file)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is no TOML: {error}") from None
    try:
        actions = msgspec.convert(tree, _File).action
    except msgspec.ValidationError as error:
        raise BadInput(f"{path} holds no corporate actions as they must be written: {error}") from None
    seen: set[tuple[str, dt.date, str]] = set()
    for number, action in enumerate(actions, 1):
        fault = _fault(action)
        if (key := (action.name, action.ex, action.kind)) in seen:
            fault = "it is given twice: add up what falls on one day"
        seen.add(key)
        if fault:
            raise BadInput(f"{path}: action {number} ({action.name}, {action.ex}, {action.kind}): {fault}")
    return Actions(actions)


def _fault(action: Action) -> str:
    exchange, _, symbol = action.name.partition(":")
    if exchange != "NSE" or not symbol:
        return "name must be that of a share, like NSE:RELIANCE; contracts are new ones from the ex-date on"
    if not action.source:
        return "source must say where it is known from"
    given = {name for name in ("ratio", "amount", "close", "was") if getattr(action, name)}
    wanted = {"split": "ratio", "bonus": "ratio", "dividend": "amount", "rename": "was"}[action.kind]
    if wanted not in given:
        return f"{wanted} is missing"
    if extra := given - {wanted} - ({"close"} if action.kind == "dividend" else set()):
        return f"{sorted(extra)[0]} says nothing about a {action.kind}"
    if action.kind == "rename":
        return "" if action.was != action.name else "was must be the old name"
    try:
        if action.kind == "dividend":
            amount, close = scaled(action.amount, ONE), scaled(action.close or "0", ONE)
            return "" if amount > 0 and (not close or amount < close) else "amount must lie between 0 and the close"
        one, other = (int(part) for part in action.ratio.split(":"))
    except ValueError:
        return f"{wanted} {getattr(action, wanted)!r} cannot be read: write a ratio like 1:5, an amount like 12.50"
    if one < 1 or other < 1:
        return "ratio must be of two numbers above 0"
    if action.shares == 1:
        return "ratio 1:1 of a split changes nothing: write 1:5 where of 1 share become 5"
    return _too_large(action.shares)


def _too_large(shares: Fraction) -> str:
    most = max(shares.numerator, shares.denominator)
    return "" if most <= _RATIO_MAX else f"{shares.numerator}:{shares.denominator} has a number above {_RATIO_MAX:,}"


def _together(name: str, ex: dt.date, actions: Sequence[Action]) -> Due:
    shares = math.prod((action.shares for action in actions), start=Fraction(1))
    if fault := _too_large(shares):
        raise BadInput(f"the actions of {name} on {ex} make {fault}: write them as one")
    return Due(
        name=name,
        ex=ex,
        shares=shares,
        dividend=sum(scaled(action.amount, ONE) for action in actions if action.kind == "dividend"),
        was=next((action.was for action in actions if action.kind == "rename"), ""),
        source="; ".join(dict.fromkeys(action.source for action in actions)),
    )


def _price_factor(action: Action, close_before: _CloseBefore) -> Fraction:
    if action.kind != "dividend":
        return 1 / action.shares
    close = scaled(action.close, ONE) if action.close else close_before(action.name, action.ex)
    if close is None:
        raise BadInput(
            f"the dividend of {action.name} on {action.ex} cannot be taken off: the catalogue does not hold the "
            'trading day before; write its close into the action, like close = "512.30"'
        )
    amount = scaled(action.amount, ONE)
    if amount >= close:
        raise BadInput(
            f"the dividend of {action.name} on {action.ex} is not less than the close of {grouped(close / ONE, 2)} "
            "before it"
        )
    return 1 - Fraction(amount, close)

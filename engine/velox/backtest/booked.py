"""What corporate actions made of the positions of a back-test, one line a position and ex-date."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from velox import events
from velox.events import Kind
from velox.journal.payloads import decode
from velox.market.amounts import ONE
from velox.market.records import date_of
from velox.rupees import money

__all__ = ["BOOKED", "BookedAction", "BookedActions", "action_sentence"]

# The decisions that the lines are made of.
BOOKED = (Kind.ACTION_BOOKED,)


class BookedAction(msgspec.Struct, frozen=True, kw_only=True):
    """One position over one ex-date, in rupees; `day` is the session at whose start it was booked.

    `fraction` is what was received for the part of a share that whole ones leave over. A short pays: below 0.
    """

    day: str
    ex: str
    strategy: str
    instrument: str
    new: int
    old: int
    before: int
    after: int
    dividend: float
    fraction: float


class BookedActions:
    """The lines of all days, made of decisions as they come."""

    def __init__(self) -> None:
        self.lines: list[BookedAction] = []

    def note(self, day: dt.date, summary: dict[str, Any], names: Sequence[str], kept: Sequence[Any]) -> None:
        """Take decisions of a day in (kernel time, kind, payload); `names` are those of the instruments by number."""
        for _, kind, payload in kept:
            if kind not in BOOKED:
                continue
            booked = decode(Kind(kind), payload)
            assert isinstance(booked, events.ActionBooked)
            line = BookedAction(
                day=day.isoformat(),
                ex=date_of(booked.ex).isoformat(),
                strategy=summary["strategies"][booked.instance]["name"],
                instrument=names[booked.instrument],
                new=booked.new,
                old=booked.old,
                before=booked.before,
                after=booked.quantity,
                dividend=booked.dividend / ONE,
                fraction=booked.fraction / ONE,
            )
            self.lines.append(line)


def action_sentence(line: BookedAction) -> str:
    """One line for people."""
    told = f"{line.day} {line.strategy}: {line.before:+,} {line.instrument} became {line.after:+,}"
    told += f", {line.new} for {line.old}" if line.new != line.old else ""
    told += f", dividend {money(line.dividend)}" if line.dividend else ""
    told += f", part of a share {money(line.fraction)}" if line.fraction else ""
    return f"{told}."

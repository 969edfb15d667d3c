"""What an operator reads of what a strategy was told: in a flood the newest lines, and those that ask for somebody."""

import datetime as dt
from collections.abc import Iterator, Sequence

from velox.market.calendar import IST

__all__ = ["Note", "lines"]

Note = tuple[int, int, str, str]  # kernel time in ns, instance, code, sentence

_MOST = 20
# A strategy has stopped, may only reduce, or holds what it cannot leave or guard.
_URGENT = frozenset(
    {
        "account_limit",
        "cannot_exit",
        "cannot_park",
        "emergency",
        "fault",
        "halted",
        "instrument_limit",
        "locked_at_circuit",
        "max_loss",
        "profit_locked",
        "strategy_limit",
        "stray_order",
        "unknown_order",
        "unprotected",
    }
)


def lines(notes: Sequence[Note], names: Sequence[str]) -> Iterator[str]:
    """A line for each note that is shown, in their order; `names` are those of the instances by number."""
    first = len(notes) - _MOST
    shown = [note for place, note in enumerate(notes) if place >= first or note[2] in _URGENT]
    for at_ns, instance, code, sentence in shown:
        at = dt.datetime.fromtimestamp(at_ns // 1_000_000_000, IST).strftime("%H:%M:%S")
        yield f"{at} {names[instance]}: {sentence} ({code})"
    if len(notes) > len(shown):
        yield f"… and {len(notes) - len(shown)} lines before these, all in the journal"

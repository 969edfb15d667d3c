"""The phases of a day for each group of instruments, and when its intraday positions must be closed."""

import datetime as dt
import itertools

import msgspec

from velox.market.calendar import IST, ist_ns
from velox.market.dated import Dated, in_force, one_in_force, table
from velox.market.records import Phase, PhaseGroup

__all__ = ["LOADED_GROUPS", "Window", "auction_windows", "ist_time", "notes", "phase_at", "phase_group"]

# Their order is their number in InstrumentDef.group.
LOADED_GROUPS = ("index", "cash", "cash-cas", "futures", "options")
_FILE = "sessions.toml"
_PARTS = ("opening", "closing")
_PHASES = {phase.name.lower().replace("_", "-"): phase for phase in Phase}
_MINUTE_NS = 60_000_000_000


class _Start(msgspec.Struct, frozen=True):
    at: dt.time
    phase: str


class _Part(Dated, frozen=True, kw_only=True):
    name: str
    groups: list[str]
    phases: list[_Start]


class _Cutoff(Dated, frozen=True, kw_only=True):
    groups: list[str]
    at: dt.time


class _Flat(Dated, frozen=True, kw_only=True):
    minutes: int


class _Note(Dated, frozen=True, kw_only=True):
    text: str


class Window(Dated, frozen=True, kw_only=True):
    """What an auction allows between two times; entry ends at random within the last minutes where that is told."""

    name: str
    groups: list[str]
    start: dt.time
    end: dt.time
    random_close_minutes: int = 0


def phase_group(name: str, session: dt.date, rules: dt.date) -> PhaseGroup:
    """The phases of `session` for one group, by the rules in force on `rules` (the same day, or a stand-in)."""
    phases = [(ist_ns(session), int(Phase.CLOSED))]
    parts = [part for part in table(_FILE, "part", _Part) if name in part.groups]
    for wanted in _PARTS:
        part = one_in_force([p for p in parts if p.name == wanted], rules)
        assert part is not None, f"no {wanted} of {name} on {rules} in {_FILE}"
        phases += [(ist_ns(session, start.at), int(_PHASES[start.phase])) for start in part.phases]
    cutoff = one_in_force([c for c in table(_FILE, "cutoff", _Cutoff) if name in c.groups], rules)
    flat = one_in_force(table(_FILE, "flat", _Flat), rules)
    assert cutoff is not None, f"no cut-off of {name} on {rules} in {_FILE}"
    assert flat is not None, f"no flat margin on {rules} in {_FILE}"
    cutoff_ns = ist_ns(session, cutoff.at)
    flat_ns = min(cutoff_ns, _continuous_end(phases)) - flat.minutes * _MINUTE_NS
    return PhaseGroup(name=name, phases=phases, mis_cutoff_ns=cutoff_ns, flat_auto_ns=flat_ns)


def _continuous_end(phases: list[tuple[int, int]]) -> int:
    return next(end for (_, phase), (end, _) in itertools.pairwise(phases) if phase == Phase.CONTINUOUS)


def phase_at(group: PhaseGroup, ts_ns: int) -> Phase:
    """The phase at a moment; closed before the day begins."""
    current = Phase.CLOSED
    for start, phase in group.phases:
        if ts_ns < start:
            break
        current = Phase(phase)
    return current


def auction_windows(group: str, day: dt.date) -> list[Window]:
    """What the auctions of `group` allow on `day`, in order of time."""
    windows = [w for w in table(_FILE, "window", Window) if group in w.groups]
    return sorted(in_force(windows, day), key=lambda w: w.start)


def notes(day: dt.date) -> list[str]:
    """What a report over `day` has to say about its facts."""
    return [note.text for note in in_force(table(_FILE, "note", _Note), day)]


def ist_time(ts_ns: int) -> dt.time:
    """The wall time in India of a moment, to the second."""
    return dt.datetime.fromtimestamp(ts_ns // 1_000_000_000, IST).time()

"""Everything dated that one session needs, resolved for its date."""

import datetime as dt

import msgspec

from velox.market import calendar, charges, dated, sessions, venues
from velox.market.records import FactsLoaded, Phase, PhaseGroup, date_number

__all__ = ["Facts", "load", "load_for"]

_DAY_NS = 86_400_000_000_000


class Facts(msgspec.Struct, frozen=True):
    """The facts of one session; `rules_date` differs from `date` when another day's facts stand in."""

    date: dt.date
    rules_date: dt.date
    loaded: FactsLoaded

    @property
    def stand_in(self) -> str | None:
        """The date (yyyy-mm-dd) whose facts are used instead of its own, if they are."""
        return None if self.rules_date == self.date else self.rules_date.isoformat()

    def group_index(self, name: str) -> int:
        """The number of a group in `loaded.groups`."""
        return next(i for i, group in enumerate(self.loaded.groups) if group.name == name)

    def charges_index(self, product: str) -> int:
        """The number of a product in `loaded.charges`."""
        return next(i for i, rates in enumerate(self.loaded.charges) if rates.name == product)

    def group(self, name: str) -> PhaseGroup:
        """The phases of a group of `loaded.groups`."""
        return self.loaded.groups[self.group_index(name)]

    def latest_flat(self, group: str | int) -> dt.time:
        """The latest legal time (IST) to be flat in a group of `loaded.groups`: what `flat="auto"` means."""
        index = group if isinstance(group, int) else self.group_index(group)
        return sessions.ist_time(self.loaded.groups[index].flat_auto_ns)


def load(date: dt.date, *, as_of: dt.date | None = None) -> Facts:
    """The facts of a session; a date that is not covered is refused unless `as_of` names one that stands in.

    For a covered date its own facts hold, whatever `as_of` says. Days on which the market is closed are refused.
    """
    rules = date
    notes: list[str] = []
    if not calendar.covered(date):
        if as_of is None:
            calendar.check_covered(date)
        else:
            calendar.check_covered(as_of)
            rules = as_of
            notes.append(f"the facts of {date} are not known; those of {as_of} are used")
    calendar.check_open(date)
    groups = [sessions.phase_group(name, date, rules) for name in sessions.LOADED_GROUPS]
    loaded = FactsLoaded(
        session_date=date_number(date),
        digest=dated.digest(),
        day_start_ns=calendar.ist_ns(date),
        open_ns=min(_first_start(group, Phase.CONTINUOUS) for group in groups),
        end_ns=max(group.phases[-1][0] for group in groups),
        groups=groups,
        charges=charges.loaded_rates(rules),
        notes=notes + sessions.notes(rules),
        previous_day_ns=_previous_day_ns(date),
    )
    return Facts(date=date, rules_date=rules, loaded=loaded)


def _previous_day_ns(date: dt.date) -> int:
    try:
        return calendar.ist_ns(calendar.previous_trading_day(date))
    except calendar.NotCovered:
        return 0


def load_for(name: str, date: dt.date, *, as_of: dt.date | None = None) -> Facts:
    """The facts of an instrument's own market; of one that never closes nothing has to stand in."""
    venue = venues.venue_of(name, date)
    if venue is None:
        return load(date, as_of=as_of)
    begin_ns = venues.day_start_ns(name, date)
    end_ns = begin_ns + _DAY_NS
    phases = [(begin_ns, int(Phase.CONTINUOUS)), (end_ns, int(Phase.CLOSED))]
    loaded = FactsLoaded(
        session_date=date_number(date),
        digest=dated.digest(),
        day_start_ns=begin_ns,
        open_ns=begin_ns,
        end_ns=end_ns,
        groups=[PhaseGroup(name=venue.group, phases=phases, mis_cutoff_ns=end_ns, flat_auto_ns=end_ns)],
        charges=[],
        notes=[],
        previous_day_ns=begin_ns - _DAY_NS,
    )
    return Facts(date=date, rules_date=date, loaded=loaded)


def _first_start(group: PhaseGroup, wanted: Phase) -> int:
    return next(start for start, phase in group.phases if phase == wanted)

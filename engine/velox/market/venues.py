"""Markets that never close: which exchanges they are, where their day begins, how finely they count."""

import datetime as dt

from velox.errors import BadInput
from velox.market.calendar import NotCovered, ist_ns
from velox.market.dated import Dated, one_in_force, table

__all__ = ["Venue", "day_start_ns", "known_exchanges", "offset_ns", "venue_of"]

_FILE = "venues.toml"
_SESSIONS_OF = "NSE", "NFO"
_EPOCH = dt.date(1970, 1, 1)
_MINUTE_NS = 60_000_000_000
_DAY_NS = 1_440 * _MINUTE_NS


class Venue(Dated, frozen=True, kw_only=True):
    """A market that trades at all hours."""

    exchange: str
    currency: str
    group: str
    utc_offset_minutes: int
    quantity_decimals: int


def known_exchanges() -> list[str]:
    """The exchanges whose hours are known."""
    return [*_SESSIONS_OF, *sorted({venue.exchange for venue in table(_FILE, "venue", Venue)})]


def venue_of(name: str, day: dt.date) -> Venue | None:
    """The market of an instrument if it never closes, None where it has sessions; an unknown one is refused."""
    exchange = name.partition(":")[0]
    if exchange in _SESSIONS_OF:
        return None
    own = [venue for venue in table(_FILE, "venue", Venue) if venue.exchange == exchange]
    if not own:
        raise BadInput(f"the hours of {exchange} are not known; known are {', '.join(known_exchanges())}")
    found = one_in_force(own, day)
    if found is None:
        first = min(venue.since for venue in own)
        raise NotCovered(f"{day} is not covered: {exchange} is known from {first} on")
    return found


def offset_ns(name: str) -> int:
    """How far the day of an instrument begins before that of UTC: India's where nothing else is known."""
    exchange = name.partition(":")[0]
    own = [venue.utc_offset_minutes for venue in table(_FILE, "venue", Venue) if venue.exchange == exchange]
    return own[0] * _MINUTE_NS if own else ist_ns(_EPOCH) * -1


def day_start_ns(name: str, day: dt.date) -> int:
    """Midnight of an instrument's day in ns since the epoch."""
    return (day - _EPOCH).days * _DAY_NS - offset_ns(name)

"""Price steps by kind of instrument, date and reference price."""

import datetime as dt

import msgspec

from velox.market.amounts import ONE, scaled
from velox.market.calendar import previous_trading_day
from velox.market.dated import Dated, in_force, one_in_force, table

__all__ = ["band_reference_day", "has_ticks", "tick_size", "valid_ticks"]


class _Band(msgspec.Struct, frozen=True):
    tick: str
    below: str | None = None
    upto: str | None = None

    def admits(self, price: int) -> bool:
        if self.below is not None:
            return price < scaled(self.below, ONE)
        return self.upto is None or price <= scaled(self.upto, ONE)


class _Table(Dated, frozen=True, kw_only=True):
    kind: str
    bands: list[_Band]


def _bands(kind: str, day: dt.date) -> list[_Band]:
    found = one_in_force([t for t in table("ticks.toml", "table", _Table) if t.kind == kind], day)
    if found is None:
        raise LookupError(f"no tick sizes of {kind} on {day}")
    return found.bands


def has_ticks(kind: str, day: dt.date) -> bool:
    """Whether the price steps of a kind are known on `day`."""
    return any(t.kind == kind for t in in_force(table("ticks.toml", "table", _Table), day))


def tick_size(kind: str, reference_price: int, day: dt.date) -> int:
    """The step at 1e-8 rupees; the reference is the close of the month before, for options the underlying's."""
    band = next(band for band in _bands(kind, day) if band.admits(reference_price))
    return scaled(band.tick, ONE)


def valid_ticks(kind: str, day: dt.date) -> frozenset[int]:
    """Every step that some price of this kind has on `day`."""
    return frozenset(scaled(band.tick, ONE) for band in _bands(kind, day))


def band_reference_day(day: dt.date) -> dt.date:
    """The day whose close decides the tick on `day`: the last trading day of the month before."""
    return previous_trading_day(day.replace(day=1))

"""Lots, freeze quantities and expiry days of index contracts, by date."""

import datetime as dt

import msgspec

from velox.market.dated import Dated, one_in_force, table

__all__ = [
    "MovedExpiry",
    "cash_freeze_applies",
    "expiry_weekday",
    "freeze_quantity",
    "largest_slice",
    "lot_size",
    "moved_expiries",
    "weekly_index",
]

_FILE = "derivatives.toml"


class _Lot(msgspec.Struct, frozen=True):
    index: str
    contract: str
    size: int
    source: str
    expiry_from: dt.date
    expiry_until: dt.date = dt.date.max


class _Freeze(Dated, frozen=True, kw_only=True):
    index: str
    quantity: int


class _CashFreeze(Dated, frozen=True, kw_only=True):
    applied: bool


class _Expiry(Dated, frozen=True, kw_only=True):
    exchange: str
    weekday: str


class _Weekly(Dated, frozen=True, kw_only=True):
    exchange: str
    index: str


class MovedExpiry(msgspec.Struct, frozen=True):
    """An expiry that a holiday moves to an earlier day."""

    scheduled: dt.date
    actual: dt.date
    contract: str
    source: str


def lot_size(index: str, expiry: dt.date, contract: str = "monthly") -> int | None:
    """The lot of the contract ("weekly" or "monthly") that expires on `expiry`; None where it is not known."""
    for lot in table(_FILE, "lot", _Lot):
        if (lot.index, lot.contract) == (index, contract) and lot.expiry_from <= expiry <= lot.expiry_until:
            return lot.size
    return None


def freeze_quantity(index: str, day: dt.date) -> int | None:
    """The quantity above which the exchange rejects an order; None where it is not known."""
    found = one_in_force([f for f in table(_FILE, "freeze", _Freeze) if f.index == index], day)
    return None if found is None else found.quantity


def largest_slice(freeze: int, lot: int) -> int:
    """The most whole lots that surely pass: whether exactly the freeze quantity does is disputed."""
    return (freeze - 1) // lot * lot


def cash_freeze_applies(day: dt.date) -> bool:
    """Whether a share's freeze quantity in the instrument file is a rule on `day`."""
    found = one_in_force(table(_FILE, "cash_freeze", _CashFreeze), day)
    return found is not None and found.applied


def expiry_weekday(exchange: str, day: dt.date) -> str | None:
    """The weekday on which contracts of `day` expire unless a holiday moves it; for words, never for arithmetic."""
    found = one_in_force([e for e in table(_FILE, "expiry", _Expiry) if e.exchange == exchange], day)
    return None if found is None else found.weekday


def weekly_index(exchange: str, day: dt.date) -> str | None:
    """The one index of an exchange with weekly contracts; None where that is not known."""
    found = one_in_force([w for w in table(_FILE, "weekly", _Weekly) if w.exchange == exchange], day)
    return None if found is None else found.index


def moved_expiries() -> tuple[MovedExpiry, ...]:
    """The expiries of 2026 that a holiday moves."""
    return table(_FILE, "moved", MovedExpiry)

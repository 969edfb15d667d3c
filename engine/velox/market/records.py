"""The session facts as the kernel receives them: arrays whose field order is the journal's format."""

import datetime as dt
import enum

import msgspec

__all__ = ["ChargeRates", "FactsLoaded", "InstrumentDef", "Phase", "PhaseGroup", "date_number", "date_of"]


def date_number(date: dt.date) -> int:
    """A date as records write it, yyyymmdd."""
    return date.year * 10_000 + date.month * 100 + date.day


def date_of(number: int) -> dt.date:
    """The date that a record writes as yyyymmdd."""
    return dt.date(number // 10_000, number // 100 % 100, number % 100)


class Phase(enum.IntEnum):
    """What an exchange lets happen at a moment of the day."""

    CLOSED = 0
    PRE_OPEN = 1
    CONTINUOUS = 2
    TRANSITION = 3
    AUCTION = 4
    POST = 5
    HALT = 6


class PhaseGroup(msgspec.Struct, array_like=True, frozen=True):
    """The day of one group of instruments; each phase holds until the next begins."""

    name: str
    phases: list[tuple[int, int]]  # (start ns UTC, Phase), ascending
    mis_cutoff_ns: int
    flat_auto_ns: int


class ChargeRates(msgspec.Struct, array_like=True, frozen=True):
    """What a trade of one product costs: rates at 1e-10 of the value, money at 1e-8 rupees."""

    name: str
    stt_buy: int
    stt_sell: int
    transaction: int
    sebi: int
    stamp_buy: int
    gst: int
    brokerage_rate: int  # an order pays min(cap, rate x value); with a rate of 0 the cap is a flat fee
    brokerage_cap: int


class FactsLoaded(msgspec.Struct, array_like=True, frozen=True):
    """Everything dated that one session needs."""

    session_date: int  # yyyymmdd
    digest: str
    day_start_ns: int
    open_ns: int
    end_ns: int
    groups: list[PhaseGroup]
    charges: list[ChargeRates]
    notes: list[str]
    previous_day_ns: int = 0  # midnight of the trading day before, 0 where it is not known


class InstrumentDef(msgspec.Struct, array_like=True, frozen=True):
    """One instrument of a session; prices at 1e-8 rupees, 0 where unknown."""

    id: int
    name: str
    exchange: str
    token: str
    kind: int
    group: int  # place in FactsLoaded.groups
    tick: int
    lot: int
    freeze: int  # 0 = no freeze quantity applies
    lower: int
    upper: int
    prev_close: int
    charges: int  # place in FactsLoaded.charges
    shortable: bool

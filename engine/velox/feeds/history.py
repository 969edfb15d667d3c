"""What a download needs of a broker, whoever it is, and which brokers give it."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from velox.errors import BadInput
from velox.feeds.smartapi_candles import INTERVALS
from velox.feeds.smartapi_rest import HistoryCandle, SmartapiRest
from velox.market.calendar import IST
from velox.market.instruments import InstrumentBook
from velox.settings import FeedSettings, SmartapiSettings

__all__ = ["HistoryLimits", "HistorySource", "SmartapiHistory", "history_source", "source_names"]


class HistoryLimits(msgspec.Struct, frozen=True):
    """What may be asked for at once: the longest period in days by the length of a candle in seconds."""

    days: Mapping[int, int]


class HistorySource(Protocol):
    """A broker's store of candles; it waits by itself between calls as the broker's rate asks."""

    @property
    def name(self) -> str:
        """The broker, as the command line names it."""
        ...

    @property
    def limits(self) -> HistoryLimits:
        """What one request may ask for."""
        ...

    async def candles(self, instrument: str, length_s: int, first: dt.date, last: dt.date) -> list[HistoryCandle]:
        """Candles of the days from `first` to `last`, both included, oldest first; an unknown instrument is refused."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class SmartapiHistory:
    """The candles of Angel One's SMART API; its instrument file is fetched once, for the tokens."""

    name = "smartapi"
    limits = HistoryLimits({length_s: days for length_s, (_, days) in INTERVALS.items()})

    def __init__(self, settings: SmartapiSettings, rest: SmartapiRest | None = None) -> None:
        self._rest = rest or SmartapiRest(settings)
        self._book: InstrumentBook | None = None

    async def candles(self, instrument: str, length_s: int, first: dt.date, last: dt.date) -> list[HistoryCandle]:
        """Candles of these days; the broker's own limits and rate are kept by its client."""
        if self._book is None:
            self._book = await self._rest.instruments()
        listed = self._book[instrument]
        begin, end = (dt.datetime.combine(day, dt.time(), tzinfo=IST) for day in (first, last + dt.timedelta(days=1)))
        end -= dt.timedelta(minutes=1)
        return await self._rest.candles(listed.token, length_s, begin, end, listed.exchange)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._rest.close()


def _smartapi(settings: FeedSettings) -> HistorySource:
    if settings.smartapi is None:
        raise BadInput("smartapi is not set up: write its account under [feed.smartapi] in velox.toml")
    return SmartapiHistory(settings.smartapi)


_SOURCES: dict[str, Callable[[FeedSettings], HistorySource]] = {"smartapi": _smartapi}


def source_names() -> list[str]:
    """The brokers whose candles can be downloaded."""
    return sorted(_SOURCES)


def history_source(broker: str, settings: FeedSettings) -> HistorySource:
    """The store of a broker; one that gives none, or is not set up, is refused."""
    make = _SOURCES.get(broker)
    if make is None:
        raise BadInput(f"no candles can be downloaded from {broker!r}; available: {', '.join(source_names())}")
    return make(settings)

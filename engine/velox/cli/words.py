"""Words of the command line that several commands read alike: speeds, times of day, dates."""

import contextlib
import datetime as dt
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from velox.market.calendar import day_span

if TYPE_CHECKING:
    from velox.market.corporate_actions import Actions

__all__ = [
    "DateWord",
    "DaySpanWord",
    "SecondsWord",
    "SpeedWord",
    "TimeWord",
    "actions_of",
    "check_json",
    "checked_actions",
    "corporate_actions",
    "data_kind",
    "facts_as_of",
    "watched",
]

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CLOCK = re.compile(r"\d\d:\d\d:\d\d", re.ASCII)


_Read = TypeVar("_Read")


def _read(pattern: re.Pattern[str], reader: Callable[[str], _Read], text: str) -> _Read | None:
    """What a reader makes of a text of this form; None where it is of another, or says what cannot be."""
    if pattern.fullmatch(text):
        with contextlib.suppress(ValueError):
            return reader(text)
    return None


class SpeedWord(click.ParamType[float | None]):
    """A factor of real time, or `max` for as fast as it goes."""

    name = "speed"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        """Read `max` as None, anything else as a factor."""
        if value == "max" or value is None:
            return None
        try:
            speed = float(str(value))
        except ValueError:
            speed = math.nan
        if not 0 < speed < math.inf:
            self.fail(f"{value!r} is neither a number above 0 nor max", param, ctx)
        return speed


class SecondsWord(click.ParamType[float]):
    """A span of wall time."""

    name = "seconds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number of seconds above 0."""
        try:
            seconds = float(str(value))
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            self.fail(f"{value!r} is not a number of seconds above 0", param, ctx)
        return seconds


class TimeWord(click.ParamType[dt.time]):
    """A time of day in India."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.time:
        """Read HH:MM:SS."""
        text = str(value)
        parsed = _read(_CLOCK, dt.time.fromisoformat, text)
        if parsed is None:
            self.fail(f"{text!r} is not a time like 09:15:00", param, ctx)
        return parsed


class DateWord(click.ParamType[dt.date]):
    """A date."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """Read yyyy-mm-dd."""
        text = str(value)
        parsed = _read(_DATE, dt.date.fromisoformat, text)
        if parsed is None:
            self.fail(f"{text!r} is not a date like 2026-07-15", param, ctx)
        return parsed


class DaySpanWord(click.ParamType[tuple[dt.date, dt.date]]):
    """A date or a whole month: its first and its last day."""

    name = "day"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[dt.date, dt.date]:
        """Read yyyy-mm-dd or yyyy-mm."""
        try:
            return day_span(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def check_json(path: Path | None, option: str = "--json") -> None:
    """Refuse a file for results whose folder is not there, before anything is run for them."""
    if path is not None and not path.resolve().parent.is_dir():
        raise click.BadParameter(f"the folder of {path} does not exist", param_hint=option)


facts_as_of = click.option(
    "--facts-as-of",
    type=DateWord(),
    metavar="DATE",
    help="Use the market facts of this date where the day's are not known.",
)

watched = click.option(
    "--watch", "watched", metavar="A,B", help="Instruments beside the strategies' own that hooks may choose to watch."
)


def _actions_file(asked: Path | None) -> Path | None:
    """The file of corporate actions: the one that was named, else that of the settings."""
    from velox.settings import load

    return asked or load().market.corporate_actions


def checked_actions(asked: Path | None) -> str:
    """The file for a plan, absolute and read once, so that a mistake is told before anything starts; "" for none."""
    from velox.market.corporate_actions import read_actions

    path = _actions_file(asked)
    if path is None:
        return ""
    _ = read_actions(path)
    return str(path.absolute())


def actions_of(asked: Path | None) -> "Actions":
    """What that file holds; a mistake in it is refused with its place."""
    from velox.market.corporate_actions import NO_ACTIONS, read_actions

    path = _actions_file(asked)
    return NO_ACTIONS if path is None else read_actions(path)


corporate_actions = click.option(
    "--corporate-actions",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Splits, bonuses, dividends and renames (docs/data.md); default: that of [market] in velox.toml, if any.",
)

data_kind = click.option(
    "--data",
    type=click.Choice(["auto", "ticks", "candles"]),
    help="Run days by ticks; by one-minute candles; auto: by ticks where a day has them, else by candles. "
    "Default: days with ticks, or those with candles where no day has ticks.",
)

"""Words of the command line that several commands read alike: speeds and times of day."""

import contextlib
import datetime as dt
import math
import re

import click

__all__ = ["SpeedWord", "TimeWord"]

_CLOCK = re.compile(r"\d\d:\d\d:\d\d", re.ASCII)


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


class TimeWord(click.ParamType[dt.time]):
    """A time of day in India."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.time:
        """Read HH:MM:SS."""
        text = str(value)
        parsed = None
        if _CLOCK.fullmatch(text):
            with contextlib.suppress(ValueError):
                parsed = dt.time.fromisoformat(text)
        if parsed is None:
            self.fail(f"{text!r} is not a time like 09:15:00", param, ctx)
        return parsed

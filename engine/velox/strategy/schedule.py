"""When hooks run: at a time, every so often, at the close of candles; and the hours of a session."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any, Literal, Self, TypeVar, overload

import msgspec

from velox.errors import BadInput
from velox.strategy.clocktext import clock_ns, clock_text, span_ns
from velox.strategy.declaration import Declaration
from velox.strategy.declare import Bars, Text, resolved
from velox.strategy.handles import SessionTimes
from velox.strategy.params import Values

__all__ = [
    "At",
    "BarCount",
    "Every",
    "Intraday",
    "On",
    "ValidUntil",
    "Windows",
    "at",
    "bars",
    "due_fault",
    "every",
    "intraday",
    "on",
    "times",
]

_F = TypeVar("_F", bound=Callable[..., Any])
_MARK = "__velox_times__"


class At(msgspec.Struct, frozen=True):
    """Once a day at a time."""

    when: Text
    late: str


class Every(msgspec.Struct, frozen=True):
    """Again and again, counted from the session's open."""

    span: Text


class On:
    """At the close of each candle of one series, or once for those of all symbols that end together."""

    def __init__(self, bars: Bars, together: bool) -> None:
        self._bars = bars
        self.together = together

    def candles(self) -> Bars:
        """The candles; a method for the reason given at Source."""
        return self._bars


class BarCount(msgspec.Struct, frozen=True):
    """A life of an entry, in candles."""

    count: int


Windows = Sequence[tuple[Text, Text]]
ValidUntil = str | datetime.time | datetime.datetime | BarCount


def times(function: object) -> list[At | Every | On]:
    """What the decorators of this module noted on a function, in reading order."""
    noted = getattr(function, _MARK, ())
    return [when for when in reversed(noted) if isinstance(when, At | Every | On)]


def _note(when: At | Every | On) -> Callable[[_F], _F]:
    def decorate(function: _F) -> _F:
        setattr(function, _MARK, (*getattr(function, _MARK, ()), when))
        return function

    return decorate


def _refuse_bare(given: object, example: str) -> None:
    """Refuse a decorator without its brackets, which would take the method's place and never run it."""
    if isinstance(given, FunctionType):
        raise BadInput(f"{example.partition('(')[0]} on {given.__name__} says nothing of when: write {example}")


def at(when: Text, *, late: Literal["skip", "run"] = "skip") -> Callable[[_F], _F]:
    """Run once a day at this time; more than 30 s late it is skipped unless `late="run"`."""
    _refuse_bare(when, '@at("09:20")')
    return _note(At(when, late))


def every(span: Text) -> Callable[[_F], _F]:
    """Run every so often, as in `@every("30s")`."""
    _refuse_bare(span, '@every("30s")')
    return _note(Every(span))


def on(bars: Bars, *, together: bool = False) -> Callable[[_F], _F]:
    """Run at the close of each candle of this series, named as the class body names it: `@on(slow)`.

    With `together` it runs once for all symbols, when their candles of that time have closed or the grace of those
    that are late has passed. It is given the instances that are ready, one a symbol, and may trade with each.
    """
    _refuse_bare(bars, "@on(bars)")
    return _note(On(bars, together))


def bars(count: int) -> BarCount:
    """So many candles, as in `valid_until=bars(3)`."""
    if type(count) is not int or count < 1:
        raise BadInput(f"bars({count!r}) is no life: give whole candles from 1, as in valid_until=bars(3)")
    return BarCount(count)


class Intraday(Declaration):
    """The hours in which the strategy may enter and the time at which it is flat."""

    def __init__(self, start: Text | None, last_entry: Text | None, flat: Text, windows: Windows | None) -> None:
        super().__init__()
        self.start = start
        self.last_entry = last_entry
        self.flat = flat
        self.windows = windows

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> SessionTimes: ...
    def __get__(self, instance: object | None, owner: type) -> Self | SessionTimes:
        return self if instance is None else self.unbound(owner)

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        call = f"{self.name} = intraday(…)"
        if self.windows is None:
            words = ["start", "last_entry", "flat"]
        else:
            words = ["flat"]
            yield from self._window_sentences(call)
        for word in words:
            try:
                self._ns(word, {})
            except ValueError as error:
                yield f"{call}: {word}={error}"

    def _window_sentences(self, call: str) -> Iterator[str]:
        if self.start is not None or self.last_entry is not None:
            yield f"{call}: windows= says when it enters; leave out start and last_entry"
        try:
            self._windows_ns({})
        except TypeError:
            yield f'{call}: windows is a list of pairs, as in windows=[("09:30", "11:00"), ("13:30", "15:00")]'
        except ValueError as error:
            yield f"{call}: windows: {error}"

    def hours(self, values: Values, open_ns: int, flat_auto_ns: int) -> tuple[list[tuple[int, int]], int]:
        """Entry windows and square-off in ns of the day; ValueError with a sentence when out of order or outside."""
        flat = self._ns("flat", values)
        flat = flat_auto_ns if flat is None else flat
        windows = self._ordered_windows(values, flat)
        for begin, end in windows:
            if end <= open_ns:
                raise ValueError(
                    f"{self.name} = intraday(…): from {clock_text(begin)} to {clock_text(end)} nothing can be entered: "
                    f"trading begins at {clock_text(open_ns)}"
                )
        return windows, flat

    def _ordered_windows(self, values: Values, flat: int) -> list[tuple[int, int]]:
        if self.windows is not None:
            return self._ordered(self._windows_ns(values), flat)
        start, last = self._ns("start", values), self._ns("last_entry", values)
        last = flat if last is None else last
        assert start is not None
        if not start < last <= flat:
            raise ValueError(
                f"{self.name} = intraday(…): start {clock_text(start)} must come before the last entry at "
                f"{clock_text(last)}, and that not after the square-off at {clock_text(flat)}"
            )
        return [(start, last)]

    def _ordered(self, windows: list[tuple[int, int]], flat: int) -> list[tuple[int, int]]:
        before = 0
        for begin, end in windows:
            if not before <= begin < end <= flat:
                raise ValueError(
                    f"{self.name} = intraday(…): the window {clock_text(begin)} to {clock_text(end)} must begin before "
                    f"it ends, after the window before it, and end not after the square-off at {clock_text(flat)}"
                )
            before = end
        return windows

    def _windows_ns(self, values: Values) -> list[tuple[int, int]]:
        assert self.windows is not None
        if not isinstance(self.windows, list | tuple) or not self.windows:
            raise TypeError
        if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in self.windows):
            raise TypeError
        return [(clock_ns(resolved(begin, values)), clock_ns(resolved(end, values))) for begin, end in self.windows]

    def _ns(self, word: str, values: Values) -> int | None:
        text = resolved(getattr(self, word), values)
        if (word == "last_entry" and text is None) or (word == "flat" and text == "auto"):
            return None
        return clock_ns(text)


def intraday(
    start: Text | None = None,
    *,
    last_entry: Text | None = None,
    flat: Text = "auto",
    windows: Windows | None = None,
) -> Intraday:
    """Enter from `start` to `last_entry` only and be flat by `flat`, by default as late as the rules allow.

    With `windows`, as in `windows=[("09:30", "11:00"), ("13:30", "15:00")]`, it enters inside each of them alone.
    """
    return Intraday(start, last_entry, flat, windows)


def due_fault(function: str, when: At | Every | On, values: Values) -> str | None:
    """What is wrong with a decorator's own text."""
    try:
        match when:
            case At(text, late):
                clock_ns(resolved(text, values))
                if late not in ("skip", "run"):
                    return f'@at on {function}: late={late!r} is unknown; write late="run" or leave it out'
            case Every(text):
                span_ns(resolved(text, values))
            case On():
                if not isinstance(when.candles(), Bars):
                    return f"@on on {function}: give it a Bars of the class body, as in @on(bars)"
    except ValueError as error:
        return f"@{type(when).__name__.lower()} on {function}: {error}"
    return None

"""Lots of contracts that the dated facts do not tell, from a broker's instrument files that are kept by their days.

A file tells the lots of its day. They are taken to hold until the next file that is kept; where that one says
otherwise, nobody knows on which day between the two a lot has changed.
"""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from velox.errors import BadInput

__all__ = ["NO_LOTS", "Lot", "LotOf", "Lots", "untold"]

_DATED = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
_FILES_HELD_MAX = 2  # a real one lists a hundred thousand contracts


class Lot(msgspec.Struct, frozen=True):
    """What a file tells of a contract in units, 0 where nothing; `why` says what is missing, and what to do."""

    units: int = 0
    freeze: int = 0
    why: str = ""


# The lot of a contract on some day, by its name.
LotOf: TypeAlias = Callable[[str], Lot]

_NO_FILES = Lot(
    why="set [market] instrument_files to a folder with a broker's instrument files, each named by its day, as "
    "2026-07-15.json"
)


def untold(_name: str) -> Lot:
    """Where no file is kept."""
    return _NO_FILES


class Lots:
    """The files of a folder, found by the day in their names: 2026-07-15.json, OpenAPIScripMaster_2026-07-15.json."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._files = {} if folder is None else _dated(folder)
        self._read: dict[dt.date, dict[str, Lot]] = {}

    def on(self, day: dt.date) -> LotOf:
        """What is known on a day."""
        return untold if self.folder is None else lambda name: self._told(name, day)

    def _told(self, name: str, day: dt.date) -> Lot:
        before = max((date for date in self._files if date <= day), default=None)
        after = min((date for date in self._files if date > day), default=None)
        if before is None:
            return Lot(why=f"the instrument files in {self.folder} begin on {after}: add one of {day} or before")
        told = self._contracts(before).get(name)
        if told is None or not told.units:
            return Lot(
                why=f"the instrument file of {before}, the newest up to {day}, does not tell it: add one that does"
            )
        later = told
        if after is not None and before != day:
            later = self._contracts(after).get(name, told)
        if later.units != told.units:
            return Lot(
                why=f"it is {told.units} by the instrument file of {before} and {later.units} by that of {after}: "
                f"add the file of {day}"
            )
        return told

    def _contracts(self, day: dt.date) -> dict[str, Lot]:
        # It builds on instruments, which build on this module.
        from velox.market.scrip_master import read_scrip_master

        if day not in self._read:
            if len(self._read) >= _FILES_HELD_MAX:
                del self._read[min(self._read)]
            listed = read_scrip_master(self._files[day]).instruments
            self._read[day] = {each.name: Lot(each.lot, each.freeze) for each in listed if each.expiry is not None}
        return self._read[day]


NO_LOTS = Lots()


def _dated(folder: Path) -> dict[dt.date, Path]:
    found: dict[dt.date, Path] = {}
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except OSError as error:
        raise BadInput(f"[market] instrument_files = {folder} cannot be read: {error.strerror}") from None
    for path in paths:
        if (day := _day_of(path.stem)) is None:
            continue
        if day in found:
            raise BadInput(f"{found[day]} and {path} are both of {day}: leave one of them")
        found[day] = path
    if not found:
        raise BadInput(
            f"[market] instrument_files = {folder} holds no file that is named by its day, as 2026-07-15.json: "
            "name each by the day on which it was fetched"
        )
    return found


def _day_of(name: str) -> dt.date | None:
    dated = _DATED.search(name)
    try:
        return None if dated is None else dt.date.fromisoformat(dated[0])
    except ValueError:
        return None

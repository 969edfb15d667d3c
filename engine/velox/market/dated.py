"""The data files of the market's facts: each table parsed once, each entry in force from one day until another."""

import datetime as dt
import functools
import hashlib
import tomllib
from collections.abc import Sequence
from importlib import resources
from typing import Any, TypeVar

import msgspec

__all__ = ["Dated", "data_files", "digest", "in_force", "one_in_force", "table"]

_FOLDER = "data"
_FROM, _UNTIL = dt.date.min, dt.date.max


class Dated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """An entry with its first and last day, both included, and where it is known from."""

    source: str
    since: dt.date = _FROM
    until: dt.date = _UNTIL


_Struct = TypeVar("_Struct", bound=msgspec.Struct)
_Entry = TypeVar("_Entry", bound=Dated)


@functools.cache
def data_files() -> dict[str, bytes]:
    """Name and content of every data file, in the order in which they enter the digest."""
    folder = resources.files("velox.market").joinpath(_FOLDER)
    found = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.name.endswith(".toml")}
    return dict(sorted(found.items()))


@functools.cache
def digest() -> str:
    """SHA-256 over names, lengths and bytes of the data files: equal digests mean equal facts."""
    total = hashlib.sha256()
    for name, content in data_files().items():
        total.update(f"{name} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


@functools.cache
def _parsed(file: str) -> dict[str, Any]:
    return tomllib.loads(data_files()[file].decode())


@functools.cache
def _entries(file: str, name: str, kind: type[msgspec.Struct]) -> tuple[Any, ...]:
    return tuple(msgspec.convert(entry, kind) for entry in _parsed(file)[name])


def table(file: str, name: str, kind: type[_Struct]) -> tuple[_Struct, ...]:
    """The entries called `name` in a data file; a mistake in the file raises `msgspec.ValidationError`."""
    return _entries(file, name, kind)


def in_force(entries: Sequence[_Entry], day: dt.date) -> list[_Entry]:
    """The entries that hold on `day`."""
    return [entry for entry in entries if entry.since <= day <= entry.until]


def one_in_force(entries: Sequence[_Entry], day: dt.date) -> _Entry | None:
    """The entry that holds on `day`, or None; two of them are a mistake in the data."""
    found = in_force(entries, day)
    assert len(found) <= 1, f"two entries hold on {day}: {found}"
    return found[0] if found else None

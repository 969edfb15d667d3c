"""Reads the settings: `velox.toml` in the folder or the file in `VELOX_CONFIG`, then `VELOX_*` variables on top.

A variable is the key with its sections joined by `__`: `VELOX_FEED__SMARTAPI__PIN`, `VELOX_PAPER__LATENCY_MS`.
Sections that carry a name of the user's, as `[limits.strategies.EmaCross]`, are the file's alone.
Every fault of a file and of the environment is listed at once, each with its place.
"""

import difflib
import ipaddress
import math
import os
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from velox.errors import BadInput
from velox.secret import Secret
from velox.sections import (
    AccountSettings,
    EngineSettings,
    FeedSettings,
    JournalSettings,
    LevelLimits,
    LimitSettings,
    MarketSettings,
    PaperSettings,
    Section,
    Settings,
    SmartapiSettings,
)

__all__ = [
    "AccountSettings",
    "BadSettings",
    "EngineSettings",
    "FeedSettings",
    "JournalSettings",
    "LevelLimits",
    "LimitSettings",
    "MarketSettings",
    "PaperSettings",
    "Settings",
    "SmartapiSettings",
    "load",
]

# Variables that other programs of the project read; they are no settings.
_NOT_SETTINGS = {
    "VELOX_CONFIG",
    "VELOX_SHARED",
    "VELOX_REQUIRE_SHARED",
    "VELOX_PANIC_AT_SEQ",  # the recovery tests' planted fault: the core panics at the first input from here on
}


class BadSettings(BadInput):
    """Every fault found in the settings, one line each."""

    def __init__(self, faults: list[str]) -> None:
        many = "\n  ".join([f"{len(faults)} faults in the settings:", *faults])
        super().__init__(faults[0] if len(faults) == 1 else many)
        self.faults = faults


_S = TypeVar("_S", bound=Section)


def load(folder: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings for `folder` (default: the current one); raises `BadSettings` with every fault."""
    faults: list[str] = []
    tree, name = _read_file(folder or Path(), environ)
    places = _Places(name, {})
    _overlay(tree, places, environ, faults)
    settings = _section(Settings, tree, (), places, faults)
    if faults:
        raise BadSettings(faults)
    assert settings is not None
    return settings


class _Places(msgspec.Struct):
    file: str
    variables: dict[tuple[str, ...], str]  # key path -> the variable that set it

    def of(self, path: tuple[str, ...]) -> str:
        """Where a key was written, as the user wrote it."""
        return self.variables.get(path) or f"{self.file}: {_dotted(path)}"


def _dotted(path: tuple[str, ...]) -> str:
    *sections, key = path
    return f"[{'.'.join(sections)}] {key}" if sections else f"[{key}]"


def _read_file(folder: Path, environ: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    named = environ.get("VELOX_CONFIG")
    path = Path(named) if named else folder / "velox.toml"
    try:
        with path.open("rb") as file:
            return tomllib.load(file), path.name
    except FileNotFoundError:
        if named:
            raise BadSettings([f"VELOX_CONFIG names {named}, which does not exist"]) from None
        return {}, path.name
    except OSError as error:
        raise BadSettings([f"{path} cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path} is no TOML: {error}"]) from None


def _overlay(tree: dict[str, Any], places: _Places, environ: Mapping[str, str], faults: list[str]) -> None:
    known = {_variable(path): (path, kind) for path, kind in _leaves(Settings, ())}
    for variable in sorted(environ):
        if not variable.startswith("VELOX_") or variable in _NOT_SETTINGS:
            continue
        if variable not in known:
            faults.append(f"{variable} is no setting{_nearest(variable, known)}")
            continue
        path, kind = known[variable]
        node: Any = tree
        for part in path[:-1]:
            node = node.setdefault(part, {}) if isinstance(node, dict) else None
        if isinstance(node, dict):  # else the file's own fault at this section is told
            node[path[-1]] = _typed(environ[variable], kind)
            places.variables[path] = variable


def _variable(path: tuple[str, ...]) -> str:
    return "VELOX_" + "__".join(path).upper()


def _typed(text: str, kind: Any) -> object:
    """A variable is text; numbers and booleans are read from it, and what cannot be read stays for the fault."""
    if kind is Secret or kind is Path:
        return text
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        return text


def _fields(section: type[Section]) -> Iterator[tuple[str, Any, bool]]:
    hints = typing.get_type_hints(section, include_extras=True)
    for field in msgspec.structs.fields(section):
        kind = hints[field.name]
        options = [option for option in typing.get_args(kind) if option is not types.NoneType]
        optional = typing.get_origin(kind) is types.UnionType and len(options) == 1
        yield field.name, options[0] if optional else kind, field.required


def _leaves(section: type[Section], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, kind, _ in _fields(section):
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from _leaves(kind, (*path, name))
        elif typing.get_origin(kind) is not dict:
            yield (*path, name), kind


def _section(kind: type[_S], tree: object, path: tuple[str, ...], places: _Places, faults: list[str]) -> _S | None:
    if not isinstance(tree, dict):
        faults.append(f"{places.of(path)} must be a section, not a value")
        return None
    fields = {name: (field, required) for name, field, required in _fields(kind)}
    for key in tree:
        if key not in fields:
            faults.append(f"{places.of((*path, key))} is unknown{_nearest(key, fields)}")
    values: dict[str, object] = {}
    before = len(faults)
    for name, (field, required) in fields.items():
        here = (*path, name)
        if name not in tree:
            if required:
                faults.append(f"{places.of(here)} is missing (or {_variable(here)})")
        elif isinstance(field, type) and issubclass(field, Section):
            values[name] = _section(field, tree[name], here, places, faults)
        elif typing.get_origin(field) is dict:
            values[name] = _named(typing.get_args(field)[1], tree[name], here, places, faults)
        else:
            values[name] = _value(field, tree[name], here, places, faults)
    return kind(**values) if len(faults) == before else None


def _named(
    kind: type[_S], tree: object, path: tuple[str, ...], places: _Places, faults: list[str]
) -> dict[str, _S | None]:
    """Sections under names of the user's own."""
    if not isinstance(tree, dict):
        faults.append(f"{places.of(path)} must hold sections, one a name, not a value")
        return {}
    return {name: _section(kind, each, (*path, name), places, faults) for name, each in tree.items()}


def _value(kind: Any, value: object, path: tuple[str, ...], places: _Places, faults: list[str]) -> object:
    if kind is Secret or kind is Path:
        if not isinstance(value, str) or not value:
            faults.append(f"{places.of(path)} must be a text that is not empty")
            return None
        return kind(value)
    try:
        converted = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        faults.append(f"{places.of(path)}: {error}, got {value!r}")
        return None
    if isinstance(converted, float) and not math.isfinite(converted):
        faults.append(f"{places.of(path)} must be a finite number, got {value!r}")
    if path[-1].endswith("_url") and (fault := _url_fault(str(converted), path[-1])):
        faults.append(f"{places.of(path)}: {fault}")
    return converted


def _url_fault(url: str, name: str) -> str | None:
    """TLS everywhere but on this machine: credentials travel over these links."""
    secure, plain = ("wss", "ws") if name == "ws_url" else ("https", "http")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return f"{url!r} is no address"
    if parts.username or parts.password:
        return "an address must not carry a user or password"
    if parts.scheme == secure and host:
        return None
    if parts.scheme == plain and _is_loopback(host):
        return None
    return f"{url!r} must begin with {secure}:// ({plain}:// only to this machine)"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _nearest(name: str, known: Mapping[str, object]) -> str:
    if near := difflib.get_close_matches(name, known, n=1):
        return f"; did you mean {near[0]}?"
    return f"; known here: {', '.join(sorted(known))}" if len(known) < 20 else ""

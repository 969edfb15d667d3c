"""The data files themselves: complete, sourced, without overlaps, and shipped with the package."""

import datetime as dt
import itertools
import tomllib
from typing import Any

import msgspec
import pytest

from velox.market import dated

FILES = sorted(dated.data_files())
# What must be unique at any moment, by table.
KEYS: dict[str, tuple[str, ...]] = {
    "part": ("name", "groups"),
    "cutoff": ("groups",),
    "flat": (),
    "table": ("kind",),
    "lot": ("index", "contract"),
    "freeze": ("index",),
    "cash_freeze": (),
    "expiry": ("exchange",),
    "weekly": ("exchange",),
    "rate": ("line", "products"),
    "brokerage": ("plan", "products"),
    "covered": (),
    "window": ("name", "groups", "start"),
    "note": ("text",),
}
DATE_KEYED = {"holiday": "date", "special": "date", "moved": "scheduled"}


def entries(file: str) -> list[tuple[str, dict[str, Any]]]:
    parsed = tomllib.loads(dated.data_files()[file].decode())
    return [(name, entry) for name, rows in parsed.items() if isinstance(rows, list) for entry in rows]


def keys(entry: dict[str, Any], fields: tuple[str, ...]) -> set[tuple[Any, ...]]:
    parts = [entry[field] if isinstance(entry[field], list) else [entry[field]] for field in fields]
    return set(itertools.product(*parts))


def span(entry: dict[str, Any]) -> tuple[dt.date, dt.date]:
    first = entry.get("from", entry.get("expiry_from", dt.date.min))
    return first, entry.get("until", entry.get("expiry_until", dt.date.max))


def test_the_expected_files_are_shipped() -> None:
    assert FILES == [
        "calendar.toml",
        "charges.toml",
        "derivatives.toml",
        "instruments.toml",
        "sessions.toml",
        "ticks.toml",
        "venues.toml",
    ]


@pytest.mark.parametrize("file", [file for file in FILES if file != "instruments.toml"])
def test_every_entry_says_where_it_is_known_from(file: str) -> None:
    assert entries(file)
    for name, entry in entries(file):
        assert entry["source"], (name, entry)
        first, last = span(entry)
        assert first <= last, (name, entry)


@pytest.mark.parametrize("file", [file for file in FILES if file != "instruments.toml"])
def test_no_two_entries_contradict_each_other(file: str) -> None:
    for (name, one), (other_name, other) in itertools.combinations(entries(file), 2):
        if name != other_name:
            continue
        if name in DATE_KEYED:
            assert one[DATE_KEYED[name]] != other[DATE_KEYED[name]]
            continue
        (a, b), (c, d) = span(one), span(other)
        if keys(one, KEYS[name]) & keys(other, KEYS[name]):
            assert b < c or d < a, (name, one, other)


def test_two_entries_in_force_at_once_are_noticed() -> None:
    twice = [dated.Dated(source="a"), dated.Dated(source="b", since=dt.date(2026, 1, 1))]
    assert dated.one_in_force(twice, dt.date(2025, 12, 31)) is twice[0]
    with pytest.raises(AssertionError, match="two entries"):
        dated.one_in_force(twice, dt.date(2026, 1, 1))


def test_an_entry_holds_on_its_first_and_last_day() -> None:
    entry = dated.Dated(source="a", since=dt.date(2026, 1, 2), until=dt.date(2026, 1, 3))
    assert [dated.in_force([entry], dt.date(2026, 1, day)) for day in (1, 2, 3, 4)] == [[], [entry], [entry], []]


def test_a_misspelt_field_is_not_ignored() -> None:
    with pytest.raises(msgspec.ValidationError, match="untill"):
        msgspec.convert({"source": "a", "untill": dt.date(2026, 1, 1)}, dated.Dated)

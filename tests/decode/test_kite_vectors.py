"""Every given message of Kite's ticker decodes to the official values, here and through `velox decode`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from velox.cli.decode import command
from velox_core import decode_kite

_PROTOCOL = "zerodha_kite_ticker"
Vector = dict[str, Any]


@pytest.fixture(scope="module")
def vectors(shared: Path) -> list[Vector]:
    text = (shared / "vectors" / "brokers_india.jsonl").read_text()
    return [row for row in map(json.loads, text.splitlines()) if row["protocol"] == _PROTOCOL]


def _wanted(vector: Vector) -> list[Any]:
    fixes = vector.get("correct", [{}] * len(vector["decoded"]))
    return [tick | fix for tick, fix in zip(vector["decoded"], fixes, strict=True)]


def test_messages_decode_to_the_official_values(vectors: list[Vector]) -> None:
    assert len(vectors) > 20
    for vector in vectors:
        decoded = decode_kite(bytes.fromhex(vector["hex"]))
        assert decoded == {"ticks": _wanted(vector), "error": None}, vector["id"]


def test_the_command_gives_one_line_for_each(vectors: list[Vector]) -> None:
    messages = "".join(f"{vector['hex']}\n" for vector in vectors)
    result = CliRunner().invoke(command, ["--protocol", _PROTOCOL], input=messages)
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines == [{"ticks": _wanted(vector), "error": None} for vector in vectors]

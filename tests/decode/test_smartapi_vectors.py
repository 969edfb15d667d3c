"""Every given frame of the SMART stream decodes to the official values, here and through `velox decode`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from velox.cli.decode import command
from velox_core import DecodeError, decode_smartapi

_PROTOCOL = "angel_smartstream_v2"
Vector = dict[str, Any]


@pytest.fixture(scope="module")
def vectors(shared: Path) -> list[Vector]:
    text = (shared / "vectors" / "brokers_india.jsonl").read_text()
    return [row for row in map(json.loads, text.splitlines()) if row["protocol"] == _PROTOCOL]


def _wanted(vector: Vector) -> Vector:
    return {**vector["decoded"], **vector.get("correct", {})}


def test_frames_decode_to_the_official_values(vectors: list[Vector]) -> None:
    whole = [vector for vector in vectors if "__raises__" not in vector["decoded"]]
    assert len(whole) > 20
    for vector in whole:
        decoded = decode_smartapi(bytes.fromhex(vector["hex"]))
        decoded.pop("trailing_bytes", None)
        assert decoded == _wanted(vector), vector["id"]


def test_malformed_frames_are_errors(vectors: list[Vector]) -> None:
    malformed = [vector for vector in vectors if "__raises__" in vector["decoded"]]
    assert malformed
    for vector in malformed:
        frame = bytes.fromhex(vector["hex"])
        with pytest.raises(DecodeError) as caught:
            decode_smartapi(frame)
        assert caught.value.position in (0, len(frame)), vector["id"]


def test_the_command_gives_one_line_for_each(vectors: list[Vector]) -> None:
    frames = "".join(f"{vector['hex']}\n" for vector in vectors)
    result = CliRunner().invoke(command, ["--protocol", _PROTOCOL], input=frames)
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == len(vectors)
    for vector, line in zip(vectors, lines, strict=True):
        line.pop("trailing_bytes", None)
        if "__raises__" in vector["decoded"]:
            assert set(line) == {"error"}, vector["id"]
        else:
            assert line == _wanted(vector), vector["id"]

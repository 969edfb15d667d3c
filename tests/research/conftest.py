"""Builders of small recordings."""

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]

HEADER = "timestamp,ltp,volume"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a recording of the given lines below the usual header and return its path."""

    def _write(name: str, *lines: str, header: str = HEADER) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return _write

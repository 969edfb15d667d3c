"""Where given data is missing, a test is skipped at home and fails where the data is demanded."""

from pathlib import Path

import pytest
from tests.conftest import shared_path


@pytest.fixture(autouse=True)
def nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "VELOX_REQUIRE_SHARED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VELOX_SHARED", str(tmp_path / "absent"))


def test_missing_data_skips_with_its_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"no given data: vectors/x\.jsonl"):
        shared_path("vectors", "x.jsonl")


@pytest.mark.parametrize("demand", ["CI", "VELOX_REQUIRE_SHARED"])
def test_missing_data_fails_where_it_is_demanded(demand: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(demand, "true")
    with pytest.raises(pytest.fail.Exception, match="no given data"):
        shared_path("vectors", "x.jsonl")


def test_demand_can_be_waived_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("VELOX_REQUIRE_SHARED", "0")
    with pytest.raises(pytest.skip.Exception):
        shared_path()


def test_present_data_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VELOX_SHARED", str(tmp_path))
    assert shared_path() == tmp_path

"""What all tests share: the folder of given data, the marks, and a count of what was skipped and why."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent
_REQUIRED = "VELOX_REQUIRE_SHARED"


def _required() -> bool:
    return os.environ.get(_REQUIRED, os.environ.get("CI", "")).lower() in ("1", "true", "yes")


def shared_path(*parts: str) -> Path:
    """A path under the folder of given vectors and recordings; skips the test where it is missing."""
    path = Path(os.environ.get("VELOX_SHARED", _ROOT.parent / "shared")).joinpath(*parts)
    if path.exists():
        return path
    reason = f"no given data: {'/'.join(parts) or 'the shared folder'} (set VELOX_SHARED)"
    if _required():
        pytest.fail(f"{reason}, and {_REQUIRED} or CI demands it", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> str:
    """A browser without a window; skips the test where there is none, with the command that brings it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is not None:
        return found
    reason = "no browser: apt-get install -y chromium"
    if _required() and os.environ.get("VELOX_BROWSER") != "optional":
        pytest.fail(f"{reason}; {_REQUIRED} or CI demands it", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of given vectors and recordings."""
    return shared_path()


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the project's own tree."""
    return _ROOT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count skipped tests by reason, so that a green run cannot hide what it did not prove."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped {count}: {reason}")

"""A small journal that the tests of this folder read; none of them writes to it."""

import pytest
from tests.journal import made


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> made.MadeDay:
    """A whole small day."""
    return made.write(tmp_path_factory.mktemp("journal") / "day")

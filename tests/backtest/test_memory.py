"""A back-test streams what it reads: its memory grows neither with days nor with the length of one."""

from pathlib import Path

import pytest

from velox.bench.backtests import Size, backtest
from velox.bench.cross import CrossOnBar

TICKS = 600_000


@pytest.mark.nightly
@pytest.mark.parametrize("longer", [Size(5, TICKS), Size(1, 5 * TICKS)], ids=["five-days", "a-day-five-times-as-long"])
def test_memory_does_not_grow_with_what_is_read(longer: Size, tmp_path: Path) -> None:
    one = backtest(tmp_path, CrossOnBar, Size(1, TICKS))
    more = backtest(tmp_path / "longer", CrossOnBar, longer)
    assert more["ticks"] == 5 * one["ticks"] == 5 * TICKS
    # Held whole, the columns of five times as many ticks would take over 100 MiB more; a longer day fills two pieces.
    assert more["peak_rss_mib"] <= one["peak_rss_mib"] + 40

"""Sums of a back-test, against sums made by hand."""

from typing import Any

from velox.backtest.tally import Tally


def _summary(equity: float) -> dict[str, Any]:
    return {"ticks": 1, "candles": 1, "accounts": [{"equity": equity}], "strategies": [], "notes": [],
            "decisions_hash": "0"}  # fmt: skip


def test_what_is_lost_first_is_a_drawdown_from_the_capital() -> None:
    tally = Tally()
    tally.begin_day(_summary(1000))
    tally.end_day(_summary(960))
    assert (tally.capital, tally.max_drawdown) == (1000, 40)

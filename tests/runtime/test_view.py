"""The live picture shows whole numbers or none, however narrow the terminal."""

import io

import pytest
from rich.console import Console

from velox.runtime.plan import Status
from velox.runtime.view import _picture

_MARKET = {"name": "NSE:HDFCBANK", "last": 1650.05, "bid": 1650.0, "ask": 1650.1, "high": 1702.35, "low": 1633.4}
_STRATEGY = {"name": "EmaCross", "instrument": "NSE:HDFCBANK", "quantity": -694, "average": 1651.2, "stop": 1660.0}
_MONEY = {"round_trips": 3, "gross_pnl": -1145.1, "charges": 67.71, "net_pnl": -1077.39}
_STATUS = Status(
    {
        "now_ns": 1_784_089_800_000_000_000,
        "strategies": [
            {
                **_STRATEGY,
                **_MONEY,
                "faulted": False,
                "trading": "active",
                "ready": True,
                "kill": False,
                "waiting": 0,
                "account": "paper",
            }
        ],
        "histograms": {},
    },
    [{**_MARKET, "volume": 12_345_678, "candles": 77}],
)


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 200])
def test_no_number_is_cut(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(_picture("Velox demo", _STATUS, width))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in shown
    assert "1,650.05" in shown and "-1,077.39" in shown
    assert ("12,345,678" in shown and "67.71" in shown) or width < 100

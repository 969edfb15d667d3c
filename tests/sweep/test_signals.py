"""Sets of signals on all cores: each row is what its single run is."""

import numpy as np
import pytest
from tests.backtest.test_signals import ASK, SYMBOL

from velox import risk_pct
from velox.backtest.signals import Signals, candles_of, run_signals
from velox.errors import BadInput, Refused
from velox.settings import Settings
from velox.sweep.signals import sweep_signals

pytestmark = pytest.mark.timeout(200)


def _signals(sets: int, **terms: object) -> Signals:
    bars = candles_of(ASK, SYMBOL, "5m")
    entries = np.zeros((sets, bars.height), dtype=np.bool_)
    for row in range(sets):
        entries[row, 4 + row :: 6 + row] = True
    shorts = np.roll(entries, 3, axis=1) & ~entries
    given = {
        "instrument": SYMBOL,
        "timeframe": "5m",
        "entries": entries,
        "exits": np.zeros(bars.height, dtype=np.bool_),
        "shorts": shorts,
        "stop": np.where(entries, bars["low"].to_numpy() - 1, bars["high"].to_numpy() + 1),
        "size": risk_pct(0.4),
        "last_entry": "14:30",
    }
    return Signals(**(given | terms))  # type: ignore[arg-type]


def test_each_row_is_its_single_run() -> None:
    signals = _signals(5)
    found = sweep_signals(ASK, signals, Settings(), workers=2)
    assert len(found) == 5 and len({each.result_hash for each in found}) == 5
    for row, told in enumerate(found):
        own = {name: getattr(signals, name)[row] for name in ("entries", "shorts", "stop")}
        alone = run_signals(ASK, _signals(1, **own), Settings())
        assert alone.fills > 5
        assert (told.result_hash, told.net_pnl, told.orders, told.daily_pnl) == (
            alone.result_hash,
            alone.net_pnl,
            alone.orders,
            alone.daily_pnl,
        )


def test_rows_that_do_not_fit_are_refused_before_one_runs() -> None:
    both = _signals(3)
    clash = np.array(both.shorts) | np.array(both.entries)
    with pytest.raises(BadInput, match="set 0: entries and shorts are both true"):
        sweep_signals(ASK, _signals(3, shorts=clash), Settings())
    with pytest.raises(BadInput, match=r"number of sets.*entries 3, shorts 2"):
        sweep_signals(ASK, _signals(3, shorts=clash[:2], stop=None), Settings())
    with pytest.raises(BadInput, match="none has two dimensions"):
        sweep_signals(ASK, _signals(1, entries=clash[0], shorts=None, stop=None), Settings())


def test_a_set_that_cannot_run_is_named() -> None:
    with pytest.raises(Refused, match=r"set 0 of the signals: .*must come before"):
        sweep_signals(ASK, _signals(2, start="15:20"), Settings(), workers=1)

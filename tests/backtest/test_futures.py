"""Back-tests of contracts on imported candles: lots, charges line by line, margin, and what happens at their end."""

import datetime as dt
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from tests.acceptance.product import velox

from velox import journal
from velox.backtest.charges import costs
from velox.backtest.choose import Ask
from velox.backtest.run import Result, run
from velox.errors import BadInput
from velox.events import Fill, StateSet, UserValue
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings
from velox.strategy import state

D = dt.date
_Payload = TypeVar("_Payload")

SCRIPT = """
from velox import Bar, Bars, Index, Param, State, Strategy, intraday


class Script(Strategy):
    \"\"\"Does at each minute what it is told.\"\"\"

    symbol = SYMBOL
    bars = Bars(symbol, "1m")
    seen = State(0)
    SESSION

    def on_bar(self, bar: Bar) -> None:
        BODY
"""
_FUTURE = 'Index("NIFTY").future("near")'


def _imported(folder: Path, name: str, rows: list[tuple[str, float]]) -> Path:
    """A catalogue with one-minute candles of a contract, given as time and price, as the command line imports them."""
    file = folder / f"{name}.csv"
    lines = [f"{at},{price},{price + 1},{price - 1},{price},650" for at, price in rows]
    file.write_text("\n".join(["datetime,open,high,low,close,volume", *lines]) + "\n")
    words = ("--format", "ohlcv", "--instrument", f"NFO:{name}", "--label", "open", "--timeframe", "1m")
    told = velox("data", "import", file, *words, "--catalog", folder / "c")
    assert told.returncode == 0, told.stderr
    return folder / "c"


def _plan(folder: Path, body: str, symbol: str = _FUTURE, session: str = "") -> StrategyPlan:
    file = folder / "script.py"
    text = SCRIPT.replace("SYMBOL", symbol).replace("SESSION", session)
    file.write_text(text.replace("BODY", body.replace("\n", "\n        ")))
    return StrategyPlan(str(file))


def _run(folder: Path, plan: StrategyPlan, settings: Settings | None = None, **how: Any) -> Result:
    ask = msgspec.structs.replace(Ask(plans=[plan], catalog=folder / "c", journal=folder / "j"), **how)
    return run(ask, settings or _without_slippage())


def _without_slippage() -> Settings:
    return msgspec.structs.replace(Settings(), paper=msgspec.structs.replace(Settings().paper, slippage_ticks=0))


def _filled(folder: Path) -> list[tuple[str, str, int, float]]:
    """Time, instrument, signed units and price of each fill."""
    zone = dt.timezone(dt.timedelta(hours=5.5))
    told = []
    for fill in journal.fills(folder / "j").to_dicts():
        at = dt.datetime.fromtimestamp(fill["ts"] / 1e9, zone)
        told.append((f"{at:%m-%d %H:%M}", fill["instrument"], fill["side"] * fill["quantity"], fill["price"] / 1e8))
    return told


def _payloads(folder: Path, kind: type[_Payload]) -> list[_Payload]:
    return [r.payload for r in journal.records(folder / "j") if isinstance(r.payload, kind)]


def _day(day: str, *prices: float) -> list[tuple[str, float]]:
    return [(f"{day} 09:{15 + minute}", price) for minute, price in enumerate(prices)]


def test_a_round_trip_costs_what_a_contract_note_reckoned_by_hand_says(tmp_path: Path) -> None:
    _imported(tmp_path, "NIFTY26JULFUT", _day("2026-07-15", 24_000, 24_000, 24_100, 24_100))
    plan = _plan(tmp_path, "if bar.n == 1: self.go_long(lots=1)\nif bar.n == 2: self.go_flat()")
    result = _run(tmp_path, plan)
    assert _filled(tmp_path) == [
        ("07-15 09:16", "NFO:NIFTY26JULFUT", 65, 24_000.0),
        ("07-15 09:17", "NFO:NIFTY26JULFUT", -65, 24_100.0),
    ]
    # Bought 15,60,000, sold 15,66,500, together 31,26,500: tax 0.05 % of the sale, exchange 0.00183 %, fee 0.0001 %,
    # stamp 0.002 % of the purchase, twice 20 of brokerage, 18 % of brokerage, exchange and fee.
    lines = {"stt": 783.25, "transaction": 57.21495, "sebi": 3.1265, "stamp": 31.2, "brokerage": 40.0, "gst": 18.061461}
    told = _payloads(tmp_path, Fill)
    for line, rupees in lines.items():
        assert sum(getattr(fill, line) for fill in told) == round(rupees * 1e8), line
    assert result.gross_pnl == 6_500
    assert result.charges == pytest.approx(932.852911, abs=1e-9)
    (note,) = result.contract_notes
    assert (note.stt, note.transaction, note.sebi, note.stamp, note.gst) == (783, 57.21, 3.13, 31, 18.06)


@pytest.mark.parametrize(("charges", "paid"), [("statutory", 885.652911), ("none", 0.0)])
def test_charges_that_are_left_out_are_left_out_of_futures_too(charges: str, paid: float, tmp_path: Path) -> None:
    _imported(tmp_path, "NIFTY26JULFUT", _day("2026-07-15", 24_000, 24_000, 24_100, 24_100))
    plan = _plan(tmp_path, "if bar.n == 1: self.go_long(lots=1)\nif bar.n == 2: self.go_flat()")
    result = _run(tmp_path, plan, costs(_without_slippage(), charges), charges=charges)
    assert result.charges == pytest.approx(paid, abs=1e-9)


def test_an_options_round_trip_is_charged_on_its_premium(tmp_path: Path) -> None:
    """Twice 20, 0.15 % of 7,150, 0.03553 % and 0.0001 % of 13,650, 0.003 % of 6,500, 18 % of what is taxed."""
    _imported(tmp_path, "NIFTY26JUL24500CE", _day("2026-07-15", 100, 100, 110, 110))
    plan = _plan(
        tmp_path, "if bar.n == 1: self.buy(lots=1)\nif bar.n == 2: self.sell(lots=1)", '"NFO:NIFTY26JUL24500CE"'
    )
    result = _run(tmp_path, plan)
    assert (result.fills, result.gross_pnl) == (2, 650)
    assert result.charges == pytest.approx(63.8589241, abs=1e-9)


def test_an_option_is_sold_only_after_it_was_bought(tmp_path: Path) -> None:
    _imported(tmp_path, "NIFTY26JUL24500CE", _day("2026-07-15", 100, 100, 110, 110))
    plan = _plan(tmp_path, "if bar.n == 1: self.sell(lots=1)", '"NFO:NIFTY26JUL24500CE"')
    result = _run(tmp_path, plan)
    assert (result.fills, result.rejected) == (0, 1)


def test_a_quantity_that_is_no_whole_lot_is_no_order(tmp_path: Path) -> None:
    _imported(tmp_path, "NIFTY26JULFUT", _day("2026-07-15", 24_000, 24_000, 24_000))
    result = _run(tmp_path, _plan(tmp_path, "if bar.n == 1: self.go_long(qty=100)"))
    assert (result.fills, result.too_small) == (0, 1)


def test_a_short_future_is_kept_over_the_night(tmp_path: Path) -> None:
    rows = [*_day("2026-07-15", 24_000, 24_000, 24_000), *_day("2026-07-16", 23_900, 23_900, 23_900)]
    _imported(tmp_path, "NIFTY26JULFUT", rows)
    body = "if not self.seen:\n    self.seen = 1\n    self.go_short(lots=1)\nelif self.now.day == 16: self.go_flat()"
    assert _run(tmp_path, _plan(tmp_path, body)).gross_pnl == 6_500


def _around_expiry(folder: Path) -> None:
    """July's contract up to its expiry on the 28th, August's from the 24th on."""
    late = [("2026-07-28 15:19", 24_020.0), ("2026-07-28 15:20", 24_030.0), ("2026-07-28 15:29", 24_040.0)]
    earlier = [*_day("2026-07-27", 24_000, 24_000, 24_000), ("2026-07-27 15:20", 24_005.0)]
    _imported(folder, "NIFTY26JULFUT", [*earlier, *_day("2026-07-28", 24_010, 24_010), *late])
    days = ("2026-07-24", "2026-07-27", "2026-07-28", "2026-07-29")
    _imported(folder, "NIFTY26AUGFUT", [row for day in days for row in _day(day, 24_200, 24_200, 24_200)])


def test_on_its_last_day_a_contract_is_closed_and_the_next_one_follows(tmp_path: Path) -> None:
    _around_expiry(tmp_path)
    body = "self.seen += 1\nif bar.n == 1 and self.now.day != 28: self.go_long(lots=1)"
    result = _run(tmp_path, _plan(tmp_path, body), first=D(2026, 7, 27))
    assert _filled(tmp_path) == [
        ("07-27 09:16", "NFO:NIFTY26JULFUT", 65, 24_000.0),
        ("07-28 15:20", "NFO:NIFTY26JULFUT", -65, 24_030.0),
        ("07-29 09:16", "NFO:NIFTY26AUGFUT", 65, 24_200.0),
    ]
    assert result.instruments == ["NFO:NIFTY26AUGFUT", "NFO:NIFTY26JULFUT"]
    assert result.strategies[0].instrument == "NFO:NIFTY26JULFUT, NFO:NIFTY26AUGFUT"
    last = [state.decode(each.value)[1] for each in _payloads(tmp_path, StateSet) if each.name == "seen"][-1]
    assert last == 4 + 5 + 3, "its State goes on with the next contract"


def test_a_roll_closes_the_contract_on_the_day_before_it(tmp_path: Path) -> None:
    _around_expiry(tmp_path)
    plan = _plan(
        tmp_path,
        "if bar.n == 1: self.go_long(lots=1)",
        'Index("NIFTY").future("near", roll="expiry-1")',
    )
    _run(tmp_path, plan, first=D(2026, 7, 27), last=D(2026, 7, 27))
    assert _filled(tmp_path) == [("07-27 09:16", "NFO:NIFTY26AUGFUT", 65, 24_200.0)]


def test_nothing_is_entered_after_the_last_square_off(tmp_path: Path) -> None:
    _around_expiry(tmp_path)
    body = 'if self.now.day == 28 and self.now.strftime("%H:%M") >= "15:20": self.go_long(lots=1)'
    _run(tmp_path, _plan(tmp_path, body), first=D(2026, 7, 28), last=D(2026, 7, 28))
    assert _filled(tmp_path) == []


def test_indicators_of_the_next_contract_are_warmed_up_with_its_own_candles(tmp_path: Path) -> None:
    _around_expiry(tmp_path)
    file = Path(_plan(tmp_path, "self.log(str(round(self.mean, 2)))").target)
    text = file.read_text().replace("import Bar", "import SMA, Bar")
    file.write_text(text.replace("    seen = State(0)", "    mean = SMA(bars.close, 3)\n    seen = State(0)"))
    _run(tmp_path, StrategyPlan(str(file)), first=D(2026, 7, 27))
    assert [each.text for each in _payloads(tmp_path, UserValue)][-3:] == ["24200.0"] * 3


def test_a_position_whose_contract_lacks_its_last_day_is_told(tmp_path: Path) -> None:
    _imported(tmp_path, "NIFTY26JULFUT", _day("2026-07-27", 24_000, 24_000, 24_000))
    _imported(tmp_path, "NIFTY26AUGFUT", _day("2026-07-29", 24_200, 24_200, 24_200))
    plan = _plan(tmp_path, "self.go_long(lots=1)")
    with pytest.raises(BadInput, match=r"still holds \+65 NFO:NIFTY26JULFUT .* nothing is rolled by itself"):
        _run(tmp_path, plan)


def test_the_command_line_runs_a_contract_by_name(tmp_path: Path) -> None:
    _imported(tmp_path, "NIFTY26JULFUT", _day("2026-07-15", 24_000, 24_000, 24_100, 24_100))
    plan = _plan(tmp_path, "if bar.n == 1: self.go_short(lots=1)", 'Param("NFO:NIFTY26AUGFUT")')
    words = ("backtest", plan.target, "--catalog", tmp_path / "c", "--data", "candles", "-p")
    told = velox(*words, "symbol=NFO:NIFTY26JULFUT")
    assert told.returncode == 0, told.stderr
    told = velox(*words, "symbol=NFO:NIFTY26JUNFUT")
    assert told.returncode == 2
    assert "NFO:NIFTY26JUNFUT expired on 2026-06-30" in told.stderr

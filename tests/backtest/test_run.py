"""What a back-test promises of itself: the same again, nothing of the future, honest sums, clear refusals."""

import datetime as dt
import json
import signal
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import numpy as np
import polars as pl
import pytest
from tests.acceptance.product import velox
from tests.acceptance.test_feeds_agree import TURNS

import velox_core
from velox import cli, journal
from velox.backtest.choose import Ask, choose, spells
from velox.backtest.run import Progress, Result, run
from velox.backtest.tally import Tally
from velox.errors import BadInput
from velox.research.catalog import Catalog
from velox.research.days import SAMPLE_DIR, Day, catalog_day
from velox.runtime.plan import StrategyPlan
from velox.sections import AccountSettings, LevelLimits, Section
from velox.settings import Settings

DAY = dt.date(2026, 7, 15)
SYMBOL = "NSE:RELIANCE"


KEEPS = """
from velox import Bars, Param, Strategy, Tick

kept = []


class Keeps(Strategy):
    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_tick(self, tick: Tick) -> None:
        # Now and then one is let go.
        kept.append((None if len(kept) % 7 == 3 else tick, (tick.price, tick.volume, tick.exch_ns)))
        for held, said in kept[-20:]:
            if held is not None and (held.price, held.volume, held.exch_ns) != said:
                raise RuntimeError("a kept tick changed")
        if len(kept) == 2_000:
            self.buy(qty=1)
"""


PRESSED = """
import signal

from velox import Bar, Bars, Param, Strategy


class Pressed(Strategy):
    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")

    def on_bar(self, bar: Bar) -> None:
        for _ in range(TIMES):
            signal.raise_signal(signal.SIGINT)
"""


@pytest.fixture
def busy(tmp_path: Path) -> StrategyPlan:
    file = tmp_path / "busy.py"
    file.write_text(TURNS.replace("SYMBOL", SYMBOL))
    return StrategyPlan(str(file))


def _catalog(folder: Path, days: dict[dt.date, pl.DataFrame]) -> Path:
    """A catalogue with other days made of the generated one's ticks."""
    entry = next(e for e in Catalog(SAMPLE_DIR).of_instrument(SYMBOL) if not e.candles)
    catalog = Catalog(folder)
    for day, ticks in days.items():
        catalog.store(msgspec.structs.replace(entry, day=day), ticks)
    return folder


def _ticks(days_on: int = 0) -> pl.DataFrame:
    catalog = Catalog(SAMPLE_DIR)
    entry = next(e for e in catalog.of_instrument(SYMBOL) if not e.candles)
    return catalog.read(entry).with_columns(pl.col("ts_ns") + days_on * 86_400 * 1_000_000_000)


def _traded(result: Result) -> list[tuple[str, int, int, float]]:
    return [(s.name, s.orders, s.fills, s.net_pnl) for s in result.strategies]


def test_the_same_again_gives_the_same_result(busy: StrategyPlan) -> None:
    ask = Ask(plans=[busy], catalog=SAMPLE_DIR)
    first, second = run(ask, Settings()), run(ask, Settings())
    assert first.fills > 10
    assert (first.result_hash, _traded(first)) == (second.result_hash, _traded(second))


def test_a_journal_changes_nothing_and_holds_the_hash(busy: StrategyPlan, tmp_path: Path) -> None:
    bare = run(Ask(plans=[busy], catalog=SAMPLE_DIR), Settings())
    kept = run(Ask(plans=[busy], catalog=SAMPLE_DIR, journal=tmp_path / "kept"), Settings())
    assert bare.result_hash == kept.result_hash
    told = velox("replay", tmp_path / "kept", "--verify", "--json")
    assert json.loads(told.stdout)["decisions_hash"] == bare.result_hash


def test_a_replay_of_several_days_counts_them_all(
    busy: StrategyPlan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["data", "sample", "--out", str(tmp_path / "days"), "--days", "2"]) == 0
    capsys.readouterr()
    result = run(Ask(plans=[busy], catalog=tmp_path / "days", journal=tmp_path / "kept"), Settings())
    assert result.days == 2
    assert cli.run(["replay", str(tmp_path / "kept"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (strategy,) = told["strategies"]
    assert (told["ticks"], told["candles"]) == (result.ticks, result.bars)
    counted = tuple(strategy[name] for name in ("orders", "fills", "round_trips"))
    assert counted == (result.orders, result.fills, result.round_trips)
    assert cli.run(["replay", str(tmp_path / "kept")]) == 0
    assert ", 2026-07-15 to 2026-07-16, " in capsys.readouterr().out


def test_a_journal_that_is_there_already_is_refused_and_stays(busy: StrategyPlan, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    run(Ask(plans=[busy], catalog=SAMPLE_DIR, journal=kept), Settings())
    before = velox_core.decisions_hash(kept)
    told = velox("backtest", busy.target, "--catalog", SAMPLE_DIR, "--journal", kept)
    assert told.returncode == 2
    assert told.stderr == f"velox: {kept} holds a journal already: name an empty or new folder\n"
    assert velox_core.decisions_hash(kept) == before


def test_what_comes_later_changes_nothing_before_it(busy: StrategyPlan, tmp_path: Path) -> None:
    """The rows behind noon are shuffled among their times: until then every order is the same."""
    ticks = _ticks()
    noon_ns = int(dt.datetime(2026, 7, 15, 6, 30, tzinfo=dt.UTC).timestamp()) * 1_000_000_000
    before, after = ticks.filter(pl.col("ts_ns") < noon_ns), ticks.filter(pl.col("ts_ns") >= noon_ns)
    shuffled = after.sample(fraction=1, shuffle=True, seed=7).with_columns(ts_ns=after["ts_ns"])
    orders = []
    for name, rows in (("true", ticks), ("other", pl.concat([before, shuffled]))):
        catalog = _catalog(tmp_path / name, {DAY: rows})
        run(Ask(plans=[busy], catalog=catalog, journal=tmp_path / f"{name}-journal"), Settings())
        fills = journal.fills(tmp_path / f"{name}-journal").drop("run", "seq")
        orders.append((fills.filter(pl.col("ts") < noon_ns), fills.filter(pl.col("ts") >= noon_ns)))
    (true_before, true_after), (other_before, other_after) = orders
    assert true_before.height > 5
    assert true_before.equals(other_before)
    assert not true_after.equals(other_after)


def test_days_in_a_row_go_on_and_days_far_apart_begin_anew(busy: StrategyPlan, tmp_path: Path) -> None:
    near, far = DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=6)
    catalog = _catalog(tmp_path / "c", {DAY: _ticks(), near: _ticks(1), far: _ticks(6)})
    steps: list[Progress] = []
    together = run(Ask(plans=[busy], catalog=catalog), Settings(), steps.append)
    assert (together.days, together.cold_starts) == (3, [far.isoformat()])
    assert [step.day for step in steps if step.rows_done == step.rows] == [DAY, near, far]
    parts = [run(Ask(plans=[busy], catalog=catalog, first=a, last=b), Settings()) for a, b in ((DAY, near), (far, far))]
    for name in ("ticks", "bars", "orders", "fills", "round_trips"):
        assert getattr(together, name) == sum(getattr(part, name) for part in parts)
    assert together.net_pnl == pytest.approx(sum(part.net_pnl for part in parts))
    kept = run(Ask(plans=[busy], catalog=catalog, journal=tmp_path / "j"), Settings())
    assert kept.result_hash == together.result_hash


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_inside_a_hook_ends_the_run_instead_of_the_strategy(times: int, tmp_path: Path) -> None:
    file = tmp_path / "pressed.py"
    file.write_text(PRESSED.replace("TIMES", str(times)))
    steps: list[Progress] = []
    ask = Ask(
        plans=[StrategyPlan(str(file))],
        catalog=_catalog(tmp_path / "c", {DAY: _ticks(), DAY + dt.timedelta(days=1): _ticks(1)}),
    )
    # A shell lets what it starts in the background ignore Ctrl-C; Python then sets no handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(ask, Settings(), steps.append)
        assert all(step.day == DAY for step in steps)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_spells_break_after_more_than_four_days() -> None:
    entry = next(e for e in Catalog(SAMPLE_DIR).of_instrument(SYMBOL) if not e.candles)
    days = [catalog_day(Catalog(SAMPLE_DIR), DAY + dt.timedelta(days=n), [entry]) for n in (0, 4, 9)]
    assert [len(part) for part in spells(days)] == [2, 1]


def test_8_the_first_and_the_last_date_are_both_played(busy: StrategyPlan, tmp_path: Path) -> None:
    days = [DAY + dt.timedelta(days=n) for n in range(4)]
    catalog = _catalog(tmp_path / "four", dict.fromkeys(days, _ticks().head(9)))
    chosen = choose(Ask(plans=[busy], catalog=catalog, first=days[1], last=days[2]))
    assert [day.date for spell in chosen.spells for day in spell] == days[1:3]


def test_a_tick_that_a_hook_keeps_says_the_same_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "keeps.py"
    file.write_text(KEEPS)
    ticks = run(Ask(plans=[StrategyPlan(str(file))], catalog=_catalog(tmp_path / "c", {DAY: _ticks()})), Settings())
    (told,) = ticks.strategies
    assert not told.faulted, ticks.notes
    assert told.orders > 0  # it orders at its last look, so it came that far


@pytest.mark.parametrize("cut", [0, 1, 4, 6])
def test_the_drawdown_is_that_of_each_mark_however_they_come(cut: int) -> None:
    equity = np.array([100, 130, 90, 120, 60, 80], dtype=np.int64) * 100_000_000
    tally = Tally()
    for part in (equity[:cut], equity[cut:]):
        tally.note((np.zeros_like(part), np.zeros(len(part), dtype=np.uint32), part), [])
    assert (tally.equity, tally.max_drawdown) == (80.0, 70.0)


def test_charges_can_be_left_out(busy: StrategyPlan, tmp_path: Path) -> None:
    words = ["backtest", busy.target, "--catalog", SAMPLE_DIR, "--json", tmp_path / "f.json"]
    paid = {}
    for charges in ("discount", "statutory", "none"):
        assert velox(*words, "--charges", charges).returncode == 0
        paid[charges] = json.loads((tmp_path / "f.json").read_bytes())["charges"]
    assert paid["discount"] > paid["statutory"] > paid["none"] == 0


def test_the_command_says_what_it_did_and_keeps_every_setting(busy: StrategyPlan, tmp_path: Path) -> None:
    figures = tmp_path / "f.json"
    told = velox("backtest", busy.target, "--catalog", SAMPLE_DIR, "--from", "2026-07", "--capital", "500000",
                 "--slippage", "2", "--latency", "50", "--json", figures)  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "SYNTHETIC" in told.stdout and "Busy on NSE:RELIANCE" in told.stdout
    held = json.loads(figures.read_bytes())
    asked = "ticks bars orders fills rejected too_small gross_pnl charges net_pnl max_drawdown elapsed_s ticks_per_s"
    assert {*asked.split(), "peak_rss_mib", "result_hash", "settings"} <= held.keys()
    paper = held["settings"]["paper"]
    assert (paper["capital_rupees"], paper["slippage_ticks"], paper["latency_ms"]) == (500_000, 2, 50)
    assert held["ticks"] == _ticks().height


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--from", "2026-08"], "holds no ticks from 2026-08-01"),
        (["--from", "2026-13"], "neither a date"),
        (["--instruments", "NSE:TCS"], "NSE:TCS, of which"),
        (["--instruments", "NSE:INFY", "-p", "symbol=NSE:INFY"], "leave one out"),
        (["-p", "nonsense=1"], "nonsense"),
        (["--json", "no/such/folder/f.json"], "does not exist"),
        (["--from", "2026-07-16", "--to", "2026-07-15"], "the first must not come after the last"),
        (["--instruments", "NSE:INFY,NSE:INFY"], "NSE:INFY is named twice"),
        (["--instruments", ","], "names no instrument"),
        (["--capital", "nan"], "no amount in rupees"),
        (["--capital", "1e10"], "is not in the range"),
        (["--slippage", "1001"], "is not in the range"),
        (["--latency", "86400001"], "is not in the range"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(busy: StrategyPlan, words: list[str], sentence: str) -> None:
    told = velox("backtest", busy.target, "--catalog", SAMPLE_DIR, *words)
    assert told.returncode == 2
    assert sentence in told.stderr and "Traceback" not in told.stderr


def _at_the_edge(section: type[Section], largest: bool) -> Any:
    """A section with each number at the end of what it may be."""
    values: dict[str, Any] = {}
    for name, hint in get_type_hints(section, include_extras=True).items():
        for kind in (hint, *get_args(hint)):
            meta = next((each for each in getattr(kind, "__metadata__", ()) if isinstance(each, msgspec.Meta)), None)
            if isinstance(kind, type) and issubclass(kind, Section) and kind is hint:
                values[name] = _at_the_edge(kind, largest)
            elif meta is not None and meta.le is not None:
                least = meta.ge if meta.ge is not None else 0.01
                values[name] = get_args(kind)[0](meta.le if largest else least)
    return section(**values)


@pytest.mark.parametrize("largest", [True, False])
def test_no_setting_at_its_bound_is_refused_by_the_kernel(busy: StrategyPlan, largest: bool) -> None:
    settings = _at_the_edge(Settings, largest)
    level = _at_the_edge(LevelLimits, largest)
    limits = msgspec.structs.replace(settings.limits, strategies={"Busy": level}, instruments={SYMBOL: level})
    account = _at_the_edge(AccountSettings, largest)
    settings = msgspec.structs.replace(settings, limits=limits, accounts={"other": account})
    assert settings.paper.slippage_ticks == (1_000 if largest else 0)
    asked = Ask(plans=[busy, msgspec.structs.replace(busy, account="other")], catalog=SAMPLE_DIR)
    assert run(asked, settings).ticks == _ticks().height


def test_what_fails_on_each_day_is_told_once(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog")
    entry = next(e for e in Catalog(SAMPLE_DIR).of_instrument(SYMBOL) if not e.candles)
    ticks = Catalog(SAMPLE_DIR).read(entry)
    for n in (0, 1):
        later = ticks.with_columns(pl.col("ts_ns") + n * 86_400 * 1_000_000_000)
        catalog.store(msgspec.structs.replace(entry, day=entry.day + dt.timedelta(days=n)), later)
    file = tmp_path / "fails.py"
    body = '"1m")\n    def on_bar(self, bar):\n        1 / (bar.n - 3)\n'
    file.write_text(f"from velox import *\nclass Fails(Strategy):\n    bars = Bars({SYMBOL!r}, {body}")
    result = run(Ask(plans=[StrategyPlan(str(file))], catalog=catalog.root), Settings())
    assert (result.days, result.strategies[0].faulted) == (2, True)
    assert [note for note in result.notes if "ZeroDivisionError" in note] == [
        "Fails: fails.py:5: ZeroDivisionError: division by zero"
    ]


def test_a_day_read_in_pieces_gives_the_same_result(busy: StrategyPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Ask(plans=[busy], catalog=SAMPLE_DIR)
    whole = run(ask, Settings())
    asked = Day.pieces
    monkeypatch.setattr(Day, "pieces", lambda day: asked(day, 997))
    steps: list[Progress] = []
    pieces = run(ask, Settings(), steps.append)
    assert len(steps) > 20
    assert steps[-1].rows_done == steps[-1].rows
    assert (whole.result_hash, whole.ticks, _traded(whole)) == (pieces.result_hash, pieces.ticks, _traded(pieces))
    assert whole.fills > 10


def test_what_is_only_watched_is_played_too_and_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "led.py"
    file.write_text(
        "from velox import *\nclass Led(Strategy):\n    symbol = Param('NSE:RELIANCE')\n    lead = Param('NSE:NIFTY')\n"
        "    index = Bars(lead, '5m')\n    mean = SMA(index.close, 3)\n    session = intraday('09:20')\n"
        "    @on(index)\n    def turn(self, bar):\n"
        "        self.go_long(qty=1) if bar.close > self.mean else self.go_short(qty=1)\n"
    )
    result = run(Ask(plans=[StrategyPlan(str(file))], catalog=SAMPLE_DIR), Settings())
    assert result.instruments == ["NSE:NIFTY", SYMBOL]
    assert result.fills > 2
    assert [each.instrument for each in result.strategies] == [SYMBOL]
    with pytest.raises(BadInput, match=r"watches NSE:TCS, of which .* holds nothing"):
        run(Ask(plans=[StrategyPlan(str(file), {"lead": "NSE:TCS"})], catalog=SAMPLE_DIR), Settings())

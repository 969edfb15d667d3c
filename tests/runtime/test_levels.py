"""Limits of single strategies and instruments, from the settings to the kernel's refusals."""

from pathlib import Path

import msgspec
import pytest
from tests.acceptance.test_feeds_agree import TURNS

from velox import journal
from velox.backtest.choose import Ask
from velox.backtest.run import Result, run
from velox.errors import BadInput
from velox.events import Kind, RiskVerdict
from velox.research.days import SAMPLE_DIR
from velox.runtime.levels import level_lines, level_sets
from velox.runtime.plan import StrategyPlan
from velox.settings import LevelLimits, LimitSettings, Settings

SYMBOL = "NSE:RELIANCE"


def _settings(level: str, name: str, limits: LevelLimits) -> Settings:
    return msgspec.convert({"limits": {level: {name: msgspec.to_builtins(limits)}}}, Settings)


def _run(folder: Path, settings: Settings) -> tuple[Result, list[RiskVerdict]]:
    file = folder / "busy.py"
    file.write_text(TURNS.replace("SYMBOL", SYMBOL))
    result = run(Ask(plans=[StrategyPlan(str(file))], catalog=SAMPLE_DIR, journal=folder / "journal"), settings)
    verdicts = [record.payload for record in journal.records(folder / "journal", [Kind.RISK_VERDICT])]
    return result, [each for each in verdicts if isinstance(each, RiskVerdict)]


@pytest.mark.parametrize("level", ["strategies", "instruments"])
def test_a_limit_of_one_strategy_or_instrument_refuses_by_its_name(tmp_path: Path, level: str) -> None:
    (tmp_path / "free").mkdir()
    result, _ = _run(tmp_path / "free", Settings())
    name = result.strategies[0].name if level == "strategies" else SYMBOL
    (tmp_path / "tight").mkdir()
    tight, verdicts = _run(tmp_path / "tight", _settings(level, name, LevelLimits(trades=1)))
    assert result.round_trips > 2 > tight.round_trips == 1
    word = "strategy" if level == "strategies" else "instrument"
    assert {v.sentence for v in verdicts} == {f"The round trips of the {word} for the day are made."}
    assert {(v.code, v.limit, v.value) for v in verdicts} == {("trades_per_day", 1, 1)}


def test_limits_of_an_instrument_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r'\[limits.instruments."NSE:RELIANC"\]: .*RELIANC'):
        _run(tmp_path, _settings("instruments", "NSE:RELIANC", LevelLimits(trades=1)))


def test_limits_that_were_taken_out_of_the_settings_are_taken_back() -> None:
    summary = {
        "strategies": [{"name": "A", "limited": True}, {"name": "B", "limited": False}],
        "accounts": [{"limited": ["NSE:INFY"]}],
    }
    sets = level_sets(Settings(), summary, {"A": (4, 0), "B": (5, 0)}, {SYMBOL: 0, "NSE:INFY": 1})
    assert [(each.instance, each.instrument) for each in sets] == [(4, -1), (-1, 1)]
    assert all(not any(msgspec.structs.astuple(each)[3:]) for each in sets)


def test_limits_of_a_name_are_those_of_all_strategies_that_have_it() -> None:
    settings = _settings("strategies", "EmaCross", LevelLimits(trades=3))
    started = {"EmaCross": (0, 0), "EmaCross-2": (1, 1), "EmaCross-x": (2, 0)}
    sets = level_sets(settings, {"strategies": [], "accounts": []}, started, {})
    assert [(each.account, each.instance, each.trades) for each in sets] == [(0, 0, 3), (1, 1, 3)]


def test_levels_are_told_and_a_name_that_runs_nothing_is_said() -> None:
    limits = LevelLimits(trades=3, trade_risk_pct=0.5)
    named = LimitSettings(strategies={"Emacross": limits}, instruments={SYMBOL: limits})
    told = level_lines(msgspec.structs.replace(Settings(), limits=named), {"EmaCross"})
    assert told == [
        "Limits of Emacross: trade_risk_pct 0.5, trades 3.",
        f"Limits of {SYMBOL}: trade_risk_pct 0.5, trades 3.",
        "[limits.strategies.Emacross] limits nothing today: there are EmaCross.",
    ]

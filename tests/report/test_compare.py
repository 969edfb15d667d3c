"""Results side by side: differences, settings that differ, and when they cannot be compared."""

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.acceptance.product import velox

from velox.backtest.choose import Ask
from velox.backtest.run import run
from velox.report.compare import compare
from velox.research.days import SAMPLE_DIR
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings

Figures = dict[str, Any]


@pytest.fixture(scope="module")
def result() -> Figures:
    ask = Ask(plans=[StrategyPlan("ema_cross", {"fast": "9"})], catalog=SAMPLE_DIR)
    figures: Figures = msgspec.to_builtins(run(ask, Settings()))
    return figures


def changed(result: Figures, **changes: object) -> Figures:
    """The result with other values; `a__b` stands for a key within a key."""
    other = copy.deepcopy(result)
    for name, value in changes.items():
        *outer, last = name.split("__")
        place: Any = other
        for key in outer:
            place = place[int(key) if key.isdigit() else key]
        place[last] = value
    return other


def test_differences_are_those_from_the_first(result: Figures) -> None:
    first = changed(result, net_pnl=1_00_000.0, round_trips=4, too_small=0)
    second = changed(result, net_pnl=1_23_456.5, round_trips=2, too_small=3)
    told = compare([("a", first), ("b", second), ("c", first)])
    rows = {row.name: row for row in told.figures}
    assert rows["Net P&L"].values == ["₹1,00,000.00", "₹1,23,456.50", "₹1,00,000.00"]
    assert rows["Net P&L"].differences == ["+₹23,456.50", "="]
    assert rows["Return on capital"].differences == ["+2.35 %", "="]
    assert rows["Round trips"].differences == ["-2", "="]
    assert rows["Net a round trip"].values[:2] == ["₹25,000.00", "₹61,728.25"]
    assert rows["Too small"].differences == ["+3", "="]


def test_a_share_of_nothing_is_no_number(result: Figures) -> None:
    told = compare([("a", changed(result, round_trips=0)), ("b", result)])
    row = next(row for row in told.figures if row.name == "Net a round trip")
    assert (row.values[0], row.differences) == ("–", ["–"])


def test_settings_that_differ_are_told_and_no_others(result: Figures) -> None:
    other = changed(result, settings__strategies__0__params={"fast": "12"}, settings__paper__latency_ms=50)
    told = compare([("a", result), ("b", other)])
    assert [(row.name, row.values) for row in told.settings] == [
        ("strategies.1.params.fast", ["9", "12"]),
        ("paper.latency_ms", ["0", "50"]),
    ]
    assert not told.warnings


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first_day": "2026-07-14", "days": 2}, "the days differ (a: 2026-07-15 to 2026-07-15, 1 day; b: 2026-07-14"),
        ({"instruments": ["NSE:INFY"]}, "the instruments differ (a: NSE:RELIANCE; b: NSE:INFY)"),
        ({"ticks": 7}, "the ticks differ (a: 20,546; b: 7)"),
        ({"synthetic": False}, "differ (a: SYNTHETIC; b: recorded)"),
        ({"cold_starts": ["2026-07-15"]}, "the days that begin anew differ"),
        ({"settings__facts_as_of": "2026-08-31"}, "the market's facts differ (a: of their own days; b: 2026-08-31)"),
        ({"settings__charges": "none"}, "the charges differ (a: discount; b: none)"),
        ({"settings__paper__brokerage_rupees": 10.0}, "the brokerages differ"),
        ({"accounts__0__capital": 5e5}, "the capitals differ (a: ₹10,00,000; b: ₹5,00,000)"),
        ({"notes": ["a source is missing"]}, "the notes on the data differ (a: none; b: a source is missing)"),
    ],
)
def test_what_makes_results_incomparable_is_said(result: Figures, changes: Figures, sentence: str) -> None:
    told = compare([("a", result), ("b", changed(result, **changes))])
    assert len(told.warnings) == 1
    assert told.warnings[0].startswith("Not comparable: ") and sentence in told.warnings[0]


def test_the_command_prints_and_writes(result: Figures, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps(result))
    two.write_text(json.dumps(changed(result, settings__charges="none", result_hash="0")))
    told = velox("compare", one, two, "--report", tmp_path / "c.html")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("Not comparable: the charges differ (one: discount; two: none).")
    assert "two − one" in told.stdout and "SYNTHETIC" in told.stdout
    page = (tmp_path / "c.html").read_text()
    assert "one and two, compared" in page and "SYNTHETIC" in page and "<script" not in page
    same = velox("compare", one, one).stdout
    assert "Every decision is the same." in same and "All settings and parameters are the same." in same


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        ("", "is no JSON"),
        ("\x00\xff", "is no JSON"),
        ("[1]", "is no result of a back-test: Expected `object`, got `array`"),
        ("{}", "missing required field `first_day`"),
        ('{"settings": 5}', "is no result of a back-test"),
    ],
)
def test_what_is_no_result_is_refused(content: str | None, sentence: str, result: Figures, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(result))
    if content is not None:
        bad.write_text(content)
    told = velox("compare", good, bad)
    assert (told.returncode, told.stdout) == (2, "")
    assert sentence in told.stderr and str(bad) in told.stderr and "velox backtest --json" in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_one_result_is_not_enough(tmp_path: Path) -> None:
    told = velox("compare", tmp_path / "a.json")
    assert told.returncode == 2
    assert "two results are compared" in told.stderr

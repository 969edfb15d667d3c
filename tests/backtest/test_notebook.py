"""A strategy's object in a notebook: checked parameters, a back-test that equals the command's, and nothing started."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from tests.backtest.test_corporate_actions import catalog_of

from velox import EMA, Bar, Bars, Param, State, Strategy, Symbols, crossed, intraday, risk_pct, risk_rupees
from velox.backtest.choose import Ask
from velox.backtest.notebook import _MEANT, _judge
from velox.backtest.reported import Reported
from velox.backtest.run import run
from velox.cli.account import account_words
from velox.errors import BadInput, Refused
from velox.market.corporate_actions import read_actions
from velox.research.days import SAMPLE_DIR
from velox.runtime.plan import StrategyPlan
from velox.settings import PaperSettings, Settings
from velox.strategy.faults import InvalidStrategy
from velox.strategy.notebook import Options


class Cross(Strategy):
    """An EMA cross, as a cell defines it."""

    symbol = Param("NSE:RELIANCE")
    fast = Param(9, range(3, 50))
    slow = Param(21, range(10, 200))
    risk = Param(risk_pct(0.5))
    width = Param(1.5)
    require = [fast < slow]  # noqa: RUF012  as a user writes it
    bars = Bars(symbol, "1m")
    quick = EMA(bars.close, fast)
    steady = EMA(bars.close, slow)
    session = intraday("09:20")
    count = State(0)

    def on_bar(self, bar: Bar) -> None:
        if crossed.above(self.quick, self.steady):
            self.go_long(stop=bar.low - self.width, size=self.risk)
        elif crossed.below(self.quick, self.steady):
            self.go_short(stop=bar.high + self.width, size=self.risk)


class Held(Strategy):
    """Bought once and kept."""

    symbol = Param("NSE:SBIN")
    bars = Bars(symbol, "1m")
    done = State(0)

    def on_bar(self, bar: Bar) -> None:
        if not self.done:
            self.done = 1
            self.go_long(qty=20)


class Several(Strategy):
    """The same on several symbols."""

    symbol = Symbols(["NSE:RELIANCE"])
    bars = Bars(symbol, "1m")
    session = intraday("09:20")

    def on_bar(self, bar: Bar) -> None:
        self.go_long(qty=1)


@pytest.fixture(autouse=True)
def no_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_back_test_of_an_object_is_that_of_the_class_with_its_parameters(tmp_path: Path) -> None:
    told = Cross(fast=5, risk=risk_pct(1)).backtest("2026-07", "2026-07", catalog=SAMPLE_DIR)
    module = tmp_path / "cross.py"
    module.write_text(Path(__file__).read_text())
    plan = StrategyPlan(f"{module}:Cross", {"fast": "5", "risk": "1"})
    same = run(Ask(plans=[plan], catalog=SAMPLE_DIR), Settings())
    assert told.result.fills == same.fills > 0
    assert told.result.net_pnl == same.net_pnl
    assert told.result.result_hash == same.result_hash


def test_it_is_a_report_with_frames_and_pictures_whose_sums_are_its_figures(tmp_path: Path) -> None:
    told = Cross().backtest("2026-07-15", catalog=SAMPLE_DIR)
    assert isinstance(told, Reported)
    assert told.trades.height == told.result.round_trips > 0
    assert told.trades["net"].sum() == pytest.approx(told.result.net_pnl, abs=1e-6)
    assert told.equity["equity"][-1] == pytest.approx(1_000_000 + told.result.net_pnl, abs=1e-6)
    assert told.plot("equity")._repr_html_().startswith("<iframe srcdoc=")
    assert "Cross" in told.save(tmp_path / "cross.html").read_text()


def test_costs_and_capital_can_be_asked_for() -> None:
    told = Cross().backtest("2026-07-15", catalog=SAMPLE_DIR, capital=500_000, charges="none")
    assert (told.result.settings["paper"]["capital_rupees"], told.result.charges) == (500_000, 0.0)


_SPLIT = """
[[action]]
name = "NSE:SBIN"
ex = 2026-07-15
kind = "split"
ratio = "1:5"
source = "test"
"""


@pytest.mark.parametrize("way", ["text", "path", "settings"])
def test_a_table_of_corporate_actions_is_the_one_that_the_command_takes(tmp_path: Path, way: str) -> None:
    days, file = catalog_of(tmp_path / "days", 5), tmp_path / "actions.toml"
    file.write_text(_SPLIT)
    given: Options = {}
    if way == "settings":
        (tmp_path / "velox.toml").write_text(f'[market]\ncorporate_actions = "{file}"\n')
    else:
        given = {"corporate_actions": file if way == "path" else str(file)}
    held = Held().backtest(catalog=days.root, **given).result
    (line,) = held.corporate_actions
    assert (line.instrument, line.before, line.after) == ("NSE:SBIN", 20, 100)
    ask = Ask(plans=[StrategyPlan(f"{__file__}:Held")], catalog=days.root, actions=read_actions(file))
    assert held.result_hash == run(ask, Settings()).result_hash


def test_several_symbols_are_a_list() -> None:
    told = Several(symbol=["NSE:RELIANCE", "NSE:INFY"]).backtest(catalog=SAMPLE_DIR)
    assert told.result.instruments == ["NSE:INFY", "NSE:RELIANCE"]
    assert [each.name for each in told.result.strategies] == ["Several:RELIANCE", "Several:INFY"]


def test_its_parameters_can_be_read_and_nothing_else() -> None:
    asked = Cross(fast=12)
    assert (asked.fast, asked.slow, asked.symbol) == (12, 21, "NSE:RELIANCE")
    for read in ("bars", "quick", "count"):
        with pytest.raises(Refused, match=f"Cross.{read} has a value only while the strategy runs"):
            getattr(asked, read)
    with pytest.raises(Refused, match=r"Cross\(…\) does not run: it has positions and prices inside its hooks alone"):
        _ = asked.position
    with pytest.raises(Refused, match="does not run"):
        asked.go_flat()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"fats": 3}, "there is no parameter fats: did you mean fast?"),
        ({"fast": "9"}, "fast='9' cannot be used: fast is a whole number, as in 9"),
        ({"fast": True}, "fast=True cannot be used: fast is a whole number, as in 9"),
        ({"fast": 2.5}, "fast=2.5 cannot be used: fast is a whole number, as in 9"),
        ({"fast": 60}, "fast=60 is outside its range, 3 to 49"),
        (
            {"risk": 0.5},
            "risk=0.5 cannot be used: risk is a percentage of the capital such as 0.5, as in risk_pct(0.5)",
        ),
        ({"risk": risk_rupees(5)}, "cannot be used: risk is a percentage of the capital such as 0.5, as in risk_pct"),
        ({"symbol": 5}, "symbol=5 cannot be used: symbol is a text, as in 'NSE:RELIANCE'"),
        ({"fast": 40}, "fast < slow does not hold: 40 < 21; change a parameter"),
    ],
)
def test_26_a_wrong_parameter_is_told_at_once_with_the_fix(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidStrategy) as told:
        Cross(**given)
    assert sentence in str(told.value)


def test_a_whole_number_stands_for_a_number() -> None:
    assert Cross(width=2).width == 2.0


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"capital": -5}, "capital=-5) cannot be used: capital is an amount in rupees, as in 500_000"),
        ({"capital": math.inf}, "capital=inf) cannot be used: capital is an amount in rupees, as in 500_000"),
        ({"slippage": 1_001}, "slippage=1001) cannot be used: slippage is a whole number of ticks, as in 1"),
        ({"slippage": 1.5}, "slippage=1.5) cannot be used: slippage is a whole number of ticks, as in 1"),
        ({"latency": "50"}, "latency='50') cannot be used: latency is a whole number of milliseconds, as in 50"),
        ({"charges": "non"}, "charges='non') cannot be used: charges is 'discount', 'statutory' or 'none'"),
        (
            {"corporate_actions": 5},
            "corporate_actions=5) cannot be used: corporate_actions is a file of splits, bonuses, dividends and "
            "renames, as in 'actions.toml'",
        ),
        ({"facts_as_of": 2026}, "facts_as_of=2026) cannot be used: facts_as_of is a date, as in '2026-08-31'"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_the_fix(option: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput) as told:
        Cross().backtest(catalog=SAMPLE_DIR, **option)
    assert str(told.value) == f"backtest({sentence}"


def test_every_option_is_judged() -> None:
    assert _MEANT.keys() == Options.__annotations__.keys()


def test_dates_and_options_are_checked() -> None:
    with pytest.raises(BadInput, match="'July' is neither a date like 2026-07-15 nor a month like 2026-07"):
        Cross().backtest("July", catalog=SAMPLE_DIR)
    with pytest.raises(BadInput, match=r"backtest\(money=…\) is not known: there are capital, slippage, latency"):
        Cross().backtest(catalog=SAMPLE_DIR, money=5)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("word", "section", "least", "most"),
    [
        ("capital", "capital_rupees", 1, 1_000_000_000),
        ("slippage", "slippage_ticks", 0, 1_000),
        ("latency", "latency_ms", 0, 86_400_000),
    ],
)
def test_a_notebook_the_command_line_and_the_settings_end_at_the_same_numbers(
    word: str, section: str, least: int, most: int
) -> None:
    command = click.command(account_words(lambda **_: 0))
    for number in (least, most, least - 1, most + 1):
        is_within = least <= number <= most
        assert _taken(_judge, {word: number}) == is_within
        assert _taken(lambda words: command(words, standalone_mode=False), [f"--{word}={number}"]) == is_within
        assert _taken(lambda value: msgspec.convert({section: value}, PaperSettings), number) == is_within


def _taken(read: Callable[[Any], object], given: object) -> bool:
    try:
        _ = read(given)
    except (BadInput, click.BadParameter, msgspec.ValidationError):
        return False
    return True

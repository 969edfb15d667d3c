"""Several paper accounts in one engine: money, limits and books of each are its own."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.acceptance.test_feeds_agree import TURNS
from tests.runtime.processes import BUSY, HELD, check_journal, paper, run_cli

from velox.backtest.choose import Ask, plans_on
from velox.backtest.run import Result, run
from velox.errors import BadInput
from velox.market.facts import load as load_facts
from velox.research.days import SAMPLE_DIR, open_day
from velox.runtime.account import account_def, limits_lines, limits_set
from velox.runtime.choose import check_strategies, plan_of
from velox.runtime.plan import StrategyPlan
from velox.settings import Settings, load

ONE = 100_000_000
SYMBOL = "NSE:RELIANCE"
TWO: dict[str, Any] = {
    "accounts": {
        "one": {"capital_rupees": 200_000, "limits": {"trades": 1}},
        "two": {"slippage_ticks": 5},
    }
}


@pytest.fixture
def settings() -> Settings:
    return msgspec.convert(TWO, Settings)


@pytest.fixture
def turns(tmp_path: Path) -> str:
    file = tmp_path / "turns.py"
    file.write_text(TURNS.replace("SYMBOL", SYMBOL))
    return str(file)


def _run(settings: Settings, *targets: str, journal: Path | None = None) -> Result:
    plans = plans_on(targets, {}, [], settings.accounts)
    return run(Ask(plans=plans, catalog=SAMPLE_DIR, journal=journal), settings)


def test_an_account_takes_from_paper_and_limits_what_it_leaves_out(settings: Settings) -> None:
    one, two = account_def(settings, "one", 1), account_def(settings, "two", 2)
    assert (one.id, one.name, one.capital, one.slippage_ticks) == (1, "one", 200_000 * ONE, 1)
    assert (two.capital, two.slippage_ticks, two.mis_margin) == (1_000_000 * ONE, 5, 2_000_000_000)
    assert (limits_set(settings, "one", 1).account_trades, limits_set(settings, "two", 2).account_trades) == (1, 0)
    assert limits_set(settings, "two", 2) == msgspec.structs.replace(limits_set(settings), account=2)
    told = limits_lines(settings, ["paper", "one"])
    assert told[0].startswith("Paper account: ₹10,00,000 capital")
    assert told[2].startswith("Paper account one: ₹2,00,000 capital")


def test_a_strategy_is_named_with_its_account(settings: Settings, tmp_path: Path) -> None:
    assert plan_of("a.py", {}, settings.accounts) == StrategyPlan("a.py", {}, "paper")
    assert plan_of("a.py:B@one", {"x": "1"}, settings.accounts) == StrategyPlan("a.py:B", {"x": "1"}, "one")
    odd = tmp_path / "a@b.py"
    odd.touch()
    assert plan_of(str(odd), {}, settings.accounts).target == str(odd)
    with pytest.raises(BadInput, match=r"a.py@three: there is no account three; there are one, paper, two"):
        plan_of("a.py@three", {}, settings.accounts)


def test_one_instrument_may_be_traded_once_on_each_account(settings: Settings, turns: str) -> None:
    day = open_day(None)
    facts = load_facts(day.date)
    plans = check_strategies([f"{turns}@one", f"{turns}@two"], {}, facts, day, settings)
    assert [plan.account for plan in plans] == ["one", "two"]
    with pytest.raises(BadInput, match=r"would both trade NSE:RELIANCE on one account: .*FILE.py@ACCOUNT"):
        check_strategies([f"{turns}@one", f"{turns}@one"], {}, facts, day, settings)
    shared = msgspec.structs.replace(settings.accounts["one"], same_instrument="wait")
    settings = msgspec.structs.replace(settings, accounts={**settings.accounts, "one": shared})
    assert len(check_strategies([f"{turns}@one", f"{turns}@one"], {}, facts, day, settings)) == 2
    with pytest.raises(BadInput, match=r"would both trade NSE:RELIANCE on one account"):
        check_strategies([f"{turns}@two", f"{turns}@two"], {}, facts, day, settings)


def test_accounts_trade_as_each_would_alone_and_their_sums_are_the_whole(settings: Settings, turns: str) -> None:
    both = _run(settings, f"{turns}@one", f"{turns}@two")
    alone = {name: _run(settings, f"{turns}@{name}") for name in ("one", "two")}
    assert [s.account for s in both.strategies] == ["one", "two"]
    for told in both.strategies:
        (own,) = alone[told.account].strategies
        assert (told.orders, told.fills, told.net_pnl) == (own.orders, own.fills, own.net_pnl)
    first, second = both.strategies
    assert first.round_trips == 1 < second.round_trips, "the limits of an account are its own"
    assert [(a.name, a.capital) for a in both.accounts] == [("one", 200_000), ("two", 1_000_000)]
    assert sum(a.net_pnl for a in both.accounts) == pytest.approx(both.net_pnl)
    assert both.max_drawdown <= alone["one"].max_drawdown + alone["two"].max_drawdown + 0.01


def test_without_accounts_nothing_is_different(turns: str) -> None:
    plain, named = _run(Settings(), turns), _run(Settings(), f"{turns}@paper")
    assert plain.result_hash == named.result_hash
    assert [a.name for a in plain.accounts] == ["paper"]


@pytest.mark.fault
@pytest.mark.timeout(110)
def test_a_day_on_two_accounts_over_the_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "two.toml"
    config.write_text("[accounts.one]\ncapital_rupees = 200_000\n[accounts.two]\ncapital_rupees = 300_000\n")
    monkeypatch.setenv("VELOX_CONFIG", str(config))
    journal = tmp_path / "journal"
    strategies = (f"{BUSY}@one", f"{HELD}@two", f"{BUSY}@two")
    with paper(journal, *strategies, "--speed", "max") as day:
        day.kill_engine()  # wherever it has come to
        assert day.wait() == 0, day.output
        report = day.report()
    check_journal(journal, report)
    told = {s["name"]: (s["account"], s["instrument"]) for s in report["strategies"]}
    assert told == {"Busy": ("one", "NSE:INFY"), "Held": ("two", "NSE:HDFCBANK"), "Busy-2": ("two", "NSE:INFY")}
    assert [(a["name"], a["capital"]) for a in report["accounts"]] == [("one", 200_000), ("two", 300_000)]
    fills = {s["name"]: (s["fills"], s["gross_pnl"]) for s in report["strategies"]}
    assert fills["Busy"] == fills["Busy-2"], "the same orders of the same share fill alike"
    assert "Account one: capital ₹2,00,000.00" in day.output and "Busy on NSE:INFY (account one)" in day.output
    tested = _run(load(environ={"VELOX_CONFIG": str(config)}), *strategies)
    assert [(s.fills, s.gross_pnl, s.net_pnl) for s in tested.strategies] == [
        (s["fills"], s["gross_pnl"], s["net_pnl"]) for s in report["strategies"]
    ]


@pytest.mark.fault
@pytest.mark.timeout(110)
def test_a_strategy_goes_on_with_its_own_account_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "two.toml"
    config.write_text("[accounts.one]\n[accounts.two]\n")
    monkeypatch.setenv("VELOX_CONFIG", str(config))
    journal = tmp_path / "journal"
    with paper(journal, f"{BUSY}@one", "--speed", "60") as day:
        day.until_record(500)
        day.process.terminate()
        assert day.wait() == 0, day.output
    other = run_cli("paper", f"{BUSY}@two", "--journal", str(journal))
    assert other.returncode == 2
    assert "Busy trades on the account one, not two: give the same account again" in other.stderr

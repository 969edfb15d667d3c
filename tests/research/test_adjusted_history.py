"""Warm-up reads earlier days as the day of use sees them: generated days before and after corporate actions."""

import datetime as dt
import json
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from velox import cli
from velox.errors import BadInput, ExitCode
from velox.market.corporate_actions import Action, Actions
from velox.research.bars import compute_bars, parse_indicators
from velox.research.candles import Candles, HistoryRules
from velox.research.catalog import Catalog
from velox.research.days import catalog_day
from velox.research.inspection import Ask, inspect
from velox.simulator.session import Plan, generate

D = dt.date
NAME, OLD = "NSE:INFY", "NSE:INFOSYSTCH"
EX, USE = D(2026, 7, 15), D(2026, 7, 16)
STRATEGY = Path(__file__).parents[2] / "strategies/velox_strategies/ema_cross.py"


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three generated days of warm-up, then two of ticks: 15 and 16 July 2026."""
    folder = tmp_path_factory.mktemp("days")
    generate(Plan(days=2, warmup_days=3, instruments=(NAME,)), Catalog(folder))
    return folder


def before_ex(source: Path, target: Path, times: int, name: str = NAME) -> Path:
    """The same days as they were traded: before the ex-date `times` the price, perhaps by another name."""
    kept, made = Catalog.open(source), Catalog(target)
    for entry in kept.entries():
        frame = kept.read(entry)
        if entry.day >= EX:
            made.store(entry, frame)
            continue
        prices = [pl.col(column) * times for column in ("open", "high", "low", "close")]
        made.store(msgspec.structs.replace(entry, instrument=name), frame.with_columns(*prices))
    return target


def history(catalog: Path, actions: Actions, use: D = USE) -> Candles:
    opened = Catalog.open(catalog)
    day = catalog_day(opened, use, [e for e in opened.entries() if e.day == use and not e.candles])
    day.actions = actions
    return day.history(NAME, 300)


def act(kind: str, **words: str) -> Action:
    return Action(name=NAME, ex=EX, kind=kind, source="test", **words)  # type: ignore[arg-type]


def test_a_split_makes_earlier_candles_those_of_the_new_count(days: Path, tmp_path: Path) -> None:
    traded = before_ex(days, tmp_path, 5)
    plain, seen = history(days, Actions()), history(traded, Actions([act("split", ratio="1:5")]))
    for column in ("ts_open", "open", "high", "low", "close"):
        assert np.array_equal(plain[column], seen[column]), column
    earlier = plain["ts_open"] < history(days, Actions())["ts_open"][-75]
    assert np.array_equal(seen["volume"][earlier], plain["volume"][earlier] * 5)
    assert np.array_equal(seen["volume"][~earlier], plain["volume"][~earlier])
    raw = history(traded, Actions())
    assert np.array_equal(raw["close"][earlier], plain["close"][earlier] * 5), "without the action nothing is changed"


def test_the_same_day_is_plain_for_a_use_before_the_ex_date(days: Path) -> None:
    later = Actions([Action(name=NAME, ex=D(2026, 7, 17), kind="split", ratio="1:5", source="test")])
    assert np.array_equal(history(days, later), history(days, Actions()))


def test_a_bonus_and_a_dividend_on_one_day_multiply_and_round_half_to_even(days: Path) -> None:
    plain = history(days, Actions())
    seen = history(days, Actions([act("bonus", ratio="1:2"), act("dividend", amount="7.50")]))
    opened = Catalog.open(days)
    eve = [entry for entry in opened.entries() if entry.day < EX][-1]
    close = opened.read(eve)["close"].item(-1)
    factor = Fraction(2, 3) * (1 - Fraction(750_000_000, close))
    earlier = 3 * 75
    for column in ("open", "high", "low", "close"):
        assert seen[column][:earlier].tolist() == [round(value * factor) for value in plain[column][:earlier].tolist()]
        assert np.array_equal(seen[column][earlier:], plain[column][earlier:])
    assert seen["volume"][:earlier].tolist() == [round(Fraction(3, 2) * v) for v in plain["volume"][:earlier].tolist()]
    assert (seen["low"] <= np.minimum(seen["open"], seen["close"])).all()


def test_a_dividend_whose_day_before_is_not_kept_asks_for_the_close(days: Path, tmp_path: Path) -> None:
    kept, made = Catalog.open(days), Catalog(tmp_path)
    for entry in kept.entries():
        if entry.day != D(2026, 7, 14):
            made.store(entry, kept.read(entry))
    with pytest.raises(BadInput, match="does not hold the trading day before"):
        history(tmp_path, Actions([act("dividend", amount="7.50")]))
    told = history(tmp_path, Actions([act("dividend", amount="7.50", close="1500")]))
    assert told["close"][0] == round(history(tmp_path, Actions())["close"][0].item() * Fraction(1_492_50, 1_500_00))


def test_a_rename_takes_the_days_of_the_old_name(days: Path, tmp_path: Path) -> None:
    traded = before_ex(days, tmp_path, 1, OLD)
    assert len(history(traded, Actions())) == 75
    seen = history(traded, Actions([act("rename", was=OLD)]))
    assert np.array_equal(seen, history(days, Actions()))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "actions.toml"
    path.write_text(f'[[action]]\nname = "{NAME}"\nex = {EX}\nsource = "test"\n{text}\n')
    return path


def test_a_back_test_on_raw_days_with_the_action_is_that_on_adjusted_days(days: Path, tmp_path: Path) -> None:
    traded = before_ex(days, tmp_path / "traded", 5)
    actions = ["--corporate-actions", str(written(tmp_path, 'kind = "split"\nratio = "1:5"'))]
    words = ["backtest", str(STRATEGY), "-p", f"symbol={NAME}"]

    def result(catalog: Path, *more: str) -> dict[str, object]:
        file = tmp_path / "out.json"
        status = cli.run(
            [*words, "--catalog", str(catalog), "--from", str(EX), "--to", str(EX), "--json", str(file), *more]
        )
        assert status == ExitCode.DONE
        return dict(json.loads(file.read_bytes()))

    adjusted, seen, blind = result(days), result(traded, *actions), result(traded)
    assert seen["fills"] and seen["settings"]["corporate_actions"] == 1  # type: ignore[index]
    for figure in ("orders", "fills", "gross_pnl", "charges", "net_pnl"):
        assert seen[figure] == adjusted[figure], figure
    assert blind["result_hash"] != seen["result_hash"], "without the action the averages fall from five times the price"


def test_a_step_that_an_action_explains_is_no_suspicion(days: Path, tmp_path: Path) -> None:
    catalog = Catalog.open(before_ex(days, tmp_path, 5))
    (blind,) = inspect(catalog, Ask()).instruments
    assert [(s.day, s.ratio) for s in blind.suspicions] == [(EX, "1/5")]
    (seen,) = inspect(catalog, Ask(actions=Actions([act("split", ratio="1:5")]))).instruments
    assert seen.suspicions == []


def test_bars_of_all_days_read_as_the_last_one_sees_them(days: Path, tmp_path: Path) -> None:
    actions = Actions([act("split", ratio="1:5"), act("rename", was=OLD)])
    traded = before_ex(days, tmp_path / "traded", 5, OLD)
    written(tmp_path, 'kind = "split"\nratio = "1:5"')
    asked = [(Catalog(days), HistoryRules()), (Catalog(traded), HistoryRules(actions=actions))]
    plain, seen = (
        compute_bars(catalog, NAME, 300, parse_indicators("sma:20"), rules=rules) for catalog, rules in asked
    )
    assert plain.drop("volume").equals(seen.drop("volume"))
    out = tmp_path / "bars.parquet"
    words = ["data", "bars", "--catalog", str(days), "--instrument", NAME, "--timeframe", "5m", "--out", str(out)]
    assert cli.run([*words, "--corporate-actions", str(tmp_path / "actions.toml")]) == ExitCode.DONE

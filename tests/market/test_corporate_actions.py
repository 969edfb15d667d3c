"""A split, bonus, dividend or rename changes what earlier days look like on the day of use, and on no day before it."""

import datetime as dt
from fractions import Fraction
from pathlib import Path

import pytest

from velox.errors import BadInput
from velox.market.corporate_actions import Action, Actions, Adjustment, read_actions

D = dt.date
NAME = "NSE:A"
ONE = 100_000_000


def action(kind: str, ex: D, **words: str) -> Action:
    return Action(name=words.pop("name", NAME), ex=ex, kind=kind, source="test", **words)  # type: ignore[arg-type]


def unknown(name: str, ex: D) -> int | None:
    return None


@pytest.mark.parametrize(
    ("event", "price", "volume"),
    [
        (action("split", D(2026, 3, 9), ratio="1:5"), Fraction(1, 5), Fraction(5)),
        (action("split", D(2026, 3, 9), ratio="10:1"), Fraction(10), Fraction(1, 10)),
        (action("bonus", D(2026, 3, 9), ratio="1:1"), Fraction(1, 2), Fraction(2)),
        (action("bonus", D(2026, 3, 9), ratio="1:2"), Fraction(2, 3), Fraction(3, 2)),
        (action("dividend", D(2026, 3, 9), amount="5", close="100"), Fraction(95, 100), Fraction(1)),
    ],
)
def test_a_day_before_is_adjusted_only_for_uses_from_the_ex_date_on(
    event: Action, price: Fraction, volume: Fraction
) -> None:
    actions = Actions([event])
    plain = Adjustment()
    assert actions.adjustment(NAME, D(2026, 3, 6), D(2026, 3, 9), unknown) == Adjustment(price, volume)
    assert actions.adjustment(NAME, D(2026, 3, 6), D(2026, 3, 6), unknown) == plain
    assert actions.adjustment(NAME, D(2026, 3, 9), D(2026, 3, 10), unknown) == plain
    assert actions.adjustment("NSE:B", D(2026, 3, 6), D(2026, 3, 9), unknown) == plain


def test_several_multiply_and_a_rename_is_followed_back() -> None:
    actions = Actions(
        [
            action("split", D(2026, 2, 2), name="NSE:OLD", ratio="1:2"),
            action("rename", D(2026, 3, 2), was="NSE:OLD"),
            action("bonus", D(2026, 4, 1), ratio="1:1"),
            # Another company that took the name later has nothing to do with it.
            action("split", D(2026, 3, 20), name="NSE:OLD", ratio="1:10"),
        ]
    )
    use = D(2026, 4, 1)
    assert [actions.name_on(NAME, day, use) for day in (D(2026, 2, 27), D(2026, 3, 2))] == ["NSE:OLD", NAME]
    assert actions.adjustment(NAME, D(2026, 1, 30), use, unknown).price == Fraction(1, 4)
    assert actions.adjustment(NAME, D(2026, 2, 2), use, unknown).price == Fraction(1, 2)
    assert actions.adjustment(NAME, D(2026, 2, 2), D(2026, 3, 31), unknown).price == 1


def test_what_befell_a_share_before_its_last_name_is_found_by_that_name_on_those_days_too() -> None:
    actions = Actions(
        [
            action("split", D(2026, 2, 2), name="NSE:OLD", ratio="1:2"),
            action("rename", D(2026, 3, 2), was="NSE:OLD"),
        ]
    )
    (due,) = actions.due(NAME, D(2026, 1, 30), D(2026, 2, 2))
    assert (due.name, due.ex, due.shares) == (NAME, D(2026, 2, 2), Fraction(2))
    assert actions.due(NAME, D(2026, 1, 29), D(2026, 1, 30)) == []
    assert actions.name_on(NAME, D(2026, 1, 30), D(2026, 2, 2)) == "NSE:OLD"
    assert actions.adjustment(NAME, D(2026, 1, 30), D(2026, 2, 2), unknown).price == Fraction(1, 2)


def test_a_name_that_is_left_and_taken_again_is_followed_day_by_day() -> None:
    actions = Actions(
        [
            action("rename", D(2026, 3, 2), name="NSE:B", was=NAME),
            action("rename", D(2026, 6, 1), was="NSE:B"),
        ]
    )
    days = [D(2026, 2, 2), D(2026, 3, 2), D(2026, 6, 1)]
    assert [actions.name_on(NAME, day, day) for day in days] == [NAME, "NSE:B", NAME]
    assert [actions.name_on(NAME, day, days[-1]) for day in days] == [NAME, "NSE:B", NAME]


def test_a_dividend_takes_the_close_before_from_the_catalogue_or_is_refused() -> None:
    actions = Actions([action("dividend", D(2026, 3, 9), amount="2.50")])
    held = actions.adjustment(NAME, D(2026, 3, 6), D(2026, 3, 9), lambda name, ex: 50 * ONE)
    assert held == Adjustment(Fraction(19, 20), Fraction(1))
    with pytest.raises(BadInput, match="write its close into the action"):
        actions.adjustment(NAME, D(2026, 3, 6), D(2026, 3, 9), unknown)
    with pytest.raises(BadInput, match=r"is not less than the close of 2\.00"):
        actions.adjustment(NAME, D(2026, 3, 6), D(2026, 3, 9), lambda name, ex: 2 * ONE)


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "actions.toml"
    path.write_text("\n".join(["[[action]]", f'name = "{NAME}"', "ex = 2026-03-09", *lines]) + "\n")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    actions = read_actions(written(tmp_path, 'kind = "bonus"', 'ratio = "1:1"', 'source = "notice"'))
    assert len(actions) == 1
    assert actions.until(NAME, D(2026, 3, 9))[0].shares == 2


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['kind = "split"', 'source = "s"'], "ratio is missing"),
        (['kind = "split"', 'ratio = "1:5"'], "source"),
        (['kind = "split"', 'ratio = "1:5"', 'source = ""'], "source must say where it is known from"),
        (['kind = "split"', 'ratio = "five"', 'source = "s"'], "'five' cannot be read"),
        (['kind = "split"', 'ratio = "0:5"', 'source = "s"'], "two numbers above 0"),
        (['kind = "merger"', 'source = "s"'], "no corporate actions as they must be written"),
        (['kind = "bonus"', 'ratio = "1:1"', 'amount = "5"', 'source = "s"'], "amount says nothing about a bonus"),
        (['kind = "dividend"', 'amount = "-5"', 'source = "s"'], "amount must lie between 0 and the close"),
        (
            ['kind = "dividend"', 'amount = "5"', 'close = "5"', 'source = "s"'],
            "amount must lie between 0 and the close",
        ),
        (['kind = "rename"', f'was = "{NAME}"', 'source = "s"'], "was must be the old name"),
        (['kind = "split"', 'ration = "1:5"', 'source = "s"'], "ration"),
        (['kind = "split'], "is no TOML"),
    ],
)
def test_a_mistake_is_refused_with_its_place(lines: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=said):
        read_actions(written(tmp_path, *lines))


def test_the_same_action_twice_and_an_absent_file_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, 'kind = "bonus"', 'ratio = "1:1"', 'source = "s"')
    path.write_text(path.read_text() * 2)
    with pytest.raises(BadInput, match=r"action 2 \(NSE:A, 2026-03-09, bonus\): it is given twice"):
        read_actions(path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_actions(tmp_path / "none.toml")

"""Parameters as a user gives them: `-p name=value`."""

import pytest

from velox import Param, pct, points, r, risk_pct, risk_rupees
from velox.errors import BadInput
from velox.strategy.params import parse_assignments, parse_value, resolve


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        (9, "12", 12),
        (0.5, "2", 2.0),
        (True, "no", False),
        ("NSE:TCS", "NSE:INFY", "NSE:INFY"),
        (risk_pct(0.5), "1%", risk_pct(1)),
        (risk_rupees(500), "750", risk_rupees(750)),
        (pct(25), "30", pct(30)),
        (points(30), "12.5", points(12.5)),
        (r(1), "1.5", r(1.5)),
    ],
)
def test_a_text_is_read_by_the_type_of_the_default(default: object, text: str, value: object) -> None:
    found = parse_value("x", text, default)
    assert found == value
    assert type(found) is type(default)


@pytest.mark.parametrize(
    ("default", "text", "words"),
    [
        (9, "nine", "x=nine cannot be used: x is a whole number"),
        (9, "1.5", "a whole number"),
        (0.5, "nan", "a number"),
        (0.5, "inf", "a number"),
        (True, "perhaps", "yes or no"),
        ("a", " ", "x= is empty"),
        (risk_pct(0.5), "0", "must lie above 0"),
        (risk_pct(0.5), "101", "at most 100"),
        (pct(25), "-1", "above 0"),
        (risk_rupees(500), "inf", "above 0"),
    ],
)
def test_a_text_that_means_nothing_is_refused(default: object, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_value("x", text, default)


def test_an_unknown_parameter_names_the_nearest() -> None:
    params = {"fast": Param(9), "slow": Param(21)}
    values, faults = resolve(params, {"fats": "3", "slow": "30", "nope": "1"})
    assert values == {"fast": 9, "slow": 30}
    assert faults == [
        "there is no parameter fats: did you mean fast?",
        "there is no parameter nope: there are fast, slow",
    ]


def test_a_value_outside_the_range_is_refused() -> None:
    param = Param(9, range(3, 50, 2))
    param.name = "fast"
    assert param.parsed("11") == 11
    with pytest.raises(BadInput, match="fast=12 is outside its range, 3 to 49 in steps of 2"):
        param.parsed("12")


def test_a_float_may_lie_between_the_steps_of_its_range() -> None:
    param = Param(1.5, range(1, 4))
    assert param.parsed("2.5") == 2.5
    with pytest.raises(BadInput, match="outside"):
        param.parsed("3.5")


def test_assignments_are_split_at_the_first_sign() -> None:
    assert parse_assignments(["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}


@pytest.mark.parametrize(
    ("texts", "words"), [(["symbol"], "-p symbol=value"), (["a=1", "a=2"], "given twice"), (["=1"], "no value")]
)
def test_a_bad_assignment_is_named(texts: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_assignments(texts)

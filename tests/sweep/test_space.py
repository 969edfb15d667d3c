"""Which sets a sweep tries: what ranges and lists mean, what is left out, what is refused."""

from pathlib import Path

import pytest

from velox.errors import BadInput
from velox.strategy.collect import Declared
from velox.strategy.load import load
from velox.strategy.params import parse_assignments
from velox.sweep.space import Axis, Space, axes, expand


@pytest.fixture
def declared(cross: Path) -> Declared:
    return load(str(cross)).__velox__


def _axis(declared: Declared, text: str) -> Axis:
    (found,) = axes(declared.params, parse_assignments([text]))
    return found


def _space(declared: Declared, *texts: str, samples: int | None = None, seed: int = 0) -> Space:
    return expand(declared, axes(declared.params, parse_assignments(texts)), samples, seed)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("fast=5:9:2", "5 7 9"),
        ("fast=5:9:3", "5 8"),
        ("fast=5:8", "5 6 7 8"),
        ("fast=7", "7"),
        ("fast=9,3,5:7:2", "9 3 5 7"),
        ("risk=0.5:1:0.1", "0.5 0.6 0.7 0.8 0.9 1"),
        ("risk=0.25%:0.75%:0.25", "0.25 0.5 0.75"),
        ("fast=::9", "2 11 20 29"),
        ("slow=:5", "3 4 5"),
        ("slow=57:", "57 58 59"),
        ("symbol=NSE:INFY,NSE:TCS", "NSE:INFY NSE:TCS"),
        ("timeframe=1m,5m", "1m 5m"),
    ],
)
def test_a_range_holds_both_ends_and_a_list_its_values(declared: Declared, text: str, values: str) -> None:
    assert _axis(declared, text).texts == values.split()


def test_a_colon_alone_is_the_declared_range(declared: Declared) -> None:
    assert _axis(declared, "fast=:").texts == [str(value) for value in range(2, 30)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fats=5:9", "did you mean fast"),
        ("fast=5:90", "fast=30 is outside its range"),
        ("fast=5:9:0", "step is above 0"),
        ("fast=9:5", "holds no value"),
        ("fast=5:9:1:1", "is no range"),
        ("fast=a:b", "'a' is no number"),
        ("fast=5:nan", "'nan' is no number"),
        ("fast=5:6:0.5", "5.5 cannot be used"),
        ("fast=5,5", "has 5 twice"),
        ("fast=5,5:7", "has 5 twice"),
        ("risk=0.5:1", "has no step"),
        ("risk=:", "declares no range"),
        ("fast=", "is empty"),
        ("fast=5,", "cannot be used"),
        ("risk=0.1:50:0.00001", "take larger steps"),
    ],
)
def test_what_is_no_range_is_refused_with_its_reason(declared: Declared, text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        _axis(declared, text)


def test_every_fault_is_told_at_once(declared: Declared) -> None:
    with pytest.raises(BadInput) as refused:
        axes(declared.params, {"fats": "1", "fast": "1:2:0"})
    assert "2 faults" in str(refused.value) and "fats" in str(refused.value) and "fast=1:2:0" in str(refused.value)


def test_sets_that_the_strategy_rules_out_are_left_out_and_counted(declared: Declared) -> None:
    space = _space(declared, "fast=5:8", "slow=6:8")
    assert [(s["fast"], s["slow"]) for s in space.sets] == [(f, s) for f in "5678" for s in "678" if f < s]
    assert space.left_out == 12 - len(space.sets)
    assert "fast < slow does not hold" in space.why


def test_a_sweep_without_a_single_set_is_refused(declared: Declared) -> None:
    with pytest.raises(BadInput, match="none of the 6 sets can be run: fast < slow"):
        _space(declared, "fast=20:25", "slow=10")


def test_too_many_sets_are_refused_before_they_are_made(declared: Declared) -> None:
    with pytest.raises(BadInput, match="more than 1,000,000"):
        _space(declared, "fast=:", "slow=:", "risk=0.01:10:0.01")


def test_a_sample_is_a_part_of_all_and_the_same_again(declared: Declared) -> None:
    whole = _space(declared, "fast=2:20", "slow=10:50").sets
    first, again = (_space(declared, "fast=2:20", "slow=10:50", samples=30, seed=4).sets for _ in range(2))
    other = _space(declared, "fast=2:20", "slow=10:50", samples=30, seed=5).sets
    assert first == again != other
    assert len(first) == 30 and all(each in whole for each in first)
    assert _space(declared, "fast=2:20", "slow=10:50", samples=10**6).sets == whole


def test_only_parameters_with_several_values_are_swept(declared: Declared) -> None:
    assert [axis.name for axis in _space(declared, "fast=5", "slow=6:8").swept] == ["slow"]

"""The page of a sweep: what each field shows, that it needs nothing from elsewhere."""

import datetime as dt
import re

import pytest

from velox.errors import BadInput
from velox.sweep.heatmap import Page, cells, neighbourhood, page, shown_axes
from velox.sweep.job import Figures, Job, Outcome
from velox.sweep.score import METRICS
from velox.sweep.space import Axis

DAY = dt.date(2026, 7, 15)
FAST, SLOW, RISK = Axis("fast", ["3", "4", "5"]), Axis("slow", ["9", "12"]), Axis("risk", ["1", "2"])
NET = METRICS["net_pnl"]


def _outcomes() -> list[Outcome]:
    zeros = dict.fromkeys(Figures.__struct_fields__, 0) | {"result_hash": "", "daily_pnl": [], "notes": []}
    found: list[Outcome] = []
    for fast in FAST.texts:
        for slow in SLOW.texts:
            for risk in RISK.texts:
                net = 100 * int(fast) + int(slow) + (0.5 if risk == "2" else 0)
                told = Figures(**{**zeros, "net_pnl": net, "faulted": fast == "5" and slow == "12"})  # type: ignore[arg-type]
                found.append(
                    Outcome(job=Job(len(found), {"fast": fast, "slow": slow, "risk": risk}, 0, DAY, DAY), figures=told)
                )
    return found


def test_a_field_is_the_best_over_the_other_parameters() -> None:
    found = cells(_outcomes(), FAST, SLOW, NET)
    assert {at: value for at, (value, _) in found.items()} == {
        (0, 0): 309.5,
        (0, 1): 312.5,
        (1, 0): 409.5,
        (1, 1): 412.5,
        (2, 0): 509.5,
    }
    assert found[2, 0][1].job.params["risk"] == "2"


def test_robustness_is_the_mean_with_the_neighbours_that_are_there() -> None:
    near = neighbourhood(cells(_outcomes(), FAST, SLOW, NET))
    assert near[0, 0][0] == pytest.approx((309.5 + 312.5 + 409.5 + 412.5) / 4)
    assert near[2, 0][0] == pytest.approx((409.5 + 412.5 + 509.5) / 3)


def test_the_two_widest_parameters_are_shown_unless_others_are_asked_for() -> None:
    assert shown_axes([RISK, FAST, SLOW], None) == (RISK, FAST)
    assert shown_axes([SLOW, FAST], "fast,slow") == (FAST, SLOW)
    assert shown_axes([FAST], None) is None
    for asked, sentence in (("fast", "two parameters"), ("fast,fast", "two parameters"), ("fast,slwo", "mean slow")):
        with pytest.raises(BadInput, match=sentence):
            shown_axes([FAST, SLOW], asked)


def test_the_page_needs_no_network_and_shows_every_field_and_word() -> None:
    told = Page(
        title="a <b>.py",
        about={"the days": "3 & more"},
        caution="no forecast",
        synthetic=True,
        best=[["", "x"], ["1", "<y>"]],
    )
    text = page(told, _outcomes(), (FAST, SLOW), NET)
    assert not re.search(r"https?:|src=|href=|@import|url\(", text)
    assert text.count("<rect") == 10 and "fast=5 slow=9 risk=2: 509.50" in text
    for said in ("a &lt;b&gt;.py", "3 &amp; more", "no forecast", "SYNTHETIC", "&lt;y&gt;", "mean with the neighbours"):
        assert said in text


def test_one_swept_parameter_gives_a_page_without_a_map() -> None:
    told = Page(title="t", about={}, caution="c", synthetic=False, best=[])
    text = page(told, _outcomes(), None, NET)
    assert "<rect" not in text and "needs two parameters" in text and "SYNTHETIC" not in text

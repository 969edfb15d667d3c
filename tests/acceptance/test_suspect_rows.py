"""Rows that the guard suspects change no candle, no indicator and no decision, wherever they stand."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.acceptance.product import Run, Told, demo, told_by
from tests.acceptance.truth import judged, read_rows

from velox.research.nse_ticks import find_recordings

pytestmark = pytest.mark.timeout(180)

DAY = dt.date(2021, 4, 26)
KEPT = ("AXISBANK", "BAJAJ_AUTO", "BAJAJFINSV", "MM", "TCS", "Nifty_26")
SHARE = 0.02
Row = tuple[dt.datetime, str, str]
Make = Callable[[Row, np.random.Generator], Row]


def older(row: Row, chance: np.random.Generator) -> Row:
    return row[0] - dt.timedelta(seconds=int(chance.integers(1, 900))), "1.05", "999999999999"


def again(row: Row, chance: np.random.Generator) -> Row:
    return row


def other_day(row: Row, chance: np.random.Generator) -> Row:
    return row[0] + dt.timedelta(days=int(chance.choice([-30, -1, 1, 3]))), "99999.95", "888888888888"


def priceless(row: Row, chance: np.random.Generator) -> Row:
    price = str(chance.choice(["0", "0.0", "-5", "-1250.05"]))
    return row[0] + dt.timedelta(seconds=int(chance.integers(0, 3600))), price, "777777777777"


def after_hours(row: Row, chance: np.random.Generator) -> Row:
    late = dt.datetime.combine(DAY, dt.time(15, 40)) + dt.timedelta(seconds=int(chance.integers(0, 7200)))
    return late, "77777.7", "666666666666"


def before_hours(row: Row, chance: np.random.Generator) -> Row:
    early = dt.datetime.combine(DAY, dt.time(9, 0)) + dt.timedelta(seconds=int(chance.integers(0, 900)))
    return early, "55555.5", "555555555555"


SUSPECT: dict[str, tuple[Make, str]] = {
    "older": (older, "out_of_order"),
    "again": (again, "duplicate"),
    "other day": (other_day, "wrong_day"),
    "priceless": (priceless, "impossible"),
    "after hours": (after_hours, "not_continuous"),
    "before hours": (before_hours, "not_continuous"),
}


def spoiled(file: Path, folder: Path, seed: int) -> Counter[str]:
    """Copy a recording with suspect rows put behind its applied ones; counts them by verdict."""
    rows = judged(read_rows(file), DAY)
    chance = np.random.default_rng(seed)
    lines, added = ["timestamp,ltp,volume"], Counter[str]()
    for ts, price, volume, verdict in rows.iter_rows():
        row = (ts, f"{price / 1e8:.10g}", str(volume))
        lines.append(",".join(map(str, row)))
        if verdict != "applied" or (ts.time() <= dt.time(9, 31)):
            continue
        for make, expected in SUSPECT.values():
            if chance.random() < SHARE:
                lines.append(",".join(map(str, make(row, chance))))
                added[expected] += 1
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file.name.removesuffix(".gz")).write_text("\n".join(lines) + "\n")
    return added


@pytest.fixture(scope="module")
def recordings(april_26: Path) -> list[Path]:
    return [path for path in find_recordings([april_26]) if path.name.startswith(KEPT)]


@pytest.fixture(scope="module")
def clean(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Told]:
    folder = tmp_path_factory.mktemp("clean")
    for file in recordings:
        place = folder / "day" / file.parent.name
        place.mkdir(parents=True, exist_ok=True)
        (place / file.name).symlink_to(file)
    run = demo(folder / "journal", folder / "day", feed="direct")
    return run, told_by(run.journal)


@pytest.mark.parametrize("feed", ["direct", "socket"])
def test_no_suspect_row_moves_anything(
    feed: str, recordings: list[Path], clean: tuple[Run, Told], tmp_path: Path
) -> None:
    before, told_before = clean
    added: Counter[str] = Counter()
    for seed, file in enumerate(recordings):
        added += spoiled(file, tmp_path / "day" / file.parent.name, seed)
    assert set(added) == {verdict for _, verdict in SUSPECT.values()}
    assert min(added.values()) > 500
    after = demo(tmp_path / "journal", tmp_path / "day", feed=feed)
    told = told_by(after.journal)
    verdicts = {name: count - before.figures["verdicts"][name] for name, count in after.figures["verdicts"].items()}
    assert {name: count for name, count in verdicts.items() if count} == dict(added)
    assert after.figures["sent"] == before.figures["sent"] + sum(added.values())
    for key, candles in told_before.candles.items():
        assert {name: values.tolist() for name, values in told.candles[key].items()} == {
            name: values.tolist() for name, values in candles.items()
        }
        np.testing.assert_array_equal(told.values[key], told_before.values[key])
    assert any(values.shape[1] > 0 for values in told.values.values())
    assert after.figures["strategies"] == before.figures["strategies"]
    assert sum(s["fills"] for s in before.figures["strategies"]) > 0
    assert told.decisions == told_before.decisions

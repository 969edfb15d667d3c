"""Recordings that nobody expects: a day runs with counts that add up, or one sentence says why it does not."""

import datetime as dt
import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.acceptance.product import demo, told_by, velox
from tests.acceptance.truth import judged, mismatches, read_rows, true_candles

pytestmark = pytest.mark.timeout(120)

DAY = dt.date(2021, 4, 26)
HEADER = "timestamp,ltp,volume"
Lines = list[str]
Files = dict[str, Lines | bytes]


def walk(count: int = 6_000, *, price: float = 500.0, decimals: int = 2, volume: int = 900, seed: int = 1) -> Lines:
    """Rows of a session, one every few seconds."""
    chance = np.random.default_rng(seed)
    start = dt.datetime.combine(DAY, dt.time(9, 15, 2))
    seconds = np.sort(chance.integers(0, 22_300, count))
    prices = np.maximum(0.05, price * (1 + np.cumsum(chance.normal(0, 2e-4, count))))
    totals = np.cumsum(chance.integers(0, 2 * volume + 1, count))
    rows = zip(seconds.tolist(), prices.tolist(), totals.tolist(), strict=True)
    return [f"{start + dt.timedelta(seconds=s)},{p:.{decimals}f},{v}" for s, p, v in rows]


def text(lines: Lines, *, header: str = HEADER, end: str = "\n") -> bytes:
    return (end.join([header, *lines]) + end).encode()


def shuffled() -> Lines:
    lines = walk()
    np.random.default_rng(3).shuffle(lines)
    return lines


def beyond_belief() -> Lines:
    """Now and then rows from the minute ahead whose numbers nobody believes: they move no clock."""
    lines = walk()
    for at in range(0, len(lines), 60):
        ts, price, volume = lines[at].split(",")
        ahead = dt.datetime.fromisoformat(ts) + dt.timedelta(seconds=40)
        lines[at] += f"\n{ahead},20000000,{volume}\n{ahead},{price},3000000000000000"
    return "\n".join(lines).split("\n")


def reordered() -> Lines:
    """Columns in another order, with one more among them."""
    return [",".join((volume, "x", price, ts)) for ts, price, volume in (line.split(",") for line in walk())]


RUNS: dict[str, Callable[[], Files]] = {
    "one stock": lambda: {"RELIANCE_26_April.csv": walk()},
    "one index": lambda: {"index/Nifty_26_April.csv": walk(price=14_400, volume=0)},
    "one row": lambda: {"RELIANCE_26_April.csv": walk(1)},
    "nothing in the session": lambda: {"RELIANCE_26_April.csv": ["2021-04-26 08:59:00,5,1", "2021-04-26 16:00:00,1,2"]},
    "no price": lambda: {"RELIANCE_26_April.csv": ["2021-04-26 10:00:00,0,1", "2021-04-26 10:00:01,-3,2"]},
    "shuffled rows": lambda: {"RELIANCE_26_April.csv": shuffled()},
    "huge volumes": lambda: {"RELIANCE_26_April.csv": walk(volume=10**11)},
    "no volume": lambda: {"RELIANCE_26_April.csv": walk(volume=0), "TCS_26_April.csv": walk(seed=2)},
    "prices near a million": lambda: {"MRF_26_April.csv": walk(price=990_000)},
    "prices of many decimals": lambda: {"RELIANCE_26_April.csv": walk(decimals=9)},
    "prices of paise": lambda: {"PENNY_26_April.csv": walk(price=0.35)},
    "names nobody knows": lambda: {"NOBODY_26_April.csv": walk(), "A_B_26_April.csv": walk(seed=2)},
    "carriage returns": lambda: {"RELIANCE_26_April.csv": text(walk(), end="\r\n")},
    "a mark at the start": lambda: {"RELIANCE_26_April.csv": b"\xef\xbb\xbf" + text(walk())},
    "another header": lambda: {"RELIANCE_26_April.csv": text(reordered(), header=" Volume,note, LTP ,Timestamp")},
    "numbers beyond belief": lambda: {"RELIANCE_26_April.csv": beyond_belief(), "TCS_26_April.csv": walk(seed=2)},
    "gzip": lambda: {"RELIANCE_26_April.csv.gz": gzip.compress(text(walk()))},
    "the last second": lambda: {
        "RELIANCE_26_April.csv": ["2021-04-26 09:15:00,10,1", "2021-04-26 15:29:59,11,5", "2021-04-26 15:30:00,12,9"]
    },
    "a leap to the close": lambda: {
        "RELIANCE_26_April.csv": [*walk(2_000)[:1_000], "2021-04-26 15:29:58,500,9", *walk(2_000)[1_000:]],
        "TCS_26_April.csv": walk(seed=2),
    },
    "rows that cannot be read": lambda: {"RELIANCE_26_April.csv": [*walk(), "junk", "2021-04-26 10:00:00,abc,1", ",,"]},
    "a file of nothing beside": lambda: {"RELIANCE_26_April.csv": walk(), "TCS_26_April.csv": b""},
}

# Where the way through the wire could differ from reading directly.
BY_SOCKET = {"one row", "huge volumes", "prices of many decimals", "a leap to the close"}
# Where the pace could move the clock between rows.
AT_PACE = {"numbers beyond belief", "a leap to the close"}
SAID = {
    "rows that cannot be read": "Left out: rows that cannot be read (NSE:RELIANCE 3).",
    "a file of nothing beside": "Left out: TCS_26_April.csv is empty.",
    "one index": "No strategy ran",
}
EXACT = (
    "one stock",
    "one index",
    "shuffled rows",
    "huge volumes",
    "no volume",
    "prices near a million",
    "numbers beyond belief",
)

REFUSED: dict[str, tuple[Callable[[], Files], str]] = {
    "empty": (lambda: {"RELIANCE_26_April.csv": b""}, "RELIANCE"),
    "a header alone": (lambda: {"RELIANCE_26_April.csv": text([])}, "RELIANCE"),
    "no header": (lambda: {"RELIANCE_26_April.csv": "\n".join(walk()).encode()}, "timestamp,ltp,volume"),
    "no such columns": (
        lambda: {"RELIANCE_26_April.csv": text(walk(), header="time,price,qty")},
        "timestamp,ltp,volume",
    ),
    "one instrument twice": (
        lambda: {"a/RELIANCE_26_April.csv": walk(), "b/RELIANCE_26_April.csv": walk(seed=2)},
        "NSE:RELIANCE",
    ),
    "two days": (
        lambda: {"RELIANCE_26_April.csv": walk(), "TCS_27_April.csv": [r.replace("-26 ", "-27 ") for r in walk()]},
        "2021-04-27",
    ),
    "a holiday": (lambda: {"RELIANCE_25_April.csv": [r.replace("-26 ", "-25 ") for r in walk()]}, "2021-04-25"),
    "a day without facts": (
        lambda: {"RELIANCE_26_April.csv": [r.replace("2021", "2019") for r in walk()]},
        "2019-04-26",
    ),
    "no recording": (lambda: {"README.txt": b"hello"}, "csv"),
    "no text": (lambda: {"RELIANCE_26_April.csv": bytes(range(256)) * 40}, "RELIANCE"),
}


def written(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else text(content))
    return folder


@pytest.mark.parametrize("kind", RUNS)
def test_the_day_runs_and_its_counts_add_up(kind: str, tmp_path: Path) -> None:
    day = written(tmp_path / "day", RUNS[kind]())
    feeds = ("direct", "socket") if kind in BY_SOCKET else ("direct",)
    runs = [demo(tmp_path / feed, day, feed=feed) for feed in feeds]
    if kind in AT_PACE:
        runs.append(demo(tmp_path / "paced", day, feed="direct", speed=20_000))
    for run in runs:
        figures = run.figures
        assert figures["finished"]
        assert figures["sent"] == figures["journalled"] == sum(figures["verdicts"].values())
        assert figures["decisions_hash"] == runs[0].figures["decisions_hash"]
        assert not any(math.isnan(s["net_pnl"]) or s["faulted"] for s in figures["strategies"])
        assert SAID.get(kind, "") in run.said
    if kind in EXACT:
        told = told_by(runs[0].journal)
        for (name, seconds), candles in told.candles.items():
            stem = {"NSE:NIFTY": "index/Nifty"}.get(name, name.removeprefix("NSE:"))
            rows = judged(read_rows(day / f"{stem}_26_April.csv"), DAY)
            assert not mismatches(candles, true_candles(rows, DAY, seconds)), (name, seconds)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_folder_that_is_no_day_is_refused_in_a_sentence(kind: str, tmp_path: Path) -> None:
    files, word = REFUSED[kind]
    day = written(tmp_path / "day", files())
    ended = velox("demo", "--day", day, "--speed", "max", "--feed", "direct", cwd=tmp_path)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1

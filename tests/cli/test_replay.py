"""`velox replay`: a journal runs again exactly, what differs or is damaged is named, and only its folder is read."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.journal import damage, made

import velox
import velox_core
from velox import cli, journal
from velox.events import Kind


class Ended:
    """How a command ended."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


Replay = Callable[..., Ended]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> made.MadeDay:
    """A whole small day; tests that change it change a copy."""
    return made.write(tmp_path_factory.mktemp("journal") / "day")


@pytest.fixture
def replay(capfd: pytest.CaptureFixture[str]) -> Replay:
    """Run `velox replay` here."""

    def _replay(*arguments: object) -> Ended:
        status = cli.run(["replay", *map(str, arguments)])
        printed = capfd.readouterr()
        return Ended(status, printed.out, printed.err)

    return _replay


@pytest.fixture
def copy(day: made.MadeDay, tmp_path: Path) -> Path:
    """A copy of the day's journal."""
    return damage.copied(day.path, tmp_path / "copy")


def test_every_decision_of_a_day_is_reproduced(day: made.MadeDay, replay: Replay) -> None:
    ended = replay(day.path, "--verify", "--json")
    assert (ended.status, ended.err) == (0, "")
    summary, core = json.loads(ended.out), day.core.summary()
    decisions = [r for r in journal.records(day.path) if r.kind >= 128]
    assert summary["decisions_equal"] == summary["decisions"] == len(decisions) > 100
    assert summary["decisions_hash"] == core["decisions_hash"] == velox_core.decisions_hash(day.path)
    assert summary["verdicts"] == core["verdicts"]
    assert (summary["candles"], summary["ticks"]) == (core["candles"], day.ticks + 1)
    assert summary["records"] == sum(1 for _ in journal.records(day.path))
    for told, known in zip(summary["strategies"], core["strategies"], strict=True):
        assert (told["name"], told["fills"], told["net_pnl"]) == (known["name"], known["fills"], known["net_pnl"])
    assert (summary["verified"], summary["torn"], summary["runs"], summary["segments"]) == (True, None, 1, 3)


def test_the_summary_says_what_was_read_in_words(day: made.MadeDay, replay: Replay) -> None:
    told = replay(day.path, "--verify").out
    for words in ("decision records reproduced", "601 ticks: 594 applied", "10 candles", "rider on NSE:ALPHA", "1 run"):
        assert words in told
    assert "torn" not in told
    assert "not compared" in replay(day.path).out


def test_until_stops_behind_a_record(day: made.MadeDay, replay: Replay) -> None:
    ended = replay(day.path, "--verify", "--until", "1:400", "--json")
    summary = json.loads(ended.out)
    assert (ended.status, summary["as_of"], summary["records"]) == (0, [1, 400], 400)
    assert summary["ticks"] == journal.ticks(day.path, until=(1, 400)).height


@pytest.mark.parametrize("text", ["400", "1-400", "1:", "a:b", "-1:5", "1:99999", "2:400", "0:0", "1:" + "9" * 30])
def test_a_bad_until_is_named_with_exit_2(day: made.MadeDay, replay: Replay, text: str) -> None:
    ended = replay(day.path, f"--until={text}")
    assert (ended.status, ended.out) == (2, "")
    assert f"--until {text}" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_what_is_no_journal_is_named_with_exit_2(replay: Replay, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no journal")
    (tmp_path / "empty").mkdir()
    for name in ("absent", "note.txt", "empty"):
        ended = replay(tmp_path / name, "--verify")
        assert (ended.status, ended.out) == (2, "")
        assert name in ended.err


def test_a_flipped_bit_anywhere_before_the_last_record_is_damage(copy: Path, replay: Replay) -> None:
    *_, last = damage.layout(copy)
    rng = np.random.default_rng(11)
    for segment in damage.segments(copy):
        size = last.offset if segment == last.segment else segment.stat().st_size
        places = [*range(0, 8 * damage.HEADER_LEN, 97), *rng.integers(0, 8 * size, 40).tolist()]
        for bit in places:
            damage.flip(segment, bit)
            ended = replay(copy, "--verify")
            assert ended.status == 72, f"bit {bit} of {segment.name}: {ended.status} {ended.err}"
            assert any(digit.isdigit() for digit in ended.err.splitlines()[-1])
            assert ".vj" in ended.err
            damage.flip(segment, bit)
    assert replay(copy, "--verify").status == 0


def test_what_lies_beside_the_segments_does_not_matter(copy: Path, replay: Replay) -> None:
    beside = [path for path in copy.iterdir() if path.suffix != ".vj"]
    assert beside
    for path in beside:
        for bit in range(8 * path.stat().st_size):
            damage.flip(path, bit)
        assert replay(copy, "--verify").status == 0
        path.unlink()
    assert replay(copy, "--verify").status == 0


def test_a_cut_tail_is_reported_and_no_fault(copy: Path, replay: Replay) -> None:
    records = list(damage.layout(copy))
    last = records[-1]
    for cut in range(1, last.length + 1):
        with last.segment.open("r+b") as file:
            file.truncate(last.offset + last.length - cut)
        ended = replay(copy, "--verify", "--json")
        summary = json.loads(ended.out)
        assert (ended.status, summary["as_of"]) == (0, [1, last.seq - 1])
        assert (f"from offset {last.offset}" in (summary["torn"] or "")) == (cut < last.length)
    with last.segment.open("r+b") as file:
        file.truncate(records[-2].offset + 5)
    assert "torn tail, not replayed" in replay(copy, "--verify").out


def test_segments_that_are_gone_are_told(copy: Path, replay: Replay) -> None:
    first, *_, newest = damage.segments(copy)
    summary = json.loads(replay(copy, "--json").out)
    (last, records) = (summary["as_of"][1], list(damage.layout(copy)))
    assert summary["synced"] == summary["as_of"]
    assert "note:" not in replay(copy, "--until", f"1:{records[9].seq}").out
    newest.unlink()
    left = max(record.seq for record in records if record.segment != newest)
    ended = replay(copy, "--verify")
    assert f"ends at 1:{left}, but its writer had made records up to 1:{last} durable" in ended.out
    first.unlink()
    assert "the segments before 2 are not here" in replay(copy).out


def test_a_journal_cut_between_an_input_and_its_decisions_replays(copy: Path, replay: Replay) -> None:
    fill = [found for found in damage.layout(copy) if found.kind == Kind.FILL][-1]
    for later in (path for path in damage.segments(copy) if path > fill.segment):
        later.unlink()
    with fill.segment.open("r+b") as file:
        file.truncate(fill.offset)
    ended = replay(copy, "--verify", "--json")
    assert (ended.status, json.loads(ended.out)["as_of"]) == (0, [1, fill.seq - 1])


def test_another_decision_is_named_with_exit_71(copy: Path, replay: Replay) -> None:
    fill = next(found for found in damage.layout(copy) if found.kind == Kind.FILL)
    damage.forge(fill, lambda payload: payload.__setitem__(-1, payload[-1] ^ 1))
    ended = replay(copy, "--verify")
    assert (ended.status, ended.out) == (71, "")
    assert f"1:{fill.seq}" in ended.err
    assert "written by kernel 0.1.0" in ended.err
    assert replay(copy).status == 0  # not compared


def test_a_difference_to_another_kernel_names_both_versions(copy: Path, replay: Replay) -> None:
    candle = next(found for found in damage.layout(copy) if found.kind == Kind.CANDLE_CLOSED)
    damage.forge(candle, lambda payload: payload.__setitem__(16, payload[16] ^ 1))
    damage.forge_version(copy, "0.0.9")
    ended = replay(copy, "--verify")
    assert ended.status == 71
    for words in (f"1:{candle.seq}", "0.0.9", velox_core.__version__):
        assert words in ended.err


def test_a_snapshot_that_another_kernel_wrote_otherwise_is_a_difference(copy: Path, replay: Replay) -> None:
    first = next(damage.layout(copy))
    damage.forge(first, lambda payload: payload.__setitem__(slice(None), b"\xff" * len(payload)))
    assert replay(copy, "--verify").status == 72
    damage.forge_version(copy, "0.0.9")
    ended = replay(copy, "--verify")
    assert ended.status == 71
    assert "0.0.9" in ended.err


def test_a_journal_of_several_runs_replays(copy: Path, replay: Replay) -> None:
    cut = [found for found in damage.layout(copy) if found.kind == Kind.TICK_VERDICT][-1]
    for later in (path for path in damage.segments(copy) if path > cut.segment):
        later.unlink()
    with cut.segment.open("r+b") as file:
        file.truncate(cut.offset)
    velox_core.Core(copy, recover=True).close()
    velox_core.Core(copy, recover=True).close()
    summary = json.loads(replay(copy, "--verify", "--json").out)
    assert (summary["runs"], summary["as_of"][0]) == (3, 3)
    assert replay(copy, "--until", f"1:{cut.seq - 1}").status == 0
    assert replay(copy, "--until", f"1:{cut.seq}").status == 2  # run 2 begins there


def test_a_journal_that_an_engine_is_writing_replays(tmp_path: Path, replay: Replay) -> None:
    day = made.MadeDay(tmp_path / "j", 200)
    day.define()
    day.feed()
    assert replay(day.path, "--verify").status == 0
    day.finish()
    day.core.close()
    ended = replay(day.path, "--verify", "--json")
    assert json.loads(ended.out)["decisions_hash"] == day.core.summary()["decisions_hash"]


@pytest.mark.parametrize("show", ["orders", "candles", "ticks", "positions"])
def test_shown_rows_are_those_of_the_journal(day: made.MadeDay, replay: Replay, show: str) -> None:
    frame = getattr(journal, show)(day.path)
    rows = [json.loads(line) for line in replay(day.path, "--show", show, "--json").out.splitlines()]
    assert [(row["run"], row["seq"]) for row in rows] == list(frame.select("run", "seq").iter_rows())
    for row, told in zip(rows, frame.iter_rows(named=True), strict=True):
        assert row["instrument"] == told["instrument"]
        for name in ("close", "price", "average", "realised"):
            if name in row:
                assert row[name] == (told[name] / made.ONE if told[name] or name == "realised" else None)


def test_a_table_without_a_terminal_is_aligned_text(day: made.MadeDay, replay: Replay) -> None:
    ended = replay(day.path, "--show", "orders")
    lines = ended.out.splitlines()
    rows = lines[1 : 1 + journal.orders(day.path).height]
    head = "record time order strategy instrument role side quantity filled limit average state reason"
    assert lines[0].split() == head.split()
    assert {row.index("NSE:") for row in rows} == {lines[0].index("instrument")}
    assert all("2026-07-15 09:1" in row for row in rows)
    assert "decisions hash" in lines[-3]
    assert "\x1b" not in ended.out


def test_shown_rows_end_where_until_says(day: made.MadeDay, replay: Replay) -> None:
    rows = replay(day.path, "--show", "ticks", "--json", "--until", "1:300").out.splitlines()
    assert len(rows) == journal.ticks(day.path, until=(1, 300)).height
    assert len(rows) < day.ticks


def test_a_journal_without_rows_shows_none(tmp_path: Path, replay: Replay) -> None:
    velox_core.Core(tmp_path / "new").close()
    for show in ("orders", "candles", "ticks", "positions"):
        ended = replay(tmp_path / "new", "--show", show, "--json")
        assert (ended.status, ended.out, ended.err) == (0, "", "")
        assert replay(tmp_path / "new", "--show", show).status == 0


_BARE = """
import sys
sys.path[:0] = sys.argv.pop(1).split(":")
for hidden in ("velox_strategies", "velox.settings", "velox.strategy.load", "velox.runtime", "velox.market.facts"):
    sys.modules[hidden] = None  # importing it raises
journal = sys.argv[1]
def watch(event, arguments):
    if event == "open" and "w" in str(arguments[1]):
        raise SystemExit(f"it writes {arguments[0]}")
    if event == "open" and str(arguments[0]).endswith((".toml", ".env", ".parquet")):
        raise SystemExit(f"it reads {arguments[0]}")
    if event in ("socket.connect", "subprocess.Popen"):
        raise SystemExit(f"it reaches out: {event}")
sys.addaudithook(watch)
from velox import cli
sys.exit(cli.run(["replay", journal, "--verify"]))
"""


def test_replay_without_config_facts_or_plugins(day: made.MadeDay, tmp_path: Path) -> None:
    paths = ":".join(str(Path(str(package.__file__)).parents[1]) for package in (velox, velox_core))
    (tmp_path / "velox.toml").write_text("this is no settings file")
    before = {path.name: path.read_bytes() for path in day.path.iterdir()}
    command = [sys.executable, "-B", "-c", _BARE, paths, str(day.path)]
    done = subprocess.run(command, env={}, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "decision records reproduced" in done.stdout
    assert {path.name: path.read_bytes() for path in day.path.iterdir()} == before

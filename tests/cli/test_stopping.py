"""Ctrl-C: status 130 and one line that says what ended, what is kept and how to go on; the second one ends at once."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from velox import cli
from velox.research.days import SAMPLE_DIR

PRESSED = """
import os, signal
from velox import *
class Pressed(Strategy):
    symbol = Param("NSE:RELIANCE")
    times = Param(1)
    bars = Bars(symbol, "1m")
    def on_bar(self, bar):
        if bar.n == 3:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)
            while self.times > 1:
                pass
"""
CANDLES = "time,open,high,low,close,volume\n2026-07-15 09:15,1,2,1,2,5\n2026-07-15 09:16,1,2,1,2,5\n"


def _velox(*words: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from velox.cli import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("journal", [False, True])
def test_a_back_test_says_what_is_left_of_it(tmp_path: Path, times: int, journal: bool) -> None:
    file, figures, folder = tmp_path / "pressed.py", tmp_path / "f.json", tmp_path / "journal"
    file.write_text(PRESSED)
    words = ["--json", figures, "-p", f"times={times}", *(["--journal", folder] if journal else [])]
    told = _velox("backtest", file, "--catalog", SAMPLE_DIR, *words)
    kept = f"the journal {folder} holds what ran until then: run it anew with another --journal"
    left = kept if journal else "nothing is kept of it: the same command runs it anew"
    assert told.stderr == f"velox: the back-test was stopped and gives no result; {left}\n"
    assert (told.returncode, told.stdout, figures.exists()) == (130, "", False)
    if journal:
        assert _velox("replay", folder, "--verify").returncode == 0


@pytest.mark.parametrize(
    ("words", "stopped_in", "sentence"),
    [
        (
            ["data", "import", "--format", "ohlcv", "--catalog", "days", "--instrument", "NSE:INFY", "candles.csv"],
            "velox.research.candle_import.Ledger.store",
            "the import was stopped; files that were read by then are kept in days, each day whole: the same command ",
        ),
        (
            ["paper", "ema_cross", "--journal", "journal"],
            "velox.runtime.choose.check_strategies",
            "stopped before the day began: nothing was traded, and the same command begins it",
        ),
        (
            ["flatten", "--journal", "journal"],
            "velox.runtime.commands.send",
            "stopped before the answer came: whether it was carried out is not known; sent again it does no harm",
        ),
        (
            ["data", "coverage", "--catalog", str(SAMPLE_DIR)],
            "velox.research.coverage.coverage_lines",
            "`velox data coverage` was stopped: what it has told of is done, and the same command begins anew",
        ),
        (
            ["check", "ema_cross"],
            "velox.market.facts.load",
            "`velox check` was stopped: what it has told of is done, and the same command begins anew",
        ),
    ],
)
def test_a_command_says_what_ended_and_how_to_go_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: Sequence[str],
    stopped_in: str,
    sentence: str,
) -> None:
    def press(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    (tmp_path / "candles.csv").write_text(CANDLES)
    monkeypatch.setattr(stopped_in, press)
    assert cli.run(words) == 130
    told = capsys.readouterr().err
    assert told.startswith(f"velox: {sentence}") and told.count("\n") == 1


CLEANING = """
import signal, click
from velox import cli
def body():
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        print("in order", flush=True)
        signal.raise_signal(signal.SIGINT)
        print("not at once", flush=True)
cli._LazyGroup.get_command = lambda self, ctx, name: click.Command(name, callback=body)
cli.main()
"""


def test_the_second_one_ends_at_once() -> None:
    told = subprocess.run(
        [sys.executable, "-c", CLEANING, "demo"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (told.returncode, told.stdout) == (-signal.SIGINT, "in order\n")


def test_where_it_is_ignored_it_stays_so() -> None:
    ignored = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{CLEANING}"
    told = subprocess.run(
        [sys.executable, "-c", ignored, "demo"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (told.returncode, told.stdout) == (0, "in order\nnot at once\n")

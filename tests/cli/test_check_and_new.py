"""`velox check` and `velox new`."""

import ast
import importlib.metadata
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from velox.cli import run

GOOD = """
from velox import Strategy, Param, Bars, EMA, intraday, risk_pct
class A(Strategy):
    \"\"\"A.\"\"\"
    symbol = Param("NSE:RELIANCE")
    fast = Param(9, range(3, 50))
    bars = Bars(symbol, "5m")
    quick = EMA(bars.close, fast)
    session = intraday("09:20", last_entry="14:45", flat="auto")
    def on_bar(self, bar):
        pass
"""
EXAMPLES = sorted(entry.name for entry in importlib.metadata.entry_points(group="velox.strategies"))
HOOK_BODY = "        pass\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_check_says_what_a_sound_strategy_will_do(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "good.py").write_text(GOOD)
    assert run(["check", "good.py", "-p", "fast=12"]) == 0
    told = capsys.readouterr()
    words = ["ok: A", "2026-08-31, the last covered date", "fast = 12", "3 to 49", "NSE:RELIANCE", "bars: 5m"]
    words += ["quick = EMA(bars.close, 12)", "on_bar: each closed 5m candle of bars", "09:20 to 14:45, flat at 15:03"]
    assert [word for word in words if word not in told.out] == []
    assert told.err == ""


def test_check_says_which_candles_leave_the_pre_open_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = GOOD.replace('Bars(symbol, "5m")', 'Bars(symbol, "5m", preopen="exclude")')
    body += '        self.late = self.watch(Bars("NSE:INFY", "1m", preopen="exclude"))\n'
    (here / "own.py").write_text(body)
    assert run(["check", "own.py"]) == 0
    told = capsys.readouterr().out
    assert "bars: 5m without the pre-open, ready after 10 candles of its own: those of earlier days do not tell" in told
    assert "1m of each instrument of the run, with and without the pre-open, more of them by --watch" in told


def test_check_takes_an_account_as_a_back_test_does(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "good.py").write_text(GOOD)
    (here / "velox.toml").write_text("[accounts.second]\n")
    assert run(["check", "good.py:A@second"]) == 0
    assert run(["check", "good.py@third"]) == 2
    assert "there is no account third" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("good.py:B", "there is no strategy class B in good.py: there are A"),
        ("good.py:A@", "good.py:A@: there is no account (no name); there are paper, second: add [accounts.NAME]"),
        ("good.py:A@third", "good.py:A@third: there is no account third; there are paper, second: add [accounts.NAME]"),
        ("good.py@second:A", "good.py@second:A: the account stands at the end: write good.py:A@second"),
        ("nope.py@second", "there is no strategy file nope.py"),
        ("ema_cross:Nope", "there is no strategy class Nope in ema_cross: there are EmaCross"),
        (
            "ema_crss@second",
            "there is no strategy ema_crss (a file is written as ema_crss.py): did you mean ema_cross?",
        ),
        ("good.py:A:B", "there is no strategy good.py:A: there are cash_pair, "),
        ("@second", "there is no strategy '': there are cash_pair, "),
        (":A", "there is no strategy '': there are cash_pair, "),
        (" ", "there is no strategy ' ': there are cash_pair, "),
        ("good.py\n", "there is no strategy 'good.py\\n': there are cash_pair, "),
    ],
)
def test_26_a_strategy_that_is_not_there_is_told_in_one_sentence(
    here: Path, capsys: pytest.CaptureFixture[str], target: str, told: str
) -> None:
    (here / "good.py").write_text(GOOD)
    (here / "velox.toml").write_text("[accounts.second]\n")
    assert run(["check", target]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"velox: {told}")
    assert said.count("\n") == 1


def test_a_file_may_have_an_at_in_its_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "my@good.py").write_text(GOOD)
    (here / "velox.toml").write_text("[accounts.second]\n")
    for target in ("my@good.py", "my@good.py:A", "my@good.py:A@second"):
        assert run(["check", target]) == 0, target
    assert run(["check", "my@good.py:A@third"]) == 2
    assert "there is no account third" in capsys.readouterr().err


def test_check_shows_indicators_as_they_were_written(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wide = GOOD.replace("import Strategy", "import Bollinger, SuperTrend, Strategy").replace(
        "    session", "    wide = Bollinger(bars.close, 20, 2.5)\n    trend = SuperTrend(bars)\n    session"
    )
    (here / "wide.py").write_text(wide)
    assert run(["check", "wide.py"]) == 0
    told = capsys.readouterr().out
    assert "wide = Bollinger(bars.close, 20, 2.5)" in told
    assert "trend = SuperTrend(bars, 10, 3)" in told


def test_check_tells_what_hooks_may_choose(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = "        self.slow = self.watch(EMA(Bars(self.symbol, '10m').close, self.fast))\n"
    (here / "late.py").write_text(GOOD.replace(HOOK_BODY, late))
    assert run(["check", "late.py"]) == 0
    assert "chosen in hooks: 10m of each instrument of the run" in capsys.readouterr().out


def test_check_lists_every_fault_with_file_and_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD.replace('flat="auto"', 'flat="15:45"')
    (here / "bad.py").write_text(
        text.replace(HOOK_BODY, "        self.counter = 1\n        self.go_long(size=risk_pct(1))\n")
    )
    assert run(["check", "bad.py"]) == 2
    told = capsys.readouterr().err
    lines = [line for line in told.splitlines() if "bad.py" in line]
    assert [line.split("bad.py:")[1].split(":")[0] for line in lines] == ["9", "11", "12"]
    assert all(word in told for word in ("15:45", "15:03", "counter", "stop", "last covered date"))


def test_check_warns_on_stderr_and_stays_content(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "odd.py").write_text(GOOD + "    def on_bra(self):\n        pass\n")
    assert run(["check", "odd.py"]) == 0
    assert "did you mean on_bar?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["1 bad name", "Bad", "a-b", "class", "json", "velox_x", "../up", "", "a" * 41, "bars"]
)
def test_new_refuses_a_bad_name_and_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run(["new", name]) == 2
    assert name in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_new_writes_a_sound_strategy_its_test_and_a_readme(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "my_cross"]) == 0
    assert sorted(path.name for path in here.iterdir()) == ["README.md", "my_cross.py", "test_my_cross.py"]
    assert run(["check", "my_cross.py"]) == 0
    assert "ok: MyCross" in capsys.readouterr().out
    functions = [
        node.name
        for node in ast.walk(ast.parse((here / "test_my_cross.py").read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    assert "test_it_trades_the_generated_day" in functions


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", EXAMPLES)
def test_new_like_an_example_writes_a_copy_whose_test_passes(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["new", "mine", "--like", name]) == 0
    assert run(["check", "mine.py"]) == 0
    assert "ok: Mine" in capsys.readouterr().out
    assert f"a copy of the example {name};" in (here / "README.md").read_text()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_new_names_the_nearest_example_and_lists_all(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "mine", "--like", "vwap_pulback"]) == 2
    assert "there is no example 'vwap_pulback': did you mean vwap_pullback?" in capsys.readouterr().err
    assert list(here.iterdir()) == []
    assert run(["new", "--help"]) == 0
    told = capsys.readouterr().out
    assert [name for name in EXAMPLES if name not in told] == []


def test_check_names_a_requirement_that_cannot_be_judged(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "odd.py").write_text(GOOD.replace("    bars =", "    require = [9 / (fast - 12) < 100]\n    bars ="))
    assert run(["check", "odd.py"]) == 0
    assert run(["check", "odd.py", "-p", "fast=12"]) == 2
    assert "odd.py:7: 9 / (fast - 12) < 100 cannot be judged: division by zero" in capsys.readouterr().err


@pytest.mark.parametrize("make", [lambda path: path.write_bytes(b"\xff\xfe"), lambda path: path.mkdir()])
def test_new_writes_nothing_beside_a_readme_that_cannot_be_read(
    here: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], object]
) -> None:
    make(here / "README.md")
    assert run(["new", "first"]) == 2
    assert "cannot add to README.md" in capsys.readouterr().err
    assert [path.name for path in here.iterdir()] == ["README.md"]


def test_new_never_overwrites_and_keeps_the_readme(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "README.md").write_text("# Mine\n\nwords\n")
    assert run(["new", "first"]) == 0
    assert run(["new", "second"]) == 0
    readme = (here / "README.md").read_text()
    assert [line for line in readme.splitlines() if line.startswith("#")] == ["# Mine", "## First", "## Second"]
    before = (here / "first.py").read_text()
    assert run(["new", "first"]) == 2
    assert "first.py is there already" in capsys.readouterr().err
    assert (here / "first.py").read_text() == before
    assert (here / "README.md").read_text() == readme

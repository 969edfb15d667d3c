"""Finding a strategy in a file or by its name."""

import sys
from pathlib import Path

import pytest

from velox.errors import BadInput
from velox.strategy.load import load

ONE = 'from velox import *\nclass A(Strategy):\n    symbol = "NSE:TCS"\n    def on_start(self):\n        pass\n'


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


WORDS = "from velox import *\nbars = Bars('NSE:RELIANCE', '5m')\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class A(\n", r"mine\.py:1: .*mend it first"),
        ("x = 1\n", r"no strategy in .*mine\.py"),
        ("import no_such_module\n", r"mine\.py:1: ModuleNotFoundError: No module named 'no_such_module'"),
        ("x = 1\nEMA(9)\n", r"mine\.py:2: EMA is not imported: write from velox import EMA$"),
        ("x = y\n", r"mine\.py:1: y is not defined$"),
        ("from velox import *\nBarz\n", r"mine\.py:2: Barz is not defined: did you mean Bar\?"),
        ("from velox import EMAA\n", r"mine\.py:1: velox has no EMAA: did you mean EMA\?"),
        (
            WORDS + "x = EMA(bars.close, length=9)\n",
            r"mine\.py:3: EMA\(length=…\) is not known: there are source, period$",
        ),
        (WORDS + "x = EMA(\n    bars.close,\n    length=9)\n", r"mine\.py:3: EMA\(length=…\) is not known"),
        (
            WORDS + "x = EMA(bars.close, 9, 3)\n",
            r"EMA\(…\) takes at most 2 without their names: there are source, period",
        ),
        (WORDS + "x = EMA(bars.close, 9, period=9)\n", r"EMA\(period=…\) is given twice"),
        (WORDS + "x = EMA(bars.close)\n", r"EMA\(…\) needs period: there are source, period"),
        (WORDS + "x = Limits(3)\n", r"Limits\(…\) takes everything by name: there are max_trades, cooldown"),
        (
            WORDS + "x = Limits(max_trade=3)\n",
            r"Limits\(max_trade=…\) is not known: did you mean max_trades\? there are max_trades, ",
        ),
        (
            WORDS + "x = intraday('09:20', last='14:00')\n",
            r"intraday\(last=…\) is not known: did you mean last_entry\?",
        ),
        (WORDS + "x = Index('NIFTY').future(rol='expiry')\n", r"future\(rol=…\) is not known: did you mean roll\?"),
        (
            "from velox import *\nclass A(Strategy):\n    x = EMA(bars.close, 9)\n",
            r"mine\.py:3: bars\.close: bars is the function of Velox here; declare what you mean above this line",
        ),
        (WORDS + "@at\ndef x(self): pass\n", r"mine\.py:3: @at on x says nothing of when: write @at\(\"09:20\"\)"),
        (WORDS + "@every\ndef x(self): pass\n", r"@every on x says nothing of when: write @every\(\"30s\"\)"),
        (WORDS + "@on\ndef x(self): pass\n", r"@on on x says nothing of when: write @on\(bars\)"),
        (WORDS + "x = bars.closes\n", r"mine\.py:3: Bars has no closes: did you mean close\?"),
        (WORDS + "x = MACD(bars.close).lines\n", r"mine\.py:3: MACD has no lines: did you mean line\?"),
        (WORDS + "x = 1 + 'a'\n", r"mine\.py:3: TypeError: unsupported operand"),
        (WORDS + "x = len()\n", r"mine\.py:3: TypeError: len\(\) takes exactly one argument"),
        ("from velox import Strategy\nraise SystemExit(3)\n", r"mine\.py:2: SystemExit"),
        ("class Odd(BaseException): pass\nraise Odd(3)\n", r"mine\.py:2: Odd: 3"),
        ("x = 1\0\n", r"mine\.py: .*null bytes.*mend it first"),
        ("from velox import risk_pct\n\nrisk_pct(0)\n", r"mine\.py:3: risk_pct\(0\) must lie above 0"),
        ("from velox import EMA\nclass A: pass\n", r"no strategy in .*mine\.py"),
        (ONE + ONE.replace("class A", "class B"), r"several strategies, A, B: say which, as in .*mine\.py:A"),
    ],
)
def test_a_file_without_a_usable_strategy_is_named_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadInput, match=words):
        load(str(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"# caf\xe9\n" + ONE.encode(), r"mine\.py is no text: .*save it as UTF-8"),
        (b"\xff\xfex", r"mine\.py is no text: .*save it as UTF-8"),
        (b"# coding: nothing-known\n", r"mine\.py is no text: .*nothing-known"),
        (b"x = 1\0\n", r"mine\.py: source code.* null bytes; mend it first"),
        (b"raise BaseException('all')\n", r"mine\.py:1: BaseException: all"),
    ],
)
def test_a_file_of_odd_bytes_or_with_an_odd_exception_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "mine.py"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=words):
        load(str(path))


def test_a_fault_in_an_imported_file_is_told_of_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    written(tmp_path, "x = (\n", "odd_helper.py")
    with pytest.raises(BadInput, match=r"odd_helper\.py:1: .*mend it first"):
        load(str(written(tmp_path, "\n\nimport odd_helper\n")))


def test_a_missing_file_or_class_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no strategy file absent\.py"):
        load("absent.py")
    path = written(tmp_path, ONE)
    with pytest.raises(BadInput, match=r"no strategy class Nope in .*mine\.py: there are A"):
        load(f"{path}:Nope")
    with pytest.raises(BadInput, match="did you mean ema_cross"):
        load("ema_cros")


@pytest.mark.parametrize(
    ("value", "body", "told"),
    [
        ("nonsense value", "", "has the place 'nonsense value', not module:Class"),
        ("offered_here", "", "offered_here of the strategy odd of the package odd-ideas is no strategy class"),
        ("offered_here:A", "1 / 0", "odd-ideas: ZeroDivisionError: division by zero; the file must load"),
        ("offered_nowhere:A", "", "odd-ideas: ModuleNotFoundError: No module named 'offered_nowhere'"),
    ],
)
def test_a_fault_of_another_package_is_told_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, body: str, told: str
) -> None:
    info = tmp_path / "odd_ideas-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-ideas\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[velox.strategies]\nodd = {value}\n")
    (tmp_path / "offered_here.py").write_text(body)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "offered_here", raising=False)
    with pytest.raises(BadInput, match="of the package odd-ideas") as refused:
        load("odd")
    assert told in str(refused.value)


def test_a_folder_is_no_strategy_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no strategy file"):
        load(str(tmp_path))


def test_a_class_that_another_builds_on_is_a_part(tmp_path: Path) -> None:
    path = written(tmp_path, ONE + "class B(A):\n    pass\n")
    assert load(str(path)).__name__ == "B"
    assert load(f"{path}:A").__name__ == "A"


def test_two_files_of_one_name_do_not_meet(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    first, second = (load(str(written(folder, ONE))) for folder in folders)
    assert first is not second
    assert first.__module__ != second.__module__


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    path = written(tmp_path, ONE)
    load(str(path))
    path.write_text(ONE.replace('"NSE:TCS"', '"NSE:WIPRO"'))
    assert vars(load(str(path)))["symbol"] == "NSE:WIPRO"

"""`velox new`: writes a strategy that already works, a test of it on the generated day, and a section of the README."""

import keyword
import re
import string
import sys
from pathlib import Path

import click

from velox.errors import BadInput

__all__ = ["command"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LENGTH_MAX = 40

_STRATEGY = string.Template('''\
"""$title: say here what it waits for and why that should pay."""

from velox import ATR, EMA, Bar, Bars, Param, Strategy, crossed, intraday, risk_pct


class $class_name(Strategy):
    """Follow the close across its average, with a stop two ranges away."""

    symbol = Param("NSE:RELIANCE")
    period = Param(20, range(5, 100))
    risk = Param(risk_pct(0.5))

    bars = Bars(symbol, "5m")
    average = EMA(bars.close, period)
    atr = ATR(bars, 14)
    session = intraday("09:20", last_entry="14:45", flat="auto")

    def on_bar(self, bar: Bar) -> None:
        if crossed.above(self.bars.close, self.average):
            self.go_long(stop=2 * self.atr, size=self.risk)
        elif crossed.below(self.bars.close, self.average):
            self.go_short(stop=2 * self.atr, size=self.risk)
''')

_TEST = string.Template('''\
"""$class_name is sound and trades the generated day without a fault."""

import json
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).with_name("$name.py")
VELOX = Path(sys.executable).with_name("velox")


def velox(*arguments: str) -> None:
    done = subprocess.run([VELOX, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_is_sound() -> None:
    velox("check", str(FILE))


def test_it_trades_the_generated_day(tmp_path: Path) -> None:
    report, journal = tmp_path / "report.json", tmp_path / "journal"
    velox("demo", "--strategy", str(FILE), "--speed", "max", "--journal", str(journal), "--json", str(report))
    (told,) = json.loads(report.read_text())["strategies"]
    assert told["fills"] > 0
''')

_SECTION = string.Template("""\
## $title

`$name.py` holds the strategy, `test_$name.py` proves that it is sound and trades the generated day.

```bash
velox check $name.py
velox demo --strategy $name.py --speed max
velox paper $name.py -p period=30
python -m pytest test_$name.py
```
""")


@click.command()
@click.argument("name")
def command(name: str) -> None:
    """Write NAME.py, test_NAME.py and a section of README.md into this folder."""
    _judge(name)
    words = {"name": name, "title": name.replace("_", " ").capitalize()}
    words["class_name"] = "".join(part.capitalize() for part in name.split("_"))
    folder = Path.cwd()
    files = {
        folder / f"{name}.py": _STRATEGY.substitute(words),
        folder / f"test_{name}.py": _TEST.substitute(words),
    }
    for path in files:
        if path.exists():
            raise BadInput(f"{path.name} is there already; choose another name or move it away")
    readme, section = folder / "README.md", _SECTION.substitute(words)
    before = _text(readme) if readme.exists() else "# Strategies\n"
    try:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
        readme.write_text(f"{before.rstrip()}\n\n{section}", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot write to {folder}: {error.strerror}") from None
    click.echo(f"wrote {name}.py, test_{name}.py and a section of README.md; next: velox check {name}.py")


def _text(readme: Path) -> str:
    """What is to be kept of the README; nothing is written where that cannot be read."""
    try:
        return readme.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise BadInput(f"cannot add to {readme.name}: {why}; mend it or move it away") from None


def _judge(name: str) -> None:
    """Refuse what cannot be a module, or would hide another one from every test beside it."""
    if not _NAME.fullmatch(name) or len(name) > _LENGTH_MAX:
        near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")[:_LENGTH_MAX]
        hint = f", such as {near}" if near else ""
        raise BadInput(f"{name!r} cannot be a strategy's name: use small letters, digits and _, a letter first{hint}")
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name.startswith(("test_", "velox")):
        raise BadInput(f"{name!r} means something else already (to Python, pytest or Velox): choose another name")

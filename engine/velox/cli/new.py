"""`velox new`: writes a strategy that already works, a test of it on the generated day, and a section of the README."""

import keyword
import re
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

import velox
from velox.errors import BadInput

if TYPE_CHECKING:
    from velox.cli.examples import Example
    from velox.strategy.base import Strategy

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

_EXAMPLE_TEST = string.Template('''\
"""$class_name is sound and wishes to trade on generated days without a fault."""

import json
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).with_name("$name.py")
VELOX = Path(sys.executable).with_name("velox")
INSTRUMENTS = "$instruments"


def velox(*arguments: str) -> None:
    done = subprocess.run([VELOX, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_is_sound() -> None:
    velox("check", str(FILE))


def test_it_sends_orders_on_generated_days(tmp_path: Path) -> None:
    days, told = str(tmp_path / "days"), tmp_path / "told.json"
    velox("data", "sample", "--out", days, "--days", "2", "--instruments", INSTRUMENTS)
    velox("backtest", str(FILE), "--catalog", days, "--json", str(told))
    result = json.loads(told.read_text())
    assert result["orders"] > 0
    assert not any(strategy["faulted"] for strategy in result["strategies"])
''')

_EXAMPLE_SECTION = string.Template("""\
## $title

`$name.py` began as a copy of the example $example; `test_$name.py` proves that it is sound and sends orders on
generated days.

```bash
velox check $name.py
velox data sample --out days --days 2 --instruments $instruments
velox backtest $name.py --catalog days$param
python -m pytest test_$name.py
```
""")


class _New(click.Command):
    """Lists the examples where it tells what it does."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Add them, read only when somebody asks."""
        from velox.cli.examples import examples

        super().format_epilog(ctx, formatter)
        with formatter.section("Examples for --like"):
            formatter.write_dl([(each.name, each.about) for each in examples()])


@click.command(cls=_New)
@click.argument("name")
@click.option("--like", metavar="EXAMPLE", help="Begin with a copy of this example.")
def command(name: str, like: str | None) -> None:
    """Write NAME.py, test_NAME.py and a section of README.md into this folder."""
    class_name = _judge(name)
    words = {"name": name, "title": name.replace("_", " ").capitalize(), "class_name": class_name}
    if like is None:
        strategy, test, section = (each.substitute(words) for each in (_STRATEGY, _TEST, _SECTION))
    else:
        strategy, test, section = _copied(like, words)
    _write(Path.cwd(), {f"{name}.py": strategy, f"test_{name}.py": test}, section)
    click.echo(f"wrote {name}.py, test_{name}.py and a section of README.md; next: velox check {name}.py")


def _copied(like: str, words: dict[str, str]) -> tuple[str, str, str]:
    """The texts that begin with an example."""
    from velox.cli.examples import example
    from velox.strategy.load import load

    found = example(like)
    words |= _facts_of(load(like), found)
    test, section = (each.substitute(words) for each in (_EXAMPLE_TEST, _EXAMPLE_SECTION))
    return found.under(words["class_name"]), test, section


def _facts_of(cls: "type[Strategy]", found: "Example") -> dict[str, str]:
    """What an example is called, needs and can be told."""
    from velox.market import facts
    from velox.market.calendar import last_covered_date
    from velox.market.instruments import InstrumentBook
    from velox.strategy.compile import compile_members

    members = compile_members(cls, {}, facts.load(last_covered_date()), InstrumentBook.offline())
    ranged = [name for name, param in cls.__velox__.params.items() if param.values]
    told = [f" -p {name}={members[0].params[name]}" for name in ranged[:1]]
    instruments = sorted(set[str]().union(*(member.symbols for member in members)))
    return {"example": found.name, "instruments": ",".join(instruments), "param": "".join(told)}


def _write(folder: Path, texts: dict[str, str], section: str) -> None:
    """Write new files and add to the README; nothing is overwritten."""
    files = {folder / name: text for name, text in texts.items()}
    for path in files:
        if path.exists():
            raise BadInput(f"{path.name} is there already; choose another name or move it away")
    readme = folder / "README.md"
    before = _text(readme) if readme.exists() else "# Strategies\n"
    try:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
        readme.write_text(f"{before.rstrip()}\n\n{section}", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot write to {folder}: {error.strerror}") from None


def _text(readme: Path) -> str:
    """What is to be kept of the README; nothing is written where that cannot be read."""
    try:
        return readme.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise BadInput(f"cannot add to {readme.name}: {why}; mend it or move it away") from None


def _judge(name: str) -> str:
    """The class of a name; refused is what cannot be a module, or would hide another one or a word of Velox."""
    if not _NAME.fullmatch(name) or len(name) > _LENGTH_MAX:
        near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")[:_LENGTH_MAX]
        hint = f", such as {near}" if near else ""
        raise BadInput(f"{name!r} cannot be a strategy's name: use small letters, digits and _, a letter first{hint}")
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name.startswith(("test_", "velox")):
        raise BadInput(f"{name!r} means something else already (to Python, pytest or Velox): choose another name")
    class_name = "".join(part.capitalize() for part in name.split("_"))
    if class_name in velox.__all__:
        raise BadInput(f"{name!r} would be the class {class_name}, which is a word of Velox: choose another name")
    return class_name

"""The documents keep their word: code blocks run, links lead somewhere, settings and commands exist."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from velox import cli, settings
from velox.market.corporate_actions import read_actions
from velox.strategy.load import load

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
STRATEGY = next(body for kind, body in BLOCKS if kind == "python")
GUIDE = (ROOT / "docs/strategies.md").read_text()
PROOFS = GUIDE[GUIDE.index("## Rules and their proofs") :]
SHELL = [body for kind, body in BLOCKS if kind == "bash"]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/data.md",
    "docs/report.md",
    "docs/roadmap.md",
    "docs/strategies.md",
]
# These run until they are told to stop.
ENDLESS = {"paper", "simulate"}


def velox_words(line: str) -> list[str]:
    return shlex.split(line.partition("#")[0])


def run_line(line: str, folder: Path) -> None:
    program, *arguments = velox_words(line)
    if program == "make":
        subprocess.run(["make", "-n", *arguments], cwd=ROOT, check=True, capture_output=True)
        return
    assert program == "velox", f"the README shows a program that no test knows: {line}"
    command = [sys.executable, "-c", "from velox.cli import main; main()", *arguments]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if arguments[0] in ENDLESS:
            os.kill(process.pid, signal.SIGINT)
        rest = process.stdout.read()
    allowed = (0, 130) if arguments[0] in ENDLESS else (0,)
    assert process.returncode in allowed, first + rest


@pytest.mark.timeout(300)
@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.splitlines()[0])
def test_command_block_of_the_readme_runs(block: str, tmp_path: Path) -> None:
    (tmp_path / "ema_cross.py").write_text(STRATEGY)
    for line in block.splitlines():
        run_line(line, tmp_path)


def test_settings_block_of_the_readme_is_accepted(tmp_path: Path) -> None:
    body = next(body for kind, body in BLOCKS if kind == "toml")
    (tmp_path / "velox.toml").write_text(body)
    loaded = settings.load(tmp_path, {})
    told = tomllib.loads(body)
    assert loaded.paper.capital_rupees == told["paper"]["capital_rupees"]
    assert loaded.limits.daily_loss_pct == told["limits"]["daily_loss_pct"]


def test_strategy_of_the_readme_has_the_promised_length() -> None:
    code = [line for line in STRATEGY.splitlines() if line.strip() and '"""' not in line]
    assert len(code) <= 17


def test_fragments_of_the_readme_belong_into_its_strategy(tmp_path: Path) -> None:
    fragments = [body for kind, body in BLOCKS if kind == "python" and body != STRATEGY]
    assert fragments
    assert all(line.startswith("    ") for fragment in fragments for line in fragment.splitlines())
    words = "Guard, Limits, Strategy"
    body = STRATEGY.replace("    def on_bar", "\n".join([*fragments, "    def on_bar"])).replace("Strategy", words, 1)
    (tmp_path / "ema_cross.py").write_text(body)
    run_line("velox check ema_cross.py", tmp_path)
    run_line("velox data sample --out days --days 1", tmp_path)
    run_line("velox backtest ema_cross.py --catalog days", tmp_path)


def test_the_notebook_line_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = set(re.findall(r"`(EmaCross\(.*?\)\.backtest\(.*?\))`", README))
    words = re.findall(r"`(\w+)(?:\(\))?`", README[README.index(line) :].partition(".\n")[0])
    assert {"plot", "trades", "equity", "result"} <= set(words)
    (tmp_path / "ema_cross.py").write_text(STRATEGY)
    run_line("velox data sample --out days --days 1", tmp_path)
    monkeypatch.chdir(tmp_path)
    report = eval(line, {"EmaCross": load("ema_cross.py")})  # noqa: S307 - the line is what is tested
    assert [word for word in words if not hasattr(report, word)] == []


def test_the_corporate_actions_of_the_guide_are_read(tmp_path: Path) -> None:
    (body,) = re.findall(r"^```toml\n(.*?)^```$", (ROOT / "docs/data.md").read_text(), re.M | re.S)
    (tmp_path / "actions.toml").write_text(body)
    read_actions(tmp_path / "actions.toml")
    kinds = [action["kind"] for action in tomllib.loads(body)["action"]]
    assert kinds == ["split", "bonus", "dividend", "rename"]


# Blocks that run, by document; what is neither here nor plain text is tested by nobody.
RUN = {
    "README.md": ["bash"] * 5 + ["python"] * 2 + ["toml"],
    "docs/data.md": ["toml"],
    "docs/report.md": ["python"],  # with the reports themselves
    "docs/strategies.md": ["python"] * 2,
}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_block_of_a_document_escapes_the_tests(document: str) -> None:
    kinds = re.findall(r"^```(\w*)\n.*?^```$", (ROOT / document).read_text(), re.M | re.S)
    assert sorted(kind for kind in kinds if kind != "text") == RUN.get(document, [])


def _commands(group: click.Group = cli._velox, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by its words, as in `data import`."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield f"{before}{name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{before}{name} ")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_and_options_that_a_document_names_are_there(document: str) -> None:
    commands = dict(_commands())
    options = {word for each in commands.values() for param in each.params for word in param.opts}
    for text in re.findall(r"`([^`\n]+)`", (ROOT / document).read_text()):
        if not re.match(r"(velox |-)", text):
            continue
        words = text.split()
        if words[0] == "velox" and re.fullmatch(r"[a-z]+", words[1]):
            assert words[1] in commands, text
            more = " ".join(words[1:3])
            assert not isinstance(commands[words[1]], click.Group) or len(words) < 3 or more in commands, text
        named = {word.partition("=")[0].strip("[].,") for word in words if re.match(r"-{1,2}[a-z]", word)}
        assert named <= options | {"-h", "--help"}, text


def test_command_table_of_the_readme_names_every_command() -> None:
    table = README[README.index("## Commands") :]
    assert [name for name in cli._COMMANDS if not re.search(rf"`(velox )?{name}\b", table)] == []


@pytest.mark.timeout(180)
def test_each_strategy_of_the_guide_is_sound_and_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.M | re.S)
    assert blocks
    run_line("velox data sample --out days --days 1", tmp_path)
    for block in blocks:
        (tmp_path / "guide.py").write_text(block)
        run_line("velox check guide.py", tmp_path)
        run_line("velox backtest guide.py --catalog days", tmp_path)


def test_each_proof_that_the_guide_names_is_there() -> None:
    named = set(re.findall(r"`([a-z0-9_]{20,})`", PROOFS))
    sources = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("velox_core/src/**/*.rs")]
    known = {name for path in sources for name in re.findall(r"(?:def|fn) (\w+)", path.read_text())}
    assert len(named) > 20
    assert named <= known, named - known


def test_each_rule_has_a_proof_by_name_or_says_that_there_is_none() -> None:
    rows = re.findall(r"^\| (\d+)((?:, \d+)*) .*?\| (.*) \|$", PROOFS, re.M)
    rules = {int(rule) for first, others, _ in rows for rule in re.findall(r"\d+", first + others)}
    assert rules == set(range(1, 28))
    assert [proof for _, _, proof in rows if "none" not in proof and not re.search(r"`[a-z0-9_]{20,}`", proof)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text())
    assert not [link for link in links if "://" not in link and not (path.parent / link).exists()]


def test_make_help_names_every_task() -> None:
    command = ["make", "--no-print-directory", "help"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    tasks = ["setup", "dev", "demo", "test", "check", "ci", "bench", "fuzz", "nightly", "clean"]
    assert [line.split()[1] for line in told.splitlines()] == ["help", *tasks]

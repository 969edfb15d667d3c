"""The house rules that no linter knows: sizes, words, public names, unused modules, purity of the kernel."""

import ast
import importlib
import re
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "api", "strategies", "velox_core/python")
LINES_MAX = 500
LINES_HABIT = 300
LINES_MEDIAN_MAX = 150
FUNCTION_LINES_MAX = 60
# Where the core may touch the world; everything else in it is a function of (state, input).
CORE_EDGES = ("bench", "engine", "journal", "python")
IMPURE = re.compile(
    r"std::(time|fs|net|env|thread|process|io)\b|SystemTime|Instant::|\brand::|\be?print(ln)?!|\bdbg!|\blog::|RandomState"
)
# Built from halves, so that this file may name what no file may contain.
OPEN_ENDS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error"]) + r")\b")
ONE_MACHINE = re.compile(
    "|".join(["(?<![\\w.])/wo" + "rk/", "(?<![\\w.])/tm" + "p/", r"\.lib" + "rary", "/ro" + "ot/"])
)
VAGUE_NAMES = {"utils", "util", "common", "manager", "managers", "helpers", "misc"}


@cache
def tracked() -> list[Path]:
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in told.stdout.splitlines() if (path := ROOT / line).is_file()]


def sources(*suffixes: str) -> list[Path]:
    return [path for path in tracked() if path.suffix in suffixes]


def told(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def line_count(path: Path) -> int:
    return len(path.read_text().splitlines())


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def modules() -> dict[str, Path]:
    """Dotted name of every module of the product, packages under their own name."""
    found = {}
    for path in sources(".py"):
        for package in PACKAGES:
            if path.is_relative_to(ROOT / package):
                parts = path.relative_to(ROOT / package).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def test_no_file_is_over_the_wall(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {told(path): line_count(path) for path in sources(".py", ".pyi", ".rs", ".ts", ".tsx", ".sh")}
    habit = [f"{path} {size}" for path, size in sizes.items() if LINES_HABIT < size <= LINES_MAX]
    if habit:
        with capsys.disabled():
            print(f"\nover the habit of {LINES_HABIT} lines: {', '.join(sorted(habit))}")  # noqa: T201 - told, not judged
    assert not {path: size for path, size in sizes.items() if size > LINES_MAX}


def test_most_files_are_small() -> None:
    sizes = [line_count(path) for path in sources(".py", ".rs") if line_count(path)]
    assert statistics.median(sizes) <= LINES_MEDIAN_MAX
    assert statistics.quantiles(sizes, n=10)[-1] <= LINES_HABIT


def test_functions_fit_on_a_screen() -> None:
    long = []
    for path in sources(".py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long.append(f"{told(path)}:{node.lineno} {node.name}: {lines} lines")
    assert not long


def matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{told(path)}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if pattern.search(line)
        ]
    return found


def test_nothing_is_left_open() -> None:
    assert not matching(OPEN_ENDS, sources(".py", ".pyi", ".rs", ".ts", ".tsx", ".toml", ""))


def test_no_path_of_one_machine() -> None:
    assert not matching(ONE_MACHINE, [path for path in tracked() if path.suffix not in (".lock", ".gz", ".parquet")])


def test_no_module_has_a_vague_name() -> None:
    parts = {told(path): path.relative_to(ROOT).with_suffix("").parts for path in sources(".py", ".rs", ".ts", ".tsx")}
    assert not {path for path, names in parts.items() if VAGUE_NAMES & set(names)}


def test_every_module_opens_with_what_it_is() -> None:
    silent = [told(path) for path in sources(".py") if line_count(path) and not ast.get_docstring(tree_of(path))]
    silent += [
        told(path)
        for path in sources(".rs")
        if not path.read_text().startswith(("//!", "#!["))
        and path.name != "tests.rs"
        and "/fuzz_targets/" not in told(path)
    ]
    assert not silent


def bound_names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id


def defined_names(module: ast.Module) -> set[str]:
    """Public names that a module itself binds at its top level, also under a condition."""
    statements = list(module.body)
    names: set[str] = set()
    while statements:
        statement = statements.pop()
        names.update(bound_names(statement))
        for part in ("body", "orelse", "handlers", "finalbody"):
            if isinstance(statement, ast.If | ast.Try | ast.ExceptHandler):
                statements.extend(getattr(statement, part, []))
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("name", sorted(modules()))
def test_all_names_exactly_what_is_public(name: str) -> None:
    if name.rpartition(".")[2].startswith("_"):
        return  # a private module gives its names to the package that re-exports them
    module = importlib.import_module(name)
    defined = defined_names(tree_of(modules()[name]))
    listed = list(getattr(module, "__all__", []))
    assert len(listed) == len(set(listed)), "each name once"
    assert defined <= set(listed), f"public by their spelling, not in __all__: {defined - set(listed)}"
    assert not [entry for entry in listed if not hasattr(module, entry)]


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value.partition(":")[0])  # the command table and plug-ins name modules as text
    return names


def test_every_module_is_imported_by_something() -> None:
    entry_points = (ROOT / "pyproject.toml").read_text()
    importers = {
        path: imported_names(path) for path in [*modules().values(), *sources(".py")] if "tests/" not in told(path)
    }
    unused = []
    for name, path in modules().items():
        used = any(name in names for importer, names in importers.items() if importer != path)
        if not used and f'"{name}:' not in entry_points and path.name not in ("__init__.py", "__main__.py"):
            unused.append(name)
    assert not unused


def test_every_rust_file_is_a_module_of_its_parent() -> None:
    declared = re.compile(r"^\s*(?:pub(?:\([a-z]+\))? )?mod (\w+);", re.M)
    orphans = []
    for path in sources(".rs"):
        source = ROOT / "velox_core" / "src"
        if not path.is_relative_to(source) or path.name in ("lib.rs", "main.rs") or path.parent.name == "bin":
            continue
        folder = path.parent.parent if path.name == "mod.rs" else path.parent
        name = path.parent.name if path.name == "mod.rs" else path.stem
        parents = [folder / "mod.rs", folder.with_suffix(".rs"), folder / "lib.rs"]
        if not any(name in declared.findall(parent.read_text()) for parent in parents if parent.exists()):
            orphans.append(told(path))
    assert not orphans


def product_part(path: Path) -> str:
    """A Rust file without its unit tests, its comments and its documentation."""
    text = re.split(r"^\s*#\[cfg\(test\)\]", path.read_text(), maxsplit=1, flags=re.M)[0]
    return re.sub(r"//.*", "", text)


def test_the_kernel_touches_nothing_outside_itself() -> None:
    source = ROOT / "velox_core" / "src"
    impure = []
    for path in sources(".rs"):
        if not path.is_relative_to(source) or "tests" in (path.stem, path.parent.name):
            continue
        if path.relative_to(source).with_suffix("").parts[0] in CORE_EDGES:
            continue
        impure += [f"{told(path)}: {match.group()}" for match in IMPURE.finditer(product_part(path))]
    assert not impure


def test_every_property_test_of_the_core_can_be_played_at_night() -> None:
    """Its number of cases comes from the one place that a night multiplies."""
    counted = re.compile(r"proptest! \{\s*#!\[proptest_config\(crate::tests::cases\(\d+\)\)\]")
    core = [path for path in sources(".rs") if path.is_relative_to(ROOT / "velox_core" / "src")]
    blocks = {told(path): path.read_text().count("proptest! {") for path in core}
    assert sum(blocks.values()) > 10
    assert {name: n for name, n in blocks.items() if n != len(counted.findall((ROOT / name).read_text()))} == {}


def test_blind_except_stands_only_at_the_two_edges() -> None:
    """Around a strategy callback and around an API handler; everywhere else an error is known by its type."""
    found = []
    for path in modules().values():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ExceptHandler):
                kinds = (
                    {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)} if node.type else {"bare"}
                )
                if kinds & {"Exception", "BaseException", "bare"}:
                    found.append(f"{told(path)}:{node.lineno}")
    assert len(found) <= 2, found

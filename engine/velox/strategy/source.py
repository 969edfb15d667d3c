"""The text of a strategy class: where its attributes stand, and what its hash is."""

import ast
import functools
import hashlib
import inspect
import linecache
import sys
from collections.abc import Iterator, Sequence
from types import FunctionType

import msgspec

__all__ = ["ClassSource", "Twice", "code_hash", "find_source", "methods", "own_name", "written_twice"]

_NOT_BOUND = ("staticmethod", "classmethod")


class ClassSource(msgspec.Struct, frozen=True):
    """A class definition with its file and the line of each attribute."""

    file: str
    text: str
    definition: ast.ClassDef
    lines: dict[str, int]


class Twice(msgspec.Struct, frozen=True):
    """An attribute that a class body gives a second time, so that nothing is left of the first."""

    name: str
    line: int
    first: int
    is_method: bool


def find_source(cls: type) -> ClassSource | None:
    """The text of a class; nothing where Python has none, as for a class typed at a prompt."""
    functions = [inspect.unwrap(value).__code__ for value in vars(cls).values() if isinstance(value, FunctionType)]
    places = [(code.co_filename, code.co_firstlineno) for code in functions]
    # Without methods of its own a class is found by its name alone.
    module_file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    for file, line in [*places, *([(module_file, 0)] if module_file else [])]:
        linecache.checkcache(file)
        text = "".join(linecache.getlines(file))
        try:
            definition = _definition(_classes(text), cls.__name__, line)
        except SyntaxError:
            continue
        if definition is not None:
            return ClassSource(file, text, definition, _lines(definition))
    return None


def written_twice(definition: ast.ClassDef) -> list[Twice]:
    """Attributes that stand in a class body more than once and do not build on what stood there."""
    found, lines = [], dict[str, int]()
    for statement in definition.body:
        name, is_method = _given(statement)
        if name in lines and not _builds_on(statement, name):
            found.append(Twice(name, statement.lineno, lines[name], is_method))
        if name and not _is_overload(statement):
            lines[name] = statement.lineno
    return found


def _is_overload(statement: ast.stmt) -> bool:
    decorators = statement.decorator_list if isinstance(statement, ast.FunctionDef) else []
    return any(ast.unparse(each).rpartition(".")[2] == "overload" for each in decorators)


def _given(statement: ast.stmt) -> tuple[str, bool]:
    """The attribute that a statement gives, and whether it is a method."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return name, False
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name, True
        case _:
            return "", False


def _builds_on(statement: ast.stmt, name: str) -> bool:
    """Whether it takes what had the name before, as `gap = EMA(gap, 9)` and the setter of a property do."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        parts: list[ast.expr | None] = [statement.value]
    else:
        assert isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
        parts = [*statement.decorator_list]
    names = {node.id for part in parts if part for node in ast.walk(part) if isinstance(node, ast.Name)}
    return name in names


def methods(source: ClassSource) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Its methods, which speak of an object."""
    for statement in source.definition.body:
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) or not statement.args.args:
            continue
        if not any(isinstance(each, ast.Name) and each.id in _NOT_BOUND for each in statement.decorator_list):
            yield statement


def own_name(node: ast.AST | None, me: str) -> str | None:
    """The name of `self.name`."""
    match node:
        case ast.Attribute(value=ast.Name(id=base), attr=name) if base == me:
            return name
        case _:
            return None


def code_hash(classes: list[type]) -> str:
    """SHA-256 of the files that define these classes, in their order; of the class names where there is no text."""
    digest = hashlib.sha256()
    for cls in classes:
        source = find_source(cls)
        digest.update((source.text if source else f"{cls.__module__}.{cls.__qualname__}").encode())
    return digest.hexdigest()


@functools.lru_cache(maxsize=16)
def _classes(text: str) -> list[ast.ClassDef]:
    """Every class of a text, outer ones first; a back-test asks for the same ones again on each of its days."""
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]


def _definition(classes: Sequence[ast.ClassDef], name: str, inside: int) -> ast.ClassDef | None:
    found = None
    for node in classes:
        if node.name != name:
            continue
        if not inside or node.lineno <= inside <= (node.end_lineno or node.lineno):
            found = node  # the last of equal names is the one that Python keeps
    return found


def _lines(definition: ast.ClassDef) -> dict[str, int]:
    lines = {definition.name: definition.lineno}
    for statement in definition.body:
        match statement:
            case ast.Assign(targets=targets):
                lines |= {target.id: statement.lineno for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                lines[name] = statement.lineno
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                lines[name] = statement.lineno
            case _:
                pass
    return lines

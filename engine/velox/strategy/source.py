"""The text of a strategy class: where its attributes stand, and what its hash is."""

import ast
import functools
import hashlib
import inspect
import linecache
import sys
from collections.abc import Sequence
from types import FunctionType

import msgspec

__all__ = ["ClassSource", "code_hash", "find_source"]


class ClassSource(msgspec.Struct, frozen=True):
    """A class definition with its file and the line of each attribute."""

    file: str
    text: str
    definition: ast.ClassDef
    lines: dict[str, int]


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

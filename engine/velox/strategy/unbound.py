"""Names in hooks that nothing gives a meaning: they fail when their line runs, which may be late in the day."""

import ast
import builtins
import functools
import symtable
from collections.abc import Iterator, Mapping

from velox.strategy.mishaps import unknown_name
from velox.strategy.source import ClassSource
from velox.strategy.written import given_names

__all__ = ["unbound"]

_READ_AS_IT_RUNS = frozenset({"exec", "eval", "globals", "locals", "vars"})


def unbound(
    owner: type, source: ClassSource, method: ast.FunctionDef | ast.AsyncFunctionDef, names: Mapping[str, object]
) -> Iterator[tuple[int, str]]:
    """Line and sentence of each such name in a method of a class whose module has these names by now."""
    # A cell of a notebook is not all of its module.
    is_whole = names.get("__file__") == source.file
    bound = _bound(source.text, source.definition.lineno) if is_whole else None
    if bound is None:
        return
    own = given_names(method)
    told = set[str]()
    for statement in method.body:
        for node in _names(statement):
            if node.id in told or node.id in own or node.id in bound or node.id in names or hasattr(builtins, node.id):
                continue
            told.add(node.id)
            is_declared = hasattr(owner, node.id)
            hint = f"{node.id} is not defined: did you mean {method.args.args[0].arg}.{node.id}?"
            yield node.lineno, hint if is_declared else unknown_name(node.id, {*names, *own, *bound})


@functools.lru_cache(maxsize=16)
def _bound(text: str, class_line: int) -> frozenset[str] | None:
    """Names that a module's text gives anywhere; None where the text does not tell all of them."""
    tree = ast.parse(text)
    if not any(isinstance(each, ast.ClassDef) and each.lineno == class_line for each in tree.body):
        return None  # what is around it may give more
    given = set[str]()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(names=[ast.alias(name="*")]) if node.lineno > class_line:
                return None
            case ast.Name(id=name) if name in _READ_AS_IT_RUNS:
                return None
            case ast.Global(names=several):
                given.update(several)
            case _:
                pass
    top = symtable.symtable(text, "", "exec").get_symbols()
    return frozenset(given | {each.get_name() for each in top if each.is_assigned() or each.is_imported()})


def _names(node: ast.AST) -> Iterator[ast.Name]:
    """Names that are read where a method runs; annotations within it are not."""
    if isinstance(node, ast.Name):
        yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_params"):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ast.AST):
                yield from _names(each)

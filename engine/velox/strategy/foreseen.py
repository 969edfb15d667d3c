"""What the text of hooks tells of `self.watch(…)`: what it is kept in, and the candles that it will ask for."""

import ast

import msgspec

from velox.strategy.source import ClassSource, methods, own_name

__all__ = ["Foreseen", "foresee"]


class Foreseen(msgspec.Struct):
    """What the hooks of a class watch, as far as their text tells."""

    line: int = 0  # of the first; 0 where none watches
    names: set[str] = msgspec.field(default_factory=set)  # attributes that hold it
    lengths: dict[str, int] = msgspec.field(default_factory=dict)  # texts of lengths, by their lines
    params: dict[str, int] = msgspec.field(default_factory=dict)  # parameters that name lengths
    is_whole: bool = True  # whether every length is told
    without_preopen: bool = False  # whether some of the candles leave the pre-open out, or may
    wrong: list[int] = msgspec.field(default_factory=list)  # lines that do not name one thing to watch


def foresee(source: ClassSource) -> Foreseen:
    """Read every method of a class body."""
    found = Foreseen()
    for method in methods(source):
        me = method.args.args[0].arg
        for node in ast.walk(method):
            if isinstance(node, ast.Assign | ast.AnnAssign) and _is_watch(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found.names |= {each.attr for each in targets if isinstance(each, ast.Attribute)}
            if isinstance(node, ast.Call):
                _note_call(found, node, me)
    return found


def _note_call(found: Foreseen, call: ast.Call, me: str) -> None:
    if _is_watch(call):
        found.line = found.line or call.lineno
        if len(call.args) != 1 or call.keywords:
            found.wrong.append(call.lineno)
    elif isinstance(call.func, ast.Name) and call.func.id == "Bars":
        named = [each.value for each in call.keywords if each.arg == "timeframe"]
        words = [each.value for each in call.keywords if each.arg in ("preopen", None)]
        found.without_preopen |= any(not _is_include(word) for word in words)
        match [*call.args[1:2], *named]:
            case [ast.Constant(value=str(text))]:
                found.lengths.setdefault(text, call.lineno)
            case [length] if name := own_name(length, me):
                found.params.setdefault(name, call.lineno)
            case _:
                found.is_whole = False


def _is_include(word: ast.expr) -> bool:
    return isinstance(word, ast.Constant) and word.value == "include"


def _is_watch(node: ast.AST | None) -> bool:
    """Whether it is `self.watch(…)`, or that of a member of the group."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr == "watch" and isinstance(node.func.value, ast.Name)

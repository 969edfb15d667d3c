"""What hooks read of declarations and of what they are told: fields that are not there, several values for one."""

import ast
from collections.abc import Mapping

from velox.strategy.computed import Computed
from velox.strategy.core import Bar, Fill, Position, Refusal, Series, Tick
from velox.strategy.declare import Bars, Node
from velox.strategy.handles import HANDLES, BarsHandle
from velox.strategy.params import nearest
from velox.strategy.schedule import On, times
from velox.strategy.source import own_name
from velox.strategy.trade import Trade

__all__ = ["misread"]

_TOLD: Mapping[str, type] = {
    "on_bar": Bar,
    "on_tick": Tick,
    "on_fill": Fill,
    "on_entered": Trade,
    "on_stop": Trade,
    "on_target": Trade,
    "on_reject": Refusal,
    "on_external": Fill,
}
_CROSSINGS = ("above", "below")
_BACKWARDS = "series count backwards, [0] is the newest value and [1] the one before"


def misread(owner: type, method: ast.FunctionDef | ast.AsyncFunctionDef, *, members: bool) -> list[tuple[int, str]]:
    """Line and sentence of each wrong reading in a method; with `members` other instances speak in it too."""
    reader = _Reader(owner, method, members)
    for statement in method.body:
        reader.visit(statement)
    return reader.found


class _Reader(ast.NodeVisitor):
    def __init__(self, owner: type, method: ast.FunctionDef | ast.AsyncFunctionDef, members: bool) -> None:
        self.found: list[tuple[int, str]] = []
        self._owner = owner
        self._members = members
        self._me, *others = [arg.arg for arg in method.args.args]
        self._told: dict[str, type] = {}
        shape = Bar if _is_of_candles(owner, method.name, members) else _TOLD.get(method.name)
        given = {node.id for node in ast.walk(method) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        if shape is not None and others and others[0] not in given:
            self._told[others[0]] = shape

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = self._declared_name(node.value)
        if name is not None:
            self._say(node, _unread(getattr(self._owner, name, None), name, node.attr))
        elif isinstance(node.value, ast.Name) and node.value.id in self._told:
            known = _public(self._told[node.value.id])
            if node.attr not in known and not node.attr.startswith("_"):
                self._say(node, f"{node.value.id}.{node.attr} is not known: {nearest(node.attr, known)}")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._say(node.value, self._not_one(node.value, "[1]"))
        if isinstance(node.value, ast.Name) and self._told.get(node.value.id) is Bar:
            self._say(node, f"{ast.unparse(node)}: a hook is told of one candle; one before it is self.bars.close[1]")
        of_series = self._declared(node.value) or self._declared(getattr(node.value, "value", None))
        is_negative = isinstance(node.slice, ast.UnaryOp) and isinstance(node.slice.op, ast.USub)
        if is_negative and isinstance(of_series, Bars | Node | Computed):
            self._say(node, f"{ast.unparse(node)}: {_BACKWARDS}")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if not any(isinstance(each, ast.Is | ast.IsNot) for each in node.ops):
            for operand in (node.left, *node.comparators):
                self._judge_value(operand)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for each in node.values:
            self._judge_value(each)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._judge_value(node.operand)
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        self._judge_value(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._judge_value(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._judge_value(node.test)
        self.generic_visit(node)

    def _judge_value(self, node: ast.expr) -> None:
        """What has several values is no value to compare, and always true."""
        self._say(node, self._not_one(node, ""))

    def visit_Call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Name(id="crossed"):
                self._say(node, "crossed is no function: write crossed.above(a, b) or crossed.below(a, b)")
            case ast.Attribute(value=ast.Name(id="crossed"), attr=word):
                if word not in _CROSSINGS:
                    self._say(node, f"crossed.{word} is not known: there are crossed.above and crossed.below")
                for operand in node.args:
                    self._judge_value(operand)
            case _:
                pass
        self.generic_visit(node)

    def _say(self, node: ast.expr, sentence: str | None) -> None:
        if sentence is not None:
            self.found.append((node.lineno, sentence))

    def _declared_name(self, node: ast.AST | None) -> str | None:
        """The name of `self.name`, or of `member.name` where members speak."""
        if self._members and isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return node.attr
        return own_name(node, self._me)

    def _declared(self, node: ast.AST | None) -> object:
        name = self._declared_name(node)
        return None if name is None else getattr(self._owner, name, None)

    def _not_one(self, node: ast.expr, behind: str) -> str | None:
        """The sentence for what stands where one value must."""
        declared, text = self._declared(node), ast.unparse(node)
        example = _example(declared)
        return example and f"{text} has several values: name one of them, as in {text}.{example}{behind}"


def _is_of_candles(owner: type, method: str, members: bool) -> bool:
    return not members and any(isinstance(when, On) for when in times(getattr(owner, method, None)))


def _unread(declared: object, name: str, field: str) -> str | None:
    """The sentence for a field that what is declared under this name does not have."""
    known = _fields(declared)
    if not known or field in known or field.startswith("_"):
        return None
    if isinstance(declared, Node) and len(declared.outputs) == 1:
        return f"self.{name}.{field} is not known: {declared.call} has one value, which self.{name} is"
    return f"self.{name}.{field} is not known: {nearest(field, known)}"


def _fields(declared: object) -> list[str]:
    match declared:
        case Bars():
            return list(BarsHandle.__slots__)
        case Node() if len(declared.outputs) > 1:
            return _public(HANDLES.get(declared.kind, object))
        case Node() | Computed():
            return _public(Series)
        case property(fget=read) if read is not None and read.__annotations__.get("return") is Position:
            return _public(Position)
        case _:
            return []


def _example(declared: object) -> str | None:
    """One of the values of what has several."""
    match declared:
        case Bars():
            return "close"
        case Node() if len(declared.outputs) > 1 and declared.kind in HANDLES:
            return HANDLES[declared.kind].__struct_fields__[0]
        case property() if "quantity" in _fields(declared):
            return "quantity"
        case _:
            return None


def _public(shape: type) -> list[str]:
    return [name for name in dir(shape) if not name.startswith("_")]

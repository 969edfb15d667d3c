"""What a text writes out: which of Velox's words a call means, how it may be called, and the value that it gives."""

import ast
import inspect
import operator
from collections.abc import Callable, Mapping, Set
from types import FunctionType, ModuleType
from typing import Final, NamedTuple

from velox.errors import BadInput
from velox.strategy.order import Order
from velox.strategy.params import closest
from velox.strategy.parts import Rest, part
from velox.strategy.protect import Cost, pct, points, r
from velox.strategy.schedule import bars
from velox.strategy.sizes import risk_pct, risk_rupees

__all__ = ["UNKNOWN", "Callee", "Words", "called_wrongly", "given_names", "is_whole", "miscalls"]


class _Unknown:
    """What is known only when it runs."""


UNKNOWN: Final = _Unknown()
_VALUES: tuple[Callable[..., object], ...] = (risk_pct, risk_rupees, pct, points, r, part, bars, Order)
_JOINS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Callee(NamedTuple):
    """A function or class of Velox, and whether it is a method that is given its object."""

    function: Callable[..., object]
    bound: bool


class Words:
    """Names that are certain to mean a word of Velox: a module's, without those that a function uses for others."""

    def __init__(self, names: Mapping[str, object], function: ast.AST | None = None) -> None:
        self._names = names
        self._hidden = set[str]() if function is None else given_names(function)
        self._imported = set[str]() if function is None else _imported(function)

    def of(self, node: ast.expr) -> object:
        """What a name stands for in the module; UNKNOWN where it may be something else."""
        match node:
            case ast.Name(id=name) if name not in self._hidden:
                return self._names.get(name, UNKNOWN)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name not in self._hidden:
                module = self._names.get(name)
                return getattr(module, attribute, UNKNOWN) if isinstance(module, ModuleType) else UNKNOWN
            case _:
                return UNKNOWN

    def is_known(self, node: ast.expr) -> bool:
        """Whether it is a name of the module, or one that the function imports."""
        return (isinstance(node, ast.Name) and node.id in self._imported) or self.of(node) is not UNKNOWN

    def callee(self, call: ast.Call) -> Callee | None:
        """What of Velox a call means, as `EMA(…)` or `Index(…).future(…)`."""
        found, bound = self.of(call.func), False
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
            made = self.callee(call.func.value)
            is_class = isinstance(made, Callee) and isinstance(made.function, type)
            found, bound = getattr(made.function, call.func.attr, None) if made and is_class else None, True
        if isinstance(found, FunctionType | type) and found.__module__.startswith("velox."):
            return Callee(found, bound)
        return None

    def value(self, node: ast.expr) -> object:
        """The value of what is written out whole."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                number = self.value(operand)
                return -number if isinstance(number, int | float) else UNKNOWN
            case ast.BinOp(left=left, op=join, right=right):
                return _joined(join, self.value(left), self.value(right))
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                values = [self.value(each) for each in parts]
                return UNKNOWN if any(value is UNKNOWN for value in values) else values
            case ast.Call():
                return self._made(node)
            case _:
                found = self.of(node)
                return found if isinstance(found, Rest | Cost) else UNKNOWN

    def refusal(self, call: ast.Call) -> str | None:
        """The sentence with which a call that is written out whole is refused."""
        try:
            _ = self._make(call)
        except BadInput as error:
            return str(error)
        return None

    def _made(self, call: ast.Call) -> object:
        try:
            return self._make(call)
        except BadInput:
            return UNKNOWN  # told where the call itself is read

    def _make(self, call: ast.Call) -> object:
        callee = self.callee(call)
        if callee is None or callee.function not in _VALUES or called_wrongly(call, callee.function) is not None:
            return UNKNOWN
        given = [self.value(each) for each in call.args]
        named = {each.arg or "": self.value(each.value) for each in call.keywords}
        if "" in named or any(value is UNKNOWN for value in (*given, *named.values())):
            return UNKNOWN
        return callee.function(*given, **named)


def called_wrongly(call: ast.Call, function: Callable[..., object], *, bound: bool = False) -> str | None:
    """What is wrong with the arguments of a call, whatever their values; `bound` functions are given their object."""
    if not is_whole(call):
        return None
    signature = inspect.signature(function)
    named = [each.arg for each in call.keywords if each.arg]
    try:
        _ = signature.bind(*[None] * (len(call.args) + bound), **dict.fromkeys(named))
    except TypeError:
        return _miscalled(ast.unparse(call.func), signature, len(call.args), named, bound=bound)
    return None


def is_whole(call: ast.Call) -> bool:
    """Whether a call shows all its arguments, none of them behind `*` or `**`."""
    return not any(isinstance(each, ast.Starred) for each in call.args) and all(each.arg for each in call.keywords)


def miscalls(tree: ast.AST, names: Mapping[str, object], lines: Set[int]) -> list[tuple[int, str]]:
    """Line and sentence of each call of a word of Velox with wrong arguments among these lines of a module's body."""
    words = Words(names)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.lineno in lines]
    known = [(call, callee) for call in calls if (callee := words.callee(call)) is not None]
    told = [(call.lineno, called_wrongly(call, callee.function, bound=callee.bound)) for call, callee in known]
    return [(line, sentence) for line, sentence in told if sentence is not None]


def _miscalled(word: str, signature: inspect.Signature, given: int, named: list[str], *, bound: bool) -> str:
    takes = [each for each in signature.parameters.values() if each.kind not in _VARIADIC][bound:]
    known = [each.name for each in takes]
    for name in named:
        if name not in known:
            close = closest(name, known)
            hint = f"did you mean {close}? " if close else ""
            return f"{word}({name}=…) is not known: {hint}{_listed(word, known)}"
    by_place = [each.name for each in takes if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    if given > len(by_place):
        most = f"takes at most {len(by_place)} without their names" if by_place else "takes everything by name"
        return f"{word}(…) {most}: {_listed(word, known)}"
    twice = next((name for name in named if name in by_place[:given]), None)
    if twice is not None:
        return f"{word}({twice}=…) is given twice, without its name too; keep one"
    missing = [each.name for each in takes[given:] if each.default is each.empty and each.name not in named]
    return f"{word}(…) needs {' and '.join(missing)}: {_listed(word, known)}"


def _listed(word: str, known: list[str]) -> str:
    return f"there are {', '.join(known)}" if known else f"write {word}()"


def _joined(join: ast.operator, left: object, right: object) -> object:
    how = _JOINS.get(type(join))
    if how is None or not isinstance(left, int | float) or not isinstance(right, int | float):
        return UNKNOWN
    try:
        return how(left, right)
    except (ArithmeticError, ValueError):
        return UNKNOWN


def given_names(function: ast.AST) -> set[str]:
    """Names to which a function gives something of its own anywhere."""
    given = _imported(function)
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                given.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                given.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                given.add(name)
            case ast.MatchMapping(rest=str(name)):
                given.add(name)
            case _:
                pass
    return given


def _imported(function: ast.AST) -> set[str]:
    aliases = [node for node in ast.walk(function) if isinstance(node, ast.alias)]
    return {each.asname or each.name.partition(".")[0] for each in aliases}

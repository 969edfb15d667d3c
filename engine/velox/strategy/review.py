"""What can be seen in the text of hooks before they run: forgotten stops, undeclared attributes, misspelt names."""

import ast
from collections.abc import Mapping, Set
from typing import TypeAlias

import msgspec

from velox.strategy.fields import misread
from velox.strategy.params import nearest
from velox.strategy.source import ClassSource, methods, own_name, written_twice
from velox.strategy.state import State
from velox.strategy.unbound import unbound
from velox.strategy.wishes import INTENTS, Wishes
from velox.strategy.written import Words

__all__ = ["Remark", "Review", "review", "trades_kept", "undeclared"]

_Method: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_TOLD_OF_A_TRADE = ("on_entered", "on_stop", "on_target")
_MODE = "is for the words of self.log(…); a strategy that does the same everywhere can be trusted"


class Remark(msgspec.Struct, frozen=True):
    """A sentence about a line."""

    line: int
    sentence: str


class Review(msgspec.Struct):
    """What a reading of the hooks found."""

    faults: list[Remark]
    warnings: list[Remark]
    intents: dict[str, dict[str, int]]  # method: its intents, with the line of the first use of each


def undeclared(owner: type, name: str) -> str:
    """The sentence for an attribute that a hook must not set."""
    if hasattr(owner, name):
        return (
            f"self.{name} is set in a hook, but {owner.__name__}.{name} is fixed for the run; what changes is a State"
        )
    return (
        f"self.{name} is set in a hook but not declared, so a restart would lose it: "
        f"write {name} = State(0) in the class body of {owner.__name__}"
    )


def review(owner: type, source: ClassSource, trades: Set[str], names: Mapping[str, object]) -> Review:
    """Read every method of one class body, whose module has these names.

    `owner` inherits the methods, `trades` are the attributes that hold trades.
    """
    found = Review([], [], {})
    for twice in written_twice(source.definition):
        sentence = (
            f"{twice.name} stands in line {twice.first} already, of which nothing is left; give each its own name"
        )
        (found.faults if twice.is_method else found.warnings).append(Remark(twice.line, sentence))
    for method in methods(source):
        reader = _Reader(owner, found, method, trades, Words(names, method))
        for statement in method.body:
            reader.visit(statement)
        found.faults += [Remark(*each) for each in unbound(owner, source, method, names)]
        found.faults += [Remark(*each) for each in misread(owner, method, members=reader.members)]
    return found


def trades_kept(source: ClassSource) -> set[str]:
    """Attributes that a method gives a trade, that of an intent or the one a hook is told of.

    The kernel knows them, so they need no declaration.
    """
    kept: set[str] = set()
    for method in methods(source):
        me, *others = [arg.arg for arg in method.args.args]
        known = set(others) if method.name in _TOLD_OF_A_TRADE else set[str]()
        for node in ast.walk(method):
            if not isinstance(node, ast.Assign | ast.AnnAssign):
                continue
            if _is_intent(node.value, me) or (isinstance(node.value, ast.Name) and node.value.id in known):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                kept |= {name for target in targets if (name := own_name(target, me))}
                known |= {target.id for target in targets if isinstance(target, ast.Name)}
    return kept


def _is_together(method: _Method) -> bool:
    calls = [each for each in method.decorator_list if isinstance(each, ast.Call)]
    return any(keyword.arg == "together" for call in calls for keyword in call.keywords)


def _local_trades(method: _Method) -> set[str]:
    """Names of a method that can hold nothing but a trade: what a hook is told of, what an intent gave."""
    me, *others = [arg.arg for arg in method.args.args]
    held = set(others[:1]) if method.name in _TOLD_OF_A_TRADE else set[str]()
    stores = [node.id for node in ast.walk(method) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    given = [
        target.id
        for node in ast.walk(method)
        if isinstance(node, ast.Assign) and _is_intent(node.value, me)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    return {name for name in {*held, *given} if stores.count(name) == given.count(name)} - set(others[len(held) :])


def _is_intent(node: ast.AST | None, me: str) -> bool:
    return isinstance(node, ast.Call) and own_name(node.func, me) in INTENTS


class _Reader(ast.NodeVisitor):
    def __init__(self, owner: type, found: Review, method: _Method, trades: Set[str], words: Words) -> None:
        self._owner = owner
        self._found = found
        self._self = method.args.args[0].arg
        self._trades = trades
        self._words = words
        self._wishes = Wishes(owner, words, self._name, trades | _local_trades(method))
        self._intents = found.intents.setdefault(method.name, {})
        self._logs = 0  # calls of log around what is read
        self.members = _is_together(method)  # whether other instances of the class speak here as well

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = own_name(node, self._self)
        if node.attr == "mode" and not self._logs and (name or (self.members and isinstance(node.value, ast.Name))):
            self._found.warnings.append(Remark(node.lineno, f"{ast.unparse(node)} {_MODE}"))
        if name is None:
            self.generic_visit(node)
        elif isinstance(node.ctx, ast.Load):
            self._judge_read(node, name)
        elif not self._settable(name):
            self._fault(node, undeclared(self._owner, name))

    def visit_Call(self, node: ast.Call) -> None:
        word = self._word(node)
        if word in INTENTS:
            self._intents.setdefault(word, node.lineno)
        if isinstance(node.func, ast.Name) and node.func.id == "structure":
            for intent in ("go_long", "go_short"):
                self._intents.setdefault(intent, node.lineno)
        for sentence in self._wishes.faults(word, node):
            self._fault(node, sentence)
        if word != "log":
            self.generic_visit(node)
            return
        self._logs += 1  # what is only said decides nothing
        self.generic_visit(node)
        self._logs -= 1

    def _word(self, call: ast.Call) -> str | None:
        """The name of `self.name(…)`, or of `member.name(…)` where that is an intent or a log."""
        named = call.func
        if self.members and isinstance(named, ast.Attribute) and named.attr in (*INTENTS, "log"):
            is_of_a_module = self._words.is_known(named.value)  # as `math.log(…)`
            is_of_a_set = named.attr == "add" and call.args and own_name(named, self._self) is None
            return None if is_of_a_module or is_of_a_set else named.attr
        return own_name(named, self._self)

    def _name(self, node: ast.expr) -> str | None:
        """The name of `self.name`, or of `member.name` where members speak."""
        return node.attr if self.members and isinstance(node, ast.Attribute) else own_name(node, self._self)

    def _settable(self, name: str) -> bool:
        declared = getattr(self._owner, name, None)
        if isinstance(declared, property):
            return declared.fset is not None
        return isinstance(declared, State) or (declared is None and name in self._trades)

    def _judge_read(self, node: ast.Attribute, name: str) -> None:
        known = hasattr(self._owner, name) or name in self._trades or name.startswith("_")
        if not known and not hasattr(self._owner, "__getattr__"):
            names = [each for each in dir(self._owner) if not each.startswith("_")]
            close = nearest(name, names) if len(name) > 1 else ""
            hint = close if close.startswith("did") else "declare it in the class body"
            self._fault(node, f"self.{name} is not known: {hint}")

    def _fault(self, node: ast.expr, sentence: str) -> None:
        self._found.faults.append(Remark(node.lineno, sentence))

"""What can be seen in the text of hooks before they run: forgotten stops, undeclared attributes, misspelt names."""

import ast
from collections.abc import Iterator, Mapping, Set

import msgspec

from velox.strategy.binding import NEEDS_A_STOP, AddTerms, Terms
from velox.strategy.fields import misread
from velox.strategy.params import Param, nearest
from velox.strategy.parts import Rest, rest, shares_fault
from velox.strategy.sizes import RiskPct, RiskRupees, Sized
from velox.strategy.source import ClassSource, methods, own_name, written_twice
from velox.strategy.state import State

__all__ = ["ENTRIES", "Remark", "Review", "review", "trades_kept", "undeclared"]

ENTRIES = ("go_long", "go_short", "buy", "sell")
_KNOWN: dict[str, Mapping[str, object]] = {
    **dict.fromkeys(ENTRIES, Terms.__annotations__),
    "add": AddTerms.__annotations__,
    "resize": Sized.__annotations__,
}
_INTENTS = (*_KNOWN, "submit", "go_flat", "flatten")
_TOLD_OF_A_TRADE = ("on_entered", "on_stop", "on_target")
_SIZES = ("qty", "lots", "notional", "size")
_RISK_SIZES = ("risk_pct", "risk_rupees")
_MODE = "is for the words of self.log(…); a strategy that does the same everywhere can be trusted"


class Remark(msgspec.Struct, frozen=True):
    """A sentence about a line."""

    line: int
    sentence: str


class Review(msgspec.Struct):
    """What a reading of the hooks found."""

    faults: list[Remark]
    warnings: list[Remark]
    intents: dict[str, int]  # intent: line of its first use


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


def review(owner: type, source: ClassSource, trades: Set[str]) -> Review:
    """Read every method of one class body; `owner` inherits them, `trades` are the attributes that hold trades."""
    found = Review([], [], {})
    for twice in written_twice(source.definition):
        sentence = (
            f"{twice.name} stands in line {twice.first} already, of which nothing is left; give each its own name"
        )
        (found.faults if twice.is_method else found.warnings).append(Remark(twice.line, sentence))
    for method in methods(source):
        reader = _Reader(owner, found, method.args.args[0].arg, trades)
        reader.members = _is_together(method)
        for statement in method.body:
            reader.visit(statement)
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


def _is_together(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    calls = [each for each in method.decorator_list if isinstance(each, ast.Call)]
    return any(keyword.arg == "together" for call in calls for keyword in call.keywords)


def _is_intent(node: ast.AST | None, me: str) -> bool:
    return isinstance(node, ast.Call) and own_name(node.func, me) in _INTENTS


class _Reader(ast.NodeVisitor):
    def __init__(self, owner: type, found: Review, me: str, trades: Set[str]) -> None:
        self._owner = owner
        self._found = found
        self._self = me
        self._trades = trades
        self._logs = 0  # calls of log around what is read
        self.members = False  # whether other instances of the class speak here as well

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
        word = self._word(node.func)
        if word in _INTENTS:
            self._found.intents.setdefault(word, node.lineno)
        if isinstance(node.func, ast.Name) and node.func.id == "structure":
            for intent in ("go_long", "go_short"):
                self._found.intents.setdefault(intent, node.lineno)
        if isinstance(node.func, ast.Name) and node.func.id == "bars":
            count = _number(*node.args)
            if count is not None and count < 1:
                self._fault(node, f"bars({count:g}) is no life: give whole candles from 1, as in valid_until=bars(3)")
        if word in _KNOWN:
            for sentence in self._entry_faults(word, node):
                self._fault(node, sentence)
        if word != "log":
            self.generic_visit(node)
            return
        self._logs += 1  # what is only said decides nothing
        self.generic_visit(node)
        self._logs -= 1

    def _word(self, node: ast.expr) -> str | None:
        """The name of `self.name`, or of `member.name` where that is an intent or a log."""
        if self.members and isinstance(node, ast.Attribute) and node.attr in (*_INTENTS, "log"):
            return node.attr
        return own_name(node, self._self)

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

    def _entry_faults(self, word: str, call: ast.Call) -> Iterator[str]:
        if call.args:
            yield f"{word}(…) takes everything by name, as in {word}(size=self.risk)"
            return
        if any(keyword.arg is None for keyword in call.keywords):
            return  # **terms are judged when they are known
        given: dict[str, ast.expr] = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        known = _KNOWN[word]
        for name in given.keys() - known.keys():
            yield f"{word}({name}=…) is not known: {nearest(name, known)}"
        yield from self._size_faults(word, given)
        yield from _trigger_faults(word, given)
        yield from _exits_faults(word, given)
        yield from _risk_faults(word, given)

    def _size_faults(self, word: str, given: Mapping[str, ast.expr]) -> Iterator[str]:
        size = given.get("size")
        sizes = [name for name in _SIZES if name in given]
        if not sizes:
            yield f"{word}(…) has no size: add qty= or size=, as in size=risk_pct(0.5)"
        elif len(sizes) > 1:
            yield f"{word}(…) has both {sizes[0]}= and {sizes[1]}=; keep one"
        elif "min_lots" in given and sizes[0] in ("qty", "lots"):
            yield f"{word}(min_lots=1) belongs to size= or notional=; {sizes[0]}= says the units itself"
        elif isinstance(size, ast.Constant):
            yield f"{word}(size={ast.unparse(size)}): a size is risk_pct(…) or risk_rupees(…); for a number use qty="
        elif (
            size is not None
            and word in ENTRIES
            and self._is_risk(size)
            and not any(map(_is_given, (given.get("stop"), given.get("trail"))))
        ):
            yield (
                f"{word}(size={ast.unparse(size)}) has no stop: the size follows from the risk at the stop; "
                "add stop= or trail=, as in stop=pct(1)"
            )

    def _is_risk(self, size: ast.expr) -> bool:
        if isinstance(size, ast.Call):
            return ast.unparse(size.func).rpartition(".")[2] in _RISK_SIZES
        name = size.attr if self.members and isinstance(size, ast.Attribute) else own_name(size, self._self)
        declared = getattr(self._owner, name or "", None)
        value = declared.default if isinstance(declared, Param | State) else declared
        return isinstance(value, RiskPct | RiskRupees)

    def _fault(self, node: ast.expr, sentence: str) -> None:
        self._found.faults.append(Remark(node.lineno, sentence))


def _trigger_faults(word: str, given: Mapping[str, ast.expr]) -> Iterator[str]:
    waits = [name for name in ("above", "below") if _is_given(given.get(name))]
    if len(waits) > 1:
        yield f"{word}(…) waits for above= or for below=, not for both; use buy(above=…) and sell(below=…)"
    elif waits and _is_given(given.get("limit")):
        hint = "the entry is limited at its trigger anyway, or use submit(Order(limit=…, trigger=…))"
        yield f"{word}({waits[0]}=…) has limit= too; keep one: {hint}"


def _exits_faults(word: str, given: Mapping[str, ast.expr]) -> Iterator[str]:
    exits = given.get("exits")
    if not _is_given(exits):
        return
    if _is_given(given.get("target")):
        yield f"{word}(…) has both target= and exits=; give every part its own target"
    shares = _shares(exits) if isinstance(exits, ast.List | ast.Tuple) else None
    fault = None if shares is None else shares_fault(shares)
    if fault is not None:
        yield f"{word}(…): {fault}"


def _risk_faults(word: str, given: Mapping[str, ast.expr]) -> Iterator[str]:
    if _is_given(given.get("stop")):
        return
    for name in ("target", "trail", "exits"):
        calls = [node for node in ast.walk(given.get(name, ast.Constant(None))) if isinstance(node, ast.Call)]
        if any(isinstance(call.func, ast.Name) and call.func.id == "r" for call in calls):
            yield f"{word}({name}=…) {NEEDS_A_STOP}"


def _shares(exits: ast.List | ast.Tuple) -> list[float | Rest] | None:
    """The shares of parts that are written out; nothing where one of them is known only when it runs."""
    shares: list[float | Rest] = []
    for each in exits.elts:
        if not (
            isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "part" and each.args
        ):
            return None
        share = each.args[0]
        number = _number(share)
        if isinstance(share, ast.Name) and share.id == "rest":
            shares.append(rest)
        elif number is None:
            return None
        else:
            shares.append(number)
    return shares


def _number(*nodes: ast.expr) -> float | None:
    """The value of one plain number or of a fraction of two."""
    match nodes:
        case [ast.Constant(value=int() | float() as number)]:
            return float(number)
        case [ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number))]:
            return -float(number)
        case [ast.BinOp(left=left, op=ast.Div(), right=right)]:
            above, below = _number(left), _number(right)
            return None if above is None or not below else above / below
        case _:
            return None


def _is_given(node: ast.expr | None) -> bool:
    return node is not None and not (isinstance(node, ast.Constant) and node.value is None)

"""What hooks give their intents and trades, as far as the text tells: sizes, prices and lives that would be refused."""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Set
from types import FunctionType

from velox.errors import BadInput
from velox.strategy.binding import NEEDS_A_STOP, NO_ORDER, AddTerms, Terms, judge_move, judge_term
from velox.strategy.order import Order
from velox.strategy.params import Param, closest
from velox.strategy.parts import Rest, rest, shares_fault
from velox.strategy.sizes import RiskPct, RiskRupees, Sized, encode_part
from velox.strategy.state import State
from velox.strategy.trade import Trade
from velox.strategy.written import UNKNOWN, Words, called_wrongly, is_whole

__all__ = ["ENTRIES", "INTENTS", "Wishes"]

ENTRIES = ("go_long", "go_short", "buy", "sell")
_KNOWN: dict[str, Mapping[str, object]] = {
    **dict.fromkeys(ENTRIES, Terms.__annotations__),
    "add": AddTerms.__annotations__,
    "resize": Sized.__annotations__,
    "Order": Order.__annotations__,
}
INTENTS = (*ENTRIES, "add", "resize", "submit", "go_flat", "flatten")
_SIZES = ("qty", "lots", "notional", "size")
_RISK_SIZES = ("risk_pct", "risk_rupees")
_OF_A_TRADE = ("exit", "resize", "stop_at_cost", "stop_to", "target_to")


class Wishes:
    """Judges the calls of one method; `name_of` gives the attribute that an expression reads of a strategy's object."""

    def __init__(self, owner: type, words: Words, name_of: Callable[[ast.expr], str | None], trades: Set[str]) -> None:
        self._owner = owner
        self._words = words
        self._name_of = name_of
        self._trades = trades

    def faults(self, word: str | None, call: ast.Call) -> Iterator[str]:
        """What is wrong with a call; `word` is the attribute of the strategy's object that it calls, if it is one."""
        callee = self._words.callee(call)
        if word in _KNOWN:
            yield from self._entry_faults(word, call)
        elif word is not None and word != "watch":  # which is read with what it watches
            yield from self._own_faults(word, call)
        elif callee is not None:
            wrong = called_wrongly(call, callee.function, bound=callee.bound) or self._words.refusal(call)
            if wrong is not None:
                yield wrong
            elif callee.function is Order:
                yield from self._entry_faults("Order", call)
        elif isinstance(call.func, ast.Attribute) and call.func.attr in _OF_A_TRADE and self._is_trade(call.func.value):
            yield from self._trade_faults(call.func.attr, call)

    def _own_faults(self, word: str, call: ast.Call) -> Iterator[str]:
        """A call of a method, one of Velox or of the class itself."""
        method = inspect.getattr_static(self._owner, word, None)
        wrong = called_wrongly(call, method, bound=True) if isinstance(method, FunctionType) else None
        if wrong is not None:
            yield wrong
        elif word == "submit" and self._is_no_order(call.args[0] if call.args else call.keywords[0].value):
            yield NO_ORDER

    def _is_no_order(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Dict | ast.Set | ast.List | ast.Tuple | ast.JoinedStr):
            return True
        value = self._words.value(node)
        return value is not UNKNOWN and not isinstance(value, Order)

    def _is_trade(self, node: ast.expr) -> bool:
        return node.id in self._trades if isinstance(node, ast.Name) else (self._name_of(node) or "") in self._trades

    def _trade_faults(self, word: str, call: ast.Call) -> Iterator[str]:
        if word == "resize":
            yield from self._entry_faults(word, call)
            return
        method = getattr(Trade, word)
        wrong = called_wrongly(call, method, bound=True)
        if wrong is not None:
            yield wrong
        if wrong is not None or not is_whole(call):
            return
        given = inspect.signature(method).bind(
            None, *call.args, **{each.arg or "": each.value for each in call.keywords}
        )
        values = {name: self._words.value(node) for name, node in given.arguments.items() if node is not None}
        if UNKNOWN in values.values():
            return
        try:
            if word == "exit":
                _ = encode_part(*(values.get(name) for name in ("part", "qty", "lots")))  # type: ignore[arg-type]
            elif values:
                judge_move(word, values["price"])
        except BadInput as error:
            yield str(error)

    def _entry_faults(self, word: str, call: ast.Call) -> Iterator[str]:
        if call.args:
            yield f"{word}(…) takes everything by name, as in {word}(size=self.risk)"
            return
        if any(keyword.arg is None for keyword in call.keywords):
            return  # **terms are judged when they are known
        given: dict[str, ast.expr] = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        known = _KNOWN[word]
        strange = [name for name in given if name not in known]
        for name in strange:
            close = closest(name, known)
            hint = f"did you mean {close}? " if close else ""
            yield f"{word}({name}=…) is not known: {hint}there are {', '.join(known)}"
        if strange:
            return  # one of them may be what else seems to be missing
        told = [*self._size_faults(word, given), *_trigger_faults(word, given)]
        told += [*_exits_faults(word, given), *_risk_faults(word, given)]
        yield from told
        if not told:
            yield from self._value_faults(word, given)

    def _value_faults(self, word: str, given: Mapping[str, ast.expr]) -> Iterator[str]:
        for name, node in given.items():
            value = self._words.value(node)
            if value is UNKNOWN or value is None:
                continue
            try:
                judge_term(word, name, value)
            except BadInput as error:
                said = str(error)
                yield said if said.startswith(word) else f"{word}(…): {said}"

    def _size_faults(self, word: str, given: Mapping[str, ast.expr]) -> Iterator[str]:
        size = given.get("size")
        sizes = [name for name in _SIZES if _is_given(given.get(name))]
        if not sizes:
            yield f"{word}(…) has no size: add qty= or size=, as in size=risk_pct(0.5)"
        elif len(sizes) > 1:
            yield f"{word}(…) has both {sizes[0]}= and {sizes[1]}=; keep one"
        elif _is_given(given.get("min_lots")) and sizes[0] in ("qty", "lots"):
            yield f"{word}(min_lots=1) belongs to size= or notional=; {sizes[0]}= says the units itself"
        elif size is not None and self._is_number(size):
            yield f"{word}(size={ast.unparse(size)}): a size is risk_pct(…) or risk_rupees(…); for a number use qty="
        elif (
            size is not None
            and word in (*ENTRIES, "Order")
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
        declared = getattr(self._owner, self._name_of(size) or "", None)
        value = declared.default if isinstance(declared, Param | State) else declared
        return isinstance(value, RiskPct | RiskRupees)

    def _is_number(self, size: ast.expr) -> bool:
        fixed = getattr(self._owner, self._name_of(size) or "", None)
        fixed = fixed.default if isinstance(fixed, Param) else fixed
        return isinstance(self._words.value(size), int | float | str) or isinstance(fixed, int | float)


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
    plain = Words({"rest": rest})
    shares: list[float | Rest] = []
    for each in exits.elts:
        match each:
            case ast.Call(func=ast.Name(id="part"), args=[first, *_]):
                share = plain.value(first)
            case _:
                return None
        if not isinstance(share, Rest) and not (isinstance(share, int | float) and 0 < share <= 1):
            return None
        shares.append(share)
    return shares


def _is_given(node: ast.expr | None) -> bool:
    return node is not None and not (isinstance(node, ast.Constant) and node.value is None)

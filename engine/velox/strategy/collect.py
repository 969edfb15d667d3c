"""Collects what a class body declares and judges it as far as that needs no market data."""

import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import FunctionType
from typing import Any

import msgspec

from velox.strategy.clocktext import span_ns
from velox.strategy.computed import Computed
from velox.strategy.contracts import Future
from velox.strategy.declaration import Declaration
from velox.strategy.declare import Bars, Node, Symbol, Text, resolved
from velox.strategy.faults import Fault
from velox.strategy.foreseen import Foreseen, foresee
from velox.strategy.limits import Guard, Limits
from velox.strategy.params import Member, Param, Requirement, Symbols, Values, nearest
from velox.strategy.review import review, trades_kept
from velox.strategy.schedule import At, Every, Intraday, On, due_fault, times
from velox.strategy.source import ClassSource, code_hash, find_source
from velox.strategy.spec import LENGTHS_S
from velox.strategy.state import State

__all__ = ["Declared", "FIRST_TIMED", "Hook", "TABLE", "collect", "collecting", "judge_values"]

# What makes an object or guards it is the engine's.
_MAKING = frozenset({"__delattr__", "__getattribute__", "__init_subclass__", "__new__", "__setattr__"})

# The kernel's table of hooks: name → (number, arguments after self). Number 10 is kept for the square-off.
TABLE = {
    "on_start": (0, 0),
    "on_tick": (1, 1),
    "on_fill": (2, 1),
    "on_entered": (3, 1),
    "on_stop": (4, 1),
    "on_target": (5, 1),
    "on_reject": (6, 1),
    "on_external": (7, 1),
    "on_recover": (8, 0),
    "on_finish": (9, 0),
}
FIRST_TIMED = 16
_deferred: ContextVar[bool] = ContextVar("velox_faults_deferred", default=False)


class Hook(msgspec.Struct, frozen=True):
    """A method that the kernel calls: by its name, or by the clock and the candles."""

    number: int
    function: str
    when: At | Every | On | None


class Declared(msgspec.Struct):
    """A class body, understood."""

    file: str
    line: int
    code_hash: str
    lines: dict[str, int]
    names: frozenset[str]
    params: dict[str, Param[Any]]
    bars: dict[str, Bars]
    nodes: dict[str, Node[Any]]
    computed: dict[str, Computed]
    states: dict[str, State[Any]]
    sessions: dict[str, Intraday]
    limits: dict[str, Limits]
    guards: dict[str, Guard]
    futures: dict[str, Future]  # by their attributes, or by the candles that name them
    traded_future: str  # the one of them that it trades, else empty
    symbol: Symbol | None
    symbols: str  # name of the Symbols where it trades several instruments, else empty
    hooks: list[Hook]
    require: list[Requirement]
    intents: dict[str, dict[str, int]]  # method: its intents, with the line of the first use of each
    late_names: set[str]  # attributes that hooks give what they watch
    late_lengths: list[Text]  # of the candles that hooks may watch
    late_without_preopen: bool  # whether some of them leave the pre-open out, or may
    faults: list[Fault]
    warnings: list[Fault]
    deferred: bool
    broken: bool  # a declaration is wrong by itself, so that values cannot be judged

    def fault(self, name: str, sentence: str) -> None:
        """Note a fault at the line of an attribute."""
        self.faults.append(Fault(self.file, self.lines.get(name, self.line), sentence))

    def warn(self, name: str, sentence: str) -> None:
        """Note a doubt at the line of an attribute."""
        self.warnings.append(Fault(self.file, self.lines.get(name, self.line), sentence))


@contextmanager
def collecting() -> Iterator[None]:
    """While it lasts, a class with faults is built all the same, so that all faults can be told."""
    token = _deferred.set(True)
    try:
        yield
    finally:
        _deferred.reset(token)


def collect(cls: type, base: type) -> Declared:
    """Everything that `cls` and what it inherits from (up to `base`) declare, with every fault."""
    classes = [each for each in reversed(cls.__mro__) if each not in base.__mro__]
    sources = {each: find_source(each) for each in classes}
    body: dict[str, object] = {}
    for each in classes:
        body |= vars(each)
    declared = _sorted_body(cls, body, _lines(sources))
    declared.code_hash = code_hash(classes)
    own = sources[cls]
    if own is not None:
        declared.file, declared.line = own.file, own.definition.lineno
    _judge_names(declared, body, base)
    _judge_graph(declared)
    declared.broken = bool(declared.faults)
    _collect_hooks(declared, body, base)
    _judge_require(declared, body)
    judge_values(declared, {name: param.default for name, param in declared.params.items()})
    _review(declared, cls, sources)
    return declared


def _lines(sources: dict[type, ClassSource | None]) -> dict[str, int]:
    lines: dict[str, int] = {}
    for source in sources.values():
        lines |= source.lines if source else {}
    return lines


def _sorted_body(cls: type, body: dict[str, object], lines: dict[str, int]) -> Declared:
    kinds: dict[type, dict[str, Any]] = {
        kind: {name: value for name, value in body.items() if isinstance(value, kind)}
        for kind in (Param, Bars, Node, Computed, State, Intraday, Limits, Guard, Future)
    }
    candles: dict[str, Any] = {name: bars.symbol for name, bars in kinds[Bars].items()}
    futures = kinds[Future] | {name: symbol for name, symbol in candles.items() if isinstance(symbol, Future)}
    traded: Any = _traded(body, kinds)
    return Declared(
        file=cls.__module__,
        line=0,
        code_hash="",
        lines=lines,
        names=frozenset(name for name, value in body.items() if isinstance(value, Declaration)),
        params=kinds[Param],
        bars=kinds[Bars],
        nodes=kinds[Node],
        computed=kinds[Computed],
        states=kinds[State],
        sessions=kinds[Intraday],
        limits=kinds[Limits],
        guards=kinds[Guard],
        futures=futures,
        traded_future=next((name for name, future in futures.items() if future is traded), ""),
        symbol=traded,
        symbols=next((name for name, param in kinds[Param].items() if isinstance(param, Symbols)), ""),
        hooks=[],
        require=[],
        intents={},
        late_names=set(),
        late_lengths=[],
        late_without_preopen=False,
        faults=[],
        warnings=[],
        deferred=_deferred.get(),
        broken=False,
    )


def _traded(body: dict[str, object], kinds: dict[type, dict[str, Any]]) -> Symbol | None:
    """What it trades: its Symbols, else what it calls `symbol`, else the instrument of its first candles."""
    several = [param for param in kinds[Param].values() if isinstance(param, Symbols)]
    named = body.get("symbol")
    texts = [each for each in (*several, named) if isinstance(each, str | Param | Future)]
    watched = [bars.symbol for bars in kinds[Bars].values()]
    return next((each for each in texts if isinstance(resolved(each, {}), str)), next(iter(watched), None))


def _judge_names(declared: Declared, body: dict[str, object], base: type) -> None:
    taken = {name for name in vars(base) if not name.startswith("__")} - TABLE.keys() - {"migrate", "on_bar", "require"}
    for name, value in body.items():
        if name in taken or name == "_binding":
            declared.fault(name, f"{name} is a word of Velox itself; give it another name")
        _judge_held(declared, name, value)
        if name == "__init__":
            declared.fault(name, "a strategy has no __init__: declare values in the class body and prepare in on_start")
        if name in _MAKING:
            declared.fault(name, f"{name} is not for a strategy: Velox makes its object and watches what is set")
        if isinstance(value, Declaration):
            for sentence in value.sentences():
                declared.fault(name, sentence)
    alone = {"intraday": [*declared.sessions], "Limits": [*declared.limits], "Guard": [*declared.guards]}
    for word, names in alone.items():
        first, *others = [*names, ""]
        for name in others[:-1]:
            declared.fault(name, f"{name} is a second {word}(…) beside {first}; a strategy has one")


def _judge_held(declared: Declared, name: str, value: object) -> None:
    """Judge a list or another collection of the class body."""
    if any(isinstance(each, Declaration) for each in (value if isinstance(value, list | tuple) else ())):
        declared.fault(name, f"{name} holds declarations without a name: give each one its own, as in first = EMA(…)")
    elif isinstance(value, list | dict | set) and name != "require" and not name.startswith("_"):
        declared.warn(name, f"{name} is shared by all instances and lost at a restart; what changes is a State")


def _judge_graph(declared: Declared) -> None:
    listed = [name for name, param in declared.params.items() if isinstance(param, Symbols)]
    for name in listed[1:]:
        declared.fault(name, f"{name} is a second Symbols beside {listed[0]}; a strategy has one")
    for name, node in declared.nodes.items():
        if any(candles.name not in declared.bars for candles in node.followed()):
            declared.fault(name, f"{node.call}: its Bars has no name; write bars = Bars(…) in the class body first")
    if declared.symbol is None and not any(isinstance(fault, Fault) for fault in declared.faults):
        declared.fault("", 'nothing says what it trades: add symbol = Param("NSE:RELIANCE")')


def _collect_hooks(declared: Declared, body: dict[str, object], base: type) -> None:
    for name, value in body.items():
        if not isinstance(value, FunctionType):
            if name in TABLE or name in ("migrate", "on_bar"):
                declared.fault(name, f"{name} must be a plain method, or it would never run: write def {name}(self, …)")
            continue
        noted = times(value)
        if noted:
            for when in noted:
                _add_timed(declared, name, value, when)
        elif name == "on_bar":
            _add_on_bar(declared, value)
        else:
            _add_by_name(declared, name, value, base)
    if not declared.hooks:
        declared.warn("", "it has no hook, so it never does anything; add on_bar(self, bar)")


def _add_on_bar(declared: Declared, function: FunctionType) -> None:
    if len(declared.bars) == 1:
        _add_timed(declared, "on_bar", function, On(next(iter(declared.bars.values())), together=False))
    elif not declared.bars:
        declared.fault("on_bar", 'on_bar has no candles: add bars = Bars(symbol, "5m") to the class body')
    else:
        names = list(declared.bars)
        declared.fault(
            "on_bar",
            f"on_bar is ambiguous with several Bars ({', '.join(names)}): decorate a method with @on({names[0]})",
        )


def _add_by_name(declared: Declared, name: str, function: FunctionType, base: type) -> None:
    if name in TABLE:
        number, arguments = TABLE[name]
        _judge_signature(declared, name, function, arguments)
        declared.hooks.append(Hook(number, name, None))
    elif name == "migrate":
        _judge_signature(declared, name, function, 1)
        if not declared.states:
            declared.warn(name, "migrate has nothing to turn old values into; without a State it never runs")
    elif name.startswith("on_"):
        known = [each for each in vars(base) if each.startswith("on_")]
        declared.warn(name, f"{name} is no hook and never runs by itself: {nearest(name, known)}")


def _add_timed(declared: Declared, name: str, function: FunctionType, when: At | Every | On) -> None:
    sentence = due_fault(name, when, {})
    if sentence is None and isinstance(when, On) and declared.bars.get(when.candles().name) is None:
        sentence = f"@on on {name}: its Bars is not an attribute of the class body"
    if sentence is None and isinstance(when, On) and when.together and not declared.symbols:
        sentence = f'@on(…, together=True) on {name} needs several instruments: write symbol = Symbols(["NSE:INFY", …])'
    if sentence is not None:
        declared.fault(name, sentence)
        return
    _judge_signature(declared, name, function, 1 if isinstance(when, On) else 0)
    count = sum(hook.when is not None for hook in declared.hooks)
    declared.hooks.append(Hook(FIRST_TIMED + count, name, when))


def _judge_signature(declared: Declared, name: str, function: FunctionType, arguments: int) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        declared.fault(name, f"{name} must be a plain function: a hook decides at once and returns")
        return
    try:
        inspect.signature(function).bind(*[None] * (arguments + 1))
    except TypeError:
        shape = f"{name}(self, …) with one argument" if arguments else f"{name}(self)"
        declared.fault(name, f"{name} has the wrong arguments; it is called as {shape}")


def _judge_require(declared: Declared, body: dict[str, object]) -> None:
    listed = body.get("require", [])
    for part in listed if isinstance(listed, list | tuple) else [listed]:
        if isinstance(part, Requirement):
            declared.require.append(part)
        else:
            declared.fault(
                "require", f"require holds {part!r}; it is a list of comparisons of parameters, [fast < slow]"
            )


def judge_values(declared: Declared, values: Values) -> None:
    """Judge what depends on the parameters' values: requirements, periods, times and lengths of candles."""
    if declared.broken:
        return
    for hook in declared.hooks:
        sentence = None if hook.when is None else due_fault(hook.function, hook.when, values)
        if sentence is not None:
            declared.fault(hook.function, sentence)
    for requirement in declared.require:
        if sentence := requirement.broken(values):
            declared.fault("require", sentence)
    valued: list[Node[Any] | Computed | Limits | Guard] = [
        *declared.nodes.values(),
        *declared.computed.values(),
        *declared.limits.values(),
        *declared.guards.values(),
    ]
    for each in valued:
        for sentence in each.judged(values):
            declared.fault(each.name, sentence)
    for name, bars in declared.bars.items():
        _judge_bars(declared, name, bars, values)


def _judge_bars(declared: Declared, name: str, bars: Bars, values: Values) -> None:
    if isinstance(bars.symbol, Member) and (sentence := bars.symbol.fault(values)):
        declared.fault(name, sentence)
    try:
        bars.timeframe_s(values)
    except ValueError as error:
        declared.fault(name, str(error))


def _judge_watched(declared: Declared, cls: type, source: ClassSource, found: Foreseen) -> None:
    """Note what the hooks of one class body watch, and what of it cannot be."""
    if not found.line:
        return
    declared.late_names |= found.names
    declared.late_without_preopen |= found.without_preopen
    texts = dict(found.lengths)
    for name, line in found.params.items():
        param = getattr(cls, name, None)
        if isinstance(param, Param):
            declared.late_lengths.append(param)
        elif isinstance(param, str):
            texts[param] = line
        else:
            found.is_whole = False
    for text, line in texts.items():
        try:
            _ = span_ns(text)
        except ValueError as error:
            declared.faults.append(Fault(source.file, line, f"Bars(…): {error}"))
        else:
            declared.late_lengths.append(text)
    if not found.is_whole or not (texts or found.params):
        declared.late_lengths += [f"{seconds}s" for seconds in LENGTHS_S]
    for line in found.wrong:
        sentence = 'watch(…) takes one thing, as in self.watch(EMA(Bars(name, "1m").close, 9))'
        declared.faults.append(Fault(source.file, line, sentence))


def _review(declared: Declared, cls: type, sources: dict[type, ClassSource | None]) -> None:
    known = [(source, _names(each)) for each, source in sources.items() if source is not None]
    foreseen = [(source, foresee(source)) for source, _ in known]
    handles = {name for source, _ in known for name in trades_kept(source)}
    handles |= {name for _, each in foreseen for name in each.names}
    for source, each in foreseen:
        _judge_watched(declared, cls, source, each)
    for source, names in known:
        found = review(cls, source, handles, names)
        declared.intents |= found.intents
        declared.faults += [Fault(source.file, remark.line, remark.sentence) for remark in found.faults]
        declared.warnings += [Fault(source.file, remark.line, remark.sentence) for remark in found.warnings]


def _names(cls: type) -> Mapping[str, object]:
    """What the names of its module stand for while the class is made."""
    module = sys.modules.get(cls.__module__)
    return {} if module is None else vars(module)

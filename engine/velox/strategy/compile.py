"""Makes a strategy class ready for one day and its rules, or says all that is wrong."""

import contextlib
import inspect
import itertools
from collections.abc import Mapping
from pathlib import Path

import msgspec

from velox.errors import BadInput
from velox.market.facts import Facts
from velox.market.instruments import Instrument, InstrumentBook, Kind, plain_name, why_not_known, why_not_tradable
from velox.market.records import Phase
from velox.strategy.base import Strategy
from velox.strategy.clocktext import SECOND_NS, clock_ns, clock_text, span_ns
from velox.strategy.collect import Declared, Hook, judge_values
from velox.strategy.contracts import ends_on
from velox.strategy.declare import resolved
from velox.strategy.faults import Fault, InvalidStrategy
from velox.strategy.graph import Graph
from velox.strategy.load import FILE_MODULE
from velox.strategy.params import Values, resolve, symbol_names
from velox.strategy.schedule import At, Every, On
from velox.strategy.spec import HookSpec, SessionSpec, Spec, StateSpec
from velox.strategy.wishes import ENTRIES

__all__ = ["compile_members", "compile_strategy"]


def compile_strategy(
    cls: type[Strategy], params: Mapping[str, str], facts: Facts, book: InstrumentBook, *, name: str = ""
) -> Spec:
    """As `compile_members`, for the first instrument where there are several."""
    return compile_members(cls, params, facts, book, name=name)[0]


def compile_members(
    cls: type[Strategy], params: Mapping[str, str], facts: Facts, book: InstrumentBook, *, name: str = ""
) -> list[Spec]:
    """The class on the day of `facts`, made ready once an instrument; raises InvalidStrategy with every fault."""
    declared = msgspec.structs.replace(cls.__velox__, faults=list(cls.__velox__.faults))
    values, sentences = resolve(declared.params, params)
    judge_values(declared, values)
    for sentence in sentences:
        declared.fault("", sentence)
    ready = []
    contracts = _contracts(declared, facts, book)
    for member in _each_symbol(declared, values | contracts):
        instrument = _instrument(declared, member, facts, book)
        _judge_watched(declared, member, facts, book)
        if instrument is not None:
            _judge_market(declared, instrument, facts)
        session = _session(declared, member, instrument, facts)
        if instrument is not None and not declared.broken:
            _judge_times(declared, member, instrument, session, facts)
        ready.append((member, instrument, session))
    if declared.faults:
        raise InvalidStrategy(declared.faults)
    group = name or cls.__name__
    return [
        _spec(cls, declared, facts, (group, member, instrument, session), ends=_ends(declared, instrument, facts, book))
        for member, instrument, session in ready
        if instrument is not None
    ]


def _contracts(declared: Declared, facts: Facts, book: InstrumentBook) -> dict[str, object]:
    """The day's contracts of what the class body names by its place; what is wrong with a place was told already."""
    return {} if declared.broken else {each.key: each.on(facts.date, book) for each in declared.futures.values()}


def _each_symbol(declared: Declared, values: Values) -> list[dict[str, object]]:
    """The values once for each instrument."""
    if not declared.symbols or declared.broken:
        return [dict(values)]
    names = symbol_names(values[declared.symbols])
    listed = {f"{declared.symbols}[{place}]": name for place, name in enumerate(names)}
    return [{**values, **listed, declared.symbols: name} for name in names]


def _spec(
    cls: type[Strategy],
    declared: Declared,
    facts: Facts,
    member: tuple[str, dict[str, object], Instrument, SessionSpec | None],
    *,
    ends: bool,
) -> Spec:
    group, values, instrument, session = member
    graph = Graph(declared.bars, declared.nodes, values, declared.computed)
    return Spec(
        name=group if not declared.symbols else f"{group}:{plain_name(instrument.name)}",
        group=group,
        class_name=_class_name(cls),
        doc=inspect.cleandoc(cls.__doc__ or ""),
        file=declared.file,
        code_hash=declared.code_hash,
        session_date=facts.loaded.session_date,
        day_start_ns=facts.loaded.day_start_ns,
        open_ns=facts.loaded.open_ns,
        symbol=instrument.name,
        params={name: value for name, value in values.items() if name in declared.params},
        contracts={name: future.value(values) for name, future in declared.futures.items() if future.name == name},
        rolls=bool(declared.traded_future),
        ends_ns=_latest_ns(instrument, facts) if ends else 0,
        bars=graph.bars(),
        nodes=graph.nodes,
        handles=graph.handles(),
        hooks=[_hook(declared, hook, values) for hook in declared.hooks],
        session=session,
        states=[StateSpec(name, state.default, state.reset == "session") for name, state in declared.states.items()],
        limits=next((each.spec(values) for each in declared.limits.values()), None),
        guard=next((each.spec(values) for each in declared.guards.values()), None),
        warnings=[str(warning) for warning in declared.warnings],
        late_names=sorted(declared.late_names),
        late_s=_late_lengths(declared, values),
        late_without_preopen=declared.late_without_preopen,
    )


def _late_lengths(declared: Declared, values: Values) -> list[int]:
    """Lengths of the candles that hooks may watch, in seconds; a parameter that is none is refused when one does."""
    found = set()
    for each in declared.late_lengths:
        with contextlib.suppress(ValueError):
            found.add(span_ns(resolved(each, values)) // SECOND_NS)
    return sorted(found)


def _class_name(cls: type[Strategy]) -> str:
    # The module name of a file holds its path, which a journal that travels must not depend on.
    module = Path(cls.__velox__.file).stem if cls.__module__.startswith(FILE_MODULE) else cls.__module__
    return f"{module}:{cls.__qualname__}"


def _ends(declared: Declared, instrument: Instrument, facts: Facts, book: InstrumentBook) -> bool:
    return ends_on(facts.date, instrument, declared.futures.get(declared.traded_future), book)


def _latest_ns(instrument: Instrument, facts: Facts) -> int:
    """The latest legal time to be flat, ns since IST midnight."""
    return facts.loaded.groups[facts.group_index(instrument.group)].flat_auto_ns - facts.loaded.day_start_ns


def _open_ns(instrument: Instrument, facts: Facts) -> int:
    """When continuous trading begins, ns since IST midnight."""
    phases = facts.loaded.groups[facts.group_index(instrument.group)].phases
    return next(at for at, phase in phases if phase == Phase.CONTINUOUS) - facts.loaded.day_start_ns


def _instrument(declared: Declared, values: Values, facts: Facts, book: InstrumentBook) -> Instrument | None:
    symbol = resolved(declared.symbol, values)
    if not isinstance(symbol, str) or (declared.broken and declared.futures):
        return None  # a fault of the class body, told already
    try:
        return _known(symbol, facts, book)
    except BadInput as error:
        declared.fault(_symbol_place(declared), str(error))
        return None


def _known(symbol: str, facts: Facts, book: InstrumentBook) -> Instrument:
    instrument = book[symbol]
    if (why := why_not_known(instrument, facts)) is not None:
        raise BadInput(why)
    return instrument


def _judge_watched(declared: Declared, values: Values, facts: Facts, book: InstrumentBook) -> None:
    traded = resolved(declared.symbol, values)
    for name, bars in declared.bars.items():
        if declared.broken and declared.futures:
            return  # which contracts are meant was not to be found
        symbol = resolved(bars.symbol, values)
        if isinstance(symbol, str) and symbol != traded:
            try:
                _ = _known(symbol, facts, book)
            except BadInput as error:
                declared.fault(name, str(error))


def _symbol_place(declared: Declared) -> str:
    """The attribute to point at when the instrument is wrong."""
    if "symbol" in declared.lines:
        return "symbol"
    return next(iter(declared.bars), "")


def _judge_market(declared: Declared, instrument: Instrument, facts: Facts) -> None:
    intents = _first_uses(declared)
    entries = [word for word in (*ENTRIES, "submit") if word in intents]
    why = why_not_tradable(instrument, facts.date)
    if why is not None and entries:
        place = Fault(declared.file, intents[entries[0]], f"{entries[0]}: {why}")
        declared.faults.append(place)
    if instrument.kind is Kind.OPTION and "go_short" in intents:
        sentence = (
            f"go_short on {instrument.name}: an option cannot be sold before it is bought, its margin is not known; "
            "go_long a put (PE) to gain from a fall"
        )
        declared.faults.append(Fault(declared.file, intents["go_short"], sentence))
    is_share = instrument.kind is Kind.EQUITY
    if why is None and is_share and "go_short" in intents and not declared.sessions:
        sentence = (
            f"go_short on {instrument.name} needs intraday hours, a share cannot be held short over night: "
            'add session = intraday("09:20")'
        )
        declared.faults.append(Fault(declared.file, intents["go_short"], sentence))


def _judge_times(
    declared: Declared, values: Values, instrument: Instrument, session: SessionSpec | None, facts: Facts
) -> None:
    """Refuse times at which a hook never runs, or at which what it wishes is always refused."""
    for hook in declared.hooks:
        if not isinstance(hook.when, At):
            continue
        try:
            at_ns = clock_ns(resolved(hook.when.when, values))
        except ValueError:
            continue  # told where the decorator is judged
        call, wishes = f'@at("{clock_text(at_ns)}") on {hook.function}', declared.intents.get(hook.function, {})
        opening = next((word for word in (*ENTRIES, "add", "submit") if word in wishes), None)
        # By then hours of its own have closed what is held: a wish to leave does no harm.
        refused = opening if session is not None else next(iter(wishes), None)
        opens_ns, closes_ns, ends_ns = _day_ns(instrument, facts)
        if at_ns > ends_ns:
            declared.fault(hook.function, f"{call} never runs: the day ends at {clock_text(ends_ns)}")
        elif refused and not opens_ns <= at_ns < closes_ns:
            span = f"{instrument.name} trades from {clock_text(opens_ns)} to {clock_text(closes_ns)} on {facts.date}"
            declared.fault(hook.function, f"{call}: {refused} is refused then, {span}")
        elif opening and session is not None and at_ns >= session.flat_ns:
            flat = f"from the square-off at {clock_text(session.flat_ns)} on nothing is opened"
            declared.fault(hook.function, f"{call}: {opening} is refused then, {flat}")


def _day_ns(instrument: Instrument, facts: Facts) -> tuple[int, int, int]:
    """When continuous trading begins and ends and when the day is over, ns since IST midnight."""
    phases = facts.loaded.groups[facts.group_index(instrument.group)].phases
    later = [end for (_, phase), (end, _) in itertools.pairwise(phases) if phase == Phase.CONTINUOUS]
    start_ns = facts.loaded.day_start_ns
    return _open_ns(instrument, facts), later[-1] - start_ns, facts.loaded.end_ns - start_ns


def _first_uses(declared: Declared) -> dict[str, int]:
    """Every intent, with the first line in which a method has it."""
    uses = sorted((line, word) for wishes in declared.intents.values() for word, line in wishes.items())
    return {word: line for line, word in reversed(uses)}


def _session(declared: Declared, values: Values, instrument: Instrument | None, facts: Facts) -> SessionSpec | None:
    hours = next(iter(declared.sessions.values()), None)
    if hours is None or instrument is None or declared.broken:
        return None
    latest = _latest_ns(instrument, facts)
    flat = resolved(hours.flat, values)
    try:
        if flat != "auto" and clock_ns(flat) > latest:
            raise ValueError(
                f'{hours.name} = intraday(…): flat="{flat}" is too late for {instrument.name}: on {facts.date} '
                f'the latest legal time is {clock_text(latest)}; write flat="auto"'
            )
        return SessionSpec(hours.name, *hours.hours(values, _open_ns(instrument, facts), latest))
    except ValueError as error:
        declared.fault(hours.name, str(error))
        return None


def _hook(declared: Declared, hook: Hook, values: Values) -> HookSpec:
    match hook.when:
        case None:
            return HookSpec(hook.number, "event", hook.function)
        case On():
            place = list(declared.bars).index(hook.when.candles().name)
            return HookSpec(hook.number, "together" if hook.when.together else "bars", hook.function, bars=place)
        case At(when, late):
            at_ns = clock_ns(resolved(when, values))
            return HookSpec(hook.number, "at", hook.function, at_ns=at_ns, run_late=late == "run")
        case Every(span):
            every_ns = span_ns(resolved(span, values)) // SECOND_NS * SECOND_NS
            return HookSpec(hook.number, "every", hook.function, every_ns=every_ns)

"""`velox check`: judges a strategy without running it, and tells every fault at once."""

import datetime as dt
from collections.abc import Mapping

import click
import msgspec

from velox.market import facts
from velox.market.calendar import covered, last_covered_date
from velox.market.contracts import contract_of
from velox.market.instruments import InstrumentBook
from velox.market.lots import Lots
from velox.rupees import briefly
from velox.strategy.clocktext import SECOND_NS, clock_text
from velox.strategy.collect import Declared
from velox.strategy.compile import compile_members
from velox.strategy.declare import resolved
from velox.strategy.faults import InvalidStrategy
from velox.strategy.load import load_with_faults
from velox.strategy.params import Param, parse_assignments, resolve
from velox.strategy.spec import BarsSpec, GuardSpec, HookSpec, Spec

__all__ = ["command"]


@click.command()
@click.argument("strategy", metavar="FILE.py[:Class][@ACCOUNT]")
@click.option("-p", "params", multiple=True, metavar="NAME=VALUE", help="Set a parameter; may be given many times.")
def command(strategy: str, params: tuple[str, ...]) -> None:
    """Judge a strategy by the rules of the last covered date, or of its contract's expiry, without running it."""
    from velox.runtime.choose import plan_of
    from velox.settings import load as load_settings

    texts = parse_assignments(params)
    settings = load_settings()
    cls = load_with_faults(plan_of(strategy, texts, settings.accounts).target)
    lots = Lots(settings.market.instrument_files)
    date, why = _judged_on(cls.__velox__, texts)
    try:
        members = compile_members(cls, texts, facts.load(date), InstrumentBook.offline(lots=lots.on(date)))
    except InvalidStrategy:
        click.echo(f"judged by the rules of {date}, {why}", err=True)
        raise
    spec = members[0]
    click.echo(f"ok: {spec.group} in {spec.file}, judged by the rules of {date}, {why}")
    for word, text in _summary(members, cls.__velox__, date):
        click.echo(f"  {word:<11}{text}")
    for warning in spec.warnings:
        click.echo(f"warning: {warning}", err=True)


def _judged_on(declared: Declared, texts: Mapping[str, str]) -> tuple[dt.date, str]:
    """The date whose rules are taken, and why: a contract that has expired by the last one is judged on its own."""
    last = last_covered_date()
    symbol = resolved(declared.symbol, resolve(declared.params, texts)[0])
    contract = contract_of(symbol) if isinstance(symbol, str) else None
    if contract is not None and contract.expiry < last and covered(contract.expiry):
        return contract.expiry, f"the expiry of {symbol}"
    return last, "the last covered date"


def _summary(members: list[Spec], declared: Declared, date: dt.date) -> list[tuple[str, str]]:
    spec, symbols = members[0], [member.symbol for member in members]
    values = spec.params | ({declared.symbols: ",".join(symbols)} if declared.symbols else {})
    rows = [("", line) for line in spec.doc.splitlines()[:1]]
    rows += [("parameters", _param(name, value, declared.params[name])) for name, value in values.items()]
    rows += [("instrument", f"{symbol}{_place(declared, date)}") for symbol in symbols]
    for bars in spec.bars:
        other = "" if bars.symbol == spec.symbol else f" of {bars.symbol}"
        without = " without the pre-open" if bars.without_preopen else ""
        rows.append(("candles", f"{bars.name}: {_span(bars.timeframe_s)}{other}{without}, {_warm_up(bars)}"))
    if spec.late_s:
        lengths = ", ".join(map(_span, spec.late_s))
        both = ", with and without the pre-open" if spec.late_without_preopen else ""
        told = f"chosen in hooks: {lengths} of each instrument of the run{both}, more of them by --watch"
        rows.append(("candles", told))
    indicators = (declared.nodes, declared.computed)
    rows += [("indicators", f"{name} = {each.spelled(spec.params)}") for of in indicators for name, each in of.items()]
    rows += [("hooks", _hook(spec, hook)) for hook in spec.hooks]
    if spec.session is not None:
        windows = [f"{clock_text(begin)} to {clock_text(end)}" for begin, end in spec.session.windows_ns]
        rows.append(("session", f"enters from {' and '.join(windows)}, flat at {clock_text(spec.session.flat_ns)}"))
    for rules in (spec.limits, spec.guard):
        if rules is not None:
            rows.append(("limits", _rules(rules)))
    rows += [("keeps", f"{each.name}{', anew every session' if each.daily else ''}") for each in spec.states]
    return _without_repeats(rows)


def _place(declared: Declared, date: dt.date) -> str:
    future = declared.futures.get(declared.traded_future)
    return "" if future is None else f" on {date}: the {future.key}"


def _rules(rules: GuardSpec) -> str:
    words = []
    for name, value in msgspec.structs.asdict(rules).items():
        if value and name == "cooldown_ns":
            words.append(f"cooldown {_span(value // SECOND_NS)}")
        elif value and name != "name":
            words.append(f"{name} {briefly(value)}")
    return f"{rules.name}: {', '.join(words)}"


def _without_repeats(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(word if place == 0 or rows[place - 1][0] != word else "", text) for place, (word, text) in enumerate(rows)]


def _param(name: str, value: object, param: Param[object]) -> str:
    values = f"   {param.values[0]} to {param.values[-1]}" if param.values else ""
    return f"{name} = {value}{values}"


def _warm_up(bars: BarsSpec) -> str:
    if not bars.ready_after:
        return "no warm-up"
    if bars.without_preopen:
        return f"ready after {bars.ready_after} candles of its own: those of earlier days do not tell their pre-open"
    return f"ready after {bars.ready_after} candles, warmed up with {bars.warmup} of earlier days"


def _hook(spec: Spec, hook: HookSpec) -> str:
    match hook.kind:
        case "bars":
            bars = spec.bars[hook.bars]
            when = f"each closed {_span(bars.timeframe_s)} candle of {bars.name}"
        case "together":
            bars = spec.bars[hook.bars]
            when = f"once for all symbols, when their {_span(bars.timeframe_s)} candles of {bars.name} have closed"
        case "at":
            when = f"at {clock_text(hook.at_ns)}{', even when late' if hook.run_late else ''}"
        case "every":
            when = f"every {_span(hook.every_ns // SECOND_NS)}"
        case _:
            when = "when it happens"
    return f"{hook.function}: {when}"


def _span(seconds: int) -> str:
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"

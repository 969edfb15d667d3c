"""Builds the object of one strategy instance and ties it to the core: handles, state and the table of hooks."""

import datetime
from collections.abc import Callable, Mapping, Set
from typing import Any

import msgspec

from velox.events import MoneyRules, Schedule, StrategyRules, StrategyStarted
from velox.strategy import state
from velox.strategy.base import Strategy
from velox.strategy.binding import Binding
from velox.strategy.bound import bars_handle, node_handle, node_numbers
from velox.strategy.clocktext import SECOND_NS
from velox.strategy.computed import ComputedSeries, computed_series
from velox.strategy.core import CoreLike
from velox.strategy.handles import SessionTimes
from velox.strategy.late import Late, NotYet
from velox.strategy.migrate import Kept
from velox.strategy.spec import GuardSpec, HookSpec, LimitsSpec, Recipe, SessionSpec, Spec
from velox.strategy.structure import Structure
from velox.strategy.trade import Trade

__all__ = ["Group", "Instance", "ScheduleWire", "Wiring"]

_TRADE_HOOKS = frozenset({"on_entered", "on_stop", "on_target"})
_ALWAYS_NS = 2**63 - 1
_START_HOOK, _TICK_HOOK, _RECOVER_HOOK = 0, 1, 8
_MODE = "paper"  # until there are gateways
_ONE = 100_000_000  # a rupee at 1e-8

# The objects of one strategy by the numbers of their instances; the caller of several hands the same one to each.
Group = dict[int, Strategy]
_Hooks = list[Callable[..., object] | None]


class ScheduleWire(msgspec.Struct, frozen=True):
    """A hook that runs by the clock, as the kernel wants it."""

    hook: int
    first_ns: int
    every_ns: int
    run_late: bool


class Wiring(msgspec.Struct, frozen=True):
    """What the record of the instance's start says about how the kernel calls it."""

    instrument: int
    series: list[tuple[int, int]]  # (series, number of the hook at its close or -1)
    nodes: list[int]
    on_tick: bool
    schedules: list[ScheduleWire]
    entry_from_ns: int
    entry_until_ns: int
    flat_at_ns: int  # 0 for none
    windows_ns: list[tuple[int, int]]  # where there are several
    together: list[tuple[int, int]]  # (series, number of the hook that waits for those of all symbols)


class Instance:
    """One running strategy: its object, its hooks by number and its wiring to the kernel.

    `kept` holds the values of its State as the journal has them. The caller attaches `hooks` before it
    journals the start, told in `wiring`: that record runs on_start.
    """

    def __init__(
        self,
        core: CoreLike,
        instance_id: int,
        spec: Spec,
        cls: type[Strategy],
        kept: Mapping[str, bytes] | None = None,
        group: Group | None = None,
    ) -> None:
        self.id = instance_id
        self.spec = spec
        self._group = {} if group is None else group
        instrument = core.instrument(spec.symbol)
        day = (spec.session_date, spec.day_start_ns)
        self._binding = Binding(core, instance_id, instrument, day, _MODE)
        self._binding.group = self._group
        self._binding.late = Late(core, instance_id, spec.params)
        series = [
            core.watch(core.instrument(bars.symbol), bars.timeframe_s, without_preopen=bars.without_preopen)
            for bars in spec.bars
        ]
        self.nodes = nodes = node_numbers(core, spec.nodes, series)  # the kernel's numbers of spec.nodes
        self.object = cls.__new__(cls)
        # Straight into the dictionary: reads then cost one look-up, and assignments still pass the guard of the class.
        held = self.object.__dict__
        held["_binding"] = self._binding
        held |= spec.params | spec.contracts
        held |= self._graph(core, series, nodes)
        computed = computed_series(cls.__velox__.computed, held, spec.params, core, instance_id)
        held |= computed
        held |= {name: NotYet(core) for name in spec.late_names if name not in held}
        trades, values = self._kept(kept or {})
        self._state = Kept(spec.states, values)
        held |= trades | self._state.values()
        self._group[instance_id] = self.object
        self.hooks = self._table(list(computed.values()))
        self.wiring = self._wiring(instrument, series, nodes)

    def may_watch(self, names: Set[str], *, by_candles: bool = False) -> None:
        """Let its hooks choose among these instruments alone, those of the day, which may be run by candles."""
        self._binding.late.names, self._binding.late.by_candles = names, by_candles

    def started(self, capital: int, account: int = 0) -> StrategyStarted:
        """The record that starts this instance with a capital at 1e-8 rupees on an account."""
        spec, wiring = self.spec, self.wiring
        return StrategyStarted(
            id=self.id,
            name=spec.name,
            class_name=spec.class_name,
            code_hash=spec.code_hash,
            params=spec.param_texts,
            account=account,
            instrument=wiring.instrument,
            capital=capital,
            series=wiring.series,
            nodes=wiring.nodes,
            on_tick=wiring.on_tick,
            schedules=[Schedule(each.hook, each.first_ns, each.every_ns, each.run_late) for each in wiring.schedules],
            entry_from=wiring.entry_from_ns,
            entry_until=wiring.entry_until_ns,
            flat_at=wiring.flat_at_ns,
            windows=wiring.windows_ns,
            together=wiring.together,
            group=min(self._group),
            rules=_rules(spec),
        )

    def _graph(self, core: CoreLike, series: list[int], nodes: list[int]) -> dict[str, object]:
        held: dict[str, object] = {}
        for bars, number in zip(self.spec.bars, series, strict=True):
            held[bars.name] = bars_handle(core, number, bars.timeframe_s)
        for handle in self.spec.handles:
            outputs = [(nodes[node], output) for node, output in handle.outputs]
            held[handle.name] = node_handle(core, handle.shape, outputs)
        if self.spec.session is not None:
            held[self.spec.session.name] = _session_times(self.spec.session)
        held |= {rules.name: rules for rules in (self.spec.limits, self.spec.guard) if rules is not None}
        return held

    def _kept(self, kept: Mapping[str, bytes]) -> tuple[dict[str, object], dict[str, object]]:
        """Trades and what is watched under names of their own, and State; of an earlier day only what outlives it."""
        declared = {each.name: each.daily for each in self.spec.states}
        trades: dict[str, object] = {}
        values: dict[str, object] = {}
        for name, packed in kept.items():
            session_date, value = state.decode(packed)
            is_handle = isinstance(value, dict)
            if session_date != self.spec.session_date and (declared.get(name, False) or is_handle):
                continue  # a new day: it starts anew, and a trade of an earlier day is no more
            (trades if is_handle and name not in declared else values)[name] = self._revived(value)
        return trades, values

    def _revived(self, value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(self._revived, value))
        if isinstance(value, dict):
            return self._handle(value)
        return value

    def _handle(self, kept: dict[str, Any]) -> object:
        if "structure" in kept:
            one, other = kept["structure"]
            return Structure(self._group, (tuple(one), tuple(other)))
        if "watch" in kept:
            return self._binding.late.again(msgspec.convert(kept["watch"], Recipe))
        return Trade(self._binding, kept["trade"])

    def _table(self, computed: list[ComputedSeries]) -> _Hooks:
        table: _Hooks = [None] * (max([_RECOVER_HOOK, *(hook.number for hook in self.spec.hooks)]) + 1)
        for hook in self.spec.hooks:
            method: Callable[..., object] = getattr(self.object, hook.function)
            if hook.kind == "together":
                method = _with_members(self._group, method)
            elif hook.kind == "event" and hook.function in _TRADE_HOOKS:
                method = _with_trade(self._binding, method)
            waits = hook.kind != "event" or hook.function == "on_tick"
            table[hook.number] = _when_ready(computed, method) if computed and waits else method
        for first in (_START_HOOK, _RECOVER_HOOK):
            table[first] = self._state.first(self._binding, self.object, table[first])
        return table

    def _wiring(self, instrument: int, series: list[int], nodes: list[int]) -> Wiring:
        hooks = self.spec.hooks
        of_bars = [(series[hook.bars], hook.number) for hook in hooks if hook.kind == "bars"]
        called = {number for number, _ in of_bars}
        session, midnight = self.spec.session, self.spec.day_start_ns
        windows = [(midnight + begin, midnight + end) for begin, end in session.windows_ns] if session else []
        return Wiring(
            instrument=instrument,
            series=of_bars + [(number, -1) for number in dict.fromkeys(series) if number not in called],
            nodes=list(dict.fromkeys(nodes)),
            on_tick=any(hook.number == _TICK_HOOK for hook in hooks),
            schedules=[self._schedule(hook) for hook in hooks if hook.kind in ("at", "every")],
            entry_from_ns=midnight + session.start_ns if session else midnight,
            entry_until_ns=midnight + session.last_entry_ns if session else self._end_ns(_ALWAYS_NS),
            flat_at_ns=midnight + session.flat_ns if session else self._end_ns(0),
            windows_ns=windows if len(windows) > 1 else [],
            together=[(series[hook.bars], hook.number) for hook in hooks if hook.kind == "together"],
        )

    def _end_ns(self, otherwise_ns: int) -> int:
        """When a strategy without hours closes a contract that ends."""
        return self.spec.day_start_ns + self.spec.ends_ns if self.spec.ends_ns else otherwise_ns

    def _schedule(self, hook: HookSpec) -> ScheduleWire:
        first_ns = self.spec.day_start_ns + hook.at_ns if hook.kind == "at" else self.spec.open_ns + hook.every_ns
        return ScheduleWire(hook.number, first_ns, hook.every_ns, hook.run_late)


def _rules(spec: Spec) -> StrategyRules:
    """What the class body limits; instances of one class on one account share what is shared."""
    limits = spec.limits or LimitsSpec(name="")
    return StrategyRules(
        group=spec.class_name if spec.limits else "",
        max_trades=limits.max_trades,
        cooldown=limits.cooldown_ns,
        max_positions=limits.max_positions,
        shared=_money(limits),
        own=_money(spec.guard or GuardSpec(name="")),
    )


def _money(rules: GuardSpec) -> MoneyRules:
    return MoneyRules(*(round(rupees * _ONE) for rupees in (rules.max_loss, rules.lock_at, rules.lock_keep)))


def _when_ready(computed: list[ComputedSeries], method: Callable[..., object]) -> Callable[..., object]:
    """A hook that waits for the strategy's own indicators: the kernel knows only its own."""

    def hook(*arguments: object) -> object:
        return method(*arguments) if all(series.ready for series in computed) else None

    return hook


def _with_trade(binding: Binding, method: Callable[[Trade], object]) -> Callable[..., object]:
    def hook(counter: int, part: int = 0) -> object:
        return method(Trade(binding, counter, part))

    return hook


def _with_members(group: Group, method: Callable[[tuple[Strategy, ...]], object]) -> Callable[[list[int]], object]:
    def hook(numbers: list[int]) -> object:
        return method(tuple(group[number] for number in numbers))

    return hook


def _session_times(session: SessionSpec) -> SessionTimes:
    windows = tuple((_time(begin), _time(end)) for begin, end in session.windows_ns)
    return SessionTimes(_time(session.start_ns), _time(session.last_entry_ns), _time(session.flat_ns), windows)


def _time(since_midnight_ns: int) -> datetime.time:
    minutes, second = divmod(since_midnight_ns // SECOND_NS, 60)
    return datetime.time(*divmod(minutes, 60), second)

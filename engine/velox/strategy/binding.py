"""What ties a strategy object to its place in the core: intents, state and the kernel's own figures."""

import datetime
import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from velox.errors import BadInput
from velox.market.calendar import IST
from velox.strategy import protect, state
from velox.strategy.clocktext import clock_ns
from velox.strategy.core import CoreLike, Number
from velox.strategy.late import Late
from velox.strategy.order import Order
from velox.strategy.params import nearest
from velox.strategy.parts import Part, PartSpec
from velox.strategy.parts import encode as parts_of
from velox.strategy.protect import ABSENT, Kind, Price, encode_trail
from velox.strategy.schedule import BarCount, ValidUntil
from velox.strategy.sizes import NO_SIZE, QUANTITY, Opening, Sized, encode
from velox.strategy.trade import Trade

__all__ = [
    "ACTION_GO",
    "ACTION_TRADE",
    "NEEDS_A_STOP",
    "NO_ORDER",
    "AddTerms",
    "Binding",
    "Terms",
    "judge_move",
    "judge_term",
]

NO_ORDER = 'submit(…) takes an Order, as in submit(Order(side="buy", qty=5, limit=99.5))'
NEEDS_A_STOP = "counts in r(…), the distance from the entry to its stop: add stop=, as in stop=pct(1)"

ACTION_GO, ACTION_TRADE, _STOP, _EXIT, _CANCEL, _ADD, _RESIZE, _TARGET = range(8)
_VALID_DEFAULT, _VALID_UNTIL, _VALID_BARS = range(3)
_PRICE, _PERCENT, _R_MULTIPLE = int(Kind.PRICE), int(Kind.PERCENT), int(Kind.R_MULTIPLE)
_LATE_KINDS = (_R_MULTIPLE, int(Kind.COST))  # known once the entry has filled
_ABOVE, _BELOW = 1, 2
_NO_TRIGGER: tuple[int, float] = (0, math.nan)
# How an entry comes about: size, limit and trigger; kinds and numbers in the core's order.
_Entry: TypeAlias = tuple[int, float, float, int, float]
_NO_ENTRY: _Entry = (*NO_SIZE, math.nan, *_NO_TRIGGER)
# What guards a position: stop, target, trail, parts that leave one by one.
_Guard: TypeAlias = tuple[int, float, int, float, int, float, tuple[PartSpec, ...]]
_UNGUARDED: _Guard = (*ABSENT, *ABSENT, *ABSENT, ())
_Life: TypeAlias = tuple[int, int]
_NO_LIFE: _Life = (_VALID_DEFAULT, 0)


class AddTerms(Opening, total=False):
    """How more of a position is sized and priced."""

    limit: Number | None
    above: Number | None
    below: Number | None
    valid_until: ValidUntil | None


class Terms(Opening, total=False):
    """How an entry is sized, priced and protected; everything has a name."""

    stop: Price | None
    target: Price | None
    trail: Price | None
    exits: Sequence[Part] | None
    limit: Number | None
    above: Number | None
    below: Number | None
    valid_until: ValidUntil | None


class Binding:
    """One strategy object's connection to the core."""

    __slots__ = (
        "_day_start_ns",
        "_go_serial",
        "_go_side",
        "core",
        "group",
        "held_back",
        "instance",
        "instrument",
        "late",
        "mode",
        "session_date",
    )

    def __init__(self, core: CoreLike, instance: int, instrument: int, day: tuple[int, int], mode: str) -> None:
        self.core = core
        self.group: Mapping[int, object] = {}  # the strategy objects that decide together, by their instances
        self.instance = instance
        self.instrument = instrument
        self.session_date, self._day_start_ns = day
        self.mode = mode
        self.late = Late(core, instance, {})
        self.held_back: dict[str, object] | None = None
        self._go_serial = -1
        self._go_side = 0

    def enter(self, word: str, action: int, side: int, terms: Terms) -> Trade:
        """Raise an intent that may open a position."""
        if action == ACTION_GO:
            self._note_target(word, side)
        # Hooks order in the hot path: most say how many units and nothing else.
        if len(terms) == 1 and type(units := terms.get("qty")) is int and units > 0:
            return Trade(self, self.core.intent(self.instance, action, self.instrument, side, QUANTITY, units))
        if not _TERMS.issuperset(terms):
            _refuse_unknown(word, terms, Terms.__annotations__)
        if "above" in terms or "below" in terms:
            _refuse_stop_limit(word, terms)
        return self._open(word, action, side, terms)

    def submit(self, order: Order) -> Trade:
        """Raise the intent of one order with all its fields."""
        if type(order) is not Order:
            raise BadInput(NO_ORDER)
        side = 1 if order.side == "buy" else -1
        terms: Terms = {name: value for name in _TERMS if (value := getattr(order, name, None)) is not None}  # type: ignore[assignment]
        if order.trigger is not None:
            terms["above" if side > 0 else "below"] = order.trigger
        return self._open("Order", ACTION_TRADE, side, terms)

    def _open(self, word: str, action: int, side: int, terms: Terms) -> Trade:
        stop, target, trail = terms.get("stop"), terms.get("target"), terms.get("trail")
        size = encode(word, terms, protected=stop is not None or trail is not None)
        entry, life = self._entry(word, size, terms)
        if stop is target is trail is None and "exits" not in terms:
            return self._raise(action, side, entry, life=life)
        stop_spec = ABSENT if stop is None else _protection("stop", stop)
        target_spec = ABSENT if target is None else _protection("target", target)
        trail_spec = ABSENT if trail is None else encode_trail(trail)
        exits = terms.get("exits")
        if exits is not None and target is not None:
            raise BadInput(f"{word}(…) has both target= and exits=; give every part its own target")
        parts = () if exits is None else parts_of(exits)
        if stop is None:
            _refuse_multiples(word, target_spec, trail_spec, parts)
        return self._raise(action, side, entry, (*stop_spec, *target_spec, *trail_spec, parts), life)

    def add(self, terms: AddTerms) -> Trade:
        """Raise the intent to hold more of what is held."""
        if not terms.keys() <= AddTerms.__annotations__.keys():
            _refuse_unknown("add", terms, AddTerms.__annotations__)
        _refuse_stop_limit("add", terms)
        entry, life = self._entry("add", encode("add", terms, protected=True), terms)
        return self._raise(_ADD, 0, entry, life=life)

    def resize(self, terms: Sized, trade: int = 0) -> Trade:
        """Raise the intent to hold as much as this."""
        if not terms.keys() <= Sized.__annotations__.keys():
            _refuse_unknown("resize", terms, Sized.__annotations__)
        size = encode("resize", terms, protected=True)
        return self._raise(_RESIZE, 0, (*size, math.nan, *_NO_TRIGGER), of=(trade, ""))

    def go_flat(self) -> Trade:
        """Raise the intent to hold nothing."""
        self._note_target("go_flat", 0)
        return self._raise(ACTION_GO, 0, _NO_ENTRY)

    def leave(self, reason: str, part: tuple[int, float] = NO_SIZE, trade: int = 0) -> Trade:
        """Raise the intent to leave the position, or a part of it."""
        return self._raise(_EXIT, 0, (*part, math.nan, *_NO_TRIGGER), of=(trade, reason))

    def move_target(self, price: Price, trade: int) -> Trade:
        """Raise the intent to move the target."""
        target = protect.encode("target_to", price)
        return self._raise(_TARGET, 0, _NO_ENTRY, (*ABSENT, *target, *ABSENT, ()), of=(trade, ""))

    def move_stop(self, price: Price, trade: int) -> Trade:
        """Raise the intent to move the stop."""
        stop = _new_stop(price)
        return self._raise(_STOP, 0, _NO_ENTRY, (*stop, *ABSENT, *ABSENT, ()), of=(trade, ""))

    def keep(self, name: str, value: object) -> None:
        """Journal a persistent value."""
        if self.held_back is not None:
            self.held_back[name] = value
        else:
            self.core.set_state(self.instance, name, state.encode(self.session_date, value))

    def now(self) -> datetime.datetime:
        """The kernel's time, IST."""
        seconds, ns = divmod(self.core.now_ns(), 1_000_000_000)
        return datetime.datetime.fromtimestamp(seconds, IST).replace(microsecond=ns // 1000)

    def _raise(
        self,
        action: int,
        side: int,
        entry: _Entry,
        guard: _Guard = _UNGUARDED,
        life: _Life = _NO_LIFE,
        of: tuple[int, str] = (0, ""),  # the trade that is meant, 0 for whatever is open, and why
    ) -> Trade:
        # One tuple is the call as it is; and its type keeps every place.
        call = (self.instance, action, self.instrument, side, *entry, *guard, *life, *of)
        return Trade(self, self.core.intent(*call))

    def _entry(self, word: str, size: tuple[int, float], terms: Terms | AddTerms) -> tuple[_Entry, _Life]:
        if len(terms) == 1:  # its size
            return (*size, math.nan, *_NO_TRIGGER), _NO_LIFE
        limit, until = terms.get("limit"), terms.get("valid_until")
        price = math.nan if limit is None else _level("limit", limit)
        trigger = _trigger(word, terms) if "above" in terms or "below" in terms else _NO_TRIGGER
        return (*size, price, *trigger), _NO_LIFE if until is None else _life(until, self._day_start_ns)

    def _note_target(self, word: str, side: int) -> None:
        serial = self.core.hook_serial()
        if serial == self._go_serial and side != self._go_side:
            self.core.log(self.instance, f"two different targets in one hook: the last one, {word}, counts")
        self._go_serial, self._go_side = serial, side


_TERMS = frozenset(Terms.__annotations__)


def _refuse_multiples(
    word: str, target: tuple[int, float], trail: tuple[int, float], parts: tuple[PartSpec, ...]
) -> None:
    of_parts = [kind for part in parts for kind in (part[1], part[3])]
    for name, kinds in (("target", [target[0]]), ("trail", [trail[0]]), ("exits", of_parts)):
        if Kind.R_MULTIPLE in kinds:
            raise BadInput(f"{word}({name}=…) {NEEDS_A_STOP}")


def _refuse_unknown(word: str, terms: Mapping[str, object], known: Mapping[str, object]) -> NoReturn:
    name = min(terms.keys() - known.keys())
    raise BadInput(f"{word}({name}=…) is not known: {nearest(name, known)}")


def _protection(word: str, price: Price) -> tuple[int, float]:
    kind, value = protect.encode(word, price)
    if word == "stop" and kind in _LATE_KINDS:
        raise BadInput(f"stop={price} is not known at the entry; give a price, pct(…), points(…) or 2 * self.atr")
    if word == "stop" and kind == _PERCENT and value >= 100:
        raise BadInput(f"stop={price} lies beyond the price itself")
    return kind, value


def _new_stop(price: Price) -> tuple[int, float]:
    stop = protect.encode("stop_to", price)
    if stop[0] == _R_MULTIPLE:
        raise BadInput("stop_to(r(…)) is not known; give a price, cost, pct(…) or points(…)")
    return stop


def _life(until: ValidUntil, day_start_ns: int) -> _Life:
    match until:
        case BarCount(count):
            return _VALID_BARS, count
        case datetime.datetime():
            if until.tzinfo is None:
                raise BadInput(f"valid_until={until} has no time zone; give a time of the day")
            return _VALID_UNTIL, int(until.timestamp()) * 1_000_000_000
        case datetime.time():
            text = until.isoformat("seconds")
        case _:
            text = until
    try:
        return _VALID_UNTIL, day_start_ns + clock_ns(text)
    except ValueError as error:
        raise BadInput(f"valid_until={error}, or give bars(3)") from None


def _level(word: str, price: Number) -> float:
    kind, value = protect.encode(word, price)
    if kind != _PRICE:
        raise BadInput(f"{word}={price} is a distance; give a price")
    return value


def _refuse_stop_limit(word: str, terms: Terms | AddTerms) -> None:
    if terms.get("limit") is not None and (terms.get("above") is not None or terms.get("below") is not None):
        hint = "the entry is limited at its trigger anyway, or use submit(Order(limit=…, trigger=…))"
        raise BadInput(f"{word}(…) has both limit= and a trigger; keep one: {hint}")


def _trigger(word: str, terms: Terms | AddTerms) -> tuple[int, float]:
    above, below = terms.get("above"), terms.get("below")
    if above is not None and below is not None:
        raise BadInput(f"{word}(…) waits for above= or for below=, not for both; use buy(above=…) and sell(below=…)")
    if above is not None:
        return _ABOVE, _level("above", above)
    return _NO_TRIGGER if below is None else (_BELOW, _level("below", below))


def judge_term(word: str, name: str, value: Any) -> None:
    """Refuse what no intent can be given under this name, in the words in which it would be refused as it is raised."""
    match name:
        case "qty" | "lots" | "notional" | "size":
            _ = encode(word, {name: value}, protected=True)
        case "min_lots":
            _ = encode(word, {"notional": 1, name: value}, protected=True)
        case "stop" | "target":
            _ = _protection(name, value)
        case "trail":
            _ = encode_trail(value)
        case "exits":
            _ = parts_of(value)
        case "limit" | "above" | "below" | "trigger":
            _ = _level(name, value)
        case "valid_until":
            _ = _life(value, 0)
        case _:
            pass


def judge_move(word: str, price: Any) -> None:
    """As `judge_term`, for where `stop_to` and `target_to` move a stop or a target."""
    _ = _new_stop(price) if word == "stop_to" else protect.encode(word, price)

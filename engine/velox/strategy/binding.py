"""What ties a strategy object to its place in the core: intents, state and the kernel's own figures."""

import datetime
import math
from typing import NoReturn, TypeAlias, TypedDict

from velox.errors import BadInput
from velox.market.calendar import IST
from velox.strategy import protect, state
from velox.strategy.clocktext import clock_ns
from velox.strategy.core import CoreLike, Number
from velox.strategy.params import nearest
from velox.strategy.protect import Kind, Pct, Price
from velox.strategy.schedule import BarCount, ValidUntil
from velox.strategy.sizes import RiskPct, RiskRupees, Size
from velox.strategy.trade import Trade

__all__ = ["ACTION_CANCEL", "ACTION_EXIT", "ACTION_GO", "ACTION_STOP", "ACTION_TRADE", "Binding", "Terms"]

ACTION_GO, ACTION_TRADE, ACTION_STOP, ACTION_EXIT, ACTION_CANCEL = range(5)
_SIZE_NONE, _SIZE_QUANTITY, _SIZE_RISK_PERCENT, _SIZE_RISK_RUPEES = range(4)
_VALID_DEFAULT, _VALID_UNTIL, _VALID_BARS = range(3)
_ABSENT = (int(Kind.PRICE), math.nan)
_NO_LIFE: tuple[int, int] = (_VALID_DEFAULT, 0)
# An intent beside what it does: size, limit, stop, target, trail, life, reason; kinds and numbers in the core's order.
_Parts: TypeAlias = tuple[int, float, float, int, float, int, float, int, float, int, int, str]
_NO_PARTS: _Parts = (_SIZE_NONE, math.nan, math.nan, *_ABSENT, *_ABSENT, *_ABSENT, *_NO_LIFE, "")


class Terms(TypedDict, total=False):
    """How an entry is sized, priced and protected; everything has a name."""

    qty: int
    size: Size
    stop: Price | None
    target: Price | None
    trail: Price | None
    limit: Number | None
    valid_until: ValidUntil | None


class Binding:
    """One strategy object's connection to the core."""

    __slots__ = (
        "_day_start_ns",
        "_go_serial",
        "_go_side",
        "core",
        "held_back",
        "instance",
        "instrument",
        "mode",
        "session_date",
    )

    def __init__(self, core: CoreLike, instance: int, instrument: int, day: tuple[int, int], mode: str) -> None:
        self.core = core
        self.instance = instance
        self.instrument = instrument
        self.session_date, self._day_start_ns = day
        self.mode = mode
        self.held_back: dict[str, object] | None = None
        self._go_serial = -1
        self._go_side = 0

    def enter(self, word: str, action: int, side: int, terms: Terms) -> Trade:
        """Raise an intent that may open a position."""
        if action == ACTION_GO:
            self._note_target(word, side)
        if not terms.keys() <= _TERMS:
            _refuse_unknown(word, terms)
        # Hooks order in the hot path: what was not given is not looked at twice.
        stop, target, trail = terms.get("stop"), terms.get("target"), terms.get("trail")
        stop_spec = _ABSENT if stop is None else _protection("stop", stop)
        target_spec = _ABSENT if target is None else _protection("target", target)
        trail_spec = _ABSENT if trail is None else _trail(trail)
        size = _size(word, terms, protected=stop is not None or trail is not None)
        limit, until = terms.get("limit"), terms.get("valid_until")
        price = math.nan if limit is None else _limit(limit)
        life: tuple[int, int] = _NO_LIFE if until is None else self._life(until)
        return self._raise(action, side, (*size, price, *stop_spec, *target_spec, *trail_spec, *life, ""))

    def go_flat(self) -> Trade:
        """Raise the intent to hold nothing."""
        self._note_target("go_flat", 0)
        return self._raise(ACTION_GO, 0, _NO_PARTS)

    def leave(self, reason: str) -> Trade:
        """Raise the intent to leave the position."""
        return self._raise(
            ACTION_EXIT, 0, (_SIZE_NONE, math.nan, math.nan, *_ABSENT, *_ABSENT, *_ABSENT, *_NO_LIFE, reason)
        )

    def move_stop(self, price: Price) -> Trade:
        """Raise the intent to move the stop."""
        stop = protect.encode("stop_to", price)
        if stop[0] == Kind.R_MULTIPLE:
            raise BadInput("stop_to(r(…)) is not known; give a price, cost, pct(…) or points(…)")
        return self._raise(ACTION_STOP, 0, (_SIZE_NONE, math.nan, math.nan, *stop, *_ABSENT, *_ABSENT, *_NO_LIFE, ""))

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

    def _raise(self, action: int, side: int, parts: _Parts) -> Trade:
        return Trade(self, self.core.intent(self.instance, action, self.instrument, side, *parts))

    def _note_target(self, word: str, side: int) -> None:
        serial = self.core.hook_serial()
        if serial == self._go_serial and side != self._go_side:
            self.core.log(self.instance, f"two different targets in one hook: the last one, {word}, counts")
        self._go_serial, self._go_side = serial, side

    def _life(self, until: ValidUntil) -> tuple[int, int]:
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
            return _VALID_UNTIL, self._day_start_ns + clock_ns(text)
        except ValueError as error:
            raise BadInput(f"valid_until={error}, or give bars(3)") from None


_TERMS = frozenset(Terms.__annotations__)


def _refuse_unknown(word: str, terms: Terms) -> NoReturn:
    name = min(terms.keys() - _TERMS)
    raise BadInput(f"{word}({name}=…) is not known: {nearest(name, Terms.__annotations__)}")


def _protection(word: str, price: Price) -> tuple[int, float]:
    kind, value = protect.encode(word, price)
    if word == "stop" and kind in (Kind.R_MULTIPLE, Kind.COST):
        raise BadInput(f"stop={price} is not known at the entry; give a price, pct(…), points(…) or 2 * self.atr")
    if word == "stop" and isinstance(price, Pct) and price.percent >= 100:
        raise BadInput(f"stop={price} lies beyond the price itself")
    return kind, value


def _trail(price: Price) -> tuple[int, float]:
    kind, value = protect.encode("trail", price)
    if kind == Kind.COST:
        raise BadInput("trail=cost is no distance; give pct(…), points(…) or 2 * self.atr")
    # A trail is always a distance: a plain number means rupees.
    return (Kind.POINTS if kind == Kind.PRICE else kind), value


def _limit(price: Number) -> float:
    kind, value = protect.encode("limit", price)
    if kind != Kind.PRICE:
        raise BadInput(f"limit={price} is a distance; give a price")
    return value


def _size(word: str, terms: Terms, *, protected: bool) -> tuple[int, float]:
    quantity, size = terms.get("qty"), terms.get("size")
    if (quantity is None) == (size is None):
        raise BadInput(f"{word}(…) needs either qty= or size=, as in size=risk_pct(0.5)")
    if quantity is not None:
        # `__index__` is what whole numbers of any library have; True has it too and is none.
        whole = type(quantity) is int or (not isinstance(quantity, bool) and hasattr(quantity, "__index__"))
        if not whole or quantity < 1:
            raise BadInput(f"{word}(qty={quantity!r}): a quantity is a whole number from 1")
        return _SIZE_QUANTITY, float(quantity)
    if not isinstance(size, RiskPct | RiskRupees):
        raise BadInput(f"{word}(size={size!r}): a size is risk_pct(…) or risk_rupees(…); for a number use qty=")
    if not protected:
        raise BadInput(f"{word}(size={size}) needs a stop: add stop= or trail=, the size follows from it")
    if isinstance(size, RiskPct):
        return _SIZE_RISK_PERCENT, size.percent
    return _SIZE_RISK_RUPEES, size.rupees

"""A strategy made ready for one day: every name resolved, every time a number, nothing left to ask."""

import msgspec

__all__ = [
    "LENGTHS_S",
    "BarsSpec",
    "GuardSpec",
    "HandleSpec",
    "HookSpec",
    "LimitsSpec",
    "NodeSpec",
    "Recipe",
    "SessionSpec",
    "Spec",
    "StateSpec",
]

# Candles that are kept of every instrument of a demo, and where hooks do not tell which they will ask for.
LENGTHS_S = (60, 300, 900)


class BarsSpec(msgspec.Struct, frozen=True):
    """Candles that the strategy watches, of what it trades or of another instrument."""

    name: str
    symbol: str
    timeframe_s: int
    ready_after: int  # closed candles until all nodes on them have a value and a previous one
    warmup: int  # closed candles of earlier days to ask for, so that smoothed values have settled
    without_preopen: bool = False  # whether the first candle of a day leaves the pre-open out


class NodeSpec(msgspec.Struct, frozen=True):
    """An indicator on one of the candles.

    A source is a field of them (`close`), `bars:1:close` of others, `node:3:0` an output of an earlier node, or
    `number:2.5`; the numbers are places in Spec.bars and Spec.nodes.
    """

    name: str
    bars: int  # place in Spec.bars
    source: str
    kind: str
    params: tuple[float, ...]
    second: str = ""


class HandleSpec(msgspec.Struct, frozen=True):
    """An attribute that reads nodes: the shape of what it is, and its outputs as (place in Spec.nodes, output)."""

    name: str
    shape: str
    outputs: tuple[tuple[int, int], ...]


class HookSpec(msgspec.Struct, frozen=True):
    """A method that the kernel calls: `kind` is event, bars, together, at or every."""

    number: int
    kind: str
    function: str
    bars: int = -1  # place in Spec.bars
    at_ns: int = 0  # since IST midnight
    every_ns: int = 0
    run_late: bool = False


class Recipe(msgspec.Struct, frozen=True):
    """What a hook watches, from which a restart finds it again.

    The shape is `bars`, `field`, or that of a node's handle; of the nodes, places in `bars` count.
    """

    bars: tuple[tuple[str, int, bool], ...]  # (instrument, length in seconds, whether without the pre-open)
    nodes: tuple[NodeSpec, ...]
    shape: str
    outputs: tuple[tuple[int, int], ...] = ()  # (place in nodes, output)
    field: str = ""


class SessionSpec(msgspec.Struct, frozen=True):
    """The entry windows [from, until) and the square-off, ns since IST midnight."""

    name: str
    windows_ns: list[tuple[int, int]]
    flat_ns: int

    @property
    def start_ns(self) -> int:
        """When the first window begins."""
        return self.windows_ns[0][0]

    @property
    def last_entry_ns(self) -> int:
        """When the last window ends."""
        return self.windows_ns[-1][1]


class StateSpec(msgspec.Struct, frozen=True):
    """A persistent value and whether it starts anew every day."""

    name: str
    default: object
    daily: bool


class GuardSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Money rules of the day in rupees; 0 for none."""

    name: str
    max_loss: float = 0.0
    lock_at: float = 0.0
    lock_keep: float = 0.0


class LimitsSpec(GuardSpec, frozen=True, kw_only=True):
    """The same for all instances of the class together, with limits on trading; 0 for none."""

    max_trades: int = 0
    cooldown_ns: int = 0
    max_positions: int = 0


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that starting an instance takes; `warnings` are for the user's eyes only."""

    name: str
    group: str  # the strategy's name: that of the instance, or of all its instances where it has several symbols
    class_name: str  # module:class
    doc: str
    file: str
    code_hash: str
    session_date: int
    day_start_ns: int
    open_ns: int
    symbol: str
    params: dict[str, object]
    contracts: dict[str, str] = {}  # the day's, by the attributes that name them by their place
    rolls: bool = False  # whether another contract may be traded on another day
    ends_ns: int = 0  # when all must be closed since the contract ends, ns since IST midnight; 0 on other days
    bars: list[BarsSpec]
    nodes: list[NodeSpec]
    handles: list[HandleSpec]
    hooks: list[HookSpec]
    session: SessionSpec | None
    states: list[StateSpec]
    limits: LimitsSpec | None = None
    guard: GuardSpec | None = None
    warnings: list[str]
    late_names: list[str] = []  # attributes that hooks give what they watch
    late_s: list[int] = []  # lengths of candles, seconds, that hooks may watch; empty where none watches
    late_without_preopen: bool = False  # whether hooks may watch them without the pre-open as well

    @property
    def symbols(self) -> set[str]:
        """Every instrument that it trades or watches."""
        return {self.symbol, *(bars.symbol for bars in self.bars)}

    @property
    def decides_together(self) -> bool:
        """Whether a hook of it decides for all its symbols."""
        return any(hook.kind == "together" for hook in self.hooks)

    @property
    def param_texts(self) -> list[tuple[str, str]]:
        """The parameters as a journal keeps them."""
        return [(name, str(value)) for name, value in self.params.items()]

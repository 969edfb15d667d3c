"""Reader of raw Binance spot messages: a JSON message a line, as a recorder of its sockets writes them.

A line may begin with the recorder's own time in ns. Trades become ticks with the best bid and ask of the last
`bookTicker` before them; volume is the running sum of their quantities. Trade ids are the exchange's own order: the
files of one day are joined by them, a trade that comes twice counts once, and ids that are missing are told. Depth is
read over.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import polars as pl

from velox.errors import BadInput
from velox.market.venues import offset_ns
from velox.research.catalog import Catalog, Entry
from velox.research.decimals import scaled_column
from velox.research.findings import Finding, Findings
from velox.research.unpack import members
from velox_core import VOLUME_MAX

__all__ = ["MessageOutcome", "Messages", "import_messages", "read_messages"]

_EXCHANGE = "BINANCE"
_PRICE_DECIMALS = 8
_QUANTITY_DECIMALS = 8
_MICROSECONDS_FROM = 10**15  # a time of more digits is in µs: the stream was asked for such
_SYMBOL = re.compile(r"[A-Z0-9]+")
_SHOWN_MAX = 80
# Message fields in the order of the columns that they become.
_TRADE = {
    "line": pl.Int64,
    "symbol": pl.String,
    "id": pl.Int64,
    "time": pl.Int64,
    "price": pl.String,
    "last_qty": pl.String,
}
_BOOK = {"bid": pl.String, "bid_qty_1": pl.String, "ask": pl.String, "ask_qty_1": pl.String}


class _Message(msgspec.Struct):
    """Every field of a trade or a best quote; other messages have some of them in other shapes."""

    e: str = ""
    s: str = ""
    t: int = 0
    T: int = 0
    p: str = ""
    q: str = ""
    b: str | list[list[str]] = ""
    B: str = ""
    a: str | list[list[str]] = ""
    A: str = ""


class _Line(_Message):
    """A message by itself, or wrapped with the name of its stream."""

    data: _Message | None = None


class Messages(msgspec.Struct, frozen=True):
    """The trades of one file in the order of their lines; `others` counts messages that are neither trade nor quote."""

    name: str
    trades: pl.DataFrame
    quotes: int
    others: int
    findings: Findings


class MessageOutcome(msgspec.Struct, frozen=True):
    """One instrument's day as stored, or a file of which nothing was taken."""

    name: str
    entry: Entry | None
    findings: list[Finding]
    fault: str = ""

    @property
    def sentence(self) -> str:
        """For people."""
        if self.entry is None:
            return f"{self.name}: {self.fault}"
        entry = self.entry
        first, last = (dt.datetime.fromtimestamp(ns // 10**9, dt.UTC) for ns in (entry.first_ns, entry.last_ns))
        return (
            f"{self.name}: {entry.instrument} {entry.day} (UTC), {entry.rows:,} trades from {first:%H:%M:%S} "
            f"to {last:%H:%M:%S}, {entry.rejects:,} lines or trades left out"
        )


def read_messages(path: Path) -> Messages:
    """Read one file; a line that is no message is counted, a file without one is refused."""
    decoder = msgspec.json.Decoder(_Line)
    rows: list[tuple[object, ...]] = []
    best: dict[str, tuple[str, str, str, str]] = {}
    findings = Findings()
    quotes = others = 0
    for member in members(path):
        lines = member.content.splitlines()
        for number, line in enumerate(lines, 1):
            if not (text := line.strip()):
                continue
            start = text.find(b"{")
            try:
                told = decoder.decode(text[max(start, 0) :])
            except (msgspec.DecodeError, UnicodeDecodeError):
                findings.add("the line is no message", [(number, text[:_SHOWN_MAX].decode("utf-8", "replace"))])
                continue
            message = told.data or told
            if message.e == "trade":
                book = best.get(message.s, ("", "", "", ""))
                rows.append((number, message.s, message.t, message.T, message.p, message.q, *book))
            elif isinstance(message.b, str) and message.b and isinstance(message.a, str):
                best[message.s] = (message.b, message.B, message.a, message.A)
                quotes += 1
            else:
                others += 1
        if member.cut:
            findings.add("the packed file is damaged from here on", [(len(lines) + 1, "")])
    if not rows:
        raise BadInput(
            f"{path} holds no trade of Binance: {quotes + others:,} other messages, {findings.rejects:,} broken lines"
        )
    frame = pl.DataFrame(rows, schema={**_TRADE, **_BOOK}, orient="row")
    return Messages(path.name, _checked(frame, findings), quotes, others, findings)


def import_messages(
    files: Sequence[Path], catalog: Catalog, done: Callable[[], None] = lambda: None
) -> list[MessageOutcome]:
    """Read all files and store each instrument's day; only when no file has a trade the import is refused."""
    read: list[Messages] = []
    outcomes: list[MessageOutcome] = []
    for path in files:
        try:
            read.append(read_messages(path))
        except BadInput as error:
            if len(files) == 1:
                raise
            outcomes.append(MessageOutcome(path.name, None, [], str(error)))
        done()
    parts: dict[tuple[str, dt.date], list[tuple[Messages, pl.DataFrame]]] = {}
    for messages in read:
        for (symbol, day), trades in messages.trades.partition_by("symbol", "day", as_dict=True).items():
            parts.setdefault((symbol, day), []).append((messages, trades))
    if not parts:
        raise BadInput(f"nothing was imported: none of the {len(files)} files holds a trade of Binance")
    told: set[str] = set()  # a file's own faults are told with the first day that it gives
    for (symbol, day), given in sorted(parts.items()):
        outcomes.append(_store(catalog, f"{_EXCHANGE}:{symbol}", day, given, told))
    return outcomes


def _store(
    catalog: Catalog, name: str, day: dt.date, given: list[tuple[Messages, pl.DataFrame]], told: set[str]
) -> MessageOutcome:
    given.sort(key=lambda pair: (int(pair[1]["id"].item(0)), pair[0].name))
    findings = Findings()
    for messages, _ in given:
        if messages.name not in told:
            told.add(messages.name)
            findings.take_over(messages.findings, messages.name)
    trades = pl.concat([frame for _, frame in given])
    trades = findings.take_out(trades, ~pl.col("id").is_first_distinct(), "a trade given twice")
    _note_gaps(trades, findings)
    decimals = _decimals(name, day, trades)
    unit = 10 ** (_QUANTITY_DECIMALS - decimals)
    quantities = [(pl.col(column) // unit).alias(column) for column in ("last_qty", "bid_qty_1", "ask_qty_1")]
    trades = trades.with_columns(quantities)
    volume = pl.col("last_qty").cum_sum().alias("volume")
    ticks = trades.select("ts_ns", "price", volume, pl.int_range(pl.len()).alias("row"), "last_qty", *_BOOK)
    sources = " ".join(messages.name for messages, _ in given)
    entry = Entry(
        instrument=name,
        day=day,
        source=sources,
        rejects=findings.rejects,
        quantity_decimals=decimals,
    )
    return MessageOutcome(sources, catalog.store(entry, ticks), findings.all)


def _decimals(name: str, day: dt.date, trades: pl.DataFrame) -> int:
    """As many as the exchange writes; fewer where the day's sum would be more than the kernel believes."""
    total = sum(trades["last_qty"].to_list())
    for decimals in range(_QUANTITY_DECIMALS, -1, -1):
        unit = 10 ** (_QUANTITY_DECIMALS - decimals)
        if trades.select((pl.col("last_qty") % unit != 0).any()).item():
            break
        if total // unit <= VOLUME_MAX:
            return decimals
    raise BadInput(f"{name} of {day}: its volume has more digits than can be kept exactly")


def _note_gaps(trades: pl.DataFrame, findings: Findings) -> None:
    """Tell of ids that are missing, and of trades that came after later ones."""
    step = pl.col("id").diff()
    shown = pl.format("{} after {}", "id", pl.col("id").shift(1)).alias("shown")
    frame = trades.drop("shown").with_columns(shown, step.alias("step"))
    missing = int(frame.filter(pl.col("step") > 1).select((pl.col("step") - 1).sum()).item() or 0)
    findings.note(frame, pl.col("step") > 1, f"trade ids are missing ({missing:,} trades)")
    findings.note(frame, pl.col("step") < 0, "a trade after one of a later id; the guard judges its time")


def _checked(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """The trades with exact integers, each with its day."""
    shown = pl.format("{} {} {} {}", "symbol", "id", "price", "last_qty").alias("shown")
    unit_ns = pl.when(pl.col("time") >= _MICROSECONDS_FROM).then(1_000).otherwise(1_000_000)
    ts_ns = pl.when(pl.col("time") > 0).then(pl.col("time") * unit_ns)
    texts = {name: frame[name] for name in ("price", "last_qty", *_BOOK)}
    decimals = {name: _PRICE_DECIMALS if name in ("price", "bid", "ask") else _QUANTITY_DECIMALS for name in texts}
    numbers = [scaled_column(text, decimals[name]).alias(name) for name, text in texts.items()]
    frame = frame.select("line", "symbol", "id", shown, ts_ns.alias("ts_ns")).with_columns(numbers)
    frame = frame.with_columns(pl.col(*_BOOK).fill_null(0))
    day = pl.from_epoch(pl.col("ts_ns") + offset_ns(f"{_EXCHANGE}:"), time_unit="ns").dt.date()
    frame = frame.with_columns(day.alias("day"))
    frame = findings.take_out(frame, ~pl.col("symbol").str.contains(f"^(?:{_SYMBOL.pattern})$"), "no symbol of Binance")
    frame = findings.take_out(frame, pl.col("ts_ns").is_null(), "a trade without its time")
    for name in ("price", "last_qty"):
        frame = findings.take_out(frame, pl.col(name).is_null(), f"{name} is no number of at most 8 decimals")
    return frame

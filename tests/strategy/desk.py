"""A strategy on the real kernel: ticks go in as packets, the tests look at what its hooks saw and did."""

import datetime
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

import velox_core
from velox.events import AccountDef, Command, CommandKind, HistoryBar, Kind, SameInstrument, encode
from velox.journal import Verdict
from velox.market import facts as market_facts
from velox.market.calendar import IST
from velox.market.instruments import InstrumentBook, definition
from velox.strategy.base import Strategy
from velox.strategy.compile import compile_members, compile_strategy
from velox.strategy.host import Group, Instance

ONE = 100_000_000
DAY = datetime.date(2026, 7, 15)
CAPITAL = 1_000_000 * ONE


class Desk:
    """One engine's core on the generated day's date, on paper, with the instruments that its strategies trade."""

    def __init__(self, journal: Path | None = None, *, same_instrument: SameInstrument = SameInstrument.REFUSE) -> None:
        self.facts = market_facts.load(DAY)
        self.book = InstrumentBook.offline()
        self.core = velox_core.Core(journal)
        self.faults: list[tuple[int, BaseException]] = []
        self.instances: list[Instance] = []
        self._volume = 0
        self._row = 0
        self._journal = journal
        self._put(Kind.FACTS_LOADED, self.facts.loaded)
        names = ("NSE:RELIANCE", "NSE:INFY", "NSE:TCS")
        for number, name in enumerate(names):
            self._put(
                Kind.INSTRUMENT_DEF, definition(self.book[name], self.facts, id=number, reference_price=100 * ONE)
            )
        account = AccountDef(
            0, "paper", "", "paper", CAPITAL, 2_000_000_000, 1, 0, False, 2_000_000_000, same_instrument
        )
        self._put(Kind.ACCOUNT_DEF, account)
        self.core.on_fault(self._fault)

    def start_group(self, cls: type[Strategy], **params: str) -> list[Any]:
        """Start an instance for each symbol; what comes back are the strategy's objects in their order."""
        specs = compile_members(cls, params, self.facts, self.book, name=f"s{len(self.instances)}")
        group: Group = {}
        made = [Instance(self.core, len(self.instances) + k, spec, cls, None, group) for k, spec in enumerate(specs)]
        self.instances += made
        for instance in made:
            self.core.attach(instance.id, instance.hooks)
            self._put(Kind.STRATEGY_STARTED, instance.started(CAPITAL))
        return list(group.values())

    def start(self, cls: type[Strategy], kept: Mapping[str, bytes] | None = None, **params: str) -> Any:
        """Start an instance; what comes back is the strategy's object."""
        spec = compile_strategy(cls, params, self.facts, self.book, name=f"s{len(self.instances)}")
        instance = Instance(self.core, len(self.instances), spec, cls, kept)
        self.instances.append(instance)
        self.core.attach(instance.id, instance.hooks)
        self._put(Kind.STRATEGY_STARTED, instance.started(CAPITAL))
        return instance.object

    def attach(self, cls: type[Strategy], kept: Mapping[str, bytes]) -> Any:
        """Tie the next instance to one that the core knows already, as after a restart."""
        spec = compile_strategy(cls, {}, self.facts, self.book, name=f"s{len(self.instances)}")
        instance = Instance(self.core, len(self.instances), spec, cls, kept)
        self.instances.append(instance)
        self.core.attach(instance.id, instance.hooks)
        return instance.object

    def tick(self, at: str, price: float, name: str = "NSE:RELIANCE", *, verdict: Verdict = Verdict.APPLIED) -> None:
        """A trade of ten units at this time."""
        self._row += 1
        self._volume += 10
        ts_ms = self.ns(at) // 1_000_000
        head = struct.pack("<BB25sqqq", 2, 1, self.book[name].token.encode(), self._row, ts_ms, round(price * 100))
        tail = struct.pack("<qqqdd4q", 10, 0, self._volume, 0.0, 0.0, 0, 0, 0, 0)
        found = self.core.ingest(head + tail, 0)
        assert found == verdict, f"verdict {found} at {at}"

    def candles(self, first: str, prices: list[float], *names: str) -> None:
        """A trade at each third of a minute, one price a minute, in each of the instruments."""
        begin = datetime.datetime.combine(DAY, datetime.time.fromisoformat(first))
        for place, price in enumerate(prices):
            for second in (0, 20, 40):
                at = (begin + datetime.timedelta(minutes=place, seconds=second)).time().isoformat()
                for name in names or ("NSE:RELIANCE",):
                    self.tick(at, price, name)

    def history(self, series: int, closes: list[float]) -> None:
        """Candles of the day before, the last one at its end."""
        for place, close in enumerate(closes, 1 - len(closes)):
            ts_open = self.ns("15:29:00") - 86_400 * 1_000_000_000 + place * 60 * 1_000_000_000
            price = round(close * ONE)
            self._put(Kind.HISTORY_BAR, HistoryBar(series, ts_open, price, price, price, price, 10, 1))

    def command(self, kind: CommandKind) -> None:
        """What an operator orders."""
        self._put(Kind.COMMAND, Command(kind, "me", kind.name, "", "", -1, ""))

    def logged(self) -> list[str]:
        """What the strategies logged; ends the core."""
        return [record[2] for record in self._records(Kind.USER_VALUE)]

    def codes(self) -> set[str]:
        """Codes of what strategies must be told; ends the core."""
        return {record[1] for record in self._records(Kind.STRATEGY_EVENT)} | {
            record[2] for record in self._records(Kind.RISK_VERDICT)
        }

    def reasons(self) -> list[str]:
        """Why strategies were stopped; ends the core."""
        return [record[2] for record in self._records(Kind.STRATEGY_STOPPED)]

    def _records(self, kind: Kind) -> list[list[Any]]:
        assert self._journal is not None, "only a journal on disk can be read"
        self.core.close()
        rows = velox_core.JournalReader(self._journal)
        return [msgspec.msgpack.decode(payload) for _, _, _, number, _, payload in rows if number == kind]

    def summary(self, place: int = 0) -> dict[str, Any]:
        """What the kernel tells of one strategy."""
        told: dict[str, Any] = self.core.summary()["strategies"][place]
        return told

    def ns(self, at: str) -> int:
        """The moment of a time of the day."""
        moment = datetime.datetime.combine(DAY, datetime.time.fromisoformat(at), IST)
        return int(moment.timestamp() * 1000) * 1_000_000

    def _put(self, kind: Kind, record: msgspec.Struct) -> None:
        self.core.input(kind, encode(record))

    def _fault(self, instance: int, error: BaseException) -> str:
        self.faults.append((instance, error))
        return f"{type(error).__name__}: {error}"

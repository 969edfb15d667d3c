"""A day by Kite's messages is the day by SMART packets: same verdicts, candles, decisions."""

import itertools
import struct
from pathlib import Path

import msgspec
import pytest
from tests.feeds import kite
from tests.journal import made

import velox_core
from velox import events
from velox.events import Kind
from velox.feeds.packets import DayEncoder, PacketInstrument
from velox.research.days import DayRows

_TOKENS = (2885, 11536, 1594)  # nobody defines the third
_FIELDS = ("open", "high", "low", "close", "volume")


class _Day(made.MadeDay):
    """The made-up day with tokens that the exchange could have given, in whole seconds or not, by either feed."""

    whole_seconds = True

    def rows(self) -> DayRows:
        """As Kite tells them: it knows no part of a second."""
        rows = super().rows()
        if not self.whole_seconds:
            return rows
        return msgspec.structs.replace(rows, ts_ns=rows.ts_ns // made.SECOND * made.SECOND)

    def by_smart(self) -> None:
        """One packet a frame."""
        packets = DayEncoder(self.rows(), [PacketInstrument(str(token)) for token in _TOKENS]).packets(slice(None))
        self.core.ingest_block(packets.tobytes(), packets.shape[1], made.RECEIVED_NS)

    def by_kite(self, packets: int) -> int:
        """So many packets a message, with a heart-beat after each; gives the number of ticks."""
        ticks = 0
        for message in kite.messages(self.rows(), _TOKENS, packets):
            ticks += self.core.ingest_kite(message, made.RECEIVED_NS)
            assert self.core.ingest_kite(b"\0", made.RECEIVED_NS) == 0
        return ticks

    def candles(self) -> list[tuple[float, ...]]:
        """Every candle of the day of both instruments, newest first."""
        out: list[tuple[float, ...]] = []
        for number in (0, 1):
            columns = [self.core.field(self.core.watch(number, 60), field) for field in _FIELDS]
            candles = (tuple(column[back] for column in columns) for back in range(self.ticks))
            out += itertools.takewhile(lambda candle: candle[0] > 0, candles)
        return out


@pytest.fixture(autouse=True)
def _tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "TOKENS", tuple(map(str, _TOKENS)))


def _begun(path: Path) -> _Day:
    day = _Day(path)
    day.define()
    day.put(Kind.SESSION_MARK, events.SessionMark(events.MarkKind.FEED_UP, day.facts.open_ns, "connected"))
    return day


def _ended(day: _Day) -> str:
    day.finish()
    day.core.close()
    return velox_core.decisions_hash(day.path)


@pytest.mark.parametrize("packets", [1, 7, 600])
def test_both_feeds_give_the_same_candles_and_the_same_decisions(tmp_path: Path, packets: int) -> None:
    smart, kite_day = _begun(tmp_path / "smart"), _begun(tmp_path / "kite")
    smart.by_smart()
    assert kite_day.by_kite(packets) == smart.ticks
    assert kite_day.candles() == smart.candles()
    assert len(smart.candles()) > 8
    assert kite_day.core.verdicts() == smart.core.verdicts()
    assert {name for name, count in smart.core.verdicts() if count} > {"applied", "unknown", "wrong_day"}
    assert kite_day.core.summary()["undecodable"] == 0
    assert sum(strategy["fills"] for strategy in kite_day.core.summary()["strategies"]) > 0
    assert _ended(kite_day) == _ended(smart)


def test_parts_of_a_second_do_not_change_a_candle(tmp_path: Path) -> None:
    smart, kite_day = _begun(tmp_path / "smart"), _begun(tmp_path / "kite")
    smart.whole_seconds = kite_day.whole_seconds = False
    smart.by_smart()
    kite_day.by_kite(5)
    assert kite_day.candles() == smart.candles()
    assert len(smart.candles()) > 8


def test_an_index_is_not_the_share_of_the_same_token(tmp_path: Path) -> None:
    day = _begun(tmp_path)
    share = next(record for _, record in day.inputs if isinstance(record, events.InstrumentDef))
    twin = msgspec.structs.replace(share, id=2, name="NSE:TWIN", token="1001")
    day.put(Kind.INSTRUMENT_DEF, twin)
    day.put(Kind.INSTRUMENT_DEF, msgspec.structs.replace(twin, id=3, name="NSE:NIFTY", kind=0))
    told_s = day.facts.open_ns // made.SECOND
    index = struct.pack(">8I", 256_265, 10_000, 10_100, 9_900, 9_950, 9_800, 0, told_s)
    assert day.core.ingest_kite(struct.pack(">HH", 1, len(index)) + index, 0) == 1
    assert day.core.markets()[3]["last"] == 100.0
    assert day.core.markets()[2]["exch_ns"] == 0
    day.core.close()


def test_what_is_no_packet_or_tells_no_time_is_counted_and_changes_nothing(tmp_path: Path) -> None:
    day = _begun(tmp_path)
    (good,) = kite.messages(msgspec.structs.replace(day.rows(), **_first_row(day)), _TOKENS, 1)
    without_time = struct.pack(">HHII", 1, 8, 2885 * 256 + 1, 10_000)
    before = day.core.as_of()
    for message in (b"", without_time, good[:-1], struct.pack(">HH4x", 1, 4)):
        assert day.core.ingest_kite(message, 0) == 0
    assert day.core.summary()["undecodable"] == 4
    assert day.core.as_of() == before
    mixed = b"\0\4" + without_time[2:] + b"\0\1\7" + good[2:] + b"\0\x99"
    assert day.core.ingest_kite(mixed, 0) == 1
    assert day.core.summary()["undecodable"] == 7
    assert day.core.markets()[0]["last"] == day.rows().price[0] / made.ONE
    day.core.close()


def _first_row(day: _Day) -> dict[str, object]:
    rows = day.rows()
    return {name: getattr(rows, name)[:1] for name in ("inst", "ts_ns", "place_ns", "price", "volume", "last_qty")}

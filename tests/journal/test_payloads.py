"""The journal's kinds and payloads as Python names them: exactly what the core reads and writes."""

import re
import struct
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.journal import made

import velox_core
from velox import events, journal
from velox.events import Kind
from velox.feeds.packets import LTP, QUOTE
from velox.journal import payloads

# Kinds that have their place in the format and that no program writes yet.
UNWRITTEN = {Kind.BOOK_SNAPSHOT, Kind.FUNDS, Kind.MARGIN_QUOTE, Kind.AUDIT_ANCHOR}
RARE = {
    Kind.OUTPUT_HASH,  # one for each 4,096 decisions
    Kind.BROKER_REPLY,
    Kind.BROKER_REQUEST,
    Kind.CANDLE_OPEN,  # of days that have no ticks
    Kind.CANDLE_RANGE,
    Kind.DELIVERY,  # of shares that are kept over a day
    Kind.STRUCTURE,  # of groups that decide together
    Kind.CORPORATE_ACTION,
    Kind.ACTION_BOOKED,
    Kind.NETTED,  # of accounts that say so
}


def rust_structs(root: Path) -> dict[str, list[str]]:
    """Fields by struct, in the order in which they stand in the core's source."""
    text = "".join(path.read_text() for path in sorted((root / "velox_core/src/record").rglob("*.rs")))
    found = re.findall(r"pub struct (\w+)(?:<'a>)? \{\n(.*?)\n\}", text, re.S)
    return {name: re.findall(r"^    pub (\w+):", body, re.M) for name, body in found}


def python_structs() -> dict[str, type[msgspec.Struct]]:
    named = {name: getattr(events, name) for name in events.__all__}
    return {name: cls for name, cls in named.items() if isinstance(cls, type) and issubclass(cls, msgspec.Struct)}


def test_kinds_are_those_of_the_core() -> None:
    told = [(number, name, decision) for number, name, decision in velox_core.record_kinds()]
    ours = [(kind.value, "".join(word.title() for word in kind.name.split("_")), kind >= 128) for kind in Kind]
    assert told == ours


def test_every_struct_has_the_fields_of_the_core_in_its_order(root: Path) -> None:
    rust, ours = rust_structs(root), python_structs()
    renamed = {"class_name": "class"}
    fields = {name: [renamed.get(each, each) for each in cls.__struct_fields__] for name, cls in ours.items()}
    assert {name: rust.get(name) for name in ours} == fields


def test_every_kind_with_a_payload_has_its_struct() -> None:
    opaque = {Kind.SNAPSHOT, Kind.OUTPUT_HASH} | UNWRITTEN
    assert set(payloads._DECODERS) == set(Kind) - opaque


def test_a_small_day_holds_every_kind_that_is_written(day: made.MadeDay) -> None:
    assert {record.kind for record in journal.records(day.path)} == set(Kind) - UNWRITTEN - RARE


def test_every_msgpack_payload_reads_back_byte_for_byte(day: made.MadeDay) -> None:
    raw = velox_core.JournalReader(day.path, kinds=sorted(payloads._COLD))
    seen = set()
    for record, (_, seq, _, kind, _, payload) in zip(journal.records(day.path, set(payloads._COLD)), raw, strict=True):
        assert (record.seq, record.kind) == (seq, kind)
        assert isinstance(record.payload, msgspec.Struct)
        assert events.encode(record.payload) == payload, record
        seen.add(record.kind)
    assert seen == set(payloads._COLD) - RARE


def test_inputs_stand_in_the_journal_as_they_were_given(day: made.MadeDay) -> None:
    kinds = {kind for kind, _ in day.inputs}
    read = [(r.kind, r.payload) for r in journal.records(day.path, kinds) if r.kind is not Kind.USER_VALUE]
    assert read == [(kind, given) for kind, given in day.inputs if kind is not Kind.USER_VALUE]


def test_ticks_stand_in_the_journal_as_the_feed_sent_them(day: made.MadeDay) -> None:
    rows, numbers = day.rows(), [0, 1, 2**32 - 1]
    ticks = [r.payload for r in journal.records(day.path, {Kind.TICK})][: day.ticks]
    for at, tick in enumerate(ticks):
        assert isinstance(tick, journal.Tick)
        assert tick.instrument == numbers[rows.inst[at]]
        assert (tick.exch_ts, tick.price, tick.volume) == (rows.ts_ns[at], rows.price[at], rows.volume[at])
        assert (tick.last_qty, tick.recv_ns, tick.bid) == (5, made.RECEIVED_NS, 0)
        assert tick.trade_ts == tick.exch_ts // made.SECOND * made.SECOND
        assert tick.low <= tick.open <= tick.high
    assert len(ticks) == day.ticks


@pytest.mark.parametrize(("mode", "length"), [(LTP, 20), (QUOTE, 108)])
def test_a_tick_of_a_shorter_packet_says_less(tmp_path: Path, mode: int, length: int) -> None:
    day = made.MadeDay(tmp_path / "j", 10)
    day.define()
    day.feed(mode)
    day.core.close()
    (_, _, _, _, _, raw), *_ = velox_core.JournalReader(day.path, kinds=[Kind.TICK])
    assert len(raw) == length
    tick = next(iter(journal.records(day.path, {Kind.TICK}))).payload
    rows = day.rows()
    assert isinstance(tick, journal.Tick)
    assert (tick.exch_ts, tick.price) == (rows.ts_ns[0], rows.price[0])
    assert (tick.volume, tick.recv_ns) == ((rows.volume[0], made.RECEIVED_NS) if mode == QUOTE else (0, 0))


def test_every_field_of_a_tick_has_its_own_place() -> None:
    fields = journal.Tick.__struct_fields__
    tick = payloads.decode(Kind.TICK, struct.pack("<I20q8x", *range(1, 22)))
    assert tick == journal.Tick(*range(1, 22))
    assert [name for name in fields if fields.index(name) in (0, 1, 2, 15, 16, 17, 18)] == [
        *("instrument", "exch_ts", "price"),
        *("bid", "bid_qty", "ask", "ask_qty"),
    ]


def test_every_field_of_a_candle_has_its_own_place() -> None:
    opened = payloads.decode(Kind.CANDLE_OPEN, struct.pack("<I2q", 1, 2, 3))
    ranged = payloads.decode(Kind.CANDLE_RANGE, struct.pack("<I5qI", *range(1, 8)))
    assert opened == payloads.CandleOpen(instrument=1, ts_open=2, price=3)
    assert ranged == payloads.CandleRange(instrument=1, ts_open=2, high=3, low=4, close=5, volume=6, ticks=7)


def test_the_flags_of_a_candle_are_the_kernels() -> None:
    source = (Path(__file__).parents[2] / "velox_core/src/kernel/candle.rs").read_text()
    told = re.findall(r"pub const FLAG_(\w+): u32 = (\d+);", source)
    assert {name: int(number) for name, number in told} == {flag.name: flag.value for flag in journal.CandleFlag}


def test_candles_carry_the_values_of_their_nodes(day: made.MadeDay) -> None:
    candles = [r.payload for r in journal.records(day.path, {Kind.CANDLE_CLOSED})]
    assert candles
    closes = [100.0] * 8
    for candle in candles:
        assert isinstance(candle, journal.CandleClosed)
        assert (candle.seconds, candle.low <= candle.open <= candle.high, candle.gap) == (60, True, False)
        if candle.instrument == 0:
            closes.append(candle.close / made.ONE)
            (ema,) = velox_core.indicator_values("ema", [3.0], *[np.array(closes)] * 5)
            assert candle.values[0] == ema[-1]
        assert len(candle.values) == (4 if candle.instrument == 0 else 0)


def test_timers_and_marks_say_when_and_why(day: made.MadeDay) -> None:
    timers = list(journal.records(day.path, {Kind.TIMER}))
    for record in timers:
        assert isinstance(record.payload, journal.Timer)
        assert (record.payload.due, record.payload.late_ns) == (record.ts, 0)
    classes = {r.payload.timer_class for r in timers if isinstance(r.payload, journal.Timer)}
    assert classes >= {journal.TimerClass.CANDLE, journal.TimerClass.EVERY, journal.TimerClass.MARK}
    (mark,) = journal.records(day.path, {Kind.TIME_MARK})
    assert mark.payload == journal.TimeMark(day.last_mark_ns)


def test_verdicts_name_the_tick_before_them(day: made.MadeDay) -> None:
    seen: set[journal.Verdict] = set()
    before: journal.Payload = b""
    for record in journal.records(day.path, {Kind.TICK, Kind.TICK_VERDICT}):
        if isinstance(record.payload, journal.TickVerdict):
            assert isinstance(before, journal.Tick)
            told = record.payload
            assert (told.instrument, told.exch_ts, told.price) == (before.instrument, before.exch_ts, before.price)
            seen.add(told.verdict)
        before = record.payload
    unseen = {journal.Verdict.APPLIED, journal.Verdict.BAND, journal.Verdict.LATE}
    assert seen == set(journal.Verdict) - unseen
    assert [verdict.name.lower() for verdict in journal.Verdict] == [name for name, _ in day.core.verdicts()]


def test_a_payload_of_a_wrong_length_is_refused() -> None:
    for kind in (Kind.TICK, Kind.TIMER, Kind.TIME_MARK, Kind.TICK_VERDICT, Kind.CANDLE_CLOSED, Kind.FILL):
        with pytest.raises(ValueError, match=r"."):
            payloads.decode(kind, b"\x01\x02\x03")

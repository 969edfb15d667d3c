"""Reading a journal: columns and frames say what the records say, and what cannot be read is named."""

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.journal import damage, made

import velox_core
from velox import events, journal
from velox.errors import BadInput, Fatal
from velox.events import Kind


def test_records_come_in_order_with_their_places(day: made.MadeDay) -> None:
    read = list(journal.records(day.path))
    assert [(r.run, r.seq) for r in read] == [(1, seq) for seq in range(1, len(read) + 1)]
    assert [r.seq for r in read] == [found.seq for found in damage.layout(day.path)]
    assert all(earlier.ts <= later.ts for earlier, later in itertools.pairwise(read))


def test_records_of_some_kinds_are_those_among_all(day: made.MadeDay) -> None:
    wanted = {Kind.FILL, Kind.ORDER_EVENT}
    few = [(r.seq, r.kind) for r in journal.records(day.path, wanted)]
    assert few == [(r.seq, r.kind) for r in journal.records(day.path) if r.kind in wanted]
    assert list(journal.records(day.path, ())) == []


def test_until_ends_behind_the_named_record(day: made.MadeDay) -> None:
    whole = list(journal.records(day.path))
    assert [r.seq for r in journal.records(day.path, until=(1, 300))] == [r.seq for r in whole[:300]]
    assert list(journal.records(day.path, until=(0, 300))) == []
    ticks = [r.seq for r in whole[:300] if r.kind is Kind.TICK]
    assert journal.ticks(day.path, until=(1, 300))["seq"].to_list() == ticks


@pytest.mark.parametrize("rows_max", [1, 7, 1 << 16])
def test_tick_columns_are_the_ticks_and_their_verdicts(day: made.MadeDay, rows_max: int) -> None:
    batches = list(journal.tick_batches(day.path, rows_max))
    assert max(map(len, batches)) <= rows_max
    rows = np.concatenate(batches)
    told: list[tuple[object, ...]] = []
    for record in journal.records(day.path, {Kind.TICK, Kind.TICK_VERDICT}):
        p = record.payload
        if isinstance(p, journal.TickVerdict):
            told[-1] = (*told[-1][:-1], p.verdict.value)
        else:
            assert isinstance(p, journal.Tick)
            place = (record.run, record.seq, record.ts, p.instrument, p.exch_ts, p.price, p.volume, p.last_qty)
            told.append((*place, p.bid, p.bid_qty, p.ask, p.ask_qty, p.open_interest, p.recv_ns, 0))
    assert rows.tolist() == told


def test_candle_columns_are_the_candle_records(day: made.MadeDay) -> None:
    told = []
    for record in journal.records(day.path, {Kind.CANDLE_CLOSED}):
        assert isinstance(record.payload, journal.CandleClosed)
        fields = [getattr(record.payload, name) for name in record.payload.__struct_fields__[:-1]]
        told.append((record.run, record.seq, record.ts, *fields))
    assert journal.candle_columns(day.path).tolist() == told


def test_frames_name_instruments_as_the_journal_defines_them(day: made.MadeDay) -> None:
    assert set(journal.ticks(day.path)["instrument"]) == {made.ALPHA, made.BETA, "unknown"}
    assert set(journal.candles(day.path)["instrument"]) == {made.ALPHA, made.BETA}
    names = journal.Names.of(day.path)
    assert (names.strategy(1), names.account(0), names.instrument(9)) == ("fader", "paper", "#9")


def test_tick_frame_counts_verdicts_as_the_kernel_does(day: made.MadeDay) -> None:
    counted = journal.ticks(day.path)["verdict"].value_counts()
    assert dict(counted.iter_rows()) == {name: count for name, count in day.core.verdicts() if count}


def test_orders_fills_and_positions_agree_with_the_kernel(day: made.MadeDay) -> None:
    orders, fills, positions = journal.orders(day.path), journal.fills(day.path), journal.positions(day.path)
    for told in day.core.summary()["strategies"]:
        own = pl.col("strategy") == told["name"]
        assert orders.filter(own).height == told["orders"]
        assert fills.filter(own).height == told["fills"] > 0
        (book,) = positions.filter(own).iter_rows(named=True)
        assert (book["instrument"], book["quantity"]) == (told["instrument"], told["quantity"])
        assert book["charges"] / made.ONE == pytest.approx(told["charges"], rel=1e-12)
    lines = fills.select("brokerage", "stt", "transaction", "sebi", "stamp", "gst").sum_horizontal().sum()
    assert lines == positions["charges"].sum()
    paid = fills.group_by("order").agg(total=(pl.col("price") * pl.col("quantity")).sum(), units=pl.sum("quantity"))
    joined = orders.filter(pl.col("filled") > 0).join(paid, on="order")
    assert joined.height == fills["order"].n_unique()
    for order in joined.iter_rows(named=True):
        assert order["filled"] == order["units"] <= order["quantity"]
        assert abs(order["average"] * order["units"] - order["total"]) * 2 <= order["units"]


def test_an_empty_journal_gives_empty_frames_of_the_same_columns(day: made.MadeDay, tmp_path: Path) -> None:
    velox_core.Core(tmp_path / "new").close()
    for read in (journal.ticks, journal.candles, journal.orders, journal.fills, journal.positions):
        empty, full = read(tmp_path / "new"), read(day.path)
        assert empty.height == 0
        assert empty.schema == full.schema


def test_a_journal_is_read_while_it_is_written(tmp_path: Path) -> None:
    day = made.MadeDay(tmp_path / "j", 50)
    day.define()
    day.feed()
    read = list(journal.records(day.path))
    assert [r.seq for r in read] == list(range(1, len(read) + 1))
    day.core.close()
    assert [r.seq for r in journal.records(day.path)][: len(read)] == [r.seq for r in read]


def test_what_is_no_journal_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no journal")
    for path in (tmp_path / "absent", tmp_path / "note.txt", tmp_path):
        with pytest.raises(BadInput, match=path.name):
            next(journal.records(path))


def test_damage_is_fatal_and_names_file_and_offset(day: made.MadeDay, tmp_path: Path) -> None:
    copy = damage.copied(day.path, tmp_path / "j")
    bad = list(damage.layout(copy))[200]
    damage.flip(bad.segment, (bad.offset + 30) * 8)
    readers = (
        lambda: list(journal.records(copy)),
        lambda: journal.ticks(copy),
        lambda: journal.candle_columns(copy),
        lambda: journal.torn_tail(copy),
    )
    for read in readers:
        with pytest.raises(Fatal, match=f"{bad.segment.name} is damaged at byte {bad.offset}") as caught:
            read()
        assert caught.value.exit_code == 72


def test_a_torn_tail_ends_the_reading_and_is_told(day: made.MadeDay, tmp_path: Path) -> None:
    copy = damage.copied(day.path, tmp_path / "j")
    *_, last = damage.layout(copy)
    assert journal.torn_tail(copy) is None
    with last.segment.open("r+b") as file:
        file.truncate(last.offset + last.length - 1)
    assert [r.seq for r in journal.records(copy)][-1] == last.seq - 1
    assert f"{last.length - 1} bytes from offset {last.offset}" in (journal.torn_tail(copy) or "")


def test_a_run_after_a_crash_marks_the_decisions_it_wrote_anew(day: made.MadeDay, tmp_path: Path) -> None:
    copy = damage.copied(day.path, tmp_path / "j")
    verdict = [found for found in damage.layout(copy) if found.kind == Kind.TICK_VERDICT][-1]
    for later in (path for path in damage.segments(copy) if path > verdict.segment):
        later.unlink()
    with verdict.segment.open("r+b") as file:
        file.truncate(verdict.offset)
    core = velox_core.Core(copy, recover=True)
    core.input(Kind.USER_VALUE, events.encode(events.UserValue(0, "note", "back")))
    core.close()
    second = [r for r in journal.records(copy) if r.run == 2]
    assert [(r.seq, r.kind, r.flags) for r in second] == [
        (verdict.seq, Kind.SNAPSHOT, 0),
        (verdict.seq + 1, Kind.TICK_VERDICT, 1),
        (verdict.seq + 2, Kind.USER_VALUE, 0),
    ]
    assert journal.ticks(copy)["verdict"].to_list()[-1] != "applied"

"""Trades from fills, against sums made by hand."""

from hypothesis import given
from hypothesis import strategies as st

from velox.report.trades import Execution, Trade, TradeBook

R = 100_000_000
LINES = (20 * R, 5 * R, 3 * R, 1 * R, 2 * R, 4 * R + 1)


def fill(at: int, side: int, quantity: int, price: float, role: str = "entry", **more: object) -> Execution:
    told: dict[str, object] = {"charges": (0,) * 6, "slippage": 0, "strategy": "S", "instrument": "NSE:X"} | more
    return Execution(at_ns=at, side=side, quantity=quantity, price=round(price * R), role=role, **told)  # type: ignore[arg-type]


def traded(*fills: Execution, last: float = 0) -> list[Trade]:
    book = TradeBook()
    for each in fills:
        book.take(each)
    book.end({"NSE:X": round(last * R)})
    return book.trades


def test_a_round_trip_has_its_prices_its_money_and_its_time() -> None:
    """Bought 10 at 100 and 10 at 110, sold 20 at 120: 20 × 120 − 1,000 − 1,100 = 300."""
    (trade,) = traded(
        fill(1, 1, 10, 100, charges=LINES), fill(2, 1, 10, 110), fill(5, -1, 20, 120, "target", charges=LINES)
    )
    assert (trade.side, trade.quantity, trade.opened_ns, trade.closed_ns, trade.fills) == (1, 20, 1, 5, 3)
    assert (trade.entry_price / R, trade.exit_price) == (105, 120 * R)
    assert (trade.gross / R, trade.charged) == (300, 2 * (35 * R + 1))
    assert trade.net == trade.gross - trade.charged
    assert (trade.entry_role, trade.exit_role, trade.is_open) == ("entry", "target", False)


def test_a_short_earns_when_the_price_falls() -> None:
    (trade,) = traded(fill(1, -1, 5, 200), fill(2, 1, 5, 190, "flat"))
    assert (trade.side, trade.gross / R) == (-1, 50)


def test_a_fill_that_turns_over_ends_one_trade_and_begins_the_next() -> None:
    """Long 10 at 100, then 15 sold at 110, then 5 bought at 108; of the 15 two thirds close."""
    turning = fill(2, -1, 15, 110, "flip", charges=(15 * R, 1, 0, 0, 0, 7), slippage=30)
    first, second = traded(fill(1, 1, 10, 100), turning, fill(3, 1, 5, 108, "stop"))
    assert (first.gross / R, second.gross / R) == (100, 10)
    assert (first.exit_role, second.entry_role, second.side, second.quantity) == ("flip", "flip", -1, 5)
    assert (first.charges, second.charges) == ([10 * R, 0, 0, 0, 0, 4], [5 * R, 1, 0, 0, 0, 3])
    assert (first.slippage, second.slippage) == (20, 10)


def test_what_is_open_at_the_end_counts_at_the_last_price() -> None:
    (trade,) = traded(fill(1, 1, 10, 100), fill(2, -1, 4, 103), last=99)
    assert trade.is_open and trade.closed_ns == 0
    assert trade.gross / R == 4 * 3 - 6 * 1
    assert trade.lowest == 99 * R


def test_risk_is_the_way_to_the_first_stop() -> None:
    book = TradeBook()
    book.take(fill(1, 1, 10, 100))
    book.arm("S", "NSE:X", 98 * R)
    book.arm("S", "NSE:X", 99 * R)  # a later one does not change what was at stake
    book.take(fill(2, -1, 10, 103))
    (trade,) = book.trades
    assert (trade.stop, trade.risk, trade.r) == (98 * R, 20 * R, 1.5)


def test_a_stop_beyond_the_entry_is_no_risk() -> None:
    book = TradeBook()
    book.take(fill(1, -1, 10, 100))
    book.arm("S", "NSE:X", 99 * R)
    assert book.trades[0].r is None


def test_excursions_are_measured_from_the_entry_on_both_sides() -> None:
    """A short at 100 that saw 104 and 93, and left at 97."""
    book = TradeBook()
    book.take(fill(1, -1, 10, 100))
    book.trades[0].saw(93 * R, 104 * R)
    book.take(fill(2, 1, 10, 97))
    (trade,) = book.trades
    assert (trade.adverse / R, trade.favourable / R) == (40, 70)


def test_a_trade_that_never_lost_has_no_adverse_excursion() -> None:
    (trade,) = traded(fill(1, 1, 1, 100), fill(2, -1, 1, 101))
    assert (trade.adverse, trade.favourable / R) == (0, 1)


def test_books_of_strategies_and_instruments_are_apart() -> None:
    trades = traded(fill(1, 1, 1, 100), fill(2, -1, 1, 100, strategy="T"), fill(3, -1, 1, 100, instrument="NSE:Y"))
    assert [(t.strategy, t.instrument, t.side) for t in trades] == [
        ("S", "NSE:X", 1), ("T", "NSE:X", -1), ("S", "NSE:Y", -1),
    ]  # fmt: skip


def test_a_fill_without_a_price_to_compare_with_is_counted() -> None:
    (trade,) = traded(fill(1, 1, 1, 100, slippage=7), fill(2, -1, 1, 101, "target", slippage=None))
    assert (trade.slippage, trade.slippage_unknown) == (7, 1)


_FILLS = st.lists(
    st.tuples(st.sampled_from([1, -1]), st.integers(1, 500), st.integers(1, 10_000), st.integers(0, 999)), max_size=40
)


@given(_FILLS, st.integers(1, 10_000))
def test_trades_together_are_the_cash_of_all_fills(rows: list[tuple[int, int, int, int]], last: int) -> None:
    """Whatever the fills: profit is what was received, less what was paid, plus what is held; no charge is lost."""
    fills = [fill(at, s, q, p / R, charges=(c, c, 0, 0, 0, 1), slippage=c) for at, (s, q, p, c) in enumerate(rows)]
    trades = traded(*fills, last=last / R)
    held = sum(s * q for s, q, _, _ in rows)
    assert sum(t.gross for t in trades) == held * last - sum(s * q * p for s, q, p, _ in rows)
    assert [sum(t.charges[at] for t in trades) for at in (0, 5)] == [sum(c for *_, c in rows), len(rows)]
    assert sum(t.slippage for t in trades) == sum(c for *_, c in rows)

"""Of a flood of lines an operator reads the newest, and each that says that a strategy has stopped."""

from velox.runtime import notes
from velox.runtime.notes import Note

NAMES = ["Cross", "Pair"]
NINE_NS = 1_784_086_200 * 1_000_000_000  # 2026-07-15 09:00 in India


def _flood(count: int) -> list[Note]:
    return [(NINE_NS + place * 1_000_000_000, 0, "cooldown", f"no {place}") for place in range(count)]


def test_each_line_names_time_strategy_and_code() -> None:
    assert list(notes.lines([(NINE_NS, 1, "expired", "Not filled.")], NAMES)) == [
        "09:00:00 Pair: Not filled. (expired)"
    ]


def test_the_oldest_lines_of_a_flood_are_counted() -> None:
    told = list(notes.lines(_flood(50), NAMES))
    assert told[0] == "09:00:30 Cross: no 30 (cooldown)"
    assert told[-1] == "… and 30 lines before these, all in the journal"
    assert len(told) == 21


def test_no_flood_hides_that_a_strategy_has_stopped() -> None:
    fault = (NINE_NS, 1, "fault", "Pair: pair.py:7: ZeroDivisionError: division by zero")
    told = list(notes.lines([fault, *_flood(50)], NAMES))
    assert told[0] == "09:00:00 Pair: Pair: pair.py:7: ZeroDivisionError: division by zero (fault)"
    assert told[-1] == "… and 30 lines before these, all in the journal"

"""A journal as others read it: records as structs, ticks and candles as numpy columns, the rest as polars frames.

Nothing but the folder is read: no settings, no strategies, no market facts. A journal that is being written can be read
too; a record that is not whole yet ends the reading. Prices and money are integers at 1e-8 rupees, times ns since the
epoch in UTC, as in the journal itself. What cannot be read raises `velox.errors.Refused` (absent, no journal) or
`Fatal` (damaged), with the file and the offset.
"""

from velox.journal.columns import CANDLE_COLUMNS, TICK_COLUMNS, candle_columns, tick_batches
from velox.journal.frames import candles, fills, orders, positions, tick_frames, ticks
from velox.journal.names import Names
from velox.journal.payloads import (
    CandleClosed,
    CandleFlag,
    Payload,
    Tick,
    TickVerdict,
    TimeMark,
    Timer,
    TimerClass,
    Verdict,
)
from velox.journal.records import Position, Record, core_errors, records, torn_tail

__all__ = [
    "CANDLE_COLUMNS",
    "CandleClosed",
    "CandleFlag",
    "Names",
    "Payload",
    "Position",
    "Record",
    "TICK_COLUMNS",
    "Tick",
    "TickVerdict",
    "TimeMark",
    "Timer",
    "TimerClass",
    "Verdict",
    "candle_columns",
    "candles",
    "core_errors",
    "fills",
    "orders",
    "positions",
    "records",
    "tick_batches",
    "tick_frames",
    "ticks",
    "torn_tail",
]

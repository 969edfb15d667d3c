"""Write the columns as a catalogue of NautilusTrader, once and before anything is timed."""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cross import days_of
from nautilus_rust import INSTRUMENT, instrument
from nautilus_trader.core import nautilus_pyo3 as nautilus

_SCALE = 10**nautilus.FIXED_PRECISION
_WIDTH = nautilus.PRECISION_BYTES


def _fixed(units, scale):
    """Encode whole units of `scale` as the catalogue's wide little-endian integers."""
    distinct, place = np.unique(units, return_inverse=True)
    table = b"".join((int(unit) * scale).to_bytes(_WIDTH, "little", signed=True) for unit in distinct)
    wide = np.frombuffer(table, dtype=f"V{_WIDTH}")[place]
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(_WIDTH), len(units), [None, pa.py_buffer(wide.tobytes())])


def _write(day, folder):
    ts_ns = day.column("ts_ns").astype(np.uint64)
    columns = {
        "price": _fixed(day.column("price_paise"), _SCALE // 100),
        "size": _fixed(day.column("size"), _SCALE),
        "aggressor_side": pa.array(np.zeros(len(ts_ns), dtype=np.uint8)),
        "trade_id": pa.array(np.arange(len(ts_ns))).cast(pa.string()),
        "ts_event": pa.array(ts_ns),
        "ts_init": pa.array(ts_ns),
    }
    told = {"instrument_id": INSTRUMENT, "price_precision": "2", "size_precision": "0"}
    schema = pa.schema([pa.field(n, c.type, nullable=False) for n, c in columns.items()], metadata=told)
    first, last = (nautilus.unix_nanos_to_iso8601(int(ts_ns[at])).replace(":", "-").replace(".", "-") for at in (0, -1))
    pq.write_table(pa.table(list(columns.values()), schema=schema), folder / f"{first}_{last}.parquet")


def main():
    """Write all days."""
    columns, catalogue = map(Path, sys.argv[1:])
    trades = catalogue / "data" / "trades" / INSTRUMENT
    trades.mkdir(parents=True)
    nautilus.ParquetDataCatalog(str(catalogue)).write_instruments([instrument()])
    for day in days_of(columns):
        _write(day, trades)


if __name__ == "__main__":
    main()

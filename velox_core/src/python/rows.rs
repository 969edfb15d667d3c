//! Rows of a recorded day into the core, as columns: the loop of a back-test, without packets and without a socket.

use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::core::Core;
use super::errors::raise;
use crate::record::{Kind, Level, Tick, TickMode};

type Column<'py> = PyReadonlyArray1<'py, i64>;

/// Last quantity, bid, its quantity, ask, its quantity; zeros are unknown.
type Book<'a> = [&'a [i64]; 5];

struct Rows<'a> {
    instrument: &'a [u32],
    ts_ns: &'a [i64],
    price: &'a [i64],
    volume: &'a [i64],
    book: Option<Book<'a>>,
}

impl Rows<'_> {
    fn is_even(&self) -> bool {
        let book = self.book.iter().flatten().map(|column| column.len());
        let lens = [self.ts_ns.len(), self.price.len(), self.volume.len()];
        lens.into_iter().chain(book).all(|len| len == self.instrument.len())
    }

    /// The tick that a packet of this row would become.
    #[inline]
    fn tick(&self, row: usize) -> Tick {
        let (last_qty, bid, ask) = match &self.book {
            None => (0, Level::default(), Level::default()),
            Some([last_qty, bid, bid_qty, ask, ask_qty]) => (
                last_qty[row],
                Level { price: bid[row], quantity: bid_qty[row] },
                Level { price: ask[row], quantity: ask_qty[row] },
            ),
        };
        Tick {
            mode: TickMode::Snap,
            instrument: self.instrument[row],
            exch_ts: self.ts_ns[row],
            price: self.price[row],
            volume: self.volume[row],
            last_qty,
            bid,
            ask,
            ..Tick::default()
        }
    }
}

#[pymethods]
impl Core {
    /// Takes rows as parallel columns: the instrument's number here, exchange time in ns, price at 1e-8, volume of the
    /// day so far; `book` holds last quantity, bid, its quantity, ask, its quantity. Timers and hooks run in between.
    #[pyo3(signature = (instrument, ts_ns, price, volume, book=None))]
    fn ingest_rows(
        &self,
        py: Python<'_>,
        instrument: PyReadonlyArray1<'_, u32>,
        ts_ns: Column<'_>,
        price: Column<'_>,
        volume: Column<'_>,
        book: Option<[Column<'_>; 5]>,
    ) -> PyResult<()> {
        let book = match &book {
            None => None,
            Some([a, b, c, d, e]) => {
                Some([a.as_slice()?, b.as_slice()?, c.as_slice()?, d.as_slice()?, e.as_slice()?])
            }
        };
        let (instrument, ts_ns) = (instrument.as_slice()?, ts_ns.as_slice()?);
        let rows = Rows { instrument, ts_ns, price: price.as_slice()?, volume: volume.as_slice()?, book };
        if !rows.is_even() {
            return Err(PyValueError::new_err("columns of equal length are needed"));
        }
        self.take_rows(py, &rows)
    }

    /// Keeps decisions of these kinds for `take_kept`.
    fn keep(&self, kinds: Vec<u8>) -> PyResult<()> {
        let known = kinds.iter().map(|kind| Kind::from_u8(*kind).filter(|kind| kind.is_decision()));
        let known = known.collect::<Option<Vec<_>>>().ok_or_else(|| PyValueError::new_err("no kinds of decisions"))?;
        self.lock_outside_hooks()?.engine.kept.want(known);
        Ok(())
    }

    /// The kept decisions since the last call: (kernel time ns, kind, payload).
    fn take_kept<'py>(&self, py: Python<'py>) -> PyResult<Vec<(i64, u8, Bound<'py, PyBytes>)>> {
        let kept = self.lock_outside_hooks()?.engine.kept.take();
        Ok(kept.iter().map(|(kind, ts, payload)| (*ts, *kind as u8, PyBytes::new(py, payload))).collect())
    }
}

impl Core {
    fn take_rows(&self, py: Python<'_>, rows: &Rows<'_>) -> PyResult<()> {
        let mut inner = self.lock_outside_hooks()?;
        for row in 0..rows.instrument.len() {
            let tick = rows.tick(row);
            let (ts, judged) = inner.engine.kernel.judge_next(&tick, 0);
            let quiet = ts < inner.engine.kernel.next_due();
            if !quiet {
                drop(inner);
                self.fire_timers(py, ts, 0)?;
                inner = self.lock()?;
            }
            let (seq, _) = inner.engine.put_tick(ts, &tick, quiet.then_some(judged)).map_err(raise)?;
            if !inner.is_quiet() {
                drop(inner);
                self.run_hooks(py, seq, 0)?;
                self.settle(py)?;
                inner = self.lock()?;
            }
        }
        Ok(())
    }
}

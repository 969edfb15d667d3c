//! Rows of a recorded day into the core, as columns: the loop of a back-test, without packets and without a socket.

use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::core::Core;
use super::errors::raise;
use crate::fixed::PAISA;
use crate::record::{Kind, Level, Tick, TickMode, UNKNOWN_INSTRUMENT};

const NS_PER_MS: i64 = 1_000_000;

type Column<'py> = PyReadonlyArray1<'py, i64>;

/// A kept decision: ticks of the day by then, kernel time ns, kind, payload.
type Placed<'py> = (u64, i64, u8, Bound<'py, PyBytes>);

/// Last quantity, bid, its quantity, ask, its quantity; zeros are unknown.
type Book<'a> = [&'a [i64]; 5];

/// A price as the wire rounds it.
#[inline]
fn whole_paise(price: i64) -> i64 {
    price.saturating_add(PAISA / 2).div_euclid(PAISA) * PAISA
}

struct Rows<'a> {
    /// The core's numbers of the day's instruments.
    numbers: &'a [u32],
    /// Places in `numbers`.
    place: &'a [i32],
    ts_ns: &'a [i64],
    price: &'a [i64],
    volume: &'a [i64],
    book: Option<Book<'a>>,
}

impl Rows<'_> {
    fn is_even(&self) -> bool {
        let book = self.book.iter().flatten().map(|column| column.len());
        let lens = [self.ts_ns.len(), self.price.len(), self.volume.len()];
        lens.into_iter().chain(book).all(|len| len == self.place.len())
    }

    /// The tick that a packet of this row would become: the wire carries milliseconds and paise.
    #[inline]
    fn tick(&self, row: usize) -> Tick {
        let (last_qty, bid, ask) = match &self.book {
            None => (0, Level::default(), Level::default()),
            Some([last_qty, bid, bid_qty, ask, ask_qty]) => (
                last_qty[row],
                Level { price: whole_paise(bid[row]), quantity: bid_qty[row] },
                Level { price: whole_paise(ask[row]), quantity: ask_qty[row] },
            ),
        };
        let number = usize::try_from(self.place[row]).ok().and_then(|place| self.numbers.get(place));
        Tick {
            mode: TickMode::Snap,
            instrument: number.copied().unwrap_or(UNKNOWN_INSTRUMENT),
            exch_ts: self.ts_ns[row].div_euclid(NS_PER_MS) * NS_PER_MS,
            price: whole_paise(self.price[row]),
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
    /// Takes rows as parallel columns: the instrument's place in `numbers`, which are those of this core, exchange time in
    /// ns, price at 1e-8, volume of the day so far; `book` holds last quantity, bid, its quantity, ask, its quantity.
    /// Timers and hooks run in between.
    #[pyo3(signature = (numbers, place, ts_ns, price, volume, book=None))]
    #[allow(clippy::too_many_arguments)] // one flat call from Python
    fn ingest_rows(
        &self,
        py: Python<'_>,
        numbers: Vec<u32>,
        place: PyReadonlyArray1<'_, i32>,
        ts_ns: Column<'_>,
        price: Column<'_>,
        volume: Column<'_>,
        book: Option<[Column<'_>; 5]>,
    ) -> PyResult<()> {
        let book = match &book {
            None => None,
            Some(columns) => {
                let mut book: Book<'_> = [&[]; 5];
                for (slot, column) in book.iter_mut().zip(columns) {
                    *slot = column.as_slice()?;
                }
                Some(book)
            }
        };
        let (place, ts_ns, price, volume) =
            (place.as_slice()?, ts_ns.as_slice()?, price.as_slice()?, volume.as_slice()?);
        let rows = Rows { numbers: &numbers, place, ts_ns, price, volume, book };
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
        Ok(kept.iter().map(|one| (one.ts, one.kind as u8, PyBytes::new(py, &one.payload))).collect())
    }

    /// The same with the ticks of the day that the kernel had seen by then: (ticks, kernel time ns, kind, payload).
    fn take_kept_placed<'py>(&self, py: Python<'py>) -> PyResult<Vec<Placed<'py>>> {
        let kept = self.lock_outside_hooks()?.engine.kept.take();
        let told = kept.iter().map(|one| (one.ticks, one.ts, one.kind as u8, PyBytes::new(py, &one.payload)));
        Ok(told.collect())
    }
}

impl Core {
    fn take_rows(&self, py: Python<'_>, rows: &Rows<'_>) -> PyResult<()> {
        let mut inner = self.lock_outside_hooks()?;
        for row in 0..rows.place.len() {
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

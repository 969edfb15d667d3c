//! Rows of a recorded day into the core, as columns: the loop of a back-test, without packets and without a socket.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::core::{Core, Inner};
use super::errors::raise;
use crate::fixed::{PAISA, PRICE_MAX, VOLUME_MAX};
use crate::record::{Kind, Level, Tick, TickMode, UNKNOWN_INSTRUMENT};

const NS_PER_MS: i64 = 1_000_000;
/// After so many rows without a hook, so many at a time are taken without the interpreter's lock.
const QUIET_ROWS: usize = 64;
const FREE_ROWS: usize = 8_192;

type Column<'py> = PyReadonlyArray1<'py, i64>;

/// A kept decision: ticks of the day by then, kernel time ns, kind, payload.
type Placed<'py> = (u64, i64, u8, Bound<'py, PyBytes>);

/// Last quantity, bid, its quantity, ask, its quantity; zeros are unknown.
type Book<'a> = [&'a [i64]; 5];

/// A number down to a multiple; nearly all are 0 or more, for which a division without a sign costs a third.
#[inline]
fn down_to<const STEP: i64>(number: i64) -> i64 {
    match u64::try_from(number) {
        Ok(number) => (number / STEP as u64 * STEP as u64) as i64,
        Err(_) => number.div_euclid(STEP).saturating_mul(STEP),
    }
}

/// A price as the wire rounds it.
#[inline]
fn whole_paise(price: i64) -> i64 {
    down_to::<PAISA>(price.saturating_add(PAISA / 2))
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
    #[inline(always)]
    #[allow(clippy::inline_always)] // a tick of 176 bytes, most of them zero, is made where it is judged
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
            exch_ts: down_to::<NS_PER_MS>(self.ts_ns[row]),
            price: whole_paise(self.price[row]),
            volume: self.volume[row],
            last_qty,
            bid,
            ask,
            ..Tick::default()
        }
    }
}

/// The clock of one file at each of its rows: the newest time by then of a row that the guard could apply, one that has
/// numbers it believes once they went over the wire and lies within one of `spans` [start, end); at first `at_ns`.
#[pyfunction]
pub(super) fn row_places<'py>(
    py: Python<'py>,
    ts_ns: Column<'py>,
    price: Column<'py>,
    volume: Column<'py>,
    spans: Vec<(i64, i64)>,
    at_ns: i64,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let (ts_ns, price, volume) = (ts_ns.as_slice()?, price.as_slice()?, volume.as_slice()?);
    if ts_ns.len() != price.len() || ts_ns.len() != volume.len() {
        return Err(PyValueError::new_err("columns of equal length are needed"));
    }
    let places = py.detach(|| {
        let mut clock = at_ns;
        let place = |((&ts, &price), &volume): ((&i64, &i64), &i64)| {
            let believed = (1..=PRICE_MAX).contains(&whole_paise(price)) && (0..=VOLUME_MAX).contains(&volume);
            if ts > clock && believed && spans.iter().any(|(start, end)| (*start..*end).contains(&ts)) {
                clock = ts;
            }
            clock
        };
        ts_ns.iter().zip(price).zip(volume).map(place).collect::<Vec<i64>>()
    });
    Ok(places.into_pyarray(py))
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

    /// Keeps decisions of these kinds for `take_kept`, and `AccountMark`s for `take_marks`.
    fn keep(&self, kinds: Vec<u8>) -> PyResult<()> {
        let known = kinds.iter().map(|kind| Kind::from_u8(*kind).filter(|kind| kind.is_decision()));
        let known = known.collect::<Option<Vec<_>>>().ok_or_else(|| PyValueError::new_err("no kinds of decisions"))?;
        self.lock_outside_hooks()?.engine.kept.want(known);
        Ok(())
    }

    /// The kept `AccountMark`s since the last call, as columns: kernel time ns, account, equity at 1e-8 rupees.
    #[allow(clippy::type_complexity)] // three columns
    fn take_marks<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<i64>>)> {
        let marks = self.lock_outside_hooks()?.engine.kept.take_marks();
        Ok((marks.ts.into_pyarray(py), marks.account.into_pyarray(py), marks.equity.into_pyarray(py)))
    }

    /// The other kept decisions since the last call: (kernel time ns, kind, payload).
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
    /// While hooks run often the interpreter stays ours; in quiet stretches its other threads may work beside us.
    fn take_rows(&self, py: Python<'_>, rows: &Rows<'_>) -> PyResult<()> {
        let (mut at, mut quiet) = (Place::default(), 0);
        let mut inner = self.lock_outside_hooks()?;
        while at.row < rows.place.len() {
            let from = at.row;
            let hooks_of = if quiet < QUIET_ROWS {
                inner.take_quiet(rows, &mut at, QUIET_ROWS)?
            } else {
                drop(inner);
                let taken = py.detach(|| self.lock_outside_hooks()?.take_quiet(rows, &mut at, FREE_ROWS));
                inner = self.lock_outside_hooks()?;
                taken?
            };
            quiet += at.row - from;
            if let Some(seq) = hooks_of {
                quiet = 0;
                inner = self.follow(py, inner, seq)?;
            }
        }
        Ok(())
    }
}

impl Inner {
    /// Takes so many rows and the timers that are due before them; ends early at a record with hooks, which it gives.
    #[inline(always)]
    #[allow(clippy::inline_always)] // where a hook runs at each tick, this is entered at each
    fn take_quiet(&mut self, rows: &Rows<'_>, at: &mut Place, count: usize) -> PyResult<Option<u64>> {
        let end = rows.place.len().min(at.row + count);
        while at.row < end {
            if at.ts.is_none() {
                let (next, seq) = self.engine.play(at.row..end, |row| rows.tick(row)).map_err(raise)?;
                at.row = next;
                if !self.is_quiet() {
                    return Ok(Some(seq));
                }
                if at.row == end {
                    break;
                }
            }
            if let Some(seq) = self.take_row(rows, at)? {
                return Ok(Some(seq));
            }
        }
        Ok(None)
    }

    /// Takes the next row and the timers that are due before it; gives the record that left hooks, if one did.
    fn take_row(&mut self, rows: &Rows<'_>, at: &mut Place) -> PyResult<Option<u64>> {
        let tick = rows.tick(at.row);
        // A row keeps the time at which it came, whatever the timers before it change.
        let (ts, mut judged) = if let Some(ts) = at.ts.take() {
            (ts, None)
        } else {
            let (ts, judged) = self.engine.kernel.judge_next(&tick, 0);
            (ts, Some(judged))
        };
        while let Some(timer) = self.engine.due_timer(ts) {
            judged = None;
            let seq = self.engine.put_timer(timer).map_err(raise)?;
            if !self.is_quiet() {
                at.ts = Some(ts);
                return Ok(Some(seq));
            }
        }
        let (seq, _) = self.engine.put_tick(ts, &tick, judged).map_err(raise)?;
        at.row += 1;
        Ok((!self.is_quiet()).then_some(seq))
    }
}

/// How far rows were taken: the next row, and its time where timers before it have fired already.
#[derive(Default)]
struct Place {
    row: usize,
    ts: Option<i64>,
}

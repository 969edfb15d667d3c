//! What hooks are given and what strategies read: small frozen objects, prices as floats in rupees.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

use pyo3::ffi;
use pyo3::prelude::*;

use crate::fixed::to_float;
use crate::kernel::candle::{Candle, FLAG_GAP};
use crate::record;

/// A closed candle.
#[pyclass(frozen, immutable_type, module = "velox_core")]
pub(super) struct Bar {
    pub(super) candle: Candle,
    #[pyo3(get)]
    pub(super) n: u32,
    #[pyo3(get)]
    pub(super) timeframe_s: u32,
}

#[pymethods]
impl Bar {
    #[getter]
    fn open(&self) -> f64 {
        to_float(self.candle.open)
    }
    #[getter]
    fn high(&self) -> f64 {
        to_float(self.candle.high)
    }
    #[getter]
    fn low(&self) -> f64 {
        to_float(self.candle.low)
    }
    #[getter]
    fn close(&self) -> f64 {
        to_float(self.candle.close)
    }
    #[getter]
    fn volume(&self) -> i64 {
        self.candle.volume
    }
    #[getter]
    fn ticks(&self) -> u32 {
        self.candle.ticks
    }
    #[getter]
    fn ts_open_ns(&self) -> i64 {
        self.candle.ts_open
    }
    #[getter]
    fn gap(&self) -> bool {
        self.candle.flags & FLAG_GAP != 0
    }
    fn __repr__(&self) -> String {
        let c = &self.candle;
        let [open, high, low, close] = [c.open, c.high, c.low, c.close].map(to_float);
        format!("Bar(n={}, open={open}, high={high}, low={low}, close={close}, volume={})", self.n, c.volume)
    }
}

/// What a tick says, at 1e-8 rupees, units and ns.
#[derive(Clone, Copy)]
pub(super) struct Told {
    price: i64,
    bid: i64,
    ask: i64,
    volume: i64,
    last_qty: i64,
    exch_ns: i64,
}

impl From<&record::Tick> for Told {
    fn from(t: &record::Tick) -> Self {
        let (bid, ask) = (t.bid.price, t.ask.price);
        Self { price: t.price, bid, ask, volume: t.volume, last_qty: t.last_qty, exch_ns: t.exch_ts }
    }
}

/// An applied tick; what the feed did not say is NaN.
///
/// To those who hold one it never changes: it is told anew only when nobody but the core holds it.
#[pyclass(frozen, immutable_type, module = "velox_core")]
#[derive(Default)]
pub(super) struct Tick {
    price: AtomicI64,
    bid: AtomicI64,
    ask: AtomicI64,
    volume: AtomicI64,
    last_qty: AtomicI64,
    exch_ns: AtomicI64,
}

impl Tick {
    /// A tick that says this: the spare one where no hook kept it, else a new one.
    #[inline]
    pub(super) fn told(py: Python<'_>, spare: Option<Py<Tick>>, told: Told) -> PyResult<Bound<'_, Tick>> {
        // SAFETY: the pointer is of a living object, and the GIL is held.
        let spare = spare.filter(|spare| unsafe { ffi::Py_REFCNT(spare.as_ptr()) } == 1);
        let tick = match spare {
            Some(spare) => spare.into_bound(py),
            None => Bound::new(py, Self::default())?,
        };
        tick.get().say(told);
        Ok(tick)
    }

    fn say(&self, told: Told) {
        self.price.store(told.price, Relaxed);
        self.bid.store(told.bid, Relaxed);
        self.ask.store(told.ask, Relaxed);
        self.volume.store(told.volume, Relaxed);
        self.last_qty.store(told.last_qty, Relaxed);
        self.exch_ns.store(told.exch_ns, Relaxed);
    }
}

/// A price that may be unknown, as a float.
pub(super) fn known(price: i64) -> f64 {
    if price == 0 { f64::NAN } else { to_float(price) }
}

#[pymethods]
impl Tick {
    #[getter]
    fn price(&self) -> f64 {
        to_float(self.price.load(Relaxed))
    }
    #[getter]
    fn bid(&self) -> f64 {
        known(self.bid.load(Relaxed))
    }
    #[getter]
    fn ask(&self) -> f64 {
        known(self.ask.load(Relaxed))
    }
    #[getter]
    fn volume(&self) -> i64 {
        self.volume.load(Relaxed)
    }
    #[getter]
    fn last_qty(&self) -> i64 {
        self.last_qty.load(Relaxed)
    }
    #[getter]
    fn exch_ns(&self) -> i64 {
        self.exch_ns.load(Relaxed)
    }
    fn __repr__(&self) -> String {
        format!("Tick(price={}, volume={}, exch_ns={})", self.price(), self.volume(), self.exch_ns())
    }
}

/// An execution of an own order.
#[pyclass(frozen, immutable_type, get_all, module = "velox_core")]
pub(super) struct Fill {
    pub(super) order_id: u32,
    pub(super) side: i8,
    pub(super) quantity: i64,
    pub(super) price: f64,
    pub(super) role: &'static str,
}

#[pymethods]
impl Fill {
    fn __repr__(&self) -> String {
        format!("Fill(side={}, quantity={}, price={}, role={:?})", self.side, self.quantity, self.price, self.role)
    }
}

/// Why risk said no; the two numbers are rupees, seconds or counts, as the rule has it.
#[pyclass(frozen, immutable_type, get_all, module = "velox_core")]
pub(super) struct Refusal {
    pub(super) intent: u32,
    pub(super) code: &'static str,
    pub(super) sentence: String,
    pub(super) limit: f64,
    pub(super) value: f64,
}

#[pymethods]
impl Refusal {
    fn __repr__(&self) -> String {
        format!("Refusal(code={:?}, limit={}, value={}): {}", self.code, self.limit, self.value, self.sentence)
    }
}

/// A strategy's book; money in rupees.
#[pyclass(frozen, immutable_type, get_all, module = "velox_core")]
pub(super) struct Position {
    pub(super) quantity: i64,
    pub(super) average: f64,
    pub(super) realised: f64,
    pub(super) unrealised: f64,
    pub(super) charges: f64,
}

#[pymethods]
impl Position {
    fn __repr__(&self) -> String {
        let Self { quantity, average, realised, unrealised, charges } = self;
        format!("Position({quantity} @ {average}, realised={realised}, unrealised={unrealised}, charges={charges})")
    }
}

/// What the kernel knows of a trade; NaN where there is nothing.
#[pyclass(frozen, immutable_type, get_all, module = "velox_core")]
pub(super) struct TradeState {
    pub(super) entry: f64,
    pub(super) stop: f64,
    pub(super) risk: f64,
    pub(super) target: f64,
}

//! Candles of one recorded day through the kernel's own guard and series, for the research catalogue.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fixed::to_float;
use crate::kernel::Kernel;
use crate::record::{FactsLoaded, Input, InstrumentDef, Kind, Tick, TickMode, Watch};

/// Columns of closed candles.
#[derive(Default)]
struct Columns {
    ts_open: Vec<i64>,
    prices: [Vec<f64>; 4],
    volume: Vec<i64>,
    ticks: Vec<i64>,
}

impl Columns {
    /// Takes the candles out of what the last apply decided.
    fn take(&mut self, kernel: &Kernel) {
        for (kind, _, payload) in kernel.out.decisions.iter() {
            if kind != Kind::CandleClosed {
                continue;
            }
            let word = |at: usize| i64::from_le_bytes(payload[at..at + 8].try_into().unwrap_or_default());
            self.ts_open.push(word(8));
            for (column, at) in self.prices.iter_mut().zip([16, 24, 32, 40]) {
                column.push(to_float(word(at)));
            }
            self.volume.push(word(48));
            self.ticks.push(i64::from(u32::from_le_bytes(payload[56..60].try_into().unwrap_or_default())));
        }
    }
}

fn apply(kernel: &mut Kernel, ts: i64, input: &Input, out: &mut Columns) -> PyResult<()> {
    kernel.apply(ts, input).map_err(|e| PyValueError::new_err(e.to_string()))?;
    out.take(kernel);
    Ok(())
}

fn fire(kernel: &mut Kernel, ts: i64, out: &mut Columns) -> PyResult<()> {
    while let Some(timer) = kernel.due_timer(ts) {
        apply(kernel, timer.due, &Input::Timer(timer), out)?;
    }
    Ok(())
}

fn day_kernel(facts: &[u8], group: u16, seconds: u32) -> PyResult<Kernel> {
    let facts: FactsLoaded =
        rmp_serde::from_slice(facts).map_err(|e| PyValueError::new_err(format!("the facts cannot be read: {e}")))?;
    let def = InstrumentDef {
        id: 0,
        name: String::new(),
        exchange: "NSE".to_owned(),
        token: String::new(),
        kind: 0,
        group,
        tick: 1,
        lot: 1,
        freeze: 0,
        lower: 0,
        upper: 0,
        prev_close: 0,
        charges: 0,
        shortable: false,
    };
    let mut kernel = Kernel::default();
    let mut none = Columns::default();
    apply(&mut kernel, 0, &Input::FactsLoaded(facts), &mut none)?;
    apply(&mut kernel, 0, &Input::InstrumentDef(def), &mut none)?;
    let watch = Watch { series: 0, instrument: 0, seconds, kept: false, without_preopen: false };
    apply(&mut kernel, 0, &Input::Watch(watch), &mut none)?;
    Ok(kernel)
}

/// Candles of one instrument's rows of a day, in file order; prices go in at 1e-8 and come out in rupees.
#[pyfunction]
pub(super) fn compute_bars<'py>(
    py: Python<'py>,
    facts: &[u8],
    group: u16,
    ts_ns: PyReadonlyArray1<'py, i64>,
    price: PyReadonlyArray1<'py, i64>,
    volume: PyReadonlyArray1<'py, i64>,
    timeframe_s: u32,
) -> PyResult<Bound<'py, PyDict>> {
    let mut kernel = day_kernel(facts, group, timeframe_s)?;
    let mut out = Columns::default();
    for ((ts, price), volume) in ts_ns.as_slice()?.iter().zip(price.as_slice()?).zip(volume.as_slice()?) {
        let tick = Tick { mode: TickMode::Quote, exch_ts: *ts, price: *price, volume: *volume, ..Tick::default() };
        let (at, _) = kernel.judge_next(&tick, 0);
        fire(&mut kernel, at, &mut out)?;
        apply(&mut kernel, at, &Input::Tick(tick), &mut out)?;
    }
    fire(&mut kernel, i64::MAX, &mut out)?;
    let dict = PyDict::new(py);
    dict.set_item("ts_open", PyArray1::from_vec(py, out.ts_open))?;
    for (name, column) in ["open", "high", "low", "close"].iter().zip(out.prices) {
        dict.set_item(name, PyArray1::from_vec(py, column))?;
    }
    dict.set_item("volume", PyArray1::from_vec(py, out.volume))?;
    dict.set_item("ticks", PyArray1::from_vec(py, out.ticks))?;
    Ok(dict)
}

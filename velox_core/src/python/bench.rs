//! Measured loops that Python starts: a loop in Python would cost more than what it measures.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use hdrhistogram::Histogram;
use numpy::PyArray1;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::core::Core;
use super::report::{dict, hex};
use super::views::{Tick, Told};
use crate::bench::day::Market;
use crate::bench::{Blocks, journal, replica, risk, tick};
use crate::decode::smartapi::SNAP_QUOTE_LEN;

const BLOCK: usize = 256;

fn failed(error: impl std::fmt::Display) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

fn blocks<'py>(py: Python<'py>, blocks: &Blocks) -> PyResult<Bound<'py, PyDict>> {
    Ok(dict!(py,
        "count": blocks.count(),
        "processor": blocks.mean_processor_ns(),
        "mean": blocks.mean_ns(),
        "p50": blocks.quantile_ns(0.5),
        "p99": blocks.quantile_ns(0.99),
        "longest_block_ns": blocks.longest_ns()))
}

fn spread<'py>(py: Python<'py>, times: &Histogram<u64>) -> PyResult<Bound<'py, PyDict>> {
    let at = |quantile| times.value_at_quantile(quantile);
    Ok(dict!(py, "count": times.len(), "p50": at(0.5), "p99": at(0.99), "p999": at(0.999), "max": times.max()))
}

/// Loops of `velox bench` that need no hook; times in ns.
#[pyclass(frozen, module = "velox_core")]
pub(super) struct Bench;

#[pymethods]
impl Bench {
    /// Ticks through decode, journal, guard, candles and indicators; without a folder there is no journal.
    #[staticmethod]
    fn core_tick(
        py: Python<'_>,
        folder: Option<PathBuf>,
        instruments: u32,
        gap_ms: i64,
        warm_up: u64,
        ticks: u64,
    ) -> PyResult<Bound<'_, PyDict>> {
        let plan = tick::Plan { instruments, gap_ms, warm_up, ticks };
        let run = py.detach(|| tick::run(folder.as_deref(), plan)).map_err(failed)?;
        let out = blocks(py, &run.blocks)?;
        let stages = PyDict::new(py);
        for (name, [count, p50, p90, p99, p999, max]) in run.stages {
            stages.set_item(
                name,
                dict!(py, "count": count, "p50": p50, "p90": p90, "p99": p99, "p999": p999, "max": max),
            )?;
        }
        out.set_item("hash", hex(&run.hash))?;
        out.set_item("applied", run.applied)?;
        out.set_item("candles", run.candles)?;
        out.set_item("stages", stages)?;
        out.set_item("rotation", blocks(py, &run.rotation)?)?;
        Ok(out)
    }

    /// Orders held against every pre-trade rule.
    #[staticmethod]
    fn risk_check(py: Python<'_>, checks: u64) -> PyResult<Bound<'_, PyDict>> {
        let run = py.detach(|| risk::run(checks)).map_err(failed)?;
        let out = blocks(py, &run.blocks)?;
        out.set_item("approved", run.approved)?;
        out.set_item("refused", run.refused)?;
        Ok(out)
    }

    /// Tick records appended to a journal, and beside it the copy and the checksum of their bytes alone.
    #[staticmethod]
    fn journal_append(py: Python<'_>, folder: PathBuf, records: u64) -> PyResult<Bound<'_, PyDict>> {
        let run = py.detach(|| journal::appends(&folder, records)).map_err(failed)?;
        Ok(dict!(py,
            "append": blocks(py, &run.append)?,
            "copy": blocks(py, &run.copy)?,
            "checksum": blocks(py, &run.checksum)?))
    }

    /// Intents made durable while 50,000 ticks/s are appended, how late the ticks were, and the bare disk.
    #[staticmethod]
    fn journal_sync(py: Python<'_>, folder: PathBuf, intents: u64) -> PyResult<Bound<'_, PyDict>> {
        let (latencies, late) = py.detach(|| journal::syncs(&folder, intents)).map_err(failed)?;
        let bare = py.detach(|| journal::disk_syncs(&folder, intents)).map_err(failed)?;
        Ok(dict!(py, "durable": spread(py, &latencies)?, "late": spread(py, &late)?, "bare": spread(py, &bare)?))
    }

    /// A journal through the kernel of a replica.
    #[staticmethod]
    fn replica(py: Python<'_>, folder: PathBuf, verify: bool) -> PyResult<Bound<'_, PyDict>> {
        let run = py.detach(|| replica::run(&folder, verify)).map_err(failed)?;
        let ns = run.spent.as_nanos() as u64;
        let (ticks, records, processor_ns) = (run.ticks, run.records, run.processor_ns);
        let hash = hex(&run.hash);
        Ok(dict!(py, "ticks": ticks, "records": records, "ns": ns, "processor_ns": processor_ns, "hash": hash))
    }

    /// Six floats and nothing else: what a call that returns them costs by itself.
    #[staticmethod]
    fn six_floats(close: f64) -> (f64, f64, f64, f64, f64, f64) {
        (close, close, close, close, close, close)
    }
}

#[derive(Default)]
struct Laps {
    begun: Option<Instant>,
    ns: Vec<i64>,
}

/// Takes times on both sides of the border: begun in Rust or in a hook, a lap at the first line of a hook.
#[pyclass(frozen, module = "velox_core")]
#[derive(Default)]
pub(super) struct Stopwatch(Mutex<Laps>);

impl Stopwatch {
    fn with<T>(&self, work: impl FnOnce(&mut Laps) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl Stopwatch {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// The measured time begins.
    fn begin(&self) {
        self.with(|laps| laps.begun = Some(Instant::now()));
    }

    /// It ends here; nothing is noted when it had not begun.
    fn lap(&self) {
        let now = Instant::now();
        self.with(|laps| {
            if let Some(begun) = laps.begun.take() {
                laps.ns.push(now.duration_since(begun).as_nanos() as i64);
            }
        });
    }

    /// The noted times in order, which it then forgets.
    fn take<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        PyArray1::from_vec(py, self.with(|laps| std::mem::take(&mut laps.ns)))
    }

    /// Sends made-up ticks of these tokens into a core, `gap_ms` of market time apart; with `each` a time begins at each.
    #[allow(clippy::too_many_arguments)] // one flat call from Python
    fn play(
        &self,
        py: Python<'_>,
        core: &Core,
        tokens: Vec<String>,
        start_ns: i64,
        gap_ms: i64,
        ticks: usize,
        each: bool,
    ) -> PyResult<u64> {
        if tokens.is_empty() || tokens.iter().any(|t| t.len() > 25) {
            return Err(PyValueError::new_err("tokens of at most 25 bytes are needed"));
        }
        let mut market = Market::new(&tokens, start_ns, gap_ms);
        let mut packets = vec![[0; SNAP_QUOTE_LEN]; BLOCK];
        let (mut applied, mut left) = (0, ticks);
        while left > 0 {
            let count = left.min(BLOCK);
            market.fill(&mut packets[..count]);
            for packet in &packets[..count] {
                if each {
                    self.begin();
                }
                applied += u64::from(core.ingest(py, packet, start_ns)? == 0);
            }
            left -= count;
        }
        Ok(applied)
    }

    /// Calls a hook with a tick and nothing else around it: what Python alone costs.
    fn bare(&self, py: Python<'_>, hook: Bound<'_, PyAny>, calls: usize) -> PyResult<()> {
        let tick = crate::record::Tick { price: 10_000_000_000, ..crate::record::Tick::default() };
        let mut spare = None;
        for _ in 0..calls {
            self.begin();
            let tick = Tick::told(py, spare, Told::from(&tick))?;
            hook.call1((&tick,))?;
            spare = Some(tick.unbind());
        }
        Ok(())
    }
}

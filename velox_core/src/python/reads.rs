//! What hooks and reports read of the core: books, trades, series, time.

use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::core::{Core, money};
use super::series::{Place, Series};
use super::views::{Position, TradeState, known};
use crate::fixed::to_float;
use crate::record::Verdict;

#[pymethods]
impl Core {
    /// The persistent values of an instance.
    fn state<'py>(&self, py: Python<'py>, instance: usize) -> PyResult<Vec<(String, Bound<'py, PyBytes>)>> {
        self.read(|kernel| {
            let state = kernel.instances.get(instance).map(|i| &i.state);
            state.into_iter().flatten().map(|(k, v)| (k.clone(), PyBytes::new(py, v))).collect()
        })
    }

    /// An instance's book.
    fn position(&self, instance: usize) -> PyResult<Position> {
        self.read(|kernel| {
            let i = kernel.instances.get(instance).ok_or_else(|| PyKeyError::new_err(instance))?;
            let last = kernel.markets[i.instrument as usize].last;
            Ok(Position {
                quantity: i.book.quantity(),
                average: to_float(i.book.average()),
                realised: money(i.book.realised()),
                unrealised: money(i.book.unrealised(last)),
                charges: money(i.charges.total()),
            })
        })?
    }

    /// An instance's capital of the day, rupees.
    fn capital(&self, instance: usize) -> PyResult<f64> {
        self.read(|kernel| kernel.instances.get(instance).map_or(f64::NAN, |i| to_float(i.capital)))
    }

    /// What the kernel knows of the trade that an intent began.
    fn trade(&self, instance: usize, counter: u32) -> PyResult<TradeState> {
        self.read(|kernel| {
            let mut p = kernel.instances.get(instance).and_then(|i| i.trade(counter)).cloned().unwrap_or_default();
            TradeState {
                entry: known(p.entry),
                stop: known(p.stop),
                risk: known(p.risk),
                target: known(*p.next_target()),
            }
        })
    }

    /// One output of a node as a series.
    fn output(slf: Bound<'_, Self>, node: u32, output: u8) -> PyResult<Series> {
        let known = {
            let inner = slf.get().lock()?;
            inner.engine.kernel.columns(node, &inner.joining()).is_some_and(|columns| usize::from(output) < columns)
        };
        if !known {
            return Err(PyValueError::new_err(format!("node {node} has no output {output}")));
        }
        Ok(Series { core: slf.unbind(), place: Place::Node(node, output) })
    }

    /// One field of a series' candles as a series.
    fn field(slf: Bound<'_, Self>, series: u32, field: &str) -> PyResult<Series> {
        let names = ["open", "high", "low", "close", "volume"];
        let at = names.iter().position(|n| *n == field);
        let known = {
            let inner = slf.get().lock()?;
            (series as usize) < inner.engine.kernel.series.len() + inner.joining().series
        };
        let at =
            at.filter(|_| known).ok_or_else(|| PyValueError::new_err(format!("series {series} has no {field:?}")))?;
        Ok(Series { core: slf.unbind(), place: Place::Field(series, at as u8) })
    }

    /// Kernel time; before a day's first record, when the day begins.
    fn now_ns(&self) -> PyResult<i64> {
        self.read(|kernel| kernel.facts.as_ref().map_or(kernel.now, |facts| kernel.now.max(facts.day_start_ns)))
    }

    /// How many hooks were called so far.
    fn hook_serial(&self) -> PyResult<u64> {
        Ok(self.lock()?.hook_serial)
    }

    /// Position of the newest record: (run, sequence).
    fn as_of(&self) -> PyResult<(u64, u64)> {
        Ok(self.lock()?.engine.position())
    }

    /// Ticks by verdict.
    fn verdicts(&self) -> PyResult<Vec<(&'static str, u64)>> {
        self.read(|kernel| Verdict::ALL.iter().map(|v| (v.name(), kernel.verdicts[*v as usize])).collect())
    }
}

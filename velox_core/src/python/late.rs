//! What a hook asks the graph for: series and nodes with the numbers that they will have when their records come up.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use super::core::{Core, Inner};
use crate::indicators::Indicator;
use crate::kernel::{Joining, Kernel};
use crate::record::{Input, Kind, NodeAdded, Watch};

/// Series and nodes that one instance may ask for in a session.
const WATCHED_MAX: u32 = 256;
const MINUTE_S: u32 = 60;

#[pymethods]
impl Core {
    /// As `watch`, from within a hook: the series joins once the hook is over.
    #[pyo3(signature = (instance, instrument, timeframe_s, *, without_preopen=false))]
    fn watch_late(&self, instance: u32, instrument: u32, timeframe_s: u32, without_preopen: bool) -> PyResult<u32> {
        let mut inner = self.lock()?;
        inner.check_asking(instance)?;
        let waiting = inner.pending.iter().find_map(|pending| {
            let Input::Watch(watch) = &pending.input else { return None };
            let same = (instrument, timeframe_s, without_preopen);
            ((watch.instrument, watch.seconds, watch.without_preopen) == same).then_some(watch.series)
        });
        let known = find_series(&inner.engine.kernel, instrument, timeframe_s, without_preopen);
        if let Some(series) = known.or(waiting) {
            return Ok(series);
        }
        let kernel = &inner.engine.kernel;
        if instrument as usize >= kernel.markets.len() || !(1..=86_400).contains(&timeframe_s) {
            return Err(PyValueError::new_err(format!("no candles of {timeframe_s} s of instrument {instrument}")));
        }
        if kernel.is_by_candles() && !timeframe_s.is_multiple_of(MINUTE_S) {
            let sentence = format!("this day is run by candles of a minute: there are none of {timeframe_s} s");
            return Err(PyValueError::new_err(sentence));
        }
        let series = (kernel.series.len() + inner.joining().series) as u32;
        inner.count_watched(instance)?;
        let watch = Watch { series, instrument, seconds: timeframe_s, kept: true, without_preopen };
        inner.queue(Kind::Watch, instance, watch, Input::Watch)?;
        Ok(series)
    }

    /// As `node`, from within a hook: it joins once the hook is over, fed with the candles that are kept.
    #[pyo3(signature = (instance, series, source, kind, params, second=""))]
    fn node_late(
        &self,
        instance: u32,
        series: u32,
        source: &str,
        kind: &str,
        params: Vec<f64>,
        second: &str,
    ) -> PyResult<u32> {
        let mut inner = self.lock()?;
        inner.check_asking(instance)?;
        let before = inner.joining();
        let id = (inner.engine.kernel.nodes.len() + before.columns.len()) as u32;
        let (source, kind, second) = (source.to_owned(), kind.to_owned(), second.to_owned());
        let node = NodeAdded { id, series, source, kind, params, second, instance: i64::from(instance) };
        let known = inner.engine.kernel.nodes.iter().position(|known| is_same(&known.asked, &node));
        let waiting = || {
            inner.pending.iter().find_map(|pending| {
                let Input::NodeAdded(asked) = &pending.input else { return None };
                is_same(asked, &node).then_some(asked.id)
            })
        };
        if let Some(at) = known.map(|at| at as u32).or_else(waiting) {
            return Ok(at);
        }
        inner.engine.kernel.check_joining(&node, &before).map_err(|e| PyValueError::new_err(e.to_string()))?;
        inner.count_watched(instance)?;
        inner.queue(Kind::NodeAdded, instance, node, Input::NodeAdded)?;
        Ok(id)
    }
}

impl Inner {
    /// Series and nodes whose records wait their turn.
    pub(super) fn joining(&self) -> Joining {
        let mut found = Joining::default();
        for pending in &self.pending {
            if let Input::NodeAdded(node) = &pending.input {
                let study = Indicator::new(&node.kind, &node.params); // it could be made when it was asked for
                found.columns.push(study.map_or(0, |study| study.outputs().len()));
            }
            found.series += usize::from(matches!(pending.input, Input::Watch(_)));
        }
        found
    }

    fn check_asking(&self, instance: u32) -> PyResult<()> {
        if self.cause.is_some_and(|cause| self.speaks_for(&cause, instance)) {
            return Ok(());
        }
        Err(PyRuntimeError::new_err("what is chosen at run time is watched inside the strategy's own hooks"))
    }

    fn count_watched(&mut self, instance: u32) -> PyResult<()> {
        self.count_by_day();
        let index = instance as usize;
        if self.watched.len() <= index {
            self.watched.resize(index + 1, 0);
        }
        if self.watched[index] == WATCHED_MAX {
            let sentence = format!("a strategy may watch {WATCHED_MAX} series and indicators of its hooks a day");
            return Err(PyValueError::new_err(sentence));
        }
        self.watched[index] += 1;
        Ok(())
    }
}

/// The series of an instrument at a length, with or without the pre-open, if there is one.
pub(super) fn find_series(kernel: &Kernel, instrument: u32, timeframe_s: u32, without_preopen: bool) -> Option<u32> {
    let wanted = (instrument, i64::from(timeframe_s) * 1_000_000_000, without_preopen);
    let at = kernel.series.iter().position(|s| (s.instrument, s.length, s.without_preopen) == wanted);
    at.map(|at| at as u32)
}

/// Whether two nodes compute the same, whoever asked for them.
pub(super) fn is_same(one: &NodeAdded, other: &NodeAdded) -> bool {
    (one.series, &one.source, &one.second) == (other.series, &other.source, &other.second)
        && (&one.kind, &one.params) == (&other.kind, &other.params)
}

//! Minutes of a day of which candles are kept alone, as columns: the loop of a back-test without ticks.
//!
//! Of one minute all opens go in before anything else of it, and the rest of all candles just before its end: their
//! closing, which is a timer of that end, stands between them and the opens of the next minute.

use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::core::Core;
use super::errors::raise;
use crate::record::{CandleOpen, CandleRange, Input, Kind};

const MINUTE_NS: i64 = 60_000_000_000;
/// The close of a candle is known this long before its end.
const CLOSE_NS: i64 = 1_000_000;

type Column<'py> = PyReadonlyArray1<'py, i64>;

#[pymethods]
impl Core {
    /// Takes one-minute candles as columns, by begin and then instrument: the instrument's number in this core, begin in
    /// ns, open, high, low and close at 1e-8, volume, ticks. Timers and hooks run in between.
    fn ingest_candles(
        &self,
        py: Python<'_>,
        instruments: PyReadonlyArray1<'_, u32>,
        columns: [Column<'_>; 7],
    ) -> PyResult<()> {
        let instruments = instruments.as_slice()?;
        let mut taken: [&[i64]; 7] = [&[]; 7];
        for (slot, column) in taken.iter_mut().zip(&columns) {
            *slot = column.as_slice()?;
            if slot.len() != instruments.len() {
                return Err(PyValueError::new_err("columns of equal length are needed"));
            }
        }
        let [ts_open, open, high, low, close, volume, ticks] = taken;
        let keys = ts_open.iter().zip(instruments);
        if !keys.clone().zip(keys.skip(1)).all(|(one, next)| one < next) {
            return Err(PyValueError::new_err("candles must come by begin and instrument, each once"));
        }
        drop(self.lock_outside_hooks()?);
        let mut from = 0;
        while let Some(begin) = ts_open.get(from) {
            let until = from + ts_open[from..].partition_point(|ts| ts == begin);
            for at in from..until {
                let record = CandleOpen { instrument: instruments[at], ts_open: *begin, price: open[at] };
                self.put_candle(py, *begin, Kind::CandleOpen, &record.to_bytes(), &Input::CandleOpen(record))?;
            }
            for at in from..until {
                let record = CandleRange {
                    instrument: instruments[at],
                    ts_open: *begin,
                    high: high[at],
                    low: low[at],
                    close: close[at],
                    volume: volume[at],
                    ticks: u32::try_from(ticks[at]).unwrap_or(0),
                };
                let ts = begin.saturating_add(MINUTE_NS - CLOSE_NS);
                self.put_candle(py, ts, Kind::CandleRange, &record.to_bytes(), &Input::CandleRange(record))?;
            }
            from = until;
        }
        Ok(())
    }
}

impl Core {
    fn put_candle(&self, py: Python<'_>, ts: i64, kind: Kind, payload: &[u8], input: &Input) -> PyResult<()> {
        let inner = self.lock_outside_hooks()?;
        let mut inner = self.fire_timers(py, inner, ts, 0)?;
        let seq = inner.engine.put_read(ts, kind, payload, input).map_err(raise)?;
        if !inner.is_quiet() {
            drop(self.follow(py, inner, seq)?);
        }
        Ok(())
    }
}

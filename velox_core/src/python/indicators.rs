//! Indicators outside the kernel: whole columns at once, and the four of the benchmark in one call.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::indicators::{Indicator, Input, ParamError};

type Column<'py> = PyReadonlyArray1<'py, f64>;
type Columns<'py> = (Column<'py>, Column<'py>, Column<'py>, Column<'py>, Column<'py>);

impl From<ParamError> for PyErr {
    fn from(error: ParamError) -> PyErr {
        PyValueError::new_err(error.to_string())
    }
}

/// An indicator's outputs over closed candles: one array each, NaN while warming up; it follows the close.
///
/// `columns` are open, high, low, close and volume as equally long arrays of float64. What asks when in its session a
/// candle was needs `since_open_s`, each candle's begin in seconds since the open, `days`, the number of each candle's
/// trading day, `length_s`, the length of the candles, and `session_s`, that of a session.
#[pyfunction]
#[pyo3(signature = (kind, params, *columns, since_open_s=None, days=None, length_s=0, session_s=0))]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 makes the vector of any sequence")]
pub(super) fn indicator_values<'py>(
    kind: &str,
    params: Vec<f64>,
    columns: &Bound<'py, PyTuple>,
    since_open_s: Option<PyReadonlyArray1<'py, u32>>,
    days: Option<PyReadonlyArray1<'py, i32>>,
    length_s: u32,
    session_s: u32,
) -> PyResult<Vec<Bound<'py, PyArray1<f64>>>> {
    let mut indicator = Indicator::new(kind, &params)?;
    let (open, high, low, close, volume): Columns<'py> = columns.extract()?;
    let (open, high, low) = (open.as_array(), high.as_array(), low.as_array());
    let (close, volume) = (close.as_array(), volume.as_array());
    let candles = close.len();
    if [open.len(), high.len(), low.len(), volume.len()] != [candles; 4] {
        return Err(PyValueError::new_err("open, high, low, close and volume must be equally long"));
    }
    let since_open = since_open_s.as_ref().map(PyReadonlyArray1::as_array);
    let days = days.as_ref().map(PyReadonlyArray1::as_array);
    if since_open.is_none() && indicator.asks_the_time() {
        return Err(PyValueError::new_err(format!("{kind} needs since_open_s and length_s")));
    }
    if days.is_none() && indicator.asks_the_day() {
        return Err(PyValueError::new_err(format!("{kind} needs days and session_s as well")));
    }
    if since_open.is_some_and(|seconds| seconds.len() != candles) || days.is_some_and(|days| days.len() != candles) {
        return Err(PyValueError::new_err("since_open_s and days must be as long as the columns"));
    }
    let mut outputs = vec![Vec::with_capacity(candles); indicator.outputs().len()];
    for i in 0..candles {
        let (open, high, low, close) = (open[i], high[i], low[i], close[i]);
        let from_s = since_open.map_or(0, |seconds| seconds[i]);
        let day = days.map_or(0, |days| days[i]);
        indicator.update(&Input {
            open,
            high,
            low,
            close,
            volume: volume[i],
            from_s,
            to_s: from_s.saturating_add(length_s),
            session_s,
            day,
            previous_day: day.saturating_sub(1),
            missed: false,
            source: close,
            second: f64::NAN,
        });
        for (output, value) in outputs.iter_mut().zip(indicator.values()) {
            output.push(value);
        }
    }
    Ok(outputs.into_iter().map(|values| PyArray1::from_vec(columns.py(), values)).collect())
}

/// EMA, SMA, RSI and MACD of one series of prices, updated and read by one call.
#[pyclass(module = "velox_core")]
pub(super) struct FourIndicators {
    ema: Indicator,
    sma: Indicator,
    rsi: Indicator,
    macd: Indicator,
}

#[pymethods]
impl FourIndicators {
    /// `macd` is (fast, slow, signal).
    #[new]
    fn new(ema: u32, sma: u32, rsi: u32, macd: (u32, u32, u32)) -> PyResult<Self> {
        let periods = [macd.0, macd.1, macd.2].map(f64::from);
        Ok(FourIndicators {
            ema: Indicator::new("ema", &[f64::from(ema)])?,
            sma: Indicator::new("sma", &[f64::from(sma)])?,
            rsi: Indicator::new("rsi", &[f64::from(rsi)])?,
            macd: Indicator::new("macd", &periods)?,
        })
    }

    /// Take a closed price; gives (ema, sma, rsi, macd line, macd signal, macd histogram), NaN while warming up.
    fn update(&mut self, close: f64) -> (f64, f64, f64, f64, f64, f64) {
        let candle = Input { open: close, high: close, low: close, close, source: close, ..Input::default() };
        for indicator in [&mut self.ema, &mut self.sma, &mut self.rsi, &mut self.macd] {
            indicator.update(&candle);
        }
        let [line, signal, hist] = self.macd.values();
        (self.ema.values()[0], self.sma.values()[0], self.rsi.values()[0], line, signal, hist)
    }
}

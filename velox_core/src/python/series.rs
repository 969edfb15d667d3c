//! A handle on one output of a node or one field of candles, read as a plain float.

use numpy::PyArray1;
use std::time::Duration;

use pyo3::basic::CompareOp;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use super::core::Core;
use crate::fixed::to_float;
use crate::kernel::{Kernel, candle};

/// Where the values are.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// An output of a node.
    Node(u32, u8),
    /// A field of a series: open, high, low, close, volume.
    Field(u32, u8),
}

/// One value a candle, newest first; NaN until there is one.
#[pyclass(frozen, immutable_type, module = "velox_core")]
pub(super) struct Series {
    pub(super) core: Py<Core>,
    pub(super) place: Place,
}

impl Series {
    fn read<T>(&self, with: impl FnOnce(&Kernel) -> T) -> PyResult<T> {
        self.core.get().read(with)
    }

    fn at(&self, back: usize) -> PyResult<f64> {
        self.read(|kernel| match self.place {
            Place::Node(node, output) => {
                kernel.nodes.get(node as usize).map_or(f64::NAN, |n| n.history.get(output as usize, back))
            }
            Place::Field(series, field) => {
                kernel.series.get(series as usize).map_or(f64::NAN, |s| s.history.get(field as usize, back))
            }
        })
    }

    /// The newest value, noted as read by the hook that runs.
    fn now(&self) -> PyResult<f64> {
        let Place::Node(node, output) = self.place else { return self.at(0) };
        self.core.get().read_node(node, output)
    }
}

/// A number or another series, as the other side of an operator.
#[derive(FromPyObject)]
enum Number<'py> {
    Float(f64),
    Series(Bound<'py, Series>),
}

impl Number<'_> {
    fn value(&self) -> PyResult<f64> {
        match self {
            Self::Float(value) => Ok(*value),
            Self::Series(series) => series.get().now(),
        }
    }
}

#[pymethods]
impl Series {
    fn __float__(&self) -> PyResult<f64> {
        self.now()
    }

    fn __getitem__(&self, back: isize) -> PyResult<f64> {
        let back = usize::try_from(back).map_err(|_| {
            PyIndexError::new_err("series count backwards: [0] is the newest value, [1] the one before")
        })?;
        self.at(back)
    }

    /// The value on the unfinished candle.
    #[getter]
    fn forming(&self) -> PyResult<f64> {
        self.read(|kernel| match self.place {
            Place::Node(node, output) => kernel.forming(node)[output as usize],
            Place::Field(series, _) if series as usize >= kernel.series.len() => f64::NAN,
            Place::Field(series, field) => kernel.forming_candle(series).map_or(f64::NAN, |c| match field {
                0 => to_float(c.open),
                1 => to_float(c.high),
                2 => to_float(c.low),
                3 => to_float(c.close),
                _ => c.volume as f64,
            }),
        })
    }

    /// Whether there is a value.
    #[getter]
    fn ready(&self) -> PyResult<bool> {
        Ok(!self.at(0)?.is_nan())
    }

    /// Number of the newest closed candle in its session, from 1; 0 before the first.
    #[getter]
    fn n(&self) -> PyResult<u32> {
        self.read(|kernel| self.series_of(kernel).map_or(0, |series| series.session_n))
    }

    /// Kernel time since the end of the candle that gave the newest value, ns; before the first one, since 1970.
    #[getter]
    fn age_ns(&self) -> PyResult<i64> {
        self.read(|kernel| {
            let Some(series) = self.series_of(kernel) else { return kernel.now };
            let ended = |opened: i64| if opened > 0 { opened + series.length } else { 0 };
            let end = match self.place {
                Place::Node(node, _) if kernel.joins(node) => kernel.nodes[node as usize].last_open,
                Place::Node(node, _) => ended(kernel.nodes[node as usize].last_open),
                Place::Field(..) => ended(series.last_open),
            };
            (kernel.now - end).max(0)
        })
    }

    /// The same as a `datetime.timedelta`.
    #[getter]
    fn age(&self) -> PyResult<Duration> {
        Ok(Duration::from_nanos(self.age_ns()?.unsigned_abs()))
    }

    /// The newest `count` values, oldest first, as far as they are kept.
    fn window<'py>(&self, py: Python<'py>, count: usize) -> PyResult<Bound<'py, PyArray1<f64>>> {
        self.read(|kernel| {
            let kept = match self.place {
                Place::Node(node, output) => {
                    kernel.nodes.get(node as usize).map_or(&[][..], |n| n.history.window(output as usize))
                }
                Place::Field(series, field) => {
                    kernel.series.get(series as usize).map_or(&[][..], |s| s.history.window(field as usize))
                }
            };
            PyArray1::from_slice(py, &kept[kept.len().saturating_sub(count)..])
        })
    }

    fn __richcmp__(&self, other: Number<'_>, op: CompareOp) -> PyResult<bool> {
        let (a, b) = (self.now()?, other.value()?);
        Ok(a.partial_cmp(&b).map_or(matches!(op, CompareOp::Ne), |order| op.matches(order)))
    }
    fn __add__(&self, other: Number<'_>) -> PyResult<f64> {
        Ok(self.now()? + other.value()?)
    }
    fn __radd__(&self, other: Number<'_>) -> PyResult<f64> {
        Ok(other.value()? + self.now()?)
    }
    fn __sub__(&self, other: Number<'_>) -> PyResult<f64> {
        Ok(self.now()? - other.value()?)
    }
    fn __rsub__(&self, other: Number<'_>) -> PyResult<f64> {
        Ok(other.value()? - self.now()?)
    }
    fn __mul__(&self, other: Number<'_>) -> PyResult<f64> {
        Ok(self.now()? * other.value()?)
    }
    fn __rmul__(&self, other: Number<'_>) -> PyResult<f64> {
        Ok(other.value()? * self.now()?)
    }
    fn __truediv__(&self, other: Number<'_>) -> PyResult<f64> {
        Ok(self.now()? / other.value()?)
    }
    fn __rtruediv__(&self, other: Number<'_>) -> PyResult<f64> {
        Ok(other.value()? / self.now()?)
    }
    fn __neg__(&self) -> PyResult<f64> {
        Ok(-self.now()?)
    }
    /// Whether there is a value other than 0.
    fn __bool__(&self) -> PyResult<bool> {
        let value = self.now()?;
        Ok(!value.is_nan() && value != 0.0)
    }
    fn __abs__(&self) -> PyResult<f64> {
        Ok(self.now()?.abs())
    }
    #[pyo3(signature = (digits=None))]
    fn __round__<'py>(&self, py: Python<'py>, digits: Option<i32>) -> PyResult<Bound<'py, PyAny>> {
        PyFloat::new(py, self.now()?).call_method1("__round__", (digits,))
    }
    fn __format__<'py>(&self, py: Python<'py>, how: &str) -> PyResult<Bound<'py, PyAny>> {
        PyFloat::new(py, self.now()?).call_method1("__format__", (how,))
    }
    fn __hash__(slf: Bound<'_, Self>) -> usize {
        slf.as_ptr() as usize
    }
    fn __repr__(&self) -> PyResult<String> {
        Ok(format!("Series({})", self.now()?))
    }
}

impl Series {
    /// Its candles; what a hook has just asked for has none before that hook is over.
    fn series_of<'a>(&self, kernel: &'a Kernel) -> Option<&'a candle::Series> {
        let series = match self.place {
            Place::Node(node, _) => kernel.nodes.get(node as usize)?.series,
            Place::Field(series, _) => series,
        };
        kernel.series.get(series as usize)
    }
}

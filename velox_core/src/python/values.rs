//! What strategies journal by themselves: lines, values that they computed, State.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::bounds::{check_state, cut};
use super::core::Core;
use crate::record::{Input, Kind, StateSet, UserValue};

#[pymethods]
impl Core {
    /// Journals a value that a strategy computed by itself, for plots and for asking why.
    fn annotate(&self, py: Python<'_>, instance: u32, name: String, value: f64) -> PyResult<()> {
        let value = UserValue { instance, name: cut(name), text: value.to_string() };
        self.raise_value(py, instance, (Kind::UserValue, value), Input::UserValue)
    }

    /// Journals a line of a strategy.
    fn log(&self, py: Python<'_>, instance: u32, text: String) -> PyResult<()> {
        let value = UserValue { instance, name: "log".to_owned(), text: cut(text) };
        self.raise_value(py, instance, (Kind::UserValue, value), Input::UserValue)
    }

    /// Journals a persistent value of a strategy.
    fn set_state(&self, py: Python<'_>, instance: u32, name: String, value: Vec<u8>) -> PyResult<()> {
        self.read(|kernel| check_state(kernel.instances.get(instance as usize).map(|i| &i.state), &name, &value))??;
        let state = StateSet { instance, name, value };
        self.raise_value(py, instance, (Kind::StateSet, state), Input::StateSet)
    }
}

impl Core {
    /// Queues a value when a hook runs, else journals it at once.
    fn raise_value<T: serde::Serialize>(
        &self,
        py: Python<'_>,
        instance: u32,
        (kind, value): (Kind, T),
        wrap: fn(T) -> Input,
    ) -> PyResult<()> {
        let mut inner = self.lock()?;
        if inner.cause.is_some_and(|c| !inner.speaks_for(&c, instance)) {
            return Err(PyRuntimeError::new_err("a strategy speaks for itself alone"));
        }
        inner.queue(kind, instance, value, wrap)?;
        if inner.cause.is_some() {
            return Ok(());
        }
        self.settle(py, inner).map(drop)
    }
}

//! How a hook puts the two legs of a structure together: what it raises between two calls is one wish.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::core::Core;
use crate::record::{Input, Intent, Kind, Structure};

#[pymethods]
impl Core {
    /// From now on intents are legs of a structure, until it ends or is dropped.
    fn begin_structure(&self) -> PyResult<()> {
        self.lock()?.legs = Some(Vec::new());
        Ok(())
    }

    /// What was put together is no structure after all.
    fn drop_structure(&self) -> PyResult<()> {
        self.lock()?.legs = None;
        Ok(())
    }

    /// Raises the structure of two legs; false where one of them was not heard, as intents that can only be refused are.
    fn end_structure(&self, unwind: bool, together: bool) -> PyResult<bool> {
        let mut inner = self.lock()?;
        let legs = inner.legs.take().ok_or_else(|| PyRuntimeError::new_err("no structure was begun"))?;
        let Ok(legs) = <[Intent; 2]>::try_from(legs) else { return Ok(false) };
        let instance = legs[0].id.instance;
        let wrap = |structure| Input::Structure(Box::new(structure));
        inner.queue(Kind::Structure, instance, Structure { legs, unwind, together }, wrap)?;
        Ok(true)
    }
}

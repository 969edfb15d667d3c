//! How a hook puts the two legs of a structure together, and for whom a hook may speak: what it raises between two calls
//! is one wish.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::core::{Cause, Core, Inner};
use crate::record::{Action, Input, Intent, Kind, Structure};

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

impl Inner {
    /// Whether the hook of this cause may wish this for an instance. What leaves or guards a position may be wished for any
    /// of its group: the stop of one leg speaks of the other even when that one has left before, and nothing comes of it.
    pub(super) fn may_wish(&self, cause: &Cause, instance: u32, action: Action) -> bool {
        let group = |id: u32| self.engine.kernel.instances.get(id as usize).map(|i| i.group);
        let only_guards = matches!(action, Action::StopTo | Action::TargetTo | Action::Exit);
        self.speaks_for(cause, instance) || (only_guards && group(cause.instance) == group(instance))
    }

    /// Whether the hook of this cause may speak for an instance: its own, another leg of its structure, or any of a group
    /// that decides together.
    pub(super) fn speaks_for(&self, cause: &Cause, instance: u32) -> bool {
        let kernel = &self.engine.kernel;
        let group = kernel.instances.get(instance as usize).map(|i| i.group);
        cause.instance == instance
            || (cause.group.is_some() && cause.group == group)
            || kernel.are_legs(cause.instance, instance)
    }
}

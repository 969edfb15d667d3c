//! One place where the core's errors become Python exceptions with an exit code.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::engine::EngineError;
use crate::journal;
use crate::replay::ReplayError;

/// The core cannot go on; `exit_code` is the status that a program ends with.
#[pyclass(extends = PyRuntimeError, frozen, module = "velox_core")]
pub(super) struct CoreError {
    #[pyo3(get)]
    exit_code: u8,
    #[pyo3(get)]
    sentence: String,
}

#[pymethods]
impl CoreError {
    #[new]
    fn new(exit_code: u8, sentence: String) -> Self {
        Self { exit_code, sentence }
    }

    fn __str__(&self) -> String {
        self.sentence.clone()
    }
}

/// Not a journal, nothing there: what the user named is wrong.
const USAGE: u8 = 2;
/// A panic or an input that cannot follow the state.
const PANIC: u8 = 70;
/// Another kernel version decides otherwise.
const DIFFERENCE: u8 = 71;
/// The journal is damaged.
const DAMAGE: u8 = 72;
/// Another engine holds the journal.
const LOCKED: u8 = 73;
/// The disk refused.
const DISK: u8 = 74;

fn journal_code(error: &journal::Error) -> u8 {
    if error.is_damage() {
        DAMAGE
    } else if error.is_locked() {
        LOCKED
    } else if error.is_missing() || error.is_empty() || error.is_unsupported() || error.is_refused() {
        USAGE
    } else {
        DISK
    }
}

fn replay_code(error: &ReplayError) -> u8 {
    match error {
        ReplayError::Journal(e) => journal_code(e),
        ReplayError::Record { .. } => DAMAGE,
        ReplayError::Difference { .. } => DIFFERENCE,
    }
}

fn error(code: u8, sentence: String) -> PyErr {
    PyErr::new::<CoreError, _>((code, sentence))
}

/// An engine error as the exception that Python sees.
pub(super) fn raise(e: EngineError) -> PyErr {
    let code = match &e {
        EngineError::Journal(e) => journal_code(e),
        EngineError::Replay(e) => replay_code(e),
        EngineError::Apply(_) | EngineError::Payload(_) => USAGE,
        EngineError::Poisoned => PANIC,
    };
    error(code, e.to_string())
}

/// A replay error as the exception that Python sees.
pub(super) fn raise_replay(e: ReplayError) -> PyErr {
    let code = replay_code(&e);
    error(code, e.to_string())
}

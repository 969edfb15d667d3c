//! Why the engine could not take an input.

use crate::kernel::ApplyError;
use std::fmt;

/// Why an input could not be taken.
#[derive(Debug)]
pub enum EngineError {
    /// The journal refused or failed.
    Journal(crate::journal::Error),
    /// The input cannot follow the state.
    Apply(ApplyError),
    /// The payload is not what its kind promises.
    Payload(crate::record::PayloadError),
    /// Recovery found decisions that this kernel does not make.
    Replay(crate::replay::ReplayError),
    /// An earlier panic poisoned the core.
    Poisoned,
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(e) => e.fmt(f),
            Self::Apply(e) => e.fmt(f),
            Self::Payload(e) => e.fmt(f),
            Self::Replay(e) => e.fmt(f),
            Self::Poisoned => f.write_str("the core panicked before; the process must end"),
        }
    }
}

impl std::error::Error for EngineError {}

macro_rules! from_errors {
    ($($variant:ident($type:ty)),*) => { $(
        impl From<$type> for EngineError {
            fn from(e: $type) -> Self { Self::$variant(e) }
        }
    )* };
}

from_errors!(
    Journal(crate::journal::Error),
    Apply(ApplyError),
    Payload(crate::record::PayloadError),
    Replay(crate::replay::ReplayError)
);

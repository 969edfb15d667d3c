//! The Python face of the core; the only place that knows PyO3.
#![allow(unsafe_code)] // PyO3's macros expand to unsafe

use pyo3::prelude::*;

mod decode;
mod indicators;

#[pymodule]
mod _core {
    #[pymodule_export]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use super::decode::{DecodeError, decode_smartapi};

    #[pymodule_export]
    use super::indicators::{FourIndicators, indicator_values};
}

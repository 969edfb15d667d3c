//! The Python face of the core; the only place that knows `PyO3`.
#![allow(unsafe_code)] // PyO3's macros expand to unsafe
#![allow(clippy::needless_pass_by_value)] // PyO3 hands every argument over as a value

use pyo3::prelude::*;

mod bars;
mod bench;
mod bounds;
mod candles;
mod carried;
mod conduct;
mod core;
mod decode;
mod dispatch;
mod errors;
mod indicators;
mod kite;
mod late;
mod reads;
mod replay;
mod report;
mod rows;
mod series;
mod structure;
mod unheard;
mod values;
mod views;
mod watchdog;

#[pymodule]
mod _core {
    #[pymodule_export]
    #[allow(non_upper_case_globals)] // Python's own spelling
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// The profile that this extension was built with.
    #[pymodule_export]
    const BUILD_PROFILE: &str = env!("VELOX_PROFILE");

    /// The largest price that the guard believes, at 1e-8 rupees.
    #[pymodule_export]
    const PRICE_MAX: i64 = crate::fixed::PRICE_MAX;

    /// The largest count of units that the guard believes.
    #[pymodule_export]
    const VOLUME_MAX: i64 = crate::fixed::VOLUME_MAX;

    #[pymodule_export]
    use super::bars::compute_bars;

    #[pymodule_export]
    use super::bench::{Bench, Stopwatch};

    #[pymodule_export]
    use super::core::Core;

    #[pymodule_export]
    use super::errors::CoreError;

    #[pymodule_export]
    use super::replay::{JournalReader, Replayer, decisions_hash, last_doing, record_kinds};

    #[pymodule_export]
    use super::rows::row_places;

    #[pymodule_export]
    use super::series::Series;

    #[pymodule_export]
    use super::views::{Bar, Fill, Position, Refusal, Tick, TradeState};

    #[pymodule_export]
    use super::watchdog::HookTimeout;

    #[pymodule_export]
    use super::decode::{DecodeError, decode_smartapi};

    #[pymodule_export]
    use super::kite::decode_kite;

    #[pymodule_export]
    use super::indicators::{FourIndicators, indicator_values};
}

//! How much a strategy may say: what goes beyond is cut or refused before it reaches the journal.

use std::collections::BTreeMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Intents, lines and values that one hook may raise.
pub(super) const SAID_MAX: u32 = 1_000;
/// Bytes of a line or reason that are kept.
const TEXT_MAX: usize = 4_096;
/// Bytes of one persistent value.
const STATE_MAX: usize = 64 << 10;
/// Persistent values of an instance.
const STATES_MAX: usize = 1_024;

/// The beginning of a text, as much of it as is kept.
pub(super) fn cut(mut text: String) -> String {
    if text.len() > TEXT_MAX {
        let end = (0..=TEXT_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Refuses a persistent value that is too large, or one too many.
pub(super) fn check_state(kept: Option<&BTreeMap<String, Vec<u8>>>, name: &str, value: &[u8]) -> PyResult<()> {
    if value.len() > STATE_MAX {
        return Err(PyValueError::new_err(format!("{name} is larger than the {STATE_MAX} bytes that a State keeps")));
    }
    if kept.is_some_and(|k| k.len() >= STATES_MAX && !k.contains_key(name)) {
        return Err(PyValueError::new_err(format!("{name} is more than the {STATES_MAX} values that are kept")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_letters() {
        assert_eq!(cut("short".to_owned()), "short");
        let long = cut("₹".repeat(2_000));
        assert_eq!(long, "₹".repeat(TEXT_MAX / 3) + "…");
    }
}

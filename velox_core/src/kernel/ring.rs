//! A bounded history whose every window is one contiguous slice: each value is written twice.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// How many values of a series or node are kept.
pub const HISTORY: usize = 128;

/// The newest `HISTORY` values of something.
///
/// A Snapshot holds the window alone: what a ring did before does not change its bytes.
#[derive(Clone, Debug)]
pub struct Ring {
    /// Shared with the copy of the state that a Snapshot is made of, until one of them changes it: copying thousands of
    /// rings at once would hold the owner thread up for tens of milliseconds.
    mirrored: Arc<[f64]>,
    next: usize,
    len: usize,
}

impl Default for Ring {
    fn default() -> Self {
        Self { mirrored: Arc::from(vec![f64::NAN; 2 * HISTORY]), next: 0, len: 0 }
    }
}

impl Ring {
    /// Adds the newest value.
    pub fn push(&mut self, value: f64) {
        let mirrored = Arc::make_mut(&mut self.mirrored);
        mirrored[self.next] = value;
        mirrored[self.next + HISTORY] = value;
        self.next = (self.next + 1) % HISTORY;
        self.len = (self.len + 1).min(HISTORY);
    }

    /// The value `back` places before the newest; NaN beyond what is kept.
    pub fn get(&self, back: usize) -> f64 {
        if back < self.len { self.mirrored[self.next + HISTORY - 1 - back] } else { f64::NAN }
    }

    /// Everything kept, oldest first.
    pub fn window(&self) -> &[f64] {
        &self.mirrored[self.next + HISTORY - self.len..self.next + HISTORY]
    }
}

impl Serialize for Ring {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.window().serialize(s)
    }
}

impl<'de> Deserialize<'de> for Ring {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut ring = Self::default();
        Vec::<f64>::deserialize(d)?.into_iter().for_each(|value| ring.push(value));
        Ok(ring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_contiguous_and_newest_last() {
        let mut ring = Ring::default();
        assert!(ring.window().is_empty() && ring.get(0).is_nan());
        for i in 0..(HISTORY * 2 + 7) {
            ring.push(i as f64);
            let window = ring.window();
            assert_eq!(window.len(), (i + 1).min(HISTORY));
            assert_eq!(window.last().map(|v| *v as usize), Some(i));
            assert_eq!(ring.get(window.len() - 1).to_bits(), window[0].to_bits());
            assert!(ring.get(window.len()).is_nan());
        }
    }
}

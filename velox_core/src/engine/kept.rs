//! Decisions that a reader in this process wants, where no journal holds them: the trades of a back-test.

use crate::record::{Decisions, Kind};

/// Decisions of some kinds, in order.
#[derive(Debug, Default)]
pub struct Kept {
    wanted: Vec<Kind>,
    taken: Vec<(Kind, i64, Vec<u8>)>,
}

impl Kept {
    /// From now on decisions of these kinds are kept.
    pub fn want(&mut self, kinds: Vec<Kind>) {
        self.wanted = kinds;
    }

    /// What was kept and not taken yet: kind, kernel time, payload.
    pub fn take(&mut self) -> Vec<(Kind, i64, Vec<u8>)> {
        std::mem::take(&mut self.taken)
    }

    #[inline]
    pub(super) fn note(&mut self, decisions: &Decisions) {
        if !self.wanted.is_empty() && !decisions.is_empty() {
            let wanted = decisions.iter().filter(|(kind, _, _)| self.wanted.contains(kind));
            self.taken.extend(wanted.map(|(kind, ts, payload)| (kind, ts, payload.to_vec())));
        }
    }
}

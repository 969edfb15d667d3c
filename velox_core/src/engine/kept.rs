//! Decisions that a reader in this process wants, where no journal holds them: the trades of a back-test.

use crate::record::{Decisions, Kind};

/// Decisions of some kinds, in order.
#[derive(Debug, Default)]
pub struct Kept {
    wanted: Vec<Kind>,
    taken: Vec<One>,
}

/// A decision that was kept.
#[derive(Debug)]
pub struct One {
    /// Its kind.
    pub kind: Kind,
    /// Kernel time, ns.
    pub ts: i64,
    /// How many ticks of the day the kernel had seen, the one that brought it about included.
    pub ticks: u64,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl Kept {
    /// From now on decisions of these kinds are kept.
    pub fn want(&mut self, kinds: Vec<Kind>) {
        self.wanted = kinds;
    }

    /// What was kept and not taken yet.
    pub fn take(&mut self) -> Vec<One> {
        std::mem::take(&mut self.taken)
    }

    #[inline]
    pub(super) fn note(&mut self, decisions: &Decisions, ticks: impl Fn() -> u64) {
        if !self.wanted.is_empty() && !decisions.is_empty() {
            let ticks = ticks();
            let wanted = decisions.iter().filter(|(kind, _, _)| self.wanted.contains(kind));
            self.taken.extend(wanted.map(|(kind, ts, payload)| One { kind, ts, ticks, payload: payload.to_vec() }));
        }
    }
}

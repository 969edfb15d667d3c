//! Decisions that a reader in this process wants, where no journal holds them: the trades of a back-test.

use crate::record::{AccountMark, Decisions, Kind};

/// Decisions of some kinds, in order.
#[derive(Debug, Default)]
pub struct Kept {
    wanted: Vec<Kind>,
    taken: Vec<(Kind, i64, Vec<u8>)>,
    marks: Option<Marks>,
}

/// What `AccountMark`s say, as columns: they come once a second.
#[derive(Debug, Default)]
pub struct Marks {
    /// Kernel time, ns.
    pub ts: Vec<i64>,
    /// The account.
    pub account: Vec<u32>,
    /// Its equity at 1e-8 rupees.
    pub equity: Vec<i64>,
}

impl Marks {
    fn note(&mut self, ts: i64, payload: &[u8]) {
        // What this engine has just written can be read.
        if let Ok(mark) = rmp_serde::from_slice::<AccountMark>(payload) {
            self.ts.push(ts);
            self.account.push(mark.account);
            self.equity.push(mark.equity);
        }
    }
}

impl Kept {
    /// From now on decisions of these kinds are kept, `AccountMark`s as columns.
    pub fn want(&mut self, mut kinds: Vec<Kind>) {
        self.marks = kinds.contains(&Kind::AccountMark).then(Marks::default);
        kinds.retain(|kind| *kind != Kind::AccountMark);
        self.wanted = kinds;
    }

    /// The `AccountMark`s that were kept and not taken yet.
    pub fn take_marks(&mut self) -> Marks {
        self.marks.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// What was kept and not taken yet: kind, kernel time, payload.
    pub fn take(&mut self) -> Vec<(Kind, i64, Vec<u8>)> {
        std::mem::take(&mut self.taken)
    }

    #[inline]
    pub(super) fn note(&mut self, decisions: &Decisions) {
        if decisions.is_empty() || (self.wanted.is_empty() && self.marks.is_none()) {
            return;
        }
        for (kind, ts, payload) in decisions.iter() {
            if self.wanted.contains(&kind) {
                self.taken.push((kind, ts, payload.to_vec()));
            } else if kind == Kind::AccountMark
                && let Some(marks) = &mut self.marks
            {
                marks.note(ts, payload);
            }
        }
    }
}

//! Decisions that a reader in this process wants, where no journal holds them: the trades of a back-test.

use crate::record::{AccountMark, Decisions, Kind};

/// Decisions of some kinds, in order.
#[derive(Debug, Default)]
pub struct Kept {
    wanted: Vec<Kind>,
    taken: Vec<One>,
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
        // What this engine has just written can be read; it comes with every second that something is held.
        if let Some((account, equity)) = AccountMark::account_and_equity(payload) {
            self.ts.push(ts);
            self.account.push(account);
            self.equity.push(equity);
        }
    }
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

    /// What else was kept and not taken yet.
    pub fn take(&mut self) -> Vec<One> {
        std::mem::take(&mut self.taken)
    }

    #[inline]
    pub(super) fn note(&mut self, decisions: &Decisions, ticks: impl Fn() -> u64) {
        if decisions.is_empty() || (self.wanted.is_empty() && self.marks.is_none()) {
            return;
        }
        for (kind, ts, payload) in decisions.iter() {
            if self.wanted.contains(&kind) {
                self.taken.push(One { kind, ts, ticks: ticks(), payload: payload.to_vec() });
            } else if kind == Kind::AccountMark
                && let Some(marks) = &mut self.marks
            {
                marks.note(ts, payload);
            }
        }
    }
}

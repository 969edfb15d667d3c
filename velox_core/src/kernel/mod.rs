//! The kernel: a function of (state, record). No clock, no I/O, no randomness, no Python.
//!
//! One `match` over the input union changes the state; what it decides and which hooks are due are
//! collected in `Output`. Within one tick: candle closes and nodes, quote, working orders, stops and
//! targets, hooks.

mod account;
mod adjust;
mod aligned;
mod answers;
mod apply;
pub mod book;
mod broker;
pub mod candle;
mod candles_in;
pub mod charges;
mod check;
mod command;
mod corporate;
mod cover;
mod crossing;
mod day;
mod delivery;
mod emergency;
mod entry;
mod exit;
mod fill;
pub mod foreign;
mod graph;
mod guard;
mod hash;
pub mod history;
pub mod hooks;
mod instance;
mod intent;
mod late;
pub mod limits;
mod lock;
mod market;
mod netting;
pub mod order;
mod paper;
mod parking;
mod parts;
mod path;
mod preopen;
mod protection;
mod queue;
mod rates;
pub mod risk;
mod schedule;
mod size;
mod slices;
#[cfg(any(test, fuzzing))]
pub mod sound;
mod source;
mod structure;
mod timers;
mod together;
mod trigger;
mod verdict;

#[cfg(test)]
pub(crate) mod tests;

pub use account::Account;
pub use check::ApplyError;
pub use check::Joining;
pub use command::CommandLog;
pub use graph::Node;
pub use guard::Guarded;
pub use hash::{DecisionsHash, HASH_EVERY};
pub use instance::{Instance, Trading};
pub use lock::{Group, OwnCaps};
pub use market::Market;

use crate::record::{Decisions, FactsLoaded, Kind, Settings, Tick, Verdict};
use hooks::HookCall;
use serde::{Deserialize, Serialize};

/// Version of the kernel: an equal one reproduces every decision byte for byte.
pub const KERNEL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What one apply gave besides the new state.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Decisions in order, for the journal.
    pub decisions: Decisions,
    /// Hooks that are due, in order.
    pub hooks: Vec<HookCall>,
    /// What owners of strategies should read: instance, code, sentence.
    pub notes: Vec<(u32, &'static str, String)>,
    /// The tick that was applied, for `on_tick`.
    pub tick: Tick,
}

impl Output {
    /// Whether the last apply has left nothing for anybody.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.decisions.is_empty() && self.hooks.is_empty() && self.notes.is_empty()
    }

    /// Forgets what the last apply gave.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.decisions.clear();
        self.hooks.clear();
        self.notes.clear();
    }
}

impl Clone for Decisions {
    fn clone(&self) -> Self {
        Self::default() // scratch space: a copy of the kernel starts with its own
    }
}

/// The whole state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kernel {
    /// Kernel time: the newest record's.
    pub now: i64,
    /// Exchange time of the newest tick that moves the clock (data mode).
    data_now: i64,
    /// Thresholds.
    pub settings: Settings,
    /// Sessions and charges of the day.
    pub facts: Option<FactsLoaded>,
    /// Instruments by number.
    pub markets: Vec<Market>,
    /// Candle series by number.
    pub series: Vec<candle::Series>,
    /// Indicators by number.
    pub nodes: Vec<Node>,
    /// Accounts by number.
    pub accounts: Vec<Account>,
    /// Strategy instances by number.
    pub instances: Vec<Instance>,
    /// Instances that share limits, by their class.
    pub groups: Vec<Group>,
    /// Live orders.
    pub orders: order::Orders,
    aligned: Vec<aligned::Aligned>,
    pairs: Vec<structure::Pair>,
    queue: Vec<u32>,
    schedules: Vec<schedule::Scheduled>,
    gatherings: Vec<together::Gathering>,
    timers: timers::Timers,
    frame_lengths: Vec<u32>,
    /// Where the feed's clock stood when it came up; 0 before.
    feed_up_at: i64,
    feed_epoch: u32,
    /// Begin of the newest candle that came as data; 0 on a day of ticks.
    opened_at: i64,
    /// The day has ended: nothing fires until another begins.
    day_over: bool,
    /// Date of the session before this one, yyyymmdd; 0 for none.
    pub date_before: i32,
    /// Instruments and ex-dates of the corporate actions that are booked this session.
    pub acted: Vec<(u32, i32)>,
    commands: CommandLog,
    /// Some account is at a broker.
    brokered: bool,
    /// Ticks by verdict.
    pub verdicts: [u64; Verdict::ALL.len()],
    /// Candles closed today.
    pub candles_closed: u64,
    /// Ticks of today that were journalled and never applied.
    pub skipped_ticks: u64,
    /// The hash over all decisions.
    pub hash: DecisionsHash,
    /// What the last apply gave.
    #[serde(skip)]
    pub out: Output,
}

impl Default for Kernel {
    fn default() -> Self {
        Self {
            now: 0,
            data_now: 0,
            settings: Settings::default(),
            facts: None,
            markets: Vec::new(),
            series: Vec::new(),
            nodes: Vec::new(),
            accounts: Vec::new(),
            instances: Vec::new(),
            groups: Vec::new(),
            orders: order::Orders::default(),
            aligned: Vec::new(),
            pairs: Vec::new(),
            queue: Vec::new(),
            schedules: Vec::new(),
            gatherings: Vec::new(),
            timers: timers::Timers::default(),
            frame_lengths: Vec::new(),
            feed_up_at: 0,
            feed_epoch: 0,
            opened_at: 0,
            day_over: false,
            date_before: 0,
            acted: Vec::new(),
            commands: CommandLog::default(),
            brokered: false,
            verdicts: [0; Verdict::ALL.len()],
            candles_closed: 0,
            skipped_ticks: 0,
            hash: DecisionsHash::default(),
            out: Output::default(),
        }
    }
}

impl Kernel {
    /// The state as bytes, for a Snapshot.
    pub fn snapshot(&self) -> Vec<u8> {
        // Serialising our own structs into a Vec cannot fail.
        postcard::to_stdvec(self).expect("the kernel's state serialises")
    }

    /// A copy for a Snapshot, made without copying histories.
    #[must_use]
    pub fn copy(&mut self) -> Self {
        self.series.iter_mut().for_each(|series| series.history.share());
        self.nodes.iter_mut().for_each(|node| node.history.share());
        self.clone()
    }

    /// The state that a Snapshot holds.
    pub fn restore(bytes: &[u8]) -> Result<Self, String> {
        let restored = postcard::from_bytes::<Self>(bytes);
        let mut kernel = restored.map_err(|e| format!("the Snapshot is not one of this kernel version: {e}"))?;
        kernel.note_open();
        Ok(kernel)
    }

    /// Ticks seen so far, whatever their verdict.
    pub fn ticks(&self) -> u64 {
        self.verdicts.iter().sum()
    }

    /// Due time of the first timer, `i64::MAX` for none.
    pub fn next_due(&self) -> i64 {
        self.timers.next_due()
    }

    /// The timer that must be journalled before a record of this time, if one is due.
    pub fn due_timer(&self, ts: i64) -> Option<crate::record::Timer> {
        if self.timers.next_due() > ts { None } else { self.timers.first() }
    }

    fn decide<T: Serialize>(&mut self, kind: Kind, value: &T) {
        let at = self.out.decisions.len();
        self.out.decisions.push(kind, self.now, value);
        self.hash_decision(at);
    }

    fn hash_decision(&mut self, at: usize) {
        if self.hash.add_whole(self.out.decisions.whole(at)) {
            let value = self.hash.value();
            let ts = self.now;
            self.out.decisions.push_raw(Kind::OutputHash, ts, |out| out.extend(value));
        }
    }
}

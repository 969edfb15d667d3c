//! What the kernel writes while it applies an input; payloads hold no sequence, run or wall time.

use super::{IntentId, Kind};
use serde::{Deserialize, Serialize};

/// The guard's verdict on a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[repr(u8)]
#[allow(missing_docs)] // design words, explained at `kernel::guard`
pub enum Verdict {
    Applied = 0,
    Impossible = 1,
    Unknown = 2,
    WrongDay = 3,
    NotContinuous = 4,
    OutOfOrder = 5,
    Duplicate = 6,
    Band = 7,
    Late = 8,
}

impl Verdict {
    /// Every verdict, by number.
    pub const ALL: [Self; 9] = [
        Self::Applied,
        Self::Impossible,
        Self::Unknown,
        Self::WrongDay,
        Self::NotContinuous,
        Self::OutOfOrder,
        Self::Duplicate,
        Self::Band,
        Self::Late,
    ];

    /// As reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Impossible => "impossible",
            Self::Unknown => "unknown",
            Self::WrongDay => "wrong_day",
            Self::NotContinuous => "not_continuous",
            Self::OutOfOrder => "out_of_order",
            Self::Duplicate => "duplicate",
            Self::Band => "band",
            Self::Late => "late",
        }
    }
}

/// Names an order: its intent and which child of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
pub struct OrderId {
    /// The intent that it serves.
    pub intent: IntentId,
    /// 0 the entry; exits count on.
    pub child: u32,
}

/// An order changed its state.
#[derive(Clone, Debug, Serialize)]
pub struct OrderEvent<'a> {
    /// The order.
    pub order: OrderId,
    /// Its new state, in words of the order table.
    pub state: &'static str,
    /// The account.
    pub account: u32,
    /// The instrument.
    pub instrument: u32,
    /// +1 buy, −1 sell.
    pub side: i8,
    /// Units.
    pub quantity: i64,
    /// Units filled so far.
    pub filled: i64,
    /// Limit price.
    pub limit: i64,
    /// `entry`, `add`, `flip`, `reduce`, `stop`, `target`, `exit`, `flat`, `limit`, `flatten`.
    pub role: &'static str,
    /// Why, where it is not plain.
    pub reason: &'a str,
}

/// Risk refused or cut an order.
#[derive(Clone, Debug, Serialize)]
pub struct RiskVerdict<'a> {
    /// The intent.
    pub intent: IntentId,
    /// `refused`, `sized_down` or `sized_up`.
    pub verdict: &'static str,
    /// The rule's code.
    pub code: &'static str,
    /// In a plain sentence.
    pub sentence: &'a str,
    /// What the rule allows.
    pub limit: i64,
    /// What was asked.
    pub value: i64,
}

/// A fill.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)] // the contract note's words
pub struct Fill {
    pub order: OrderId,
    pub account: u32,
    pub instrument: u32,
    pub side: i8,
    pub quantity: i64,
    pub price: i64,
    pub role: &'static str,
    pub brokerage: i64,
    pub stt: i64,
    pub transaction: i64,
    pub sebi: i64,
    pub stamp: i64,
    pub gst: i64,
}

/// Shares that were kept over the day or sold from before it: what they cost more than their fills were charged, by line.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)] // the contract note's words
pub struct Delivery {
    pub account: u32,
    pub instance: u32,
    pub instrument: u32,
    /// Bought, or sold below 0.
    pub units: i64,
    pub brokerage: i64,
    pub stt: i64,
    pub transaction: i64,
    pub sebi: i64,
    pub stamp: i64,
    pub gst: i64,
}

/// Units that changed hands between two strategies of an account; the two fills follow, and nothing is charged for them.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)] // who, what, how many, at which price
pub struct Netted {
    pub account: u32,
    pub instrument: u32,
    pub buyer: OrderId,
    pub seller: OrderId,
    pub quantity: i64,
    pub price: i64,
}

/// A book after a fill.
#[derive(Clone, Debug, Serialize)]
pub struct PositionChanged {
    /// The account.
    pub account: u32,
    /// The strategy instance.
    pub instance: u32,
    /// The instrument.
    pub instrument: u32,
    /// Signed units.
    pub quantity: i64,
    /// Average price of the open lots.
    pub average: i64,
    /// Realised before charges.
    pub realised: i64,
    /// Charges accrued.
    pub charges: i64,
}

/// An account's equity.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)] // money words
pub struct AccountMark {
    pub account: u32,
    pub equity: i64,
    pub realised: i64,
    pub unrealised: i64,
    pub charges: i64,
    pub drawdown: i64,
    pub margin: i64,
}

impl AccountMark {
    /// The first two fields of a payload, the others unread; `None` where it is no mark.
    pub fn account_and_equity(mut payload: &[u8]) -> Option<(u32, i64)> {
        rmp::decode::read_array_len(&mut payload).ok()?;
        let account = rmp::decode::read_int(&mut payload).ok()?;
        Some((account, rmp::decode::read_int(&mut payload).ok()?))
    }
}

/// A stop, target or trail was armed, moved or hit.
#[derive(Clone, Debug, Serialize)]
pub struct ExitEvent {
    /// The instance.
    pub instance: u32,
    /// The instrument.
    pub instrument: u32,
    /// `armed`, `moved`, `hit_stop`, `hit_target`, `disarmed`.
    pub what: &'static str,
    /// The stop, 0 for none.
    pub stop: i64,
    /// The target, 0 for none.
    pub target: i64,
}

/// Something a strategy's owner must see.
#[derive(Clone, Debug, Serialize)]
pub struct StrategyEvent<'a> {
    /// The instance.
    pub instance: u32,
    /// `too_small`, `stop_crossed`, `expired`, `halted`, `reduce_only`, `at_skipped`, `first_candle`, `emergency` …
    pub code: &'static str,
    /// In a plain sentence.
    pub sentence: &'a str,
}

/// What became of a command.
#[derive(Clone, Debug, Serialize)]
pub struct CommandResult<'a> {
    /// The command's key.
    pub key: &'a str,
    /// `done`, `working`, `flat`, `not_flat`.
    pub state: &'static str,
    /// In a plain sentence.
    pub sentence: &'a str,
}

/// Bytes before a payload: kind, kernel time.
const HEAD_BYTES: usize = 9;

/// Collects what one apply gives: decisions as bytes, ready for the journal and the hash.
#[derive(Debug, Default)]
pub struct Decisions {
    bytes: Vec<u8>,
    entries: Vec<(Kind, i64, usize, usize)>,
}

impl Decisions {
    /// Forgets everything, keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    /// Adds a decision whose payload is a `MessagePack` array.
    pub fn push<T: Serialize>(&mut self, kind: Kind, ts: i64, value: &T) {
        // Writing into a Vec cannot fail and our structs serialise.
        self.push_raw(kind, ts, |out| rmp_serde::encode::write(out, value).expect("a decision serialises"));
    }

    /// Adds a decision with a fixed layout.
    pub fn push_raw(&mut self, kind: Kind, ts: i64, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.push(kind as u8);
        self.bytes.extend(ts.to_le_bytes());
        write(&mut self.bytes);
        self.entries.push((kind, ts, start, self.bytes.len()));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The decision at an index: kind, ts, payload.
    pub fn get(&self, index: usize) -> (Kind, i64, &[u8]) {
        let (kind, ts, start, end) = self.entries[index];
        (kind, ts, &self.bytes[start + HEAD_BYTES..end])
    }

    /// The decision at an index as it is hashed: kind, ts in little-endian order, payload.
    pub fn whole(&self, index: usize) -> &[u8] {
        let (_, _, start, end) = self.entries[index];
        &self.bytes[start..end]
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, i64, &[u8])> {
        (0..self.len()).map(|i| self.get(i))
    }
}

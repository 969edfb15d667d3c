//! What happens in the course of a day: strategies begin and end, operators order, the feed comes and goes.

use super::{StrategyRules, as_u8};
use serde::{Deserialize, Serialize};

/// What an operator may order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum CommandKind {
    /// No increase from the next record on.
    Halt,
    /// Increases again.
    Resume,
    /// Halt, and close every position.
    Flatten,
}

/// What an operator orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What to do.
    pub kind: CommandKind,
    /// Who says so.
    pub actor: String,
    /// The same key twice is the same command.
    pub key: String,
    /// Joins logs of several programs.
    pub trace: String,
    /// Where it came from.
    pub address: String,
    /// All accounts when −1.
    pub account: i32,
    /// The operator's words.
    pub reason: String,
    /// One strategy instance, −1 for all.
    pub strategy: i64,
    /// One instrument, −1 for all.
    pub instrument: i64,
}

/// A hook that runs by the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Number of the hook in the instance's table.
    pub hook: u16,
    /// First due time, ns.
    pub first: i64,
    /// Period, 0 for once.
    pub every: i64,
    /// Whether it runs when it is late.
    pub run_late: bool,
}

/// A strategy instance begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyStarted {
    /// Dense number, the next free one.
    pub id: u32,
    /// Unique name.
    pub name: String,
    /// Module and class.
    pub class: String,
    /// SHA-256 of its source, hex.
    pub code_hash: String,
    /// Parameters as text.
    pub params: Vec<(String, String)>,
    /// The account it trades on.
    pub account: u32,
    /// The instrument it trades.
    pub instrument: u32,
    /// Its capital for the day, 1e-8.
    pub capital: i64,
    /// Its series with the number of the hook that runs at their close, −1 for none.
    pub series: Vec<(u32, i32)>,
    /// Its nodes.
    pub nodes: Vec<u32>,
    /// Whether `on_tick` is wanted.
    pub on_tick: bool,
    /// Hooks by the clock.
    pub schedules: Vec<Schedule>,
    /// Entries from, ns.
    pub entry_from: i64,
    /// Entries until, ns.
    pub entry_until: i64,
    /// Square-off, ns; 0 for none.
    pub flat_at: i64,
    /// The entry windows [from, until) among those hours, ns; without any, all of the hours.
    pub windows: Vec<(i64, i64)>,
    /// Its series with the number of the hook that runs once the candles of its whole group have closed.
    pub together: Vec<(u32, u16)>,
    /// Number of the first instance of its group: those that share capital and limits; its own where it is alone.
    pub group: u32,
    /// What it limits of itself.
    pub rules: StrategyRules,
}

/// Why an instance ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyStopped {
    /// The instance.
    pub instance: u32,
    /// `fault` keeps its stops and takes no new risk; `done` ends it.
    pub fault: bool,
    /// File and line, or who asked.
    pub reason: String,
}

/// A strategy's persistent value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateSet {
    /// The instance.
    pub instance: u32,
    /// The attribute.
    pub name: String,
    /// Its value, `MessagePack`.
    #[serde(with = "bytes")]
    pub value: Vec<u8>,
}

/// A line that a strategy wants kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserValue {
    /// The instance.
    pub instance: u32,
    /// What it is about.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What happened to the feed or the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum MarkKind {
    /// Connected for the first time; `at` is where its clock stands.
    FeedUp,
    /// Lost.
    FeedDown,
    /// Back, with nothing missing.
    FeedResumed,
    /// The day is over.
    DayDone,
    /// The engine came back from a death.
    Recovered,
}

/// What happened to the feed or the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionMark {
    /// What happened.
    pub kind: MarkKind,
    /// The feed's clock, ns.
    pub at: i64,
    /// In words.
    pub text: String,
}

/// A record that recovery must not apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// Its sequence.
    pub seq: u64,
    /// Whether it is a tick: the feed goes on after it.
    pub tick: bool,
    /// Why.
    pub reason: String,
}

as_u8! {
    CommandKind { Halt = 0, Resume = 1, Flatten = 2 }
    MarkKind { FeedUp = 0, FeedDown = 1, FeedResumed = 2, DayDone = 3, Recovered = 4 }
}

/// `MessagePack` binary for byte vectors, which serde would write as an array of numbers.
mod bytes {
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(value: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, v: &[u8]) -> Result<Vec<u8>, E> {
                Ok(v.to_vec())
            }
            fn visit_byte_buf<E: de::Error>(self, v: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(v)
            }
        }
        d.deserialize_byte_buf(Bytes)
    }
}

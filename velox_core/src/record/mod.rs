//! What the journal holds: the kinds of record, inputs and decisions, and their bytes.
//!
//! Ticks, timers, verdicts and candles have a fixed little-endian layout; every other payload is a
//! `MessagePack` array whose field order is the format (`velox.events` mirrors it in Python).

mod broker;
mod candle;
mod corporate;
mod decision;
mod facts;
mod hot;
mod intent;
mod rules;
mod session;
mod setup;

pub use broker::*;
pub use candle::*;
pub use corporate::*;
pub use decision::*;
pub use facts::*;
pub use hot::*;
pub use intent::*;
pub use rules::*;
pub use session::*;
pub use setup::*;

use std::fmt;

/// Enums that travel as a number.
macro_rules! as_u8 {
    ($($type:ident { $($name:ident = $value:literal),* $(,)? })*) => { $(
        impl From<$type> for u8 {
            fn from(v: $type) -> u8 { match v { $($type::$name => $value),* } }
        }
        impl TryFrom<u8> for $type {
            type Error = String;
            fn try_from(v: u8) -> Result<Self, String> {
                match v { $($value => Ok($type::$name),)* _ => Err(format!(concat!("no ", stringify!($type), " {}"), v)) }
            }
        }
    )* };
}
use as_u8;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $value:literal),* $(,)?) => {
        /// The kind of a record; numbers below 128 are inputs, the rest decisions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name = $value),* }

        impl Kind {
            /// Every kind, in the order of its number.
            pub const ALL: &'static [Kind] = &[$(Kind::$name),*];

            /// The kind with this number, if there is one.
            pub fn from_u8(value: u8) -> Option<Self> {
                match value { $($value => Some(Self::$name),)* _ => None }
            }

            /// The kind's name as documentation and tools spell it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

kinds! {
    /// The whole state of the kernel; first record of every segment.
    Snapshot = 1,
    /// A decoded quote or trade of one instrument.
    Tick = 2,
    /// A timer that became due.
    Timer = 3,
    /// The clock moved without a tick.
    TimeMark = 4,
    /// What a strategy wishes.
    Intent = 5,
    /// What an operator orders.
    Command = 6,
    /// A broker's answer or update.
    BrokerReply = 7,
    /// A broker's order book and positions, whole.
    BookSnapshot = 8,
    /// A broker's cash figures.
    Funds = 9,
    /// A broker's margin for one order.
    MarginQuote = 10,
    /// A closed candle of an earlier day, for warm-up.
    HistoryBar = 11,
    /// An instrument and its dated data.
    InstrumentDef = 12,
    /// Sessions and charges of the day.
    FactsLoaded = 13,
    /// An account and its venue.
    AccountDef = 14,
    /// Limits of an account or an instance.
    LimitsSet = 15,
    /// A strategy instance begins.
    StrategyStarted = 16,
    /// A strategy instance ends or is quarantined.
    StrategyStopped = 17,
    /// An indicator joins the graph.
    NodeAdded = 18,
    /// A candle series joins the graph.
    Watch = 19,
    /// A strategy's persistent value.
    StateSet = 20,
    /// A line or value that a strategy wants kept.
    UserValue = 21,
    /// Feed up or down, resume, end of the day.
    SessionMark = 22,
    /// Head of the audit chain.
    AuditAnchor = 23,
    /// A record that recovery must not apply.
    Skip = 24,
    /// Thresholds of the guard and the clock.
    Settings = 25,
    /// The first price of a candle, of data that has candles and no ticks.
    CandleOpen = 26,
    /// All else of that candle: high, low, close and volume.
    CandleRange = 27,
    /// A split, bonus, dividend or rename that takes effect as a session begins.
    CorporateAction = 28,
    /// What a strategy wishes of two instruments as one position.
    Structure = 30,
    /// The guard's verdict on a tick, where it is not `applied`.
    TickVerdict = 128,
    /// An order changed its state.
    OrderEvent = 129,
    /// Risk refused or cut an order.
    RiskVerdict = 130,
    /// A fill.
    Fill = 131,
    /// A book after a fill.
    PositionChanged = 132,
    /// An account's equity.
    AccountMark = 133,
    /// A stop, target or trail was armed, moved or hit.
    ExitEvent = 134,
    /// A candle closed, with its indicator values.
    CandleClosed = 135,
    /// Something a strategy's owner must see.
    StrategyEvent = 136,
    /// Rolling hash over the decisions so far.
    OutputHash = 137,
    /// What became of a command.
    CommandResult = 138,
    /// What shares cost that were delivered, besides what their fills were charged.
    Delivery = 139,
    /// Nodes that join several series have new values.
    NodesAligned = 140,
    /// What a corporate action made of a position.
    ActionBooked = 141,
    /// Two strategies of an account traded with each other inside it.
    Netted = 142,
    /// What a broker is to be asked about an order.
    BrokerRequest = 143,
}

impl Kind {
    /// Whether the kernel wrote this record while it applied an input.
    pub fn is_decision(self) -> bool {
        self as u8 >= 128
    }
}

/// A payload that is not what its kind promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadError {
    /// The record's kind.
    pub kind: u8,
    /// What is wrong with the bytes.
    pub reason: String,
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Kind::from_u8(self.kind).map_or("unknown kind", Kind::name);
        write!(f, "payload of a {name} record (kind {}): {}", self.kind, self.reason)
    }
}

impl std::error::Error for PayloadError {}

/// Everything that can change the kernel's state.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // each variant is documented at `Kind`
pub enum Input {
    Tick(Tick),
    Timer(Timer),
    TimeMark(TimeMark),
    Intent(Intent),
    Command(Command),
    BrokerReply(BrokerReply),
    HistoryBar(HistoryBar),
    InstrumentDef(InstrumentDef),
    FactsLoaded(FactsLoaded),
    AccountDef(AccountDef),
    LimitsSet(LimitsSet),
    StrategyStarted(Box<StrategyStarted>),
    StrategyStopped(StrategyStopped),
    NodeAdded(NodeAdded),
    Watch(Watch),
    StateSet(StateSet),
    UserValue(UserValue),
    SessionMark(SessionMark),
    Skip(Skip),
    Settings(Settings),
    CandleOpen(CandleOpen),
    CandleRange(CandleRange),
    CorporateAction(CorporateAction),
    Structure(Box<Structure>),
    /// Kinds that have their place in the format and no effect yet.
    Kept(Kind),
}

fn cold<'a, T: serde::Deserialize<'a>>(kind: Kind, payload: &'a [u8]) -> Result<T, PayloadError> {
    rmp_serde::from_slice(payload).map_err(|e| PayloadError { kind: kind as u8, reason: e.to_string() })
}

impl Input {
    /// Reads an input's payload; a decision or a Snapshot is an error here.
    pub fn parse(kind: u8, payload: &[u8]) -> Result<Self, PayloadError> {
        let fault = |reason: &str| PayloadError { kind, reason: reason.to_owned() };
        let kind_known = Kind::from_u8(kind).ok_or_else(|| fault("no such kind"))?;
        Ok(match kind_known {
            Kind::Tick => Self::Tick(Tick::parse(payload).ok_or_else(|| fault("wrong length or mode"))?),
            Kind::Timer => Self::Timer(Timer::parse(payload).ok_or_else(|| fault("wrong length or class"))?),
            Kind::TimeMark => Self::TimeMark(TimeMark::parse(payload).ok_or_else(|| fault("wrong length"))?),
            Kind::Intent => Self::Intent(cold(kind_known, payload)?),
            Kind::Command => Self::Command(cold(kind_known, payload)?),
            Kind::HistoryBar => Self::HistoryBar(cold(kind_known, payload)?),
            Kind::InstrumentDef => Self::InstrumentDef(cold(kind_known, payload)?),
            Kind::FactsLoaded => Self::FactsLoaded(cold(kind_known, payload)?),
            Kind::AccountDef => Self::AccountDef(cold(kind_known, payload)?),
            Kind::LimitsSet => Self::LimitsSet(cold(kind_known, payload)?),
            Kind::StrategyStarted => Self::StrategyStarted(cold(kind_known, payload)?),
            Kind::StrategyStopped => Self::StrategyStopped(cold(kind_known, payload)?),
            Kind::NodeAdded => Self::NodeAdded(cold(kind_known, payload)?),
            Kind::Watch => Self::Watch(cold(kind_known, payload)?),
            Kind::StateSet => Self::StateSet(cold(kind_known, payload)?),
            Kind::UserValue => Self::UserValue(cold(kind_known, payload)?),
            Kind::SessionMark => Self::SessionMark(cold(kind_known, payload)?),
            Kind::Skip => Self::Skip(cold(kind_known, payload)?),
            Kind::Settings => Self::Settings(cold(kind_known, payload)?),
            Kind::CandleOpen => Self::CandleOpen(CandleOpen::parse(payload).ok_or_else(|| fault("wrong length"))?),
            Kind::CandleRange => Self::CandleRange(CandleRange::parse(payload).ok_or_else(|| fault("wrong length"))?),
            Kind::CorporateAction => Self::CorporateAction(cold(kind_known, payload)?),
            Kind::BrokerReply => Self::BrokerReply(cold(kind_known, payload)?),
            Kind::Structure => Self::Structure(cold(kind_known, payload)?),
            Kind::BookSnapshot | Kind::Funds | Kind::MarginQuote | Kind::AuditAnchor => Self::Kept(kind_known),
            Kind::Snapshot
            | Kind::TickVerdict
            | Kind::OrderEvent
            | Kind::RiskVerdict
            | Kind::Fill
            | Kind::PositionChanged
            | Kind::AccountMark
            | Kind::ExitEvent
            | Kind::CandleClosed
            | Kind::StrategyEvent
            | Kind::OutputHash
            | Kind::CommandResult
            | Kind::Delivery
            | Kind::NodesAligned
            | Kind::ActionBooked
            | Kind::Netted
            | Kind::BrokerRequest => return Err(fault("not an input")),
        })
    }
}

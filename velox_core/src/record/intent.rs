//! What a strategy wishes: intents, mirrored field by field in `velox.events`.

use super::as_u8;
use serde::{Deserialize, Serialize};

/// Names an intent, an order's parent, for ever: the same in every replay and after a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IntentId {
    /// The strategy instance.
    pub instance: u32,
    /// Session date, yyyymmdd.
    pub date: i32,
    /// Counts the instance's intents of the day from 1.
    pub counter: u32,
}

/// What an intent asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Action {
    /// `go_long`, `go_short`, `go_flat`: a target position.
    Go,
    /// `buy`, `sell`: an increment.
    Trade,
    /// Move the stop.
    StopTo,
    /// Leave the position, or the part of it that the size says.
    Exit,
    /// Cancel a working entry.
    CancelEntry,
    /// `add`: more of the position, guarded by what guards it.
    Add,
    /// `resize`: the position as large as this.
    Resize,
    /// Move the target.
    TargetTo,
}

/// How the size of an intent is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum SizeKind {
    /// None was given.
    None,
    /// Units.
    Quantity,
    /// Percent of the strategy's capital lost at the stop.
    RiskPercent,
    /// Rupees lost at the stop.
    RiskRupees,
    /// Lots.
    Lots,
    /// Rupees of value at the entry.
    Notional,
    /// A share of the position, from 0 to 1; only to leave it.
    Share,
    /// As `RiskPercent`, and one lot where that is less.
    RiskPercentOrLot,
    /// As `RiskRupees`, and one lot where that is less.
    RiskRupeesOrLot,
    /// As `Notional`, and one lot where that is less.
    NotionalOrLot,
}

impl SizeKind {
    /// Whether what opens is one lot at least.
    pub fn is_floored(self) -> bool {
        matches!(self, Self::RiskPercentOrLot | Self::RiskRupeesOrLot | Self::NotionalOrLot)
    }
}

/// How a protective price is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum PriceKind {
    /// None was given.
    #[default]
    None,
    /// A price in rupees (for a trail: a distance in rupees).
    Price,
    /// Percent of the entry price.
    Percent,
    /// Rupees from the entry price.
    Points,
    /// Multiples of the distance from entry to stop.
    Risk,
    /// The entry price itself.
    Cost,
}

/// How the life of an entry is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum ValidKind {
    /// To the end of the next candle, or 60 s without candles.
    Default,
    /// Until a time, ns.
    Until,
    /// A number of candles.
    Bars,
}

/// Which way the price must go before a waiting entry is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum TriggerKind {
    /// It does not wait.
    #[default]
    None,
    /// At the trigger or above.
    Above,
    /// At the trigger or below.
    Below,
}

/// What an entry waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TriggerSpec {
    /// Which way.
    pub kind: TriggerKind,
    /// Rupees.
    pub price: f64,
}

/// A protective price as the strategy gave it; floats end here, at the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PriceSpec {
    /// How to read the value.
    pub kind: PriceKind,
    /// Rupees, percent or multiples.
    pub value: f64,
}

/// A part of a position that has its own way out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExitPart {
    /// Its share of the position; 0 for what the others leave.
    pub share: f64,
    /// Where it is to be left at a gain.
    pub target: PriceSpec,
    /// Distance at which its own stop follows the best price.
    pub trail: PriceSpec,
}

/// What a strategy wishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Its name.
    pub id: IntentId,
    /// Sequence of the record whose hook raised it.
    pub cause_seq: u64,
    /// What it asks for.
    pub action: Action,
    /// The instrument.
    pub instrument: u32,
    /// +1 long or buy, −1 short or sell, 0 flat.
    pub side: i8,
    /// How the size is given.
    pub size_kind: SizeKind,
    /// The size.
    pub size: f64,
    /// Limit price in rupees; NaN for protected market.
    pub limit: f64,
    /// What the entry waits for in the kernel.
    pub trigger: TriggerSpec,
    /// Where the position is to be left at a loss.
    pub stop: PriceSpec,
    /// Where it is to be left at a gain.
    pub target: PriceSpec,
    /// Distance at which the stop follows the best price.
    pub trail: PriceSpec,
    /// Parts that leave one by one; none for all at once.
    pub exits: Vec<ExitPart>,
    /// How the entry's life is given.
    pub valid_kind: ValidKind,
    /// Time in ns or number of candles.
    pub valid: i64,
    /// Counter of the intent whose trade is meant, 0 for whatever is open.
    pub trade: u32,
    /// Open time of the candle that caused it, 0 where none did.
    pub bar_open: i64,
    /// Length of that candle, s.
    pub bar_seconds: u32,
    /// The strategy's own words.
    pub reason: String,
    /// Node values that the hook read: (node, output, value).
    pub reads: Vec<(u32, u8, f64)>,
}

/// Two legs that are one position: both are opened, or none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Structure {
    /// The legs, each an instance's own; their size is the value in rupees that each may have.
    pub legs: [Intent; 2],
    /// Whether a leg that does not fill takes the other one back.
    pub unwind: bool,
    /// Whether a leg that leaves by itself takes the other one along.
    pub together: bool,
}

as_u8! {
    Action { Go = 0, Trade = 1, StopTo = 2, Exit = 3, CancelEntry = 4, Add = 5, Resize = 6, TargetTo = 7 }
    SizeKind {
        None = 0, Quantity = 1, RiskPercent = 2, RiskRupees = 3, Lots = 4, Notional = 5, Share = 6,
        RiskPercentOrLot = 7, RiskRupeesOrLot = 8, NotionalOrLot = 9
    }
    PriceKind { None = 0, Price = 1, Percent = 2, Points = 3, Risk = 4, Cost = 5 }
    TriggerKind { None = 0, Above = 1, Below = 2 }
    ValidKind { Default = 0, Until = 1, Bars = 2 }
}

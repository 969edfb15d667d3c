//! What the kernel is told before it works: accounts, limits, series, nodes, warm-up, thresholds.

use super::as_u8;
use serde::{Deserialize, Serialize};

/// A closed candle of an earlier day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the market's words
pub struct HistoryBar {
    pub series: u32,
    pub ts_open: i64,
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
    pub volume: i64,
    pub ticks: u32,
}

/// An account; orders of one at a broker are requests, and all that happens to them comes as replies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDef {
    /// Dense number, the next free one.
    pub id: u32,
    /// `paper`.
    pub name: String,
    /// The user who owns it, "" where there is none.
    pub owner: String,
    /// `paper` or `broker`.
    pub venue: String,
    /// Money at the start of the day, 1e-8.
    pub capital: i64,
    /// Margin of an intraday position, 1e-10 of its value.
    pub mis_margin: i64,
    /// Ticks that a marketable order loses.
    pub slippage_ticks: i64,
    /// Time from the intent to the book.
    pub latency_ns: i64,
    /// Whether paper fills may be partial.
    pub partial: bool,
    /// Margin of a future, 1e-10 of its value.
    pub fno_margin: i64,
    /// Whether two of its strategies may trade one instrument.
    pub same_instrument: SameInstrument,
}

/// What an account does with a second strategy on an instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum SameInstrument {
    /// It is not started.
    #[default]
    Refuse,
    /// It trades; of two orders that would trade with each other the later waits.
    Wait,
    /// It trades; of two orders that would trade with each other the later waits, and they are netted.
    Net,
}

/// Limits at one level; money at 1e-8, shares at 1e-10, 0 means no limit. Of several levels the tightest holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsSet {
    /// The account.
    pub account: u32,
    /// The instance, −1 for the account's own limits and its instances' defaults.
    pub instance: i64,
    /// One instrument on the account, with −1 for the instance; −1 for all.
    pub instrument: i64,
    /// Largest value of an order.
    pub order_value: i64,
    /// Largest value of a position.
    pub position_value: i64,
    /// Largest quantity of an order.
    pub order_quantity: i64,
    /// Largest quantity of a position.
    pub position_quantity: i64,
    /// Most that one trade may lose at its stop, share of capital.
    pub trade_risk: i64,
    /// Working orders of an instance.
    pub instance_open_orders: u32,
    /// Working orders of an account, or of the instrument on it.
    pub account_open_orders: u32,
    /// Intents of an instance in any 1.1 s.
    pub intents: u32,
    /// Refusals within a minute that halt an instance.
    pub refusals: u32,
    /// Orders sent for an account in any 1.1 s.
    pub sends: u32,
    /// Round trips of an instance a day.
    pub trades: u32,
    /// Round trips of an account a day, or of the instrument on it.
    pub account_trades: u32,
    /// Loss of the day, share of capital.
    pub daily_loss: i64,
    /// Fall below the day's highest equity, share of it.
    pub drawdown: i64,
    /// Farthest limit from the last price.
    pub fat_finger: i64,
    /// Time in which an equal order is a duplicate.
    pub duplicate_ns: i64,
}

/// An indicator joins the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeAdded {
    /// Dense number, the next free one.
    pub id: u32,
    /// The series that feeds it.
    pub series: u32,
    /// What it follows: `close`, `open`, `high`, `low`, `volume`; `series:4:close` of other candles; `node:3:0`, an
    /// output of an earlier node; `number:2.5`.
    pub source: String,
    /// One of [`crate::indicators::Indicator::KINDS`].
    pub kind: String,
    /// Its parameters.
    pub params: Vec<f64>,
    /// The other side of what joins two values, "" where there is none.
    pub second: String,
    /// The strategy whose hook asked for it, −1 where it is declared: what comes late sees the candles that were kept.
    pub instance: i64,
}

/// A candle series joins the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Dense number of the series, the next free one.
    pub series: u32,
    /// The instrument.
    pub instrument: u32,
    /// Length of a candle, s.
    pub seconds: u32,
    /// Whether its candles are kept for nodes that come late; a known series can be told so once more.
    pub kept: bool,
    /// Whether the first candle of a day leaves out what was traded in the pre-open.
    pub without_preopen: bool,
}

/// Which clock the kernel follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum ClockMode {
    /// The exchange time of the ticks.
    Data,
    /// The engine's clock.
    Wall,
}

/// Thresholds of the guard and the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Which clock the kernel follows.
    pub clock: ClockMode,
    /// A candle's timer fires this long after its end.
    pub grace_ns: i64,
    /// Silence that marks a gap.
    pub gap_ns: i64,
    /// Age above which a quote is stale.
    pub stale_ns: i64,
    /// How far exchange time may be ahead of the wall clock.
    pub ahead_ns: i64,
    /// `@at` later than this is skipped.
    pub late_ns: i64,
}

impl Default for Settings {
    fn default() -> Self {
        const S: i64 = 1_000_000_000;
        Self {
            clock: ClockMode::Data,
            grace_ns: 3 * S / 2,
            gap_ns: 15 * S,
            stale_ns: 10 * S,
            ahead_ns: 5 * S,
            late_ns: 30 * S,
        }
    }
}

as_u8! {
    ClockMode { Data = 0, Wall = 1 }
    SameInstrument { Refuse = 0, Wait = 1, Net = 2 }
}

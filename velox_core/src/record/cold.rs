//! Inputs that arrive seldom: `MessagePack` arrays, mirrored field by field in `velox.events`.

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
    /// Leave the position.
    Exit,
    /// Cancel a working entry.
    CancelEntry,
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

as_u8! {
    Action { Go = 0, Trade = 1, StopTo = 2, Exit = 3, CancelEntry = 4 }
    SizeKind { None = 0, Quantity = 1, RiskPercent = 2, RiskRupees = 3 }
    PriceKind { None = 0, Price = 1, Percent = 2, Points = 3, Risk = 4, Cost = 5 }
    ValidKind { Default = 0, Until = 1, Bars = 2 }
    CommandKind { Halt = 0, Resume = 1, Flatten = 2 }
    MarkKind { FeedUp = 0, FeedDown = 1, FeedResumed = 2, DayDone = 3, Recovered = 4 }
    ClockMode { Data = 0, Wall = 1 }
}

/// A protective price as the strategy gave it; floats end here, at the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PriceSpec {
    /// How to read the value.
    pub kind: PriceKind,
    /// Rupees, percent or multiples.
    pub value: f64,
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
    /// Where the position is to be left at a loss.
    pub stop: PriceSpec,
    /// Where it is to be left at a gain.
    pub target: PriceSpec,
    /// Distance at which the stop follows the best price.
    pub trail: PriceSpec,
    /// How the entry's life is given.
    pub valid_kind: ValidKind,
    /// Time in ns or number of candles.
    pub valid: i64,
    /// Open time of the candle that caused it, 0 where none did.
    pub bar_open: i64,
    /// Length of that candle, s.
    pub bar_seconds: u32,
    /// The strategy's own words.
    pub reason: String,
    /// Node values that the hook read: (node, output, value).
    pub reads: Vec<(u32, u8, f64)>,
}

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
}

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

/// What an instrument is.
pub const KIND_INDEX: u8 = 0;

/// An instrument and its dated data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentDef {
    /// Dense number, the next free one.
    pub id: u32,
    /// `NSE:RELIANCE`.
    pub name: String,
    /// `NSE`.
    pub exchange: String,
    /// The broker's token.
    pub token: String,
    /// 0 index, 1 equity.
    pub kind: u8,
    /// Index into the day's phase groups.
    pub group: u16,
    /// Price step at 1e-8.
    pub tick: i64,
    /// Smallest quantity and its multiple.
    pub lot: i64,
    /// Largest quantity of one order is below it; 0 where there is none.
    pub freeze: i64,
    /// Lower circuit at 1e-8, 0 unknown.
    pub lower: i64,
    /// Upper circuit at 1e-8, 0 unknown.
    pub upper: i64,
    /// Close of the previous day, 0 unknown.
    pub prev_close: i64,
    /// Index into the day's charges.
    pub charges: u16,
    /// Whether it may be sold short within the day.
    pub shortable: bool,
}

/// A phase of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the exchange's words
pub enum Phase {
    Closed,
    PreOpen,
    Continuous,
    Transition,
    Auction,
    Post,
    Halt,
}

impl Phase {
    /// The phase with this number; an unknown number is closed.
    pub fn from_u8(value: u8) -> Self {
        match value {
            1 => Self::PreOpen,
            2 => Self::Continuous,
            3 => Self::Transition,
            4 => Self::Auction,
            5 => Self::Post,
            6 => Self::Halt,
            _ => Self::Closed,
        }
    }
}

/// Phases of one kind of instrument on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseGroup {
    /// `cash`, `cash-cas`, `index`.
    pub name: String,
    /// (start ns, phase), ascending; each holds until the next.
    pub phases: Vec<(i64, u8)>,
    /// The broker's cut-off for intraday positions.
    pub mis_cutoff_ns: i64,
    /// When `flat="auto"` closes.
    pub flat_auto_ns: i64,
}

impl PhaseGroup {
    /// The phase at a time.
    pub fn at(&self, ts: i64) -> Phase {
        let after = self.phases.partition_point(|(start, _)| *start <= ts);
        if after == 0 { Phase::Closed } else { Phase::from_u8(self.phases[after - 1].1) }
    }

    /// The first interval of continuous trading: start and end.
    pub fn continuous(&self) -> Option<(i64, i64)> {
        let at = self.phases.iter().position(|(_, p)| Phase::from_u8(*p) == Phase::Continuous)?;
        let end = self.phases.get(at + 1).map_or(i64::MAX, |(start, _)| *start);
        Some((self.phases[at].0, end))
    }
}

/// Charges of one product; rates at 1e-10, money at 1e-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the contract note's own words
pub struct ChargeRates {
    pub name: String,
    pub stt_buy: i64,
    pub stt_sell: i64,
    pub transaction: i64,
    pub sebi: i64,
    pub stamp_buy: i64,
    pub gst: i64,
    /// Share of the order's value; 0 makes the cap a flat fee.
    pub brokerage_rate: i64,
    /// Most that one order costs.
    pub brokerage_cap: i64,
}

/// Sessions and charges of the day, resolved for its date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsLoaded {
    /// yyyymmdd.
    pub session_date: i32,
    /// SHA-256 of the data files, hex.
    pub digest: String,
    /// Midnight IST.
    pub day_start_ns: i64,
    /// Anchor of the candles.
    pub open_ns: i64,
    /// When the day is over.
    pub end_ns: i64,
    /// Phases by kind of instrument.
    pub groups: Vec<PhaseGroup>,
    /// Charges by product.
    pub charges: Vec<ChargeRates>,
    /// What a report has to say of these facts.
    pub notes: Vec<String>,
}

/// An account; its venue is paper until gateways exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDef {
    /// Dense number, the next free one.
    pub id: u32,
    /// `paper`.
    pub name: String,
    /// The user who owns it, "" where there is none.
    pub owner: String,
    /// `paper` or a broker.
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
}

/// Limits; money at 1e-8, shares at 1e-10, 0 means no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsSet {
    /// The account.
    pub account: u32,
    /// The instance, −1 for the account's own limits and its instances' defaults.
    pub instance: i64,
    /// Largest value of an order.
    pub order_value: i64,
    /// Largest value of a position.
    pub position_value: i64,
    /// Largest quantity of an order.
    pub order_quantity: i64,
    /// Working orders of an instance.
    pub instance_open_orders: u32,
    /// Working orders of an account.
    pub account_open_orders: u32,
    /// Intents of an instance in any 1.1 s.
    pub intents: u32,
    /// Refusals within a minute that halt an instance.
    pub refusals: u32,
    /// Orders sent for an account in any 1.1 s.
    pub sends: u32,
    /// Round trips of an instance a day.
    pub trades: u32,
    /// Loss of the day, share of capital.
    pub daily_loss: i64,
    /// Fall below the day's highest equity, share of it.
    pub drawdown: i64,
    /// Farthest limit from the last price.
    pub fat_finger: i64,
    /// Time in which an equal order is a duplicate.
    pub duplicate_ns: i64,
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

/// An indicator joins the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeAdded {
    /// Dense number, the next free one.
    pub id: u32,
    /// The series that feeds it.
    pub series: u32,
    /// `close`, `open`, `high`, `low`, `volume`.
    pub source: String,
    /// `ema`, `sma`, `rsi`, `macd`, `atr`, `vwap`.
    pub kind: String,
    /// Its parameters.
    pub params: Vec<f64>,
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
    /// Why.
    pub reason: String,
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

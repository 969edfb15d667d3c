//! Which hooks are due after a record, and with what.

use super::candle::Candle;

/// Numbers of the hooks in an instance's table; others follow from `CUSTOM` on.
pub mod number {
    #![allow(missing_docs)] // the strategy API's names
    pub const START: u16 = 0;
    pub const TICK: u16 = 1;
    pub const FILL: u16 = 2;
    pub const ENTERED: u16 = 3;
    pub const STOP: u16 = 4;
    pub const TARGET: u16 = 5;
    pub const REJECT: u16 = 6;
    pub const EXTERNAL: u16 = 7;
    pub const RECOVER: u16 = 8;
    pub const FINISH: u16 = 9;
    pub const CUSTOM: u16 = 16;
}

/// What a hook is given.
#[derive(Clone, Debug)]
pub enum HookArg {
    /// Nothing.
    None,
    /// A closed candle and its number in the series.
    Bar {
        /// The series.
        series: u32,
        /// The candle.
        candle: Candle,
        /// Counts from 1.
        n: u32,
    },
    /// Those of a group that are ready, by number, once its candles of one end have closed.
    Members {
        /// The instances.
        members: Vec<u32>,
        /// When those candles began, ns.
        ts_open: i64,
        /// Their length, s.
        seconds: u32,
    },
    /// The tick in `Output::tick`.
    Tick,
    /// A fill.
    Fill {
        /// Counter of the intent.
        intent: u32,
        /// +1 buy, −1 sell.
        side: i8,
        /// Units.
        quantity: i64,
        /// Price at 1e-8.
        price: i64,
        /// What the order was for.
        role: &'static str,
    },
    /// The trade of an intent.
    Trade {
        /// Counter of the intent that opened it.
        intent: u32,
        /// Which part of it, from 1; 0 for all of it.
        part: u8,
    },
    /// A refusal.
    Refusal {
        /// Counter of the intent.
        intent: u32,
        /// The rule's code.
        code: &'static str,
        /// In a plain sentence.
        sentence: String,
        /// What the rule allows.
        limit: i64,
        /// What was asked.
        value: i64,
    },
}

/// When a hook runs among the hooks of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Order events.
    Order,
    /// Candles, long before short.
    Bar(std::cmp::Reverse<u32>),
    /// `@every`.
    Every,
    /// `@at`.
    At,
    /// `on_tick`.
    Tick,
    /// `on_finish`, after everything.
    Finish,
}

/// A hook that is due.
#[derive(Clone, Debug)]
pub struct HookCall {
    /// When it runs among its record's hooks.
    pub rank: Rank,
    /// The instance.
    pub instance: u32,
    /// Number in the instance's table.
    pub hook: u16,
    /// What it is given.
    pub arg: HookArg,
}

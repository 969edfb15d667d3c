//! Candles: anchored at the session's open, built from applied ticks, never changed once closed.

use super::history::History;
use crate::fixed::to_float;
use crate::indicators::{self, DAY_UNKNOWN};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Set on a candle in which a tick followed a gap.
pub const FLAG_GAP: u32 = 1;
/// Set on a candle before whose tick the feed was away for longer than silence is usual.
pub const FLAG_MISSED: u32 = 2;
/// Set on every candle of a series that leaves the pre-open out: another one may have its instrument and its length.
pub const FLAG_WITHOUT_PREOPEN: u32 = 4;
/// Candles that a series keeps for nodes that come late: those of a day's minutes, and as many again of days before.
pub const KEPT: usize = 640;
/// Columns of a series' history.
const FIELDS: usize = 5;
const SECOND_NS: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * SECOND_NS;

/// One candle; prices at 1e-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(C)]
#[allow(missing_docs)] // the market's words
pub struct Candle {
    pub ts_open: i64,
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
    pub volume: i64,
    pub ticks: u32,
    pub flags: u32,
}

/// What places a candle in its session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// Open of a session, ns.
    pub session_open: i64,
    /// Midnight of that session's day, ns.
    pub day_start: i64,
    /// Length of its continuous trading, s.
    pub session_s: u32,
    /// The trading day before, for candles of the session itself.
    pub previous_day: i32,
    /// Length of the candle, s.
    pub seconds: u32,
}

impl Span {
    /// The day of a time, counted from one that does not matter.
    pub fn day(&self, ts: i64) -> i32 {
        (ts - self.day_start.rem_euclid(DAY_NS)).div_euclid(DAY_NS) as i32
    }
}

impl Candle {
    /// Takes a price in.
    pub fn add(&mut self, price: i64) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.ticks += 1;
    }

    /// The candle as an indicator sees it; a session of an earlier day is taken to have opened at the same time of day.
    pub fn input(&self, span: &Span) -> indicators::Input {
        let from_s = ((self.ts_open - span.session_open).rem_euclid(DAY_NS) / SECOND_NS) as u32;
        let close = to_float(self.close);
        indicators::Input {
            open: to_float(self.open),
            high: to_float(self.high),
            low: to_float(self.low),
            close,
            volume: self.volume as f64,
            from_s,
            to_s: from_s + span.seconds,
            session_s: span.session_s,
            day: span.day(self.ts_open),
            previous_day: if self.ts_open < span.session_open { DAY_UNKNOWN } else { span.previous_day },
            missed: self.flags & FLAG_MISSED != 0,
            source: close,
            second: f64::NAN,
        }
    }
}

/// The unfinished candle of a series. It lies beside its instrument: what every tick touches lies together.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C)]
pub struct Frame {
    /// End of the forming candle; meaningful while it has ticks.
    pub end: i64,
    /// The unfinished candle.
    pub forming: Candle,
    /// Running volume at the close of the previous candle.
    pub base_volume: i64,
    /// The series that it becomes part of.
    pub series: u32,
    seconds: u32,
}

impl Frame {
    /// Of a series that begins at the instrument's running volume.
    pub fn new(series: u32, length: i64, base_volume: i64) -> Self {
        Self { end: 0, forming: Candle::default(), base_volume, series, seconds: (length / SECOND_NS) as u32 }
    }

    /// Length of a candle, ns.
    #[inline]
    pub fn length(&self) -> i64 {
        i64::from(self.seconds) * SECOND_NS
    }

    /// Whether the forming candle is over at this exchange time.
    #[inline]
    pub fn is_over(&self, exch_ts: i64) -> bool {
        self.forming.ticks > 0 && exch_ts >= self.end
    }

    /// Takes an applied tick in; a candle that is over must have been closed before.
    #[inline(always)]
    #[allow(clippy::inline_always)] // of all calls of a tick the one in a loop
    pub fn add(&mut self, exch_ts: i64, price: i64, flags: u32, anchor: i64) {
        if self.forming.ticks == 0 {
            let length = self.length();
            let open = anchor + (exch_ts - anchor).div_euclid(length) * length;
            self.end = open + length;
            self.forming = Candle { ts_open: open, open: price, high: price, low: price, ..Candle::default() };
        }
        self.forming.add(price);
        self.forming.flags |= flags;
    }

    /// Closes the forming candle at the instrument's running volume.
    pub fn close(&mut self, run_volume: i64) -> Candle {
        let candle = Candle { volume: run_volume - self.base_volume, ..self.forming };
        self.base_volume = run_volume;
        self.forming.ticks = 0;
        candle
    }

    /// The unfinished candle with its volume so far.
    pub fn forming_now(&self, run_volume: i64) -> Option<Candle> {
        (self.forming.ticks > 0).then(|| Candle { volume: run_volume - self.base_volume, ..self.forming })
    }

    /// Forgets the day before.
    pub fn begin_day(&mut self) {
        (self.base_volume, self.forming.ticks) = (0, 0);
    }
}

/// The closed candles of one instrument at one length.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Series {
    /// The instrument.
    pub instrument: u32,
    /// Length of a candle, ns.
    pub length: i64,
    /// Candles closed so far, history included.
    pub closed: u32,
    /// Open time of the newest closed candle, ns; 0 before the first.
    pub last_open: i64,
    /// Candles closed in this session.
    pub session_n: u32,
    /// Nodes fed by it.
    pub nodes: Vec<u32>,
    /// Instances that listen: (instance, hook).
    pub listeners: Vec<(u32, u16)>,
    /// Instances whose group waits for all its candles of one end: (instance, hook).
    pub gatherers: Vec<(u32, u16)>,
    /// Open, high, low, close, volume of closed candles.
    pub history: History,
    /// The newest closed candles as they were, where some are kept; shared with the copies that Snapshots are made of.
    pub kept: Option<Arc<VecDeque<Candle>>>,
    /// Candles that open before this are not whole: the series began while they formed.
    pub whole_from: i64,
    /// Whether the first candle of a day leaves out what was traded in the pre-open.
    pub without_preopen: bool,
    /// Candles that open before this lack what was traded before their first tick: nobody told what the pre-open left.
    pub counted_from: i64,
}

impl Series {
    /// A series without candles.
    pub fn new(instrument: u32, seconds: u32) -> Self {
        Self {
            instrument,
            length: i64::from(seconds) * SECOND_NS,
            closed: 0,
            last_open: 0,
            session_n: 0,
            nodes: Vec::new(),
            listeners: Vec::new(),
            gatherers: Vec::new(),
            history: History::new(FIELDS),
            kept: None,
            whole_from: 0,
            without_preopen: false,
            counted_from: 0,
        }
    }

    /// Keeps candles from now on.
    pub fn keep(&mut self) {
        self.kept.get_or_insert_with(|| Arc::new(VecDeque::with_capacity(KEPT)));
    }

    /// Length of a candle, s.
    pub fn seconds(&self) -> u32 {
        (self.length / SECOND_NS) as u32
    }

    /// What marks a candle that opens at a time, whatever its ticks have marked.
    pub fn flags_at(&self, ts_open: i64) -> u32 {
        let whole = if ts_open < self.whole_from { FLAG_GAP | FLAG_MISSED } else { 0 };
        let counted = if ts_open < self.counted_from { FLAG_GAP } else { 0 };
        whole | counted | if self.without_preopen { FLAG_WITHOUT_PREOPEN } else { 0 }
    }

    /// Keeps a closed candle in the history.
    pub fn remember(&mut self, candle: &Candle) {
        self.closed += 1;
        self.last_open = candle.ts_open;
        let [open, high, low, close] = [candle.open, candle.high, candle.low, candle.close].map(to_float);
        self.history.push(&[open, high, low, close, candle.volume as f64]);
        if let Some(kept) = &mut self.kept {
            let kept = Arc::make_mut(kept);
            if kept.len() == KEPT {
                kept.pop_front();
            }
            if kept.back().is_some_and(|last| last.ts_open >= candle.ts_open) {
                kept.clear(); // told of candles that lie ahead: they are no past of this one
            }
            kept.push_back(*candle);
        }
    }
}

//! Candles: anchored at the session's open, built from applied ticks, never changed once closed.

use super::history::History;
use crate::fixed::to_float;
use crate::indicators;
use serde::{Deserialize, Serialize};

/// Set on a candle in which a tick followed a gap.
pub const FLAG_GAP: u32 = 1;
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

/// The field of a candle that feeds an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the market's words
pub enum Source {
    Open,
    High,
    Low,
    Close,
    Volume,
}

/// What places a candle in its session.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Open of a session, ns.
    pub session_open: i64,
    /// Length of the candle, s.
    pub seconds: u32,
}

impl Source {
    /// As records spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
        }
    }

    /// The source with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "open" => Self::Open,
            "high" => Self::High,
            "low" => Self::Low,
            "close" => Self::Close,
            "volume" => Self::Volume,
            _ => return None,
        })
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
    pub fn input(&self, source: Source, span: Span) -> indicators::Input {
        let volume = self.volume as f64;
        let (open, high, low, close) =
            (to_float(self.open), to_float(self.high), to_float(self.low), to_float(self.close));
        let source = match source {
            Source::Open => open,
            Source::High => high,
            Source::Low => low,
            Source::Close => close,
            Source::Volume => volume,
        };
        let from_s = ((self.ts_open - span.session_open).rem_euclid(DAY_NS) / SECOND_NS) as u32;
        indicators::Input { open, high, low, close, volume, from_s, to_s: from_s + span.seconds, source }
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
    #[inline]
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
        }
    }

    /// Length of a candle, s.
    pub fn seconds(&self) -> u32 {
        (self.length / SECOND_NS) as u32
    }

    /// Keeps a closed candle in the history.
    pub fn remember(&mut self, candle: &Candle) {
        self.closed += 1;
        self.last_open = candle.ts_open;
        let [open, high, low, close] = [candle.open, candle.high, candle.low, candle.close].map(to_float);
        self.history.push(&[open, high, low, close, candle.volume as f64]);
    }
}

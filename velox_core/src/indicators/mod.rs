//! Indicators, one file each: `new` may refuse, `update` and `peek` may not.
//!
//! Values equal TA-Lib's on closed candles, its seeds included. Only + - * / and √ appear, in a fixed order and without
//! fused multiply-add, so the same candles give the same bits everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

mod adx;
mod arithmetic;
mod atr;
mod bbands;
mod cci;
#[cfg(test)]
mod contract;
mod donchian;
mod ema;
#[cfg(test)]
mod examples;
mod hma;
mod ichimoku;
mod keltner;
mod macd;
mod obv;
mod opening_range;
mod params;
mod previous_day;
mod rsi;
mod sma;
mod stoch;
mod supertrend;
mod tema;
mod vwap;
mod vwap_bands;
mod willr;
mod window;
mod zscore;

pub use adx::Adx;
pub use arithmetic::Arithmetic;
pub use atr::Atr;
pub use bbands::Bbands;
pub use cci::Cci;
pub use donchian::Donchian;
pub use ema::Ema;
pub use hma::Hma;
pub use ichimoku::{Cloud, Lines};
pub use keltner::Keltner;
pub use macd::Macd;
pub use obv::Obv;
pub use opening_range::OpeningRange;
pub use previous_day::PreviousDay;
pub use rsi::Rsi;
pub use sma::Sma;
pub use stoch::Stoch;
pub use supertrend::Supertrend;
pub use tema::Tema;
pub use vwap::Vwap;
pub use vwap_bands::VwapBands;
pub use willr::Willr;
pub use zscore::ZScore;

/// The longest period that a constructor takes: TA-Lib's own bound.
pub const PERIOD_MAX: u32 = 100_000;

/// A day that nobody knows.
pub const DAY_UNKNOWN: i32 = i32::MIN;

/// One candle as an indicator sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Open.
    pub open: f64,
    /// High.
    pub high: f64,
    /// Low.
    pub low: f64,
    /// Close.
    pub close: f64,
    /// Volume of this candle.
    pub volume: f64,
    /// Begin and end of this candle in seconds since the session's open.
    pub from_s: u32,
    #[allow(missing_docs)] // said with the one before
    pub to_s: u32,
    /// Length of the session's continuous trading, s.
    pub session_s: u32,
    /// The day that it belongs to, and the trading day before that one, [`DAY_UNKNOWN`] where nobody says.
    pub day: i32,
    #[allow(missing_docs)] // said with the one before
    pub previous_day: i32,
    /// Whether ticks were missed in it.
    pub missed: bool,
    /// The value that EMA, SMA, RSI and MACD follow: a field of the candle or the value of another indicator.
    pub source: f64,
    /// The other side of what joins two values.
    pub second: f64,
}

/// Up to three values in the order of [`Indicator::outputs`]; NaN while warming up and where there is no such output.
pub type Values = [f64; 3];

/// No value yet.
pub const NOT_READY: Values = [f64::NAN; 3];

/// The values of an indicator that has one output.
#[inline]
fn single(value: f64) -> Values {
    let [_, second, third] = NOT_READY;
    [value, second, third]
}

/// What every indicator does; constant time, no allocation outside `new`.
pub trait Study: Clone {
    /// The names of the values, in their order.
    const OUTPUTS: &'static [&'static str];

    /// The same, where they hang on what it was made for.
    fn outputs(&self) -> &'static [&'static str] {
        Self::OUTPUTS
    }

    /// Take a closed candle.
    fn update(&mut self, candle: &Input);

    /// The values as if the forming candle closed now; changes nothing.
    fn peek(&self, forming: &Input) -> Values;

    /// The values after the last closed candle.
    fn values(&self) -> Values;

    /// Closed candles that it takes until the values are there.
    fn warm_up(&self) -> usize;

    /// A new session begins after that of a day; only indicators of one session mind.
    fn reset_session(&mut self, _previous_day: i32) {}
}

/// Why an indicator cannot be made: one sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamError(String);

impl fmt::Display for ParamError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for ParamError {}

/// Any indicator by value, so that a kernel snapshot can hold it and dispatch is one jump; what is larger than the rest
/// lies in a box, or it would make every node larger. Snapshots keep the place of a kind: new ones go to the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Indicator {
    /// Exponential moving average.
    Ema(Ema),
    /// Simple moving average.
    Sma(Sma),
    /// Relative strength index.
    Rsi(Rsi),
    /// Moving average convergence/divergence.
    Macd(Macd),
    /// Average true range.
    Atr(Atr),
    /// Volume-weighted average price of the session.
    Vwap(Vwap),
    /// Bollinger bands.
    Bbands(Bbands),
    /// Slow stochastic.
    Stoch(Stoch),
    /// Average directional index.
    Adx(Adx),
    /// Commodity channel index.
    Cci(Cci),
    /// Williams %R.
    Willr(Willr),
    /// On-balance volume.
    Obv(Obv),
    /// Triple exponential moving average.
    Tema(Tema),
    /// Donchian channel.
    Donchian(Donchian),
    /// Keltner channel.
    Keltner(Keltner),
    /// `SuperTrend`.
    Supertrend(Supertrend),
    /// Hull moving average.
    Hma(Hma),
    /// Bands about the VWAP of the session.
    VwapBands(VwapBands),
    /// Opening range of the session.
    OpeningRange(OpeningRange),
    /// Levels of the day before.
    PreviousDay(PreviousDay),
    /// Conversion and base line of Ichimoku.
    IchimokuLines(Box<Lines>),
    /// The cloud of Ichimoku.
    IchimokuCloud(Box<Cloud>),
    /// How many standard deviations a value lies from its mean.
    ZScore(Box<ZScore>),
    /// Two values joined.
    Arithmetic(Arithmetic),
}

macro_rules! each {
    ($self:expr, $inner:ident => $body:expr) => {
        match $self {
            Indicator::Ema($inner) => $body,
            Indicator::Sma($inner) => $body,
            Indicator::Rsi($inner) => $body,
            Indicator::Macd($inner) => $body,
            Indicator::Atr($inner) => $body,
            Indicator::Vwap($inner) => $body,
            Indicator::Bbands($inner) => $body,
            Indicator::Stoch($inner) => $body,
            Indicator::Adx($inner) => $body,
            Indicator::Cci($inner) => $body,
            Indicator::Willr($inner) => $body,
            Indicator::Obv($inner) => $body,
            Indicator::Tema($inner) => $body,
            Indicator::Donchian($inner) => $body,
            Indicator::Keltner($inner) => $body,
            Indicator::Supertrend($inner) => $body,
            Indicator::Hma($inner) => $body,
            Indicator::VwapBands($inner) => $body,
            Indicator::OpeningRange($inner) => $body,
            Indicator::PreviousDay($inner) => $body,
            Indicator::IchimokuLines($inner) => $body,
            Indicator::IchimokuCloud($inner) => $body,
            Indicator::ZScore($inner) => $body,
            Indicator::Arithmetic($inner) => $body,
        }
    };
}

impl Indicator {
    /// Take a closed candle.
    #[inline]
    pub fn update(&mut self, candle: &Input) {
        each!(self, study => study.update(candle));
    }

    /// The values as if the forming candle closed now; changes nothing.
    #[inline]
    pub fn peek(&self, forming: &Input) -> Values {
        each!(self, study => study.peek(forming))
    }

    /// The values after the last closed candle.
    #[inline]
    pub fn values(&self) -> Values {
        each!(self, study => study.values())
    }

    /// Whether the values are there.
    #[inline]
    pub fn ready(&self) -> bool {
        !self.values()[0].is_nan()
    }

    /// The names of the values, in their order.
    pub fn outputs(&self) -> &'static [&'static str] {
        each!(self, study => study.outputs())
    }

    /// Whether it asks when in its session a candle was.
    pub fn asks_the_time(&self) -> bool {
        matches!(self, Self::OpeningRange(_) | Self::PreviousDay(_))
    }

    /// Whether it asks on which day a candle was.
    pub fn asks_the_day(&self) -> bool {
        matches!(self, Self::PreviousDay(_))
    }

    /// Whether it follows one value, so that another indicator can feed it.
    pub fn follows_one_value(&self) -> bool {
        matches!(
            self,
            Self::Ema(_)
                | Self::Sma(_)
                | Self::Rsi(_)
                | Self::Macd(_)
                | Self::Bbands(_)
                | Self::Tema(_)
                | Self::Hma(_)
                | Self::ZScore(_)
                | Self::Arithmetic(_)
        )
    }

    /// Whether it joins two values instead of following one.
    pub fn joins_two(&self) -> bool {
        matches!(self, Self::Arithmetic(joined) if joined.takes_two())
    }

    /// Whether its value is that of the moment alone, so that nothing is still known where nothing comes in.
    pub fn is_of_the_moment(&self) -> bool {
        matches!(self, Self::Arithmetic(_))
    }

    /// Closed candles that it takes until the values are there.
    pub fn warm_up(&self) -> usize {
        each!(self, study => study.warm_up())
    }

    /// A new session begins after that of a day; VWAP, its bands and the opening range forget, levels of the day before
    /// are there.
    pub fn reset_session(&mut self, previous_day: i32) {
        each!(self, study => study.reset_session(previous_day));
    }
}

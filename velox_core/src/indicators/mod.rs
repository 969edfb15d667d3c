//! Indicators, one file each: `new` may refuse, `update` and `peek` may not.
//!
//! Values equal TA-Lib's on closed candles, its seeds included. Only + - * / and √ appear, in a fixed order and without
//! fused multiply-add, so the same candles give the same bits everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

mod adx;
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
mod keltner;
mod macd;
mod obv;
mod opening_range;
mod params;
mod rsi;
mod sma;
mod stoch;
mod supertrend;
mod tema;
mod vwap;
mod vwap_bands;
mod willr;
mod window;

pub use adx::Adx;
pub use atr::Atr;
pub use bbands::Bbands;
pub use cci::Cci;
pub use donchian::Donchian;
pub use ema::Ema;
pub use hma::Hma;
pub use keltner::Keltner;
pub use macd::Macd;
pub use obv::Obv;
pub use opening_range::OpeningRange;
pub use rsi::Rsi;
pub use sma::Sma;
pub use stoch::Stoch;
pub use supertrend::Supertrend;
pub use tema::Tema;
pub use vwap::Vwap;
pub use vwap_bands::VwapBands;
pub use willr::Willr;

/// The longest period that a constructor takes: TA-Lib's own bound.
pub const PERIOD_MAX: u32 = 100_000;

/// One candle as an indicator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
    /// The value that EMA, SMA, RSI and MACD follow: the chosen field of the candle.
    pub source: f64,
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

    /// Take a closed candle.
    fn update(&mut self, candle: &Input);

    /// The values as if the forming candle closed now; changes nothing.
    fn peek(&self, forming: &Input) -> Values;

    /// The values after the last closed candle.
    fn values(&self) -> Values;

    /// Closed candles that it takes until the values are there.
    fn warm_up(&self) -> usize;

    /// A new session begins; only indicators of one session forget.
    fn reset_session(&mut self) {}
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

/// Any indicator by value: no box, so that a kernel snapshot can hold it and dispatch is one jump. Snapshots keep the
/// place of a kind: new ones go to the end.
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
        fn of<S: Study>(_: &S) -> &'static [&'static str] {
            S::OUTPUTS
        }
        each!(self, study => of(study))
    }

    /// Whether it asks when in its session a candle was.
    pub fn asks_the_time(&self) -> bool {
        matches!(self, Self::OpeningRange(_))
    }

    /// Closed candles that it takes until the values are there.
    pub fn warm_up(&self) -> usize {
        each!(self, study => study.warm_up())
    }

    /// A new session begins; VWAP, its bands and the opening range forget.
    pub fn reset_session(&mut self) {
        each!(self, study => study.reset_session());
    }
}

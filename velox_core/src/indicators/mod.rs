//! Indicators, one file each: `new` may refuse, `update` and `peek` may not.
//!
//! Values equal TA-Lib's on closed candles, its seeds included. Only + - * / appear, in a fixed order and without
//! fused multiply-add, so the same candles give the same bits everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

mod atr;
#[cfg(test)]
mod contract;
mod ema;
mod macd;
mod rsi;
mod sma;
mod vwap;

pub use atr::Atr;
pub use ema::Ema;
pub use macd::Macd;
pub use rsi::Rsi;
pub use sma::Sma;
pub use vwap::Vwap;

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
    /// The value that EMA, SMA, RSI and MACD follow: the chosen field of the candle.
    pub source: f64,
}

/// Up to three values in the order of [`Indicator::outputs`]; NaN while warming up and where there is no such output.
pub type Values = [f64; 3];

/// No value yet.
pub const NOT_READY: Values = [f64::NAN; 3];

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

/// Any indicator by value: no box, so that a kernel snapshot can hold it and dispatch is one jump.
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
        }
    };
}

impl Indicator {
    /// The kinds that [`Indicator::new`] knows.
    pub const KINDS: &'static [&'static str] = &["ema", "sma", "rsi", "macd", "atr", "vwap"];

    /// An indicator by name and parameters, e.g. `("macd", [12, 26, 9])`.
    pub fn new(kind: &str, params: &[f64]) -> Result<Self, ParamError> {
        match kind {
            "ema" => Ok(Self::Ema(Ema::new(period(kind, params, 1)?))),
            "sma" => Ok(Self::Sma(Sma::new(period(kind, params, 1)?))),
            "rsi" => Ok(Self::Rsi(Rsi::new(period(kind, params, 2)?))),
            "atr" => Ok(Self::Atr(Atr::new(period(kind, params, 1)?))),
            "macd" => new_macd(params).map(Self::Macd),
            "vwap" => match params {
                [] => Ok(Self::Vwap(Vwap::default())),
                _ => Err(ParamError(format!("vwap takes no parameters, not {params:?}"))),
            },
            _ => Err(ParamError(format!("there is no indicator {kind:?}; there are {}", Self::KINDS.join(", ")))),
        }
    }

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

    /// Closed candles that it takes until the values are there.
    pub fn warm_up(&self) -> usize {
        each!(self, study => study.warm_up())
    }

    /// A new session begins; only VWAP forgets.
    pub fn reset_session(&mut self) {
        each!(self, study => study.reset_session());
    }
}

fn new_macd(params: &[f64]) -> Result<Macd, ParamError> {
    let [fast, slow, signal] = params else {
        let given = params.len();
        return Err(ParamError(format!("macd takes three periods (fast, slow, signal), not {given}")));
    };
    let (fast, slow, signal) = (whole("macd", *fast, 1)?, whole("macd", *slow, 2)?, whole("macd", *signal, 1)?);
    if fast >= slow {
        return Err(ParamError(format!("macd's fast period {fast} must be shorter than its slow period {slow}")));
    }
    Ok(Macd::new(fast, slow, signal))
}

/// The single parameter of an indicator that has one period.
fn period(kind: &str, params: &[f64], least: u32) -> Result<u32, ParamError> {
    match params {
        [value] => whole(kind, *value, least),
        _ => Err(ParamError(format!("{kind} takes one period, not {}", params.len()))),
    }
}

fn whole(kind: &str, value: f64, least: u32) -> Result<u32, ParamError> {
    let in_range = value >= f64::from(least) && value <= f64::from(PERIOD_MAX);
    if in_range && value.fract() == 0.0 {
        Ok(value as u32)
    } else {
        Err(ParamError(format!("{kind}'s period must be a whole number from {least} to {PERIOD_MAX}, not {value}")))
    }
}

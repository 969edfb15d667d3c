//! `SuperTrend`: a line that follows the price at a multiple of the average true range and changes sides when the close
//! breaks it. Defined as `TradingView`'s `ta.supertrend`:
//!
//! - bands at (h+l)/2 ± multiplier · ATR; the lower one never falls and the upper one never rises unless the close
//!   before had broken it;
//! - the first line is the upper band (a falling trend); above the upper band the trend turns up, below the lower one
//!   down; the line is the lower band in a rising trend and the upper one in a falling trend.
//!
//! There a rising trend is read off the line, and is lost where both bands meet; here it stays until a close breaks it.
//! The range is Wilder's with TA-Lib's seed, which leaves the first candle out; `TradingView`'s counts it.

use serde::{Deserialize, Serialize};

use super::atr::Range;
use super::{Input, NOT_READY, Study, Values};

/// `SuperTrend` of the candle; parameters: period of the range, multiplier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Supertrend {
    period: u32,
    multiplier: f64,
    state: Trend,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Trend {
    range: Range,
    close: f64,
    /// The bands, NaN until the range is there.
    upper: f64,
    lower: f64,
    up: bool,
}

impl Trend {
    #[inline]
    fn push(&mut self, period: u32, multiplier: f64, candle: &Input) {
        self.range.push(period, candle);
        let close = std::mem::replace(&mut self.close, candle.close);
        let spread = multiplier * self.range.get(period);
        let middle = f64::midpoint(candle.high, candle.low);
        let (upper, lower) = (middle + spread, middle - spread);
        if self.upper.is_nan() {
            (self.upper, self.lower) = (upper, lower);
            return;
        }
        if upper < self.upper || close > self.upper {
            self.upper = upper;
        }
        if lower > self.lower || close < self.lower {
            self.lower = lower;
        }
        self.up = if self.up { candle.close >= self.lower } else { candle.close > self.upper };
    }

    #[inline]
    fn shown(&self) -> Values {
        if self.upper.is_nan() {
            return NOT_READY;
        }
        let [_, _, none] = NOT_READY;
        if self.up { [self.lower, 1.0, none] } else { [self.upper, 0.0, none] }
    }
}

impl Supertrend {
    pub(super) fn new(period: u32, multiplier: f64) -> Self {
        let state = Trend { range: Range::new(), close: 0.0, upper: f64::NAN, lower: f64::NAN, up: false };
        Supertrend { period, multiplier, state }
    }
}

impl Study for Supertrend {
    const OUTPUTS: &'static [&'static str] = &["line", "up"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state.push(self.period, self.multiplier, candle);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(self.period, self.multiplier, forming);
        state.shown()
    }

    #[inline]
    fn values(&self) -> Values {
        self.state.shown()
    }

    fn warm_up(&self) -> usize {
        self.period as usize + 1
    }
}

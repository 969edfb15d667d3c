//! Average true range: Wilder's average of the true range, which needs the close before, so the first candle has none.

use serde::{Deserialize, Serialize};

use super::{Input, Study, Values, single};

/// ATR of the candle; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Atr {
    period: u32,
    state: Range,
}

/// The running part; Keltner's channel and `SuperTrend` are made with one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Range {
    /// Candles taken, no longer counted once ready.
    seen: u32,
    close: f64,
    /// The sum of the first ranges while seeding, the average afterwards.
    value: f64,
}

/// High less low, or the distance to the close before where that is farther away.
#[inline]
pub(super) fn true_range(candle: &Input, close_before: f64) -> f64 {
    let range = candle.high - candle.low;
    range.max((candle.high - close_before).abs()).max((candle.low - close_before).abs())
}

impl Range {
    pub(super) fn new() -> Self {
        Range { seen: 0, close: 0.0, value: 0.0 }
    }

    /// Take a candle; `period` is passed in so that the state stays three words.
    #[inline]
    pub(super) fn push(&mut self, period: u32, candle: &Input) {
        let close = std::mem::replace(&mut self.close, candle.close);
        if self.seen == 0 {
            self.seen = 1;
            return;
        }
        let range = true_range(candle, close);
        let n = f64::from(period);
        if self.seen > period {
            self.value = (self.value * (n - 1.0) + range) / n;
            return;
        }
        self.seen += 1;
        self.value += range;
        if self.seen > period {
            self.value /= n;
        }
    }

    /// The average, or NaN while seeding.
    #[inline]
    pub(super) fn get(&self, period: u32) -> f64 {
        if self.seen > period { self.value } else { f64::NAN }
    }
}

impl Atr {
    pub(super) fn new(period: u32) -> Self {
        Atr { period, state: Range::new() }
    }
}

impl Study for Atr {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state.push(self.period, candle);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(self.period, forming);
        single(state.get(self.period))
    }

    #[inline]
    fn values(&self) -> Values {
        single(self.state.get(self.period))
    }

    fn warm_up(&self) -> usize {
        self.period as usize + 1
    }
}

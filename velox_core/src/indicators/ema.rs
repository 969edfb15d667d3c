//! Exponential moving average: `ema += (x − ema) · 2/(n+1)`, begun with the mean of the first n values.

use serde::{Deserialize, Serialize};

use super::{Input, NOT_READY, Study, Values};

/// EMA of the source; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ema {
    period: u32,
    state: Average,
}

/// The running part, small enough to be copied for a look ahead; MACD is made of three.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Average {
    weight: f64,
    seen: u32,
    /// The sum of the first values while seeding, the average afterwards.
    value: f64,
}

impl Average {
    pub(super) fn new(period: u32) -> Self {
        Average { weight: 2.0 / (f64::from(period) + 1.0), seen: 0, value: 0.0 }
    }

    /// Take a value; `period` is passed in so that the state stays three words.
    #[inline]
    pub(super) fn push(&mut self, period: u32, x: f64) {
        if self.seen >= period {
            self.value += (x - self.value) * self.weight;
            return;
        }
        self.seen += 1;
        self.value += x;
        if self.seen == period {
            self.value /= f64::from(period);
        }
    }

    /// The average, or NaN while seeding.
    #[inline]
    pub(super) fn get(&self, period: u32) -> f64 {
        if self.seen >= period { self.value } else { f64::NAN }
    }
}

impl Ema {
    pub(super) fn new(period: u32) -> Self {
        Ema { period, state: Average::new(period) }
    }

    #[inline]
    fn shown(&self, state: Average) -> Values {
        let [_, second, third] = NOT_READY;
        [state.get(self.period), second, third]
    }
}

impl Study for Ema {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state.push(self.period, candle.source);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(self.period, forming.source);
        self.shown(state)
    }

    #[inline]
    fn values(&self) -> Values {
        self.shown(self.state)
    }

    fn warm_up(&self) -> usize {
        self.period as usize
    }
}

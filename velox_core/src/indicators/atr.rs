//! Average true range: Wilder's average of the true range, which needs the close before, so the first candle has none.

use serde::{Deserialize, Serialize};

use super::{Input, NOT_READY, Study, Values};

/// ATR of the candle; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Atr {
    period: u32,
    state: Range,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Range {
    /// Candles taken, no longer counted once ready.
    seen: u32,
    close: f64,
    /// The sum of the first ranges while seeding, the average afterwards.
    value: f64,
}

impl Range {
    #[inline]
    fn push(&mut self, period: u32, candle: &Input) {
        let close = std::mem::replace(&mut self.close, candle.close);
        if self.seen == 0 {
            self.seen = 1;
            return;
        }
        let range = candle.high - candle.low;
        let range = range.max((candle.high - close).abs()).max((candle.low - close).abs());
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

    #[inline]
    fn shown(&self, period: u32) -> Values {
        let mut values = NOT_READY;
        if self.seen > period {
            values[0] = self.value;
        }
        values
    }
}

impl Atr {
    pub(super) fn new(period: u32) -> Self {
        Atr { period, state: Range { seen: 0, close: 0.0, value: 0.0 } }
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
        state.shown(self.period)
    }

    #[inline]
    fn values(&self) -> Values {
        self.state.shown(self.period)
    }

    fn warm_up(&self) -> usize {
        self.period as usize + 1
    }
}

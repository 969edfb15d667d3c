//! Relative strength index: `100 · gain / (gain + loss)`, both Wilder averages of the changes; 0 on flat prices.
//!
//! Flat means no change at all, as in TA-Lib since 0.8; older ones also took averages below 1e-14 for none.

use serde::{Deserialize, Serialize};

use super::{Input, NOT_READY, Study, Values};

/// RSI of the source; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rsi {
    period: u32,
    state: Changes,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Changes {
    /// Values taken, no longer counted once ready.
    seen: u32,
    last: f64,
    /// Sums of the first changes while seeding, averages afterwards.
    gain: f64,
    loss: f64,
}

impl Changes {
    #[inline]
    fn push(&mut self, period: u32, x: f64) {
        let change = x - self.last;
        self.last = x;
        if self.seen == 0 {
            self.seen = 1;
            return;
        }
        let n = f64::from(period);
        let ready = self.seen > period;
        if ready {
            self.gain *= n - 1.0;
            self.loss *= n - 1.0;
        } else {
            self.seen += 1;
        }
        if change < 0.0 {
            self.loss -= change;
        } else {
            self.gain += change;
        }
        if self.seen > period {
            self.gain /= n;
            self.loss /= n;
        }
    }

    #[inline]
    fn shown(&self, period: u32) -> Values {
        let mut values = NOT_READY;
        if self.seen > period {
            let moved = self.gain + self.loss;
            values[0] = if moved == 0.0 { 0.0 } else { 100.0 * (self.gain / moved) };
        }
        values
    }
}

impl Rsi {
    pub(super) fn new(period: u32) -> Self {
        Rsi { period, state: Changes { seen: 0, last: 0.0, gain: 0.0, loss: 0.0 } }
    }
}

impl Study for Rsi {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state.push(self.period, candle.source);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(self.period, forming.source);
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

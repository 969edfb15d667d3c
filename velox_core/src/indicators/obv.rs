//! On-balance volume: the volume of candles that close higher less that of candles that close lower, since the first
//! candle, whose own volume it begins with. Where it begins is a matter of history: only its changes mean anything.

use serde::{Deserialize, Serialize};

use super::{Input, Study, Values, single};

/// OBV of the candle; no parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Obv {
    state: Balance,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Balance {
    close: f64,
    /// NaN before the first candle.
    value: f64,
}

impl Balance {
    #[inline]
    fn push(&mut self, candle: &Input) {
        if self.value.is_nan() {
            self.value = candle.volume;
        } else if candle.close > self.close {
            self.value += candle.volume;
        } else if candle.close < self.close {
            self.value -= candle.volume;
        }
        self.close = candle.close;
    }
}

impl Obv {
    pub(super) fn new() -> Self {
        Obv { state: Balance { close: 0.0, value: f64::NAN } }
    }
}

impl Study for Obv {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state.push(candle);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(forming);
        single(state.value)
    }

    #[inline]
    fn values(&self) -> Values {
        single(self.state.value)
    }

    fn warm_up(&self) -> usize {
        1
    }
}

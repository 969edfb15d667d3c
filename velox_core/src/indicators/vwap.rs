//! Volume-weighted average price: `Σ (h+l+c)/3 · volume / Σ volume` over the session; none while nothing was traded.

use serde::{Deserialize, Serialize};

use super::{Input, NOT_READY, Study, Values};

/// VWAP of the session's candles; no parameters.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Vwap {
    state: Totals,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Totals {
    turnover: f64,
    volume: f64,
}

impl Totals {
    #[inline]
    fn push(&mut self, candle: &Input) {
        let typical = (candle.high + candle.low + candle.close) / 3.0;
        self.turnover += typical * candle.volume;
        self.volume += candle.volume;
    }

    #[inline]
    fn shown(&self) -> Values {
        let mut values = NOT_READY;
        if self.volume > 0.0 {
            values[0] = self.turnover / self.volume;
        }
        values
    }
}

impl Study for Vwap {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state.push(candle);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(forming);
        state.shown()
    }

    #[inline]
    fn values(&self) -> Values {
        self.state.shown()
    }

    fn warm_up(&self) -> usize {
        1
    }

    fn reset_session(&mut self, _: i32) {
        self.state = Totals::default();
    }
}

//! VWAP bands: the session's volume-weighted average price, and a multiple of the volume-weighted standard deviation of
//! (h+l+c)/3 about it above and below; nothing while nothing was traded.
//!
//! The sums are of distances to the session's first price, since squares of prices would lose the spread.

use serde::{Deserialize, Serialize};

use super::{Input, NOT_READY, Study, Values};

/// VWAP and its bands of the session's candles; parameter: deviations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VwapBands {
    deviations: f64,
    state: Totals,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Totals {
    anchor: f64,
    volume: f64,
    sum: f64,
    squares: f64,
}

impl Totals {
    #[inline]
    fn push(&mut self, candle: &Input) {
        let typical = (candle.high + candle.low + candle.close) / 3.0;
        if self.volume == 0.0 {
            self.anchor = typical;
        }
        let distance = typical - self.anchor;
        self.volume += candle.volume;
        self.sum += distance * candle.volume;
        self.squares += distance * distance * candle.volume;
    }

    #[inline]
    fn shown(&self, deviations: f64) -> Values {
        if self.volume <= 0.0 {
            return NOT_READY;
        }
        let mean = self.sum / self.volume;
        let spread = deviations * (self.squares / self.volume - mean * mean).max(0.0).sqrt();
        let middle = self.anchor + mean;
        [middle + spread, middle, middle - spread]
    }
}

impl VwapBands {
    pub(super) fn new(deviations: f64) -> Self {
        VwapBands { deviations, state: Totals::default() }
    }
}

impl Study for VwapBands {
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state.push(candle);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(forming);
        state.shown(self.deviations)
    }

    #[inline]
    fn values(&self) -> Values {
        self.state.shown(self.deviations)
    }

    fn warm_up(&self) -> usize {
        1
    }

    fn reset_session(&mut self, _: i32) {
        self.state = Totals::default();
    }
}

//! Keltner channel: the EMA of the source, and a multiple of the average true range above and below it.
//!
//! Both are those of this folder, with TA-Lib's seeds. This is the channel of today's charts; Keltner's own of 1960
//! took plain means of (h+l+c)/3 and of the range.

use serde::{Deserialize, Serialize};

use super::atr::Range;
use super::ema::Average;
use super::{Input, NOT_READY, Study, Values};

/// Keltner channel of the source and its candles; parameters: period of the EMA, period of the range, multiplier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Keltner {
    period: u32,
    range_period: u32,
    multiplier: f64,
    state: Parts,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Parts {
    average: Average,
    range: Range,
}

impl Keltner {
    pub(super) fn new(period: u32, range_period: u32, multiplier: f64) -> Self {
        Keltner {
            period,
            range_period,
            multiplier,
            state: Parts { average: Average::new(period), range: Range::new() },
        }
    }

    #[inline]
    fn pushed(&self, candle: &Input) -> Parts {
        let mut state = self.state;
        state.average.push(self.period, candle.source);
        state.range.push(self.range_period, candle);
        state
    }

    #[inline]
    fn shown(&self, state: &Parts) -> Values {
        let middle = state.average.get(self.period);
        let spread = self.multiplier * state.range.get(self.range_period);
        if middle.is_nan() || spread.is_nan() {
            return NOT_READY;
        }
        [middle + spread, middle, middle - spread]
    }
}

impl Study for Keltner {
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state = self.pushed(candle);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        self.shown(&self.pushed(forming))
    }

    #[inline]
    fn values(&self) -> Values {
        self.shown(&self.state)
    }

    fn warm_up(&self) -> usize {
        self.period.max(self.range_period + 1) as usize
    }
}

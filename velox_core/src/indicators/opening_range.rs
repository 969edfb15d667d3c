//! Opening range: the highest high and the lowest low of the session's first minutes, shown once those are over.
//!
//! It is shown only where it is known to be whole: where the candle at the session's open was there, and none reaches
//! over the end of the range. An engine that began late, or a share that nobody traded at first, has none that day.

use serde::{Deserialize, Serialize};

use super::{Input, NOT_READY, Study, Values};

/// The box of the session's first minutes; parameter: minutes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpeningRange {
    seconds: u32,
    state: Extent,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Extent {
    /// NaN until a candle at the open was there.
    high: f64,
    low: f64,
    over: bool,
}

impl Extent {
    const NONE: Self = Extent { high: f64::NAN, low: f64::NAN, over: false };

    #[inline]
    fn push(&mut self, seconds: u32, candle: &Input) {
        if self.over {
            return;
        }
        self.over = candle.to_s >= seconds;
        if candle.from_s >= seconds {
            return;
        }
        if candle.to_s > seconds {
            *self = Extent { over: true, ..Self::NONE };
        } else if candle.from_s == 0 {
            (self.high, self.low) = (candle.high, candle.low);
        } else if !self.high.is_nan() {
            (self.high, self.low) = (self.high.max(candle.high), self.low.min(candle.low));
        }
    }

    #[inline]
    fn shown(&self) -> Values {
        let mut values = NOT_READY;
        if self.over {
            (values[0], values[1]) = (self.high, self.low);
        }
        values
    }
}

impl OpeningRange {
    pub(super) fn new(minutes: u32) -> Self {
        OpeningRange { seconds: 60 * minutes, state: Extent::NONE }
    }
}

impl Study for OpeningRange {
    const OUTPUTS: &'static [&'static str] = &["high", "low"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state.push(self.seconds, candle);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(self.seconds, forming);
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
        self.state = Extent::NONE;
    }
}

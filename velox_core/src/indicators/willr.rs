//! Williams %R: how far the close lies below the highest high of the last n candles, as a share of their range, from
//! −100 to 0. In a window without any range it is 0, as in TA-Lib.

use serde::{Deserialize, Serialize};

use super::window::Window;
use super::{Input, Study, Values, single};

/// Williams %R of the candle; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Willr {
    window: Window,
    close: f64,
}

#[inline]
fn shown(close: f64, range: Option<(f64, f64)>) -> Values {
    single(range.map_or(f64::NAN, |(high, low)| {
        let percent = (high - low) / -100.0;
        if percent == 0.0 { 0.0 } else { (high - close) / percent }
    }))
}

impl Willr {
    pub(super) fn new(period: u32) -> Self {
        Willr { window: Window::new(period), close: 0.0 }
    }
}

impl Study for Willr {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.window.push(candle.high, candle.low);
        self.close = candle.close;
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        shown(forming.close, self.window.with(forming.high, forming.low))
    }

    #[inline]
    fn values(&self) -> Values {
        shown(self.close, self.window.get())
    }

    fn warm_up(&self) -> usize {
        self.window.period() as usize
    }
}

//! Donchian channel: the highest high and the lowest low of the last n candles, the newest one among them, and the
//! middle between the two. A close beyond `high[1]`, the channel before it, is a breakout.

use serde::{Deserialize, Serialize};

use super::window::Window;
use super::{Input, NOT_READY, Study, Values};

/// Donchian channel of the candle; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Donchian {
    window: Window,
}

#[inline]
fn shown(range: Option<(f64, f64)>) -> Values {
    range.map_or(NOT_READY, |(high, low)| [high, low, f64::midpoint(high, low)])
}

impl Donchian {
    pub(super) fn new(period: u32) -> Self {
        Donchian { window: Window::new(period) }
    }
}

impl Study for Donchian {
    const OUTPUTS: &'static [&'static str] = &["high", "low", "middle"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.window.push(candle.high, candle.low);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        shown(self.window.with(forming.high, forming.low))
    }

    #[inline]
    fn values(&self) -> Values {
        shown(self.window.get())
    }

    fn warm_up(&self) -> usize {
        self.window.period() as usize
    }
}

//! Average directional index with its two directions: how far highs rise (+DI) and lows fall (−DI) as a share of the
//! true range, and Wilder's average of how far the two lie apart.
//!
//! TA-Lib's seeds: the sums begin with n − 1 changes, the n-th is their first smoothing, and the index begins with the
//! mean of the first n distances. Where nothing moves both directions are 0 and the index stays as it was.

use serde::{Deserialize, Serialize};

use super::atr::true_range;
use super::{Input, NOT_READY, Study, Values};

/// ADX, +DI and −DI of the candle; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Adx {
    period: u32,
    state: Moves,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Moves {
    /// Candles taken, no longer counted once ready.
    seen: u32,
    high: f64,
    low: f64,
    close: f64,
    plus: f64,
    minus: f64,
    range: f64,
    /// The sum of the first distances while seeding, the average afterwards.
    adx: f64,
}

/// The rise of the high and the fall of the low; only the larger one counts.
#[inline]
fn moved(candle: &Input, high: f64, low: f64) -> (f64, f64) {
    let (up, down) = (candle.high - high, low - candle.low);
    if down > 0.0 && up < down {
        (0.0, down)
    } else if up > 0.0 && up > down {
        (up, 0.0)
    } else {
        (0.0, 0.0)
    }
}

impl Moves {
    #[inline]
    fn push(&mut self, period: u32, candle: &Input) {
        let (plus, minus) = moved(candle, self.high, self.low);
        let range = true_range(candle, self.close);
        (self.high, self.low, self.close) = (candle.high, candle.low, candle.close);
        let changes = self.seen;
        self.seen = (2 * period).min(self.seen + 1);
        if changes == 0 {
            return;
        }
        let n = f64::from(period);
        if changes >= period {
            self.plus -= self.plus / n;
            self.minus -= self.minus / n;
            self.range -= self.range / n;
        }
        self.plus += plus;
        self.minus += minus;
        self.range += range;
        if changes >= period {
            self.smooth(changes, period);
        }
    }

    #[inline]
    fn smooth(&mut self, changes: u32, period: u32) {
        let n = f64::from(period);
        let (plus, minus) = self.directions();
        let sum = plus + minus;
        let distance = if sum == 0.0 { None } else { Some(100.0 * ((minus - plus).abs() / sum)) };
        if changes >= 2 * period {
            self.adx = distance.map_or(self.adx, |distance| (self.adx * (n - 1.0) + distance) / n);
            return;
        }
        self.adx += distance.unwrap_or(0.0);
        if changes + 1 == 2 * period {
            self.adx /= n;
        }
    }

    #[inline]
    fn directions(&self) -> (f64, f64) {
        if self.range == 0.0 {
            return (0.0, 0.0);
        }
        (100.0 * (self.plus / self.range), 100.0 * (self.minus / self.range))
    }

    #[inline]
    fn shown(&self, period: u32) -> Values {
        if self.seen < 2 * period {
            return NOT_READY;
        }
        let (plus, minus) = self.directions();
        [self.adx, plus, minus]
    }
}

impl Adx {
    pub(super) fn new(period: u32) -> Self {
        let [high, low, close, plus, minus, range, adx] = [0.0; 7];
        Adx { period, state: Moves { seen: 0, high, low, close, plus, minus, range, adx } }
    }
}

impl Study for Adx {
    const OUTPUTS: &'static [&'static str] = &["adx", "plus", "minus"];

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
        2 * self.period as usize
    }
}

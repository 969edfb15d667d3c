//! Commodity channel index: how far (h+l+c)/3 lies from its mean over n candles, in units of 0.015 mean deviations.
//!
//! The mean deviation has no running form: every candle walks the window once, n additions, and nothing else here does.
//! Of prices that are equal but for rounding TA-Lib can show ±67, the quotient of two rounding errors; this one shows 0.

use serde::{Deserialize, Serialize};

use super::{Input, Study, Values, single};

/// The share of a price below which a distance is none: far more than sums lose, far less than a tick is.
const ROUNDING: f64 = 1e-12;

/// CCI of the candle; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cci {
    ring: Box<[f64]>,
    /// Where the next price goes, which is where the oldest lies.
    next: u32,
    filled: u32,
    value: f64,
}

#[inline]
fn typical(candle: &Input) -> f64 {
    (candle.high + candle.low + candle.close) / 3.0
}

/// The sum of a window in the order of its ring, which is TA-Lib's.
#[inline]
fn summed(before: &[f64], price: f64, after: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let early = before.iter().fold(0.0, |sum, x| sum + of(*x)) + of(price);
    after.iter().fold(early, |sum, x| sum + of(*x))
}

impl Cci {
    pub(super) fn new(period: u32) -> Self {
        let ring = vec![0.0; period as usize].into_boxed_slice();
        Cci { ring, next: 0, filled: 0, value: f64::NAN }
    }

    /// The index as if this price came next, or NaN while the window is not full.
    fn with(&self, price: f64) -> f64 {
        let period = self.ring.len() as u32;
        if self.filled + 1 < period {
            return f64::NAN;
        }
        let n = f64::from(period);
        let (before, from_oldest) = self.ring.split_at(self.next as usize);
        let after = &from_oldest[1..];
        let mean = summed(before, price, after, |x| x) / n;
        let deviation = summed(before, price, after, |x| (x - mean).abs()) / n;
        let distance = price - mean;
        let least = ROUNDING * mean.abs();
        if distance.abs() <= least || deviation <= least { 0.0 } else { distance / (0.015 * deviation) }
    }
}

impl Study for Cci {
    const OUTPUTS: &'static [&'static str] = &["value"];

    fn update(&mut self, candle: &Input) {
        let price = typical(candle);
        let period = self.ring.len() as u32;
        self.value = self.with(price);
        self.ring[self.next as usize] = price;
        self.next = if self.next + 1 == period { 0 } else { self.next + 1 };
        self.filled = period.min(self.filled + 1);
    }

    fn peek(&self, forming: &Input) -> Values {
        single(self.with(typical(forming)))
    }

    #[inline]
    fn values(&self) -> Values {
        single(self.value)
    }

    fn warm_up(&self) -> usize {
        self.ring.len()
    }
}

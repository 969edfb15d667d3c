//! Simple moving average: the mean of the last n values.
//!
//! A running sum drifts, because what is subtracted was rounded when it was added. Here a second sum collects the
//! values of the current lap round the ring; when the lap is full it *is* the sum of the window and replaces the
//! running one. So an error lives for at most two laps, at constant cost.

use serde::{Deserialize, Serialize};

use super::{Input, Study, Values, single};

/// SMA of the source; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sma {
    mean: Mean,
}

/// The mean of the last values; the stochastic is made of two.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Mean {
    ring: Box<[f64]>,
    state: Sums,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Sums {
    /// Where the next value goes, which is where the oldest lies.
    next: u32,
    full: bool,
    window: f64,
    lap: f64,
}

impl Sums {
    /// Take a value in exchange for the oldest one.
    #[inline]
    fn push(&mut self, period: u32, oldest: f64, x: f64) {
        self.lap += x;
        self.next += 1;
        if self.next < period {
            self.window += x - oldest;
        } else {
            (self.window, self.lap) = (self.lap, 0.0);
            self.next = 0;
            self.full = true;
        }
    }
}

impl Mean {
    pub(super) fn new(period: u32) -> Self {
        Mean {
            ring: vec![0.0; period as usize].into_boxed_slice(),
            state: Sums { next: 0, full: false, window: 0.0, lap: 0.0 },
        }
    }

    #[inline]
    pub(super) fn period(&self) -> u32 {
        self.ring.len() as u32
    }

    #[inline]
    pub(super) fn push(&mut self, x: f64) {
        let period = self.period();
        let slot = &mut self.ring[self.state.next as usize];
        let oldest = std::mem::replace(slot, x);
        self.state.push(period, oldest, x);
    }

    /// The mean as if this value came next, or NaN while seeding.
    #[inline]
    pub(super) fn with(&self, x: f64) -> f64 {
        let mut state = self.state;
        state.push(self.period(), self.ring[state.next as usize], x);
        self.shown(state)
    }

    /// The mean, or NaN while seeding.
    #[inline]
    pub(super) fn get(&self) -> f64 {
        self.shown(self.state)
    }

    #[inline]
    fn shown(&self, state: Sums) -> f64 {
        if state.full { state.window / f64::from(self.period()) } else { f64::NAN }
    }
}

impl Sma {
    pub(super) fn new(period: u32) -> Self {
        Sma { mean: Mean::new(period) }
    }
}

impl Study for Sma {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.mean.push(candle.source);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        single(self.mean.with(forming.source))
    }

    #[inline]
    fn values(&self) -> Values {
        single(self.mean.get())
    }

    fn warm_up(&self) -> usize {
        self.mean.period() as usize
    }
}

//! Simple moving average: the mean of the last n values.
//!
//! A running sum drifts, because what is subtracted was rounded when it was added. Here a second sum collects the
//! values of the current lap round the ring; when the lap is full it *is* the sum of the window and replaces the
//! running one. So an error lives for at most two laps, at constant cost.

use serde::{Deserialize, Serialize};

use super::{Input, NOT_READY, Study, Values};

/// SMA of the source; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sma {
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

impl Sma {
    pub(super) fn new(period: u32) -> Self {
        Sma {
            ring: vec![0.0; period as usize].into_boxed_slice(),
            state: Sums { next: 0, full: false, window: 0.0, lap: 0.0 },
        }
    }

    #[inline]
    fn period(&self) -> u32 {
        self.ring.len() as u32
    }

    #[inline]
    fn shown(&self, state: Sums) -> Values {
        let mut values = NOT_READY;
        if state.full {
            values[0] = state.window / f64::from(self.period());
        }
        values
    }
}

impl Study for Sma {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        let period = self.period();
        let slot = &mut self.ring[self.state.next as usize];
        let oldest = std::mem::replace(slot, candle.source);
        self.state.push(period, oldest, candle.source);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(self.period(), self.ring[state.next as usize], forming.source);
        self.shown(state)
    }

    #[inline]
    fn values(&self) -> Values {
        self.shown(self.state)
    }

    fn warm_up(&self) -> usize {
        self.ring.len()
    }
}

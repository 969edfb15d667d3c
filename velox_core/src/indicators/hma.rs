//! Hull moving average: `WMA(2 · WMA(x, n/2) − WMA(x, n), √n)`, the halves and roots rounded down; a WMA weighs the
//! newest of its values n, the one before n − 1, and so on.

use serde::{Deserialize, Serialize};

use super::{Input, Study, Values, single};

/// Hull moving average of the source; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hma {
    /// Of half the period, of the period, and of their difference; in a box so that this kind is no larger than others.
    parts: Box<[Weighted; 3]>,
}

/// A weighted moving average; as in the plain one a lap round the ring replaces the running sums.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Weighted {
    ring: Box<[f64]>,
    state: Sums,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Sums {
    /// Where the next value goes, which is where the oldest lies.
    next: u32,
    full: bool,
    window: f64,
    weighted: f64,
    lap: f64,
    lap_weighted: f64,
}

impl Sums {
    /// Take a value in exchange for the oldest one.
    #[inline]
    fn push(&mut self, period: u32, oldest: f64, x: f64) {
        self.next += 1;
        self.lap += x;
        self.lap_weighted += f64::from(self.next) * x;
        if self.next < period {
            // Each value of the window loses one weight, the oldest its last.
            self.weighted += f64::from(period) * x - self.window;
            self.window += x - oldest;
        } else {
            (self.window, self.weighted) = (self.lap, self.lap_weighted);
            (self.lap, self.lap_weighted) = (0.0, 0.0);
            self.next = 0;
            self.full = true;
        }
    }

    #[inline]
    fn get(&self, period: u32) -> f64 {
        let n = f64::from(period);
        if self.full { self.weighted / (n * (n + 1.0) / 2.0) } else { f64::NAN }
    }
}

impl Weighted {
    fn new(period: u32) -> Self {
        Weighted {
            ring: vec![0.0; period as usize].into_boxed_slice(),
            state: Sums { next: 0, full: false, window: 0.0, weighted: 0.0, lap: 0.0, lap_weighted: 0.0 },
        }
    }

    #[inline]
    fn period(&self) -> u32 {
        self.ring.len() as u32
    }

    #[inline]
    fn push(&mut self, x: f64) {
        let period = self.period();
        let slot = &mut self.ring[self.state.next as usize];
        let oldest = std::mem::replace(slot, x);
        self.state.push(period, oldest, x);
    }

    /// The average as if this value came next, or NaN while seeding.
    #[inline]
    fn with(&self, x: f64) -> f64 {
        let mut state = self.state;
        state.push(self.period(), self.ring[state.next as usize], x);
        state.get(self.period())
    }

    #[inline]
    fn get(&self) -> f64 {
        self.state.get(self.period())
    }
}

impl Hma {
    pub(super) fn new(period: u32) -> Self {
        Hma { parts: Box::new([period / 2, period, period.isqrt()].map(Weighted::new)) }
    }
}

impl Study for Hma {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        let [half, whole, smooth] = &mut *self.parts;
        half.push(candle.source);
        whole.push(candle.source);
        let raw = 2.0 * half.get() - whole.get();
        if !raw.is_nan() {
            smooth.push(raw);
        }
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let [half, whole, smooth] = &*self.parts;
        let raw = 2.0 * half.with(forming.source) - whole.with(forming.source);
        single(if raw.is_nan() { raw } else { smooth.with(raw) })
    }

    #[inline]
    fn values(&self) -> Values {
        single(self.parts[2].get())
    }

    fn warm_up(&self) -> usize {
        let [_, whole, smooth] = &*self.parts;
        whole.ring.len() + smooth.ring.len() - 1
    }
}

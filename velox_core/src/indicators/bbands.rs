//! Bollinger bands: the mean of the last n values, and a multiple of their standard deviation (of the whole window,
//! divided by n) above and below it.
//!
//! Sums of squares lose what matters when prices are large and their spread is small. Here both sums are taken of the
//! distance to a price of the window, and as in the moving average a lap round the ring replaces the running sums.
//! TA-Lib's sums are plain ones; where all values are equal it can show a spread of rounding errors, this one shows 0.

use serde::{Deserialize, Serialize};

use super::{Input, NOT_READY, Study, Values};

/// Bollinger bands of the source; parameters: period, deviations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bbands {
    ring: Box<[f64]>,
    deviations: f64,
    state: Moments,
}

/// Mean and deviation of a window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Moments {
    /// Where the next value goes, which is where the oldest lies.
    next: u32,
    full: bool,
    run: Run,
    window: Sums,
    lap: Sums,
}

/// How long a value has stayed the same: of equal values sums show rounding errors, this does not.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Run {
    last: f64,
    length: u32,
}

impl Run {
    fn new() -> Self {
        Run { last: 0.0, length: 0 }
    }

    #[inline]
    fn push(&mut self, x: f64) {
        self.length = if x.to_bits() == self.last.to_bits() { self.length.saturating_add(1) } else { 1 };
        self.last = x;
    }

    /// Whether the last `period` values are equal.
    #[inline]
    fn fills(&self, period: u32) -> bool {
        self.length >= period
    }
}

/// Sums of the distances to a price, and of their squares.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Sums {
    anchor: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    #[inline]
    fn at(anchor: f64) -> Self {
        Sums { anchor, sum: 0.0, squares: 0.0 }
    }

    #[inline]
    fn add(&mut self, x: f64) {
        let distance = x - self.anchor;
        self.sum += distance;
        self.squares += distance * distance;
    }

    #[inline]
    fn take(&mut self, x: f64) {
        let distance = x - self.anchor;
        self.sum -= distance;
        self.squares -= distance * distance;
    }
}

impl Moments {
    pub(super) fn new() -> Self {
        let none = Sums::at(0.0);
        Moments { next: 0, full: false, run: Run::new(), window: none, lap: none }
    }

    /// Where the next value goes, which is where the oldest lies.
    #[inline]
    pub(super) fn next(&self) -> usize {
        self.next as usize
    }

    /// Take a value in exchange for the oldest one.
    #[inline]
    pub(super) fn push(&mut self, period: u32, oldest: f64, x: f64) {
        self.run.push(x);
        if self.next == 0 {
            self.lap = Sums::at(x);
        }
        self.lap.add(x);
        self.next += 1;
        if self.next < period {
            self.window.add(x);
            self.window.take(oldest);
        } else {
            self.window = self.lap;
            self.next = 0;
            self.full = true;
        }
    }

    /// Mean and standard deviation, once the window is full.
    #[inline]
    pub(super) fn get(&self, period: u32) -> Option<(f64, f64)> {
        if !self.full {
            return None;
        }
        if self.run.fills(period) {
            return Some((self.run.last, 0.0));
        }
        let n = f64::from(period);
        let mean = self.window.sum / n;
        let deviation = (self.window.squares / n - mean * mean).max(0.0).sqrt();
        Some((self.window.anchor + mean, deviation))
    }

    #[inline]
    fn shown(&self, period: u32, deviations: f64) -> Values {
        self.get(period).map_or(NOT_READY, |(middle, deviation)| {
            let spread = deviations * deviation;
            [middle + spread, middle, middle - spread]
        })
    }
}

impl Bbands {
    pub(super) fn new(period: u32, deviations: f64) -> Self {
        Bbands { ring: vec![0.0; period as usize].into_boxed_slice(), deviations, state: Moments::new() }
    }

    #[inline]
    fn period(&self) -> u32 {
        self.ring.len() as u32
    }
}

impl Study for Bbands {
    const OUTPUTS: &'static [&'static str] = &["upper", "middle", "lower"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        let period = self.period();
        let slot = &mut self.ring[self.state.next()];
        let oldest = std::mem::replace(slot, candle.source);
        self.state.push(period, oldest, candle.source);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(self.period(), self.ring[state.next()], forming.source);
        state.shown(self.period(), self.deviations)
    }

    #[inline]
    fn values(&self) -> Values {
        self.state.shown(self.period(), self.deviations)
    }

    fn warm_up(&self) -> usize {
        self.ring.len()
    }
}

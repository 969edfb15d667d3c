//! The highest high and the lowest low of the last n candles.
//!
//! A value can only ever be the largest while no later one is larger, so each side keeps just those that still can:
//! they fall from first to last, the first is the answer. A candle costs a constant on average, a look ahead always.

use serde::{Deserialize, Serialize};

/// Highest high and lowest low of a window of candles.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Window {
    highs: Falling,
    /// The lows with their sign turned.
    lows: Falling,
    /// Candles taken; it may wrap, ages do not mind.
    seen: u32,
    filled: u32,
}

/// Values that may still become the largest, each with the number of its candle, as a ring.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Falling {
    ring: Box<[(u32, f64)]>,
    head: u32,
    len: u32,
}

impl Falling {
    fn new(period: u32) -> Self {
        Falling { ring: vec![(0, 0.0); period as usize].into_boxed_slice(), head: 0, len: 0 }
    }

    #[inline]
    fn place(&self, nth: u32) -> usize {
        let at = self.head as usize + nth as usize;
        if at < self.ring.len() { at } else { at - self.ring.len() }
    }

    /// Whether the first one has left the window that ends at candle `now`.
    #[inline]
    fn is_first_gone(&self, now: u32) -> bool {
        self.len > 0 && now.wrapping_sub(self.ring[self.head as usize].0) as usize >= self.ring.len()
    }

    #[inline]
    fn push(&mut self, now: u32, x: f64) {
        if self.is_first_gone(now) {
            self.head = self.place(1) as u32;
            self.len -= 1;
        }
        while self.len > 0 && self.ring[self.place(self.len - 1)].1 <= x {
            self.len -= 1;
        }
        let end = self.place(self.len);
        self.ring[end] = (now, x);
        self.len += 1;
    }

    /// The largest as if this value came next.
    #[inline]
    fn with(&self, now: u32, x: f64) -> f64 {
        let first = u32::from(self.is_first_gone(now));
        if first < self.len { self.ring[self.place(first)].1.max(x) } else { x }
    }

    #[inline]
    fn first(&self) -> f64 {
        self.ring[self.head as usize].1
    }
}

impl Window {
    pub(super) fn new(period: u32) -> Self {
        Window { highs: Falling::new(period), lows: Falling::new(period), seen: 0, filled: 0 }
    }

    #[inline]
    pub(super) fn period(&self) -> u32 {
        self.highs.ring.len() as u32
    }

    #[inline]
    pub(super) fn push(&mut self, high: f64, low: f64) {
        self.highs.push(self.seen, high);
        self.lows.push(self.seen, -low);
        self.seen = self.seen.wrapping_add(1);
        self.filled = self.period().min(self.filled + 1);
    }

    /// Highest and lowest as if this candle came next, or none while the window is not full.
    #[inline]
    pub(super) fn with(&self, high: f64, low: f64) -> Option<(f64, f64)> {
        (self.filled + 1 >= self.period()).then(|| (self.highs.with(self.seen, high), -self.lows.with(self.seen, -low)))
    }

    /// Highest and lowest, or none while the window is not full.
    #[inline]
    pub(super) fn get(&self) -> Option<(f64, f64)> {
        (self.filled == self.period()).then(|| (self.highs.first(), -self.lows.first()))
    }
}

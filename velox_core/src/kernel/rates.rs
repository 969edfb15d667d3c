//! Sliding windows: how often something happened lately.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The window of the exchange's order rate, with a margin for clocks that differ.
pub(super) const RATE_WINDOW_NS: i64 = 1_100_000_000;

/// Times of what happened within a window, at most `cap` of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Window {
    times: VecDeque<i64>,
}

impl Window {
    /// Notes a time; the oldest of more than `cap` is forgotten.
    pub(super) fn note(&mut self, now: i64, cap: usize) {
        self.times.push_back(now);
        while self.times.len() > cap.max(1) {
            self.times.pop_front();
        }
    }

    /// How many lie less than `length` before now.
    pub(super) fn count(&self, now: i64, length: i64) -> u32 {
        self.times.iter().rev().take_while(|t| now - **t < length).count() as u32
    }

    /// When the `max` newest leave room for one more.
    pub(super) fn free_at(&self, max: u32, length: i64) -> i64 {
        let len = self.times.len();
        if len < max as usize { i64::MIN } else { self.times[len - max as usize] + length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_fit_and_the_ninth_waits_for_the_first_to_leave() {
        let mut window = Window::default();
        for i in 0..8 {
            assert!(window.free_at(8, 1_100) <= i);
            window.note(i, 8);
        }
        assert_eq!(window.count(7, 1_100), 8);
        assert_eq!(window.free_at(8, 1_100), 1_100);
        assert_eq!(window.count(1_100, 1_100), 7);
    }
}

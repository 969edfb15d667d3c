//! The workloads behind `velox bench` and `cargo bench`: one place, so that both measure the same loops.
//!
//! Work is timed in blocks: a clock read costs some 25 ns, a quarter of a tick. Beside the wall clock runs the
//! thread's processor time, which other programs on the machine do not lengthen.

pub mod day;
pub mod journal;
pub mod replica;
pub mod risk;
pub mod tick;

use hdrhistogram::Histogram;
use std::time::Instant;

/// The longest block that a histogram tells apart, ns.
const MAX_NS: u64 = 60_000_000_000;

/// Times of blocks of equal work.
#[derive(Debug)]
pub struct Blocks {
    size: u64,
    busy_ns: u64,
    processor_ns: u64,
    times: Histogram<u64>,
}

/// Processor time of the calling thread, ns.
#[allow(unsafe_code)]
pub fn processor_ns() -> u64 {
    let mut at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `at` is a valid place; the clock is the calling thread's own.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut at) };
    at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64
}

impl Blocks {
    /// Blocks of `size` pieces of work each.
    pub fn new(size: u64) -> Self {
        let times = Histogram::new_with_max(MAX_NS, 3).expect("the bounds are sound");
        Self { size, busy_ns: 0, processor_ns: 0, times }
    }

    /// Times one block.
    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let processor = processor_ns();
        let since = Instant::now();
        let out = work();
        let ns = since.elapsed().as_nanos() as u64;
        self.processor_ns += processor_ns() - processor;
        self.busy_ns += ns;
        self.times.saturating_record(ns);
        out
    }

    /// Pieces of work so far.
    pub fn count(&self) -> u64 {
        self.times.len() * self.size
    }

    /// Mean time of a piece over everything, ns.
    pub fn mean_ns(&self) -> f64 {
        self.busy_ns as f64 / self.count().max(1) as f64
    }

    /// Mean processor time of a piece over everything, ns.
    pub fn mean_processor_ns(&self) -> f64 {
        self.processor_ns as f64 / self.count().max(1) as f64
    }

    /// Mean time of a piece in the block at this quantile, ns.
    pub fn quantile_ns(&self, quantile: f64) -> f64 {
        self.times.value_at_quantile(quantile) as f64 / self.size as f64
    }

    /// The longest block, ns.
    pub fn longest_ns(&self) -> u64 {
        self.times.max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_its_share_of_the_block() {
        let mut blocks = Blocks::new(100);
        for ns in [1_000, 2_000, 3_000] {
            blocks.times.saturating_record(ns);
            blocks.busy_ns += ns;
        }
        assert_eq!(blocks.count(), 300);
        assert!((blocks.mean_ns() - 20.0).abs() < 1e-9);
        assert!((blocks.quantile_ns(0.5) - 20.0).abs() < 0.1);
        assert_eq!(blocks.time(|| 7), 7);
        assert_eq!(blocks.count(), 400);
    }
}

//! Where time goes: histograms of the stages of a tick, sampled one in 256.

use hdrhistogram::Histogram;
use std::time::Instant;

/// One tick in this many is timed.
const SAMPLE: u32 = 256;
/// The longest time that a histogram tells apart, ns.
const MAX_NS: u64 = 60_000_000_000;

/// The stages of a tick.
pub const STAGES: [&str; 4] = ["append", "apply", "hook", "wire_to_applied"];

/// A histogram a stage.
pub struct Stages {
    histograms: [Histogram<u64>; STAGES.len()],
    countdown: u32,
}

impl Default for Stages {
    fn default() -> Self {
        let new = |_| Histogram::new_with_max(MAX_NS, 3).expect("the bounds are sound");
        Self { histograms: std::array::from_fn(new), countdown: 0 }
    }
}

impl Stages {
    /// The time, if this tick is one that is timed.
    #[inline]
    pub fn begin(&mut self) -> Option<Instant> {
        if self.countdown > 0 {
            self.countdown -= 1;
            return None;
        }
        self.countdown = SAMPLE - 1;
        Some(Instant::now())
    }

    /// The journal has the record.
    #[inline]
    pub fn appended(&mut self, from: Option<Instant>) -> Option<Instant> {
        self.lap(0, from)
    }

    /// The kernel has applied it.
    #[inline]
    pub fn applied(&mut self, from: Option<Instant>) {
        self.lap(1, from);
    }

    /// A hook has come back.
    pub fn hooked(&mut self, from: Instant) {
        self.lap(2, Some(from));
    }

    /// Nanoseconds from the frame's reception to its application.
    pub fn from_wire(&mut self, ns: u64) {
        self.histograms[3].saturating_record(ns);
    }

    #[inline]
    fn lap(&mut self, stage: usize, from: Option<Instant>) -> Option<Instant> {
        Some(self.note(stage, from?))
    }

    #[cold]
    fn note(&mut self, stage: usize, from: Instant) -> Instant {
        let now = Instant::now();
        self.histograms[stage].saturating_record(now.duration_since(from).as_nanos() as u64);
        now
    }

    /// (stage, count, p50, p90, p99, p99.9, max) in ns, for stages that were seen.
    pub fn summary(&self) -> Vec<(&'static str, [u64; 6])> {
        (STAGES.iter().zip(&self.histograms))
            .filter(|(_, h)| !h.is_empty())
            .map(|(name, h)| {
                let at = |q| h.value_at_quantile(q);
                (*name, [h.len(), at(0.5), at(0.9), at(0.99), at(0.999), h.max()])
            })
            .collect()
    }
}

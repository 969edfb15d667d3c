//! What each instance's hooks cost: time over the budget, and memory that they leave behind.
//!
//! The frequent `on_tick` is measured once in a while; the step is a prime, so that it meets every instance. Once the
//! process has used half of its headroom every hook is measured, and who grows from then on is the culprit.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// Of hooks that run so often one in this many is measured: fewer than one `on_tick` in a hundred, each costs
/// microseconds.
const MEASURE: [u32; 3] = [251, 17, 1];
/// One hook in this many is timed for the histogram of its stage.
const TIME: u32 = 61;
/// As with the watchdog: a hook that sleeps is over its budget at this multiple of wall time.
const WALL_FACTOR: u32 = 20;
const PAGE: i64 = 4096;
/// Of what the process grew, a culprit must have been seen to add this part.
const CULPRIT_PART: i64 = 4;

/// How often hooks of a kind run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Often {
    /// With each tick.
    ATick,
    /// With an order's steps.
    AnOrder,
    /// With candles, times and the day's turns: all are measured.
    Seldom,
}

/// What the hooks of one instance cost so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// Bytes of resident memory that its hooks added since all are measured.
    grown: i64,
    /// How many measured hooks were over the budget.
    pub(super) overruns: u32,
    /// The longest of them.
    pub(super) longest: Duration,
}

/// Costs of all instances.
#[derive(Debug)]
pub(super) struct Conduct {
    costs: Vec<Cost>,
    budget: Duration,
    statm: Option<File>,
    headroom: i64,
    memory: Memory,
    to_measure: [u32; 3],
    to_time: u32,
}

/// How much memory the process uses.
#[derive(Clone, Copy, Debug)]
enum Memory {
    /// Below half of the headroom above `start`.
    Low { start: i64 },
    /// Above it: hooks are measured from here on.
    Suspicious { from: i64, max: i64 },
    /// Above all of it.
    Full { from: i64 },
}

/// How things stood when a hook began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    resident: i64,
    used: Duration,
    wall: Instant,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            costs: Vec::new(),
            budget: Duration::MAX,
            statm: File::open("/proc/self/statm").ok(),
            headroom: i64::MAX,
            memory: Memory::Low { start: 0 },
            to_measure: [0; 3],
            to_time: 0,
        }
    }
}

impl Conduct {
    /// From now on hooks above this time are counted.
    pub(super) fn budget(&mut self, budget: Duration) {
        self.budget = budget;
    }

    /// From now on the process may grow by so many bytes.
    pub(super) fn headroom(&mut self, headroom: i64) {
        self.headroom = headroom;
        self.memory = Memory::Low { start: self.resident() };
    }

    /// Whether the process was seen to have grown by more than its headroom.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        matches!(self.memory, Memory::Full { .. })
    }

    /// Looks whether it has.
    pub(super) fn look(&mut self) -> bool {
        self.note(self.resident());
        self.is_full()
    }

    fn note(&mut self, resident: i64) {
        match self.memory {
            Memory::Low { start } if resident - start > self.headroom / 2 => {
                // A fast leak may have passed the limit before it was seen: there must be room to watch it.
                let max = start.saturating_add(self.headroom).max(resident.saturating_add(self.headroom / 2));
                self.memory = Memory::Suspicious { from: resident, max };
            }
            Memory::Suspicious { from, max } if resident > max => self.memory = Memory::Full { from },
            Memory::Low { .. } | Memory::Suspicious { .. } | Memory::Full { .. } => {}
        }
    }

    /// Whether the next hook is timed for the histogram.
    #[inline]
    pub(super) fn times_next(&mut self) -> bool {
        step(&mut self.to_time, TIME)
    }

    /// Begins to measure the next hook, if it is one that is measured.
    #[inline]
    pub(super) fn begin(&mut self, often: Often) -> Option<Begun> {
        let all = matches!(self.memory, Memory::Suspicious { .. });
        let kind = often as usize;
        if !all && !step(&mut self.to_measure[kind], MEASURE[kind]) {
            return None;
        }
        Some(Begun { resident: self.resident(), used: used(), wall: Instant::now() })
    }

    /// Notes what it cost.
    pub(super) fn end(&mut self, instance: u32, begun: Begun) {
        let (wall, used) = (begun.wall.elapsed(), used().saturating_sub(begun.used));
        let over = used > self.budget || wall > self.budget.saturating_mul(WALL_FACTOR);
        let resident = self.resident();
        let index = instance as usize;
        if self.costs.len() <= index {
            self.costs.resize_with(index + 1, Cost::default);
        }
        let cost = &mut self.costs[index];
        if matches!(self.memory, Memory::Suspicious { .. }) {
            cost.grown += resident - begun.resident;
        }
        cost.overruns += u32::from(over);
        if over {
            cost.longest = cost.longest.max(wall);
        }
        self.note(resident);
    }

    /// What an instance cost so far.
    pub(super) fn cost(&self, instance: u32) -> Cost {
        self.costs.get(instance as usize).copied().unwrap_or_default()
    }

    /// The instance whose hooks made the process grow, with bytes; none when nobody's can be shown to have.
    pub(super) fn culprit(&self) -> Option<(u32, i64)> {
        let Memory::Full { from } = self.memory else { return None };
        let grown = self.resident() - from;
        let (most, instance) = self.costs.iter().zip(0..).max_by_key(|(cost, _)| cost.grown)?;
        (most.grown > grown / CULPRIT_PART).then_some((instance, most.grown))
    }

    /// The process' resident memory; 0 where the system does not tell.
    fn resident(&self) -> i64 {
        let mut text = [0; 96];
        let length = self.statm.as_ref().and_then(|f| f.read_at(&mut text, 0).ok()).unwrap_or(0);
        let text = std::str::from_utf8(&text[..length]).unwrap_or_default();
        text.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse::<i64>().ok()).unwrap_or(0) * PAGE
    }
}

/// True once in so many calls.
#[inline]
fn step(countdown: &mut u32, every: u32) -> bool {
    if *countdown > 0 {
        *countdown -= 1;
        return false;
    }
    *countdown = every - 1;
    true
}

/// Processor time of this thread.
fn used() -> Duration {
    let mut at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `at` is a valid place.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut at) };
    Duration::new(at.tv_sec as u64, at.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_instances_in_turn_are_both_measured() {
        let mut conduct = Conduct::default();
        let mut seen = [0, 0];
        for tick in 0..10_000 {
            seen[tick % 2] += u32::from(conduct.begin(Often::ATick).is_some());
        }
        assert_eq!(seen, [20, 20]);
    }

    #[test]
    fn memory_is_laid_to_who_takes_it_and_to_nobody_else() {
        // One test: the memory of a process is shared by all tests that run.
        the_culprit_is_who_grows_once_half_of_the_headroom_is_used();
        nobody_is_to_blame_for_what_no_hook_took();
    }

    fn the_culprit_is_who_grows_once_half_of_the_headroom_is_used() {
        let mut conduct = Conduct::default();
        conduct.headroom(64 << 20);
        let mut held = vec![vec![1_u8; 40 << 20]]; // of nobody's hook
        assert!(!conduct.look());
        for instance in [0, 1, 1] {
            let begun = conduct.begin(Often::ATick).unwrap();
            held.push(vec![1; if instance == 1 { 20 << 20 } else { 1 << 10 }]);
            conduct.end(instance, begun);
        }
        assert!(conduct.is_full());
        assert_eq!(conduct.culprit().map(|(instance, grown)| (instance, grown > 30 << 20)), Some((1, true)));
        assert!(held.iter().all(|h| h[0] == 1));
    }

    fn nobody_is_to_blame_for_what_no_hook_took() {
        let mut conduct = Conduct::default();
        conduct.headroom(8 << 20);
        let mut held = Vec::new();
        while !conduct.look() {
            let begun = conduct.begin(Often::ATick);
            if let Some(begun) = begun {
                conduct.end(0, begun);
            }
            held.push(vec![1_u8; 4 << 20]);
        }
        assert_eq!(conduct.culprit(), None);
        assert!(held.iter().all(|h| h[0] == 1));
    }

    #[test]
    fn work_over_the_budget_is_an_overrun() {
        let mut conduct = Conduct::default();
        conduct.budget(Duration::ZERO);
        let begun = conduct.begin(Often::Seldom).unwrap();
        conduct.end(2, begun);
        assert_eq!((conduct.cost(2).overruns, conduct.cost(0).overruns), (1, 0));
        assert!(conduct.cost(2).longest > Duration::ZERO);
    }
}

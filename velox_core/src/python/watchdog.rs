//! Ends hooks that do not come back: first by an exception in their thread, then by ending the process.
//!
//! One thread takes the GIL only to raise; another never takes it, so that a loop in C cannot stop it.
//! What counts is the owner's processor time, so that a busy machine does not blame a strategy. A hook that sleeps
//! is caught by the wall clock, less the time in which its thread wanted a processor and got none.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::{create_exception, ffi};

create_exception!(velox_core, HookTimeout, PyBaseException, "A hook used up its time budget.");

const LOOK: Duration = Duration::from_millis(10);
/// Of the time between two looks this much counts at most: a watcher that was stopped itself has seen nothing.
const LOOK_MAX: Duration = Duration::from_millis(100);
/// A hook that sleeps uses no processor time: this many budgets of it end it as well.
const ASLEEP_FACTOR: u32 = 20;
/// The same until the process ends, where the system tells how long a thread waited for a processor.
const ASLEEP_FACTOR_END: u32 = 4;
/// Before the day begins nobody waits for a hook.
const PATIENCE: u32 = 20;
/// The exit status of a process that ended itself.
const EXIT: i32 = 70;

/// What the threads look at.
#[derive(Debug, Default)]
struct Shared {
    /// Odd while a hook runs; grows by one at each begin and end.
    turn: AtomicU64,
    instance: AtomicU32,
    /// How many budgets the hook has.
    patience: AtomicU32,
    /// The turn in which the exception was raised.
    raised: AtomicU64,
    /// The instance that was broken before: the second time ends the process.
    struck: AtomicU64,
    stop: AtomicBool,
}

/// Watches the hooks of one core.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    on: AtomicBool,
}

/// Times of one thread.
#[derive(Debug)]
struct ThreadClock {
    id: libc::clockid_t,
    /// Its processor time and its wait for a processor, where the system keeps them.
    schedule: Option<File>,
}

/// Processor time, time in which the thread was ready and waited, wall time.
#[derive(Clone, Copy)]
struct Times {
    used: Duration,
    waited: Duration,
    at: Instant,
}

impl ThreadClock {
    fn of_this_thread() -> Option<Self> {
        let mut id = 0;
        // SAFETY: pthread_self is this living thread and `id` is a valid place.
        if unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut id) } != 0 {
            return None;
        }
        let name = std::fs::read_link("/proc/thread-self").unwrap_or_default();
        let schedule = File::open(std::path::Path::new("/proc").join(name).join("schedstat")).ok();
        let clock = Self { id, schedule };
        // A kernel that does not keep it says zeros.
        let keeps = clock.schedule.is_some() && clock.ran() > Duration::ZERO;
        Some(Self { schedule: clock.schedule.filter(|_| keeps), ..clock })
    }

    fn now(&self) -> Times {
        let mut at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `at` is a valid place; a clock of a thread that ended is an error, not a fault.
        let used = if unsafe { libc::clock_gettime(self.id, &raw mut at) } == 0 {
            Duration::new(at.tv_sec as u64, at.tv_nsec as u32)
        } else {
            Duration::ZERO
        };
        Times { used, waited: self.scheduled(1), at: Instant::now() }
    }

    fn ran(&self) -> Duration {
        self.scheduled(0)
    }

    fn scheduled(&self, field: usize) -> Duration {
        let mut text = [0; 80];
        let length = self.schedule.as_ref().and_then(|f| f.read_at(&mut text, 0).ok()).unwrap_or(0);
        let text = std::str::from_utf8(&text[..length]).unwrap_or_default();
        Duration::from_nanos(text.split_ascii_whitespace().nth(field).and_then(|t| t.parse().ok()).unwrap_or(0))
    }
}

impl Watchdog {
    /// A hook of an instance begins; before the day begins it has more time.
    #[inline]
    pub(super) fn begin(&self, instance: u32, early: bool) {
        let shared = &*self.shared;
        shared.instance.store(instance, Ordering::Relaxed);
        shared.patience.store(if early { PATIENCE } else { 1 }, Ordering::Relaxed);
        // Only the owner writes the turn.
        shared.turn.store(shared.turn.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// It has come back; true when the exception was raised, which then is cleared if it came too late.
    #[inline]
    pub(super) fn end(&self, _py: Python<'_>) -> bool {
        let turn = self.shared.turn.load(Ordering::Relaxed);
        self.shared.turn.store(turn + 1, Ordering::Release);
        if self.shared.raised.load(Ordering::Acquire) != turn {
            return false;
        }
        // SAFETY: the GIL is held; a null exception clears one that is still pending in this thread.
        unsafe { ffi::PyThreadState_SetAsyncExc(this_thread(), std::ptr::null_mut()) };
        true
    }

    /// Whether a hook runs.
    pub(super) fn is_in_hook(&self) -> bool {
        !self.shared.turn.load(Ordering::Acquire).is_multiple_of(2)
    }

    /// Starts watching the hooks of the calling thread.
    pub(super) fn start(&self, budget: Duration, hard: Duration) {
        if self.on.swap(true, Ordering::AcqRel) {
            return;
        }
        let (Some(soft), Some(end)) = (ThreadClock::of_this_thread(), ThreadClock::of_this_thread()) else { return };
        let owner = this_thread();
        let (shared, killer) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let asleep = if end.schedule.is_some() { ASLEEP_FACTOR_END } else { ASLEEP_FACTOR };
        thread::spawn(move || watch(&shared, &soft, (budget, ASLEEP_FACTOR), |turn| raise_in(&shared, owner, turn)));
        thread::spawn(move || watch(&killer, &end, (hard, asleep), |_| end_process()));
    }

    /// Ends the threads.
    pub(super) fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
    }
}

fn this_thread() -> std::ffi::c_long {
    // SAFETY: plain call; the number is Python's name of the calling thread.
    unsafe { libc::pthread_self() as std::ffi::c_long }
}

/// What a watcher knows of the hook that runs.
struct Seen {
    turn: u64,
    begun: Duration,
    last: Times,
    asleep: Duration,
    told: bool,
}

impl Seen {
    fn new(turn: u64, now: Times) -> Self {
        Self { turn, begun: now.used, last: now, asleep: Duration::ZERO, told: false }
    }

    /// Looks again; true when the hook is over its budget.
    fn is_over(&mut self, now: Times, budget: Duration, asleep_factor: u32) -> bool {
        let passed = (now.at - self.last.at).min(LOOK_MAX);
        let busy = now.used.saturating_sub(self.last.used) + now.waited.saturating_sub(self.last.waited);
        self.asleep += passed.saturating_sub(busy);
        self.last = now;
        now.used.saturating_sub(self.begun) > budget || self.asleep > budget * asleep_factor
    }
}

/// Calls `act` once for each hook that is over its budget of processor time, or sleeps for far longer.
fn watch(shared: &Shared, clock: &ThreadClock, (budget, asleep_factor): (Duration, u32), act: impl Fn(u64)) {
    let mut seen = Seen::new(0, clock.now());
    while !shared.stop.load(Ordering::Acquire) {
        thread::sleep(LOOK.min(budget / 4));
        let turn = shared.turn.load(Ordering::Acquire);
        if turn.is_multiple_of(2) {
            continue;
        }
        if seen.turn != turn {
            seen = Seen::new(turn, clock.now());
            continue;
        }
        let budget = budget * shared.patience.load(Ordering::Relaxed);
        // The turn is read again: what was measured must be this hook's.
        if seen.is_over(clock.now(), budget, asleep_factor) && !seen.told && shared.turn.load(Ordering::Acquire) == turn
        {
            seen.told = true;
            act(turn);
        }
    }
}

fn raise_in(shared: &Shared, owner: std::ffi::c_long, turn: u64) {
    let instance = u64::from(shared.instance.load(Ordering::Relaxed)) + 1;
    Python::attach(|py| {
        if shared.turn.load(Ordering::Acquire) != turn {
            return; // it came back while the GIL was waited for
        }
        if shared.struck.swap(instance, Ordering::AcqRel) == instance {
            end_process();
        }
        shared.raised.store(turn, Ordering::Release);
        let exception = py.get_type::<HookTimeout>();
        // SAFETY: the GIL is held and the exception type lives as long as the module.
        unsafe { ffi::PyThreadState_SetAsyncExc(owner, exception.as_ptr()) };
    });
}

/// Ends the process without running anything: a hook may hold any lock.
fn end_process() {
    // SAFETY: plain system call.
    unsafe { libc::_exit(EXIT) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Duration = Duration::from_millis(50);
    const LOOKS: Duration = Duration::from_millis(10);

    /// Looks each 10 ms, in which the hook used and waited for the processor for so long.
    fn over(looks: u32, used: Duration, waited: Duration) -> bool {
        let start = Times { used: Duration::ZERO, waited: Duration::ZERO, at: Instant::now() };
        let mut seen = Seen::new(1, start);
        (1..=looks).any(|n| {
            let now = Times { used: used * n, waited: waited * n, at: start.at + LOOKS * n };
            seen.is_over(now, BUDGET, ASLEEP_FACTOR)
        })
    }

    #[test]
    fn processor_time_counts_and_the_wait_for_it_does_not() {
        assert!(!over(5, LOOKS, Duration::ZERO));
        assert!(over(6, LOOKS, Duration::ZERO));
        assert!(!over(40, LOOKS / 10, LOOKS * 9 / 10));
        assert!(!over(100_000, Duration::ZERO, LOOKS));
    }

    #[test]
    fn sleep_counts_after_many_budgets_but_not_while_the_watcher_was_stopped_too() {
        assert!(!over(100, Duration::ZERO, Duration::ZERO));
        assert!(over(101, Duration::ZERO, Duration::ZERO));
        let start = Times { used: Duration::ZERO, waited: Duration::ZERO, at: Instant::now() };
        let mut seen = Seen::new(1, start);
        assert!(!seen.is_over(Times { at: start.at + LOOKS * 10_000, ..start }, BUDGET, ASLEEP_FACTOR));
    }
}

//! Ends hooks that do not come back: first by an exception in their thread, then by ending the process.
//!
//! One thread takes the GIL only to raise; another never takes it, so that a loop in C cannot stop it.
//! Time is the owner's processor time, so that a busy machine does not blame a strategy; a sleeping hook is
//! caught by the wall clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::{create_exception, ffi};

use super::dispatch::Begun;

create_exception!(velox_core, HookTimeout, PyBaseException, "A hook used up its time budget.");

const LOOK: Duration = Duration::from_millis(10);
/// A hook that sleeps uses no processor time: this many budgets of wall time end it as well.
const WALL_FACTOR: u32 = 20;
/// The exit status of a process that ended itself.
const EXIT: i32 = 70;
/// One hook in this many is timed.
const SAMPLE: u64 = 64;

/// What the threads look at.
#[derive(Debug, Default)]
struct Shared {
    /// Odd while a hook runs; grows by one at each begin and end.
    turn: AtomicU64,
    instance: AtomicU32,
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

/// Processor time of one thread.
#[derive(Clone, Copy)]
struct ThreadClock(libc::clockid_t);

impl ThreadClock {
    fn of_this_thread() -> Option<Self> {
        let mut id = 0;
        // SAFETY: pthread_self is this living thread and `id` is a valid place.
        (unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut id) } == 0).then_some(Self(id))
    }

    fn now(self) -> Duration {
        let mut at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `at` is a valid place; a clock of a thread that ended is an error, not a fault.
        if unsafe { libc::clock_gettime(self.0, &raw mut at) } != 0 {
            return Duration::ZERO;
        }
        Duration::new(at.tv_sec as u64, at.tv_nsec as u32)
    }
}

impl Watchdog {
    /// A hook of an instance begins.
    #[inline]
    pub(super) fn begin(&self, instance: u32) -> Begun {
        self.shared.instance.store(instance, Ordering::Relaxed);
        let turn = self.shared.turn.fetch_add(1, Ordering::Release);
        (turn / 2).is_multiple_of(SAMPLE).then(Instant::now)
    }

    /// It has come back; true when the exception was raised and came too late to break it.
    #[inline]
    pub(super) fn end(&self, _py: Python<'_>) -> bool {
        let turn = self.shared.turn.fetch_add(1, Ordering::AcqRel);
        if self.shared.raised.load(Ordering::Acquire) != turn {
            return false;
        }
        // SAFETY: the GIL is held; a null exception clears one that is still pending in this thread.
        unsafe { ffi::PyThreadState_SetAsyncExc(this_thread(), std::ptr::null_mut()) };
        true
    }

    /// Starts watching the hooks of the calling thread.
    pub(super) fn start(&self, budget: Duration, hard: Duration) {
        if self.on.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(clock) = ThreadClock::of_this_thread() else { return };
        let owner = this_thread();
        let (shared, killer) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        thread::spawn(move || watch(&shared, clock, budget, |turn| raise_in(&shared, owner, turn)));
        thread::spawn(move || watch(&killer, clock, hard, |_| end_process()));
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

/// Calls `act` once for each hook that is over its budget of processor time, or far over it in wall time.
fn watch(shared: &Shared, clock: ThreadClock, budget: Duration, act: impl Fn(u64)) {
    let mut seen = (0, Duration::ZERO, Instant::now(), false);
    while !shared.stop.load(Ordering::Acquire) {
        thread::sleep(LOOK.min(budget / 4));
        let turn = shared.turn.load(Ordering::Acquire);
        if turn.is_multiple_of(2) {
            continue;
        }
        if seen.0 != turn {
            seen = (turn, clock.now(), Instant::now(), false);
            continue;
        }
        let over = clock.now().saturating_sub(seen.1) > budget || seen.2.elapsed() > budget * WALL_FACTOR;
        if over && !seen.3 {
            seen.3 = true;
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

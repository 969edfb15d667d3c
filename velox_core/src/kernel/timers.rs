//! Timers of the kernel: at most one for each (class, id), fired in the order of (due, class, id).

use crate::record::{Timer, TimerClass};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is armed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Timers {
    queue: BTreeSet<(i64, TimerClass, u32)>,
    due: BTreeMap<(TimerClass, u32), i64>,
    next: i64,
}

impl Default for Timers {
    fn default() -> Self {
        Self { queue: BTreeSet::new(), due: BTreeMap::new(), next: i64::MAX }
    }
}

impl Timers {
    /// Due time of the first timer; `i64::MAX` when none is armed.
    pub(super) fn next_due(&self) -> i64 {
        self.next
    }

    /// The first timer.
    pub(super) fn first(&self) -> Option<Timer> {
        self.queue.first().map(|&(due, class, id)| Timer { due, class, id, late_ns: 0 })
    }

    /// Arms a timer, in place of an earlier one of the same name.
    pub(super) fn arm(&mut self, class: TimerClass, id: u32, due: i64) {
        if let Some(old) = self.due.insert((class, id), due) {
            self.queue.remove(&(old, class, id));
        }
        self.queue.insert((due, class, id));
        self.refresh();
    }

    /// Disarms a timer; nothing happens when it is not armed.
    pub(super) fn cancel(&mut self, class: TimerClass, id: u32) {
        if let Some(old) = self.due.remove(&(class, id)) {
            self.queue.remove(&(old, class, id));
            self.refresh();
        }
    }

    /// When a timer is due, if it is armed.
    pub(super) fn due(&self, class: TimerClass, id: u32) -> Option<i64> {
        self.due.get(&(class, id)).copied()
    }

    /// Takes the timer that a record says has fired; false when it is not the first one.
    pub(super) fn take(&mut self, timer: &Timer) -> bool {
        let name = (timer.due, timer.class, timer.id);
        let first = self.queue.first() == Some(&name);
        if first {
            self.queue.pop_first();
            self.due.remove(&(timer.class, timer.id));
            self.refresh();
        }
        first
    }

    fn refresh(&mut self) {
        self.next = self.queue.first().map_or(i64::MAX, |(due, _, _)| *due);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_dues_fire_by_class_then_id_and_rearming_replaces() {
        let mut timers = Timers::default();
        timers.arm(TimerClass::At, 1, 10);
        timers.arm(TimerClass::Candle, 0, 10);
        timers.arm(TimerClass::Every, 9, 10);
        timers.arm(TimerClass::Every, 2, 10);
        timers.arm(TimerClass::At, 1, 12);
        let mut fired = Vec::new();
        while let Some(timer) = timers.first() {
            assert_eq!(timers.next_due(), timer.due);
            assert!(timers.take(&timer));
            fired.push((timer.class, timer.id, timer.due));
        }
        assert_eq!(
            fired,
            [
                (TimerClass::Candle, 0, 10),
                (TimerClass::Every, 2, 10),
                (TimerClass::Every, 9, 10),
                (TimerClass::At, 1, 12)
            ]
        );
        assert_eq!(timers.next_due(), i64::MAX);
    }

    #[test]
    fn a_timer_that_is_not_first_is_not_taken() {
        let mut timers = Timers::default();
        timers.arm(TimerClass::Mark, 0, 5);
        assert!(!timers.take(&Timer { due: 6, class: TimerClass::Mark, id: 0, late_ns: 0 }));
        timers.cancel(TimerClass::Mark, 0);
        assert_eq!(timers.first(), None);
    }
}

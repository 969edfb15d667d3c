//! `@at` and `@every`: hooks by the clock, tied to the close of an own candle where one ends then.

use super::Kernel;
use super::hooks::{HookArg, HookCall, Rank};
use crate::record::{Schedule, Timer, TimerClass};
use serde::{Deserialize, Serialize};

/// A scheduled hook of an instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Scheduled {
    pub(super) instance: u32,
    pub(super) hook: u16,
    pub(super) every: i64,
    pub(super) run_late: bool,
    /// The next due time, without the candle's grace; `i64::MAX` when it has fired for good.
    pub(super) due: i64,
}

impl Scheduled {
    /// The first time of a period that is not before `now`.
    fn due_from(&self, now: i64) -> i64 {
        let behind = now.saturating_sub(self.due).max(0);
        self.due.saturating_add((behind + self.every - 1).div_euclid(self.every) * self.every)
    }

    fn class(&self) -> TimerClass {
        if self.every > 0 { TimerClass::Every } else { TimerClass::At }
    }
}

impl Kernel {
    pub(super) fn add_schedule(&mut self, instance: u32, schedule: &Schedule) {
        let Schedule { hook, first, every, run_late } = *schedule;
        let mut scheduled = Scheduled { instance, hook, every, run_late, due: first };
        if every == 0 && self.instances[instance as usize].fired.contains(&(hook, first)) {
            return; // a fired timer never fires again that day, not even after a restart of the strategy
        }
        self.catch_up(&mut scheduled, self.now.max(self.feed_up_at));
        let free = self.schedules.iter().position(|s| s.due == i64::MAX);
        let index = free.unwrap_or(self.schedules.len());
        if free.is_some() {
            self.schedules[index] = scheduled;
        } else {
            self.schedules.push(scheduled);
        }
        self.arm_schedule(index);
    }

    /// Moves a schedule past what was missed before `now`: a period goes on, a time is skipped unless it may be late.
    fn catch_up(&mut self, scheduled: &mut Scheduled, now: i64) {
        let late = now.saturating_sub(scheduled.due);
        if scheduled.every > 0 && late > 0 {
            scheduled.due = scheduled.due_from(now);
        } else if scheduled.every == 0 && late > self.settings.late_ns && !scheduled.run_late {
            self.tell(scheduled.instance, "at_skipped", "A scheduled time had passed by more than 30 s.");
            scheduled.due = i64::MAX;
        }
    }

    /// The feed's clock begins at `at`: what was due before it was missed, however slowly kernel time gets there.
    pub(super) fn skip_missed(&mut self, at: i64) {
        if self.day_over {
            return; // nothing fires any more
        }
        for index in 0..self.schedules.len() {
            let mut scheduled = self.schedules[index].clone();
            if scheduled.due >= at {
                continue;
            }
            self.catch_up(&mut scheduled, at);
            if scheduled.due != self.schedules[index].due {
                self.timers.cancel(scheduled.class(), index as u32);
                self.schedules[index] = scheduled;
                self.arm_schedule(index);
            }
        }
    }

    /// Forgets an instance's schedules for good.
    pub(super) fn drop_schedules(&mut self, instance: u32) {
        for index in 0..self.schedules.len() {
            if self.schedules[index].instance == instance {
                self.timers.cancel(self.schedules[index].class(), index as u32);
                self.schedules[index].due = i64::MAX;
            }
        }
    }

    fn arm_schedule(&mut self, index: usize) {
        let scheduled = &self.schedules[index];
        if scheduled.due == i64::MAX {
            return;
        }
        let grace = if self.ends_own_candle(scheduled.instance, scheduled.due) { self.settings.grace_ns } else { 0 };
        self.timers.arm(scheduled.class(), index as u32, scheduled.due + grace);
    }

    /// Whether one of the instance's candles ends then: the hook waits for its close.
    fn ends_own_candle(&self, instance: u32, due: i64) -> bool {
        let open = self.facts.as_ref().map_or(0, |f| f.open_ns);
        let series = &self.instances[instance as usize].series;
        due > open && series.iter().any(|s| (due - open) % self.series[*s as usize].length == 0)
    }

    /// A candle of `series` that ended at `end` has closed: hooks that waited for it run after its bars.
    pub(super) fn fire_aligned(&mut self, series: u32, end: i64) {
        for index in 0..self.schedules.len() {
            let scheduled = &self.schedules[index];
            let waits = scheduled.due == end
                && self.instances[scheduled.instance as usize].series.contains(&series)
                && self.timers.due(scheduled.class(), index as u32).is_some();
            if waits {
                self.timers.cancel(self.schedules[index].class(), index as u32);
                self.run_schedule(index, 0);
            }
        }
    }

    pub(super) fn fire_schedule(&mut self, timer: &Timer) {
        self.run_schedule(timer.id as usize, timer.late_ns);
    }

    /// A period that is not to run this time goes on with the next one; what passed while it waited for the close of a
    /// candle is left out, or it would be due before kernel time.
    pub(super) fn pass_schedule(&mut self, index: usize) {
        let (now, end) = (self.now, self.facts.as_ref().map_or(0, |f| f.end_ns));
        let Some(scheduled) = self.schedules.get_mut(index) else {
            return;
        };
        if scheduled.every > 0 {
            scheduled.due = scheduled.due.saturating_add(scheduled.every);
            scheduled.due = scheduled.due_from(now);
        }
        if scheduled.every == 0 || scheduled.due > end {
            scheduled.due = i64::MAX;
        }
        self.arm_schedule(index);
    }

    fn run_schedule(&mut self, index: usize, late_ns: i64) {
        let Some(scheduled) = self.schedules.get(index).cloned() else {
            return;
        };
        self.pass_schedule(index);
        let instance = scheduled.instance;
        if !self.instances[instance as usize].running {
            return;
        }
        if late_ns > self.settings.late_ns && !scheduled.run_late {
            self.tell(instance, "at_skipped", "A scheduled time had passed by more than 30 s.");
            return;
        }
        let rank = if scheduled.every > 0 { Rank::Every } else { Rank::At };
        if rank == Rank::At {
            self.instances[instance as usize].fired.push((scheduled.hook, scheduled.due));
        }
        if self.is_ready(instance) {
            self.out.hooks.push(HookCall { rank, instance, hook: scheduled.hook, arg: HookArg::None });
        } else {
            self.tell(instance, "not_ready", "A scheduled hook did not run: its indicators are warming up.");
        }
    }
}

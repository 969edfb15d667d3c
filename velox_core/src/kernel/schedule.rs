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
    fn class(&self) -> TimerClass {
        if self.every > 0 { TimerClass::Every } else { TimerClass::At }
    }
}

impl Kernel {
    pub(super) fn add_schedule(&mut self, instance: u32, schedule: &Schedule) {
        let mut due = schedule.first;
        if schedule.every > 0 && due < self.now {
            let missed = (self.now - due + schedule.every - 1).div_euclid(schedule.every);
            due += missed * schedule.every;
        }
        let late = self.now - due;
        let mut scheduled =
            Scheduled { instance, hook: schedule.hook, every: schedule.every, run_late: schedule.run_late, due };
        if schedule.every == 0 && late > self.settings.late_ns && self.now > 0 {
            if schedule.run_late {
                scheduled.due = self.now;
            } else {
                self.tell(
                    instance,
                    "at_skipped",
                    "A scheduled time was over by more than 30 s when the strategy started.",
                );
                scheduled.due = i64::MAX;
            }
        }
        self.schedules.push(scheduled);
        self.arm_schedule(self.schedules.len() - 1);
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

    fn run_schedule(&mut self, index: usize, late_ns: i64) {
        let Some(scheduled) = self.schedules.get(index).cloned() else {
            return;
        };
        let skip = late_ns > self.settings.late_ns && !scheduled.run_late;
        self.schedules[index].due = if scheduled.every > 0 { scheduled.due + scheduled.every } else { i64::MAX };
        let end = self.facts.as_ref().map_or(i64::MAX, |f| f.end_ns);
        if self.schedules[index].due > end {
            self.schedules[index].due = i64::MAX;
        }
        self.arm_schedule(index);
        if !self.instances[scheduled.instance as usize].running {
            return;
        }
        if skip {
            self.tell(scheduled.instance, "at_skipped", "A scheduled time was over by more than 30 s.");
        } else if self.is_ready(scheduled.instance) {
            let rank = if scheduled.every > 0 { Rank::Every } else { Rank::At };
            let call = HookCall { rank, instance: scheduled.instance, hook: scheduled.hook, arg: HookArg::None };
            self.out.hooks.push(call);
        } else {
            self.tell(scheduled.instance, "not_ready", "A scheduled hook did not run: its indicators are warming up.");
        }
    }
}

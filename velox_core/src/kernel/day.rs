//! A day begins with its facts and ends once; what belongs to it does not reach into the next.

use super::check::DAY_NS;
use super::history::History;
use super::hooks::{Rank, number};
use super::{Account, Kernel, Market};
use crate::indicators::{Indicator, NOT_READY};
use crate::record::{FactsLoaded, PhaseGroup, TimerClass};
use std::sync::Arc;

/// Days further apart than this begin anew: indicators of last month say nothing of today.
const GAP_DAYS_MAX: i64 = 4;

impl Kernel {
    pub(super) fn begin_day(&mut self, facts: &FactsLoaded) {
        let last = self.facts.as_ref().map(|f| f.session_date);
        let another = last.is_some_and(|date| date != facts.session_date);
        let before = self.facts.as_ref().map_or(facts.day_start_ns, |f| f.day_start_ns);
        if another {
            self.date_before = self.session_date();
            self.leave_day();
        }
        if facts.day_start_ns - before > GAP_DAYS_MAX * DAY_NS {
            self.grow_cold(&vec![true; self.series.len()]);
        }
        let over = self.day_over;
        // Until a tick moves the clock, rows stand at the start of their day, as they do in a merged one.
        self.data_now = self.data_now.max(facts.day_start_ns);
        self.facts = Some(facts.clone());
        self.note_open();
        if another {
            for node in 0..self.nodes.len() {
                let previous_day = self.span(self.nodes[node].series).previous_day;
                self.nodes[node].begin_session(previous_day);
            }
        }
        if !over {
            self.timers.arm(TimerClass::DayEnd, 0, facts.end_ns + self.settings.grace_ns);
            self.arm_candles(self.now.max(facts.open_ns));
        }
        if another {
            for account in (0..self.accounts.len() as u32).filter(|a| self.is_open(*a)).collect::<Vec<_>>() {
                self.timers.arm(TimerClass::Mark, account, facts.open_ns + super::account::MARK_NS);
            }
        }
    }

    /// When the day trades a group of instruments; empty before there are facts.
    pub(super) fn open_of(&self, group: u16) -> (i64, i64) {
        let group = self.facts.as_ref().and_then(|facts| facts.groups.get(usize::from(group)));
        group.map_or((0, 0), PhaseGroup::longest_open)
    }

    /// Tells each instrument when the day trades it.
    pub(super) fn note_open(&mut self) {
        for at in 0..self.markets.len() {
            self.markets[at].open = self.open_of(self.markets[at].group);
        }
    }

    /// Forgets the day before; a day that nobody ended is ended first, and its hooks are lost with it.
    fn leave_day(&mut self) {
        self.end_day();
        // Of a day whose end was passed over: its markets forget orders, and what was kept over it is charged.
        self.end_orders();
        self.charge_delivery();
        self.out.hooks.clear();
        self.day_over = false;
        self.timers = super::timers::Timers::default();
        self.schedules.clear();
        self.groups.clear();
        self.gatherings.clear();
        self.acted.clear();
        self.verdicts = Default::default();
        (self.candles_closed, self.skipped_ticks) = (0, 0);
        (self.feed_up_at, self.data_now, self.feed_epoch, self.opened_at) = (0, 0, 0, 0);
        for account in 0..self.accounts.len() as u32 {
            let equity = self.equity(account);
            self.accounts[account as usize].begin_day(equity);
        }
        self.markets.iter_mut().for_each(Market::begin_day);
        self.series.iter_mut().for_each(|series| series.session_n = 0);
    }

    /// Candles and indicators of these series say nothing of today and begin anew, whatever warms them up comes after this.
    /// Positions, State and money stay.
    pub(super) fn grow_cold(&mut self, cold: &[bool]) {
        for (series, _) in self.series.iter_mut().zip(cold).filter(|(_, cold)| **cold) {
            (series.closed, series.last_open) = (0, 0);
            series.history = History::new(series.history.columns());
            series.kept = series.kept.as_ref().map(|_| Arc::default());
        }
        for node in self.nodes.iter_mut().filter(|node| cold[node.series as usize]) {
            if let Ok(study) = Indicator::new(&node.asked.kind, &node.asked.params) {
                node.study = study; // it could be made when it joined
            }
            (node.values, node.last_open) = (NOT_READY, 0);
            node.history = History::new(node.history.columns());
        }
    }

    /// The day's end itself must not be applied: at least nothing fires any more.
    pub(super) fn abandon_day(&mut self) {
        self.day_over = true;
        self.timers = super::timers::Timers::default();
    }

    /// Closes what is still forming and ends what still works; nothing fires after it.
    pub(super) fn end_day(&mut self) {
        if self.day_over {
            return;
        }
        self.close_by_timer(i64::MAX);
        self.end_orders();
        self.charge_delivery();
        self.abandon_day();
        self.hook_running(number::FINISH, Rank::Finish);
    }
}

impl Account {
    /// A new day: limits of the day begin anew, money stays.
    fn begin_day(&mut self, equity: i128) {
        self.trading = super::Trading::Active;
        self.carried = equity - i128::from(self.def.capital);
        self.peak = equity;
        for desk in self.desks.values_mut() {
            (desk.trading, desk.best) = (super::Trading::Active, 0);
        }
    }
}

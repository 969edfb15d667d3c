//! A running strategy: what it watches, what it holds, what it may do.

use super::book::Fifo;
use super::charges::Charges;
use super::exit::Protection;
use super::hooks::{HookArg, HookCall, Rank, number};
use super::rates::Window;
use super::{ApplyError, Kernel};
use crate::record::{Intent, StateSet, StrategyStarted, StrategyStopped, TimerClass};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an instance may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trading {
    /// Everything.
    Active,
    /// Only reductions, since it broke a limit of the day.
    LossStopped,
    /// Only reductions, since it fell too far below the day's best.
    DrawdownStopped,
    /// Only reductions: its code failed or it was refused too often.
    Halted,
}

/// One strategy on one instrument of one account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instance {
    /// Its number.
    pub id: u32,
    /// Unique name.
    pub name: String,
    /// Session date of its last start, yyyymmdd.
    pub started_on: i32,
    /// Whether it has not been stopped.
    pub running: bool,
    /// What it may do.
    pub trading: Trading,
    /// Its code failed: no hook runs, its stops stay alive.
    pub faulted: bool,
    /// The account.
    pub account: u32,
    /// The instrument.
    pub instrument: u32,
    /// Its series.
    pub series: Vec<u32>,
    /// Its nodes.
    pub nodes: Vec<u32>,
    /// All nodes had values once.
    pub ready: bool,
    /// Capital of the day, 1e-8.
    pub capital: i64,
    /// Entries from, ns.
    pub entry_from: i64,
    /// Entries until, ns.
    pub entry_until: i64,
    /// Its position.
    pub book: Fifo,
    /// Charges accrued, by line.
    pub charges: Charges,
    /// Realised less charges before today.
    pub carried: i128,
    /// Highest equity of the day, 1e-8.
    pub peak: i128,
    /// Round trips of the day.
    pub trades: u32,
    /// Orders of the day.
    pub orders: u32,
    /// Fills of the day.
    pub fills: u32,
    /// Counter of its last intent.
    pub intents: u32,
    /// Slot of the entry that works, if one does.
    pub entry: Option<u32>,
    /// Slot of the exit that works, if one does: never two.
    pub exit: Option<u32>,
    /// Stop, target and trail of its position.
    pub protection: Protection,
    /// The newest target that waits for an exit to end.
    pub waiting: Option<Box<Intent>>,
    /// Persistent values.
    pub state: BTreeMap<String, Vec<u8>>,
    pub(super) intent_times: Window,
    pub(super) refusal_times: Window,
    /// Side, quantity and time of recent orders, against duplicates.
    pub(super) recent: Option<(i8, i64, i64)>,
    pub(super) child: u32,
}

impl Instance {
    fn new(start: &StrategyStarted, started_on: i32) -> Self {
        Self {
            id: start.id,
            name: start.name.clone(),
            started_on,
            running: true,
            trading: Trading::Active,
            faulted: false,
            account: start.account,
            instrument: start.instrument,
            series: start.series.iter().map(|(s, _)| *s).collect(),
            nodes: start.nodes.clone(),
            ready: false,
            capital: start.capital,
            entry_from: start.entry_from,
            entry_until: start.entry_until,
            book: Fifo::default(),
            charges: Charges::default(),
            carried: 0,
            peak: i128::from(start.capital),
            trades: 0,
            orders: 0,
            fills: 0,
            intents: 0,
            entry: None,
            exit: None,
            protection: Protection::default(),
            waiting: None,
            state: BTreeMap::new(),
            intent_times: Window::default(),
            refusal_times: Window::default(),
            recent: None,
            child: 0,
        }
    }

    /// Realised and unrealised less charges since the session's start.
    pub fn day_profit(&self, last: i64) -> i128 {
        self.book.realised() + self.book.unrealised(last) - self.charges.total() - self.carried
    }
}

impl Kernel {
    pub(super) fn start_instance(&mut self, start: &StrategyStarted) -> Result<(), ApplyError> {
        self.check_start(start)?;
        let again = start.id as usize;
        if again < self.instances.len() {
            self.renew_instance(start);
        } else {
            self.instances.push(Instance::new(start, self.today()));
            self.markets[start.instrument as usize].traders.push(start.id);
        }
        if start.on_tick && !self.markets[start.instrument as usize].watchers.contains(&start.id) {
            self.markets[start.instrument as usize].watchers.push(start.id);
        }
        for (series, hook) in &start.series {
            let listener = u16::try_from(*hook).ok().map(|h| (start.id, h));
            let listeners = &mut self.series[*series as usize].listeners;
            if let Some(listener) = listener.filter(|l| !listeners.contains(l)) {
                listeners.push(listener);
            }
        }
        for schedule in &start.schedules {
            self.add_schedule(start.id, schedule);
        }
        if start.flat_at > 0 {
            self.timers.arm(TimerClass::Flat, start.id, start.flat_at);
        }
        let call = HookCall { rank: Rank::Order, instance: start.id, hook: number::START, arg: HookArg::None };
        self.out.hooks.push(call);
        Ok(())
    }

    fn today(&self) -> i32 {
        self.facts.as_ref().map_or(0, |f| f.session_date)
    }

    fn check_start(&self, start: &StrategyStarted) -> Result<(), ApplyError> {
        let fault = |what: &str| Err(ApplyError(format!("strategy {}: {what}", start.name)));
        if start.id as usize > self.instances.len() {
            return fault("its number is not the next one");
        }
        if start.instrument as usize >= self.markets.len() || start.account as usize >= self.accounts.len() {
            return fault("its instrument or account is not there");
        }
        if start.series.iter().any(|(s, _)| *s as usize >= self.series.len()) {
            return fault("one of its series is not there");
        }
        if start.nodes.iter().any(|n| *n as usize >= self.nodes.len()) {
            return fault("one of its nodes is not there");
        }
        let taken = |i: &&Instance| {
            i.running && i.id != start.id && i.account == start.account && i.instrument == start.instrument
        };
        match self.instances.iter().find(taken) {
            Some(other) => fault(&format!("{} trades the same instrument on the same account", other.name)),
            None => Ok(()),
        }
    }

    /// The same strategy on another day: position, State and money stay, the day's counters begin anew.
    fn renew_instance(&mut self, start: &StrategyStarted) {
        self.drop_schedules(start.id);
        let fresh = Instance::new(start, self.today());
        let old = &mut self.instances[start.id as usize];
        let carried = old.book.realised() - old.charges.total();
        *old = Instance {
            book: std::mem::take(&mut old.book),
            charges: old.charges,
            carried,
            protection: std::mem::take(&mut old.protection),
            state: std::mem::take(&mut old.state),
            entry: old.entry,
            exit: old.exit,
            ..fresh
        };
    }

    pub(super) fn stop_instance(&mut self, stop: &StrategyStopped) -> Result<(), ApplyError> {
        let Some(instance) = self.instances.get_mut(stop.instance as usize) else {
            return Err(ApplyError(format!("strategy {} is not there", stop.instance)));
        };
        instance.trading = Trading::Halted;
        instance.faulted = stop.fault;
        if !stop.fault {
            instance.running = false;
            self.drop_schedules(stop.instance);
        }
        self.cancel_entry(stop.instance, "the strategy stopped");
        self.tell(stop.instance, if stop.fault { "fault" } else { "stopped" }, &stop.reason);
        Ok(())
    }

    pub(super) fn set_state(&mut self, set: &StateSet) -> Result<(), ApplyError> {
        let Some(instance) = self.instances.get_mut(set.instance as usize) else {
            return Err(ApplyError(format!("strategy {} is not there", set.instance)));
        };
        instance.state.insert(set.name.clone(), set.value.clone());
        Ok(())
    }

    /// Whether all of an instance's inputs have values, so that its hooks may run.
    pub fn is_ready(&self, instance: u32) -> bool {
        let instance = &self.instances[instance as usize];
        instance.running
            && !instance.faulted
            && (instance.ready || instance.nodes.iter().all(|n| !self.nodes[*n as usize].values[0].is_nan()))
    }

    /// States the first candle on which the instance was active.
    pub(super) fn note_ready(&mut self, instance: u32, ts_open: i64) {
        if !self.instances[instance as usize].ready {
            self.instances[instance as usize].ready = true;
            self.tell(instance, "first_candle", &format!("The first active candle is that of {}.", clock(ts_open)));
        }
    }
}

/// Time of the day in India, HH:MM.
fn clock(ns: i64) -> String {
    const IST_S: i64 = 19_800;
    let minutes = (ns.div_euclid(1_000_000_000) + IST_S).rem_euclid(86_400) / 60;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

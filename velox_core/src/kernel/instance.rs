//! A running strategy: what it watches, what it holds, what it may do.

use super::Kernel;
use super::book::Fifo;
use super::charges::Charges;
use super::hooks::{HookArg, HookCall, Rank, number};
use super::order::Role;
use super::parking::Parking;
use super::protection::Protection;
use super::rates::Window;
use crate::record::{Intent, StateSet, StrategyRules, StrategyStarted, StrategyStopped, TimerClass};
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
    /// Only reductions, since the day's profit fell to what its rules keep of the best.
    ProfitLocked,
}

/// One strategy on one instrument of one account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // independent facts
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
    /// Its own kill switch.
    pub kill: bool,
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
    /// The windows among those hours, where there are several.
    pub windows: Vec<(i64, i64)>,
    /// Its series with the hook that waits for those of its group.
    pub together: Vec<(u32, u16)>,
    /// Number of the first instance of its group.
    pub group: u32,
    /// Its position.
    pub book: Fifo,
    /// Charges accrued, by line.
    pub charges: Charges,
    /// Dividends received, those that its shorts paid taken off.
    pub dividends: i128,
    /// Realised less charges before today.
    pub carried: i128,
    /// Highest equity of the day, 1e-8.
    pub peak: i128,
    /// What it limits of itself.
    pub rules: StrategyRules,
    /// Best profit of the day.
    pub best: i128,
    /// When its newest trade of the day was closed.
    pub closed_at: Option<i64>,
    /// Round trips of the day.
    pub trades: u32,
    /// Orders of the day.
    pub orders: u32,
    /// Fills of the day.
    pub fills: u32,
    /// Counter of its last intent.
    pub intents: u32,
    /// Slots of the entries that work, flips included.
    pub entries: Vec<u32>,
    /// Slot of the exit that works, if one does: never two.
    pub exit: Option<u32>,
    /// Stop, target and trail of its position.
    pub protection: Protection,
    /// The stop of its position that stands at a broker.
    pub parking: Parking,
    /// What guarded the newest position that is closed: hooks ask of a trade when it is over.
    closed: Protection,
    /// The whole position is to be closed; stays until it is, whatever refuses the order now.
    pub(super) closing: Option<Role>,
    /// When a refused exit is tried again.
    pub(super) retry_at: i64,
    /// The newest target that waits for an exit to end.
    pub waiting: Option<Box<Intent>>,
    /// Persistent values.
    pub state: BTreeMap<String, Vec<u8>>,
    pub(super) intent_times: Window,
    pub(super) refusal_times: Window,
    /// Side, quantity and time of recent orders, against duplicates.
    pub(super) recent: Vec<(i8, i64, i64)>,
    /// Counts exits for ever, so that an order's name is never used twice.
    pub(super) child: u32,
    /// What it has bought and sold today.
    pub(super) day: super::delivery::DayTrades,
    /// Hooks by the clock that ran today: (hook, time).
    pub(super) fired: Vec<(u16, i64)>,
}

impl Instance {
    /// What guards the trade that an intent of this counter began, or guarded it when it was the newest to close.
    pub fn trade(&self, counter: u32) -> Option<&Protection> {
        [&self.protection, &self.closed].into_iter().find(|p| p.is_of(counter))
    }

    /// The position is closed, what guarded it is kept to be asked for.
    pub(super) fn end_trade(&mut self) {
        let next = Protection { intent: self.protection.intent, ..Protection::default() };
        let over = std::mem::replace(&mut self.protection, next);
        if over.entry > 0 {
            self.closed = over;
        }
    }

    fn new(start: &StrategyStarted, started_on: i32) -> Self {
        Self {
            id: start.id,
            name: start.name.clone(),
            started_on,
            running: true,
            trading: Trading::Active,
            kill: false,
            faulted: false,
            account: start.account,
            instrument: start.instrument,
            series: start.series.iter().map(|(s, _)| *s).collect(),
            nodes: start.nodes.clone(),
            ready: false,
            capital: start.capital,
            entry_from: start.entry_from,
            entry_until: start.entry_until,
            windows: start.windows.clone(),
            together: start.together.clone(),
            group: start.group,
            book: Fifo::default(),
            charges: Charges::default(),
            dividends: 0,
            carried: 0,
            peak: i128::from(start.capital),
            rules: start.rules.clone(),
            best: 0,
            closed_at: None,
            trades: 0,
            orders: 0,
            fills: 0,
            intents: 0,
            entries: Vec::new(),
            exit: None,
            protection: Protection::default(),
            parking: Parking::default(),
            closed: Protection::default(),
            closing: None,
            retry_at: 0,
            waiting: None,
            state: BTreeMap::new(),
            intent_times: Window::default(),
            refusal_times: Window::default(),
            recent: Vec::new(),
            child: 0,
            day: super::delivery::DayTrades::default(),
            fired: Vec::new(),
        }
    }

    /// The same strategy started once more: position, orders, State and money stay.
    fn renewed(self, start: &StrategyStarted, today: i32, last: i64) -> Self {
        let fresh = Self::new(start, today);
        let carried = self.book.realised() + self.book.unrealised(last) - self.charges.total();
        let again = Self {
            running: true,
            faulted: false,
            ready: false,
            name: fresh.name,
            account: fresh.account,
            instrument: fresh.instrument,
            series: fresh.series,
            nodes: fresh.nodes,
            entry_from: fresh.entry_from,
            entry_until: fresh.entry_until,
            windows: fresh.windows,
            together: fresh.together,
            group: fresh.group,
            rules: fresh.rules,
            ..self
        };
        if again.started_on == today {
            // Counters and limits are the day's, not the start's: a restart must not wash them away.
            let halted = again.trading == Trading::Halted;
            return Self { trading: if halted { Trading::Active } else { again.trading }, ..again };
        }
        Self {
            started_on: today,
            trading: Trading::Active,
            capital: fresh.capital,
            carried,
            peak: fresh.peak,
            best: 0,
            closed_at: None,
            trades: 0,
            orders: 0,
            fills: 0,
            intents: 0,
            intent_times: fresh.intent_times,
            refusal_times: fresh.refusal_times,
            recent: fresh.recent,
            fired: fresh.fired,
            ..again
        }
    }

    /// Whether it holds a position or works on one.
    pub(super) fn is_engaged(&self) -> bool {
        self.book.quantity() != 0 || !self.entries.is_empty()
    }

    /// Realised and unrealised less charges since the session's start.
    pub fn day_profit(&self, last: i64) -> i128 {
        self.book.realised() + self.book.unrealised(last) - self.charges.total() - self.carried
    }
}

impl Kernel {
    pub(super) fn start_instance(&mut self, start: &StrategyStarted) {
        let id = start.id as usize;
        let date = self.facts.as_ref().map_or(0, |f| f.session_date);
        if id < self.instances.len() {
            self.stop_listening(start.id);
            let last = self.markets[self.instances[id].instrument as usize].last;
            let old = std::mem::replace(&mut self.instances[id], Instance::new(start, date));
            self.instances[id] = old.renewed(start, date, last);
        } else {
            self.instances.push(Instance::new(start, date));
        }
        self.join_group(start.id);
        self.listen(start);
        let schedules = if self.day_over { &[] } else { start.schedules.as_slice() };
        for schedule in schedules {
            self.add_schedule(start.id, schedule);
        }
        if start.flat_at > 0 && !self.day_over {
            self.timers.arm(TimerClass::Flat, start.id, start.flat_at);
        }
        let call = HookCall { rank: Rank::Order, instance: start.id, hook: number::START, arg: HookArg::None };
        self.out.hooks.push(call);
    }

    fn listen(&mut self, start: &StrategyStarted) {
        let market = &mut self.markets[start.instrument as usize];
        market.traders.push(start.id);
        if start.on_tick {
            market.watchers.push(start.id);
        }
        for (series, hook) in &start.series {
            let listener = u16::try_from(*hook).ok().map(|h| (start.id, h));
            let listeners = &mut self.series[*series as usize].listeners;
            if let Some(listener) = listener.filter(|l| !listeners.contains(l)) {
                listeners.push(listener);
            }
        }
        for (series, hook) in &start.together {
            self.series[*series as usize].gatherers.push((start.id, *hook));
        }
    }

    /// Takes an instance out of everything that calls it.
    fn stop_listening(&mut self, id: u32) {
        self.drop_schedules(id);
        self.timers.cancel(TimerClass::Flat, id);
        let market = &mut self.markets[self.instances[id as usize].instrument as usize];
        market.traders.retain(|i| *i != id);
        market.watchers.retain(|i| *i != id);
        for series in &mut self.series {
            series.listeners.retain(|(i, _)| *i != id);
            series.gatherers.retain(|(i, _)| *i != id);
        }
    }

    pub(super) fn stop_instance(&mut self, stop: &StrategyStopped) {
        let instance = &mut self.instances[stop.instance as usize];
        if instance.trading == Trading::Active {
            instance.trading = Trading::Halted;
        }
        instance.faulted |= stop.fault;
        instance.waiting = None;
        if !stop.fault {
            instance.running = false;
            self.drop_schedules(stop.instance);
        }
        self.cancel_entries(stop.instance, "the strategy stopped");
        self.tell(stop.instance, if stop.fault { "fault" } else { "stopped" }, &stop.reason);
    }

    pub(super) fn set_state(&mut self, set: &StateSet) {
        self.instances[set.instance as usize].state.insert(set.name.clone(), set.value.clone());
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

//! Leaving a position: stop, target and trail kept by the kernel, one exit order at a time.

use super::Kernel;
use super::entry::protected;
use super::order::{Event, Order, ProtectSpec, Role};
use super::risk::{self, Class};
use super::size::{protective, trail_distance};
use crate::fixed::{ceil_tick, floor_tick};
use crate::record::{ExitEvent, Intent, IntentId, Kind, OrderId, RiskVerdict, TimerClass};
use serde::{Deserialize, Serialize};

/// An exit that does not fill is priced anew after this time.
const REPRICE_NS: i64 = 1_000_000_000;

/// What guards a position; prices at 1e-8, 0 for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// The intent that opened the position.
    pub intent: IntentId,
    /// A price at or beyond it makes an exit.
    pub stop: i64,
    /// Where the stop stood first: its distance from the entry is one R.
    pub first_stop: i64,
    /// A price strictly beyond it fills there.
    pub target: i64,
    /// The stop follows the best price at this distance.
    pub trail: i64,
    /// Best price since the entry.
    pub best: i64,
    /// Price of the entry.
    pub entry: i64,
    /// A flip works: it will close the position, the stop waits.
    pub suspended: bool,
}

impl Protection {
    /// The tighter of stop and trail for a long (+1) or short (−1) position; 0 for none.
    pub fn effective_stop(&self, side: i8) -> i64 {
        let trailed = if self.trail > 0 { self.best - i64::from(side) * self.trail } else { 0 };
        match (self.stop, trailed) {
            (0, t) => t,
            (s, 0) => s,
            (s, t) => {
                if side > 0 {
                    s.max(t)
                } else {
                    s.min(t)
                }
            }
        }
    }
}

impl Kernel {
    /// Arms what an entry brought with it, at the price that it really got.
    pub(super) fn arm_protection(&mut self, id: u32, order: &Order) {
        let spec = order.protect;
        let i = &mut self.instances[id as usize];
        let (side, entry) = (order.side, i.book.average());
        let market = &self.markets[i.instrument as usize];
        let tick = market.def.tick;
        let fresh = i.protection.intent != order.id.intent;
        if spec == ProtectSpec::default() && i.protection.entry > 0 {
            return; // an increment without protection of its own keeps what is there
        }
        let best = if fresh { entry } else { i.protection.best };
        let stop = protective(spec.stop, side, entry, entry, tick, false).unwrap_or(0);
        i.protection = Protection {
            intent: order.id.intent,
            stop,
            first_stop: stop,
            target: protective(spec.target, side, entry, stop, tick, true).unwrap_or(0),
            trail: trail_distance(spec.trail, entry, stop, tick),
            best,
            entry,
            suspended: false,
        };
        self.note_exit(id, "armed");
    }

    pub(super) fn disarm_protection(&mut self, id: u32) {
        let i = &mut self.instances[id as usize];
        if i.protection.stop != 0 || i.protection.target != 0 || i.protection.trail != 0 {
            i.protection = Protection { intent: i.protection.intent, ..Protection::default() };
            self.note_exit(id, "disarmed");
        }
        self.instances[id as usize].protection.entry = 0;
    }

    pub(super) fn suspend_protection(&mut self, id: u32) {
        self.instances[id as usize].protection.suspended = true;
    }

    /// The strategy moves its stop.
    pub(super) fn move_stop(&mut self, id: u32, intent: &Intent) {
        let i = &self.instances[id as usize];
        let side = i.book.quantity().signum() as i8;
        if side == 0 {
            self.tell(id, "no_position", "There is no position whose stop could move.");
            return;
        }
        let tick = self.markets[i.instrument as usize].def.tick;
        let entry = i.protection.entry;
        let Some(stop) = protective(intent.stop, side, entry, i.protection.stop, tick, false) else {
            self.refuse_plain(intent, "bad_price", "The stop is not a price.");
            return;
        };
        self.instances[id as usize].protection.stop = stop;
        self.note_exit(id, "moved");
    }

    fn note_exit(&mut self, id: u32, what: &'static str) {
        let i = &self.instances[id as usize];
        let event = ExitEvent {
            instance: id,
            instrument: i.instrument,
            what,
            stop: i.protection.stop,
            target: i.protection.target,
        };
        self.decide(Kind::ExitEvent, &event);
    }

    /// Looks at stops and targets of an instrument after an applied tick.
    pub(super) fn watch_protection(&mut self, instrument: u32) {
        for at in 0..self.markets[instrument as usize].traders.len() {
            let id = self.markets[instrument as usize].traders[at];
            let held = self.instances[id as usize].book.quantity();
            if held != 0 {
                self.watch_instance(id, held.signum() as i8);
            }
        }
    }

    fn watch_instance(&mut self, id: u32, side: i8) {
        let i = &mut self.instances[id as usize];
        let market = &self.markets[i.instrument as usize];
        let last = market.last;
        let p = &mut i.protection;
        p.best = if side > 0 {
            p.best.max(last)
        } else if p.best == 0 {
            last
        } else {
            p.best.min(last)
        };
        if i.exit.is_some() || p.suspended {
            return;
        }
        let stop = p.effective_stop(side);
        if stop > 0 && (last - stop) * i64::from(side) <= 0 {
            self.note_exit(id, "hit_stop");
            self.cancel_entry(id, "stopped out");
            self.exit_position(id, Role::Stop, "stop");
            return;
        }
        let target = p.target;
        let quote = if side > 0 { market.bid.price } else { market.ask.price };
        let through = |price: i64| price > 0 && (price - target) * i64::from(side) > 0;
        if target > 0 && (through(last) || through(quote)) {
            self.note_exit(id, "hit_target");
            self.cancel_entry(id, "target reached");
            self.take_target(id, side, target);
        }
    }

    /// The parked target fills at its own price.
    fn take_target(&mut self, id: u32, side: i8, target: i64) {
        let quantity = self.instances[id as usize].book.quantity().abs();
        if let Some(slot) = self.send_exit(id, Role::Target, -side, (target, quantity), "target") {
            self.release(slot);
            self.fill(slot, quantity, target);
        }
    }

    /// Closes an instance's whole position by one marketable order, unless an exit works already.
    pub(super) fn exit_position(&mut self, id: u32, role: Role, reason: &str) {
        let held = self.instances[id as usize].book.quantity();
        if held == 0 || self.instances[id as usize].exit.is_some() {
            return;
        }
        let side = -(held.signum() as i8);
        let Some(limit) = self.exit_price(id, side, false) else {
            self.tell(id, "cannot_exit", "There is no price to leave the position at.");
            return;
        };
        if let Some(slot) = self.send_exit(id, role, side, (limit, held.abs()), reason) {
            self.timers.arm(TimerClass::Reprice, slot, self.now + REPRICE_NS);
        }
    }

    /// A part of the position is sold (or bought back) by the strategy's own increment.
    pub(super) fn reduce(&mut self, id: u32, intent: &Intent, units: i64) {
        let side = intent.side.signum();
        if let Some(limit) = self.exit_price(id, side, false)
            && let Some(slot) = self.send_exit(id, Role::Reduce, side, (limit, units), &intent.reason)
        {
            self.timers.arm(TimerClass::Reprice, slot, self.now + REPRICE_NS);
        }
    }

    /// Fresh bid or ask, else the last good price, ± protection, inside the circuits; the circuit where there is none.
    fn exit_price(&self, id: u32, side: i8, from_last: bool) -> Option<i64> {
        let i = &self.instances[id as usize];
        let market = &self.markets[i.instrument as usize];
        let slippage = self.accounts[i.account as usize].def.slippage_ticks;
        let fresh = self.now - market.last_ts <= self.settings.stale_ns && !from_last;
        let last = (market.last > 0).then_some(market.last);
        let base = if fresh { market.expected(side, slippage) } else { last };
        let circuit = if side > 0 { market.upper } else { market.lower };
        let price = match base.or(last) {
            Some(base) => protected(base, side, market.offset(base), market.lower, market.upper),
            None if circuit > 0 => circuit,
            None => return None,
        };
        // Toward a fill, but never past the circuit.
        let tick = market.def.tick;
        let rounded = if side > 0 { ceil_tick(price, tick) } else { floor_tick(price, tick) };
        Some(if market.upper > 0 { rounded.min(floor_tick(market.upper, tick)) } else { rounded }.max(tick))
    }

    fn send_exit(&mut self, id: u32, role: Role, side: i8, price: (i64, i64), reason: &str) -> Option<u32> {
        let class = if role.priority() == 0 { Class::Emergency } else { Class::Reduce };
        let facts = self.risk_facts(id, side, price.0, price.1, 0, 0);
        let i = &mut self.instances[id as usize];
        i.child += 1;
        let (child, entry, counter) = (i.child, i.protection.intent, i.intents);
        let date = self.facts.as_ref().map_or(0, |f| f.session_date);
        let intent = if entry == IntentId::default() { IntentId { instance: id, date, counter } } else { entry };
        match risk::approve(class, &facts) {
            Ok(approved) => {
                let slot = self.place(OrderId { intent, child }, role, side, price, (ProtectSpec::default(), approved));
                self.instances[id as usize].exit = Some(slot);
                Some(slot)
            }
            Err(refusal) => {
                let verdict = RiskVerdict {
                    intent,
                    verdict: "refused",
                    code: refusal.code,
                    sentence: refusal.sentence,
                    limit: refusal.limit,
                    value: refusal.value,
                };
                self.decide(Kind::RiskVerdict, &verdict);
                self.tell(id, "cannot_exit", &format!("The position stays open ({reason}): {}", refusal.sentence));
                None
            }
        }
    }

    /// An exit that did not fill within a second follows the price.
    pub(super) fn reprice_exit(&mut self, slot: u32) {
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let (id, side) = (order.instance, order.side);
        if let Some(limit) = self.exit_price(id, side, true) {
            let market = &self.markets[self.instances[id as usize].instrument as usize];
            let locked = limit == if side > 0 { market.upper } else { market.lower };
            if let Some(order) = self.orders.get_mut(slot)
                && order.limit != limit
            {
                (order.limit, order.rested) = (limit, false);
                self.note_order(slot, "priced anew");
                if locked {
                    self.tell(id, "locked_at_circuit", "Cannot exit: the price is locked at its circuit.");
                }
            }
        }
        self.timers.arm(TimerClass::Reprice, slot, self.now + REPRICE_NS);
    }

    /// The instance's session ends: nothing new, and every position is closed.
    pub(super) fn square_off(&mut self, id: u32) {
        self.instances[id as usize].waiting = None;
        self.cancel_entry(id, "square-off");
        self.exit_position(id, Role::Flat, "square-off");
    }

    /// Cancels a working entry; what it has filled stays.
    pub(super) fn cancel_entry(&mut self, id: u32, reason: &str) {
        if let Some(slot) = self.instances[id as usize].entry {
            self.end_order(slot, Event::Cancel, reason);
        }
    }

    /// An entry's life is over.
    pub(super) fn expire_order(&mut self, slot: u32) {
        if let Some(order) = self.orders.get(slot) {
            let id = order.instance;
            self.end_order(slot, Event::Expire, "not filled in time");
            self.tell(id, "expired", "The entry was not filled in time.");
        }
    }

    /// Takes an order that will not fill any more out of everything.
    pub(super) fn end_order(&mut self, slot: u32, event: Event, reason: &str) {
        self.step(slot, event, reason);
        self.forget_order(slot);
    }
}

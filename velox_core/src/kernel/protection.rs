//! What guards a position: stop, target and trail, kept by the kernel and watched at every applied tick.

use super::Kernel;
use super::order::{Order, ProtectSpec, Role};
use super::parts::{Part, armed, spread};
use super::size::Basis;
use crate::record::{ExitEvent, IntentId, Kind};
use serde::{Deserialize, Serialize};

/// What guards a position; prices at 1e-8, 0 for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// The intent that armed what guards the position.
    pub intent: IntentId,
    /// The intent that opened it.
    pub since: IntentId,
    /// Counter of the newest intent that made it larger.
    pub grown: u32,
    /// A price at or beyond it makes an exit.
    pub stop: i64,
    /// Where the stop stood first.
    pub first_stop: i64,
    /// Its distance from the entry: one R, whatever is added later; 0 without a stop.
    pub risk: i64,
    /// A price strictly beyond it fills there.
    pub target: i64,
    /// The stop follows the best price at this distance.
    pub trail: i64,
    /// Best price since the entry.
    pub best: i64,
    /// Average price of what was entered.
    pub entry: i64,
    /// The strategy has moved its target.
    pub target_moved: bool,
    /// Parts with a way out of their own; none where all leaves at once.
    pub parts: Vec<Part>,
    /// A flip works: it will close the position, the stop waits.
    pub suspended: bool,
}

/// What a price asks of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Its exit was refused before and is to be tried again.
    Again(Role),
    /// The stop or trail is met.
    Stop,
    /// The price is through the target.
    Target(i64),
}

impl Protection {
    /// The best price that a position (its sign tells the side) has seen.
    pub(super) fn see(&mut self, held: i64, price: i64) {
        self.best = match (held.signum(), self.best) {
            (0, best) => best,
            (1, best) => best.max(price),
            (_, 0) => price,
            (_, best) => best.min(price),
        };
    }

    /// Whether an intent of this counter opened the position or made it larger.
    pub(super) fn is_of(&self, counter: u32) -> bool {
        let newest = self.intent.counter.max(self.grown);
        self.entry > 0 && (self.since.counter.min(newest)..=newest).contains(&counter)
    }

    /// The target that is reached next: of the first part that has one, or of all.
    pub fn next_target(&mut self) -> &mut i64 {
        let open = self.parts.iter_mut().find(|part| !part.done && part.target > 0);
        open.map_or(&mut self.target, |part| &mut part.target)
    }

    /// Whether there is anything to watch.
    pub(super) fn guards(&self) -> bool {
        self.stop != 0 || self.target != 0 || self.trail != 0 || !self.parts.is_empty()
    }

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
        let spec = &order.protect;
        let guard = &self.instances[id as usize].protection;
        if *spec != ProtectSpec::default() && guard.intent != order.id.intent {
            // It names parts that are no more.
            self.recall_part(id, "other parts guard the position");
        }
        let i = &mut self.instances[id as usize];
        let (side, entry) = (order.side, i.book.average());
        let def = &self.markets[i.instrument as usize].def;
        let (tick, lot, held) = (def.tick, def.lot, i.book.quantity().abs());
        let old = &mut i.protection;
        let counter = order.id.intent.counter;
        if *spec == ProtectSpec::default() && old.entry > 0 {
            // An increment without protection of its own keeps what is there; cost is what all of it cost.
            (old.entry, old.grown) = (entry, counter);
            spread(&mut old.parts, held, lot);
            return;
        }
        // A position that grew has seen its best price already: a trail never loosens.
        let best = if old.entry > 0 { old.best } else { entry };
        let basis = Basis { side, entry, risk: 0, tick };
        // What was a price at the expected entry is one at the real entry too, but for extremes.
        let stop = basis.price(spec.stop, false).unwrap_or(0);
        let basis = basis.with_stop(stop);
        // The next part of one entry does not take back where the strategy has moved its stop to.
        let same = old.intent == order.id.intent && old.entry > 0;
        let moved = same && old.stop != old.first_stop;
        let target_moved = same && old.target_moved;
        // Nor does a wider trail of an increment loosen the one that is there.
        let trail = match (old.trail, basis.trail(spec.trail).unwrap_or(0)) {
            (there, new) if !same && old.entry > 0 && there > 0 && new > 0 => new.min(there),
            (_, new) => new,
        };
        let mut parts = armed(&spec.exits, basis, if same { &old.parts } else { &[] }, target_moved);
        spread(&mut parts, held, lot);
        i.protection = Protection {
            intent: order.id.intent,
            since: if old.entry > 0 { old.since } else { order.id.intent },
            grown: counter,
            stop: if moved { old.stop } else { stop },
            first_stop: stop,
            risk: basis.risk,
            target: if target_moved { old.target } else { basis.price(spec.target, true).unwrap_or(0) },
            trail,
            best,
            entry,
            target_moved,
            parts,
            suspended: false,
        };
        if i.protection.guards() {
            self.note_exit(id, "armed");
        }
    }

    pub(super) fn disarm_protection(&mut self, id: u32) {
        let i = &mut self.instances[id as usize];
        let guarded = i.protection.guards();
        i.end_trade();
        i.closing = None;
        if guarded {
            self.note_exit(id, "disarmed");
        }
    }

    pub(super) fn suspend_protection(&mut self, id: u32) {
        self.instances[id as usize].protection.suspended = true;
    }

    /// A flip ended without closing the position: the old stop watches again.
    pub(super) fn resume_protection(&mut self, id: u32) {
        let i = &mut self.instances[id as usize];
        let rearmed = std::mem::take(&mut i.protection.suspended) && i.protection.guards() && i.book.quantity() != 0;
        if rearmed {
            self.note_exit(id, "armed");
        }
    }

    pub(super) fn note_exit(&mut self, id: u32, what: &'static str) {
        let i = &mut self.instances[id as usize];
        let (instrument, stop, target) = (i.instrument, i.protection.stop, *i.protection.next_target());
        let event = ExitEvent { instance: id, instrument, what, stop, target };
        self.decide(Kind::ExitEvent, &event);
    }

    /// Looks at stops and targets of an instrument after an applied tick.
    pub(super) fn watch_protection(&mut self, instrument: u32) {
        for at in 0..self.markets[instrument as usize].traders.len() {
            let id = self.markets[instrument as usize].traders[at];
            let i = &self.instances[id as usize];
            let held = i.book.quantity();
            if held == 0 && i.entries.is_empty() && !self.brokered {
                continue;
            }
            if self.brokered && self.is_at_broker(id) {
                self.watch_at_broker(id);
            } else if held != 0 {
                self.watch_instance(id, held.signum() as i8);
                self.check_money(id);
            }
            if !self.instances[id as usize].entries.is_empty() {
                self.watch_triggers(id);
            }
        }
    }

    #[inline]
    fn watch_instance(&mut self, id: u32, side: i8) {
        match self.protection_due(id, side) {
            Some(Due::Again(role)) => _ = self.exit_position(id, role, "once more"),
            Some(Due::Stop) => {
                self.note_exit(id, "hit_stop");
                self.cancel_entries(id, "stopped out");
                self.exit_position(id, Role::Stop, "stop");
            }
            Some(Due::Target(target)) => self.leave_at_target(id, side, target),
            None => self.watch_open_parts(id, side),
        }
    }

    /// Looks at the parts of a position while all of it is watched.
    #[inline(always)]
    #[allow(clippy::inline_always)] // each tick asks, and mostly a flag answers
    pub(super) fn watch_open_parts(&mut self, id: u32, side: i8) {
        let i = &self.instances[id as usize];
        if !i.protection.parts.is_empty() && i.closing.is_none() && self.is_guarding(id) {
            self.watch_parts(id, side);
        }
    }

    /// Whether a position is watched: not while all of it is on its way out.
    pub(super) fn is_guarding(&self, id: u32) -> bool {
        let i = &self.instances[id as usize];
        // A part that is on its way out leaves the rest guarded: stop and target take its order back.
        let leaves = i.exit.is_some_and(|slot| self.orders.get(slot).is_none_or(|o| !o.is_partial()));
        !leaves && !i.protection.suspended
    }

    /// What the newest price asks of a position.
    #[inline]
    pub(super) fn protection_due(&mut self, id: u32, side: i8) -> Option<Due> {
        let i = &mut self.instances[id as usize];
        let market = &self.markets[i.instrument as usize];
        let last = market.last;
        i.protection.see(i64::from(side), last);
        let i = &self.instances[id as usize];
        if !self.is_guarding(id) {
            return None;
        }
        if let Some(role) = i.closing {
            return (i.retry_at <= self.now).then_some(Due::Again(role));
        }
        let (stop, target) = (i.protection.effective_stop(side), i.protection.target);
        if stop > 0 && (last - stop) * i64::from(side) <= 0 {
            return Some(Due::Stop);
        }
        let quote = if side > 0 { market.bid.price } else { market.ask.price };
        let through = |price: i64| price > 0 && (price - target) * i64::from(side) > 0;
        (target > 0 && (through(last) || through(quote))).then_some(Due::Target(target))
    }

    /// The price has gone through the target.
    pub(super) fn leave_at_target(&mut self, id: u32, side: i8, target: i64) {
        self.note_exit(id, "hit_target");
        self.cancel_entries(id, "target reached");
        self.cancel_reduction(id, "target reached");
        self.take_target(id, side, target);
    }

    /// The parked target fills at its own price, in as many orders as the freeze quantity makes of it.
    fn take_target(&mut self, id: u32, side: i8, target: i64) {
        loop {
            let held = self.instances[id as usize].book.quantity() * i64::from(side);
            // A slice's fill may break a limit of the day: the exit of that limit then takes all that is left.
            if held <= 0 || self.instances[id as usize].exit.is_some() {
                return;
            }
            let quantity = self.slice(id, held);
            let Some(slot) = self.send_exit(id, Role::Target, -side, (target, quantity), "target") else {
                // What refused the target refuses it at every tick: leave at the market as soon as it does not.
                self.close_later(id, Role::Target);
                return;
            };
            self.release(slot);
            self.fill(slot, quantity, target);
        }
    }
}

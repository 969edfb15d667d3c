//! What guards a position: stop, target and trail, kept by the kernel and watched at every applied tick.

use super::Kernel;
use super::order::{Order, ProtectSpec, Role};
use super::size::Basis;
use crate::record::{ExitEvent, Intent, IntentId, Kind};
use serde::{Deserialize, Serialize};

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
    /// Whether there is anything to watch.
    fn guards(&self) -> bool {
        self.stop != 0 || self.target != 0 || self.trail != 0
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
        let spec = order.protect;
        let i = &mut self.instances[id as usize];
        let (side, entry) = (order.side, i.book.average());
        let tick = self.markets[i.instrument as usize].def.tick;
        let old = &i.protection;
        if spec == ProtectSpec::default() && old.entry > 0 {
            return; // an increment without protection of its own keeps what is there
        }
        // A position that grew has seen its best price already: a trail never loosens.
        let best = if old.entry > 0 { old.best } else { entry };
        let basis = Basis { side, entry, stop: 0, tick };
        // What was a price at the expected entry is one at the real entry too, but for extremes.
        let stop = basis.price(spec.stop, false).unwrap_or(0);
        let basis = Basis { stop, ..basis };
        // The next part of one entry does not take back where the strategy has moved its stop to.
        let moved = old.intent == order.id.intent && old.entry > 0 && old.stop != old.first_stop;
        i.protection = Protection {
            intent: order.id.intent,
            stop: if moved { old.stop } else { stop },
            first_stop: stop,
            target: basis.price(spec.target, true).unwrap_or(0),
            trail: basis.trail(spec.trail).unwrap_or(0),
            best,
            entry,
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

    /// The strategy moves its stop.
    pub(super) fn move_stop(&mut self, id: u32, intent: &Intent) {
        let i = &self.instances[id as usize];
        let side = i.book.quantity().signum() as i8;
        if side == 0 {
            self.tell(id, "no_position", "There is no position whose stop could move.");
            return;
        }
        let tick = self.markets[i.instrument as usize].def.tick;
        let basis = Basis { side, entry: i.protection.entry, stop: i.protection.first_stop, tick };
        match basis.price(intent.stop, false).filter(|stop| *stop > 0) {
            Some(stop) => {
                self.instances[id as usize].protection.stop = stop;
                self.note_exit(id, "moved");
            }
            None => self.refuse_plain(intent, "bad_price", "The stop is not a price."),
        }
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
                self.check_money(id);
            }
        }
    }

    fn watch_instance(&mut self, id: u32, side: i8) {
        let i = &mut self.instances[id as usize];
        let market = &self.markets[i.instrument as usize];
        let last = market.last;
        let p = &mut i.protection;
        p.best = match (side > 0, p.best) {
            (true, best) => best.max(last),
            (false, 0) => last,
            (false, best) => best.min(last),
        };
        // A part that is on its way out leaves the rest guarded: stop and target take its order back.
        let leaves = i.exit.is_some_and(|slot| self.orders.get(slot).is_none_or(|o| o.role != Role::Reduce));
        if leaves || p.suspended || (i.retry_at > self.now && i.closing.is_some()) {
            return;
        }
        let (stop, target) = (p.effective_stop(side), p.target);
        if let Some(role) = i.closing {
            self.exit_position(id, role, "once more");
            return;
        }
        if stop > 0 && (last - stop) * i64::from(side) <= 0 {
            self.note_exit(id, "hit_stop");
            self.cancel_entries(id, "stopped out");
            self.exit_position(id, Role::Stop, "stop");
            return;
        }
        let quote = if side > 0 { market.bid.price } else { market.ask.price };
        let through = |price: i64| price > 0 && (price - target) * i64::from(side) > 0;
        if target > 0 && (through(last) || through(quote)) {
            self.note_exit(id, "hit_target");
            self.cancel_entries(id, "target reached");
            self.cancel_reduction(id, "target reached");
            self.take_target(id, side, target);
        }
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

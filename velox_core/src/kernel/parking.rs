//! The stop of a position at a broker stands in the broker's book, and every unit has one way out at most.
//!
//! Nothing here is a script of steps: after every record what is there is held against what should be there, and the
//! next request is made that leads to it, as far as the answers that are still awaited allow. A stop follows the units
//! that are held; to leave, an unfilled stop is changed into an exit, of a partly filled one the rest is sent once its
//! end is confirmed.

use super::Kernel;
use super::broker::{Ask, Terms, Wire};
use super::instance::Instance;
use super::order::{Event, Order, Role};
use super::protection::Due;
use super::risk::{self, Class};
use crate::fixed::{ceil_tick, floor_tick};
use crate::record::{Action, KIND_OPTION, OrderId, Phase, TimerClass};
use serde::{Deserialize, Serialize};

/// A stop that has triggered is chased after this time; one that trails is moved no oftener.
const SECOND_NS: i64 = 1_000_000_000;
/// A stop that was refused is tried once more in steps of so many ticks.
const COARSE_TICKS: i64 = 10;
/// As often a stop may be refused.
const REFUSALS: u8 = 2;

/// The stop of a position at a broker, and what is to happen there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parking {
    /// Slot of the stop, from its request to its end.
    pub slot: Option<u32>,
    /// Stops of this position that the broker has refused.
    pub refused: u8,
    /// A part that leaves as soon as the stop has left its units.
    pub(super) reducing: Option<Reducing>,
    /// What an entry that is to end still fills leaves at once.
    pub(super) unwanted: Option<Role>,
    /// No stop is parked before this time.
    again: i64,
    /// The emergency was told.
    pub alarmed: bool,
}

/// A part of a position that is to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reducing {
    units: i64,
    limit: Option<(i64, i64)>,
    reason: String,
}

/// Distance of a stop's limit from its trigger: 0.5 %, at least 5 ticks; of an option 5 %, at least 10.
fn offset(kind: u8, trigger: i64, tick: i64) -> i64 {
    if kind == KIND_OPTION { (trigger / 20).max(10 * tick) } else { (trigger / 200).max(5 * tick) }
}

impl Kernel {
    /// Tends every position at a broker after a record that is no tick.
    pub(super) fn tend_all(&mut self) {
        for id in 0..self.instances.len() as u32 {
            self.tend(id);
        }
    }

    /// An applied tick of an instance's instrument.
    pub(super) fn watch_at_broker(&mut self, id: u32) {
        let held = self.instances[id as usize].book.quantity();
        if held != 0 {
            let side = held.signum() as i8;
            match self.protection_due(id, side) {
                Some(Due::Again(role)) => _ = self.exit_position(id, role, "once more"),
                Some(Due::Stop) => self.meet_stop(id, side),
                Some(Due::Target(_)) => {
                    self.note_exit(id, "hit_target");
                    self.cancel_entries(id, "target reached");
                    self.exit_position(id, Role::Target, "target");
                }
                None => {}
            }
            self.check_money(id);
        }
        if !self.instances[id as usize].entries.is_empty() {
            self.watch_triggers(id);
        }
        self.tend(id);
    }

    /// Makes the next request that leads from what stands at the broker to what should, and follows what waited for it.
    fn tend(&mut self, id: u32) {
        if !self.day_over && self.is_at_broker(id) {
            self.tend_orders(id);
            self.go_on(id);
            self.watch_cover(id);
        }
    }

    /// Makes the next request that leads from what stands at the broker to what should.
    pub(super) fn tend_orders(&mut self, id: u32) {
        if self.day_over || !self.is_at_broker(id) {
            return;
        }
        let i = &self.instances[id as usize];
        let (exit, parked, entries) = (i.exit, i.parking.slot, i.entries.len());
        for at in 0..entries {
            self.ask_cancel(self.instances[id as usize].entries[at]);
        }
        for slot in [exit, parked].into_iter().flatten() {
            self.ask_cancel(slot);
        }
        let i = &mut self.instances[id as usize];
        if i.entries.is_empty() && i.book.quantity() == 0 {
            i.parking.unwanted = None;
        }
        if i.book.quantity() == 0 {
            i.parking = Parking { slot: i.parking.slot, unwanted: i.parking.unwanted, ..Parking::default() };
            for slot in [exit, parked].into_iter().flatten() {
                self.end_order(slot, Event::Cancel, "the position is closed");
            }
        } else if i.closing.is_some() {
            self.tend_exit(id);
        } else if let Some(role) = i.parking.unwanted {
            i.parking.unwanted = i.parking.unwanted.filter(|_| !i.entries.is_empty());
            self.exit_position(id, role, "filled too late");
        } else {
            self.tend_stop(id);
        }
    }

    /// The whole position leaves: by one order of as many units.
    fn tend_exit(&mut self, id: u32) {
        let i = &self.instances[id as usize];
        let held = i.book.quantity().abs();
        match (i.exit, i.closing) {
            (Some(slot), _) => {
                let Some(order) = self.orders.get(slot) else {
                    return;
                };
                if order.is_partial() {
                    self.end_order(slot, Event::Cancel, "the whole position leaves");
                } else if let Some(terms) = self.terms_of(slot) {
                    let quantity = order.filled + self.slice(id, held);
                    self.ask_terms(slot, Terms { quantity, ..terms });
                }
            }
            (None, closing) => {
                if let Some(role) = closing.filter(|_| i.retry_at <= self.now) {
                    self.exit_position(id, role, "once more");
                }
                self.shrink_parked(id);
            }
        }
    }

    /// A stop that cannot be made an exit yet stands for no more than is held.
    fn shrink_parked(&mut self, id: u32) {
        let i = &self.instances[id as usize];
        let held = i.book.quantity().abs();
        let parked = i.parking.slot.and_then(|slot| Some((slot, self.orders.get(slot)?.filled, self.terms_of(slot)?)));
        if let Some((slot, filled, terms)) = parked.filter(|(_, filled, terms)| terms.quantity - filled > held) {
            self.ask_terms(slot, Terms { quantity: filled + held, ..terms });
        }
    }

    /// The stop covers what is held and does not leave by another order.
    fn tend_stop(&mut self, id: u32) {
        let i = &self.instances[id as usize];
        let (held, parked) = (i.book.quantity(), i.parking.slot);
        let want = self.slice(id, held.abs() - self.leaving(i));
        let side = held.signum() as i8;
        match (parked.and_then(|slot| Some((slot, self.orders.get(slot)?))), self.stop_terms(i)) {
            (None, None) => {}
            (None, Some(terms)) => self.park(id, side, Terms { quantity: want, ..terms }),
            (Some((slot, _)), None) => self.end_order(slot, Event::Cancel, "no stop guards the position"),
            (Some((slot, _)), Some(_)) if want <= 0 => {
                self.end_order(slot, Event::Cancel, "all of the position leaves in part");
            }
            (Some((_, order)), Some(_)) if want > order.rest() && i.parking.refused >= REFUSALS => {
                self.leave_unprotected(id);
            }
            (Some((slot, order)), Some(wanted)) => {
                let (quantity, wire) = (order.filled + want, order.wire.as_deref());
                // What has triggered is a limit by now, and a trail is followed at leisure: it is watched here too.
                let rests = wire.is_some_and(|w| w.met > 0 || (w.moved > 0 && w.moved + SECOND_NS > self.now));
                let rests = rests || self.phase_now(order.instrument) != Phase::Continuous;
                let terms = if rests { self.terms_of(slot).unwrap_or(wanted) } else { wanted };
                self.ask_terms(slot, Terms { quantity, ..terms });
            }
        }
        self.send_reduction(id);
    }

    /// Units that leave by another order than the stop, or are to.
    pub(super) fn leaving(&self, i: &Instance) -> i64 {
        let exit = i.exit.and_then(|slot| self.orders.get(slot)).map_or(0, Order::rest);
        exit + i.parking.reducing.as_ref().map_or(0, |part| part.units)
    }

    /// Trigger and limit of the stop that should stand at the broker.
    fn stop_terms(&self, i: &Instance) -> Option<Terms> {
        let side = i.book.quantity().signum();
        let stop = i.protection.effective_stop(side as i8);
        if stop <= 0 || i.protection.suspended {
            return None;
        }
        let market = &self.markets[i.instrument as usize];
        let (lowest, highest) = market.band();
        let tick = market.def.tick;
        let step = if i.parking.refused > 0 { COARSE_TICKS * tick } else { tick };
        // The trigger toward the market, the limit away from it: sooner, and more surely filled.
        let round = |price: i64, up: bool| if up { ceil_tick(price, step) } else { floor_tick(price, step) };
        let trigger = round(stop, side > 0).min(highest).max(lowest);
        let limit = trigger.saturating_sub(side * offset(market.def.kind, trigger, tick));
        Some(Terms { quantity: 0, limit: round(limit, side < 0).min(highest).max(lowest), trigger })
    }

    /// Asks the broker to keep a stop.
    fn park(&mut self, id: u32, side: i8, terms: Terms) {
        let i = &self.instances[id as usize];
        let market = &self.markets[i.instrument as usize];
        if terms.quantity <= 0 || i.parking.again > self.now || self.phase_now(i.instrument) != Phase::Continuous {
            return;
        }
        if i.parking.refused >= REFUSALS {
            self.leave_unprotected(id);
            return;
        }
        if (market.last - terms.trigger) * i64::from(side) <= 0 {
            self.note_exit(id, "hit_stop");
            self.cancel_entries(id, "stopped out");
            self.exit_position(id, Role::Stop, "the price is beyond the stop");
            return;
        }
        let facts = self.risk_facts(id, -side, terms.limit, terms.quantity, 0, 0);
        match risk::approve(Class::Reduce, &facts) {
            Ok(approved) => {
                let i = &mut self.instances[id as usize];
                i.child += 1;
                let name = OrderId { intent: i.protection.intent, child: i.child };
                let wire = Wire { trigger: terms.trigger, ..Wire::default() };
                let draft = Order::draft(name, Role::Stop, -side, terms.limit, terms.quantity);
                let slot = self.place(Order { wire: Some(Box::new(wire)), ..draft }, approved);
                self.instances[id as usize].parking.slot = Some(slot);
            }
            Err(refusal) => {
                self.instances[id as usize].parking.again = self.now + SECOND_NS;
                self.tell(id, "cannot_park", refusal.sentence);
            }
        }
    }

    /// The newest price is at or beyond the stop, as the kernel knows it.
    fn meet_stop(&mut self, id: u32, side: i8) {
        let i = &self.instances[id as usize];
        let last = self.markets[i.instrument as usize].last;
        let parked = i.parking.slot.and_then(|slot| Some((slot, self.orders.get(slot).filter(|o| o.is_accepted())?)));
        let wire = parked.and_then(|(slot, order)| Some((slot, order.wire.as_deref()?)));
        let Some((slot, wire)) = wire.filter(|(_, wire)| (last - wire.trigger) * i64::from(side) <= 0) else {
            self.note_exit(id, "hit_stop");
            self.cancel_entries(id, "stopped out");
            self.exit_position(id, Role::Stop, "stop");
            return;
        };
        if wire.met == 0 {
            // The broker sees the same price: it has a second before the stop is chased.
            self.note_exit(id, "hit_stop");
            self.cancel_entries(id, "stopped out");
            let now = self.now;
            self.wire(slot, |wire| wire.met = now);
            self.timers.arm(TimerClass::Reprice, slot, now + SECOND_NS);
            self.cancel_reduction(id, "stopped out");
        }
    }

    /// A stop that has begun to fill ends what would open or add.
    pub(super) fn fill_parked(&mut self, id: u32, slot: u32) {
        if self.instances[id as usize].parking.slot != Some(slot) {
            return;
        }
        if self.orders.get(slot).and_then(|o| o.wire.as_ref()).is_some_and(|wire| wire.met == 0) {
            self.note_exit(id, "hit_stop");
            let now = self.now;
            self.wire(slot, |wire| wire.met = now);
            self.timers.arm(TimerClass::Reprice, slot, now + SECOND_NS);
        }
        self.cancel_entries(id, "stopped out");
        self.cancel_reduction(id, "stopped out");
        self.note_unwanted(id, Role::Stop);
    }

    /// A second after its trigger, its last price or a refusal: what is to leave follows the price.
    pub(super) fn chase(&mut self, slot: u32) {
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let (id, side, instrument) = (order.instance, order.side, order.instrument);
        let given = order.until < i64::MAX || order.is_ending();
        let met = order.wire.as_ref().is_some_and(|wire| wire.met > 0);
        let is_exit = self.instances[id as usize].exit == Some(slot);
        let is_met = self.instances[id as usize].parking.slot == Some(slot) && met;
        if !is_met && (!is_exit || given) {
            return;
        }
        if self.phase_now(instrument) != Phase::Continuous {
            self.timers.arm(TimerClass::Reprice, slot, self.now + SECOND_NS); // a halt freezes it
        } else if is_met {
            self.exit_position(id, Role::Stop, "the stop was not filled within a second");
        } else {
            self.timers.arm(TimerClass::Reprice, slot, self.now + SECOND_NS);
            self.price_sent_exit(slot, id, side);
        }
    }

    fn price_sent_exit(&mut self, slot: u32, id: u32, side: i8) {
        let (Some(limit), Some(terms)) = (self.exit_price(id, side, true), self.terms_of(slot)) else {
            return;
        };
        let market = &self.markets[self.instances[id as usize].instrument as usize];
        let (lowest, highest) = market.band();
        let locked = if side > 0 { market.upper > 0 && limit == highest } else { market.lower > 0 && limit == lowest };
        let told = self.orders.get(slot).and_then(|o| o.wire.as_ref()).is_some_and(|wire| wire.locked);
        if locked && !told {
            self.tell(id, "locked_at_circuit", "Cannot exit: the price is locked at its circuit.");
        }
        self.wire(slot, |wire| wire.locked = locked);
        self.ask_terms(slot, Terms { limit, ..terms });
    }

    /// Makes the stop at the broker an exit; `None` where none stands there, else whether the position is on its way out.
    pub(super) fn turn_parked(&mut self, id: u32, role: Role, reason: &str) -> Option<bool> {
        let slot = self.instances[id as usize].parking.slot?;
        let order = self.orders.get(slot)?;
        let held = self.instances[id as usize].book.quantity();
        if !order.was_asked() {
            self.drop_order(slot, Event::Cancel, reason);
            return None;
        }
        if !order.can_turn(self.now) {
            return Some(true); // it may fill: nothing else may leave beside it
        }
        if order.filled > 0 {
            self.end_order(slot, Event::Cancel, "it has filled in part: the rest leaves alone");
            return Some(true);
        }
        let side = -(held.signum() as i8);
        let class = if role.priority() == 0 { Class::Emergency } else { Class::Reduce };
        let price = self.exit_price(id, side, false);
        let units = self.slice(id, held.abs());
        let facts = price.map(|limit| self.risk_facts(id, side, limit, units, 0, 0));
        let refused = facts.map_or(Some("There is no price to leave the position at."), |facts| {
            risk::approve(class, &facts).err().map(|refusal| refusal.sentence)
        });
        if let Some(sentence) = refused {
            self.tell(id, "cannot_exit", &format!("The position stays open ({reason}): {sentence}"));
            if role != Role::Exit {
                self.close_later(id, role);
            }
            return Some(false);
        }
        self.ask(slot, Ask::Modify(Terms { quantity: units, limit: price?, trigger: 0 }));
        let i = &mut self.instances[id as usize];
        (i.exit, i.parking.slot) = (Some(slot), None);
        if let Some(order) = self.orders.get_mut(slot) {
            order.role = role;
        }
        self.timers.arm(TimerClass::Reprice, slot, self.now + SECOND_NS);
        Some(true)
    }

    /// Keeps a reduction until the stop has left its units; false where it can go at once.
    pub(super) fn reduces_later(&mut self, id: u32, units: i64, limit: Option<(i64, i64)>, reason: &str) -> bool {
        if !self.is_at_broker(id) {
            return false;
        }
        let i = &mut self.instances[id as usize];
        if i.exit.is_some() || i.closing.is_some() || i.parking.reducing.is_some() {
            self.tell(id, "exit_working", "An exit works already: every unit has at most one.");
        } else {
            i.parking.reducing = Some(Reducing { units, limit, reason: reason.to_owned() });
        }
        true
    }

    fn send_reduction(&mut self, id: u32) {
        let i = &self.instances[id as usize];
        let held = i.book.quantity().abs();
        let stands = i.parking.slot.and_then(|slot| self.orders.get(slot));
        // A change under way may still be refused, and then the stop covers more.
        let covered = stands.map_or(0, |o| o.rest().max(o.claim()));
        let fits = |part: &Reducing| i.exit.is_none() && covered + part.units <= held;
        if !i.parking.reducing.as_ref().is_some_and(fits) {
            return;
        }
        if let Some(part) = self.instances[id as usize].parking.reducing.take() {
            self.reduce_now(id, part.units, part.limit, &part.reason);
        }
    }

    /// The position was to leave: what an entry on its way to its end still fills is not wanted.
    pub(super) fn note_unwanted(&mut self, id: u32, role: Role) {
        if self.is_at_broker(id) {
            let i = &mut self.instances[id as usize];
            let ends = |slot: &u32| self.orders.get(*slot).is_some_and(Order::is_ending);
            if i.entries.iter().any(ends) {
                i.parking.unwanted = Some(role);
            }
        }
    }

    /// A target that waited for what ends at the broker.
    fn go_on(&mut self, id: u32) {
        if self.instances[id as usize].waiting.is_none() || self.leaves(id) || self.is_unsettled(id) {
            return;
        }
        let held = self.instances[id as usize].book.quantity();
        if held == 0 {
            self.open_waiting(id);
        } else if let Some(intent) = self.instances[id as usize].waiting.take()
            && intent.action == Action::Go
        {
            self.go(&intent);
            if !self.leaves(id) {
                self.instances[id as usize].waiting = None;
            }
        }
    }

    /// Most units that one stop can cover: an account's position in an instrument is no larger.
    pub(super) fn parkable(&self, i: &Instance) -> Option<i64> {
        let def = &self.markets[i.instrument as usize].def;
        let at_broker = self.brokered && self.accounts[i.account as usize].is_at_broker();
        (at_broker && def.freeze > 0).then(|| ((def.freeze - 1) / def.lot * def.lot).max(def.lot))
    }
}

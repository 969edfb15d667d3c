//! Leaving a position: one exit order at a time, priced anew until it fills.

use super::Kernel;
use super::entry::protected;
use super::order::{Event, Order, Role};
use super::risk::{self, Class};
use crate::fixed::{TIME_MAX, ceil_tick, floor_tick};
use crate::record::{IntentId, Kind, OrderId, Phase, PhaseGroup, RiskVerdict, TimerClass};

/// An exit that does not fill is priced anew after this time.
pub(super) const REPRICE_NS: i64 = 1_000_000_000;

impl Kernel {
    /// The position stays to be closed; the next attempt is a second away.
    pub(super) fn close_later(&mut self, id: u32, role: Role) {
        let i = &mut self.instances[id as usize];
        (i.closing, i.retry_at) = (Some(role), self.now + REPRICE_NS);
    }

    /// Closes an instance's whole position by marketable orders, one at a time; true when one works.
    ///
    /// What the kernel itself wants closed (not `Role::Exit`, a wish) is tried again when it is refused now.
    pub(super) fn exit_position(&mut self, id: u32, role: Role, reason: &str) -> bool {
        let works = self.send_whole(id, role, reason);
        if self.is_at_broker(id) {
            self.watch_cover(id);
        }
        works
    }

    fn send_whole(&mut self, id: u32, role: Role, reason: &str) -> bool {
        let held = self.instances[id as usize].book.quantity();
        self.note_unwanted(id, role);
        if held == 0 {
            return false;
        }
        self.cancel_reduction(id, "the whole position leaves");
        let i = &mut self.instances[id as usize];
        // A wish that is refused leaves behind what the kernel itself wants.
        let kept = i.closing.filter(|old| *old != Role::Exit);
        i.closing = Some(i.closing.filter(|old| old.priority() <= role.priority()).unwrap_or(role));
        if i.exit.is_some() {
            return true;
        }
        if let Some(works) = self.turn_parked(id, role, reason) {
            if !works && role == Role::Exit {
                self.instances[id as usize].closing = kept;
            }
            return works;
        }
        let side = -(held.signum() as i8);
        let price = self.exit_price(id, side, false);
        if price.is_none() {
            self.tell(id, "cannot_exit", "There is no price to leave the position at.");
        }
        let slot = price.and_then(|limit| self.send_exit(id, role, side, (limit, self.slice(id, held.abs())), reason));
        match slot {
            Some(slot) => self.timers.arm(TimerClass::Reprice, slot, self.now + REPRICE_NS),
            None if role == Role::Exit => self.instances[id as usize].closing = kept,
            None => self.close_later(id, role),
        }
        slot.is_some()
    }

    /// A part of the position is sold (or bought back) by the strategy's own wish: at the market, or at its limit.
    pub(super) fn reduce(&mut self, id: u32, units: i64, limit: Option<(i64, i64)>, reason: &str) {
        if self.reduces_later(id, units, limit, reason) {
            return;
        }
        self.reduce_now(id, units, limit, reason);
    }

    pub(super) fn reduce_now(&mut self, id: u32, units: i64, limit: Option<(i64, i64)>, reason: &str) {
        let side = -(self.instances[id as usize].book.quantity().signum() as i8);
        let price = limit.map(|(price, _)| price).or_else(|| self.exit_price(id, side, false));
        let one = self.slice(id, units);
        let slot = price.and_then(|price| self.send_exit(id, Role::Reduce, side, (price, one), reason));
        let Some(slot) = slot else {
            return;
        };
        if let Some(order) = self.orders.get_mut(slot) {
            (order.more, order.until) = (units - one, limit.map_or(i64::MAX, |(_, until)| until));
        }
        match limit {
            None => self.timers.arm(TimerClass::Reprice, slot, self.now + REPRICE_NS),
            Some((_, until)) => self.timers.arm(TimerClass::Expire, slot, until),
        }
    }

    /// Fresh bid or ask, else the last good price, ± protection, inside the circuits; the circuit where there is none.
    pub(super) fn exit_price(&self, id: u32, side: i8, from_last: bool) -> Option<i64> {
        let i = &self.instances[id as usize];
        let market = &self.markets[i.instrument as usize];
        let slippage = self.accounts[i.account as usize].def.slippage_ticks;
        let fresh = self.now - market.last_ts <= self.settings.stale_ns && !from_last;
        let last = (market.last > 0).then_some(market.last);
        let base = if fresh { market.expected(side, slippage) } else { last };
        let circuit = if side > 0 { market.upper } else { market.lower };
        let price = match base.or(last) {
            Some(base) => protected(base, side, market.exit_offset(base), market.lower, market.upper),
            None if circuit > 0 => circuit,
            None => return None,
        };
        // Toward a fill, but never past the circuit.
        let tick = market.def.tick;
        let rounded = if side > 0 { ceil_tick(price, tick) } else { floor_tick(price, tick) };
        let (lowest, highest) = market.band();
        Some(rounded.min(highest).max(lowest))
    }

    pub(super) fn send_exit(&mut self, id: u32, role: Role, side: i8, price: (i64, i64), reason: &str) -> Option<u32> {
        let class = if role.priority() == 0 { Class::Emergency } else { Class::Reduce };
        let facts = self.risk_facts(id, side, price.0, price.1, 0, 0);
        let i = &mut self.instances[id as usize];
        assert!(i.exit.is_none(), "a position has one exit order at a time");
        i.child += 1;
        let (child, entry, counter) = (i.child, i.protection.intent, i.intents);
        let date = self.facts.as_ref().map_or(0, |f| f.session_date);
        let intent = if entry == IntentId::default() { IntentId { instance: id, date, counter } } else { entry };
        match risk::approve(class, &facts) {
            Ok(approved) => {
                let order = Order::draft(OrderId { intent, child }, role, side, price.0, price.1);
                let slot = self.place(order, approved);
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
                if matches!(role, Role::Exit | Role::Reduce) {
                    // Only what the strategy itself wished is its own to hear of.
                    self.hook_refusal(IntentId { instance: id, date, counter }, &refusal);
                }
                self.tell(id, "cannot_exit", &format!("The position stays open ({reason}): {}", refusal.sentence));
                None
            }
        }
    }

    /// An exit that did not fill within a second follows the price; a halt freezes it.
    pub(super) fn reprice_exit(&mut self, slot: u32) {
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let (id, side, instrument) = (order.instance, order.side, order.instrument);
        if order.wire.is_some() {
            self.chase(slot);
            return;
        }
        self.timers.arm(TimerClass::Reprice, slot, self.now + REPRICE_NS);
        if self.phase_now(instrument) == Phase::Continuous {
            self.price_exit_anew(slot, id, side);
        }
    }

    /// An exit's limit follows the last price.
    pub(super) fn price_exit_anew(&mut self, slot: u32, id: u32, side: i8) {
        let Some(limit) = self.exit_price(id, side, true) else {
            return;
        };
        let market = &self.markets[self.instances[id as usize].instrument as usize];
        let (lowest, highest) = market.band();
        let locked = if side > 0 { market.upper > 0 && limit == highest } else { market.lower > 0 && limit == lowest };
        if let Some(order) = self.orders.get_mut(slot)
            && order.limit != limit
        {
            (order.limit, order.rested) = (limit, false);
            let works = order.state.is_working();
            self.note_order(slot, "priced anew");
            if works {
                self.clear_way(slot); // what is queued does so when it goes
            }
            if locked {
                self.tell(id, "locked_at_circuit", "Cannot exit: the price is locked at its circuit.");
            }
        }
    }

    /// An exit that works is priced anew until it fills.
    pub(super) fn watch_exit(&mut self, slot: u32) {
        self.clear_way(slot);
        self.timers.arm(TimerClass::Reprice, slot, self.now + REPRICE_NS);
    }

    /// The instance's session ends: nothing new, and every position is closed.
    pub(super) fn square_off(&mut self, id: u32) {
        self.instances[id as usize].waiting = None;
        self.cancel_entries(id, "square-off");
        self.exit_position(id, Role::Flat, "square-off");
    }

    /// What would be added to a position that is no more is cancelled, but for the order that just filled.
    pub(super) fn cancel_additions(&mut self, id: u32, filled: u32) {
        let adds = |slot: &u32| *slot != filled && self.orders.get(*slot).is_some_and(|o| o.role == Role::Add);
        let slots: Vec<u32> = self.instances[id as usize].entries.iter().copied().filter(adds).collect();
        for slot in slots {
            self.end_order(slot, Event::Cancel, "the position is closed");
        }
    }

    /// Cancels the entries that are on their way, but for the order that just filled; what waits for a trigger is judged
    /// when that is met.
    pub(super) fn cancel_sent(&mut self, id: u32, filled: u32) {
        let sent = |slot: &u32| *slot != filled && self.orders.get(*slot).is_some_and(|o| o.trigger.is_none());
        let slots: Vec<u32> = self.instances[id as usize].entries.iter().copied().filter(sent).collect();
        for slot in slots {
            self.end_order(slot, Event::Cancel, "the position is closed");
        }
    }

    /// Cancels the entries that were approved before the position and would turn it by now, where no trade may follow
    /// it at once.
    pub(super) fn cancel_turns(&mut self, id: u32, side: i8) {
        let i = &self.instances[id as usize];
        let held = i.book.quantity().abs();
        let turns = |slot: &u32| {
            let order = self.orders.get(*slot);
            order.is_some_and(|o| o.trigger.is_none() && o.role == Role::Entry && o.side != side && o.open() > held)
        };
        let slots: Vec<u32> = i.entries.iter().copied().filter(turns).collect();
        if slots.is_empty() || !(i.rules.cooldown > 0 || self.has_made_its_trades(id, 1)) {
            return;
        }
        for slot in slots {
            self.end_order(slot, Event::Cancel, "no trade may follow the one that is open");
        }
    }

    /// Cancels all working entries; what they have filled stays.
    pub(super) fn cancel_entries(&mut self, id: u32, reason: &str) {
        for slot in self.instances[id as usize].entries.clone() {
            self.end_order(slot, Event::Cancel, reason);
        }
    }

    /// When an order's life ends: halts since it was placed do not count, one that lasts as far as it is known.
    fn life_of(&self, order: &Order) -> i64 {
        let phases = self.facts.as_ref().and_then(|f| Some((f, self.phases_of(order)?.until(self.now))));
        let thawed = phases.filter(|(_, (phase, _))| *phase == Phase::Halt).map(|(f, (_, ends))| ends.min(f.end_ns));
        self.life_until(order, thawed.unwrap_or(self.now))
    }

    /// The end of life of what takes an order's place now: halts before are part of it already, and it is not over yet.
    pub(super) fn life_left(&self, order: &Order) -> i64 {
        self.life_until(order, self.now).max(self.now)
    }

    fn life_until(&self, order: &Order, thawed: i64) -> i64 {
        if order.until >= TIME_MAX {
            return order.until;
        }
        let halted = self.phases_of(order).map_or(0, |group| group.halted(order.placed, thawed));
        order.until.saturating_add(halted)
    }

    fn phases_of(&self, order: &Order) -> Option<&PhaseGroup> {
        let group = usize::from(self.markets[order.instrument as usize].def.group);
        self.facts.as_ref()?.groups.get(group)
    }

    /// The life of an entry or of a limit is over, unless a halt froze it for a while.
    pub(super) fn expire_order(&mut self, slot: u32) {
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let (id, due) = (order.instance, self.life_of(order));
        if due > self.now && order.until < TIME_MAX {
            self.timers.arm(TimerClass::Expire, slot, due);
            return;
        }
        let entry = self.orders.get(slot).is_some_and(|o| o.role.increases());
        self.end_order(slot, Event::Expire, "not filled in time");
        let sentence = if entry { "The entry was not filled in time." } else { "The limit was not filled in time." };
        self.tell(id, "expired", sentence);
    }

    /// Takes an order that will not fill any more out of everything.
    /// What is at a broker is only asked to leave: it is over when the broker says so.
    pub(super) fn end_order(&mut self, slot: u32, event: Event, reason: &str) {
        if self.orders.get(slot).is_some_and(Order::was_asked) {
            self.ask_end(slot, event, reason);
        } else {
            self.drop_order(slot, event, reason);
        }
    }

    /// It is over, whoever has ended it.
    pub(super) fn drop_order(&mut self, slot: u32, event: Event, reason: &str) {
        self.step(slot, event, reason);
        let Some(order) = self.forget_order(slot) else {
            return;
        };
        if order.role.increases() && order.filled + order.got > 0 {
            // What it got is all that it will get.
            self.hook_entered(&order);
        }
    }
}

//! Opposite orders of two strategies of one account never trade with each other: the later waits for the earlier.
//!
//! What opens can wait, and so can what leaves at a price of its own that nobody gives yet. What leaves otherwise never
//! does: the patient order in its way is taken out of the market and waits in its place. Two exits both go.

use super::Kernel;
use super::order::{Event, Order, Role, State};
use super::risk::Approved;
use crate::record::{OrderId, TimerClass};

/// Whether two orders could trade with each other.
pub(super) fn cross(one: &Order, other: &Order) -> bool {
    let same = (one.account, one.instrument) == (other.account, other.instrument);
    same && one.instance != other.instance
        && one.side == -other.side
        && (one.limit - other.limit) * i64::from(one.side) >= 0
}

impl Kernel {
    /// Orders of an instance that wait for one of another strategy.
    pub fn waiting_orders(&self, id: u32) -> usize {
        self.orders.iter().filter(|(_, o)| o.instance == id && o.state == State::Waiting).count()
    }

    /// A working order of another strategy that an order would trade with.
    fn opposite_of(&self, order: &Order, wanted: impl Fn(&Order) -> bool) -> Option<u32> {
        let working = &self.markets[order.instrument as usize].working;
        let meets = |slot: &&u32| self.orders.get(**slot).is_some_and(|other| wanted(other) && cross(order, other));
        working.iter().find(meets).copied()
    }

    /// Whether an order can wait, as prices are now.
    fn is_patient(&self, order: &Order) -> bool {
        match order.role {
            Role::Entry | Role::Add => true,
            // They leave a position: at the market, or at a limit that the market may give already.
            Role::Flip | Role::Reduce => !self.is_marketable(order) && order.until < i64::MAX,
            Role::Stop | Role::Target | Role::Exit | Role::Flat | Role::Limit | Role::Flatten | Role::Unwind => false,
        }
    }

    fn is_marketable(&self, order: &Order) -> bool {
        let slippage = self.accounts[order.account as usize].def.slippage_ticks;
        let price = self.markets[order.instrument as usize].expected(order.side, slippage);
        price.is_some_and(|price| (order.limit - price) * i64::from(order.side) >= 0)
    }

    /// The working order that one on its way has to wait for.
    pub(super) fn must_wait(&mut self, slot: u32) -> Option<u32> {
        let order = self.orders.get(slot)?;
        let patient = self.is_patient(order);
        let waits = if patient { self.opposite_of(order, |_| true) } else { None };
        if let Some(order) = self.orders.get_mut(slot) {
            order.patient = patient;
        }
        waits
    }

    /// An order waits until what it would trade with is gone; a flip that waits leaves the old stop on watch.
    pub(super) fn hold(&mut self, slot: u32, other: u32) {
        let Some(order) = self.orders.get(slot).filter(|o| o.state == State::Queued) else {
            return;
        };
        let (id, role) = (order.instance, order.role);
        let reason = format!("waits for an order of {}", self.owner(other));
        self.step(slot, Event::Hold, &reason);
        if role == Role::Flip {
            self.resume_protection(id);
        }
    }

    /// Name of the strategy that an order is of.
    fn owner(&self, slot: u32) -> &str {
        self.orders.get(slot).map_or("", |order| &self.instances[order.instance as usize].name)
    }

    /// What waited is an order like any other from here on; false where nothing of it is left to send.
    pub(super) fn let_go(&mut self, slot: u32) -> bool {
        let Some(order) = self.orders.get(slot).filter(|o| o.state == State::Waiting) else {
            return true;
        };
        let (id, account) = (order.instance, order.account);
        if order.role == Role::Flip && !self.meet_position(slot) {
            return false;
        }
        self.step(slot, Event::Enqueue, "nothing is in its way any more");
        let live_from = self.live_from(self.accounts[account as usize].def.latency_ns);
        let Some(order) = self.orders.get_mut(slot) else {
            return false;
        };
        order.live_from = live_from;
        if order.role == Role::Flip {
            self.suspend_protection(id);
        }
        true
    }

    /// Takes patient orders of other strategies out of an exit's way; they wait until it is gone.
    pub(super) fn clear_way(&mut self, slot: u32) {
        while let Some(other) = self.in_the_way(slot) {
            self.give_way(other, slot);
        }
    }

    fn in_the_way(&self, slot: u32) -> Option<u32> {
        let order = self.orders.get(slot).filter(|o| !o.patient)?;
        self.opposite_of(order, |other| other.patient)
    }

    /// An order is cancelled, and what is left of it waits as an order of its own.
    fn give_way(&mut self, slot: u32, exit: u32) {
        let reason = format!("gives way to {}", self.owner(exit));
        self.step(slot, Event::Cancel, &reason);
        let Some(old) = self.forget_order(slot) else {
            return;
        };
        let until = self.life_left(&old);
        let i = &mut self.instances[old.instance as usize];
        i.child += 1;
        let name = OrderId { intent: old.id.intent, child: i.child };
        let against = (i.book.quantity() * -i64::from(old.side)).max(0);
        let (role, closes) = match old.role {
            Role::Flip if against > 0 => (Role::Flip, against.min(old.open())),
            Role::Flip => (Role::Entry, 0),
            role => (role, 0),
        };
        let draft = Order::draft(name, role, old.side, old.limit, old.rest());
        let approved = Approved::rest_of(&old);
        let (more, got) = (old.more, old.got + old.filled);
        let rest = Order { more, got, closes, until, protect: old.protect, ..draft };
        if role.increases() {
            let rest = self.place_entry(rest, approved);
            self.hold(rest, exit);
            return;
        }
        let rest = self.place(rest, approved);
        self.instances[old.instance as usize].exit = Some(rest);
        self.timers.arm(TimerClass::Expire, rest, until);
        self.hold(rest, exit);
    }

    /// No patient order stands where it could trade with another strategy's, and none waits for nothing.
    #[cfg(any(test, fuzzing))]
    pub(super) fn assert_apart(&self) {
        for slot in self.markets.iter().flat_map(|market| &market.working) {
            let order = self.orders.get(*slot).expect("a working order is there");
            let other = self.opposite_of(order, |_| true).and_then(|slot| self.orders.get(slot));
            assert!(!order.patient || other.is_none(), "{order:?} could trade with {other:?}");
        }
        for slot in &self.queue {
            let order = self.orders.get(*slot).expect("a queued order is there");
            let free = self.opposite_of(order, |_| true).is_none() && self.sends_from(*slot) <= self.now;
            assert!(order.state != State::Waiting || !free, "{order:?} waits for nothing");
        }
    }
}

//! A fill and all that follows: charges, books, protection, hooks, what waited.

use super::Kernel;
use super::account::narrow;
use super::charges::{self, Charges};
use super::hooks::{HookArg, HookCall, Rank, number};
use super::order::{Event, Order, Role};
use crate::record::{self, Kind, PositionChanged, TimerClass};

impl Kernel {
    /// Fills `quantity` of the order in a slot at a price of the market.
    pub(super) fn fill(&mut self, slot: u32, quantity: i64, price: i64) {
        let Some(order) = self.orders.get_mut(slot) else {
            return;
        };
        let account = order.account;
        let value = i128::from(quantity) * i128::from(price);
        let before_value = order.filled_value;
        order.filled_value += value;
        let order = order.clone();
        let costs = self.charge(&order, quantity, value, before_value);
        self.fill_order(slot, quantity, price, &costs);
        self.check_losses(account);
        self.check_flattening();
    }

    /// Fills an order with what another strategy of the account gives: no market, no charges, no trade of the day.
    ///
    /// What follows for the account is the caller's, once both are filled.
    pub(super) fn fill_inside(&mut self, slot: u32, quantity: i64, price: i64) {
        self.fill_order(slot, quantity, price, &Charges::default());
    }

    fn fill_order(&mut self, slot: u32, quantity: i64, price: i64, costs: &Charges) {
        let Some(order) = self.orders.get_mut(slot) else {
            return;
        };
        order.filled += quantity;
        let done = order.rest() == 0;
        let order = order.clone();
        self.step(slot, if done { Event::FillAll } else { Event::FillPart }, "");
        let held = self.book_fill(&order, quantity, price);
        self.write_fill(&order, quantity, price, costs);
        if !order.role.increases() {
            self.note_closed(&order, quantity, price);
        }
        let id = order.instance;
        let arg = HookArg::Fill {
            intent: order.id.intent.counter,
            side: order.side,
            quantity,
            price,
            role: order.role.name(),
        };
        self.hook(id, number::FILL, arg);
        let now_held = self.instances[id as usize].book.quantity();
        if !order.role.increases() || now_held.signum() != i64::from(order.side) {
            self.settle_parts(&order, quantity);
        }
        if held != 0 && (now_held == 0 || now_held.signum() != held.signum()) {
            self.instances[id as usize].trades += 1;
            self.instances[id as usize].closed_at = Some(self.now);
            self.disarm_protection(id);
            self.cancel_additions(id, slot);
            // The last part ends a trade as a stop or target does; and what was approved beside a position opens none
            // that the rules refuse now.
            if now_held == 0 && (order.parts != 0 || self.is_resting(id) || self.has_made_its_trades(id, 0)) {
                self.cancel_sent(id, slot);
            }
        }
        if order.role.increases() && now_held.signum() == i64::from(order.side) {
            self.arm_protection(id, &order);
            self.cancel_turns(id, order.side);
        }
        if done {
            self.forget_order(slot);
            self.finish_order(&order);
        }
    }

    fn charge(&mut self, order: &Order, quantity: i64, value: i128, before: i128) -> Charges {
        let index = usize::from(self.markets[order.instrument as usize].def.charges);
        let rates = self.facts.as_ref().and_then(|f| f.charges.get(index));
        let costs = rates.and_then(|r| charges::of_fill(r, order.side, value, before)).unwrap_or_default();
        let i = &mut self.instances[order.instance as usize];
        i.charges.add(&costs);
        i.day.note(order.side, quantity, value, costs.brokerage);
        self.accounts[order.account as usize].charges.add(&costs);
        costs
    }

    /// Returns the position before the fill.
    fn book_fill(&mut self, order: &Order, quantity: i64, price: i64) -> i64 {
        let instance = &mut self.instances[order.instance as usize];
        let held = instance.book.quantity();
        instance.book.fill(order.side, quantity, price);
        instance.fills += 1;
        let net = self.accounts[order.account as usize].net.entry(order.instrument).or_default();
        net.fill(order.side, quantity, price);
        held
    }

    fn write_fill(&mut self, order: &Order, quantity: i64, price: i64, costs: &Charges) {
        let fill = record::Fill {
            order: order.id,
            account: order.account,
            instrument: order.instrument,
            side: order.side,
            quantity,
            price,
            role: order.role.name(),
            brokerage: narrow(costs.brokerage),
            stt: narrow(costs.stt),
            transaction: narrow(costs.transaction),
            sebi: narrow(costs.sebi),
            stamp: narrow(costs.stamp),
            gst: narrow(costs.gst),
        };
        self.decide(Kind::Fill, &fill);
        self.write_position(order.instance);
    }

    /// Writes what an instance holds and has been charged.
    pub(super) fn write_position(&mut self, id: u32) {
        let i = &self.instances[id as usize];
        let position = PositionChanged {
            account: i.account,
            instance: id,
            instrument: i.instrument,
            quantity: i.book.quantity(),
            average: i.book.average(),
            realised: narrow(i.book.realised()),
            charges: narrow(i.charges.total()),
        };
        self.decide(Kind::PositionChanged, &position);
    }

    pub(super) fn hook(&mut self, instance: u32, hook: u16, arg: HookArg) {
        if self.instances[instance as usize].running {
            self.out.hooks.push(HookCall { rank: Rank::Order, instance, hook, arg });
        }
    }

    pub(super) fn finish_order(&mut self, order: &Order) {
        if order.more > 0 {
            self.send_next(order);
            return;
        }
        let id = order.instance;
        let intent = order.id.intent.counter;
        match order.role {
            Role::Entry | Role::Add | Role::Flip => self.hook_entered(order),
            // A part is told of when all of it has left.
            _ if order.parts != 0 => {}
            Role::Stop => self.hook(id, number::STOP, HookArg::Trade { intent, part: 0 }),
            Role::Target => self.hook(id, number::TARGET, HookArg::Trade { intent, part: 0 }),
            Role::Reduce | Role::Exit | Role::Flat | Role::Limit | Role::Flatten | Role::Unwind => {}
        }
        if order.role.increases() {
            return;
        }
        // An exit above the freeze quantity goes in slices.
        let held = self.instances[id as usize].book.quantity();
        if held != 0
            && let Some(role) = self.instances[id as usize].closing
        {
            self.exit_position(id, role, "the next part");
        }
        self.open_waiting(id);
    }

    /// `on_entered`, once an entry has all that it will get.
    pub(super) fn hook_entered(&mut self, order: &Order) {
        self.hook(order.instance, number::ENTERED, HookArg::Trade { intent: order.id.intent.counter, part: 0 });
    }

    /// Takes a final order out of queue, book, timers and slots.
    pub(super) fn forget_order(&mut self, slot: u32) -> Option<Order> {
        let order = self.orders.remove(slot)?;
        self.queue.retain(|s| *s != slot);
        self.markets[order.instrument as usize].working.retain(|s| *s != slot);
        self.timers.cancel(TimerClass::Expire, slot);
        self.timers.cancel(TimerClass::Reprice, slot);
        let i = &mut self.instances[order.instance as usize];
        i.entries.retain(|s| *s != slot);
        if i.exit == Some(slot) {
            i.exit = None;
        }
        if i.parking.slot == Some(slot) {
            i.parking.slot = None;
        }
        self.note_settled(&order);
        // What follows a filled slice of a flip closes the rest.
        let goes_on = order.more > 0 && order.rest() == 0;
        if order.role == Role::Flip && !goes_on {
            self.resume_protection(order.instance);
        }
        Some(order)
    }
}

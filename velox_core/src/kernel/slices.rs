//! Orders above the freeze quantity: they go in slices, one at a time, each after the one before has filled.
//!
//! What follows stands in the slice that works, so that whatever ends that slice ends all that would follow it.

use super::Kernel;
use super::order::{Order, Role};
use super::risk::{self, Approved, Class, Refusal};
use crate::record::OrderId;

impl Kernel {
    /// Most units of these that one order may have.
    pub(super) fn slice(&self, id: u32, units: i64) -> i64 {
        let def = &self.markets[self.instances[id as usize].instrument as usize].def;
        // Whether exactly the published number passes is disputed, hence one less.
        let most = (def.freeze - 1) / def.lot * def.lot;
        if def.freeze > 0 && most > 0 { units.min(most) } else { units }
    }

    /// A slice has filled: the next one goes, as the position is by now.
    pub(super) fn send_next(&mut self, order: &Order) {
        let id = order.instance;
        let against = (self.instances[id as usize].book.quantity() * -i64::from(order.side)).max(0);
        if order.role == Role::Reduce {
            let limit = (order.until < i64::MAX).then(|| (order.limit, self.life_left(order)));
            if against > 0 {
                self.reduce(id, order.more.min(against), limit, "the next part");
            }
            return;
        }
        let claimed = self.claimed(id, order.side, against);
        let closes = (against - claimed).clamp(0, order.more);
        match self.judge_rest(order, closes) {
            Ok(approved) => {
                let i = &mut self.instances[id as usize];
                i.child += 1;
                let name = OrderId { intent: order.id.intent, child: i.child };
                let role = match order.role {
                    _ if closes > 0 => Role::Flip,
                    Role::Flip => Role::Entry,
                    role => role,
                };
                let one = self.slice(id, order.more);
                let draft = Order::draft(name, role, order.side, order.limit, one);
                let (more, got) = (order.more - one, order.got + order.quantity);
                let (until, protect) = (self.life_left(order), order.protect.clone());
                self.place_entry(Order { more, got, closes, until, protect, ..draft }, approved);
                if role == Role::Flip {
                    self.suspend_protection(id);
                }
            }
            Err(refusal) => {
                self.refuse(order.id.intent, &refusal);
                self.hook_entered(order);
                if order.role == Role::Flip {
                    self.resume_protection(id);
                }
                self.close_alone(id, if claimed == 0 { against } else { 0 });
            }
        }
    }

    /// Units of a position that other orders of its strategy are about to close: no unit is closed by two.
    fn claimed(&self, id: u32, side: i8, against: i64) -> i64 {
        let i = &self.instances[id as usize];
        let exit = i.exit.and_then(|slot| self.orders.get(slot)).map_or(0, Order::open);
        let entries = i.entries.iter().filter_map(|slot| self.orders.get(*slot));
        let flips = entries.filter(|o| o.role == Role::Flip && o.side == side && o.is_sent());
        exit + flips.map(|o| o.open().min(against)).sum::<i64>()
    }

    /// Holds all that is still to come of an entry against every rule; its intent was counted already.
    fn judge_rest(&self, order: &Order, closes: i64) -> Result<Approved, Refusal> {
        let facts = self.risk_facts(order.instance, order.side, order.limit, order.more - closes, 0, closes);
        if closes > 0 {
            let closing = risk::Order { quantity: closes, closes: 0, ..facts };
            let approved = risk::approve(Class::Reduce, &closing)?;
            if closes == order.more {
                return Ok(approved);
            }
        }
        // What it may lose at its stop was judged before its first slice went, for all of it.
        risk::approve(Class::Increase, &risk::Order { duplicate: false, at_risk: 0, ..facts })
    }
}

//! Foreign fills: what somebody else trades on an account of ours.
//!
//! What reduces the account's position takes from our books first, with their exits and flips, before anything else
//! is done; what increases it is nobody's strategy's and stands in the account's EXTERNAL book.

use super::Kernel;
use super::account::narrow;
use super::book::Fifo;
use super::charges::{self, Charges};
use super::hooks::{HookArg, number};
use super::order::{Event, Order, Role};
use super::parts::spread;
use crate::record::{self, BrokerReply, IntentId, Kind, OrderId, PositionChanged};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The instance number of what is nobody's strategy's.
pub const EXTERNAL: u32 = u32::MAX;
/// Names of trades that are remembered for an account.
const TRADES_KEPT: usize = 1_024;

/// What others hold on an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct External {
    /// By instrument.
    pub books: BTreeMap<u32, Fifo>,
    /// Charges of what others traded.
    pub charges: Charges,
    /// The newest trades, so that one told twice counts once.
    seen: VecDeque<String>,
}

impl External {
    /// Takes a trade's name in; false where it is known.
    fn is_new(&mut self, id: &str) -> bool {
        if self.seen.iter().any(|known| known == id) {
            return false;
        }
        self.seen.push_back(id.to_owned());
        if self.seen.len() > TRADES_KEPT {
            self.seen.pop_front();
        }
        true
    }
}

impl Kernel {
    pub(super) fn foreign_fill(&mut self, reply: &BrokerReply) {
        if self.accounts[reply.account as usize].external.is_new(&reply.id) {
            self.take_foreign(reply);
        }
    }

    /// Books what was traded on the account and is no order's: from our books first what it reduces.
    pub(super) fn take_foreign(&mut self, reply: &BrokerReply) {
        let account = &self.accounts[reply.account as usize];
        let net = account.net.get(&reply.instrument).map_or(0, Fifo::quantity);
        let against = (net * -i64::from(reply.side)).max(0);
        let mut reduces = reply.quantity.min(against);
        let mut rest = reply.quantity;
        let ids: Vec<u32> = (self.instances.iter())
            .filter(|i| (i.account, i.instrument) == (reply.account, reply.instrument))
            .map(|i| i.id)
            .collect();
        for id in ids {
            let held = self.instances[id as usize].book.quantity() * -i64::from(reply.side);
            let taken = held.max(0).min(reduces);
            if taken > 0 {
                self.take_from(id, reply, taken);
                (reduces, rest) = (reduces - taken, rest - taken);
            }
        }
        if rest > 0 {
            self.book_external(reply, rest);
        }
        self.arm_mark(reply.account);
        self.check_losses(reply.account);
        self.check_flattening();
    }

    /// An instance's position was reduced from outside: its orders shrink with it, its owner hears of it.
    fn take_from(&mut self, id: u32, reply: &BrokerReply, taken: i64) {
        self.instances[id as usize].book.fill(reply.side, taken, reply.price);
        let left = self.instances[id as usize].book.quantity();
        self.shrink_exit(id, left.abs());
        self.tend_orders(id);
        let i = &mut self.instances[id as usize];
        spread(&mut i.protection.parts, left.abs(), self.markets[i.instrument as usize].def.lot);
        if left == 0 {
            // Whoever closed it by hand does not want it back by an entry that still works.
            self.instances[id as usize].waiting = None;
            self.cancel_entries(id, "closed from outside");
        } else {
            self.shrink_flips(id, reply.side, taken);
            self.cancel_turns(id, -reply.side);
        }
        let costs = self.note_foreign(id, reply, taken);
        let i = &mut self.instances[id as usize];
        i.charges.add(&costs);
        i.day.note(reply.side, taken, i128::from(taken) * i128::from(reply.price), costs.brokerage);
        let i = &self.instances[id as usize];
        let position = PositionChanged {
            account: reply.account,
            instance: id,
            instrument: reply.instrument,
            quantity: left,
            average: i.book.average(),
            realised: narrow(i.book.realised()),
            charges: narrow(i.charges.total()),
        };
        self.decide(Kind::PositionChanged, &position);
        self.tell(id, "external", "Somebody else reduced the position on the account.");
        let (side, price) = (reply.side, reply.price);
        let arg = HookArg::Fill { intent: 0, side, quantity: taken, price, role: "external" };
        self.hook(id, number::EXTERNAL, arg);
        if left == 0 {
            let i = &mut self.instances[id as usize];
            i.trades += 1;
            i.closed_at = Some(self.now);
            self.disarm_protection(id);
        }
    }

    /// An exit never stands for more than is held.
    fn shrink_exit(&mut self, id: u32, held: i64) {
        let Some(slot) = self.instances[id as usize].exit else {
            return;
        };
        let is_partial = self.orders.get(slot).is_some_and(Order::is_partial);
        if held == 0 || is_partial {
            // Of what leaves in part nobody knows which units are gone: the rest stays guarded, whoever wants less of it
            // says so again.
            self.end_order(slot, Event::Cancel, "closed from outside");
        } else if let Some(order) = self.orders.get_mut(slot)
            && order.open() > held
            && !order.was_asked()
        {
            order.shrink(order.open() - held);
            self.note_order(slot, "reduced from outside");
        }
    }

    /// What a flip still had to close is gone; what it is to open stays.
    fn shrink_flips(&mut self, id: u32, side: i8, taken: i64) {
        for slot in self.instances[id as usize].entries.clone() {
            if let Some(order) = self.orders.get_mut(slot)
                && (order.role, order.side) == (Role::Flip, side)
            {
                let closed = taken.min(order.closes).min(order.open() - 1);
                order.closes -= closed;
                order.shrink(closed);
                self.note_order(slot, "reduced from outside");
            }
        }
    }

    pub(super) fn book_external(&mut self, reply: &BrokerReply, quantity: i64) {
        let costs = self.note_foreign(EXTERNAL, reply, quantity);
        let external = &mut self.accounts[reply.account as usize].external;
        external.charges.add(&costs);
        external.books.entry(reply.instrument).or_default().fill(reply.side, quantity, reply.price);
        self.write_external(reply.account, reply.instrument);
    }

    /// Writes down what others hold of an instrument on an account.
    pub(super) fn write_external(&mut self, account: u32, instrument: u32) {
        let external = &self.accounts[account as usize].external;
        let Some(book) = external.books.get(&instrument) else {
            return;
        };
        let position = PositionChanged {
            account,
            instance: EXTERNAL,
            instrument,
            quantity: book.quantity(),
            average: book.average(),
            realised: narrow(book.realised()),
            charges: narrow(external.charges.total()),
        };
        self.decide(Kind::PositionChanged, &position);
    }

    /// Books a part of a foreign fill on the account and writes it down; gives its charges.
    fn note_foreign(&mut self, instance: u32, reply: &BrokerReply, quantity: i64) -> Charges {
        let index = usize::from(self.markets[reply.instrument as usize].def.charges);
        let rates = self.facts.as_ref().and_then(|f| f.charges.get(index));
        let value = i128::from(quantity) * i128::from(reply.price);
        let costs = rates.and_then(|r| charges::of_fill(r, reply.side, value, 0)).unwrap_or_default();
        let date = self.session_date();
        let account = &mut self.accounts[reply.account as usize];
        account.net.entry(reply.instrument).or_default().fill(reply.side, quantity, reply.price);
        account.charges.add(&costs);
        let fill = record::Fill {
            order: OrderId { intent: IntentId { instance, date, counter: 0 }, child: 0 },
            account: reply.account,
            instrument: reply.instrument,
            side: reply.side,
            quantity,
            price: reply.price,
            role: "external",
            brokerage: narrow(costs.brokerage),
            stt: narrow(costs.stt),
            transaction: narrow(costs.transaction),
            sebi: narrow(costs.sebi),
            stamp: narrow(costs.stamp),
            gst: narrow(costs.gst),
        };
        self.decide(Kind::Fill, &fill);
        costs
    }
}

//! What a broker answers and tells: told twice, late or out of order, it counts once.
//!
//! Fills are the rise of the quantity that the broker says has filled. What contradicts what was told before is never
//! guessed at: units that no order can have filled are booked as those of somebody else, and the instrument is blocked.

use super::Kernel;
use super::broker::{Ask, Terms, Wire};
use super::check::{Checked, within};
use super::hooks::{HookArg, HookCall, Rank, number};
use super::order::{Event, Order, Role, State};
use crate::fixed::{PRICE_MAX, UNITS_MAX};
use crate::record::{BrokerReply, BrokerRequest, Kind, OrderId, ReplyKind};
use serde::{Deserialize, Serialize};

/// Orders of an account that are over and remembered.
const SETTLED_KEPT: usize = 1_024;

/// An order that is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Settled {
    order: OrderId,
    instrument: u32,
    side: i8,
    filled: i64,
    asked: u32,
    /// The broker had said that it is dead, and has not been asked to make that true.
    rejected: bool,
}

impl Kernel {
    pub(super) fn check_reply(&self, reply: &BrokerReply) -> Checked {
        let counts = matches!(reply.kind, ReplyKind::ForeignFill | ReplyKind::Filled);
        let least = i64::from(counts || reply.kind == ReplyKind::Cancelled && reply.quantity > 0);
        within(
            "a broker's reply",
            &[
                ("account", i64::from(reply.account), 0..=self.accounts.len() as i64 - 1),
                ("instrument", i64::from(reply.instrument), 0..=self.markets.len() as i64 - 1),
                ("side", i64::from(reply.side), if reply.side < 0 { -1..=-1 } else { 1..=1 }),
                ("quantity", reply.quantity, i64::from(counts)..=UNITS_MAX),
                ("price", reply.price, least..=PRICE_MAX),
            ],
        )
    }

    pub(super) fn hear_broker(&mut self, reply: &BrokerReply) {
        if reply.kind == ReplyKind::ForeignFill {
            self.foreign_fill(reply);
            return;
        }
        let is_it = |o: &Order| {
            o.id == reply.order
                && o.was_asked()
                && (o.account, o.instrument, o.side) == (reply.account, reply.instrument, reply.side)
        };
        let slot = self.orders.iter().find(|(_, o)| is_it(o)).map(|(slot, _)| slot);
        match slot {
            Some(slot) => self.hear_of(slot, reply),
            None => self.hear_of_settled(reply),
        }
        self.check_flattening();
    }

    fn hear_of(&mut self, slot: u32, reply: &BrokerReply) {
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let Some(wire) = &order.wire else {
            return;
        };
        // Only the newest request can be answered.
        let open = wire.open.filter(|_| reply.ask == wire.asked);
        self.wire(slot, |wire| {
            if wire.id.is_empty() {
                wire.id.clone_from(&reply.id);
            }
        });
        match (reply.kind, open) {
            (ReplyKind::Accepted, _) => self.know_placed(slot),
            (ReplyKind::Filled, _) => {
                self.know_placed(slot);
                self.rise(slot, reply);
            }
            (ReplyKind::Cancelled, _) => {
                self.rise(slot, reply);
                self.conclude(slot, Event::Cancel, reply);
            }
            (ReplyKind::Rejected, _) => self.conclude(slot, Event::Reject, reply),
            (ReplyKind::Modified, Some(Ask::Modify(terms))) => self.take_terms(slot, terms),
            (ReplyKind::Refused, Some(Ask::Modify(terms))) => self.stay(slot, terms.quantity, reply),
            (ReplyKind::Refused, Some(Ask::Cancel)) => self.stay(slot, 0, reply),
            (ReplyKind::Unknown, Some(ask)) => self.lose(slot, ask),
            (ReplyKind::Modified | ReplyKind::Refused | ReplyKind::Unknown | ReplyKind::ForeignFill, _) => {}
        }
    }

    /// The broker has it, whatever became of the request that placed it.
    fn know_placed(&mut self, slot: u32) {
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        if !matches!(order.state, State::Routing | State::Submitted | State::Unknown) {
            return;
        }
        self.step(slot, Event::Accept, "");
        self.wire(slot, answered);
        self.ask_cancel(slot);
    }

    fn lose(&mut self, slot: u32, ask: Ask) {
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let (id, before) = (order.instance, order.wire.as_ref().is_some_and(|wire| wire.lost));
        self.wire(slot, |wire| wire.lost = true);
        if ask == Ask::Place && order_is_new(self.orders.get(slot)) {
            self.step(slot, Event::LoseTrack, "the broker does not say what became of it");
        } else if !before {
            self.note_order(slot, "the broker does not say what became of a change");
        }
        if !before {
            self.tell(id, "unknown_order", "Nobody knows what became of a request to the broker: it is looked up.");
        }
    }

    fn take_terms(&mut self, slot: u32, terms: Terms) {
        self.wire(slot, |wire| {
            answered(wire);
            wire.trigger = terms.trigger;
        });
        let Some(order) = self.orders.get_mut(slot) else {
            return;
        };
        (order.quantity, order.limit) = (terms.quantity.max(order.filled), terms.limit);
        let done = order.rest() == 0;
        self.note_order(slot, "changed");
        if done {
            self.complete(slot);
        } else {
            self.ask_cancel(slot);
        }
    }

    /// All that is left of it has filled.
    fn complete(&mut self, slot: u32) {
        self.step(slot, Event::FillAll, "");
        if let Some(order) = self.forget_order(slot) {
            self.finish_order(&order);
        }
    }

    /// A change was refused: the order stands as it was, and has not got these units.
    fn stay(&mut self, slot: u32, units: i64, reply: &BrokerReply) {
        let Some(order) = self.orders.get_mut(slot) else {
            return;
        };
        if let Some(wire) = order.wire.as_mut().filter(|wire| matches!(wire.open, Some(Ask::Modify(_)))) {
            order.quantity = wire.was.max(order.filled);
        }
        let done = order.rest() == 0;
        self.wire(slot, answered);
        self.note_order(slot, &words("the broker refused a change", reply));
        if done {
            self.complete(slot);
            return;
        }
        self.ask_again_later(slot);
        let Some(order) = self.orders.get_mut(slot) else {
            return;
        };
        let id = order.instance;
        let i = &mut self.instances[id as usize];
        let stops = order.wire.as_ref().is_some_and(|wire| wire.trigger > 0);
        if i.parking.slot == Some(slot) && units > order.quantity {
            i.parking.refused = i.parking.refused.saturating_add(1);
        } else if i.exit == Some(slot) && stops {
            // It was to become an exit and is a stop still.
            (i.exit, i.parking.slot) = (None, Some(slot));
            let wish = order.role == Role::Exit;
            order.role = Role::Stop;
            if let Some(wire) = &mut order.wire {
                wire.turned = true;
            }
            if wish {
                self.drop_wish_to_leave(id);
                self.hear_no(id, reply);
            }
        }
    }

    /// Books what has filled more than was known.
    fn rise(&mut self, slot: u32, reply: &BrokerReply) {
        let Some(order) = self.orders.get_mut(slot) else {
            return;
        };
        let rise = reply.quantity - order.filled;
        if rise <= 0 {
            return;
        }
        // More than was asked for last may have filled before the broker knew of the change.
        order.quantity = order.quantity.max(reply.quantity);
        let value = i128::from(reply.price) * i128::from(reply.quantity) - order.filled_value;
        let price = i64::try_from(value / i128::from(rise)).ok().filter(|price| (1..=PRICE_MAX).contains(price));
        let price = price.unwrap_or(reply.price);
        let (id, side, place) = (order.instance, order.side, (order.account, order.instrument));
        let against = (self.instances[id as usize].book.quantity() * -i64::from(side)).max(0);
        let ours = if order.role.increases() { rise } else { rise.min(against) };
        let surplus = rise - ours;
        if surplus > 0 {
            // Somebody else was faster: these units are nobody's strategy's.
            order.filled += surplus;
            order.filled_value += i128::from(surplus) * i128::from(price);
            self.book_external(&BrokerReply { quantity: surplus, price, ..reply.clone() }, surplus);
            self.alarm(id, place, "The broker filled more of an exit than was held: look at the account.");
        }
        self.fill_parked(id, slot);
        if ours > 0 {
            self.fill(slot, ours, price);
        } else if self.orders.get(slot).is_some_and(|o| o.rest() == 0) {
            self.complete(slot);
        }
    }

    /// The order is over.
    fn conclude(&mut self, slot: u32, event: Event, reply: &BrokerReply) {
        let Some(order) = self.orders.get(slot) else {
            return; // its last units have filled
        };
        let (id, role, state) = (order.instance, order.role, order.state);
        let ending = order.wire.as_ref().and_then(|wire| wire.ending.clone());
        let unasked = ending.is_none();
        let parked = self.instances[id as usize].parking.slot == Some(slot);
        // What has filled in part is no longer rejected.
        let event = if state == State::PartiallyFilled { Event::Cancel } else { event };
        let reason = match (event, ending) {
            (Event::Cancel, Some(reason)) => reason,
            _ => words("by the broker", reply),
        };
        self.drop_order(slot, event, &reason);
        if parked {
            let parking = &mut self.instances[id as usize].parking;
            parking.refused = parking.refused.saturating_add(u8::from(unasked));
        } else if unasked {
            self.hear_no(id, reply);
            self.lose_exit(id, role);
        }
    }

    /// An exit is over that was not to end.
    fn lose_exit(&mut self, id: u32, role: Role) {
        if role.increases() || role == Role::Reduce {
            return;
        }
        // What began as a wish may be wanted by the kernel itself by now.
        let role = self.instances[id as usize].closing.unwrap_or(role);
        if role == Role::Exit {
            self.drop_wish_to_leave(id);
        } else if self.instances[id as usize].book.quantity() != 0 {
            self.close_later(id, role);
            self.emergency(id);
        }
    }

    /// The strategy's wish to leave was refused; what the kernel itself wants closed stays to be closed.
    fn drop_wish_to_leave(&mut self, id: u32) {
        let i = &mut self.instances[id as usize];
        (i.closing, i.waiting) = (i.closing.filter(|role| *role != Role::Exit), None);
    }

    /// The broker's no reaches the strategy with its words.
    fn hear_no(&mut self, id: u32, reply: &BrokerReply) {
        let sentence = words("The broker refused", reply);
        self.tell(id, "rejected", &sentence);
        let intent = reply.order.intent.counter;
        let arg = HookArg::Refusal { intent, code: "rejected", sentence, limit: 0, value: 0 };
        self.out.hooks.push(HookCall { rank: Rank::Order, instance: id, hook: number::REJECT, arg });
        self.count_refusal(id);
    }

    /// Remembers an order that is over, so that what is told late is known to be of it.
    pub(super) fn note_settled(&mut self, order: &Order) {
        let Some(wire) = order.wire.as_ref().filter(|wire| wire.asked > 0) else {
            return;
        };
        let settled = &mut self.accounts[order.account as usize].settled;
        settled.push_back(Settled {
            order: order.id,
            instrument: order.instrument,
            side: order.side,
            filled: order.filled,
            asked: wire.asked,
            rejected: order.state == State::Rejected,
        });
        if settled.len() > SETTLED_KEPT {
            settled.pop_front();
        }
    }

    fn hear_of_settled(&mut self, reply: &BrokerReply) {
        let known = |s: &&mut Settled| (s.order, s.instrument, s.side) == (reply.order, reply.instrument, reply.side);
        let place = (reply.account, reply.instrument);
        let account = &mut self.accounts[reply.account as usize];
        let Some(settled) = account.settled.iter_mut().find(known) else {
            self.hear_of_nobody(reply);
            return;
        };
        let lives = matches!(reply.kind, ReplyKind::Accepted | ReplyKind::Filled);
        if lives && std::mem::take(&mut settled.rejected) {
            settled.asked += 1;
            let (order, ask) = (settled.order, settled.asked);
            let request = BrokerRequest {
                order,
                ask,
                what: "cancel",
                id: &reply.id,
                account: reply.account,
                instrument: reply.instrument,
                side: reply.side,
                quantity: 0,
                limit: 0,
                trigger: 0,
            };
            self.decide(Kind::BrokerRequest, &request);
            self.alarm(order.intent.instance, place, "An order lives that the broker had rejected: it is taken back.");
        }
        self.rise_late(reply);
    }

    /// What an order has filled that was over: from our books what it reduces, the rest is nobody's strategy's.
    fn rise_late(&mut self, reply: &BrokerReply) {
        let filled = matches!(reply.kind, ReplyKind::Filled | ReplyKind::Cancelled);
        let place = (reply.account, reply.instrument);
        let account = &mut self.accounts[reply.account as usize];
        let Some(settled) = account.settled.iter_mut().find(|s| s.order == reply.order).filter(|_| filled) else {
            return;
        };
        let rise = reply.quantity - settled.filled;
        if rise > 0 {
            settled.filled = reply.quantity;
            self.take_foreign(&BrokerReply { quantity: rise, ..reply.clone() });
            self.alarm(reply.order.intent.instance, place, "An order filled after it was over: look at the account.");
        }
    }

    /// A reply about an order that nobody knows: its units are for the broker's book to tell, nothing is opened until then.
    fn hear_of_nobody(&mut self, reply: &BrokerReply) {
        if matches!(reply.kind, ReplyKind::Accepted | ReplyKind::Filled) {
            self.block_instrument((reply.account, reply.instrument));
            if (reply.order.intent.instance as usize) < self.instances.len() {
                let sentence = "The broker tells of an order that is not ours: look at the account.";
                self.tell(reply.order.intent.instance, "stray_order", sentence);
            }
        }
    }
}

fn answered(wire: &mut Wire) {
    (wire.open, wire.lost) = (None, false);
}

fn order_is_new(order: Option<&Order>) -> bool {
    order.is_some_and(|order| matches!(order.state, State::Routing | State::Submitted))
}

fn words(head: &str, reply: &BrokerReply) -> String {
    match (reply.code.as_str(), reply.text.as_str()) {
        ("", "") => head.to_owned(),
        ("", text) => format!("{head}: {text}"),
        (code, "") => format!("{head}: {code}"),
        (code, text) => format!("{head}: {code} {text}"),
    }
}

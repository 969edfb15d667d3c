//! Orders at a broker: each is a chain of requests, one under way at a time, and never sent again blindly.
//!
//! A request is a decision; what became of it comes as a reply. Until it does, the order counts with all that it may
//! still fill, and nothing else is asked about it.

use super::Kernel;
use super::order::{Event, Order, Role, State};
use super::risk::Refusal;
use crate::record::{Action, BrokerRequest, Intent, Kind, TimerClass};
use serde::{Deserialize, Serialize};

/// After a request was refused the next one waits for so long.
const AGAIN_NS: i64 = 1_000_000_000;

/// What a broker is asked to make of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Put it into the book.
    Place,
    /// Give it other terms.
    Modify(Terms),
    /// Take it out.
    Cancel,
}

/// What of an order can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Units, those included that have filled.
    pub quantity: i64,
    /// Limit price.
    pub limit: i64,
    /// Trigger of a stop, 0 for a plain limit.
    pub trigger: i64,
}

/// What is between us and the broker about one order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wire {
    /// The broker's name for it, "" while it has told none.
    pub id: String,
    /// Requests so far.
    pub asked: u32,
    /// The request that has no answer.
    pub open: Option<Ask>,
    /// Units of the order before the change that is under way: while it is, the order counts the larger number.
    pub was: i64,
    /// Nobody knows what became of that request.
    pub lost: bool,
    /// Trigger of a stop, 0 for a plain limit.
    pub trigger: i64,
    /// When its trigger was moved last.
    pub moved: i64,
    /// When the price came to its trigger, 0 before.
    pub met: i64,
    /// Why it is to end, once it is to.
    pub ending: Option<String>,
    /// Nothing is asked before this time.
    pub again: i64,
    /// What was refused was to make a stop an exit.
    pub turned: bool,
    /// That it stands at its circuit was told.
    pub locked: bool,
}

impl Order {
    /// Whether the broker has been asked to place it.
    pub fn was_asked(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.asked > 0)
    }

    /// Whether it is to end and waits for the broker to say so.
    pub fn is_ending(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.ending.is_some())
    }

    /// Whether the broker has it in its book for all that is known.
    pub(super) fn is_accepted(&self) -> bool {
        self.was_asked() && self.state.is_working()
    }

    /// Whether something may be asked about it now.
    pub(super) fn is_free(&self, now: i64) -> bool {
        self.is_accepted() && self.wire.as_ref().is_some_and(|wire| wire.open.is_none() && wire.again <= now)
    }

    /// Whether a stop can be made an exit now: only a refusal of just that is waited out.
    pub(super) fn can_turn(&self, now: i64) -> bool {
        let waits = |wire: &Wire| wire.open.is_some() || (wire.turned && wire.again > now);
        self.is_accepted() && !self.is_ending() && self.wire.as_deref().is_some_and(|wire| !waits(wire))
    }

    /// Units that it fills at most once what is asked has been done.
    pub(super) fn claim(&self) -> i64 {
        let asked = self.wire.as_ref().and_then(|wire| wire.open);
        match asked {
            Some(Ask::Modify(terms)) => (terms.quantity - self.filled).max(0),
            Some(Ask::Cancel) => 0,
            Some(Ask::Place) | None => self.rest(),
        }
    }

    /// Units that it fills at least, if all of it fills, whatever becomes of what is asked.
    pub(super) fn sure(&self) -> i64 {
        let was = self.wire.as_ref().filter(|wire| matches!(wire.open, Some(Ask::Modify(_)))).map(|wire| wire.was);
        was.map_or(self.rest(), |was| (was - self.filled).max(0).min(self.claim()))
    }

    fn terms(&self) -> Terms {
        let trigger = self.wire.as_ref().map_or(0, |wire| wire.trigger);
        Terms { quantity: self.quantity, limit: self.limit, trigger }
    }
}

impl Kernel {
    /// Whether an instance trades through a broker.
    pub(super) fn is_at_broker(&self, id: u32) -> bool {
        self.brokered && self.accounts[self.instances[id as usize].account as usize].is_at_broker()
    }

    /// Changes what is between us and the broker about an order.
    pub(super) fn wire(&mut self, slot: u32, change: impl FnOnce(&mut Wire)) {
        if let Some(wire) = self.orders.get_mut(slot).and_then(|order| order.wire.as_mut()) {
            change(wire);
        }
    }

    /// Asks the broker; the answer comes as a reply.
    pub(super) fn ask(&mut self, slot: u32, ask: Ask) {
        self.wire(slot, |wire| {
            assert!(wire.open.is_none(), "one request of an order is under way at a time");
            (wire.asked, wire.open) = (wire.asked + 1, Some(ask));
        });
        let now = self.now;
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let Some(wire) = &order.wire else {
            return;
        };
        let (what, terms) = match ask {
            Ask::Place => ("place", order.terms()),
            Ask::Modify(terms) => ("modify", terms),
            Ask::Cancel => ("cancel", order.terms()),
        };
        let account = order.account;
        let request = BrokerRequest {
            order: order.id,
            ask: wire.asked,
            what,
            id: &wire.id,
            account,
            instrument: order.instrument,
            side: order.side,
            quantity: terms.quantity,
            limit: terms.limit,
            trigger: terms.trigger,
        };
        let at = self.out.decisions.len();
        self.out.decisions.push(Kind::BrokerRequest, now, &request);
        self.hash_decision(at);
        if let (Ask::Modify(terms), Some(order)) = (ask, self.orders.get_mut(slot)) {
            // What has filled of the larger number must not look like all of the smaller one.
            let was = order.quantity;
            order.quantity = was.max(terms.quantity);
            self.wire(slot, |wire| wire.was = was);
        }
        if ask != Ask::Cancel {
            // The exchange counts changes too: what is placed next waits for them.
            let most = self.accounts[account as usize].limits.sends.max(1) as usize;
            self.accounts[account as usize].sent.note(now, most);
        }
    }

    /// An order at the broker is to end; it counts until the broker says that it has.
    pub(super) fn ask_end(&mut self, slot: u32, event: Event, reason: &str) {
        if self.orders.get(slot).is_none_or(Order::is_ending) {
            return;
        }
        self.timers.cancel(TimerClass::Expire, slot);
        let reason = if event == Event::Expire && reason.is_empty() { "expired" } else { reason }.to_owned();
        self.wire(slot, |wire| wire.ending = Some(reason));
        self.ask_cancel(slot);
    }

    /// Asks for the end of what is to end, as soon as that can be asked.
    pub(super) fn ask_cancel(&mut self, slot: u32) {
        if self.orders.get(slot).is_some_and(|order| order.is_ending() && order.is_free(self.now)) {
            self.ask(slot, Ask::Cancel);
        }
    }

    /// Gives an order these terms: at once while it waits in the queue, else by a request, as soon as one can be made.
    pub(super) fn ask_terms(&mut self, slot: u32, terms: Terms) {
        let Some(order) = self.orders.get_mut(slot) else {
            return;
        };
        if order.terms() == terms || order.is_ending() {
            return;
        }
        if order.state == State::Queued {
            (order.quantity, order.limit) = (terms.quantity, terms.limit);
            self.wire(slot, |wire| wire.trigger = terms.trigger);
            self.note_order(slot, "changed before it was sent");
        } else if order.is_free(self.now) {
            let (moves, now) = (order.terms().trigger != terms.trigger, self.now);
            self.ask(slot, Ask::Modify(terms));
            self.wire(slot, |wire| wire.moved = if moves { now } else { wire.moved });
        }
    }

    /// The terms that an order has at the broker.
    pub(super) fn terms_of(&self, slot: u32) -> Option<Terms> {
        self.orders.get(slot).map(Order::terms)
    }

    /// A request was refused: the next one is a while away.
    pub(super) fn ask_again_later(&mut self, slot: u32) {
        let again = self.now + AGAIN_NS;
        self.wire(slot, |wire| wire.again = again);
        if !self.day_over {
            self.timers.arm(TimerClass::Reprice, slot, again);
        }
    }

    /// Whether something may still happen that nobody wants any more: until then nothing is opened.
    pub(super) fn is_unsettled(&self, id: u32) -> bool {
        if !self.is_at_broker(id) {
            return false;
        }
        let i = &self.instances[id as usize];
        let ends = |slot: &u32| self.orders.get(*slot).is_some_and(Order::is_ending);
        let leaves = i.exit.is_some() || i.parking.slot.is_some();
        i.entries.iter().any(ends) || (i.book.quantity() == 0 && leaves)
    }

    /// Whether nobody knows what became of an order of an account in an instrument.
    pub(super) fn has_unknown(&self, account: u32, instrument: u32) -> bool {
        let unknown = |o: &Order| o.wire.as_ref().is_some_and(|wire| wire.lost);
        self.brokered
            && self.accounts[account as usize].is_at_broker()
            && self.orders.iter().any(|(_, o)| (o.account, o.instrument) == (account, instrument) && unknown(o))
    }

    /// Whether an entry of the other side is on its way and not to end.
    fn has_opposite(&self, id: u32, side: i8) -> bool {
        let is_it = |o: &Order| o.side != side && o.trigger.is_none() && !o.is_ending();
        self.instances[id as usize].entries.iter().any(|slot| self.orders.get(*slot).is_some_and(is_it))
    }

    /// Why a triggered entry cannot go to a broker now.
    pub(super) fn cannot_trigger(&self, order: &Order) -> Option<(&'static str, &'static str)> {
        let id = order.instance;
        if !self.is_at_broker(id) {
            return None;
        }
        let against = self.instances[id as usize].book.quantity() * -i64::from(order.side);
        let turns = against > 0 && (order.role == Role::Flip || order.open() - order.closes > against);
        if turns {
            Some(("not_at_broker", "At a broker a position is closed before the other side is opened."))
        } else if self.has_opposite(id, order.side) {
            Some(("opposite", "An order of the other side is on its way: at a broker own orders do not cross."))
        } else if self.is_unsettled(id) {
            Some(("unsettled", "An order that ends is still at the broker: nothing is opened."))
        } else {
            None
        }
    }

    /// Whether a wish to open can be followed at a broker now; a target waits for what ends.
    pub(super) fn may_open(&mut self, intent: &Intent, closes: i64) -> bool {
        let id = intent.id.instance;
        let refusal = |code, sentence| Refusal { code, sentence, limit: 0, value: 0 };
        if !intent.exits.is_empty() {
            let sentence = "A position at a broker leaves whole: one stop stands there for all of it.";
            self.refuse(intent.id, &refusal("not_at_broker", sentence));
        } else if closes > 0 {
            let sentence = "At a broker a position is closed before the other side is opened.";
            self.refuse(intent.id, &refusal("not_at_broker", sentence));
        } else if self.has_opposite(id, intent.side) {
            let sentence = "An order of the other side is on its way: at a broker own orders do not cross.";
            self.refuse(intent.id, &refusal("opposite", sentence));
        } else if !self.is_unsettled(id) {
            return true;
        } else if intent.action == Action::Go {
            self.instances[id as usize].waiting = Some(Box::new(intent.clone()));
        } else {
            let sentence = "An order that ends is still at the broker: nothing is opened until it has ended.";
            self.refuse(intent.id, &refusal("unsettled", sentence));
        }
        false
    }
}

//! An order's life: one table of state × event; a pair that is not in it is an error.

use super::broker::Wire;
use crate::record::{ExitPart, Intent, OrderId, PriceSpec};
use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // the order life cycle of the design
pub enum State {
    Created,
    Approved,
    MarginPending,
    Queued,
    Waiting,
    Routing,
    Submitted,
    Open,
    PartiallyFilled,
    Filled,
    Refused,
    Rejected,
    Cancelled,
    Expired,
    Unknown,
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is the step that its name says
pub enum Event {
    NeedMargin,
    Approve,
    Refuse,
    Enqueue,
    Hold,
    Route,
    Submit,
    Accept,
    FillPart,
    FillAll,
    Reject,
    Cancel,
    Expire,
    LoseTrack,
}

/// A pair of state and event that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImpossibleStep {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 15] = [
        Self::Created,
        Self::Approved,
        Self::MarginPending,
        Self::Queued,
        Self::Waiting,
        Self::Routing,
        Self::Submitted,
        Self::Open,
        Self::PartiallyFilled,
        Self::Filled,
        Self::Refused,
        Self::Rejected,
        Self::Cancelled,
        Self::Expired,
        Self::Unknown,
    ];

    /// As records and reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Approved => "APPROVED",
            Self::MarginPending => "MARGIN_PENDING",
            Self::Queued => "QUEUED",
            Self::Waiting => "WAITING",
            Self::Routing => "ROUTING",
            Self::Submitted => "SUBMITTED",
            Self::Open => "OPEN",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Refused => "REFUSED",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Whether nothing can happen any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Refused | Self::Rejected | Self::Cancelled | Self::Expired)
    }

    /// Whether the order stands in a book where it can fill.
    pub fn is_working(self) -> bool {
        matches!(self, Self::Open | Self::PartiallyFilled)
    }

    /// The state after an event. Fills may overtake an answer, so sent orders fill from any sent state.
    pub fn after(self, event: Event) -> Result<Self, ImpossibleStep> {
        use {Event as E, State as S};
        let sent = matches!(self, S::Routing | S::Submitted | S::Open | S::PartiallyFilled | S::Unknown);
        match (self, event) {
            (S::Created | S::MarginPending, E::Approve) => Ok(S::Approved),
            (S::Created, E::NeedMargin) => Ok(S::MarginPending),
            (S::Created | S::MarginPending, E::Refuse) => Ok(S::Refused),
            (S::Approved | S::Waiting, E::Enqueue) => Ok(S::Queued),
            // It would trade with an order of another strategy of the account, which may give it what it wants inside that.
            (S::Queued, E::Hold) | (S::Waiting, E::FillPart) => Ok(S::Waiting),
            (S::Waiting, E::FillAll) => Ok(S::Filled),
            (S::Queued, E::Route) => Ok(S::Routing),
            (S::Routing, E::Submit) => Ok(S::Submitted),
            // A paper order goes from the queue into the kernel's own book: there is no wire between.
            (S::Queued | S::Routing | S::Submitted | S::Unknown, E::Accept) => Ok(S::Open),
            (_, E::FillPart) if sent => Ok(S::PartiallyFilled),
            (_, E::FillAll) if sent => Ok(S::Filled),
            (S::Routing | S::Submitted | S::Open | S::Unknown, E::Reject) => Ok(S::Rejected),
            (S::Routing | S::Submitted | S::Open | S::PartiallyFilled, E::LoseTrack) => Ok(S::Unknown),
            (S::Approved | S::MarginPending | S::Queued | S::Waiting, E::Cancel) => Ok(S::Cancelled),
            (S::Approved | S::MarginPending | S::Queued | S::Waiting, E::Expire) => Ok(S::Expired),
            (_, E::Cancel) if sent => Ok(S::Cancelled),
            (_, E::Expire) if sent => Ok(S::Expired),
            _ => Err(ImpossibleStep { state: self, event }),
        }
    }
}

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // said by the names below
pub enum Role {
    Entry,
    Add,
    Flip,
    Reduce,
    Stop,
    Target,
    Exit,
    Flat,
    Limit,
    Flatten,
    Unwind,
}

impl Role {
    /// As records spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Add => "add",
            Self::Flip => "flip",
            Self::Reduce => "reduce",
            Self::Stop => "stop",
            Self::Target => "target",
            Self::Exit => "exit",
            Self::Flat => "flat",
            Self::Limit => "limit",
            Self::Flatten => "flatten",
            Self::Unwind => "unwind",
        }
    }

    /// Whether an order of this role can add to a position.
    pub fn increases(self) -> bool {
        matches!(self, Self::Entry | Self::Add | Self::Flip)
    }

    /// Who leaves the queue first: the smaller number.
    pub fn priority(self) -> u8 {
        match self {
            Self::Flatten | Self::Limit | Self::Unwind => 0,
            Self::Stop | Self::Target | Self::Exit | Self::Flat | Self::Reduce => 1,
            Self::Entry | Self::Add | Self::Flip => 2,
        }
    }
}

/// How a position is to be protected once its entry fills.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ProtectSpec {
    pub stop: PriceSpec,
    pub target: PriceSpec,
    pub trail: PriceSpec,
    pub exits: Vec<ExitPart>,
}

impl ProtectSpec {
    /// What an intent asks for.
    pub(super) fn of(intent: &Intent) -> Self {
        Self { stop: intent.stop, target: intent.target, trail: intent.trail, exits: intent.exits.clone() }
    }
}

/// What a stop entry waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Whether the price must rise to it, or else fall to it.
    pub above: bool,
    /// The price, 1e-8.
    pub price: i64,
}

impl Trigger {
    /// Whether a price has come to it.
    pub fn is_met(self, last: i64) -> bool {
        if self.above { last >= self.price } else { last <= self.price }
    }
}

/// An approved wish on its way; lives in a slot until it is final.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Its name.
    pub id: OrderId,
    /// Counts all orders: the older goes first.
    pub number: u64,
    /// The strategy instance.
    pub instance: u32,
    /// The account.
    pub account: u32,
    /// The instrument.
    pub instrument: u32,
    /// +1 buy, −1 sell.
    pub side: i8,
    /// Units.
    pub quantity: i64,
    /// Units that follow in orders of their own once these are filled: the exchange takes no larger order.
    pub more: i64,
    /// Units that earlier orders of the same intent have filled.
    pub got: i64,
    /// Of all of them, units of the other side that it closed when it was planned.
    pub closes: i64,
    /// What it waits for; `None` for an order that is on its way.
    pub trigger: Option<Trigger>,
    /// Units filled.
    pub filled: i64,
    /// Value filled in the market, 1e-8.
    pub filled_value: i128,
    /// Limit price.
    pub limit: i64,
    /// What it is for.
    pub role: Role,
    /// Where it stands.
    pub state: State,
    /// Kernel time from which it can fill.
    pub live_from: i64,
    /// Kernel time at which it was placed.
    pub placed: i64,
    /// When an entry expires, halts not counted.
    pub until: i64,
    /// It has met a tick that did not take it: from now on it fills at its own price.
    pub rested: bool,
    /// It can wait: it opens, or leaves at a price of its own that nobody gives yet.
    pub patient: bool,
    /// The parts of the position that it closes, a bit each; 0 for an order that knows no parts.
    pub parts: u16,
    /// Protection of what it opens.
    pub protect: ProtectSpec,
    /// What is between us and the broker about it; `None` on paper.
    pub wire: Option<Box<Wire>>,
}

impl Order {
    /// An order that has no place yet, of a strategy instance named by its id.
    pub(super) fn draft(id: OrderId, role: Role, side: i8, limit: i64, quantity: i64) -> Self {
        Self {
            id,
            number: 0,
            instance: id.intent.instance,
            account: 0,
            instrument: 0,
            side,
            quantity,
            more: 0,
            got: 0,
            closes: 0,
            trigger: None,
            filled: 0,
            filled_value: 0,
            limit,
            role,
            state: State::Created,
            live_from: 0,
            placed: 0,
            until: i64::MAX,
            rested: false,
            patient: false,
            parts: 0,
            protect: ProtectSpec::default(),
            wire: None,
        }
    }

    /// Whether it closes a part of the position and leaves the rest guarded.
    pub fn is_partial(&self) -> bool {
        self.role == Role::Reduce || self.parts != 0
    }

    /// Whether it is on its way into the market, or there: it waits neither for a trigger nor for another's order.
    pub fn is_sent(&self) -> bool {
        self.trigger.is_none() && self.state != State::Waiting
    }

    /// Units that can still fill.
    pub fn rest(&self) -> i64 {
        self.quantity - self.filled
    }

    /// Units that can still fill, those of the orders that follow included.
    pub fn open(&self) -> i64 {
        self.rest() + self.more
    }

    /// Takes units off that can still fill, those of the orders that follow first.
    pub(super) fn shrink(&mut self, units: i64) {
        let following = units.min(self.more);
        self.more -= following;
        self.quantity -= units - following;
    }
}

/// Live orders by slot; a slot is free again when its order is final.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Orders {
    slots: Vec<Option<Order>>,
    free: Vec<u32>,
    next_number: u64,
}

impl Orders {
    /// Puts an order into a slot and gives it its number.
    pub fn insert(&mut self, mut order: Order) -> u32 {
        order.number = self.next_number;
        self.next_number += 1;
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(order);
            return slot;
        }
        self.slots.push(Some(order));
        (self.slots.len() - 1) as u32
    }

    /// The number that the next order gets.
    pub fn next_number(&self) -> u64 {
        self.next_number
    }

    /// The order in a slot.
    pub fn get(&self, slot: u32) -> Option<&Order> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The order in a slot.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Order> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Empties a slot.
    pub fn remove(&mut self, slot: u32) -> Option<Order> {
        let order = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(order)
    }

    /// All live orders with their slots.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Order)> {
        self.slots.iter().enumerate().filter_map(|(i, o)| o.as_ref().map(|o| (i as u32, o)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [Event; 14] = [
        Event::NeedMargin,
        Event::Approve,
        Event::Refuse,
        Event::Enqueue,
        Event::Hold,
        Event::Route,
        Event::Submit,
        Event::Accept,
        Event::FillPart,
        Event::FillAll,
        Event::Reject,
        Event::Cancel,
        Event::Expire,
        Event::LoseTrack,
    ];

    /// The table of the design, cell by cell: one letter an event, in the order of `EVENTS`.
    #[test]
    fn every_pair_of_state_and_event_is_decided() {
        let table = [
            (State::Created, "M A R . . . . . . . . . . ."),
            (State::Approved, ". . . Q . . . . . . . C X ."),
            (State::MarginPending, ". A R . . . . . . . . C X ."),
            (State::Queued, ". . . . W r . O . . . C X ."),
            (State::Waiting, ". . . Q . . . . W F . C X ."),
            (State::Routing, ". . . . . . S O P F J C X U"),
            (State::Submitted, ". . . . . . . O P F J C X U"),
            (State::Open, ". . . . . . . . P F J C X U"),
            (State::PartiallyFilled, ". . . . . . . . P F . C X U"),
            (State::Unknown, ". . . . . . . O P F J C X ."),
            (State::Filled, ". . . . . . . . . . . . . ."),
            (State::Refused, ". . . . . . . . . . . . . ."),
            (State::Rejected, ". . . . . . . . . . . . . ."),
            (State::Cancelled, ". . . . . . . . . . . . . ."),
            (State::Expired, ". . . . . . . . . . . . . ."),
        ];
        assert_eq!(table.len(), State::ALL.len());
        for (state, row) in table {
            for (event, cell) in EVENTS.iter().zip(row.split(' ')) {
                let wanted = match cell {
                    "M" => Some(State::MarginPending),
                    "A" => Some(State::Approved),
                    "R" => Some(State::Refused),
                    "Q" => Some(State::Queued),
                    "W" => Some(State::Waiting),
                    "r" => Some(State::Routing),
                    "S" => Some(State::Submitted),
                    "O" => Some(State::Open),
                    "P" => Some(State::PartiallyFilled),
                    "F" => Some(State::Filled),
                    "J" => Some(State::Rejected),
                    "C" => Some(State::Cancelled),
                    "X" => Some(State::Expired),
                    "U" => Some(State::Unknown),
                    _ => None,
                };
                assert_eq!(state.after(*event).ok(), wanted, "{state:?} × {event:?}");
            }
        }
    }
}

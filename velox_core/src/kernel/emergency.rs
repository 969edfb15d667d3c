//! Emergency exit: block, cancel what adds risk, exits for all that is held, chase, prove it flat, report.
//!
//! It needs no tick: an exit is priced by the fresh quote, else by the last good price, else at the circuit, and is
//! priced anew every second until it fills.

use super::Kernel;
use super::command::{KEPT, Scope};
use super::order::{Event, Order, Role};
use super::size::show;
use serde::{Deserialize, Serialize};

/// A flatten on its way, and what it closed so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Flattening {
    pub(super) key: String,
    scope: Scope,
    closed: Vec<Closed>,
}

/// What was closed of one instance's position.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Closed {
    instance: u32,
    /// Signed units of the position that are gone.
    units: i64,
    value: i128,
}

impl Kernel {
    /// Closes every position of a scope that is blocked already.
    pub(super) fn flatten(&mut self, key: &str, scope: Scope) {
        if self.commands.flattening.len() >= KEPT {
            let oldest = self.commands.flattening[0].key.clone();
            self.give_up(&oldest);
        }
        self.commands.flattening.push(Flattening { key: key.to_owned(), scope, closed: Vec::new() });
        self.answer(key, "working", "Exits are on their way.");
        let mut stuck = false;
        for id in self.scoped_instances(scope) {
            let held = self.instances[id as usize].book.quantity() != 0;
            stuck |= !self.exit_position(id, Role::Flatten, "flatten") && held;
        }
        self.check_flattening();
        if stuck {
            self.give_up(key);
        }
    }

    /// Counts a fill that closed something while flattens of its instance are on their way.
    pub(super) fn note_closed(&mut self, order: &Order, quantity: i64, price: i64) {
        let id = order.instance;
        for at in 0..self.commands.flattening.len() {
            if !self.scoped_instances(self.commands.flattening[at].scope).contains(&id) {
                continue;
            }
            let (units, value) = (quantity * -i64::from(order.side), i128::from(quantity) * i128::from(price));
            let closed = &mut self.commands.flattening[at].closed;
            match closed.iter_mut().find(|c| c.instance == id) {
                Some(sum) => (sum.units, sum.value) = (sum.units + units, sum.value + value),
                None => closed.push(Closed { instance: id, units, value }),
            }
        }
    }

    /// A flatten of which not every exit could be sent is answered at once; those positions stay to be closed.
    fn give_up(&mut self, key: &str) {
        let sentence = "Not every position has an exit: the market or a limit refuses it now; it is tried again.";
        self.end_flattening(key, "not_flat", sentence);
    }

    /// Answers every flatten whose scope is flat by now.
    pub(super) fn check_flattening(&mut self) {
        for key in self.commands.flattening.iter().map(|f| f.key.clone()).collect::<Vec<_>>() {
            let Some(found) = self.commands.flattening.iter().find(|f| f.key == key) else { continue };
            let scoped = self.scoped_instances(found.scope);
            if scoped.iter().all(|id| self.instances[*id as usize].book.quantity() == 0 && !self.is_unsettled(*id)) {
                self.end_flattening(&key, "flat", "Every position in scope is closed.");
            }
        }
    }

    /// The day is over: what still works ends, and a flatten that did not get there says so.
    pub(super) fn end_orders(&mut self) {
        loop {
            let Some(slot) = self.orders.iter().next().map(|(slot, _)| slot) else { break };
            self.drop_order(slot, Event::Expire, "the day is over");
        }
        for instance in &mut self.instances {
            instance.waiting = None;
            instance.parking = super::parking::Parking::default();
        }
        while let Some(first) = self.commands.flattening.first() {
            let key = first.key.clone();
            self.end_flattening(&key, "not_flat", "The session closed before every position was.");
        }
    }

    fn end_flattening(&mut self, key: &str, state: &'static str, sentence: &str) {
        let Some(at) = self.commands.flattening.iter().position(|f| f.key == key) else {
            return;
        };
        let done = self.commands.flattening.remove(at);
        let (closed, left) = (self.closed_words(&done.closed), self.left_words(done.scope));
        let told = format!("{sentence}{closed}{left}{}", self.others_words(done.scope));
        self.answer(key, state, &told);
    }

    fn closed_words(&self, closed: &[Closed]) -> String {
        let words = closed.iter().filter(|c| c.units != 0).map(|c| {
            let average = (c.value / i128::from(c.units.abs())) as i64;
            format!("{} at {}", self.position_words(c.instance, c.units), show(average))
        });
        listed(" Closed: ", &words.collect::<Vec<_>>())
    }

    fn left_words(&self, scope: Scope) -> String {
        let held = |id: &u32| self.instances[*id as usize].book.quantity();
        let left = self.scoped_instances(scope).into_iter().filter(|id| held(id) != 0);
        listed(" Left: ", &left.map(|id| self.position_words(id, held(&id))).collect::<Vec<_>>())
    }

    /// What strangers hold on accounts in scope, which no flatten touches.
    fn others_words(&self, scope: Scope) -> String {
        let books = self.accounts.iter().flat_map(|a| a.external.books.iter().map(move |(id, book)| (a, *id, book)));
        let held = books.filter(|(a, id, book)| book.quantity() != 0 && scope.has_others(a.def.id, *id));
        let words = held.map(|(a, id, book)| {
            format!("{:+} {} on {}", book.quantity(), self.markets[id as usize].def.name, a.def.name)
        });
        listed(" Others hold: ", &words.collect::<Vec<_>>())
    }

    fn position_words(&self, id: u32, units: i64) -> String {
        let i = &self.instances[id as usize];
        format!("{} {units:+} {}", i.name, self.markets[i.instrument as usize].def.name)
    }
}

fn listed(head: &str, words: &[String]) -> String {
    if words.is_empty() { String::new() } else { format!("{head}{}.", words.join(", ")) }
}

//! The way of a price within one candle, which nobody has kept: taken so that it flatters no position.
//!
//! From the open to the extreme that is worse for the position, to the other one, to the close; while flat, to the nearer
//! extreme first. Prices move without gaps, so a stop leaves at its own price and slippage; limits and targets fill at
//! theirs when the price goes strictly through. What fills a resting entry inside the candle ends that way: after it counts
//! the rest of the way to that extreme, and the way from there to the close, and nothing that may have been before, but
//! for triggers, which are met wherever the candle reaches them. What a trigger opens or turns is a position like any
//! other from its price on: the worse extreme may still have come, and comes first.

use super::Kernel;
use super::order::Role;
use crate::record::CandleRange;

/// What the price meets on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    /// The position's stop or trail.
    Stop,
    /// A resting order, by its slot.
    Order(u32),
    /// The trigger of an entry that waits for it, by its slot.
    Trigger(u32),
    /// The position's target.
    Target(i64),
    /// The trail of a part.
    PartStop,
    /// The target of a part, by its place.
    Part(usize),
}

impl Met {
    /// What comes first at one price: the worse.
    fn rank(self) -> u8 {
        match self {
            Self::Stop | Self::PartStop => 0,
            Self::Order(_) | Self::Trigger(_) => 1,
            Self::Target(_) | Self::Part(_) => 2,
        }
    }
}

/// What a part of the way has done to the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walked {
    /// It opened nothing.
    Through,
    /// A resting entry opened it, or something added to it: what lies off this way may have been before.
    Entered,
    /// A trigger opened or turned it, and the price stands there.
    Turned,
}

impl Kernel {
    /// Takes one instance through a candle; the instrument's price stands at the open.
    pub(super) fn walk_candle(&mut self, id: u32, range: &CandleRange) {
        let i = &self.instances[id as usize];
        let held = i.book.quantity();
        if held == 0 && i.entries.is_empty() {
            return;
        }
        let open = self.markets[range.instrument as usize].last;
        let mut low_first = if held == 0 { open - range.low <= range.high - open } else { held > 0 };
        // Every round but the last has used up a trigger.
        while self.walk_round(id, range, low_first) == Walked::Turned {
            low_first = self.instances[id as usize].book.quantity() > 0;
        }
    }

    /// From where the price stands to both extremes and the close, or to the first trigger that turns the position.
    fn walk_round(&mut self, id: u32, range: &CandleRange, low_first: bool) -> Walked {
        let (first, second) = if low_first { (range.low, range.high) } else { (range.high, range.low) };
        let other = match self.walk_to(id, first, range.ts_open) {
            Walked::Turned => Walked::Turned,
            Walked::Entered => self.walk_to_triggers(id, second, range.ts_open),
            Walked::Through => self.walk_to(id, second, range.ts_open),
        };
        if other == Walked::Turned { other } else { self.walk_to(id, range.close, range.ts_open) }
    }

    /// Moves the price to `to`, through all that lies in between.
    fn walk_to(&mut self, id: u32, to: i64, begun: i64) -> Walked {
        let instrument = self.instances[id as usize].instrument as usize;
        let mut walked = Walked::Through;
        while let Some(next) = nearest(self.all_met(id, to), self.markets[instrument].last) {
            match self.meet(id, next, begun) {
                Walked::Turned => return Walked::Turned,
                Walked::Entered => walked = Walked::Entered,
                Walked::Through => {}
            }
        }
        self.markets[instrument].last = to;
        let i = &mut self.instances[id as usize];
        let held = i.book.quantity();
        i.protection.see(held, to);
        if held != 0 {
            self.watch_open_parts(id, held.signum() as i8);
        }
        walked
    }

    /// The candle has been at `to`, nobody knows when: its triggers up to there were met, and what stops before them.
    fn walk_to_triggers(&mut self, id: u32, to: i64, begun: i64) -> Walked {
        let instrument = self.instances[id as usize].instrument as usize;
        let from = self.markets[instrument].last;
        let triggers = |met: &[(i64, Met)]| met.iter().any(|(_, met)| matches!(met, Met::Trigger(_)));
        loop {
            let mut met = self.all_met(id, to);
            let more = triggers(&met);
            met.retain(|(_, met)| matches!(met, Met::Trigger(_) | Met::Stop | Met::PartStop));
            let Some(next) = nearest(met, self.markets[instrument].last).filter(|_| more) else {
                self.markets[instrument].last = from;
                return Walked::Through;
            };
            if self.meet(id, next, begun) == Walked::Turned {
                return Walked::Turned;
            }
        }
    }

    /// The price is where something happens.
    fn meet(&mut self, id: u32, (price, met): (i64, Met), begun: i64) -> Walked {
        let i = &self.instances[id as usize];
        let before = i.book.quantity();
        let side = before.signum() as i8;
        self.markets[i.instrument as usize].last = price;
        match met {
            Met::Stop => self.leave_at_stop(id, side),
            Met::Target(target) => self.leave_at_target(id, side, target),
            Met::PartStop => self.watch_open_parts(id, side),
            Met::Part(at) => self.take_part(id, side, at),
            Met::Order(slot) if self.fill_resting(slot) => return Walked::Entered,
            Met::Trigger(slot) => {
                self.meet_trigger(slot, begun);
                let held = self.instances[id as usize].book.quantity();
                return match (held.signum() == before.signum(), held.abs() > before.abs()) {
                    (false, _) if held != 0 => Walked::Turned,
                    (true, true) => Walked::Entered,
                    _ => Walked::Through,
                };
            }
            Met::Order(_) => {}
        }
        Walked::Through
    }

    /// All that lies on the way from the instrument's price to another.
    fn all_met(&self, id: u32, to: i64) -> Vec<(i64, Met)> {
        let i = &self.instances[id as usize];
        let market = &self.markets[i.instrument as usize];
        let from = market.last;
        let way = (to - from).signum();
        let mut met: Vec<(i64, Met)> = Vec::new();
        let side = i.book.quantity().signum();
        if side != 0 && i.closing.is_none() && self.is_guarding(id) {
            let (stop, target) = (i.protection.effective_stop(side as i8), i.protection.target);
            if stop > 0 && (to - stop) * side <= 0 && (from - stop) * side >= 0 {
                met.push((stop, Met::Stop));
            } else if stop > 0 && (from - stop) * side < 0 {
                met.push((from, Met::Stop)); // it was moved to beyond the price
            }
            if target > 0 && way == side && (to - target) * side > 0 {
                met.push((if (from - target) * side > 0 { from } else { target }, Met::Target(target)));
            }
            self.parts_met(id, from, to, &mut met);
        }
        for &slot in &market.working {
            let rests = |o: &&super::order::Order| o.instance == id && o.rested && o.state.is_working();
            let Some(order) = self.orders.get(slot).filter(rests) else { continue };
            let side = i64::from(order.side);
            if way == -side && (order.limit - to) * side > 0 {
                let at = if (order.limit - from) * side > 0 { from } else { order.limit };
                met.push((at, Met::Order(slot)));
            }
        }
        for &slot in &i.entries {
            let Some(trigger) = self.orders.get(slot).and_then(|order| order.trigger) else { continue };
            if trigger.is_met(from) || trigger.is_met(to) {
                met.push((if trigger.is_met(from) { from } else { trigger.price }, Met::Trigger(slot)));
            }
        }
        met
    }

    /// What the parts of a position that is guarded meet on the way; nothing while one of them is on its way out.
    fn parts_met(&self, id: u32, from: i64, to: i64, met: &mut Vec<(i64, Met)>) {
        let i = &self.instances[id as usize];
        let side = i.book.quantity().signum();
        if i.retry_at > self.now || i.exit.is_some_and(|slot| self.orders.get(slot).is_none_or(|o| o.parts != 0)) {
            return;
        }
        for (at, part) in i.protection.parts.iter().enumerate().filter(|(_, part)| !part.done && part.left > 0) {
            let stop = i.protection.best - side * part.trail;
            if part.hit || (part.trail > 0 && (to - stop) * side <= 0) {
                // A part that was hit before, or whose trail is beyond the price already, leaves where the price is.
                met.push((if part.hit || (from - stop) * side < 0 { from } else { stop }, Met::PartStop));
            }
            if part.target > 0 && (to - from) * side > 0 && (to - part.target) * side > 0 {
                met.push((if (from - part.target) * side > 0 { from } else { part.target }, Met::Part(at)));
            }
        }
    }

    /// A resting order fills at its own price; true when it opened a position or added to one.
    fn fill_resting(&mut self, slot: u32) -> bool {
        let Some(order) = self.orders.get(slot).cloned() else { return false };
        self.fill(slot, order.rest(), order.limit);
        let held = self.instances[order.instance as usize].book.quantity();
        order.role.increases() && held.signum() == i64::from(order.side)
    }

    /// The parked stop has met its price, or a gap beyond it: all leaves there, slippage against it.
    pub(super) fn leave_at_stop(&mut self, id: u32, side: i8) {
        self.note_exit(id, "hit_stop");
        self.cancel_entries(id, "stopped out");
        self.cancel_reduction(id, "stopped out");
        loop {
            let held = self.instances[id as usize].book.quantity() * i64::from(side);
            // A slice's fill may break a limit of the day: the exit of that limit then takes all that is left.
            if held <= 0 || self.instances[id as usize].exit.is_some() {
                return;
            }
            let quantity = self.slice(id, held);
            let limit = self.exit_price(id, -side, false);
            let sent = limit.and_then(|limit| self.send_exit(id, Role::Stop, -side, (limit, quantity), "stop"));
            let Some(slot) = sent else {
                self.close_later(id, Role::Stop);
                return;
            };
            self.release(slot);
            match self.orders.get(slot).and_then(|order| self.paper_price(order)) {
                Some(price) => self.fill(slot, quantity, price),
                None => self.watch_exit(slot), // locked at its circuit
            }
        }
    }
}

/// What a price comes to first.
fn nearest(met: Vec<(i64, Met)>, from: i64) -> Option<(i64, Met)> {
    met.into_iter().min_by_key(|(price, met)| ((price - from).abs(), met.rank()))
}

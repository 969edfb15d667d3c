//! The way of a price within one candle, which nobody has kept: taken so that it flatters no position.
//!
//! From the open to the extreme that is worse for the position, to the other one, to the close; while flat, to the nearer
//! extreme first. Prices move without gaps, so a stop leaves at its own price and slippage; limits and targets fill at
//! theirs when the price goes strictly through. What fills an entry inside the candle ends that way: after it counts the
//! rest of the way to that extreme, and the way from there to the close, and nothing that may have been before.

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
            Self::Order(_) => 1,
            Self::Target(_) | Self::Part(_) => 2,
        }
    }
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
        let low_first = if held == 0 { open - range.low <= range.high - open } else { held > 0 };
        let (first, second) = if low_first { (range.low, range.high) } else { (range.high, range.low) };
        if !self.walk_to(id, first) {
            self.walk_to(id, second);
        }
        self.walk_to(id, range.close);
    }

    /// Moves the price to `to`, through all that lies in between; true when that opened a position or added to it.
    fn walk_to(&mut self, id: u32, to: i64) -> bool {
        let instrument = self.instances[id as usize].instrument as usize;
        let mut entered = false;
        while let Some((price, met)) = self.next_met(id, to) {
            self.markets[instrument].last = price;
            let side = self.instances[id as usize].book.quantity().signum() as i8;
            match met {
                Met::Stop => self.leave_at_stop(id, side),
                Met::Target(target) => self.leave_at_target(id, side, target),
                Met::PartStop => self.watch_open_parts(id, side),
                Met::Part(at) => self.take_part(id, side, at),
                Met::Order(slot) => entered |= self.fill_resting(slot),
            }
        }
        self.markets[instrument].last = to;
        let i = &mut self.instances[id as usize];
        let held = i.book.quantity();
        i.protection.see(held, to);
        if held != 0 {
            self.watch_open_parts(id, held.signum() as i8);
        }
        // What waits for a trigger is an order from here on, which meets the next open.
        self.watch_triggers(id);
        entered
    }

    /// The nearest of what lies on the way from the instrument's price to another.
    fn next_met(&self, id: u32, to: i64) -> Option<(i64, Met)> {
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
        met.into_iter().min_by_key(|(price, met)| ((price - from).abs(), met.rank()))
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

//! A position that leaves in parts: each has its target or its trail, the stop is everybody's, no unit leaves twice.

use super::Kernel;
use super::exit::REPRICE_NS;
use super::hooks::{HookArg, number};
use super::order::{Event, Order, Role};
use super::risk::Refusal;
use super::size::Basis;
use crate::record::{ExitPart, PriceSpec, TimerClass};
use serde::{Deserialize, Serialize};

/// Shares are reckoned in parts of this.
const WHOLE: i64 = 1_000_000_000;
/// As many parts as an order can name.
const PARTS_MAX: usize = 16;

/// A part of an open position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its share, in billionths.
    pub share: i64,
    /// A price strictly beyond it fills there, 0 for none.
    pub target: i64,
    /// Its own stop follows the best price at this distance, 0 for none.
    pub trail: i64,
    /// Units of the position that are still its own.
    pub left: i64,
    /// Its trail was met: it leaves as soon as no other order is on its way out.
    pub hit: bool,
    /// It has left.
    pub done: bool,
}

/// The shares of parts in billionths; what they leave is the last one, where that is anything.
pub(super) fn shares(exits: &[ExitPart]) -> Result<Vec<i64>, Refusal> {
    let bad = || Refusal {
        code: "bad_exits",
        sentence: "Parts have shares above 0 that add up to 1 at most, and are no more than 16.",
        limit: WHOLE,
        value: exits.len() as i64,
    };
    let mut shares = Vec::with_capacity(exits.len());
    for part in exits {
        if !(0.0..=1.0).contains(&part.share) {
            return Err(bad());
        }
        shares.push((part.share * WHOLE as f64).round() as i64);
    }
    // Three thirds are one, whatever rounding makes of them.
    let sum: i64 = shares.iter().sum();
    let (rest, open) = (WHOLE - sum, exits.iter().filter(|part| part.share == 0.0).count());
    if open > 1 || rest < -(PARTS_MAX as i64) || (open == 1 && rest <= PARTS_MAX as i64) || exits.len() > PARTS_MAX {
        return Err(bad());
    }
    shares.iter_mut().filter(|share| **share == 0).for_each(|share| *share = rest);
    Ok(shares)
}

/// The nearest of all targets, 0 for none; `None` where one of them, or a trail of a part, is no price.
pub(super) fn nearest_target(basis: Basis, whole: PriceSpec, exits: &[ExitPart]) -> Option<i64> {
    let mut nearest = basis.price(whole, true)?;
    for part in exits {
        let trail = basis.trail(part.trail)?;
        if basis.side > 0 && trail >= basis.entry {
            return None; // it would follow below nothing and never stop
        }
        let target = basis.price(part.target, true)?;
        let nearer = nearest == 0 || (nearest - target) * i64::from(basis.side) > 0;
        nearest = if target > 0 && nearer { target } else { nearest };
    }
    Some(nearest)
}

/// The parts at the price of an entry; what parts of the same entry have been through stays.
pub(super) fn armed(exits: &[ExitPart], basis: Basis, old: &[Part], moved: bool) -> Vec<Part> {
    // What was right at the expected entry is right at the real one too, but for extremes.
    let Ok(mut shares) = shares(exits) else {
        return Vec::new();
    };
    let rest = WHOLE - shares.iter().sum::<i64>();
    if !exits.is_empty() && rest > PARTS_MAX as i64 {
        shares.push(rest); // it has nothing but the stop
    }
    let part = |(at, share): (usize, i64)| {
        let (spec, old) = (exits.get(at), old.get(at));
        let target = spec.and_then(|part| basis.price(part.target, true)).unwrap_or(0);
        Part {
            share,
            target: old.filter(|_| moved).map_or(target, |old| old.target),
            trail: spec.and_then(|part| basis.trail(part.trail)).unwrap_or(0),
            left: 0,
            hit: old.is_some_and(|old| old.hit),
            done: old.is_some_and(|old| old.done),
        }
    };
    shares.into_iter().enumerate().map(part).collect()
}

/// Gives every unit that is held to a part that has not left: whole lots by shares, the remainder to the last.
pub(super) fn spread(parts: &mut [Part], held: i64, lot: i64) {
    let Some(last) = parts.iter().rposition(|part| !part.done) else {
        return;
    };
    let open: i64 = parts.iter().filter(|part| !part.done).map(|part| part.share).sum();
    let mut rest = held;
    for part in &mut parts[..last] {
        // A third of nine is three, though a third in billionths is a little less.
        let exact = i128::from(held) * i128::from(part.share + 1) / i128::from(open.max(1));
        let units = i64::try_from(exact).unwrap_or(held).min(rest) / lot * lot;
        part.left = if part.done { 0 } else { units };
        rest -= part.left;
    }
    parts[last].left = rest;
    parts[last + 1..].iter_mut().for_each(|part| part.left = 0);
}

impl Kernel {
    /// Looks at the parts of a position after an applied tick, trails before targets.
    pub(super) fn watch_parts(&mut self, id: u32, side: i8) {
        let i = &mut self.instances[id as usize];
        let market = &self.markets[i.instrument as usize];
        let (last, best) = (market.last, i.protection.best);
        let met = |trail: i64| trail > 0 && (last - best) * i64::from(side) <= -trail;
        for part in i.protection.parts.iter_mut().filter(|part| !part.done) {
            part.hit |= met(part.trail);
            part.done = part.hit && part.left == 0;
        }
        if i.retry_at > self.now || i.exit.is_some_and(|slot| self.orders.get(slot).is_none_or(|o| o.parts != 0)) {
            return; // at most one order is on its way out; a part whose trail was met does not forget it
        }
        let leaving = |part: &Part| part.hit && !part.done;
        let parts = mask(&i.protection.parts, leaving);
        if parts != 0 {
            self.stop_parts(id, side, parts);
            return;
        }
        let quote = if side > 0 { market.bid.price } else { market.ask.price };
        let through = |price: i64, target: i64| price > 0 && (price - target) * i64::from(side) > 0;
        let reached =
            |part: &Part| !part.done && part.target > 0 && (through(last, part.target) || through(quote, part.target));
        let reached = mask(&i.protection.parts, reached);
        for at in (0..PARTS_MAX).filter(|at| names(reached, *at)) {
            self.take_part(id, side, at);
        }
    }

    /// Parts whose trail was met leave at the market, on a day of candles where it was met; the rest stays guarded.
    fn stop_parts(&mut self, id: u32, side: i8, parts: u16) {
        self.note_exit(id, "hit_stop");
        self.make_room(id, side, "a part is stopped out");
        if self.opened_at > 0 {
            self.leave_parts(id, side, parts);
            return;
        }
        let left = self.units_of_parts(id, parts);
        let price = self.exit_price(id, -side, false);
        let slot = price.and_then(|price| self.send_part(id, Role::Stop, (price, self.slice(id, left)), parts));
        match slot {
            Some(slot) => self.timers.arm(TimerClass::Reprice, slot, self.now + REPRICE_NS),
            None => self.instances[id as usize].retry_at = self.now + REPRICE_NS,
        }
    }

    /// Parts leave at the price that met their trail, slippage against them, as a stop of the whole does.
    fn leave_parts(&mut self, id: u32, side: i8, parts: u16) {
        loop {
            let left = self.units_of_parts(id, parts);
            // A slice's fill may break a limit of the day: the exit of that limit then takes all that is left.
            if left == 0 || self.instances[id as usize].exit.is_some() {
                return;
            }
            let quantity = self.slice(id, left);
            let price = self.exit_price(id, -side, false);
            let Some(slot) = price.and_then(|price| self.send_part(id, Role::Stop, (price, quantity), parts)) else {
                self.instances[id as usize].retry_at = self.now + REPRICE_NS;
                return;
            };
            self.release(slot);
            match self.orders.get(slot).and_then(|order| self.paper_price(order)) {
                Some(price) => self.fill(slot, quantity, price),
                None => self.watch_exit(slot), // locked at its circuit
            }
        }
    }

    /// The parked target of a part fills at its own price, in as many orders as the freeze quantity makes of it.
    pub(super) fn take_part(&mut self, id: u32, side: i8, at: usize) {
        let Some(target) = self.instances[id as usize].protection.parts.get(at).map(|part| part.target) else {
            return; // what another part brought has closed everything
        };
        self.note_exit(id, "hit_target");
        self.make_room(id, side, "a part reached its target");
        loop {
            // A slice's fill may break a limit of the day: the exit of that limit then takes all that is left.
            let i = &mut self.instances[id as usize];
            let Some(part) = i.protection.parts.get_mut(at).filter(|part| !part.done) else {
                return;
            };
            if i.exit.is_some() {
                return;
            }
            let left = part.left;
            if left == 0 {
                part.done = true; // too few units for every part
                return;
            }
            let quantity = self.slice(id, left);
            let Some(slot) = self.send_part(id, Role::Target, (target, quantity), 1 << at) else {
                self.instances[id as usize].retry_at = self.now + REPRICE_NS;
                return;
            };
            self.release(slot);
            self.fill(slot, quantity, target);
        }
    }

    /// Takes back what would close the units of a part once more.
    fn make_room(&mut self, id: u32, side: i8, reason: &str) {
        self.cancel_reduction(id, reason);
        self.cancel_opposite(id, side, reason);
    }

    /// Cancels the working entries that stand against a side.
    pub(super) fn cancel_opposite(&mut self, id: u32, side: i8, reason: &str) {
        let against = |slot: &u32| self.orders.get(*slot).is_some_and(|o| o.side != side);
        let slots: Vec<u32> = self.instances[id as usize].entries.iter().copied().filter(against).collect();
        for slot in slots {
            self.end_order(slot, Event::Cancel, reason);
        }
    }

    fn send_part(&mut self, id: u32, role: Role, price: (i64, i64), parts: u16) -> Option<u32> {
        let side = -(self.instances[id as usize].book.quantity().signum() as i8);
        let slot = self.send_exit(id, role, side, price, "a part leaves")?;
        self.orders.get_mut(slot)?.parts = parts;
        Some(slot)
    }

    /// Takes the order of a part back.
    pub(super) fn recall_part(&mut self, id: u32, reason: &str) {
        let exit = self.instances[id as usize].exit;
        if let Some(slot) = exit.filter(|slot| self.orders.get(*slot).is_some_and(|o| o.parts != 0)) {
            self.end_order(slot, Event::Cancel, reason);
        }
    }

    fn units_of_parts(&self, id: u32, parts: u16) -> i64 {
        let of = |(at, part): (usize, &Part)| if names(parts, at) { part.left } else { 0 };
        self.instances[id as usize].protection.parts.iter().enumerate().map(of).sum()
    }

    /// Books a fill on the parts: those that the order closes, or all of them where it knows none.
    pub(super) fn settle_parts(&mut self, order: &Order, quantity: i64) {
        let i = &mut self.instances[order.instance as usize];
        let (held, lot) = (i.book.quantity().abs(), self.markets[order.instrument as usize].def.lot);
        if order.parts == 0 {
            spread(&mut i.protection.parts, held, lot);
            return;
        }
        let (mut rest, mut left) = (quantity, Vec::new());
        for (at, part) in i.protection.parts.iter_mut().enumerate().filter(|(at, _)| names(order.parts, *at)) {
            let taken = rest.min(part.left);
            part.left -= taken;
            rest -= taken;
            if part.left == 0 && !part.done {
                part.done = true;
                left.push(at as u8 + 1);
            }
        }
        let hook = if order.role == Role::Target { number::TARGET } else { number::STOP };
        for part in left {
            self.hook(order.instance, hook, HookArg::Trade { intent: order.id.intent.counter, part });
        }
    }
}

/// Whether an order's bits name a part; the rest that sixteen parts leave over has none.
pub(super) fn names(bits: u16, at: usize) -> bool {
    at < PARTS_MAX && bits & 1 << at != 0
}

fn mask(parts: &[Part], wanted: impl Fn(&Part) -> bool) -> u16 {
    let bits = parts.iter().take(PARTS_MAX).enumerate().filter(|(_, part)| wanted(part));
    bits.fold(0, |mask, (at, _)| mask | 1 << at)
}

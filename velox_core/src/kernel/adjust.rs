//! Changing an open trade: more of it, less of it, its stop, its target.

use super::Kernel;
use super::order::Role;
use super::size::{Basis, Sized, quantity_given, risk_distance};
use crate::fixed::{ONE, from_float, mul_div, to_float};
use crate::record::{Intent, PriceKind, PriceSpec, SizeKind};

impl Kernel {
    /// Whether an intent is about a position that is open; its owner is told where it is not.
    fn is_about_position(&mut self, intent: &Intent, flat: &str) -> bool {
        let id = intent.id.instance;
        if self.instances[id as usize].book.quantity() == 0 {
            self.tell(id, "no_position", flat);
            return false;
        }
        !self.is_over(intent)
    }

    /// Whether an intent is about a trade that is over; its owner is told when that might be mistaken for the next one.
    fn is_over(&mut self, intent: &Intent) -> bool {
        let i = &self.instances[intent.id.instance as usize];
        let since = i.protection.since;
        let before = i.book.quantity() != 0 && (intent.id.date, intent.trade) < (since.date, since.counter);
        let closed = !i.protection.is_of(intent.trade) && i.trade(intent.trade).is_some();
        let over = intent.trade != 0 && (before || closed);
        if over && i.book.quantity() != 0 {
            self.tell(intent.id.instance, "trade_over", "The trade is over: nothing was changed.");
        }
        over
    }

    /// The strategy moves its stop.
    pub(super) fn move_stop(&mut self, intent: &Intent) {
        if !self.is_about_position(intent, "There is no position whose stop could move.") {
            return;
        }
        match self.moved(intent, intent.stop, false) {
            Some(stop) => {
                self.instances[intent.id.instance as usize].protection.stop = stop;
                self.note_exit(intent.id.instance, "moved");
            }
            None => self.refuse_plain(intent, "bad_price", "The stop is not a price."),
        }
    }

    /// The strategy moves its target.
    pub(super) fn move_target(&mut self, intent: &Intent) {
        if !self.is_about_position(intent, "There is no position whose target could move.") {
            return;
        }
        match self.moved(intent, intent.target, true) {
            Some(target) => {
                let guard = &mut self.instances[intent.id.instance as usize].protection;
                *guard.next_target() = target;
                guard.target_moved = true;
                self.note_exit(intent.id.instance, "moved");
            }
            None => self.refuse_plain(intent, "bad_price", "The target is not a price."),
        }
    }

    /// Where a stop or target is moved to, reckoned from what the position cost.
    fn moved(&self, intent: &Intent, spec: PriceSpec, gain: bool) -> Option<i64> {
        let i = &self.instances[intent.id.instance as usize];
        let side = i.book.quantity().signum() as i8;
        let tick = self.markets[i.instrument as usize].def.tick;
        let basis = Basis { side, entry: i.protection.entry, risk: i.protection.risk, tick };
        basis.price(spec, gain).filter(|price| *price > 0)
    }

    /// `exit`: all of the position, or a part of it at the market.
    pub(super) fn leave(&mut self, intent: &Intent) {
        let id = intent.id.instance;
        if self.is_over(intent) {
            return;
        }
        let held = self.instances[id as usize].book.quantity().abs();
        let part = match intent.size_kind {
            SizeKind::None => held,
            SizeKind::Share => self.share_of(id, held, intent.size),
            _ => match self.units_of(intent) {
                Sized::Units(units, _) => units.min(held),
                Sized::TooLarge(_) => held,
                Sized::TooSmall(_) => 0,
            },
        };
        if held == 0 && intent.size_kind != SizeKind::None {
            self.tell(id, "no_position", "There is no position of which a part could leave.");
        } else if part == held {
            self.instances[id as usize].waiting = None;
            self.cancel_entries(id, "left");
            self.exit_position(id, Role::Exit, &intent.reason);
        } else if part == 0 {
            self.tell(id, "too_small", "No order: the part is not a whole lot of the position.");
        } else if self.instances[id as usize].exit.is_some() {
            self.tell(id, "exit_working", "An exit works already: every unit has at most one.");
        } else {
            // A flip that works would close the same units once more.
            self.cancel_entries(id, "a part leaves");
            self.reduce(id, part, None, &intent.reason);
        }
    }

    /// Whole lots of a share of the position, rounded down; all of it from 1 on.
    fn share_of(&self, id: u32, held: i64, share: f64) -> i64 {
        let lot = self.markets[self.instances[id as usize].instrument as usize].def.lot;
        if share >= 1.0 {
            return held;
        }
        // A third of nine is three: what floats lose is given back before the rest is cut off. NaN gives 0.
        let units = (held as f64 * share.max(0.0) + 1e-6) as i64;
        units / lot * lot
    }

    /// `add`: more of the position under the same protection.
    pub(super) fn add(&mut self, intent: &Intent) {
        let id = intent.id.instance;
        if !self.is_about_position(intent, "There is no position to add to.") {
            return;
        }
        if self.leaves(id) {
            self.tell(id, "exit_working", "The position leaves already: nothing is added.");
            return;
        }
        let side = self.instances[id as usize].book.quantity().signum() as i8;
        self.cancel_opposite(id, side, "a newer increment");
        if self.in_entry_window(id) {
            // What is added risks its way to the stop that is there.
            let stop = self.instances[id as usize].protection.effective_stop(side);
            let stop = if stop == 0 { PriceSpec::default() } else { at_price(stop) };
            let (target, trail) = (PriceSpec::default(), PriceSpec::default());
            self.open(&Intent { side, stop, target, trail, exits: Vec::new(), ..intent.clone() }, side, 0);
        } else {
            self.tell(id, "outside_window", "Outside the entry window nothing is opened.");
        }
    }

    /// `resize`: what works is taken back, and the position becomes as large as this.
    pub(super) fn resize(&mut self, intent: &Intent) {
        let id = intent.id.instance;
        if !self.is_about_position(intent, "There is no position to resize.") {
            return;
        }
        if self.leaves(id) {
            self.tell(id, "exit_working", "The position leaves already: it is not resized.");
            return;
        }
        let units = match self.units_of(intent) {
            Sized::Units(units, _) => units,
            Sized::TooLarge(units) => {
                self.refuse(intent.id, &super::entry::too_large(units));
                return;
            }
            Sized::TooSmall(why) => {
                self.tell(id, "too_small", &format!("No order: {why}."));
                return;
            }
        };
        self.cancel_reduction(id, "a newer size");
        self.cancel_entries(id, "a newer size");
        let held = self.instances[id as usize].book.quantity().abs();
        if units < held {
            self.reduce(id, held - units, None, &intent.reason);
        } else if units > held {
            let (size_kind, size) = (SizeKind::Quantity, (units - held) as f64);
            self.add(&Intent { size_kind, size, ..intent.clone() });
        }
    }

    /// Units of the whole position that a size means, before any limit: risk counts from cost to the stop that is there.
    pub(super) fn units_of(&self, intent: &Intent) -> Sized {
        let i = &self.instances[intent.id.instance as usize];
        let market = &self.markets[i.instrument as usize];
        let lot = market.def.lot;
        let (entry, side) = (i.protection.entry, i.book.quantity().signum() as i8);
        let stop = i.protection.effective_stop(side);
        let rupees = from_float(intent.size).map(i128::from).filter(|rupees| *rupees > 0);
        let risk = match intent.size_kind {
            SizeKind::Quantity => return quantity_given(intent.size, lot),
            SizeKind::Lots => return quantity_given(intent.size * lot as f64, lot),
            SizeKind::None | SizeKind::Share => return Sized::TooSmall("no size was given".to_owned()),
            SizeKind::Notional | SizeKind::NotionalOrLot => {
                return in_lots(rupees.unwrap_or(0) / i128::from(market.last.max(1)), lot);
            }
            SizeKind::RiskPercent | SizeKind::RiskPercentOrLot => {
                rupees.and_then(|p| mul_div(i128::from(i.capital), p, 100 * i128::from(ONE)))
            }
            SizeKind::RiskRupees | SizeKind::RiskRupeesOrLot => rupees,
        };
        match risk {
            Some(risk) if stop > 0 => in_lots(risk / i128::from(risk_distance(entry, stop, market.def.tick)), lot),
            Some(_) | None => Sized::TooSmall("a risk size needs a stop and a positive amount".to_owned()),
        }
    }
}

fn at_price(price: i64) -> PriceSpec {
    PriceSpec { kind: PriceKind::Price, value: to_float(price) }
}

fn in_lots(units: i128, lot: i64) -> Sized {
    match i64::try_from(units).unwrap_or(i64::MAX) / lot * lot {
        0 => Sized::TooSmall(format!("it is less than one lot of {lot}")),
        units if units > crate::fixed::UNITS_MAX => Sized::TooLarge(units),
        units => Sized::Units(units, None),
    }
}

//! Structures: two legs that are one position. Both are opened with the same value or none is; a leg that does not fill
//! takes the other one back, and a leg that leaves takes the other one along.

use super::Kernel;
use super::check::{Checked, fault};
use super::order::Role;
use super::risk::Refusal;
use super::size::Sized;
use crate::fixed::{ONE, from_float, mul_div};
use crate::kernel::charges::RATE_ONE;
use crate::record::{Action, CorporateAction, Intent, IntentId, SizeKind, Structure};
use serde::{Deserialize, Serialize};

/// A structure on its way, or open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) legs: [Leg; 2],
    unwind: bool,
    together: bool,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leg {
    intent: IntentId,
    side: i8,
    pub(super) units: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// The entries work.
    Opening,
    /// Both legs are held.
    Open,
    /// Both are to be flat.
    Closing,
}

impl Kernel {
    /// Whether a record can be a structure: two instances of one account that are there, each long or short by a value.
    pub(super) fn check_structure(&self, structure: &Structure) -> Checked {
        let [one, other] = &structure.legs;
        for leg in &structure.legs {
            if self.instances.get(leg.id.instance as usize).is_none() {
                return fault(format!("strategy {} is not there", leg.id.instance));
            }
            if leg.action != Action::Go || leg.side.abs_diff(0) != 1 || leg.size_kind != SizeKind::Notional {
                return fault("a leg of a structure is a target, long or short, of a value".to_owned());
            }
        }
        let [a, b] = [one, other].map(|leg| &self.instances[leg.id.instance as usize]);
        if a.id == b.id || a.account != b.account {
            return fault("the legs of a structure are two strategies on one account".to_owned());
        }
        Ok(())
    }

    pub(super) fn apply_structure(&mut self, structure: &Structure) {
        let ids = structure.legs.each_ref().map(|leg| leg.id.instance);
        for leg in &structure.legs {
            let instance = &mut self.instances[leg.id.instance as usize];
            instance.intents = instance.intents.max(leg.id.counter);
        }
        let wished = |pair: &Pair| {
            let alike = |(leg, wish): (&Leg, &Intent)| leg.side == wish.side && leg.intent.instance == wish.id.instance;
            pair.stage != Stage::Closing
                && !(pair.stage == Stage::Open && pair.legs.iter().any(|leg| self.held_of(leg) == 0))
                && (pair.legs.iter().zip(&structure.legs).all(alike)
                    || pair.legs.iter().rev().zip(&structure.legs).all(alike))
        };
        if ids.iter().any(|id| self.is_at_broker(*id)) {
            let sentence = "The legs of a structure trade on paper alone.";
            self.refuse_legs(structure, &Refusal { code: "not_at_broker", sentence, limit: 0, value: 0 });
            return;
        }
        if self.pairs.iter().any(wished) {
            return; // as with a target that is held already: neither quantity nor stop changes
        }
        if ids.iter().any(|id| self.instances[*id as usize].is_engaged()) {
            let sentence = "A leg is held already or has an order: a structure opens what is flat.";
            self.refuse_legs(structure, &Refusal { code: "leg_busy", sentence, limit: 0, value: 0 });
        } else if ids.iter().any(|id| !self.in_entry_window(*id)) {
            for id in ids {
                self.tell(id, "outside_window", "Outside the entry window nothing is opened.");
            }
        } else if let Some(units) = self.size_legs(structure) {
            self.open_legs(structure, units);
        }
    }

    fn refuse_legs(&mut self, structure: &Structure, refusal: &Refusal) {
        for leg in &structure.legs {
            self.refuse(leg.id, refusal);
        }
    }

    /// Units of both legs of the same value: what is asked for, or what limits and buying power leave to the smaller.
    fn size_legs(&mut self, structure: &Structure) -> Option<[i64; 2]> {
        let value = |units: i64, price: i64| i128::from(units) * i128::from(price);
        let mut prices = [0; 2];
        let (mut least, mut margin) = (i128::MAX, 0);
        for (leg, price) in structure.legs.iter().zip(&mut prices) {
            let sized = self.leg_units(leg, leg.size);
            let (units, entry) = self.sized_leg(structure, leg, sized)?;
            *price = entry;
            let instance = &self.instances[leg.id.instance as usize];
            let share = self.accounts[instance.account as usize].margin_share(self.kind_of(instance.id));
            margin += mul_div(value(units, entry), i128::from(share), RATE_ONE).unwrap_or(i128::MAX / 4);
            // A lot that does not fit makes no leg the smaller one.
            let lot = self.markets[instance.instrument as usize].def.lot;
            let asked = from_float(leg.size).map_or(0, i128::from);
            let cut = value(units + lot, entry) <= asked;
            least = least.min(if cut { value(units, entry) } else { asked });
        }
        let account = self.instances[structure.legs[0].id.instance as usize].account;
        let power = self.buying_power(account, None).max(0).saturating_mul(95) / 100;
        if margin > power {
            least = mul_div(least, power, margin).unwrap_or(0);
        }
        let rupees = least as f64 / ONE as f64;
        let mut units = [0; 2];
        for (leg, found) in structure.legs.iter().zip(&mut units) {
            let sized = self.leg_units(leg, rupees);
            (*found, _) = self.sized_leg(structure, leg, sized)?;
        }
        Some(units)
    }

    /// Units of one leg that are worth so many rupees, and the price at which it would fill.
    fn leg_units(&self, leg: &Intent, rupees: f64) -> Result<(Sized, i64), Refusal> {
        let (entry, limit) = self.entry_at(leg, leg.side)?;
        let wish = Intent { size: rupees, ..leg.clone() };
        Ok((self.size_entry(&wish, (entry, limit), None, 0), entry))
    }

    /// What cannot be sized is told to both legs.
    fn sized_leg(
        &mut self,
        structure: &Structure,
        leg: &Intent,
        sized: Result<(Sized, i64), Refusal>,
    ) -> Option<(i64, i64)> {
        match sized {
            Ok((Sized::Units(units, _), entry)) => return Some((units, entry)),
            Ok((Sized::TooSmall(why), _)) => {
                let market = self.instances[leg.id.instance as usize].instrument;
                let sentence = format!("No order in either leg: of {}, {why}.", self.markets[market as usize].def.name);
                for leg in &structure.legs {
                    self.tell(leg.id.instance, "too_small", &sentence);
                }
            }
            Ok((Sized::TooLarge(units), _)) => self.refuse_legs(structure, &super::entry::too_large(units)),
            Err(refusal) => self.refuse_legs(structure, &refusal),
        }
        None
    }

    /// Places both entries; where the second is refused, the first is taken back before it can leave.
    fn open_legs(&mut self, structure: &Structure, units: [i64; 2]) {
        let mut opened: Vec<u32> = Vec::new();
        for (leg, units) in structure.legs.iter().zip(units) {
            let id = leg.id.instance;
            self.open(&Intent { size_kind: SizeKind::Quantity, size: units as f64, ..leg.clone() }, leg.side, 0);
            if self.instances[id as usize].entries.is_empty() {
                let sentence = "The other leg of the structure cannot be opened.";
                for other in opened {
                    self.cancel_entries(other, "the other leg cannot be opened");
                    let [one, two] = structure.legs.each_ref().map(|leg| leg.id);
                    let intent = if one.instance == other { one } else { two };
                    self.refuse(intent, &Refusal { code: "other_leg", sentence, limit: 0, value: 0 });
                }
                return;
            }
            opened.push(id);
        }
        let [one, other] = &structure.legs;
        let leg = |wish: &Intent, units| Leg { intent: wish.id, side: wish.side, units };
        self.pairs.push(Pair {
            legs: [leg(one, units[0]), leg(other, units[1])],
            unwind: structure.unwind,
            together: structure.together,
            stage: Stage::Opening,
        });
    }

    /// After every record: whether legs have filled, have missed or have left.
    pub(super) fn watch_pairs(&mut self) {
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.retain_mut(|pair| self.goes_on(pair));
        pairs.append(&mut self.pairs);
        self.pairs = pairs;
    }

    /// Units that are held of a leg.
    fn held_of(&self, leg: &Leg) -> i64 {
        let quantity = self.instances[leg.intent.instance as usize].book.quantity();
        (quantity * i64::from(leg.side)).max(0)
    }

    fn is_leg_alive(&self, leg: &Leg) -> bool {
        self.held_of(leg) > 0 || !self.instances[leg.intent.instance as usize].entries.is_empty()
    }

    /// Whether two strategies are legs of one structure: a hook of one may then speak for the other.
    pub fn are_legs(&self, one: u32, other: u32) -> bool {
        let has = |pair: &Pair, id: u32| pair.legs.iter().any(|leg| leg.intent.instance == id);
        self.pairs.iter().any(|pair| has(pair, one) && has(pair, other))
    }

    /// Whether there is more to watch of a pair.
    fn goes_on(&mut self, pair: &mut Pair) -> bool {
        if pair.stage == Stage::Opening {
            let missed = |leg: &Leg| {
                self.instances[leg.intent.instance as usize].entries.is_empty() && self.held_of(leg) < leg.units
            };
            match pair.legs.iter().position(missed) {
                Some(place) if pair.unwind => self.unwind(pair, place),
                // What has filled is the strategy's to look after.
                Some(_) => (pair.stage, pair.together) = (Stage::Open, false),
                None if pair.legs.iter().all(|leg| self.held_of(leg) >= leg.units) => pair.stage = Stage::Open,
                None => {}
            }
        }
        if pair.stage == Stage::Open && !pair.together {
            return pair.legs.iter().any(|leg| self.is_leg_alive(leg));
        }
        if pair.stage == Stage::Open && pair.legs.iter().any(|leg| self.held_of(leg) == 0) {
            pair.stage = Stage::Closing;
            for leg in pair.legs {
                self.leave_leg(&leg, "the other leg has left");
            }
        }
        if pair.stage == Stage::Closing {
            // Once it is flat, what a strategy opens anew is a position of its own.
            for leg in &mut pair.legs {
                leg.units = leg.units.min(self.held_of(leg));
            }
        }
        pair.legs.iter().any(|leg| leg.units > 0)
    }

    /// A leg has ended without its units: all that was opened beside it leaves at once.
    fn unwind(&mut self, pair: &mut Pair, missed: usize) {
        pair.stage = Stage::Closing;
        let sentence = "A leg of the structure did not fill: the other one is taken back.";
        for leg in pair.legs {
            self.cancel_entries(leg.intent.instance, "the other leg did not fill");
            self.leave_leg(&leg, "the other leg did not fill");
        }
        self.refuse(pair.legs[missed].intent, &Refusal { code: "leg_unfilled", sentence, limit: 0, value: 0 });
    }

    /// Counts the legs on an instrument in the shares of after a corporate action, whole ones as in the book.
    pub(super) fn convert_legs(&mut self, action: &CorporateAction) {
        for leg in self.pairs.iter_mut().flat_map(|pair| &mut pair.legs) {
            if self.instances[leg.intent.instance as usize].instrument == action.instrument {
                leg.units = (i128::from(leg.units) * i128::from(action.new) / i128::from(action.old)) as i64;
            }
        }
    }

    fn leave_leg(&mut self, leg: &Leg, reason: &'static str) {
        let id = leg.intent.instance;
        self.cancel_entries(id, reason);
        if self.instances[id as usize].book.quantity() != 0 {
            self.tell(id, "leg_left", "The other leg of the structure is gone: this one leaves.");
            self.exit_position(id, Role::Unwind, reason);
        }
    }

    /// An open pair has both its legs, and one that closes is on its way out of each.
    #[cfg(any(test, fuzzing))]
    pub(super) fn assert_pairs(&self) {
        for pair in &self.pairs {
            let legs = pair.legs.map(|leg| &self.instances[leg.intent.instance as usize]);
            for (leg, i) in pair.legs.iter().zip(legs) {
                let held = i.book.quantity() * i64::from(leg.side);
                match pair.stage {
                    Stage::Opening => assert!(held >= leg.units || !i.entries.is_empty(), "a leg missed: {pair:?}"),
                    Stage::Open => assert!(held > 0 || !pair.together, "a leg of a structure is not held: {pair:?}"),
                    Stage::Closing if leg.units > 0 => assert!(i.closing.is_some(), "a leg is naked: {pair:?}"),
                    Stage::Closing => {}
                }
            }
        }
    }
}

//! Shares that are kept over the day, or sold from before it: they are delivered, and cost what delivery costs.
//!
//! Which shares these are is known when the day is over, since what is bought and sold on one day never is delivered. Until
//! then each fill is charged as if it were of the day; at its end the difference is charged, on the average price of
//! the side that is left over.

use super::account::narrow;
use super::charges::{self, Charges};
use super::{Instance, Kernel};
use crate::fixed::mul_div;
use crate::record::{ChargeRates, Delivery, KIND_SHARE, Kind};
use serde::{Deserialize, Serialize};

/// The products of the dated facts between which a share's trades are told apart.
const INTRADAY: &str = "cash-intraday";
const DELIVERY: &str = "cash-delivery";

/// One side of a day.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Side {
    units: i64,
    value: i128,
    brokerage: i128,
}

/// What an instance has bought and sold this day.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct DayTrades {
    bought: Side,
    sold: Side,
}

impl Side {
    fn add(&mut self, other: &Self) {
        self.units = self.units.saturating_add(other.units);
        self.value += other.value;
        self.brokerage += other.brokerage;
    }
}

impl DayTrades {
    /// Adds a fill.
    pub(super) fn note(&mut self, side: i8, units: i64, value: i128, brokerage: i128) {
        let of = if side > 0 { &mut self.bought } else { &mut self.sold };
        of.add(&Side { units, value, brokerage });
    }

    /// The side that is left over, its units and its sums, where the day ends with `held`.
    fn left_over(&self, held: i64) -> Option<(i8, i64, Side)> {
        let (bought, sold) = (self.bought.units, self.sold.units);
        let from_before = held.saturating_add(sold).saturating_sub(bought).max(0);
        let (side, units, of) = if bought > sold {
            (1, (bought - sold).min(held), self.bought)
        } else {
            (-1, (sold - bought).min(from_before), self.sold)
        };
        (units > 0).then_some((side, units, of))
    }
}

impl Kernel {
    /// Charges what was delivered this day, once it is over: to an account, for all that its strategies did in a share.
    pub(super) fn charge_delivery(&mut self) {
        let mut desks: Vec<(u32, u32)> = Vec::new();
        for desk in self.instances.iter().map(|i| (i.account, i.instrument)) {
            if !desks.contains(&desk) {
                desks.push(desk);
            }
        }
        for (account, instrument) in desks {
            self.charge_desk(account, instrument);
        }
        for instance in &mut self.instances {
            instance.day = DayTrades::default();
        }
    }

    fn charge_desk(&mut self, account: u32, instrument: u32) {
        let here = self.instances.iter().filter(|i| (i.account, i.instrument) == (account, instrument));
        let (mut day, mut held) = (DayTrades::default(), 0);
        for i in here.clone() {
            day.bought.add(&i.day.bought);
            day.sold.add(&i.day.sold);
            held += i.book.quantity();
        }
        let Some((side, units, of)) = day.left_over(held) else {
            return;
        };
        let def = &self.markets[instrument as usize].def;
        let all = self.facts.as_ref().map_or(&[][..], |f| &f.charges);
        let rates = all.get(usize::from(def.charges)).filter(|r| r.name == INTRADAY && def.kind == KIND_SHARE);
        let Some((rates, delivery)) = rates.zip(all.iter().find(|r| r.name == DELIVERY)) else {
            return;
        };
        let Some(costs) = difference(rates, delivery, side, units, of) else {
            return;
        };
        let (mut left, mut shares) = (units, Vec::new());
        for i in here.clone() {
            let own = i.day.left_over(i.book.quantity()).filter(|own| own.0 == side).map_or(0, |own| own.1.min(left));
            left -= own;
            shares.push((i.id, own));
        }
        // What one strategy has bought another may hold: whoever holds it, or sold it, pays for it.
        let has = |i: &&Instance| if side > 0 { i.book.quantity() > 0 } else { i.day.sold.units > 0 };
        let payer = here.clone().find(has).map(|i| i.id);
        shares.iter_mut().filter(|(id, _)| Some(*id) == payer).for_each(|(_, own)| *own += left);
        let (mut before, mut done) = (Charges::default(), 0);
        for (id, own) in shares.into_iter().filter(|(_, own)| *own > 0) {
            done += own;
            let until = costs.part(done, units);
            self.settle_delivery(id, i64::from(side) * own, &until.less(&before));
            before = until;
        }
    }

    fn settle_delivery(&mut self, id: u32, units: i64, costs: &Charges) {
        let i = &mut self.instances[id as usize];
        let (account, instrument) = (i.account, i.instrument);
        i.charges.add(costs);
        self.accounts[account as usize].charges.add(costs);
        let record = Delivery {
            account,
            instance: id,
            instrument,
            units,
            brokerage: narrow(costs.brokerage),
            stt: narrow(costs.stt),
            transaction: narrow(costs.transaction),
            sebi: narrow(costs.sebi),
            stamp: narrow(costs.stamp),
            gst: narrow(costs.gst),
        };
        self.decide(Kind::Delivery, &record);
        self.write_position(id);
    }
}

/// What delivery of `units` costs more than their fills were charged, line by line; `None` on overflow.
fn difference(rates: &ChargeRates, delivery: &ChargeRates, side: i8, units: i64, of: Side) -> Option<Charges> {
    let part = |sum: i128| mul_div(sum, i128::from(units), i128::from(of.units));
    let value = part(of.value)?;
    let due = charges::of_fill(delivery, side, value, 0)?;
    let free = ChargeRates { brokerage_rate: 0, brokerage_cap: 0, ..rates.clone() };
    let mut paid = charges::of_fill(&free, side, value, 0)?;
    paid.brokerage = part(of.brokerage)?;
    let taxed = paid.brokerage + paid.transaction + paid.sebi;
    paid.gst = mul_div(taxed, i128::from(rates.gst), charges::RATE_ONE)?;
    Some(due.less(&paid))
}

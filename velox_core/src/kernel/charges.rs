//! Charges of a fill by line, unrounded at 1e-8 rupees; only a contract note rounds.

use crate::fixed::mul_div;
use crate::record::ChargeRates;
use serde::{Deserialize, Serialize};

/// One in the rates' units.
pub const RATE_ONE: i128 = 10_000_000_000;

/// Charges by line; money at 1e-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the contract note's words
pub struct Charges {
    pub brokerage: i128,
    pub stt: i128,
    pub transaction: i128,
    pub sebi: i128,
    pub stamp: i128,
    pub gst: i128,
}

impl Charges {
    /// The sum of the lines.
    pub fn total(&self) -> i128 {
        self.brokerage + self.stt + self.transaction + self.sebi + self.stamp + self.gst
    }

    /// These lines without those of another.
    pub fn less(&self, other: &Self) -> Self {
        Self {
            brokerage: self.brokerage - other.brokerage,
            stt: self.stt - other.stt,
            transaction: self.transaction - other.transaction,
            sebi: self.sebi - other.sebi,
            stamp: self.stamp - other.stamp,
            gst: self.gst - other.gst,
        }
    }

    /// The part of these lines that falls to `units` of `all`.
    pub(super) fn part(&self, units: i64, all: i64) -> Self {
        let of = |line: i128| mul_div(line, i128::from(units), i128::from(all)).unwrap_or(line);
        Self {
            brokerage: of(self.brokerage),
            stt: of(self.stt),
            transaction: of(self.transaction),
            sebi: of(self.sebi),
            stamp: of(self.stamp),
            gst: of(self.gst),
        }
    }

    /// Adds another fill's lines.
    pub fn add(&mut self, other: &Self) {
        self.brokerage += other.brokerage;
        self.stt += other.stt;
        self.transaction += other.transaction;
        self.sebi += other.sebi;
        self.stamp += other.stamp;
        self.gst += other.gst;
    }
}

/// Charges of one fill of `value` (1e-8), where its order was filled for `before` already.
///
/// `None` on overflow. Brokerage is an order's and accrues by difference with each fill.
pub fn of_fill(rates: &ChargeRates, side: i8, value: i128, before: i128) -> Option<Charges> {
    let share = |rate: i64| mul_div(value, i128::from(rate), RATE_ONE);
    let (stt, stamp) = if side > 0 { (rates.stt_buy, rates.stamp_buy) } else { (rates.stt_sell, 0) };
    let brokerage = brokerage(rates, before.checked_add(value)?)? - brokerage(rates, before)?;
    let (transaction, sebi) = (share(rates.transaction)?, share(rates.sebi)?);
    let taxed = brokerage.checked_add(transaction)?.checked_add(sebi)?;
    let gst = mul_div(taxed, i128::from(rates.gst), RATE_ONE)?;
    Some(Charges { brokerage, stt: share(stt)?, transaction, sebi, stamp: share(stamp)?, gst })
}

fn brokerage(rates: &ChargeRates, value: i128) -> Option<i128> {
    let cap = i128::from(rates.brokerage_cap);
    if value == 0 {
        return Some(0);
    }
    if rates.brokerage_rate == 0 {
        return Some(cap);
    }
    Some(mul_div(value, i128::from(rates.brokerage_rate), RATE_ONE)?.min(cap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::ONE;

    /// NIFTY options from 1 April 2026: the worked example of the charges' documentation.
    fn options() -> ChargeRates {
        ChargeRates {
            name: "options".into(),
            stt_sell: 15_000_000,
            transaction: 3_553_000,
            sebi: 10_000,
            stamp_buy: 300_000,
            gst: 1_800_000_000,
            brokerage_cap: 20 * ONE,
            ..ChargeRates::default()
        }
    }

    #[test]
    fn the_worked_example_costs_63_859() {
        let one = i128::from(ONE);
        let mut sum = of_fill(&options(), 1, 6_500 * one, 0).unwrap();
        sum.add(&of_fill(&options(), -1, 7_150 * one, 0).unwrap());
        assert_eq!(sum.brokerage, 40 * one);
        assert_eq!(sum.stt, 10_725 * one / 1000);
        assert_eq!((sum.total() + 50_000) / 100_000, 63_859);
    }

    #[test]
    fn brokerage_of_an_order_does_not_depend_on_its_fills() {
        let rates = ChargeRates { brokerage_rate: 3_000_000, ..options() };
        let one = i128::from(ONE);
        let whole = of_fill(&rates, 1, 90_000 * one, 0).unwrap().brokerage;
        let parts: i128 = (0..9).map(|i| of_fill(&rates, 1, 10_000 * one, i * 10_000 * one).unwrap().brokerage).sum();
        assert_eq!(whole, parts);
        assert_eq!(whole, 20 * one);
    }
}

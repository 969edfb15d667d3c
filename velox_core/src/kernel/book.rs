//! A position and its profit: first in, first out, in whole units and exact money.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Open lots of one instrument and what closing lots brought in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fifo {
    lots: VecDeque<(i64, i64)>,
    quantity: i64,
    cost: i128,
    realised: i128,
}

/// What is left of a unit when units are converted, as its share in `old`ths, and what it cost; below 0 of a short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// How many `old`ths of a unit.
    pub share: i128,
    /// Its cost, 1e-8.
    pub cost: i128,
}

/// Takes some of a lot's parts with their share of its cost, rounded down.
fn take(parts: &mut i128, cost: &mut i128, taken: i128) -> i128 {
    let paid = if *parts == 0 { 0 } else { *cost * taken / *parts };
    (*parts, *cost) = (*parts - taken, *cost - paid);
    paid
}

impl Fifo {
    /// Signed units.
    pub fn quantity(&self) -> i64 {
        self.quantity
    }

    /// Profit of closed lots before charges, 1e-8.
    pub fn realised(&self) -> i128 {
        self.realised
    }

    /// Average price of the open lots, rounded toward zero; 0 when flat.
    pub fn average(&self) -> i64 {
        match (self.quantity, i64::try_from(self.cost)) {
            (0, _) => 0,
            (quantity, Ok(cost)) => cost / quantity, // half of what 128 bits take
            (quantity, Err(_)) => (self.cost / i128::from(quantity)) as i64,
        }
    }

    /// Profit of the open lots at a price.
    pub fn unrealised(&self, price: i64) -> i128 {
        i128::from(self.quantity) * i128::from(price) - self.cost
    }

    /// Takes a fill in (`side` ±1, `quantity` > 0); returns what it realised.
    pub fn fill(&mut self, side: i8, quantity: i64, price: i64) -> i128 {
        let mut rest = i64::from(side) * quantity;
        let before = self.realised;
        while rest != 0 {
            let Some((open, at)) = self.lots.front_mut() else {
                break;
            };
            if open.signum() == rest.signum() {
                break;
            }
            let closed = rest.abs().min(open.abs()) * open.signum();
            self.realised += i128::from(closed) * (i128::from(price) - i128::from(*at));
            self.cost -= i128::from(closed) * i128::from(*at);
            *open -= closed;
            rest += closed;
            self.quantity -= closed;
            if *open == 0 {
                self.lots.pop_front();
            }
        }
        if rest != 0 {
            self.open(rest, price);
        }
        self.realised - before
    }

    /// Makes `new` units of every `old` ones at the same cost, lot after lot; returns what is left of a unit.
    ///
    /// A unit that two lots share is a lot of its own. What a price cannot divide makes the first units of a lot dearer
    /// by 1e-8 each. What is left of a unit comes out of the newest lots, with its cost rounded up.
    pub fn convert(&mut self, new: i64, old: i64) -> Rest {
        let (sign, new, old) = (self.quantity.signum(), i128::from(new), i128::from(old));
        let before = std::mem::take(self);
        (self.realised, self.cost) = (before.realised, before.cost);
        let mut rest = Rest { share: 0, cost: 0 };
        for (units, at) in before.lots {
            // Counted in parts of a new unit, of which `old` make one.
            let mut parts = i128::from(units.abs()) * new;
            let mut cost = i128::from(units.abs()) * i128::from(at);
            if rest.share > 0 {
                let taken = (old - rest.share).min(parts);
                rest.cost += take(&mut parts, &mut cost, taken);
                rest.share += taken;
                if rest.share < old {
                    continue;
                }
                self.spread(sign, 1, rest.cost);
            }
            let whole = parts / old;
            let paid = take(&mut parts, &mut cost, whole * old);
            self.spread(sign, whole, paid);
            rest = Rest { share: parts, cost };
        }
        let sign = i128::from(sign);
        self.cost -= sign * rest.cost;
        Rest { share: sign * rest.share, cost: sign * rest.cost }
    }

    /// The highest price of an open lot; 0 when flat.
    pub fn dearest(&self) -> i64 {
        self.lots.iter().map(|(_, at)| *at).max().unwrap_or(0)
    }

    /// Takes in cash that no fill brought.
    pub fn receive(&mut self, cash: i128) {
        self.realised += cash;
    }

    /// What fills and other cash have brought so far, open lots at nothing.
    pub fn cash(&self) -> i128 {
        self.realised - self.cost
    }

    /// Opens lots of `units` that cost exactly this, whose sum is part of the cost already.
    fn spread(&mut self, sign: i64, units: i128, cost: i128) {
        if units == 0 {
            return;
        }
        let (price, dearer) = (cost / units, cost % units);
        for (units, price) in [(dearer, price + 1), (units - dearer, price)] {
            if units > 0 {
                let lot = (sign * units as i64, price as i64);
                self.cost -= i128::from(lot.0) * price;
                self.open(lot.0, lot.1);
            }
        }
    }

    fn open(&mut self, quantity: i64, price: i64) {
        match self.lots.back_mut() {
            Some((open, at)) if *at == price => *open += quantity,
            Some(_) | None => self.lots.push_back((quantity, price)),
        }
        self.quantity += quantity;
        self.cost += i128::from(quantity) * i128::from(price);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_lot_closes_first() {
        let mut book = Fifo::default();
        book.fill(1, 10, 100);
        book.fill(1, 10, 200);
        assert_eq!(book.average(), 150);
        assert_eq!(book.fill(-1, 15, 300), 10 * 200 + 5 * 100);
        assert_eq!((book.quantity(), book.average()), (5, 200));
        assert_eq!(book.fill(-1, 8, 190), -50);
        assert_eq!((book.quantity(), book.average()), (-3, 190));
    }

    #[test]
    fn a_split_leaves_lots_in_their_order_and_a_shared_unit_alone() {
        let mut book = Fifo::default();
        book.fill(1, 1, 100);
        book.fill(1, 2, 201);
        assert_eq!(book.convert(5, 1), Rest { share: 0, cost: 0 });
        assert_eq!((book.quantity(), Vec::from(book.lots.clone())), (15, vec![(5, 20), (2, 41), (8, 40)]));
        let mut book = Fifo::default();
        book.fill(1, 1, 100);
        book.fill(1, 2, 200);
        // Three for two: one of the first lot, one half and half, two of the second, half a unit left of neither.
        assert_eq!(book.convert(3, 2), Rest { share: 1, cost: 67 });
        assert_eq!((book.quantity(), Vec::from(book.lots.clone())), (4, vec![(1, 66), (1, 100), (1, 134), (1, 133)]));
    }

    proptest! {
        #![proptest_config(crate::tests::cases(256))]

        #[test]
        fn a_conversion_costs_nothing_to_the_last_unit(
            fills in proptest::collection::vec((any::<bool>(), 1i64..500, 1i64..10_000), 0..30), new in 1i64..30, old in 1i64..30
        ) {
            let mut book = Fifo::default();
            for (buy, quantity, price) in fills {
                book.fill(if buy { 1 } else { -1 }, quantity, price);
            }
            let before = book.clone();
            let rest = book.convert(new, old);
            prop_assert_eq!(book.cost + rest.cost, before.cost);
            prop_assert_eq!(book.realised, before.realised);
            let exact = i128::from(before.quantity) * i128::from(new);
            prop_assert_eq!(i128::from(book.quantity) * i128::from(old) + rest.share, exact);
            prop_assert!(rest.share.abs() < i128::from(old) && rest.share * exact >= 0);
            prop_assert_eq!(book.lots.iter().map(|(units, _)| units).sum::<i64>(), book.quantity);
            let worth = book.lots.iter().map(|(units, at)| i128::from(*units) * i128::from(*at)).sum::<i128>();
            prop_assert_eq!(worth, book.cost);
        }

        #[test]
        fn profit_is_what_cash_says(fills in proptest::collection::vec((any::<bool>(), 1i64..500, 1i64..10_000), 1..60), last in 1i64..10_000) {
            let mut book = Fifo::default();
            let mut cash = 0i128;
            let mut units = 0i64;
            for (buy, quantity, price) in fills {
                let side: i8 = if buy { 1 } else { -1 };
                book.fill(side, quantity, price);
                cash -= i128::from(side) * i128::from(quantity) * i128::from(price);
                units += i64::from(side) * quantity;
            }
            prop_assert_eq!(book.quantity(), units);
            prop_assert_eq!(book.realised() + book.unrealised(last), cash + i128::from(units) * i128::from(last));
        }
    }
}

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
        if self.quantity == 0 { 0 } else { (self.cost / i128::from(self.quantity)) as i64 }
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

    proptest! {
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

//! Netting: what one strategy of an account buys and another sells changes hands between them, where the account says so.
//!
//! It happens at an applied tick before the market is asked, in the middle of that tick's book, and only where that is
//! within the limits of both. The account's position stays what it was and nobody charges anything.

use super::Kernel;
use super::crossing::cross;
use super::order::{Order, Role, State};
use crate::fixed::floor_tick;
use crate::record::{Kind, Netted, SameInstrument};

impl Kernel {
    /// Nets the orders of an instrument that could trade with each other, the older first.
    pub(super) fn net_orders(&mut self, instrument: u32) {
        if self.accounts.iter().all(|account| account.def.same_instrument != SameInstrument::Net) {
            return;
        }
        let price = self.middle(instrument);
        while let Some((one, other)) = self.next_pair(instrument, price) {
            self.net(one, other, price);
        }
    }

    /// The middle of bid and ask, else the last price, never outside of what is known of the two; in whole ticks.
    fn middle(&self, instrument: u32) -> i64 {
        let market = &self.markets[instrument as usize];
        let (bid, ask) = (market.bid.price, market.ask.price);
        let price = match (bid > 0, ask > 0) {
            (true, true) if bid <= ask => bid + (ask - bid) / 2,
            (true, false) => market.last.max(bid),
            (false, true) => market.last.min(ask),
            (true, true) | (false, false) => market.last,
        };
        floor_tick(price, market.def.tick)
    }

    /// A working order and one that works or waits, of which each gets what it asks for at a price.
    fn next_pair(&self, instrument: u32, price: i64) -> Option<(u32, u32)> {
        let working = &self.markets[instrument as usize].working;
        working.iter().find_map(|slot| {
            let one = self.orders.get(*slot).filter(|order| self.can_net(order, price))?;
            let meets = |slot: &&u32| {
                self.orders.get(**slot).is_some_and(|other| cross(one, other) && self.can_net(other, price))
            };
            let others = working.iter().chain(&self.queue).filter(meets);
            let oldest = others.min_by_key(|slot| self.orders.get(**slot).map(|order| order.number))?;
            Some((*slot, *oldest))
        })
    }

    /// Whether an order is there by now and takes a price; a flip that waits is fitted to its position only when it goes.
    fn can_net(&self, order: &Order, price: i64) -> bool {
        let account = &self.accounts[order.account as usize].def;
        let there = order.state.is_working() || (order.state == State::Waiting && order.role != Role::Flip);
        let takes = (order.limit - price) * i64::from(order.side) >= 0;
        account.same_instrument == SameInstrument::Net && there && takes && self.now >= order.live_from
    }

    /// Both books are filled before anything follows from either: a limit that one fill breaks must not undo the other.
    fn net(&mut self, one: u32, other: u32, price: i64) {
        let [Some(first), Some(second)] = [one, other].map(|slot| self.orders.get(slot)) else {
            return;
        };
        let (buyer, seller) = if first.side > 0 { (first, second) } else { (second, first) };
        let (account, quantity) = (first.account, first.rest().min(second.rest()));
        let netted =
            Netted { account, instrument: first.instrument, buyer: buyer.id, seller: seller.id, quantity, price };
        self.decide(Kind::Netted, &netted);
        self.fill_inside(one, quantity, price);
        self.fill_inside(other, quantity, price);
        self.check_losses(account);
        self.check_flattening();
    }
}

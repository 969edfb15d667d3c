//! The paper venue: applied ticks fill working orders by fixed rules.

use super::Kernel;
use super::order::Order;

impl Kernel {
    /// Matches the working orders of an instrument against its newest applied tick, older orders first.
    pub(super) fn match_orders(&mut self, instrument: u32) {
        self.net_orders(instrument);
        let slots = std::mem::take(&mut self.markets[instrument as usize].working);
        for &slot in &slots {
            let Some(order) = self.orders.get(slot).filter(|o| o.state.is_working() && self.now >= o.live_from) else {
                continue;
            };
            match self.paper_price(order) {
                Some(price) => {
                    let quantity = self.paper_quantity(order);
                    self.fill(slot, quantity, price);
                }
                None => self.rest(slot),
            }
        }
        // Orders that these fills released stand behind those that were there.
        let mut working: Vec<u32> = slots.into_iter().filter(|s| self.is_working_in(*s, instrument)).collect();
        let market = &mut self.markets[instrument as usize];
        working.append(&mut market.working);
        market.working = working;
    }

    /// An order has met a price that did not take it.
    pub(super) fn rest(&mut self, slot: u32) {
        if let Some(order) = self.orders.get_mut(slot) {
            order.rested = true;
        }
    }

    fn is_working_in(&self, slot: u32, instrument: u32) -> bool {
        let fresh = &self.markets[instrument as usize].working;
        self.orders.get(slot).is_some_and(|o| o.instrument == instrument && o.state.is_working())
            && !fresh.contains(&slot)
    }

    /// The price at which an order fills now, if it does.
    ///
    /// Marketable at its first tick: bid or ask if known, else the last price, slippage against it, never past
    /// the limit. Later it rests, and fills at its own price when last or the opposite quote is strictly through.
    pub(super) fn paper_price(&self, order: &Order) -> Option<i64> {
        let market = &self.markets[order.instrument as usize];
        let side = i64::from(order.side);
        let quote = if order.side > 0 { market.ask.price } else { market.bid.price };
        let within = |price: i64| (order.limit - price) * side >= 0;
        if !order.rested {
            let slippage = self.accounts[order.account as usize].def.slippage_ticks;
            let base = if quote > 0 { quote } else { market.last };
            if !within(base) {
                return None;
            }
            let price = market.expected(order.side, slippage)?;
            return Some(if within(price) { price } else { order.limit });
        }
        let through = |price: i64| price > 0 && (order.limit - price) * side > 0;
        (through(market.last) || through(quote)).then_some(order.limit)
    }

    /// Everything, unless the account asks for partial fills: then at most what the tick traded.
    fn paper_quantity(&self, order: &Order) -> i64 {
        let market = &self.markets[order.instrument as usize];
        if !self.accounts[order.account as usize].def.partial || market.last_qty <= 0 {
            return order.rest();
        }
        let lot = market.def.lot;
        order.rest().min((market.last_qty / lot * lot).max(lot))
    }
}

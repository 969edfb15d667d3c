//! What must hold after every record, whatever came in.

use super::Kernel;
use super::order::{Role, State};
use crate::record::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// A Fill's fields in their order; the first is the order: its intent (instance, date, counter) and its child.
type FillRow<'a> = (((u32, i32, u32), u32), u32, u32, i8, i64, i64, &'a str, i64, i64, i64, i64, i64, i64);

/// Sums of fills by instance.
#[derive(Clone, Debug, Default)]
pub struct Fills(BTreeMap<u32, i64>);

impl Fills {
    /// Adds a decision, if it is a fill; what is no entry only ever takes from a position.
    pub fn note(&mut self, kind: Kind, payload: &[u8]) {
        if kind == Kind::Fill {
            let row: FillRow<'_> = rmp_serde::from_slice(payload).expect("a Fill has its fields");
            let (((instance, ..), _), side, quantity) = (row.0, row.3, row.4);
            let held = self.0.entry(instance).or_default();
            let before = *held;
            *held += i64::from(side) * quantity;
            if !matches!(row.6, "entry" | "flip") {
                let (less, turned) = (held.abs() < before.abs(), held.signum() * before.signum() < 0);
                assert!(less && !turned, "an exit of {quantity} turned a position of {before} into {held}");
            }
        }
    }
}

/// Positions are the fills, exits never exceed positions, orders are where they belong, money adds up.
pub fn assert_sound(k: &Kernel, fills: &Fills) {
    let mut owned = BTreeSet::new();
    for i in &k.instances {
        let held = i.book.quantity();
        assert_eq!(held, fills.0.get(&i.id).copied().unwrap_or(0), "a position is the sum of its fills");
        let mut leaving = 0;
        for slot in i.entries.iter().chain(&i.exit) {
            let order = k.orders.get(*slot).expect("an instance's order is there");
            assert_eq!(order.instance, i.id);
            assert!(owned.insert(*slot), "an order is an entry or an exit, once");
            assert_eq!(order.role.increases(), i.exit != Some(*slot));
            if i.exit == Some(*slot) {
                assert_eq!(i64::from(order.side), -held.signum(), "an exit stands against the position");
                leaving += order.rest();
            } else if order.role == Role::Flip && i64::from(order.side) == -held.signum() {
                leaving += order.rest().min(held.abs());
            }
        }
        assert!(leaving <= held.abs(), "exits of {leaving} on a position of {held}");
        assert!(i.fired.len() < 1_000 && i.recent.len() < 1_000);
    }
    let live: BTreeSet<u32> = k.orders.iter().map(|(slot, _)| slot).collect();
    assert_eq!(live, owned, "every live order belongs to an instance");
    let mut places: Vec<u32> = k.queue.clone();
    places.extend(k.markets.iter().flat_map(|m| &m.working));
    places.sort_unstable();
    assert_eq!(places, live.iter().copied().collect::<Vec<_>>(), "a live order waits or works, in one place");
    for slot in &k.queue {
        assert_eq!(k.orders.get(*slot).map(|o| o.state), Some(State::Queued));
    }
    assert_money(k);
}

/// A strategy may change its account while it is flat and takes its profit along: only all accounts together add up.
fn assert_money(k: &Kernel) {
    let accounts = 0..k.accounts.len() as u32;
    let mut sum: i128 = k.accounts.iter().map(|a| i128::from(a.def.capital)).sum();
    let mut net: BTreeMap<(u32, u32), i64> = BTreeMap::new();
    for i in &k.instances {
        sum += i.book.realised() + i.book.unrealised(k.markets[i.instrument as usize].last) - i.charges.total();
        *net.entry((i.account, i.instrument)).or_default() += i.book.quantity();
    }
    assert_eq!(accounts.map(|id| k.equity(id)).sum::<i128>(), sum, "equity is capital and the strategies' profit");
    for (id, account) in (0..).zip(&k.accounts) {
        for (instrument, book) in &account.net {
            let units = net.remove(&(id, *instrument)).unwrap_or(0);
            assert_eq!(book.quantity(), units, "an account's position is its strategies'");
        }
    }
    assert!(net.into_values().all(|units| units == 0), "an account's position is its strategies'");
}

//! What must hold after every record, whatever came in.

use super::lines::fields;
use crate::kernel::Kernel;
use crate::kernel::order::{Role, State};
use crate::record::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// Sums of fills by instance.
#[derive(Default)]
pub(super) struct Fills(BTreeMap<i64, i64>);

impl Fills {
    pub(super) fn note(&mut self, kind: Kind, payload: &[u8]) {
        if kind == Kind::Fill {
            let f = fields(payload);
            let instance = f[0].list()[0].list()[0].int();
            *self.0.entry(instance).or_default() += f[3].int() * f[4].int();
        }
    }
}

/// Positions are the fills, exits never exceed positions, orders are where they belong, money adds up.
pub(super) fn assert_sound(k: &Kernel, fills: &Fills) {
    let mut owned = BTreeSet::new();
    for i in &k.instances {
        let held = i.book.quantity();
        assert_eq!(held, fills.0.get(&i64::from(i.id)).copied().unwrap_or(0), "a position is the sum of its fills");
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

fn assert_money(k: &Kernel) {
    for (id, account) in k.accounts.iter().enumerate() {
        let own = k.instances.iter().filter(|i| i.account == id as u32);
        let mut sum = i128::from(account.def.capital);
        let mut net: BTreeMap<u32, i64> = BTreeMap::new();
        for i in own {
            sum += i.book.realised() + i.book.unrealised(k.markets[i.instrument as usize].last) - i.charges.total();
            *net.entry(i.instrument).or_default() += i.book.quantity();
        }
        assert_eq!(k.equity(id as u32), sum, "equity is capital and the strategies' profit");
        for (instrument, units) in net {
            assert_eq!(account.net.get(&instrument).map_or(0, super::super::book::Fifo::quantity), units);
        }
    }
}

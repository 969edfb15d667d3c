//! What must hold after every record, whatever came in.

use super::cover::COVER_NS;
use super::order::{Order, Role, State};
use super::parking::Parking;
use super::parts::{Part, names};
use super::{Instance, Kernel, Trading};
use crate::record::{Kind, Phase, TimerClass};
use std::collections::{BTreeMap, BTreeSet};

/// An order's name: its intent (instance, date, counter) and its child.
type Name = ((u32, i32, u32), u32);
/// A Fill's fields in their order; the last six are its charges.
type FillRow<'a> = (Name, u32, u32, i8, i64, i64, &'a str, i64, i64, i64, i64, i64, i64);
/// A Netted's fields in their order.
type NettedRow = (u32, u32, Name, Name, i64, i64);

/// The fields of `ActionBooked` in their order.
type BookedRow = (u32, u32, u32, i32, i64, i64, i64, i64, i64, i64, i64);

/// Sums of fills by instance, and the fills that must come next.
#[derive(Clone, Debug, Default)]
pub struct Fills {
    held: BTreeMap<u32, i64>,
    /// Of what was netted: side, units and price by order.
    inside: BTreeMap<Name, (i8, i64, i64)>,
    /// Units that may still leave at a broker, by instance.
    leaving: BTreeMap<u32, i64>,
}

impl Fills {
    /// Adds a decision, if it is a fill; what is no entry only ever takes from a position.
    pub fn note(&mut self, kind: Kind, payload: &[u8]) {
        if kind == Kind::Netted {
            let row: NettedRow = rmp_serde::from_slice(payload).expect("a Netted has its fields");
            assert!(self.inside.is_empty() && row.2.0.0 != row.3.0.0 && row.4 > 0, "{row:?} is between two strategies");
            self.inside.insert(row.2, (1, row.4, row.5));
            self.inside.insert(row.3, (-1, row.4, row.5));
        }
        if kind == Kind::Fill {
            let row: FillRow<'_> = rmp_serde::from_slice(payload).expect("a Fill has its fields");
            let (((instance, ..), _), side, quantity) = (row.0, row.3, row.4);
            if let Some(inside) = self.inside.remove(&row.0) {
                assert_eq!(inside, (side, quantity, row.5), "a netted fill is what was netted");
                assert_eq!((row.7, row.8, row.9, row.10, row.11, row.12), (0, 0, 0, 0, 0, 0), "it costs nothing");
            } else {
                assert!(self.inside.is_empty(), "nothing comes between what is netted and its fills");
            }
            let held = self.held.entry(instance).or_default();
            let before = *held;
            *held += i64::from(side) * quantity;
            if !matches!(row.6, "entry" | "add" | "flip" | "external") {
                let (less, turned) = (held.abs() < before.abs(), held.signum() * before.signum() < 0);
                assert!(less && !turned, "an exit of {quantity} turned a position of {before} into {held}");
            }
        }
        if kind == Kind::ActionBooked {
            let row: BookedRow = rmp_serde::from_slice(payload).expect("an ActionBooked has its fields");
            let (new, old, before, held) = (i128::from(row.4), i128::from(row.5), i128::from(row.6), i128::from(row.7));
            let rest = before * new - held * old;
            assert!(rest.abs() < old && rest * before >= 0, "{new} for {old} made {held} of {before}");
            assert!(i128::from(row.8) * before >= 0, "a dividend of {} to {before}", row.8);
            *self.held.entry(row.1).or_default() += row.7 - row.6;
        }
    }
}

/// Positions are the fills, exits never exceed positions, orders are where they belong, money adds up.
pub fn assert_sound(k: &Kernel, fills: &mut Fills) {
    assert!(fills.inside.is_empty(), "what is netted is filled on both sides: {:?}", fills.inside);
    let mut owned = BTreeSet::new();
    for i in &k.instances {
        let held = i.book.quantity();
        assert_eq!(held, fills.held.get(&i.id).copied().unwrap_or(0), "a position is the sum of its fills");
        let mut leaving = 0;
        for slot in i.entries.iter().chain(&i.exit).chain(&i.parking.slot) {
            let order = k.orders.get(*slot).expect("an instance's order is there");
            assert_eq!(order.instance, i.id);
            assert!(owned.insert(*slot), "an order is an entry or an exit, once");
            assert_eq!(order.role.increases(), i.entries.contains(slot));
            if order.wire.is_some() {
                continue; // judged below, with what it was asked
            }
            if i.exit == Some(*slot) {
                assert_eq!(i64::from(order.side), -held.signum(), "an exit stands against the position");
                leaving += order.open();
            } else if order.role == Role::Flip && order.is_sent() && i64::from(order.side) == -held.signum() {
                leaving += order.open().min(held.abs());
            }
        }
        assert_parts(k, i);
        assert!(k.group(i.id).all(|other| other.account == i.account), "a group trades on one account");
        assert_exits_at_broker(k, i, &mut fills.leaving);
        let stopped = i.trading != Trading::Active || k.kills(i.id).contains(&true);
        let ends = |slot: &u32| k.orders.get(*slot).is_some_and(Order::is_ending);
        assert!(!stopped || i.entries.iter().all(ends), "{} may only reduce and has an entry", i.name);
        assert!(i.best >= 0 && i.peak >= i128::from(i.capital), "the best of a day is not below its begin");
        let begun = i.trades + u32::from(held != 0);
        assert!(i.rules.max_trades == 0 || begun <= i.rules.max_trades, "{} began {begun} trades", i.name);
        assert!(leaving <= held.abs(), "exits of {leaving} on a position of {held}");
        assert!(i.fired.len() < 1_000 && i.recent.len() < 1_000);
    }
    let live: BTreeSet<u32> = k.orders.iter().map(|(slot, _)| slot).collect();
    assert_eq!(live, owned, "every live order belongs to an instance");
    let mut places: Vec<u32> = k.queue.clone();
    places.extend(k.markets.iter().flat_map(|m| &m.working));
    places.extend(k.orders.iter().filter(|(_, o)| o.trigger.is_some() || o.was_asked()).map(|(slot, _)| slot));
    places.sort_unstable();
    assert_eq!(places, live.iter().copied().collect::<Vec<_>>(), "a live order waits or works, in one place");
    for (_, order) in k.orders.iter() {
        assert_eq!(order.trigger.is_some(), order.state == State::Approved, "what is approved and not sent waits");
    }
    for slot in &k.queue {
        assert!(k.orders.get(*slot).is_some_and(|o| matches!(o.state, State::Queued | State::Waiting)));
    }
    k.assert_apart();
    for group in &k.groups {
        let members = group.members.iter().map(|id| &k.instances[*id as usize]);
        let engaged = members.clone().filter(|i| i.is_engaged()).count() as u32;
        let most = members.map(|i| i.rules.max_positions).filter(|most| *most > 0).max();
        assert!(most.is_none_or(|most| engaged <= most), "{} has {engaged} positions", group.name);
    }
    k.assert_pairs();
    assert_kept(k);
    assert_counted(k);
    assert_money(k);
}

/// What a series keeps are its newest candles, in their order.
fn assert_kept(k: &Kernel) {
    for series in &k.series {
        let Some(newest) = series.kept.as_ref().and_then(|kept| kept.back()) else { continue };
        let kept = series.kept.iter().flat_map(|kept| kept.iter());
        assert!(kept.is_sorted_by(|one, next| one.ts_open < next.ts_open), "kept candles are in order");
        assert_eq!(newest.ts_open, series.last_open, "the newest candle is kept");
    }
}

/// No candle counts less than nothing, and what is kept of the day's phases is true.
fn assert_counted(k: &Kernel) {
    for market in &k.markets {
        assert_eq!(market.open, k.open_of(market.group), "an instrument knows when it trades");
        for frame in &market.frames {
            assert!((0..=market.run_volume).contains(&frame.base_volume), "a volume of a candle is below 0");
        }
    }
}

/// At a broker no unit has two ways out once what is asked has been done, and what is without cover is counted.
fn assert_exits_at_broker(k: &Kernel, i: &Instance, leaving: &mut BTreeMap<u32, i64>) {
    if !k.is_at_broker(i.id) {
        assert!(i.parking == Parking::default(), "nothing is parked on paper");
        return;
    }
    let held = i.book.quantity();
    let orders: Vec<&Order> = i.exit.iter().chain(&i.parking.slot).filter_map(|slot| k.orders.get(*slot)).collect();
    for order in &orders {
        assert!(held == 0 || i64::from(order.side) == -held.signum(), "an exit stands against the position");
        let wire = order.wire.as_ref().expect("an exit at a broker has a wire");
        assert!(wire.ending.is_none() || wire.asked > 0, "what was never asked for is over at once");
    }
    let claims: i64 = orders.iter().map(|order| order.claim()).sum();
    let waits = orders.iter().any(|order| !order.is_free(k.now));
    assert!(claims <= held.abs() || waits, "exits of {claims} on a position of {held} and nothing is asked");
    // What somebody else closes, or an order still fills that was told to be over, can leave exits for more than is held
    // until they can be asked to shrink; nothing is added to them then.
    let may_leave: i64 = orders.iter().map(|order| order.rest()).sum();
    let before = leaving.insert(i.id, may_leave).unwrap_or(0);
    assert!(may_leave <= held.abs().max(before), "{} orders leave with {may_leave} of {held}", orders.len());
    let open = k.phase_now(i.instrument) == Phase::Continuous && k.markets[i.instrument as usize].last_ts == k.now;
    if open && k.is_exposed(i.id) {
        let due = k.timers.due(TimerClass::Cover, i.id).expect("a position without cover is counted");
        assert!(due <= k.now + COVER_NS, "a position is without cover for longer than it may be");
    }
}

/// Every unit of a position that leaves in parts belongs to one of them, and no part sends out more than it has.
fn assert_parts(k: &Kernel, i: &Instance) {
    let parts = &i.protection.parts;
    if parts.is_empty() {
        return;
    }
    assert_eq!(parts.iter().map(|part| part.left).sum::<i64>(), i.book.quantity().abs(), "every unit has one part");
    assert!(parts.iter().all(|part| part.left >= 0 && (part.left == 0 || !part.done)), "what has left is gone");
    if let Some(order) = i.exit.and_then(|slot| k.orders.get(slot)).filter(|order| order.parts != 0) {
        let of = |(at, part): (usize, &Part)| if names(order.parts, at) { part.left } else { 0 };
        let left: i64 = parts.iter().enumerate().map(of).sum();
        assert!(order.rest() <= left, "parts of {left} send {}", order.rest());
    }
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
    for (id, account) in (0..).zip(&k.accounts) {
        for (instrument, book) in &account.external.books {
            sum += book.realised() + book.unrealised(k.markets[*instrument as usize].last);
            *net.entry((id, *instrument)).or_default() += book.quantity();
        }
        sum -= account.external.charges.total();
    }
    assert_eq!(accounts.map(|id| k.equity(id)).sum::<i128>(), sum, "equity is capital and the strategies' profit");
    for (id, account) in (0..).zip(&k.accounts) {
        for (instrument, book) in &account.net {
            let units = net.remove(&(id, *instrument)).unwrap_or(0);
            assert_eq!(book.quantity(), units, "an account's position is its strategies' and EXTERNAL");
        }
    }
    assert!(net.into_values().all(|units| units == 0), "an account's position is its strategies'");
}

/// What rounding the last price, and the cash for parts of shares, to 1e-8 can make of an instrument's books.
#[cfg(test)]
pub(super) fn action_rounding(k: &Kernel, instrument: u32) -> i128 {
    let own = k.instances.iter().map(|i| i128::from(i.book.quantity().abs()) + 1).sum::<i128>();
    let nets = k.accounts.iter().filter_map(|a| a.net.get(&instrument));
    2 * own + nets.map(|book| i128::from(book.quantity().abs()) + 1).sum::<i128>()
}

/// Equity of all accounts together.
#[cfg(test)]
pub(super) fn worth(k: &Kernel) -> i128 {
    k.accounts.iter().map(|account| k.equity(account.def.id)).sum()
}

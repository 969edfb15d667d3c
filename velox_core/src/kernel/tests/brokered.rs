//! Random days at a broker that accepts, refuses, loses and fills, and whose words come late, twice and out of order.

use super::acts::{Act, World, act, world};
use super::day::at;
use super::random::{Play, replayed};
use crate::kernel::Kernel;
use crate::record::{Action, BrokerReply, CommandKind, IntentId, Kind, OrderId, ReplyKind};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// An order in the broker's own book, which is the truth.
#[derive(Clone, Debug)]
struct Placed {
    reply: BrokerReply,
    quantity: i64,
    filled: i64,
    value: i128,
    live: bool,
}

/// What happens on such a day.
#[derive(Clone, Debug)]
enum Happening {
    Act(Act),
    /// A target with a stop, or with a trail: instance, side, units, ticks to the stop.
    Go(u32, i8, i64, i64, bool),
    /// A part leaves.
    Part(u32, i64),
    /// The broker does what it was asked first, in some way.
    Serve(u8),
    /// One of its orders fills.
    Fill(u8, i64),
    /// One of its letters arrives, perhaps not for the last time.
    Deliver(u8, bool),
}

fn happening(phone: bool) -> impl Strategy<Value = Happening> {
    let told = act().prop_filter("nobody phones or lies", move |act| match act {
        Act::Foreign { .. } => phone,
        // Its orders end with the day at a broker as well, of which this one knows nothing.
        Act::Reply { .. } | Act::Night { .. } => false,
        _ => true,
    });
    prop_oneof![
        10 => told.prop_map(Happening::Act),
        4 => (0..2u32, -1..=1i8, 1..30i64, 1..20i64, prop::bool::weighted(0.3))
            .prop_map(|(id, side, units, ticks, trails)| Happening::Go(id, side, units, ticks, trails)),
        1 => (0..2u32, 1..10i64).prop_map(|(id, units)| Happening::Part(id, units)),
        6 => (0..10u8).prop_map(Happening::Serve),
        5 => (any::<u8>(), 1..30i64).prop_map(|(which, units)| Happening::Fill(which, units)),
        9 => (any::<u8>(), prop::bool::weighted(0.2)).prop_map(|(which, again)| Happening::Deliver(which, again)),
    ]
}

/// The same from a broker that says anything of any order.
fn lie() -> impl Strategy<Value = Happening> {
    let orders = (1..6u32, 0..4u32);
    let said = (1..8u8, 0..2u32, orders, 0..4u32, any::<bool>(), (0..50i64, 1..50_000i64));
    let lies = said.prop_map(|(kind, instance, order, ask, buys, filled)| {
        Happening::Act(Act::Reply { kind, instance, order, ask, buys, filled })
    });
    prop_oneof![3 => happening(true), 1 => lies]
}

/// A broker that is honest in the end.
struct Broker {
    play: Play,
    orders: Vec<Placed>,
    mail: Vec<BrokerReply>,
    names: BTreeSet<OrderId>,
    /// What it holds, by account and instrument.
    net: [[i64; 2]; 2],
    phone: bool,
}

impl Broker {
    fn new(world: World, phone: bool) -> Self {
        let play = Play::new(world.at_broker());
        Self { play, orders: Vec::new(), mail: Vec::new(), names: BTreeSet::new(), net: [[0; 2]; 2], phone }
    }

    fn live_all(&mut self, what: &[Happening]) {
        for what in what {
            self.live(what);
        }
    }

    fn live(&mut self, what: &Happening) {
        match *what {
            Happening::Act(ref act) => self.play.act(act),
            Happening::Go(id, side, units, ticks, trails) => {
                let away = ticks as f64 * 0.05;
                let stop = self.play.price[id as usize] as f64 / 1e8 - away * f64::from(side);
                let wish = self.play.day.wish_of(id, Action::Go, side).quantity(units);
                if trails { wish.trail(away).send() } else { wish.stop(stop).send() }
            }
            Happening::Part(id, units) => {
                let side = -self.play.day.kernel.instances[id as usize].book.quantity().signum() as i8;
                self.play.day.wish_of(id, Action::Trade, side).quantity(units).send();
            }
            Happening::Serve(how) => self.serve(how),
            Happening::Fill(which, units) => self.fill(which, units),
            Happening::Deliver(which, again) => self.deliver(which, again),
        }
        self.assert_one_way_out();
    }

    fn tell(&mut self, kind: ReplyKind, ask: u32, to: &BrokerReply, filled: (i64, i128)) {
        let average = if filled.0 > 0 { (filled.1 / i128::from(filled.0)) as i64 } else { 0 };
        let reply = BrokerReply { kind, ask, quantity: filled.0, price: average, ..to.clone() };
        self.mail.push(reply);
    }

    /// 0 to 5: done and said; 6, 7: refused; 8: done and lost; 9: not done and lost.
    fn serve(&mut self, how: u8) {
        if self.play.day.requests.is_empty() {
            return;
        }
        let request = self.play.day.requests.remove(0);
        let named = request[0].list();
        let intent: Vec<i64> = named[0].list().iter().map(super::lines::Value::int).collect();
        let intent = IntentId { instance: intent[0] as u32, date: intent[1] as i32, counter: intent[2] as u32 };
        let order = OrderId { intent, child: named[1].int() as u32 };
        let (ask, quantity) = (request[1].int() as u32, request[7].int());
        let to = BrokerReply {
            account: request[4].int() as u32,
            id: format!("B{}", self.orders.len()),
            instrument: request[5].int() as u32,
            side: request[6].int() as i8,
            order,
            ..BrokerReply::default()
        };
        if how > 7 {
            self.tell(ReplyKind::Unknown, ask, &to, (0, 0));
        }
        let done = !matches!(how, 6 | 7 | 9);
        if request[2].text() == "place" {
            assert!(self.names.insert(order), "an order is placed twice");
            if done {
                self.tell(ReplyKind::Accepted, ask, &to, (0, 0));
            } else {
                self.tell(ReplyKind::Rejected, ask, &to, (0, 0));
            }
            self.orders.push(Placed { reply: to, quantity, filled: 0, value: 0, live: done });
            return;
        }
        let at = self.orders.iter().position(|o| o.reply.order == order).expect("what is changed was placed");
        let known = &mut self.orders[at];
        // No exchange makes an order smaller than what has filled of it.
        if !done || !known.live || (request[2].text() == "modify" && quantity < known.filled) {
            self.tell(ReplyKind::Refused, ask, &to, (0, 0));
        } else if request[2].text() == "cancel" {
            known.live = false;
            let filled = (known.filled, known.value);
            self.tell(ReplyKind::Cancelled, ask, &to, filled);
        } else {
            known.quantity = quantity;
            known.live = known.quantity > known.filled;
            self.tell(ReplyKind::Modified, ask, &to, (0, 0));
        }
    }

    fn fill(&mut self, which: u8, units: i64) {
        let live: Vec<usize> = (0..self.orders.len()).filter(|at| self.orders[*at].live).collect();
        if live.is_empty() {
            return;
        }
        let order = &mut self.orders[live[usize::from(which) % live.len()]];
        let units = units.min(order.quantity - order.filled);
        let (account, instrument) = (order.reply.account as usize, order.reply.instrument as usize);
        order.filled += units;
        order.value += i128::from(units) * i128::from(self.play.price[instrument]);
        order.live = order.filled < order.quantity;
        self.net[account][instrument] += units * i64::from(order.reply.side);
        let (to, filled) = (order.reply.clone(), (order.filled, order.value));
        self.tell(ReplyKind::Filled, 0, &to, filled);
    }

    fn deliver(&mut self, which: u8, again: bool) {
        if self.mail.is_empty() {
            return;
        }
        let at = usize::from(which) % self.mail.len();
        let letter = if again { self.mail[at].clone() } else { self.mail.remove(at) };
        self.play.day.put(Kind::BrokerReply, &letter);
    }

    /// Where nobody phones, exits in the broker's book never sell more than it holds for us.
    fn assert_one_way_out(&self) {
        if self.phone {
            return;
        }
        for account in 0..2u32 {
            for instrument in 0..2u32 {
                let exits = self.orders.iter().filter(|o| {
                    let place = (o.reply.account, o.reply.instrument);
                    o.live && place == (account, instrument) && o.reply.order.child > 0
                });
                let units: i64 = exits.map(|o| (o.quantity - o.filled) * i64::from(o.reply.side)).sum();
                let net = self.net[account as usize][instrument as usize];
                assert!(units * net <= 0 && units.abs() <= net.abs(), "exits of {units} stand on {net}");
            }
        }
    }

    /// Everything is served, said and heard, until nothing is left to do.
    fn settle(&mut self) {
        for _ in 0..40 {
            while !self.play.day.requests.is_empty() {
                self.serve(0);
            }
            while !self.mail.is_empty() {
                self.deliver(0, false);
            }
        }
    }

    /// What the kernel believes that an account holds.
    fn believed(&self, account: u32, instrument: u32) -> i64 {
        let net = &self.play.day.kernel.accounts[account as usize].net;
        net.get(&instrument).map_or(0, crate::kernel::book::Fifo::quantity)
    }
}

proptest! {
    #![proptest_config(crate::tests::cases(64))]

    /// Nothing is placed twice, no unit has two ways out, and once all is said the broker's book is ours.
    #[test]
    fn any_broker_leaves_the_books_true(world in world(), what in prop::collection::vec(happening(false), 1..200)) {
        let mut broker = Broker::new(world, false);
        broker.live_all(&what);
        broker.settle();
        for account in 0..2 {
            for instrument in 0..2 {
                let held = broker.net[account as usize][instrument as usize];
                prop_assert_eq!(broker.believed(account, instrument), held);
                let external = broker.play.day.kernel.accounts[account as usize].external.books.get(&instrument);
                prop_assert_eq!(external.map_or(0, crate::kernel::book::Fifo::quantity), 0, "all of it is ours");
            }
        }
    }

    /// Somebody trades beside us: nothing is placed twice, and what is flattened is flat.
    #[test]
    fn any_broker_and_a_phone_stay_sound(world in world(), what in prop::collection::vec(happening(true), 1..200)) {
        let mut broker = Broker::new(world, true);
        broker.live_all(&what);
        broker.settle();
        broker.play.close_external();
        broker.play.day.fire(at("16:00:02"));
        let kernel = &broker.play.day.kernel;
        prop_assert_eq!(kernel.orders.iter().count(), 0);
        prop_assert_eq!(kernel.next_due(), i64::MAX);
        broker.settle();
    }

    /// Whatever was going on, a flatten ends with nothing held and nothing left at the broker.
    #[test]
    fn a_flatten_at_any_broker_ends_flat(world in world(), what in prop::collection::vec(happening(false), 1..120)) {
        let mut broker = Broker::new(World { halts: 0, ..world }, false); // in a halt nothing can be sent
        // Nobody can leave between circuits that are no prices.
        let sane: Vec<Happening> = what.into_iter().filter(|what| !matches!(what, Happening::Act(Act::Odd { .. } | Act::Halts { .. }))).collect();
        broker.live_all(&sane);
        if broker.play.clock > at("15:20") || broker.play.day.kernel.now > at("15:20") {
            return Ok(()); // nothing can be sent any more
        }
        broker.play.day.command(CommandKind::Flatten, "the end");
        for _ in 0..30 {
            broker.settle();
            while broker.orders.iter().any(|o| o.live && o.reply.order.child > 0) {
                broker.fill(0, i64::MAX);
                broker.settle();
            }
            broker.play.clock += 1_000_000_000;
            let clock = broker.play.clock;
            broker.play.day.fire(clock);
        }
        for share in 0..2 {
            for account in 0..2 {
                prop_assert_eq!(broker.believed(account, share), 0, "{:?}", broker.play.day.working());
            }
        }
        prop_assert!(broker.orders.iter().all(|o| !o.live));
        prop_assert_eq!(broker.play.day.kernel.command_state("the end"), Some("flat"));
    }

    /// Whatever a broker says, however wrong: nothing panics, and books stay sound after every record.
    #[test]
    fn a_broker_that_lies_breaks_nothing(
        world in world(), what in prop::collection::vec(lie(), 1..200)
    ) {
        let mut broker = Broker::new(world, true);
        broker.live_all(&what);
        broker.play.close_external();
        broker.play.day.fire(at("16:00:02"));
        prop_assert_eq!(broker.play.day.kernel.orders.iter().count(), 0);
    }

    /// A replay and a Snapshot lead to the same decisions and state.
    #[test]
    fn a_day_at_a_broker_repeats(
        world in world(), what in prop::collection::vec(happening(true), 1..120), cut in any::<prop::sample::Index>()
    ) {
        let mut broker = Broker::new(world, true);
        broker.live_all(&what);
        let records = &broker.play.day.records;
        let cut = cut.index(records.len());
        let (whole, decisions) = replayed(Kernel::default(), records);
        prop_assert_eq!(whole.snapshot(), broker.play.day.kernel.snapshot(), "a replay leads to the same state");
        let (half, mut again) = replayed(Kernel::default(), &records[..cut]);
        let (rest, others) = replayed(Kernel::restore(&half.snapshot()).unwrap(), &records[cut..]);
        again.extend(others);
        prop_assert_eq!(rest.snapshot(), whole.snapshot());
        prop_assert_eq!(again, decisions);
    }
}

//! Where rules meet: orders that wait, halts, structures and the end of the day.

use super::day::{Day, S, Wish, at};
use super::new_day::tomorrow;
use crate::kernel::order::State;
use crate::record::{
    Action, CommandKind, CorporateAction, InstrumentDef, Kind, MarkKind, SameInstrument, SizeKind, Structure, Tick,
    ValidKind,
};

/// Three strategies on one share whose orders wait for each other, and a halt from 10:00 to 10:45.
fn halted() -> Day {
    let mut day = Day::bare();
    day.account.same_instrument = SameInstrument::Wait;
    day.facts.groups[0].phases =
        [("09:15", 2), ("10:00", 6), ("10:45", 2), ("15:30", 0)].map(|(c, p)| (at(c), p)).into();
    day.begin();
    day.share(|_| {});
    for _ in 0..3 {
        day.start(|s| s.instrument = 0);
    }
    day.limits(|l| (l.intents, l.sends) = (0, 0));
    day.feed_up("09:00");
    day.tick("09:58:00", 100.0);
    day.forget();
    day
}

fn waiting(day: &Day) -> Vec<u32> {
    let waits = day.kernel.orders.iter().filter(|(_, o)| o.state == State::Waiting);
    waits.map(|(_, o)| o.instance).collect()
}

#[test]
fn an_entry_that_gives_way_has_the_life_that_a_halt_has_left_to_it() {
    let mut day = halted();
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.5).send();
    day.tick("09:58:01", 100.0);
    day.tick("09:59:30", 100.0);
    day.wish_of(0, Action::Trade, 1).quantity(7).limit(99.3).send();
    day.tick("10:45:10", 99.5);
    assert_eq!(waiting(&day), [0]);
    assert!(day.kernel.next_due() > day.kernel.now, "half a minute of its life is left");
    day.tick("10:45:20", 99.5);
    assert_eq!(waiting(&day), [0; 0]);
    assert_eq!(day.kernel.orders.iter().count(), 1, "it came back");
    day.clock("10:45:29");
    assert_eq!(day.kernel.orders.iter().count(), 1);
    day.clock("10:45:30");
    assert_eq!(day.kernel.orders.iter().count(), 0);
}

#[test]
fn an_entry_that_gives_way_within_a_halt_counts_it_once() {
    let mut day = halted();
    day.limits(|l| (l.intents, l.sends) = (0, 1));
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    day.tick("09:58:01", 100.0);
    day.tick("09:59:30", 100.0);
    day.wish_of(0, Action::Trade, 1).quantity(7).limit(99.6).send();
    day.tick("09:59:59.9", 100.0);
    day.wish_of(2, Action::Trade, 1).quantity(1).limit(99.0).send();
    day.wish_of(1, Action::Go, 0).send();
    day.clock("10:00:01");
    assert_eq!(waiting(&day), [0], "the exit was let out within the halt");
    day.tick("10:45:01", 100.0);
    day.tick("10:45:29", 100.0);
    assert_eq!(day.kernel.instances[0].entries.len(), 1);
    day.clock("10:45:30");
    assert_eq!(day.kernel.instances[0].entries.len(), 0);
}

#[test]
fn a_flip_that_waits_through_a_halt_leaves_its_stop_on_watch() {
    let mut day = halted();
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.0).send();
    day.tick("09:59:00", 100.0);
    day.tick("09:59:31", 99.9);
    day.wish_of(0, Action::Trade, 1).quantity(7).limit(100.5).send();
    day.wish_of(1, Action::Trade, -1).quantity(20).limit(100.4).send();
    assert_eq!(waiting(&day), [1]);
    day.clock("10:44");
    day.tick("10:45:10", 99.0);
    day.tick("10:45:11", 99.0);
    assert_eq!(day.kernel.instances[1].book.quantity(), 0);
}

fn long_lived(wish: Wish<'_>) -> Wish<'_> {
    wish.but(|i| (i.valid_kind, i.valid) = (ValidKind::Until, at("10:10")))
}

/// Two shares at 100 and at 250, a strategy each for the legs of a structure, and a third one on the second share.
fn pair() -> Day {
    let mut day = Day::bare();
    day.account.same_instrument = SameInstrument::Wait;
    day.begin();
    for _ in 0..2 {
        day.share(|_| {});
    }
    for instrument in [0, 1, 1] {
        day.start(|s| s.instrument = instrument);
    }
    day.limits(|l| (l.intents, l.sends) = (0, 0));
    day.feed_up("09:00");
    day.tick_of(0, "10:00:00.1", 100.0);
    day.tick_of(1, "10:00:00.1", 250.0);
    day.forget();
    day
}

fn open(day: &mut Day, rupees: f64) {
    let legs = [(0, 1), (1, -1)];
    let legs = legs.map(|(id, side)| day.wish_of(id, Action::Go, side).sized(SizeKind::Notional, rupees).intent);
    day.put(Kind::Structure, &Structure { legs, unwind: true, together: true });
}

fn held(day: &Day) -> [i64; 3] {
    [0, 1, 2].map(|id: usize| day.kernel.instances[id].book.quantity())
}

#[test]
fn a_leg_that_waits_for_an_opposite_order_in_vain_takes_the_other_back() {
    let mut day = pair();
    long_lived(day.wish_of(2, Action::Trade, 1).quantity(3).limit(249.5)).send();
    open(&mut day, 10_000.0);
    assert_eq!(waiting(&day), [1]);
    day.tick_of(0, "10:00:01", 100.0);
    day.tick_of(1, "10:00:01", 250.0);
    assert_eq!(held(&day), [99, 0, 0]);
    day.forget();
    day.clock("10:01:01");
    let news = day.news().join("\n");
    assert!(news.contains("EXPIRED") && news.contains("refused leg_unfilled"), "{news}");
    day.tick_of(0, "10:01:02", 100.0);
    assert_eq!(held(&day), [0, 0, 0]);
    assert!(day.kernel.pairs.is_empty());
}

#[test]
fn a_leg_that_gives_way_is_still_a_leg() {
    let mut day = pair();
    day.wish_of(2, Action::Go, -1).quantity(3).stop(251.0).send();
    day.tick_of(1, "10:00:01", 250.0);
    assert_eq!(held(&day), [0, 0, -3]);
    let legs = [(0, 1, 100.5), (1, -1, 251.0)].map(|(id, side, limit)| {
        day.wish_of(id, Action::Go, side).sized(SizeKind::Notional, 10_000.0).limit(limit).intent
    });
    day.put(Kind::Structure, &Structure { legs, unwind: true, together: true });
    day.tick_of(0, "10:00:02", 100.0);
    assert_eq!(held(&day)[0], 99);
    day.tick_of(1, "10:00:02.5", 250.0);
    day.tick_of(1, "10:00:03", 251.0);
    assert_eq!(waiting(&day), [1]);
    day.tick_of(1, "10:00:04", 250.9);
    assert_eq!((held(&day), waiting(&day)), ([99, 0, 0], vec![]));
    day.tick_of(1, "10:00:05", 251.2);
    assert_eq!(held(&day), [99, -39, 0]);
    assert!(day.kernel.are_legs(0, 1));
}

#[test]
fn a_leg_that_is_alone_at_the_days_end_leaves_on_the_next_day() {
    let mut day = pair();
    open(&mut day, 10_000.0);
    day.tick_of(0, "10:00:01", 100.0);
    day.session(MarkKind::DayDone, at("10:00:02"));
    assert_eq!((held(&day), day.kernel.orders.iter().count()), ([99, 0, 0], 0), "it cannot leave any more");
    assert_eq!(day.kernel.next_due(), i64::MAX);
    day.put(Kind::FactsLoaded, &tomorrow());
    assert_eq!(day.kernel.orders.iter().count(), 0);
    day.put(Kind::CorporateAction, &action(5));
    super::new_day::tick(&mut day, "09:15:05", 20.0);
    super::new_day::tick(&mut day, "09:15:07", 20.0);
    super::new_day::tick(&mut day, "09:15:08", 20.0);
    assert_eq!(held(&day), [0, 0, 0]);
    assert!(day.kernel.pairs.is_empty());
}

fn action(new: i64) -> CorporateAction {
    let (was, source) = (String::new(), "test".to_owned());
    CorporateAction { instrument: 0, ex: 20_260_716, new, old: 1, dividend: 0, was, source }
}

#[test]
fn a_leg_that_a_corporate_action_pays_out_takes_the_other_along() {
    let mut day = pair();
    open(&mut day, 1_000.0);
    day.tick_of(0, "10:00:01", 100.0);
    day.tick_of(1, "10:00:01", 250.0);
    assert_eq!(held(&day), [9, -4, 0]);
    day.put(Kind::FactsLoaded, &tomorrow());
    day.put(Kind::CorporateAction, &CorporateAction { old: 10, ..action(1) });
    assert_eq!(held(&day), [0, -4, 0]);
    day.forget();
    let tick = |day: &mut Day, clock: &str| {
        let tick = Tick { instrument: 1, exch_ts: at(clock) + 86_400 * S, ..day.packet(clock, 250.0) };
        day.put_tick(&tick);
    };
    tick(&mut day, "09:15:05");
    tick(&mut day, "09:15:06");
    assert_eq!(held(&day), [0, 0, 0]);
}

#[test]
fn a_flatten_takes_what_waits_and_the_pair() {
    let mut day = pair();
    day.wish_of(2, Action::Trade, 1).quantity(3).limit(249.5).send();
    open(&mut day, 10_000.0);
    day.tick_of(0, "10:00:01", 100.0);
    day.command(CommandKind::Flatten, "f");
    day.tick_of(0, "10:00:02", 100.0);
    assert_eq!((held(&day), day.kernel.orders.iter().count()), ([0, 0, 0], 0));
    assert!(day.kernel.pairs.is_empty());
}

#[test]
fn a_slice_that_follows_what_shorter_halts_have_ended_is_armed_for_now() {
    let mut day = halted();
    day.share(|_| {});
    let def = InstrumentDef { freeze: 10, ..super::day::share(0) };
    day.put(Kind::InstrumentDef, &def);
    day.tick("09:59:30", 100.0);
    day.wish_of(0, Action::Go, 1).quantity(20).limit(99.0).send();
    day.clock("10:10");
    let mut facts = day.facts.clone();
    facts.groups[0].phases =
        [("09:15", 2), ("10:00", 6), ("10:00:10", 2), ("15:30", 0)].map(|(c, p)| (at(c), p)).into();
    day.put(Kind::FactsLoaded, &facts);
    day.tick("10:11", 98.9);
    assert!(day.kernel.next_due() >= day.kernel.now, "{} before {}", day.kernel.next_due(), day.kernel.now);
}

//! Ruling 12 and what leaves a position: stop, target, trail, repricing, square-off, one exit order at a time.

use super::day::{Day, at, paise};
use crate::fixed::ONE;
use crate::record::{Action, CommandKind, PriceKind, PriceSpec, Tick, TickMode};

fn long(wish: impl FnOnce(super::day::Wish<'_>) -> super::day::Wish<'_>) -> Day {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    wish(day.wish(Action::Go, 1).quantity(10)).send();
    day.tick("09:15:01.5", 100.0);
    day.forget();
    day
}

#[test]
fn a_tick_at_the_stop_makes_an_exit_that_fills_on_the_next() {
    let mut day = long(|w| w.stop(99.0));
    day.tick("09:15:02.5", 99.05);
    assert!(day.news().is_empty());
    day.tick("09:15:03", 99.0);
    assert_eq!(day.news(), ["hit_stop stop 99 target 0", "1.1 stop -10 @98.45 OPEN"]);
    assert_eq!(day.held(), 10);
    day.tick("09:15:03.5", 98.8);
    assert_eq!(day.news(), ["1.1 stop -10 @98.45 FILLED", "fill 1.1 stop -10 @98.75", "disarmed stop 0 target 0"]);
    assert_eq!(day.hooks(), ["fill", "stop"]);
}

#[test]
fn the_tick_that_fills_the_entry_can_hit_its_stop() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.9).send();
    day.forget();
    day.tick("09:15:02", 99.85);
    assert_eq!(
        day.news(),
        [
            "1.0 entry +10 @100.55 FILLED",
            "fill 1.0 entry +10 @99.9",
            "armed stop 99.9 target 0",
            "hit_stop stop 99.9 target 0",
            "1.1 stop -10 @99.3 OPEN"
        ]
    );
}

#[test]
fn a_target_fills_at_its_own_price_strictly_through() {
    let mut day = long(|w| w.target(101.0));
    day.tick("09:15:03", 101.0);
    assert_eq!(day.held(), 10);
    day.tick("09:15:04", 101.3);
    let news = day.news();
    assert_eq!(news[0], "hit_target stop 0 target 101");
    assert!(news.contains(&"fill 1.1 target -10 @101".to_owned()));
    assert_eq!(day.hooks(), ["fill", "target"]);
    assert_eq!(day.kernel.instances[0].book.realised(), i128::from(paise(101.0) - paise(100.05)) * 10);
}

#[test]
fn a_short_target_fills_by_the_ask() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, -1).quantity(10).target(99.0).send();
    day.tick("09:15:02", 100.0);
    day.quote("09:15:03", 99.5, 98.8, 99.0);
    assert_eq!(day.held(), -10);
    day.quote("09:15:04", 99.5, 98.8, 98.95);
    assert_eq!(day.held(), 0);
}

#[test]
fn the_trail_follows_the_best_price_and_the_tighter_wins() {
    let mut day = long(|w| w.stop(99.0).trail(2.0));
    day.tick("09:15:03", 100.5); // trail at 98.5: the stop is tighter
    day.tick("09:15:04", 103.0); // trail at 101
    day.tick("09:15:05", 101.05);
    assert!(day.news().is_empty());
    day.tick("09:15:06", 101.0);
    assert_eq!(day.news()[0], "hit_stop stop 99 target 0");
}

#[test]
fn a_short_trails_from_above() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, -1).quantity(10).trail(1.0).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 98.0);
    day.tick("09:15:04", 98.95);
    assert!(day.kernel.instances[0].exit.is_none());
    day.tick("09:15:05", 99.0);
    assert!(day.kernel.instances[0].exit.is_some());
}

#[test]
fn a_position_that_grows_does_not_loosen_its_trail() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Trade, 1).quantity(10).trail(2.0).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 105.0);
    day.tick("09:15:04", 103.5);
    day.wish(Action::Trade, 1).quantity(10).trail(2.0).send();
    day.tick("09:15:05", 103.5);
    assert_eq!(day.kernel.instances[0].protection.effective_stop(1), 103 * ONE);
}

#[test]
fn a_wider_trail_of_an_increment_does_not_loosen_the_one_that_is_there() {
    for (second, stop) in [(5.0, 103), (1.0, 104)] {
        let mut day = Day::new();
        day.tick("09:15:01", 100.0);
        day.wish(Action::Trade, 1).quantity(10).trail(2.0).send();
        day.tick("09:15:02", 100.0);
        day.tick("09:15:03", 105.0);
        day.wish(Action::Trade, 1).quantity(10).trail(second).send();
        day.tick("09:15:04", 104.5);
        assert_eq!(day.kernel.instances[0].protection.effective_stop(1), stop * ONE);
    }
}

#[test]
fn a_trail_is_percent_points_or_r() {
    for (kind, value, distance) in [
        (PriceKind::Percent, 1.0, 1.0), // 1.0005, in whole ticks
        (PriceKind::Points, 1.5, 1.5),
        (PriceKind::Risk, 0.5, 1.0),
    ] {
        let day = long(|w| w.stop(98.05).but(|i| i.trail = PriceSpec { kind, value }));
        assert_eq!(day.kernel.instances[0].protection.trail, paise(distance), "{kind:?}");
    }
}

#[test]
fn the_stop_moves_by_price_cost_and_r() {
    let mut day = long(|w| w.stop(99.0));
    let entry = paise(100.05);
    for (kind, value, stop) in [
        (PriceKind::Price, 99.5, paise(99.5)),
        (PriceKind::Cost, 0.0, entry),
        (PriceKind::Points, 2.0, paise(98.05)),
        (PriceKind::Risk, 0.5, paise(99.55)), // R stays what it was at the entry: 1.05
        (PriceKind::Percent, 1.0, paise(99.05)),
    ] {
        day.wish(Action::StopTo, 0).but(|i| i.stop = PriceSpec { kind, value }).send();
        assert_eq!(day.kernel.instances[0].protection.stop, stop, "{kind:?}");
    }
    for value in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
        day.wish(Action::StopTo, 0).stop(value).send();
        assert_eq!(day.kernel.instances[0].protection.stop, paise(99.05));
    }
    assert_eq!(day.news().iter().filter(|l| *l == "refused bad_price 0/0").count(), 5);
}

#[test]
fn without_a_position_no_stop_moves() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::StopTo, 0).stop(99.0).send();
    assert_eq!(day.news(), ["s0 no_position"]);
}

#[test]
fn an_exit_that_does_not_fill_follows_the_price_each_second() {
    let mut day = long(|w| w.stop(99.0));
    day.tick("09:15:03", 99.0);
    day.tick("09:15:03.5", 97.0); // through the limit of 98.45
    assert_eq!(day.held(), 10);
    day.forget();
    day.tick("09:15:04.1", 96.9);
    assert_eq!(
        day.news(),
        [
            "1.1 stop -10 @96.5 OPEN (priced anew)",
            "1.1 stop -10 @96.5 FILLED",
            "fill 1.1 stop -10 @96.85",
            "disarmed stop 0 target 0"
        ]
    );
}

#[test]
fn an_exit_goes_half_a_percent_and_at_least_five_ticks_beyond_its_price() {
    for (price, limit) in [(100.0, 99.45), (10.0, 9.7)] {
        let mut day = Day::new();
        day.tick("09:15:01", price);
        day.go(1, 10);
        day.tick("09:15:01.5", price);
        day.wish(Action::Exit, 0).send();
        assert_eq!(day.kernel.orders.iter().next().unwrap().1.limit, paise(limit), "one tick of slippage from {price}");
    }
}

#[test]
fn an_exit_at_a_known_circuit_says_that_it_is_locked() {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| (d.lower, d.upper) = (paise(97.52), paise(110.0)));
    day.start(|_| {});
    day.feed_up("09:00");
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.0).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 99.0);
    day.forget();
    day.tick("09:15:03.9", 97.53);
    day.clock("09:15:05");
    // the circuit is no multiple of the tick: the order stands inside it
    assert_eq!(day.news(), ["1.1 stop -10 @97.55 OPEN (priced anew)", "s0 locked_at_circuit"]);
}

#[test]
fn square_off_closes_whatever_works() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| s.flat_at = at("15:15"));
    day.feed_up("09:00");
    day.tick("14:00:00", 100.0);
    day.go(1, 10);
    day.tick("14:00:01", 100.0);
    day.tick("15:14:59.9", 100.0);
    day.trade(-1, 4);
    day.forget();
    day.tick("15:15:00", 100.0);
    assert_eq!(
        day.news(),
        [
            "1.1 reduce -4 @99.45 CANCELLED (the whole position leaves)",
            "1.2 flat -10 @99.45 OPEN",
            "1.2 flat -10 @99.45 FILLED",
            "fill 1.2 flat -10 @99.95"
        ]
    );
}

#[test]
fn an_exit_above_the_freeze_quantity_goes_in_slices() {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| (d.freeze, d.lot) = (10, 3));
    day.start(|_| {});
    day.feed_up("09:00");
    for (second, units) in [(1, 9), (3, 9), (5, 6)] {
        day.tick(&format!("09:15:0{second}"), 100.0);
        day.trade(1, units);
        day.tick(&format!("09:15:0{second}.5"), 100.0);
    }
    assert_eq!(day.held(), 24);
    day.tick("09:15:08", 100.0);
    day.command(CommandKind::Flatten, "k");
    for second in 9..12 {
        day.tick(&format!("09:15:{second:02}"), 100.0);
    }
    assert_eq!(day.held(), 0);
    let fills: Vec<_> = day.news().into_iter().filter(|l| l.contains("flatten -") && l.starts_with("fill")).collect();
    assert_eq!(fills.len(), 3);
    assert_eq!(day.kernel.command_state("k"), Some("flat"));
}

#[test]
fn a_target_above_the_freeze_quantity_fills_in_slices_at_once() {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| d.freeze = 10);
    day.start(|_| {});
    day.feed_up("09:00");
    for second in [1, 3] {
        day.tick(&format!("09:15:0{second}"), 100.0);
        day.wish(Action::Trade, 1).quantity(8 + second / 3).target(101.0).send();
        day.tick(&format!("09:15:0{second}.5"), 100.0);
    }
    day.tick("09:15:06", 101.5);
    assert_eq!(day.held(), 0);
    assert_eq!(day.kernel.instances[0].book.realised(), i128::from(paise(101.0) - paise(100.05)) * 17);
}

#[test]
fn a_refused_stop_is_tried_again_every_second() {
    let mut day = long(|w| w.stop(99.0));
    let def = crate::record::InstrumentDef { lower: paise(98.0), upper: paise(120.0), lot: 7, ..super::day::share(0) };
    day.put(crate::record::Kind::InstrumentDef, &def); // ten units are no multiple of seven
    day.forget();
    day.tick("09:15:03", 99.0);
    assert_eq!(day.news(), ["hit_stop stop 99 target 0", "refused lot_size 7/10", "s0 cannot_exit"]);
    for part in 1..10 {
        day.tick(&format!("09:15:03.{part}"), 99.0 + f64::from(part) / 20.0);
    }
    assert!(day.news().is_empty(), "not at every tick");
    day.put(crate::record::Kind::InstrumentDef, &crate::record::InstrumentDef { lot: 1, ..def });
    day.tick("09:15:04", 100.0);
    assert_eq!(day.news(), ["1.3 stop -10 @99.45 OPEN"].map(|s| s.replace("1.3", "1.2")));
}

#[test]
fn a_wish_to_leave_that_is_refused_is_not_kept() {
    let mut day = long(|w| w.stop(90.0));
    day.tick("15:29:59", 100.0);
    day.clock("15:31");
    day.forget();
    day.go(0, 0);
    assert_eq!(day.news(), ["refused session_closed 2/3", "s0 cannot_exit"]);
    assert_eq!(day.kernel.instances[0].closing, None);
}

#[test]
fn a_halt_freezes_stops_and_the_life_of_entries() {
    let mut day = Day::with(|d| {
        d.facts.groups[0].phases =
            [("09:15", 2), ("10:00", 6), ("10:45", 2), ("15:30", 0)].map(|(c, p)| (at(c), p)).into();
    });
    day.tick("09:59:30", 100.0);
    day.wish(Action::Go, 1).quantity(10).limit(99.0).stop(98.0).send();
    day.clock("10:44");
    assert_eq!(day.kernel.orders.iter().count(), 1, "half of its minute was left at the halt");
    day.tick("10:45:29.9", 99.5);
    assert_eq!(day.kernel.orders.iter().count(), 1);
    day.tick("10:45:30", 99.5);
    assert_eq!(day.kernel.orders.iter().count(), 0);
    assert_eq!(day.tick("10:20", 1.0), crate::record::Verdict::NotContinuous);
}

#[test]
fn a_slice_that_follows_lives_as_long_as_the_halt_has_left_to_the_one_before() {
    let mut day = Day::bare();
    day.facts.groups[0].phases =
        [("09:15", 2), ("10:00", 6), ("10:45", 2), ("15:30", 0)].map(|(c, p)| (at(c), p)).into();
    day.begin();
    day.share(|d| d.freeze = 10);
    day.start(|_| {});
    day.feed_up("09:00");
    day.tick("09:59:30", 100.0);
    day.wish(Action::Go, 1).quantity(20).limit(99.0).stop(98.0).send();
    day.clock("10:44");
    day.tick("10:45:10", 98.9);
    assert_eq!(day.held(), 9, "the first slice");
    assert!(day.kernel.next_due() > day.kernel.now, "half a minute of its life is left");
    day.tick("10:45:20", 98.9);
    assert_eq!(day.held(), 18);
    day.tick("10:45:30", 98.9);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (18, 0));
}

#[test]
fn an_exit_is_priced_by_the_last_good_price_when_the_quote_is_stale() {
    let mut day = long(|w| w.stop(90.0));
    let book = |price| crate::record::Level { price, quantity: 1 };
    let tick =
        Tick { mode: TickMode::Snap, bid: book(paise(99.0)), ask: book(paise(101.0)), ..day.packet("09:15:03", 100.0) };
    day.put_tick(&tick);
    day.clock("09:15:12");
    day.wish(Action::Exit, 0).send();
    assert_eq!(day.kernel.orders.iter().next().unwrap().1.limit, paise(98.45), "bid − tick − 0.5 %");
    let mut day = long(|w| w.stop(90.0));
    day.put_tick(&tick);
    day.clock("09:15:14");
    day.share(|_| {});
    day.tick_of(1, "09:15:14", 50.0);
    day.wish(Action::Exit, 0).send();
    assert_eq!(day.kernel.orders.iter().next().unwrap().1.limit, paise(99.5), "last − 0.5 %");
}

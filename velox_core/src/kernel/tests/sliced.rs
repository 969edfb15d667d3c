//! Above the freeze quantity everything goes in slices, one at a time, and what ends one ends all that would follow.

use super::day::{Day, at, paise};
use crate::record::{Action, CommandKind, InstrumentDef, Kind, Tick, ValidKind};

/// A share at 100 of which one order may have nine.
fn frozen() -> Day {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| d.freeze = 10);
    day.start(|_| {});
    day.feed_up("09:00");
    day.limits(|l| l.intents = 0);
    day.tick("09:15:01", 100.0);
    day.forget();
    day
}

/// Long as many, stop at 98.
fn long(units: i64) -> Day {
    let mut day = frozen();
    day.wish(Action::Go, 1).quantity(units).stop(98.0).send();
    for second in 2..8 {
        day.tick(&format!("09:15:0{second}"), 100.0);
    }
    assert_eq!(day.held(), units);
    day.forget();
    day
}

fn works(day: &Day) -> Vec<(i64, i64)> {
    day.kernel.orders.iter().map(|(_, o)| (o.quantity, o.more)).collect()
}

#[test]
fn an_entry_goes_in_slices_of_one_intent_and_is_entered_once() {
    let mut day = frozen();
    day.wish(Action::Go, 1).quantity(25).stop(98.0).send();
    assert_eq!((day.news(), works(&day)), (vec!["1.0 entry +9 @100.55 OPEN".to_owned()], vec![(9, 16)]));
    day.tick("09:15:02", 100.0);
    assert_eq!(
        day.news(),
        [
            "1.0 entry +9 @100.55 FILLED",
            "fill 1.0 entry +9 @100.05",
            "armed stop 98 target 0",
            "1.1 entry +9 @100.55 OPEN"
        ]
    );
    day.go(1, 50);
    assert_eq!(works(&day), [(9, 7)], "its entry works");
    day.tick("09:15:03", 100.0);
    day.tick("09:15:04", 100.0);
    assert_eq!((day.held(), works(&day)), (25, vec![]));
    assert_eq!(day.hooks(), ["fill", "fill", "fill", "entered"]);
}

#[test]
fn a_unit_is_closed_by_one_of_two_orders_that_go_on() {
    let mut day = frozen();
    for (side, units) in [(1, 1), (1, 12), (-1, 12), (1, 50), (-1, 20)] {
        day.wish(Action::Trade, side).quantity(units).send();
    }
    day.tick("09:15:05", 100.0);
    let closing = |day: &Day| day.kernel.orders.iter().map(|(_, o)| o.closes).sum::<i64>();
    assert!(day.held() > 0 && closing(&day) <= day.held(), "{} of {}", closing(&day), day.held());
    for second in 6..20 {
        day.tick(&format!("09:15:{second:02}"), 100.0);
    }
    assert_eq!((day.held(), works(&day)), (1 + 12 - 12 + 50 - 20, vec![]), "all that was wished has come");
}

#[test]
fn what_follows_counts_as_position_and_margin() {
    let mut day = frozen();
    day.wish(Action::Go, 1).quantity(25).send();
    assert_eq!(day.kernel.margin_used(0, None), 25 * i128::from(paise(100.55)) / 5);
    assert_eq!(day.kernel.working_units(0, Some(1)), 25);
}

#[test]
fn the_limits_of_an_order_are_those_of_the_whole() {
    let mut day = frozen();
    day.limits(|l| l.order_quantity = 24);
    day.wish(Action::Go, 1).quantity(25).send();
    assert_eq!(day.news(), ["refused order_quantity 24/25"]);
    day.limits(|l| l.order_value = paise(2_000.0));
    day.wish(Action::Go, 1).quantity(25).send();
    assert!(day.news()[0].starts_with("refused order_value"));
}

#[test]
fn what_ends_a_slice_ends_all_that_would_follow() {
    type End = fn(&mut Day);
    let ends: [(&str, End); 6] = [
        ("expiry", |d| d.clock("09:17")),
        ("kill switch", |d| d.command(CommandKind::Halt, "k")),
        ("left", |d| d.wish(Action::Exit, 0).send()),
        ("flat", |d| d.go(0, 0)),
        ("square-off", |d| d.kernel.square_off(0)),
        ("stop", |d| _ = d.tick("09:15:02.5", 98.0)),
    ];
    for (what, end) in ends {
        let mut day = frozen();
        let wish = day.wish(Action::Go, 1).quantity(25).stop(98.0).limit(100.0);
        wish.but(|i| (i.valid_kind, i.valid) = (ValidKind::Until, at("09:16"))).send();
        day.quote("09:15:02", 100.0, 99.9, 99.95);
        assert_eq!((day.held(), works(&day)), (9, vec![(9, 7)]));
        day.hooks();
        day.quote("09:15:02.2", 100.1, 100.05, 100.15);
        end(&mut day);
        let entries = day.kernel.instances[0].entries.len();
        assert_eq!((entries, day.kernel.working_units(0, None)), (0, 0), "{what}");
        // A square-off is no record here, and its hooks are not seen.
        let entered = day.hooks().contains(&"entered".to_owned());
        assert!(entered || what == "square-off", "{what}: what it got is all that it will get");
        for second in 1..5 {
            day.tick(&format!("09:17:0{second}"), 99.0);
        }
        let held = if matches!(what, "expiry" | "kill switch") { 9 } else { 0 };
        assert_eq!((day.held(), works(&day)), (held, vec![]), "{what}");
    }
}

#[test]
fn slices_of_a_limit_entry_that_fills_in_pieces_wait_for_each_other() {
    let mut day = Day::with(|d| d.account.partial = true);
    day.put(Kind::InstrumentDef, &InstrumentDef { freeze: 10, ..super::day::share(0) });
    let trade = |day: &mut Day, clock: &str, units: i64| {
        let tick = Tick { last_qty: units, ..day.packet(clock, 100.0) };
        day.put_tick(&tick)
    };
    trade(&mut day, "09:15:01", 5);
    day.wish(Action::Go, 1).quantity(20).stop(98.0).send();
    for (clock, held, left) in [("09:15:02", 5, (9, 11)), ("09:15:03", 9, (9, 2)), ("09:15:04", 14, (9, 2))] {
        trade(&mut day, clock, 5);
        assert_eq!((day.held(), works(&day)), (held, vec![left]));
    }
}

#[test]
fn a_flip_turns_in_slices_and_the_old_stop_sleeps_until_it_is_over() {
    let mut day = long(12);
    day.wish(Action::Go, -1).quantity(12).stop(102.0).send();
    assert_eq!((day.news()[0].as_str(), works(&day)), ("2.0 flip -9 @99.5 OPEN", vec![(9, 15)]));
    let mut seen = Vec::new();
    for second in 9..13 {
        day.tick(&format!("09:15:{second:02}"), 100.0);
        seen.push((day.held(), works(&day), day.kernel.instances[0].protection.suspended));
    }
    assert_eq!(seen, [(3, vec![(9, 6)], true), (-6, vec![(6, 0)], false), (-12, vec![], false), (-12, vec![], false)]);
    assert_eq!(day.kernel.instances[0].protection.stop, paise(102.0));
    assert!(!day.news().contains(&"armed stop 98 target 0".to_owned()), "it is not armed between two slices");
}

#[test]
fn a_flip_that_ends_between_its_slices_arms_the_old_stop_for_what_is_left() {
    let mut day = long(12);
    let wish = day.wish(Action::Go, -1).quantity(12).limit(100.0).stop(102.0);
    wish.but(|i| (i.valid_kind, i.valid) = (ValidKind::Until, at("09:16"))).send();
    day.quote("09:15:09", 100.0, 100.05, 100.1);
    day.quote("09:15:09.5", 99.9, 99.85, 99.9);
    assert_eq!((day.held(), works(&day)), (3, vec![(9, 6)]));
    day.clock("09:16");
    assert_eq!((day.held(), works(&day)), (3, vec![]));
    assert!(!day.kernel.instances[0].protection.suspended);
    day.tick("09:16:01", 98.0);
    day.tick("09:16:02", 98.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_flip_whose_rest_is_refused_closes_alone() {
    let mut day = long(12);
    day.wish(Action::Go, -1).quantity(12).stop(102.0).send();
    day.limits(|l| (l.intents, l.trades) = (0, 1));
    day.kernel.instances[0].trades = 1;
    day.tick("09:15:09", 100.0);
    assert_eq!(works(&day), [(3, 0)]);
    assert!(day.news().contains(&"refused trades_per_day 1/2".to_owned()));
    day.tick("09:15:10", 100.0);
    assert_eq!((day.held(), works(&day)), (0, vec![]));
}

#[test]
fn a_reduction_goes_in_slices_and_is_taken_back_whole() {
    let mut day = long(30);
    day.trade(-1, 20);
    assert_eq!((day.news()[0].as_str(), works(&day)), ("1.4 reduce -9 @99.45 OPEN", vec![(9, 11)]));
    day.tick("09:15:09", 100.0);
    day.tick("09:15:10", 100.0);
    assert_eq!((day.held(), works(&day)), (12, vec![(2, 0)]));
    day.tick("09:15:11", 100.0);
    assert_eq!((day.held(), works(&day)), (10, vec![]));
    let mut day = long(30);
    day.trade(-1, 20);
    day.tick("09:15:09", 98.0); // past its limit, and the stop of all
    let mut sold = 0;
    for second in 10..16 {
        sold += works(&day).iter().map(|(units, _)| units).sum::<i64>();
        day.tick(&format!("09:15:{second}"), 98.0);
    }
    assert_eq!((day.held(), sold, works(&day)), (0, 30, vec![]));
}

#[test]
fn a_limit_against_the_position_keeps_its_price_in_every_slice() {
    let mut day = long(20);
    day.wish(Action::Trade, -1).quantity(20).limit(101.0).send();
    for second in ["09:15:09", "09:15:10", "09:15:11", "09:15:12"] {
        day.quote(second, 100.0, 99.9, 100.0);
        day.quote(&format!("{second}.5"), 101.1, 101.05, 101.1);
    }
    let fills: Vec<_> = day.news().into_iter().filter(|line| line.starts_with("fill")).collect();
    assert_eq!(fills, ["fill 1.3 reduce -9 @101", "fill 1.4 reduce -9 @101", "fill 1.5 reduce -2 @101"]);
}

#[test]
fn a_stop_entry_above_the_freeze_quantity_waits_whole_and_goes_in_slices() {
    let mut day = frozen();
    day.wish(Action::Go, 1).quantity(20).stop(98.0).above(101.0).send();
    assert_eq!((works(&day), day.kernel.working_units(0, None)), (vec![(9, 11)], 20));
    for second in 2..6 {
        day.tick(&format!("09:15:0{second}"), 101.0);
    }
    assert_eq!((day.held(), works(&day)), (20, vec![]));
}

#[test]
fn a_fill_that_breaks_a_limit_of_the_day_stops_the_slices() {
    let mut day = frozen();
    day.wish(Action::Go, 1).quantity(25).stop(90.0).send();
    day.limits(|l| l.daily_loss = 1_000);
    day.quote("09:15:02", 95.0, 94.9, 100.0);
    assert_eq!(day.held(), 9);
    assert_eq!(day.kernel.working_units(0, None), 0);
    day.tick("09:15:03", 95.0);
    assert_eq!((day.held(), works(&day)), (0, vec![]));
}

#[test]
fn parts_of_a_sliced_entry_are_of_what_is_held() {
    let mut day = frozen();
    day.wish(Action::Go, 1).quantity(25).stop(98.0).part(0.5, Some(102.0), None).part(0.0, Some(104.0), None).send();
    let mut left = Vec::new();
    for second in 2..5 {
        day.tick(&format!("09:15:0{second}"), 100.0);
        left.push(day.kernel.instances[0].protection.parts.iter().map(|part| part.left).collect::<Vec<_>>());
    }
    assert_eq!(left, [[4, 5], [9, 9], [12, 13]]);
    day.tick("09:15:06", 102.5);
    assert_eq!((day.held(), works(&day)), (13, vec![]));
}

#[test]
fn a_slice_risks_what_it_loses_at_its_stop() {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| d.freeze = 30);
    day.start(|_| {});
    day.feed_up("09:00");
    day.limits(|l| (l.trade_risk, l.intents) = (10_000_000, 0));
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(50).stop(99.0).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 100.0);
    assert_eq!(day.held(), 50, "{:?}", day.news());
}

//! Rule 23: what leaves waits for nobody, and what stands in its way gives way and comes back.

use super::crossing::{candles, day, held, minute, open, print, trade, waiting};
use super::day::{Day, at, paise};
use crate::record::{Action, CandleRange, CommandKind, InstrumentDef, Kind, StrategyStopped};

#[test]
fn an_entry_gives_way_to_a_stop_and_comes_back_when_that_has_filled() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.5).send();
    day.tick("09:20:01", 100.0);
    trade(&mut day, 0, 7, 99.3);
    day.forget();
    day.tick("09:20:02", 99.5);
    let news = day.news();
    let told = ["hit_stop stop 99.5 target 0", "1.0 entry +7 @99.3 CANCELLED (gives way to s1)"];
    let waits = ["1.1 entry +7 @99.3 WAITING (waits for an order of s1)", "1.1 stop -10 @98.95 OPEN"];
    assert_eq!(news, [told, waits].concat());
    day.tick("09:20:03", 99.4);
    assert_eq!((held(&day), waiting(&day)), ([0, 0, 0], vec![]), "the stop left on the very next tick");
    day.tick("09:20:04", 99.2);
    assert_eq!(held(&day), [7, 0, 0]);
}

#[test]
fn an_entry_gives_way_when_an_exit_follows_the_price_to_it() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.5).send();
    day.tick("09:20:01", 100.0);
    trade(&mut day, 0, 7, 97.8);
    day.tick("09:20:02", 99.5);
    day.tick("09:20:02.5", 98.0);
    assert_eq!(waiting(&day), [0; 0], "an exit at 98.95 does not reach a bid of 97.8");
    day.clock("09:20:03");
    assert_eq!(waiting(&day), [0], "at 97.5 it does");
}

#[test]
fn an_entry_that_has_filled_in_part_comes_back_with_its_rest() {
    let mut day = day(|day| day.account.partial = true);
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.5).send();
    print(&mut day, "09:20:01", 100.0, 10);
    trade(&mut day, 0, 10, 99.6);
    print(&mut day, "09:20:02", 99.55, 4);
    assert_eq!(held(&day), [4, 10, 0]);
    day.forget();
    print(&mut day, "09:20:03", 99.5, 1);
    assert_eq!(waiting(&day), [0]);
    assert_eq!(day.hooks(), ["fill"], "one more unit, and the entry is not over");
    print(&mut day, "09:20:04", 99.5, 10);
    print(&mut day, "09:20:05", 99.5, 10);
    assert_eq!(held(&day), [10, 0, 0]);
    assert_eq!(day.hooks(), ["fill", "stop", "fill", "entered"]);
    let more: i64 = day.kernel.instances[0].book.quantity();
    assert_eq!(more, 10, "no unit twice");
}

#[test]
fn a_flip_leaves_at_once_and_a_resting_entry_gives_way() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    day.tick("09:20:01", 100.0);
    trade(&mut day, 0, 5, 99.9);
    day.wish_of(1, Action::Go, -1).quantity(10).send();
    assert_eq!(waiting(&day), [0]);
    day.tick("09:20:02", 100.0);
    assert_eq!(held(&day), [0, -10, 0]);
}

#[test]
fn entries_give_way_to_a_strategy_that_has_been_stopped() {
    let mut day = Day::new(); // of two that run the second would be refused
    day.tick("09:20:00", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.5).send();
    day.tick("09:20:01", 100.0);
    day.put(Kind::StrategyStopped, &StrategyStopped { instance: 0, fault: false, reason: "asked".into() });
    day.start(|s| s.instrument = 0);
    trade(&mut day, 1, 5, 99.3);
    day.tick("09:20:02", 99.5);
    assert_eq!(waiting(&day), [1]);
    day.tick("09:20:03", 99.5);
    assert_eq!((day.held(), waiting(&day)), (0, vec![]));
}

#[test]
fn an_exit_that_an_open_leaves_behind_follows_it_through_what_rests_there() {
    let mut day = candles();
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    minute(&mut day, "09:16", 100.0, [100.5, 99.5, 100.0]);
    trade(&mut day, 0, 7, 98.5);
    trade(&mut day, 2, 7, 98.6);
    day.wish_of(1, Action::Go, 0).send();
    assert_eq!(waiting(&day), [0; 0], "99.5 does not reach them");
    open(&mut day, "09:17", 98.55);
    assert_eq!(held(&day)[1], 0, "the exit meets the open at a price of its own");
    assert_eq!(waiting(&day), [0; 0]);
    minute(&mut day, "09:18", 98.4, [99.0, 98.0, 98.4]);
    assert_eq!(held(&day), [7, 0, 7]);
}

#[test]
fn a_stop_inside_a_candle_leaves_there_whoever_waits_below() {
    let mut day = candles();
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.0).send();
    minute(&mut day, "09:16", 100.0, [100.5, 99.5, 100.0]);
    trade(&mut day, 0, 7, 98.9);
    minute(&mut day, "09:17", 100.0, [100.0, 98.95, 99.5]);
    assert_eq!((held(&day), waiting(&day)), ([0, 0, 0], vec![]));
    minute(&mut day, "09:18", 99.5, [99.5, 98.5, 99.0]);
    assert_eq!(held(&day), [7, 0, 0]);
}

#[test]
fn an_entry_that_ends_while_it_waits_tells_what_it_got_before() {
    let mut day = day(|day| day.account.partial = true);
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.5).send();
    print(&mut day, "09:20:01", 100.0, 10);
    trade(&mut day, 0, 10, 99.6);
    print(&mut day, "09:20:02", 99.55, 4);
    print(&mut day, "09:20:03", 99.5, 1);
    assert_eq!(waiting(&day), [0]);
    day.forget();
    day.wish(Action::CancelEntry, 0).send();
    assert_eq!((day.hooks(), held(&day)), (vec!["entered".to_owned()], [5, 10, 0]));
}

/// s1 long 10 with 4 of them for sale at 100.5, s2 short 5.
fn for_sale() -> Day {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    day.tick("09:20:01", 100.0);
    day.wish_of(2, Action::Go, -1).quantity(5).send();
    day.tick("09:20:02", 100.0);
    trade(&mut day, 1, -4, 100.5);
    day.tick("09:20:03", 100.3);
    day.command_for(CommandKind::Flatten, "k", (-1, 2, -1));
    assert_eq!(waiting(&day), [1], "bought back at 100.85 at most");
    day
}

#[test]
fn a_reduction_that_gave_way_is_still_the_one_exit_and_is_taken_back_by_another() {
    let mut day = for_sale();
    day.wish_of(1, Action::Go, 0).send();
    assert_eq!((waiting(&day), day.kernel.orders.iter().count()), (vec![], 2));
    day.tick("09:20:04", 100.3);
    assert_eq!(held(&day), [0, 0, 0]);
}

#[test]
fn a_reduction_that_gave_way_comes_back_and_ends_by_its_own_time() {
    let mut day = for_sale();
    day.tick("09:20:04", 100.3);
    assert_eq!((waiting(&day), held(&day)), (vec![], [0, 10, 0]));
    day.forget();
    day.clock("09:30");
    assert_eq!(day.kernel.orders.iter().count(), 0);
    assert!(day.news().contains(&"s1 expired".to_owned()));
}

#[test]
fn a_flip_that_gave_way_closes_and_opens_what_it_was_to() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    day.tick("09:20:01", 100.0);
    day.wish_of(2, Action::Go, -1).quantity(5).send();
    day.tick("09:20:02", 100.0);
    trade(&mut day, 1, -25, 100.5);
    day.tick("09:20:03", 100.3);
    day.command_for(CommandKind::Flatten, "k", (-1, 2, -1));
    assert_eq!(waiting(&day), [1]);
    day.tick("09:20:04", 100.3);
    day.tick("09:20:05", 100.3);
    day.tick("09:20:06", 100.6);
    assert_eq!(held(&day), [0, -15, 0]);
}

#[test]
fn a_stop_that_is_locked_inside_a_candle_takes_what_rests_there_out_of_its_way() {
    let mut day = candles();
    let def = InstrumentDef { lower: paise(99.0), ..super::day::share(0) };
    day.put(Kind::InstrumentDef, &def);
    day.wish_of(1, Action::Go, 1).quantity(10).stop(98.5).send();
    minute(&mut day, "09:16", 100.0, [100.5, 99.5, 100.0]);
    trade(&mut day, 2, 7, 99.1);
    open(&mut day, "09:17", 100.0);
    day.forget();
    let (ts_open, [high, low, close]) = (at("09:17"), [100.0, 98.0, 99.5].map(paise));
    day.try_rest(&CandleRange { instrument: 0, ts_open, high, low, close, volume: 100, ticks: 7 }).unwrap();
    assert!(day.news().contains(&"1.0 entry +7 @99.1 CANCELLED (gives way to s1)".to_owned()));
    assert_eq!((held(&day), waiting(&day)), ([0, 10, 0], vec![2]));
}

#[test]
fn what_gives_way_frees_at_once_what_waited_for_it() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    day.tick("09:20:01", 100.0);
    trade(&mut day, 0, 5, 99.9);
    trade(&mut day, 2, -5, 99.9);
    assert_eq!(waiting(&day), [2]);
    day.wish_of(1, Action::Go, -1).quantity(10).send();
    assert_eq!(waiting(&day), [0], "the flip takes the purchase out of both ways");
}

#[test]
fn an_emergency_exit_waits_for_nobody() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    day.tick("09:20:01", 100.0);
    trade(&mut day, 0, 5, 99.9);
    day.command_for(CommandKind::Flatten, "k", (-1, 1, -1));
    assert_eq!(waiting(&day), [0]);
    day.tick("09:20:02", 100.0);
    assert_eq!((held(&day), day.kernel.command_state("k")), ([0, 0, 0], Some("flat")));
}

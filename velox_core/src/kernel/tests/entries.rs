//! Targets and increments, the entry window, and what waits for an exit (ruling 14).

use super::day::{Day, at};
use crate::record::Action;

#[test]
fn a_target_that_is_reached_or_works_changes_nothing() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.0).send();
    day.wish(Action::Go, 1).quantity(50).stop(99.5).send();
    assert_eq!(day.news(), ["1.0 entry +10 @100.55 OPEN"]);
    day.tick("09:15:02", 100.0);
    day.wish(Action::Go, 1).quantity(50).stop(99.5).send();
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (10, 0));
    assert!(day.news().contains(&"armed stop 99 target 0".to_owned()));
}

#[test]
fn the_opposite_target_takes_a_working_entry_back() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    day.forget();
    day.go(-1, 10);
    assert_eq!(day.news(), ["1.0 entry +10 @100.55 CANCELLED (a newer target)", "2.0 entry -10 @99.5 OPEN"]);
}

#[test]
fn outside_the_entry_window_only_the_opposite_is_closed() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| (s.entry_from, s.entry_until) = (at("09:20"), at("14:45")));
    day.feed_up("09:00");
    day.tick("09:19:59", 100.0);
    day.forget();
    day.go(1, 10);
    assert_eq!(day.news(), ["s0 outside_window"], "before the start");
    day.tick("09:20:00", 100.0);
    day.go(1, 10);
    day.tick("09:20:01", 100.0);
    day.tick("14:44:59", 100.0);
    assert_eq!(day.held(), 10, "the window's first instant is in it");
    day.tick("14:45:00", 100.0);
    day.forget();
    day.go(-1, 10);
    assert_eq!(day.news(), ["2.1 exit -10 @99.45 OPEN"], "its last is not: only the opposite closes");
    day.tick("14:45:01", 100.0);
    day.go(-1, 10);
    assert_eq!(day.held(), 0);
    assert!(day.news().contains(&"s0 outside_window".to_owned()));
}

/// Long 10 with a stop at 99 that has just been hit.
fn stopped() -> Day {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.0).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:05", 99.0);
    assert_eq!(day.news().last().unwrap(), "1.1 stop -10 @98.45 OPEN");
    day
}

#[test]
fn a_target_while_the_stop_exit_works_waits_and_then_opens_alone() {
    let mut day = stopped();
    day.wish(Action::Go, -1).quantity(7).stop(101.0).send();
    assert!(day.news().is_empty(), "it waits");
    day.tick("09:15:05.5", 98.9);
    assert_eq!(
        day.news(),
        [
            "1.1 stop -10 @98.45 FILLED",
            "fill 1.1 stop -10 @98.85",
            "disarmed stop 0 target 0",
            "2.0 entry -7 @98.4 OPEN"
        ]
    );
    day.tick("09:15:07", 98.9);
    assert_eq!(day.held(), -7, "alone: what the exit closed is not closed again");
}

#[test]
fn only_the_newest_target_waits() {
    let mut day = stopped();
    day.go(-1, 7);
    day.go(0, 0);
    day.tick("09:15:06", 98.9);
    day.tick("09:15:07", 98.9);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
    let mut day = stopped();
    day.go(-1, 7);
    day.go(1, 3);
    day.tick("09:15:06", 98.9);
    day.tick("09:15:07", 98.9);
    assert_eq!(day.held(), 3);
}

#[test]
fn increments_add_reduce_and_turn() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.trade(1, 10);
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 100.0);
    day.trade(1, 5);
    day.tick("09:15:04", 100.0);
    assert_eq!(day.held(), 15);
    day.forget();
    day.trade(-1, 6);
    assert_eq!(day.news(), ["1.1 reduce -6 @99.45 OPEN"]);
    day.trade(-1, 1);
    assert_eq!(day.news(), ["s0 exit_working"], "every unit has at most one exit");
    day.tick("09:15:05", 100.0);
    assert_eq!(day.held(), 9);
    day.tick("09:15:07", 100.0);
    day.trade(-1, 12);
    day.tick("09:15:08", 100.0);
    day.tick("09:15:09", 100.0);
    assert_eq!(day.held(), -3, "all of it leaves, what is more opens afterwards");
}

#[test]
fn an_increment_of_no_whole_quantity_closes_nothing() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.trade(1, 10);
    day.tick("09:15:02", 100.0);
    day.forget();
    for size in [0.5, -3.0, 0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        day.wish(Action::Trade, -1).quantity(1).but(|i| i.size = size).send();
    }
    assert_eq!(day.news(), ["s0 too_small"; 6]);
    day.trade(-1, 2_000_000_000);
    assert_eq!(day.news(), ["refused order_quantity 1000000000/2000000000"]);
    day.wish(Action::Trade, 0).quantity(1).send();
    assert_eq!(day.news(), ["refused bad_side 0/0"]);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (10, 0));
}

#[test]
fn two_working_increments_are_both_taken_back() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.trade(1, 10);
    day.trade(1, 5);
    assert_eq!(day.kernel.orders.iter().count(), 2);
    day.command(crate::record::CommandKind::Halt, "k");
    assert_eq!(day.kernel.orders.iter().count(), 0, "the kill switch knows both");
    day.tick("09:15:02", 100.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn working_increases_count_as_position() {
    let mut day = Day::new();
    day.limits(|l| l.position_value = 150_000_000_000);
    day.tick("09:15:01", 100.0);
    day.trade(1, 10);
    day.trade(1, 5);
    assert_eq!(day.news().last().unwrap(), "refused position_value 150000000000/150825000000");
}

#[test]
fn a_new_target_takes_a_partial_exit_back_instead_of_losing_it() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    day.tick("09:15:02", 100.0);
    day.trade(-1, 4);
    day.forget();
    day.go(0, 0);
    assert_eq!(day.news(), ["1.1 reduce -4 @99.45 CANCELLED (a newer target)", "1.2 exit -10 @99.45 OPEN"]);
    day.tick("09:15:03", 100.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn an_instrument_of_others_is_refused() {
    let mut day = Day::new();
    day.share(|_| {});
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(1).but(|i| i.instrument = 1).send();
    assert_eq!(day.news(), ["refused unknown_instrument 0/0"]);
    assert_eq!(day.hooks(), ["reject unknown_instrument"]);
}

//! Ruling 13: a flip is one order that closes and opens; risk judges both parts.

use super::day::Day;
use crate::record::{Action, CommandKind, Tick};

fn long() -> Day {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.0).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:04", 100.0);
    day.forget();
    day
}

#[test]
fn a_flip_closes_and_opens_in_one_order() {
    let mut day = long();
    day.wish(Action::Go, -1).quantity(7).stop(101.0).send();
    assert_eq!(day.news(), ["2.0 flip -17 @99.5 OPEN"]);
    day.tick("09:15:05", 100.0);
    assert_eq!(
        day.news(),
        [
            "2.0 flip -17 @99.5 FILLED",
            "fill 2.0 flip -17 @99.95",
            "disarmed stop 0 target 0",
            "armed stop 101 target 0"
        ]
    );
    assert_eq!((day.held(), day.kernel.instances[0].trades), (-7, 1));
}

#[test]
fn while_a_flip_works_the_old_stop_sends_nothing() {
    let mut day = long();
    day.wish(Action::Go, -1).quantity(7).limit(100.5).stop(102.0).send();
    day.tick("09:15:05", 98.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (10, 1));
}

#[test]
fn a_flip_that_ends_unfilled_arms_the_old_stop_again() {
    let mut day = long();
    day.wish(Action::Go, -1).quantity(7).limit(100.5).stop(102.0).send();
    day.forget();
    day.tick("09:16:04", 98.9);
    assert_eq!(
        day.news(),
        [
            "2.0 flip -17 @100.5 EXPIRED (not filled in time)",
            "armed stop 99 target 0",
            "s0 expired",
            "hit_stop stop 99 target 0",
            "1.1 stop -10 @98.35 OPEN"
        ]
    );
    day.tick("09:16:05", 98.9);
    assert_eq!(day.held(), 0);
}

#[test]
fn when_opening_is_refused_the_closing_part_goes_alone() {
    let mut day = long();
    day.command(CommandKind::Halt, "k");
    day.forget();
    day.wish(Action::Go, -1).quantity(7).stop(101.0).send();
    assert_eq!(day.news(), ["refused kill_switch 0/1", "1.1 exit -10 @99.45 OPEN"]);
    assert_eq!(day.hooks(), ["reject kill_switch"], "and the refusal is reported");
    day.tick("09:15:05", 100.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_flip_that_is_too_small_or_crossed_closes_alone() {
    let mut day = long();
    day.wish(Action::Go, -1).risk_rupees(0.1).stop(101.0).send();
    assert_eq!(day.news(), ["s0 too_small", "1.1 exit -10 @99.45 OPEN"]);
    let mut day = long();
    day.wish(Action::Go, -1).quantity(5).stop(99.0).send();
    assert_eq!(day.news(), ["s0 stop_crossed", "1.1 exit -10 @99.45 OPEN"]);
}

#[test]
fn a_flip_counts_whole_against_the_limits_of_an_order() {
    let mut day = long();
    day.limits(|l| l.order_quantity = 16);
    day.wish(Action::Go, -1).quantity(7).send();
    assert_eq!(day.news(), ["refused order_quantity 16/17", "1.1 exit -10 @99.45 OPEN"]);
}

#[test]
fn the_part_that_a_flip_closes_frees_its_margin() {
    let mut day = Day::with(|d| d.account.mis_margin = 10_000_000_000);
    day.tick("09:15:01", 100.0);
    day.go(1, 9_000);
    day.tick("09:15:02", 100.0);
    day.tick("09:15:04", 100.0);
    day.go(-1, 9_000);
    day.tick("09:15:05", 100.0);
    assert_eq!(day.held(), -9_000);
}

#[test]
fn a_target_back_takes_the_flip_back_and_keeps_the_position() {
    let mut day = long();
    day.wish(Action::Go, -1).quantity(7).limit(100.5).stop(102.0).send();
    day.forget();
    day.go(1, 5);
    assert_eq!(day.news(), ["2.0 flip -17 @100.5 CANCELLED (a newer target)", "armed stop 99 target 0"]);
    assert_eq!(day.held(), 10);
}

#[test]
fn a_reduction_never_doubles_what_a_flip_closes() {
    let mut day = long();
    day.wish(Action::Go, -1).quantity(7).limit(100.5).stop(102.0).send();
    day.forget();
    day.trade(-1, 4);
    assert_eq!(
        day.news(),
        ["2.0 flip -17 @100.5 CANCELLED (a newer increment)", "armed stop 99 target 0", "1.1 reduce -4 @99.45 OPEN"]
    );
}

#[test]
fn a_flip_may_fill_in_parts() {
    let mut day = Day::with(|d| d.account.partial = true);
    let trade = |day: &mut Day, clock: &str, units: i64| {
        let tick = Tick { last_qty: units, ..day.packet(clock, 100.0) };
        day.put_tick(&tick)
    };
    trade(&mut day, "09:15:01", 50);
    day.wish(Action::Go, 1).quantity(10).stop(99.0).send();
    trade(&mut day, "09:15:02", 50);
    trade(&mut day, "09:15:04", 50);
    day.wish(Action::Go, -1).quantity(7).stop(101.0).send();
    trade(&mut day, "09:15:05", 6);
    assert_eq!(day.held(), 4);
    trade(&mut day, "09:15:06", 4);
    assert_eq!(day.held(), 0);
    trade(&mut day, "09:15:07", 100);
    assert_eq!(day.held(), -7);
    assert_eq!(day.kernel.instances[0].protection.stop, 101 * crate::fixed::ONE);
}

#[test]
fn a_flip_whose_closing_part_is_refused_is_not_sent() {
    let mut day = long();
    day.put(crate::record::Kind::InstrumentDef, &crate::record::InstrumentDef { lot: 7, ..super::day::share(0) });
    day.forget();
    day.go(-1, 7);
    let refused = ["refused lot_size 7/10", "refused lot_size 7/10", "s0 cannot_exit"];
    assert_eq!(day.news(), refused, "the flip, then its closing part alone");
}

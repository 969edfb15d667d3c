//! A position stays guarded, and what the kernel wants closed stays wanted, whatever else works or is wished.

use super::day::{Day, at, paise};
use crate::kernel::order::Role;
use crate::record::{Action, CommandKind, PriceKind, PriceSpec, Tick};

/// Long 10 at 100.05, with a halt from 10:00 to 10:45.
fn long() -> Day {
    let mut day = Day::with(|d| {
        d.facts.groups[0].phases =
            [("09:15", 2), ("10:00", 6), ("10:45", 2), ("15:30", 0)].map(|(c, p)| (at(c), p)).into();
    });
    day.tick("09:59:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.0).target(102.0).send();
    day.tick("09:59:02", 100.0);
    day.forget();
    day
}

#[test]
fn a_wish_that_is_refused_does_not_end_a_flatten() {
    let mut day = long();
    day.clock("10:01");
    day.command(CommandKind::Flatten, "f");
    day.go(0, 0);
    assert_eq!(day.kernel.instances[0].closing, Some(Role::Flatten));
    day.forget();
    day.tick("10:45", 100.0);
    day.tick("10:45:01", 100.0);
    assert_eq!((day.held(), day.news()[0].as_str()), (0, "1.3 flatten -10 @99.45 OPEN"));
}

#[test]
fn a_refused_flip_does_not_end_a_square_off() {
    let mut day = long();
    day.clock("10:01");
    day.kernel.square_off(0);
    day.go(-1, 5);
    day.tick("10:45", 100.0);
    day.tick("10:45:01", 100.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_refused_wish_to_leave_is_told_to_the_strategy_and_halts_nobody() {
    let mut day = long();
    day.clock("10:01");
    day.forget();
    for _ in 0..30 {
        day.go(0, 0);
    }
    day.trade(-1, 3);
    day.kernel.square_off(0);
    assert_eq!(day.hooks(), vec!["reject session_closed"; 31], "not of what the kernel itself wants");
    assert_eq!(day.kernel.instances[0].trading, crate::kernel::Trading::Active);
}

#[test]
fn the_stop_takes_a_partial_exit_back_and_closes_all() {
    let mut day = long();
    day.trade(-1, 3);
    day.forget();
    day.tick("09:59:02.5", 98.0); // past the limit of the part and past the stop
    assert_eq!(
        day.news(),
        [
            "hit_stop stop 99 target 102",
            "1.1 reduce -3 @99.45 CANCELLED (the whole position leaves)",
            "1.2 stop -10 @97.45 OPEN"
        ]
    );
    day.tick("09:59:03", 98.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn the_target_takes_a_partial_exit_back_and_closes_all() {
    let mut day = Day::with(|d| d.account.latency_ns = 2_000_000_000);
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.0).target(102.0).send();
    day.tick("09:15:04", 100.0);
    day.trade(-1, 3);
    day.forget();
    day.tick("09:15:04.5", 103.0);
    let news = day.news();
    assert_eq!(news[1], "1.1 reduce -3 @99.45 CANCELLED (target reached)");
    assert_eq!(news.last().unwrap(), "disarmed stop 0 target 0");
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
}

#[test]
fn a_stop_that_was_moved_stays_where_it_is_when_more_of_its_entry_fills() {
    let mut day = Day::with(|d| d.account.partial = true);
    let trade = |day: &mut Day, clock: &str, units: i64| {
        let tick = Tick { last_qty: units, ..day.packet(clock, 100.0) };
        day.put_tick(&tick)
    };
    trade(&mut day, "09:15:01", 50);
    let below = PriceSpec { kind: PriceKind::Points, value: 2.0 };
    day.wish(Action::Go, 1).quantity(10).but(|i| i.stop = below).send();
    trade(&mut day, "09:15:02", 4);
    assert_eq!(day.kernel.instances[0].protection.stop, paise(98.05));
    day.wish(Action::StopTo, 0).stop(99.5).send();
    trade(&mut day, "09:15:03", 50);
    assert_eq!((day.held(), day.kernel.instances[0].protection.stop), (10, paise(99.5)));
    assert_eq!(day.kernel.instances[0].protection.first_stop, paise(98.05));
}

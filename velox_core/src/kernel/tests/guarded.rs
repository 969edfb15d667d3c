//! A position stays guarded, and what the kernel wants closed stays wanted, whatever else works or is wished.

use super::day::{Day, at, paise};
use crate::kernel::order::Role;
use crate::record::{Action, CommandKind, Kind, PriceKind, PriceSpec, StrategyStopped, Tick};

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

#[test]
fn a_limit_of_the_day_takes_working_entries_back() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| s.capital = paise(100_000.0));
    day.tick("09:15:01", 100.0);
    day.go(1, 1_000);
    day.tick("09:15:01.5", 100.0);
    day.wish(Action::Trade, 1).quantity(5).limit(97.5).send();
    day.tick("09:15:02.9", 97.6);
    assert_eq!(day.kernel.instances[0].entries.len(), 1);
    day.forget();
    day.kernel.instances[0].carried = i128::from(paise(1_000.0)); // ₹2,450 of ₹3,000 are lost; a thousand more
    day.clock("09:15:04");
    let news = day.news();
    assert_eq!(news[..2], ["s0 strategy_limit", "2.0 entry +5 @97.5 CANCELLED (strategy limit)"].map(str::to_owned));
    assert_eq!(day.kernel.accounts[0].trading, crate::kernel::Trading::Active);
}

#[test]
fn the_margin_of_a_working_flip_is_that_of_what_it_opens() {
    let mut day = long();
    day.wish(Action::Go, -1).quantity(7).limit(101.0).send();
    let held = 10 * i128::from(paise(100.05));
    let opening = 7 * i128::from(paise(101.0));
    assert_eq!(day.kernel.margin_used(0, None), (held + opening) / 5);
}

/// Long 10 whose stop has been hit, with the wish to turn short waiting for its exit.
fn turning() -> Day {
    let mut day = long();
    day.tick("09:59:04", 99.0);
    day.go(-1, 10);
    assert!(day.kernel.instances[0].waiting.is_some());
    day
}

#[test]
fn what_waits_for_an_exit_is_dropped_by_a_halt_and_not_revived_by_its_end() {
    let mut day = turning();
    day.command(CommandKind::Halt, "halt");
    day.command(CommandKind::Resume, "resume");
    day.tick("09:59:05", 99.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
}

#[test]
fn what_waits_for_an_exit_is_dropped_by_the_square_off() {
    let mut day = turning();
    day.kernel.square_off(0);
    day.tick("09:59:05", 99.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
}

#[test]
fn what_waits_for_an_exit_is_dropped_when_the_strategy_leaves_or_stops() {
    let mut day = turning();
    day.wish(Action::Exit, 0).send();
    day.tick("09:59:05", 99.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
    let mut day = turning();
    let stop = StrategyStopped { instance: 0, fault: true, reason: "raised".into() };
    day.put(Kind::StrategyStopped, &stop);
    day.forget();
    day.tick("09:59:05", 99.0);
    assert_eq!(day.held(), 0);
    assert!(!day.news().iter().any(|line| line.starts_with("refused")), "it is not even tried");
}

#[test]
fn a_fill_that_breaks_a_limit_is_acted_on_at_once() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| s.capital = paise(100_000.0));
    day.quote("09:15:01", 100.0, 99.95, 100.0);
    day.go(1, 1_000);
    day.quote("09:15:01.1", 97.0, 97.0, 100.0); // bought at 100.05, worth 97: ₹3,050 of ₹3,000
    assert_eq!(day.kernel.instances[0].trading, crate::kernel::Trading::LossStopped);
}

#[test]
fn what_waited_lives_to_the_end_of_the_candle_in_which_it_opens() {
    let mut day = Day::with_bars(&[60]);
    day.tick("09:20:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.0).send();
    day.tick("09:20:02", 100.0);
    day.tick("09:20:59", 99.0);
    day.wish(Action::Go, -1).quantity(10).limit(100.5).of_bar("09:19", 60).send();
    day.clock("09:23:10"); // no tick: the exit is still there, and the candle after the cause is long over
    day.tick("09:23:12", 99.0);
    assert_eq!((day.held(), day.kernel.instances[0].entries.len()), (0, 1));
    day.clock("09:23:59");
    assert_eq!(day.kernel.instances[0].entries.len(), 1);
    day.clock("09:24:00");
    assert_eq!(day.kernel.instances[0].entries.len(), 0);
}

#[test]
fn what_closed_one_position_does_not_close_the_next() {
    let mut day = long();
    day.tick("09:59:04", 99.0);
    day.tick("09:59:05", 99.0);
    assert_eq!(day.held(), 0);
    day.go(1, 4);
    for second in 6..10 {
        day.tick(&format!("09:59:0{second}"), 99.0);
    }
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (4, 0));
}

#[test]
fn a_stop_or_target_takes_entries_back_that_would_open_again() {
    for (price, reason) in [(98.9, "stopped out"), (103.0, "target reached")] {
        let mut day = long();
        day.wish(Action::Trade, 1).quantity(5).limit(98.0).send();
        day.tick("09:59:03", 100.0);
        day.forget();
        day.tick("09:59:05", price);
        assert_eq!(day.news()[1], format!("2.0 entry +5 @98 CANCELLED ({reason})"));
        day.tick("09:59:06", price);
        assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
    }
}

#[test]
fn a_faulty_or_halted_strategy_keeps_no_entry_at_work() {
    for fault in [true, false] {
        let mut day = long();
        day.wish(Action::Trade, 1).quantity(5).limit(98.0).send();
        day.put(Kind::StrategyStopped, &StrategyStopped { instance: 0, fault, reason: "over".into() });
        assert_eq!((day.held(), day.kernel.orders.iter().count()), (10, 0));
        day.tick("09:59:05", 98.9);
        day.tick("09:59:06", 98.9);
        assert_eq!(day.held(), 0, "its stop lives on");
    }
}

#[test]
fn leaving_takes_entries_back() {
    let mut day = long();
    day.wish(Action::Trade, 1).quantity(5).limit(98.0).send();
    day.wish(Action::Exit, 0).send();
    day.tick("09:59:05", 97.9);
    day.clock("10:50");
    day.tick("10:50", 97.9);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
}

#[test]
fn a_fall_of_exactly_the_drawdown_stops() {
    let mut day = Day::new();
    day.limits(|l| l.daily_loss = 0);
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10_000).limit(100.0).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 99.95); // bought at 100
    assert_eq!(day.held(), 10_000);
    day.tick("09:15:04", 95.05);
    day.clock("09:15:06");
    assert_eq!(day.kernel.accounts[0].trading, crate::kernel::Trading::Active);
    day.tick("09:15:06", 95.0);
    day.clock("09:15:07.5");
    assert_eq!(day.kernel.accounts[0].trading, crate::kernel::Trading::DrawdownStopped);
}

#[test]
fn the_accounts_limit_takes_every_strategys_entries_back() {
    let mut day = Day::bare();
    day.begin();
    for _ in 0..2 {
        day.share(|_| {});
        day.start(|_| {});
    }
    for share in 0..2 {
        day.tick_of(share, "09:15:01", 100.0);
    }
    day.go(1, 10_000);
    day.wish_of(1, Action::Trade, 1).quantity(5).limit(99.0).send();
    day.tick_of(0, "09:15:02", 100.0);
    day.tick_of(1, "09:15:02", 100.0);
    day.forget();
    day.tick_of(0, "09:15:02.5", 96.0);
    day.clock("09:15:04");
    assert_eq!(day.kernel.accounts[0].trading, crate::kernel::Trading::LossStopped);
    assert!(day.news().contains(&"1.0 entry +5 @99 CANCELLED (account limit)".to_owned()));
    assert_eq!(day.kernel.instances[1].entries.len(), 0);
}

#[test]
fn a_slice_stays_below_the_freeze_quantity_in_whole_lots() {
    let mut day = long();
    day.put(Kind::InstrumentDef, &crate::record::InstrumentDef { lot: 5, freeze: 10, ..super::day::share(0) });
    assert_eq!([3, 5, 9, 40].map(|held| day.kernel.slice(0, held)), [3, 5, 5, 5]);
}

#[test]
fn a_trade_that_is_over_can_still_be_asked_for_until_the_next_is() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(99.0).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 98.9);
    day.tick("09:15:04", 98.8);
    let over = day.kernel.instances[0].trade(1).cloned().unwrap();
    assert_eq!((day.held(), over.entry, over.stop), (0, paise(100.05), paise(99.0)));
    day.wish(Action::Go, 1).quantity(10).stop(98.0).send();
    day.tick("09:15:05", 98.8);
    assert_eq!(day.kernel.instances[0].trade(1), Some(&over));
    assert_eq!(day.kernel.instances[0].trade(2).map(|trade| trade.stop), Some(paise(98.0)));
    assert_eq!(day.kernel.instances[0].trade(3), None);
}

#[test]
fn a_limit_that_a_slice_of_the_target_breaks_takes_the_rest_alone() {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| d.freeze = 10);
    day.start(|_| {});
    day.feed_up("09:00");
    day.tick("09:15:01", 100.0);
    day.wish(Action::Trade, 1).quantity(9).target(101.0).send();
    day.tick("09:15:01.5", 100.0);
    day.wish(Action::Trade, 1).quantity(8).target(101.0).send();
    day.tick("09:15:03", 100.0);
    day.limits(|l| l.daily_loss = 200_000); // ₹20 of ₹10,00,000
    day.forget();
    // The bid is through the target while the last price has fallen: what is left unsold loses more than the limit.
    day.quote("09:15:04", 95.0, 101.5, 101.6);
    assert_eq!(day.held(), 8);
    let exits: Vec<_> = day.kernel.orders.iter().map(|(_, order)| (order.role, order.rest())).collect();
    assert_eq!(exits, [(Role::Limit, 8)]);
    day.tick("09:15:05", 95.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
}

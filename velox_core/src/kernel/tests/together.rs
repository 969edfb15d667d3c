//! Rule 8: a group's hook runs once for all candles of one end; its instances share capital, limits and trades.

use super::day::{Day, S, at};
use crate::record::{AccountDef, Action, StrategyStarted, StrategyStopped};

const HOOK: u16 = 17;

/// Instances of one group, each on a share of its own with minute candles.
fn group(count: u32) -> Day {
    let mut day = Day::bare();
    day.begin();
    for _ in 0..count {
        let share = day.share(|_| {});
        let series = day.watch(share, 60);
        day.start(|s| (s.together, s.group) = (vec![(series, HOOK)], 0));
    }
    day.feed_up("09:00");
    day.forget();
    day
}

#[test]
fn the_hook_runs_once_when_the_last_candle_has_closed() {
    let mut day = group(2);
    for share in [0, 1] {
        day.tick_of(share, "09:15:10", 100.0);
    }
    day.tick_of(0, "09:16:00", 100.0);
    assert!(day.hooks().is_empty());
    day.tick_of(1, "09:16:01", 100.0);
    assert_eq!(day.hooks(), ["together 09:15:00 [0, 1]"]);
    day.clock("09:16:30");
    assert!(day.hooks().is_empty(), "the grace calls nobody again");
}

#[test]
fn the_grace_ends_the_wait_for_a_share_without_ticks() {
    let mut day = group(2);
    day.tick_of(0, "09:15:10", 100.0);
    day.tick_of(0, "09:16:00", 100.0);
    day.tick_of(1, "09:16:01", 100.0);
    assert!(day.hooks().is_empty(), "its candle might still come");
    day.clock("09:16:01.5");
    assert_eq!(day.hooks(), ["together 09:15:00 [0, 1]"]);
}

#[test]
fn no_candle_at_all_is_no_call() {
    let mut day = group(2);
    day.clock("09:20");
    assert!(day.hooks().is_empty());
}

#[test]
fn a_member_that_ended_is_not_waited_for() {
    let mut day = group(2);
    let stop = StrategyStopped { instance: 1, fault: true, reason: String::new() };
    day.put(crate::record::Kind::StrategyStopped, &stop);
    day.forget();
    day.tick_of(0, "09:15:10", 100.0);
    day.tick_of(0, "09:16:00", 100.0);
    assert_eq!(day.hooks(), ["together 09:15:00 [0]"]);
}

#[test]
fn candles_that_wait_at_the_days_end_do_not_reach_into_the_next() {
    let mut day = group(2);
    day.tick_of(0, "09:15:10", 100.0);
    day.tick_of(0, "09:16:00", 100.0);
    let mut next = day.facts.clone();
    next.session_date += 1;
    for time in [&mut next.day_start_ns, &mut next.open_ns, &mut next.end_ns] {
        *time += 86_400 * S;
    }
    day.put(crate::record::Kind::FactsLoaded, &next);
    assert!(day.kernel.gatherings.is_empty());
}

#[test]
fn a_group_shares_the_loss_limit_of_the_day() {
    let mut day = group(2);
    day.limits(|l| (l.daily_loss, l.drawdown) = (10_000_000, 0)); // 0.1 % of 10 lakh: ₹1,000
    for share in [0, 1] {
        day.tick_of(share, "09:20:00", 100.0);
        day.wish_of(share, Action::Go, 1).quantity(300).send();
        day.tick_of(share, "09:20:01", 100.0);
    }
    for share in [0, 1] {
        day.tick_of(share, "09:20:02", 98.0);
    }
    day.clock("09:20:04");
    let told = day.said();
    let stopped = told.iter().filter(|line| line.contains("strategy_limit")).count();
    assert_eq!(stopped, 2, "each alone lost ₹600 and together ₹1,200: {told:#?}");
}

#[test]
fn a_group_shares_the_trades_of_the_day() {
    let mut day = group(2);
    day.limits(|l| l.trades = 1);
    for share in [0, 1] {
        day.tick_of(share, "09:20:00", 100.0);
    }
    day.wish_of(0, Action::Go, 1).quantity(1).send();
    day.tick_of(0, "09:20:01", 100.0);
    day.wish_of(0, Action::Exit, 0).send();
    day.tick_of(0, "09:20:02", 100.0);
    day.tick_of(1, "09:20:02", 100.0);
    day.forget();
    day.wish_of(1, Action::Go, 1).quantity(1).send();
    assert!(day.hooks().contains(&"reject trades_per_day".to_owned()));
}

#[test]
fn a_group_begins_with_its_first_instance() {
    let mut day = group(1);
    let share = day.share(|_| {});
    let later = StrategyStarted { group: 2, ..super::day::strategy(1, share) };
    let refused = day.try_put(crate::record::Kind::StrategyStarted, &later).unwrap_err();
    assert_eq!(refused, "strategy s1: its group begins with a later instance");
}

#[test]
fn a_group_trades_on_one_account() {
    let mut day = group(1);
    let share = day.share(|_| {});
    let second = AccountDef { id: 1, name: "second".into(), ..day.account.clone() };
    day.put(crate::record::Kind::AccountDef, &second);
    let elsewhere = StrategyStarted { group: 0, account: 1, ..super::day::strategy(1, share) };
    let refused = day.try_put(crate::record::Kind::StrategyStarted, &elsewhere).unwrap_err();
    assert_eq!(refused, "strategy s1: its group began on another account");
    let alone = StrategyStarted { group: 1, ..elsewhere };
    day.try_put(crate::record::Kind::StrategyStarted, &alone).unwrap();
    let mut day = group(2);
    day.put(crate::record::Kind::AccountDef, &second);
    let moved = StrategyStarted { group: 0, account: 1, ..super::day::strategy(0, 0) };
    assert!(day.try_put(crate::record::Kind::StrategyStarted, &moved).is_err(), "nor does its first leave the others");
}

#[test]
fn entries_open_inside_their_windows_alone() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| s.windows = vec![(at("09:30"), at("09:40")), (at("13:30"), at("13:40"))]);
    day.feed_up("09:00");
    for (clock, opens) in [("09:29", false), ("09:30", true), ("09:41", false), ("13:39", true), ("13:40", false)] {
        day.tick(clock, 100.0);
        day.forget();
        day.go(1, 1);
        let outside = day.said().iter().any(|line| line.contains("outside_window"));
        assert_eq!(outside, !opens, "{clock}");
        day.wish(Action::CancelEntry, 0).send();
    }
}

#[test]
fn an_empty_window_is_no_window() {
    let mut day = Day::new();
    let share = day.share(|_| {});
    let broken = StrategyStarted { windows: vec![(at("10:00"), at("10:00"))], ..super::day::strategy(1, share) };
    assert!(day.try_put(crate::record::Kind::StrategyStarted, &broken).unwrap_err().contains("is empty"));
}

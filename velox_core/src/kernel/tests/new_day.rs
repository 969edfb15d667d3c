//! Facts of another date: what begins anew, what stays, what must not reach over the night.

use super::day::{Day, MIDNIGHT, S, at, facts, paise};
use crate::fixed::ONE;
use crate::kernel::Trading;
use crate::record::{
    Action, FactsLoaded, HistoryBar, Input, Kind, MarkKind, NodeAdded, PhaseGroup, Schedule, StrategyStarted,
    StrategyStopped, Tick, TimerClass, Verdict,
};

const DAY: i64 = 86_400 * S;

pub(super) fn tomorrow() -> FactsLoaded {
    days_later(1)
}

pub(super) fn days_later(days: i64) -> FactsLoaded {
    let (today, later) = (facts(), days * DAY);
    let groups = today
        .groups
        .iter()
        .map(|g| PhaseGroup { phases: g.phases.iter().map(|(ts, phase)| (ts + later, *phase)).collect(), ..g.clone() });
    FactsLoaded {
        session_date: 20_260_715 + days as i32,
        day_start_ns: MIDNIGHT + later,
        open_ns: today.open_ns + later,
        end_ns: today.end_ns + later,
        groups: groups.collect(),
        ..today
    }
}

pub(super) fn again() -> StrategyStarted {
    let mut start = super::day::strategy(0, 0);
    (start.entry_from, start.entry_until) = (at("09:15") + DAY, at("15:00") + DAY);
    start
}

pub(super) fn tick(day: &mut Day, clock: &str, rupees: f64) -> Verdict {
    let tick = Tick { exch_ts: at(clock) + DAY, ..day.packet(clock, rupees) };
    day.put_tick(&tick)
}

/// Long 10 from 100.05 overnight, an entry left to rest, a candle forming, the day never ended.
fn carried() -> Day {
    let mut day = Day::with_bars(&[60]);
    day.tick("14:00:00", 100.0);
    day.wish(Action::Trade, 1).quantity(10).stop(95.0).send();
    day.tick("14:00:01", 100.0);
    day.wish(Action::Trade, 1).quantity(5).limit(98.0).send();
    day.tick("14:00:05", 99.0);
    day.forget();
    day
}

#[test]
fn a_day_that_nobody_ended_is_ended_by_the_next() {
    let mut day = carried();
    day.put(Kind::FactsLoaded, &tomorrow());
    let said = day.said();
    assert!(said.iter().any(|l| l.starts_with("candle 60s 14:00:00")), "its candles close");
    assert!(said.contains(&"2.0 entry +5 @98 EXPIRED (the day is over)".to_owned()), "its orders end");
    assert!(day.hooks().is_empty());
    assert_eq!((day.kernel.orders.iter().count(), day.held()), (0, 10));
    let market = &day.kernel.markets[0];
    assert_eq!((market.last_ts, market.run_volume, market.day.ticks), (0, 0, 0));
    assert!(day.kernel.next_due() >= at("09:15") + DAY, "no timer of yesterday is left");
}

#[test]
fn a_carried_position_keeps_its_stop_and_its_money_and_the_day_counts_anew() {
    let mut day = carried();
    day.put(Kind::FactsLoaded, &tomorrow());
    day.put(Kind::StrategyStarted, &again());
    day.session(MarkKind::FeedUp, at("09:00") + DAY);
    day.forget();
    assert_eq!(day.kernel.instances[0].protection.stop, paise(95.0));
    assert_eq!(day.kernel.instances[0].day_profit(paise(99.0)), 0, "the night's loss is yesterday's");
    tick(&mut day, "09:15:05", 96.0);
    let marks: Vec<_> = day.said().into_iter().filter(|l| l.starts_with("mark")).collect();
    assert_eq!(marks.len(), 5, "from the open on, not through the night");
    tick(&mut day, "09:15:06", 94.0);
    tick(&mut day, "09:15:06.5", 94.0);
    assert_eq!(day.held(), 0);
    assert_eq!(day.kernel.equity(0), i128::from(1_000_000 * ONE + 10 * (paise(93.95) - paise(100.05))));
}

#[test]
fn limits_of_the_day_begin_anew() {
    let mut day = Day::new();
    day.tick("14:00:00", 100.0);
    day.go(1, 10_000);
    day.tick("14:00:01", 100.0);
    day.tick("14:00:02.5", 96.0);
    day.tick("14:00:03", 96.0);
    assert_eq!(day.held(), 0);
    assert_eq!(day.kernel.accounts[0].trading, Trading::LossStopped);
    day.put(Kind::FactsLoaded, &tomorrow());
    day.put(Kind::StrategyStarted, &again());
    tick(&mut day, "09:15:05", 96.0);
    day.forget();
    day.go(1, 10);
    assert_eq!(day.news().len(), 1);
    tick(&mut day, "09:15:06", 96.0);
    tick(&mut day, "09:15:09", 96.0);
    assert_eq!((day.held(), day.kernel.accounts[0].trading), (10, Trading::Active), "yesterday's loss is not today's");
    let i = &day.kernel.instances[0];
    assert_eq!((i.trades, i.orders, i.trading), (0, 1, Trading::Active));
}

#[test]
fn a_restart_on_the_same_day_washes_no_limit_away_and_repeats_no_name() {
    let mut day = Day::new();
    day.tick("14:00:00", 100.0);
    day.go(1, 10_000);
    day.tick("14:00:01", 100.0);
    day.tick("14:00:02.5", 96.0);
    day.tick("14:00:03", 96.0);
    let before = day.kernel.instances[0].clone();
    day.put(Kind::StrategyStopped, &StrategyStopped { instance: 0, fault: false, reason: "asked".into() });
    day.put(Kind::StrategyStarted, &super::day::strategy(0, 0));
    let i = &day.kernel.instances[0];
    assert_eq!((i.trading, i.trades, i.intents, i.child), (Trading::LossStopped, 1, 1, before.child));
    assert_eq!(i.day_profit(0), before.day_profit(0));
}

#[test]
fn exits_of_a_carried_position_never_repeat_a_name() {
    let mut day = carried();
    day.trade(-1, 3);
    let first = day.news().last().unwrap().clone();
    assert!(first.starts_with("1.1 reduce"), "{first}");
    day.put(Kind::FactsLoaded, &tomorrow());
    day.put(Kind::StrategyStarted, &again());
    tick(&mut day, "09:15:05", 96.0);
    day.forget();
    day.go(0, 0);
    assert_eq!(day.news(), ["1.2 exit -10 @95.45 OPEN"]);
}

#[test]
fn a_day_before_the_one_that_was_is_refused() {
    let mut day = Day::new();
    day.put(Kind::FactsLoaded, &tomorrow());
    tick(&mut day, "09:15:05", 96.0);
    assert!(day.try_put(Kind::FactsLoaded, &facts()).unwrap_err().contains("is over"));
}

#[test]
fn the_same_facts_again_begin_no_new_day() {
    let mut day = carried();
    let before = (day.kernel.verdicts, day.kernel.candles_closed, day.held());
    day.put(Kind::FactsLoaded, &facts());
    assert_eq!((day.kernel.verdicts, day.kernel.candles_closed, day.held()), before);
    assert_eq!(day.kernel.orders.iter().count(), 1);
    day.tick("14:01:00", 99.0);
    assert_eq!(day.kernel.candles_closed, before.1 + 1);
}

#[test]
fn schedules_do_not_pile_up_over_days() {
    let mut day = Day::new();
    let every =
        |day: i64| crate::record::Schedule { hook: 20, first: at("09:20") + day * DAY, every: 60 * S, run_late: false };
    for _ in 0..20 {
        day.put(Kind::StrategyStarted, &StrategyStarted { schedules: vec![every(0)], ..super::day::strategy(0, 0) });
    }
    assert!(day.kernel.schedules.len() <= 2);
    day.put(Kind::FactsLoaded, &tomorrow());
    day.put(Kind::StrategyStarted, &StrategyStarted { schedules: vec![every(1)], ..again() });
    assert_eq!(day.kernel.schedules.len(), 1);
}

#[test]
fn facts_that_make_no_day_are_refused() {
    let cases: [fn(&mut FactsLoaded); 6] = [
        |f| f.end_ns = f.open_ns - 1,
        |f| f.end_ns = i64::MAX,
        |f| f.open_ns = i64::MIN,
        |f| f.day_start_ns = i64::MAX,
        |f| f.groups[0].phases.reverse(),
        |f| f.charges[0].stt_buy = i64::MAX,
    ];
    for change in cases {
        let mut bad = facts();
        change(&mut bad);
        assert!(Day::bare().try_put(Kind::FactsLoaded, &bad).is_err());
    }
}

#[test]
fn a_feed_that_comes_up_after_the_days_end_arms_nothing() {
    let mut day = carried();
    day.put(Kind::FactsLoaded, &tomorrow());
    let schedules = vec![Schedule { hook: 20, first: at("09:16") + DAY, every: 60 * S, run_late: false }];
    day.put(Kind::StrategyStarted, &StrategyStarted { schedules, ..again() });
    day.session(MarkKind::DayDone, at("09:10") + DAY);
    day.session(MarkKind::FeedUp, at("09:20") + DAY);
    assert_eq!(day.kernel.next_due(), i64::MAX);
}

#[test]
fn days_more_than_four_apart_begin_with_cold_indicators() {
    for (days, goes_on) in [(4, true), (5, false)] {
        let mut day = Day::bare();
        day.begin();
        day.share(|_| {});
        let series = day.watch(0, 60);
        let node = NodeAdded {
            id: 0,
            series,
            source: "close".into(),
            kind: "ema".into(),
            params: vec![2.0],
            second: String::new(),
            instance: -1,
        };
        day.put(Kind::NodeAdded, &node);
        day.start(|s| (s.series, s.nodes) = (vec![(series, 16)], vec![0]));
        day.feed_up("09:00");
        for (clock, price) in [("14:00:00", 100.0), ("14:01:00", 101.0), ("14:02:00", 102.0)] {
            day.tick(clock, price);
        }
        day.wish(Action::Trade, 1).quantity(10).stop(95.0).send();
        day.tick("14:03:00", 102.0);
        day.session(MarkKind::DayDone, at("16:00"));
        assert_eq!(day.held(), 10);
        day.put(Kind::FactsLoaded, &days_later(days));
        let kernel = &day.kernel;
        assert_eq!(!kernel.nodes[0].values[0].is_nan(), goes_on);
        assert_eq!((kernel.series[0].closed > 0, kernel.fed_until(0) > 0), (goes_on, goes_on));
        assert_eq!((day.held(), kernel.instances[0].protection.stop), (10, paise(95.0)), "the position stays");
        // What warms it up may be older than what it had.
        let mut bar = HistoryBar {
            series,
            ts_open: at("10:00"),
            open: paise(50.0),
            high: paise(50.0),
            low: paise(50.0),
            close: paise(50.0),
            volume: 1,
            ticks: 1,
        };
        for minute in 0..3 {
            bar.ts_open += minute * 60 * S;
            day.put(Kind::HistoryBar, &bar);
        }
        let value = day.kernel.nodes[0].values[0];
        assert_eq!((value - 50.0).abs() < 1e-9, !goes_on, "{value}");
    }
}

#[test]
fn the_best_of_yesterday_is_no_height_to_fall_from_today() {
    let mut day = Day::new();
    day.limits(|l| l.daily_loss = 0);
    day.tick("14:00:00", 100.0);
    day.go(1, 10_000);
    day.tick("14:00:01", 100.0);
    day.tick("14:00:03", 104.0);
    day.tick("14:00:05", 101.0);
    let (account, instance) = (&day.kernel.accounts[0], &day.kernel.instances[0]);
    let best = i128::from(1_000_000 * ONE + 10_000 * paise(3.95));
    assert_eq!((account.peak, instance.peak), (best, best));
    day.put(Kind::FactsLoaded, &tomorrow());
    assert_eq!(day.kernel.accounts[0].peak, day.kernel.equity(0), "the day begins at its best");
    day.put(Kind::StrategyStarted, &again());
    assert_eq!(day.kernel.instances[0].peak, i128::from(day.kernel.instances[0].capital));
    // 3 % below the day's begin: 6 % below yesterday's best.
    tick(&mut day, "09:15:05", 98.0);
    tick(&mut day, "09:15:08", 98.0);
    let kernel = &day.kernel;
    assert_eq!((kernel.accounts[0].trading, kernel.instances[0].trading), (Trading::Active, Trading::Active));
    tick(&mut day, "09:15:10", 95.9);
    tick(&mut day, "09:15:13", 95.9);
    assert_eq!(day.kernel.accounts[0].trading, Trading::DrawdownStopped, "and from today's it counts");
}

/// A long that leaves, and a short that waits for it.
fn turning() -> Day {
    let mut day = Day::new();
    day.tick("14:00:00", 100.0);
    day.go(1, 10);
    day.tick("14:00:01", 100.0);
    day.go(0, 0);
    day.go(-1, 10);
    assert!(day.kernel.instances[0].waiting.is_some());
    day
}

#[test]
fn what_waited_for_an_exit_at_the_days_end_is_forgotten_with_the_day() {
    let mut day = turning();
    day.session(MarkKind::DayDone, at("16:00"));
    assert_eq!((day.held(), day.kernel.instances[0].waiting.is_some()), (10, false));
}

#[test]
fn what_waited_on_a_day_whose_end_was_passed_over_opens_nothing_on_the_next() {
    let mut day = turning();
    while let Some(timer) = day.kernel.due_timer(i64::MAX) {
        if timer.class == TimerClass::DayEnd {
            day.kernel.pass_over(&Input::Timer(timer));
            break;
        }
        day.fire(timer.due);
    }
    assert_eq!(day.kernel.orders.iter().count(), 1, "nothing has ended the day in order");
    day.forget();
    day.put(Kind::FactsLoaded, &tomorrow());
    assert_eq!(day.news(), ["1.1 exit -10 @99.5 EXPIRED (the day is over)"]);
    day.put(Kind::StrategyStarted, &again());
    day.session(MarkKind::FeedUp, at("09:00") + DAY);
    for clock in ["09:15:05", "09:15:06", "09:15:07"] {
        tick(&mut day, clock, 100.0);
        day.go(0, 0);
    }
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0), "it leaves, and nothing follows");
}

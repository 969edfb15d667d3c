//! Rulings 1, 2, 3 and 5: kernel time, timers, time marks, hooks by the clock.

use super::day::{Day, MIDNIGHT, S, at, paise};
use crate::kernel::Kernel;
use crate::record::{
    ClockMode, Input, Kind, MarkKind, Schedule, StrategyStopped, Tick, TickMode, Timer, TimerClass, Verdict,
};

#[test]
fn only_applied_and_duplicate_ticks_move_data_time() {
    let mut day = Day::new();
    day.tick("09:15:10", 100.0);
    for (clock, rupees) in [("09:15:05", 100.0), ("09:15:20", -1.0), ("08:00", 100.0), ("09:15:10", 100.0)] {
        day.tick(clock, rupees);
        assert_eq!(day.kernel.now, at("09:15:10"), "{clock}");
    }
    day.share(|_| {});
    day.tick_of(1, "09:15:05", 50.0);
    assert_eq!(day.kernel.now, at("09:15:10"), "time never goes back");
    assert_eq!(day.kernel.markets[1].last_ts, at("09:15:05"));
}

#[test]
fn rows_before_the_first_applied_tick_stand_at_the_start_of_their_day() {
    let mut day = Day::new();
    for (clock, rupees) in [("08:00", 100.0), ("09:20", -1.0)] {
        day.tick(clock, rupees);
        assert_eq!(day.kernel.now, MIDNIGHT, "{clock}");
    }
    day.tick("09:15:10", 100.0);
    assert_eq!(day.kernel.now, at("09:15:10"));
}

#[test]
fn a_timer_fires_at_its_due_time_before_the_record_that_makes_it_due() {
    let mut day = Day::with_bars(&[60]);
    day.tick("09:15:30", 100.0);
    day.forget();
    day.share(|_| {});
    day.tick_of(1, "09:17:00", 50.0);
    assert_eq!(day.news()[0], "candle 60s 09:15:00 at 09:16:01.5: 100 100 100 100 volume 0 ticks 1");
    assert_eq!(day.kernel.now, at("09:17:00"));
}

#[test]
fn time_marks_change_no_decision() {
    let play = |marks: bool| {
        let mut day = Day::with_bars(&[60]);
        let mark = |day: &mut Day, clock: &str| {
            if marks {
                day.clock(clock);
            }
        };
        day.tick("09:15:30", 100.0);
        day.go(1, 10);
        mark(&mut day, "09:15:40");
        day.tick("09:15:45", 100.0);
        mark(&mut day, "09:16:03");
        mark(&mut day, "09:18:00");
        day.tick("09:18:00", 101.0);
        mark(&mut day, "16:00:02");
        day.fire(at("16:00:02"));
        (day.kernel.hash.value(), day.kernel.hash.count())
    };
    assert_eq!(play(false), play(true));
}

#[test]
fn a_time_mark_itself_is_no_time() {
    let mut day = Day::new();
    day.tick("09:15:10", 100.0);
    day.clock("12:00");
    assert_eq!(day.kernel.now, at("09:15:10"));
}

#[test]
fn in_wall_mode_an_exchange_time_far_ahead_is_impossible() {
    let mut day = Day::bare();
    day.settings(|s| s.clock = ClockMode::Wall);
    day.begin();
    day.share(|_| {});
    day.start(|_| {});
    let tick = day.packet("09:20:05", 100.0);
    assert_eq!(day.put_tick_at(&tick, at("09:20:00")), Verdict::Applied, "five seconds are not more than five");
    let tick = day.packet("09:20:06.001", 100.0);
    assert_eq!(day.put_tick_at(&tick, at("09:20:01")), Verdict::Impossible);
    assert_eq!(day.kernel.now, at("09:20:01"), "the wall clock moves on all the same");
}

#[test]
fn extremes_of_time_and_price_get_a_verdict() {
    for clock in [ClockMode::Data, ClockMode::Wall] {
        let mut day = Day::with_bars(&[60]);
        day.settings(|s| s.clock = clock);
        day.tick("09:15:10", 100.0);
        let base = Tick { mode: TickMode::Snap, ..day.packet("09:15:11", 100.0) };
        for extreme in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX, paise(1e7) + 1, i64::MAX / 2] {
            let set: [fn(&mut Tick, i64); 12] = [
                |t, v| t.exch_ts = v,
                |t, v| t.price = v,
                |t, v| t.volume = v,
                |t, v| t.last_qty = v,
                |t, v| t.bid.price = v,
                |t, v| t.bid.quantity = v,
                |t, v| t.ask.price = v,
                |t, v| t.ask.quantity = v,
                |t, v| t.upper = v,
                |t, v| t.lower = v,
                |t, v| (t.open, t.high, t.low, t.close, t.average) = (v, v, v, v, v),
                |t, v| (t.open_interest, t.total_buy, t.total_sell, t.trade_ts, t.recv_ns) = (v, v, v, v, v),
            ];
            for change in set {
                let mut tick = base;
                change(&mut tick, extreme);
                day.put_tick_at(&tick, at("09:15:11"));
            }
        }
        assert!(day.kernel.markets[0].run_volume < 1 << 50);
        day.go(1, 10);
        day.tick("09:15:40", 100.0);
    }
}

fn with_schedules(schedules: Vec<Schedule>, seconds: &[u32]) -> Day {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    let series: Vec<_> = seconds.iter().map(|s| (day.watch(0, *s), 16)).collect();
    day.start(|s| (s.series, s.schedules) = (series, schedules));
    day.feed_up("09:00");
    day.forget();
    day
}

fn once(hook: u16, clock: &str) -> Schedule {
    Schedule { hook, first: at(clock), every: 0, run_late: false }
}

#[test]
fn a_time_at_a_candles_end_runs_right_after_its_close() {
    let mut day = with_schedules(vec![once(20, "09:20")], &[60, 300]);
    day.tick("09:19:59", 100.0);
    day.forget();
    day.tick("09:20:00.4", 101.0);
    assert_eq!(day.hooks(), ["bar 09:15:00 n1", "bar 09:19:00 n1", "own 20"], "long, short, then the time");
    let mut day = with_schedules(vec![once(20, "09:20")], &[300]);
    day.tick("09:19:59", 100.0);
    day.forget();
    day.clock("09:20:01.4");
    assert!(day.hooks().is_empty());
    day.clock("09:20:01.5");
    assert_eq!(day.hooks(), ["bar 09:15:00 n1", "own 20"]);
}

#[test]
fn a_time_at_the_end_of_a_minute_without_ticks_runs_within_the_grace() {
    let mut day = with_schedules(vec![once(20, "09:20")], &[300]);
    day.clock("09:20:01.4");
    assert!(day.hooks().is_empty());
    day.clock("09:20:01.5");
    assert_eq!(day.hooks(), ["own 20"]);
}

#[test]
fn other_times_run_at_their_own() {
    let mut day = with_schedules(vec![once(20, "09:20:30"), once(21, "09:15")], &[300]);
    day.clock("09:15:00");
    assert_eq!(day.hooks(), ["own 21"], "the open ends no candle");
    day.clock("09:20:30");
    assert_eq!(day.hooks(), ["own 20"]);
}

#[test]
fn periods_go_before_times_at_one_instant() {
    let every = Schedule { hook: 30, first: at("09:15:30"), every: 30 * S, run_late: false };
    let mut day = with_schedules(vec![once(20, "09:16"), every], &[60]);
    day.tick("09:15:10", 100.0);
    day.forget();
    day.clock("09:15:59.9");
    assert_eq!(day.hooks(), ["own 30"]);
    day.clock("09:16:01.5");
    assert_eq!(day.hooks(), ["bar 09:15:00 n1", "own 30", "own 20"]);
    day.clock("09:17:01.5");
    assert_eq!(day.hooks(), ["own 30", "own 30"]);
}

#[test]
fn what_a_period_missed_while_it_waited_for_a_candle_is_left_out() {
    let every = Schedule { hook: 30, first: at("09:16"), every: S / 2, run_late: false };
    let mut day = with_schedules(vec![every], &[60]);
    day.tick("09:15:10", 100.0);
    day.forget();
    day.tick("09:16:01.2", 100.0); // 09:16:00.5 and 09:16:01 passed before the candle of 09:15 closed
    assert_eq!(day.hooks(), ["bar 09:15:00 n1", "own 30"]);
    assert_eq!(day.kernel.next_due(), at("09:16:01.5"), "nothing is due before kernel time");
    day.clock("09:16:02");
    assert_eq!(day.hooks(), ["own 30", "own 30"]);
}

#[test]
fn a_period_ends_with_the_day() {
    let every = Schedule { hook: 30, first: at("09:15:30"), every: 3_600 * S, run_late: false };
    let mut day = with_schedules(vec![every], &[]);
    day.clock("16:00:02");
    assert_eq!(day.hooks(), ["own 30", "own 30", "own 30", "own 30", "own 30", "own 30", "own 30", "finish"]);
    assert_eq!(day.kernel.next_due(), i64::MAX, "nothing fires after the day");
}

#[test]
fn a_time_that_is_late_by_the_wall_clock_is_skipped_unless_it_may_be() {
    let late = Schedule { run_late: true, ..once(21, "09:20") };
    let mut day = with_schedules(vec![once(20, "09:20"), late], &[]);
    day.settings(|s| s.clock = ClockMode::Wall);
    day.fire_late(31 * S);
    day.fire_late(31 * S);
    assert_eq!((day.news(), day.hooks()), (vec!["s0 at_skipped".to_owned()], vec!["own 21".to_owned()]));
    let mut day = with_schedules(vec![once(20, "09:20")], &[]);
    day.fire_late(30 * S);
    assert_eq!(day.hooks(), ["own 20"], "thirty seconds are not more than thirty");
}

#[test]
fn a_feed_whose_clock_begins_at_eleven_skips_what_was_before() {
    let every = Schedule { hook: 30, first: at("09:15"), every: 60 * S, run_late: false };
    let late = Schedule { run_late: true, ..once(21, "09:25") };
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| s.schedules = vec![once(20, "09:20"), late, every]);
    day.forget();
    day.feed_up("11:00");
    assert_eq!(day.news(), ["s0 at_skipped"]);
    day.tick("11:00:30", 100.0);
    assert_eq!(day.hooks(), ["own 21", "own 30"], "one period, not a hundred");
}

#[test]
fn a_time_that_fired_never_fires_again_that_day() {
    let late = Schedule { run_late: true, ..once(21, "09:20") };
    let mut day = with_schedules(vec![late.clone()], &[]);
    day.clock("09:20");
    assert_eq!(day.hooks(), ["own 21"]);
    day.tick("09:21", 100.0);
    day.put(Kind::StrategyStopped, &StrategyStopped { instance: 0, fault: false, reason: "asked".into() });
    let start = crate::record::StrategyStarted { schedules: vec![late], ..super::day::strategy(0, 0) };
    day.put(Kind::StrategyStarted, &start);
    day.forget();
    day.clock("12:00");
    assert!(day.hooks().is_empty());
}

#[test]
fn no_hook_runs_before_its_inputs_are_ready() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    let series = day.watch(0, 60);
    let node = crate::record::NodeAdded {
        id: 0,
        series,
        source: "close".into(),
        kind: "sma".into(),
        params: vec![2.0],
        second: String::new(),
        instance: -1,
    };
    day.put(Kind::NodeAdded, &node);
    day.start(|s| (s.series, s.nodes, s.on_tick) = (vec![(series, 16)], vec![0], true));
    day.feed_up("09:00");
    day.forget();
    day.tick("09:15:01", 100.0);
    day.tick("09:16:01", 101.0);
    assert!(day.hooks().is_empty());
    day.tick("09:17:01", 102.0);
    assert_eq!(day.hooks(), ["bar 09:16:00 n2", "tick"]);
    assert!(day.news().contains(&"s0 first_candle".to_owned()));
}

#[test]
fn a_record_that_must_not_be_applied_leaves_no_timer_behind() {
    let every = Schedule { hook: 30, first: at("09:16"), every: 60 * S, run_late: false };
    let mut day = with_schedules(vec![every, once(20, "09:16")], &[60]);
    let mut last = (i64::MIN, TimerClass::Candle, 0);
    for _ in 0..12 {
        let timer = day.kernel.due_timer(i64::MAX).unwrap();
        assert!((timer.due, timer.class, timer.id) > last, "it does not come again");
        last = (timer.due, timer.class, timer.id);
        day.kernel.pass_over(&Input::Timer(timer));
    }
    assert!(last.0 >= at("09:20"), "and those that recur go on");
}

#[test]
fn a_timer_that_is_not_due_cannot_follow() {
    let mut kernel = Kernel::default();
    let timer = Timer { due: 5, class: TimerClass::Mark, id: 0, late_ns: 0 };
    assert!(kernel.apply(5, &Input::Timer(timer)).is_err());
    assert!(kernel.apply(i64::MAX, &Input::Kept(Kind::Funds)).is_err());
    assert!(kernel.apply(-1, &Input::Kept(Kind::Funds)).is_err());
}

#[test]
fn a_day_that_is_over_twice_finishes_once() {
    let mut day = Day::with_bars(&[60]);
    day.tick("15:29:59", 100.0);
    day.go(1, 10);
    day.forget();
    day.clock("16:00:02");
    assert_eq!(day.hooks(), ["bar 15:29:00 n1", "finish"]);
    day.session(MarkKind::DayDone, at("16:00:02"));
    assert!(day.hooks().is_empty());
}

#[test]
fn after_the_days_end_nothing_is_placed_or_armed() {
    let mut day = Day::with_bars(&[60]);
    day.tick("10:00:00", 100.0);
    day.go(1, 10);
    day.tick("10:00:01", 100.0);
    day.session(MarkKind::DayDone, at("10:00:01"));
    let start = crate::record::StrategyStarted { flat_at: at("10:00:02"), ..super::day::strategy(0, 0) };
    day.put(Kind::StrategyStarted, &crate::record::StrategyStarted { schedules: vec![once(20, "10:05")], ..start });
    day.watch(0, 300);
    day.forget();
    day.go(-1, 5);
    assert_eq!(day.news()[0], "refused session_closed 2/0");
    assert_eq!((day.kernel.orders.iter().count(), day.kernel.next_due()), (0, i64::MAX));
}

#[test]
fn thirty_seconds_after_its_time_a_start_still_runs_it_and_a_moment_later_it_does_not() {
    for (start, told) in [("09:20:30", vec!["own 20"]), ("09:20:30.001", vec![])] {
        let mut day = Day::bare();
        day.begin();
        day.share(|_| {});
        day.feed_up("09:00");
        day.tick(start, 100.0);
        day.start(|s| s.schedules = vec![once(20, "09:20")]);
        day.forget();
        day.clock("09:20:31");
        assert_eq!(day.hooks(), told, "{start}");
    }
}

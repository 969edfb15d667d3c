//! What an operator orders: halt, resume, flatten, and the same key twice.

use super::day::Day;
use crate::record::{Action, CommandKind, Kind, Skip, StrategyStarted, StrategyStopped};

#[test]
fn a_halt_takes_entries_back_and_keeps_stops() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.tick("09:15:01.5", 100.0);
    day.trade(1, 5);
    day.forget();
    day.command(CommandKind::Halt, "a");
    assert_eq!(day.news(), ["2.0 entry +5 @100.55 CANCELLED (kill switch)", "command a done"]);
    day.tick("09:15:03", 100.0);
    day.trade(1, 5);
    assert_eq!(day.news(), ["refused kill_switch 0/1"]);
    day.tick("09:15:04", 98.9);
    day.tick("09:15:04.5", 98.9);
    assert_eq!(day.held(), 0);
    day.tick("09:15:06", 98.9);
    day.command(CommandKind::Resume, "b");
    day.forget();
    day.trade(1, 5);
    assert_eq!(day.news(), ["4.0 entry +5 @99.4 OPEN"]);
}

#[test]
fn the_same_key_twice_is_the_same_command() {
    let mut day = Day::new();
    day.command(CommandKind::Halt, "a");
    day.command(CommandKind::Resume, "b");
    day.forget();
    day.command(CommandKind::Halt, "a");
    assert!(day.said().is_empty() && !day.kernel.accounts[0].kill);
    assert_eq!((day.kernel.command_state("a"), day.kernel.command_state("c")), (Some("done"), None));
}

#[test]
fn the_log_of_commands_is_bounded() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    day.tick("09:15:01.5", 100.0);
    let before = day.kernel.snapshot().len();
    for number in 0..2_000 {
        day.command(CommandKind::Flatten, &format!("key-{number}"));
    }
    assert!(day.kernel.snapshot().len() < before + 256 * 100);
    assert_eq!(day.kernel.orders.iter().count(), 1, "and they all share one exit");
    day.tick("09:15:02", 100.0);
    assert_eq!(day.kernel.command_state("key-1999"), Some("flat"));
}

#[test]
fn flatten_answers_flat_when_the_last_exit_filled() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    day.tick("09:15:01.5", 100.0);
    day.forget();
    day.command(CommandKind::Flatten, "f");
    assert_eq!(day.news(), ["command f working", "1.1 flatten -10 @99.45 OPEN"]);
    day.tick("09:15:02", 100.0);
    assert_eq!(day.news(), ["1.1 flatten -10 @99.45 FILLED", "fill 1.1 flatten -10 @99.95", "command f flat"]);
}

#[test]
fn flatten_without_positions_is_flat_at_once() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    day.forget();
    day.command(CommandKind::Flatten, "f");
    assert_eq!(day.news(), ["1.0 entry +10 @100.55 CANCELLED (kill switch)", "command f working", "command f flat"]);
}

#[test]
fn flatten_takes_over_a_partial_exit_and_joins_a_whole_one() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    day.tick("09:15:01.5", 100.0);
    day.trade(-1, 3);
    day.forget();
    day.command(CommandKind::Flatten, "f");
    assert_eq!(
        day.news(),
        [
            "command f working",
            "1.1 reduce -3 @99.45 CANCELLED (the whole position leaves)",
            "1.2 flatten -10 @99.45 OPEN"
        ]
    );
    day.command(CommandKind::Flatten, "g");
    assert_eq!(day.news(), ["command g working"]);
    day.tick("09:15:02", 100.0);
    assert_eq!(day.news()[2..], ["command f flat", "command g flat"].map(str::to_owned));
}

#[test]
fn flatten_outside_the_session_says_at_once_that_it_is_not_flat() {
    let mut day = Day::new();
    day.tick("15:29:59", 100.0);
    day.wish(Action::Trade, 1).quantity(10).send();
    assert_eq!(day.news(), ["s0 outside_window"]);
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| s.entry_until = i64::MAX);
    day.tick("15:29:59", 100.0);
    day.go(1, 10);
    day.tick("15:29:59.5", 100.0);
    let auction = day.packet("15:31", 100.0);
    day.kernel.now = super::day::at("15:31");
    assert_eq!(day.kernel.judge(&auction, 0).verdict, crate::record::Verdict::NotContinuous);
    day.forget();
    day.command(CommandKind::Flatten, "f");
    assert_eq!(day.news(), ["command f working", "refused session_closed 2/3", "s0 cannot_exit", "command f not_flat"]);
    assert_eq!(day.held(), 10);
}

#[test]
fn a_flatten_that_did_not_get_there_by_the_days_end_is_not_flat() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| s.entry_until = i64::MAX);
    day.tick("15:29:58", 100.0);
    day.go(1, 10);
    day.tick("15:29:58.5", 100.0);
    day.command(CommandKind::Flatten, "f");
    day.forget();
    day.clock("16:00:02");
    assert_eq!(day.kernel.command_state("f"), Some("not_flat"));
    assert_eq!(day.kernel.orders.iter().count(), 0);
}

#[test]
fn a_skipped_record_leaves_reductions_until_an_operator_resumes() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.put(Kind::Skip, &Skip { seq: 7, tick: true, reason: "died twice".into() });
    day.go(1, 10);
    assert_eq!(day.news(), ["refused reduce_only 0/1"]);
    assert_eq!(day.kernel.skipped_ticks, 1);
    day.command(CommandKind::Resume, "r");
    day.forget();
    day.go(1, 10);
    assert_eq!(day.news(), ["2.0 entry +10 @100.55 OPEN"]);
}

#[test]
fn a_faulty_strategy_takes_no_new_risk_and_keeps_its_stop() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.tick("09:15:01.5", 100.0);
    day.trade(1, 5);
    day.forget();
    day.put(Kind::StrategyStopped, &StrategyStopped { instance: 0, fault: true, reason: "x.py:3".into() });
    assert_eq!(day.news(), ["2.0 entry +5 @100.55 CANCELLED (the strategy stopped)", "s0 fault"]);
    day.tick("09:15:04", 100.0);
    day.trade(1, 5);
    assert_eq!(day.news(), ["refused reduce_only 0/1"]);
    day.tick("09:15:05", 99.0);
    day.tick("09:15:05.5", 99.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_second_strategy_on_the_instrument_is_refused_and_changes_nothing() {
    let mut day = Day::new();
    let before = day.kernel.snapshot();
    let rival = super::day::strategy(1, 0);
    let refused = day.try_put(Kind::StrategyStarted, &rival).unwrap_err();
    assert_eq!(refused, "strategy s1: s0 trades the same instrument on the same account");
    assert_eq!(day.kernel.snapshot(), before);
    day.put(Kind::StrategyStopped, &StrategyStopped { instance: 0, fault: false, reason: "asked".into() });
    day.put(Kind::StrategyStarted, &rival);
}

#[test]
fn a_strategy_whose_order_works_cannot_move_to_another_share() {
    let mut day = Day::new();
    let other = day.share(|_| {});
    day.tick("09:20:00", 100.0);
    day.wish(Action::Trade, 1).quantity(5).limit(99.0).send();
    let moved = StrategyStarted { instrument: other, ..super::day::strategy(0, 0) };
    let refused = day.try_put(Kind::StrategyStarted, &moved).unwrap_err();
    assert_eq!(refused, "strategy s0: its orders work on another instrument or account");
    day.wish(Action::CancelEntry, 0).send();
    day.put(Kind::StrategyStarted, &moved);
    day.tick("09:20:01", 98.0);
    assert_eq!((day.held(), day.kernel.instances[0].instrument), (0, other));
}

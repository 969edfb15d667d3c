//! Halt, resume and emergency exit of a strategy, an instrument, an account or everything.

use super::day::{Day, paise, share};
use crate::kernel::Kernel;
use crate::record::{AccountDef, Action, CommandKind, Kind};

const ALL: (i32, i64, i64) = (-1, -1, -1);

/// Two accounts with two shares each; strategy 2 × account + share holds ten units.
fn four() -> Day {
    let mut day = Day::bare();
    day.begin();
    day.put(Kind::AccountDef, &AccountDef { id: 1, name: "second".into(), ..super::day::paper() });
    for _ in 0..2 {
        day.share(|_| {});
    }
    for account in 0..2 {
        for instrument in 0..2 {
            day.start(|s| (s.account, s.instrument) = (account, instrument));
        }
    }
    day.feed_up("09:00");
    let ticks = |day: &mut Day, clock: &str| (0..2).for_each(|share| _ = day.tick_of(share, clock, 100.0));
    ticks(&mut day, "10:00:00");
    for strategy in 0..4 {
        day.wish_of(strategy, Action::Go, 1).quantity(10).stop(95.0).send();
    }
    ticks(&mut day, "10:00:00.5");
    assert_eq!(held(&day.kernel), [10; 4]);
    day.forget();
    day
}

fn held(kernel: &Kernel) -> Vec<i64> {
    kernel.instances.iter().map(|i| i.book.quantity()).collect()
}

fn ticks(day: &mut Day, clock: &str) {
    for share in 0..2 {
        day.tick_of(share, clock, 100.0);
    }
}

#[test]
fn each_scope_closes_what_is_in_it_and_nothing_else() {
    for (scope, left) in [
        (ALL, [0, 0, 0, 0]),
        ((0, -1, -1), [0, 0, 10, 10]),
        ((-1, -1, 1), [10, 0, 10, 0]),
        ((1, -1, 1), [10, 10, 10, 0]),
        ((-1, 2, -1), [10, 10, 0, 10]),
    ] {
        let mut day = four();
        day.command_for(CommandKind::Flatten, "f", scope);
        ticks(&mut day, "10:00:02");
        assert_eq!(held(&day.kernel), left, "{scope:?}");
        assert_eq!(day.kernel.command_state("f"), Some("flat"));
        day.limits(|l| l.intents = 0);
        for strategy in 0..4 {
            day.forget();
            day.wish_of(strategy, Action::Trade, 1).quantity(7).send();
            let refused = day.news().iter().any(|line| line.starts_with("refused kill_switch"));
            assert_eq!(refused, left[strategy as usize] == 0, "what was closed stays blocked: {scope:?}");
        }
    }
}

#[test]
fn a_halt_of_one_strategy_takes_its_entries_back_alone_and_is_resumed_alone() {
    let mut day = four();
    for strategy in 0..2 {
        day.wish_of(strategy, Action::Trade, 1).quantity(5).limit(99.0).send();
    }
    day.forget();
    day.command_for(CommandKind::Halt, "h", (-1, 0, -1));
    assert_eq!(day.news(), ["2.0 entry +5 @99 CANCELLED (kill switch)", "command h done"]);
    assert_eq!(day.kernel.orders.iter().count(), 1);
    day.command_for(CommandKind::Resume, "other", (-1, 1, -1));
    day.forget();
    day.wish_of(0, Action::Trade, 1).quantity(6).send();
    assert_eq!(day.news(), ["refused kill_switch 0/1"]);
    day.command_for(CommandKind::Resume, "own", (-1, 0, -1));
    day.forget();
    day.tick_of(0, "10:00:03", 100.0);
    day.wish_of(0, Action::Trade, 1).quantity(6).send();
    assert!(day.news().last().unwrap().ends_with("OPEN"));
}

#[test]
fn resuming_one_thing_says_when_a_wider_halt_still_blocks_it() {
    let mut day = four();
    day.command_for(CommandKind::Halt, "all", ALL);
    day.command_for(CommandKind::Resume, "one", (-1, 0, -1));
    let told = day.kernel.command_sentence("one").unwrap();
    assert_eq!(told, "Resumed, but a halt of a wider or narrower scope still blocks some of it.");
    day.command_for(CommandKind::Halt, "i", (-1, -1, 1));
    day.command_for(CommandKind::Halt, "s", (-1, 3, -1));
    day.command_for(CommandKind::Resume, "every", ALL);
    assert_eq!(day.kernel.command_sentence("every"), Some("Positions may be opened again."));
    assert!((0..4).all(|id| !day.kernel.kills(id).contains(&true)), "all resumed is everything resumed");
}

#[test]
fn the_report_says_what_was_closed_at_what_and_what_is_left() {
    let mut day = four();
    day.command_for(CommandKind::Flatten, "f", (0, -1, -1));
    day.tick_of(0, "10:00:02", 101.0);
    assert_eq!(day.kernel.command_sentence("f"), Some("Exits are on their way."));
    day.tick_of(1, "10:00:02", 99.8);
    let told = "Every position in scope is closed. Closed: s0 +10 NSE:S0 at 100.95, s1 +10 NSE:S1 at 99.75.";
    assert_eq!(day.kernel.command_sentence("f"), Some(told));
    day.command_for(CommandKind::Flatten, "again", (0, -1, -1));
    assert_eq!(day.kernel.command_sentence("again"), Some("Every position in scope is closed."));
    day.command_for(CommandKind::Flatten, "late", (1, -1, -1));
    day.tick_of(1, "10:00:03", 100.0);
    day.clock("16:00:02");
    let told = "The session closed before every position was. Closed: s3 +10 NSE:S1 at 99.95. Left: s2 +10 NSE:S0.";
    assert_eq!(day.kernel.command_sentence("late"), Some(told));
}

#[test]
fn what_was_closed_in_parts_is_told_at_its_average() {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| d.freeze = 7);
    day.start(|_| {});
    day.limits(|l| l.intents = 0);
    day.tick("10:00:00", 100.0);
    for clock in ["10:00:00", "10:00:02"] {
        day.trade(1, 6);
        day.tick(&format!("{clock}.5"), 100.0);
        day.tick(&format!("{clock}.9"), 100.05);
        day.tick("10:00:01.9", 100.05);
    }
    assert_eq!(day.held(), 12);
    day.command(CommandKind::Flatten, "f");
    day.tick("10:00:03", 100.0); // six at 99.95
    day.tick("10:00:03.5", 99.8); // six at 99.75
    let told = "Every position in scope is closed. Closed: s0 +12 NSE:S0 at 99.85.";
    assert_eq!(day.kernel.command_sentence("f"), Some(told));
}

#[test]
fn with_the_feed_down_exits_are_priced_by_the_last_price_and_follow_no_ghost() {
    let mut day = four();
    day.quote("10:00:01", 100.0, 99.9, 100.1);
    day.clock("10:05:00");
    day.forget();
    day.command_for(CommandKind::Flatten, "f", (-1, 0, -1));
    // half a percent below the last price: the quote is five minutes old
    assert!(day.news().contains(&"1.1 flatten -10 @99.5 OPEN".to_owned()));
    day.clock("10:06:00");
    assert_eq!((held(&day.kernel)[0], day.kernel.command_state("f")), (10, Some("working")));
    day.tick("10:06:01", 98.0); // the feed is back, far below the limit
    assert_eq!(held(&day.kernel)[0], 10);
    day.clock("10:06:02.5"); // and the exit follows it within a second
    day.tick("10:06:03", 98.0);
    assert_eq!((held(&day.kernel)[0], day.kernel.command_state("f")), (0, Some("flat")));
}

#[test]
fn without_any_price_an_exit_goes_to_the_circuit() {
    let mut day = four();
    day.kernel.markets[0].last = 0;
    let mut def = share(0);
    (def.lower, def.upper) = (paise(90.0), paise(110.0));
    day.put(Kind::InstrumentDef, &def);
    day.forget();
    day.command_for(CommandKind::Flatten, "f", (-1, 0, -1));
    assert!(day.news().contains(&"1.1 flatten -10 @90 OPEN".to_owned()));
}

#[test]
fn a_death_in_the_middle_of_a_flatten_loses_nothing_of_it() {
    let mut day = four();
    day.command_for(CommandKind::Flatten, "f", ALL);
    day.tick_of(0, "10:00:02", 100.0);
    assert_eq!(held(&day.kernel), [0, 10, 0, 10]);
    day.kernel = Kernel::restore(&day.kernel.snapshot()).unwrap();
    day.command_for(CommandKind::Flatten, "f", ALL); // sent once more: the same command
    assert_eq!(day.kernel.orders.iter().count(), 2, "one exit each, as before");
    day.tick_of(1, "10:00:03", 100.0);
    assert_eq!(held(&day.kernel), [0; 4]);
    assert!(day.kernel.command_sentence("f").unwrap().contains("s0 +10 NSE:S0 at 99.95, s2"));
}

#[test]
fn a_command_for_what_is_not_there_is_refused() {
    let mut day = four();
    for (scope, what) in [((2, -1, -1), "account 2"), ((-1, 4, -1), "strategy 4"), ((-1, -1, 2), "instrument 2")] {
        let command = crate::record::Command {
            kind: CommandKind::Halt,
            actor: "me".into(),
            key: "x".into(),
            trace: String::new(),
            address: String::new(),
            account: scope.0,
            reason: String::new(),
            strategy: scope.1,
            instrument: scope.2,
        };
        assert!(day.try_put(Kind::Command, &command).unwrap_err().contains(what));
    }
    assert_eq!(day.kernel.command_state("x"), None);
}

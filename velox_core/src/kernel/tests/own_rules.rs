//! What a class body limits of its own day: trades, cooldown, positions, loss, and the profit that is locked in.

use super::day::{Day, at, paise};
use crate::kernel::Trading;
use crate::record::{Action, CommandKind, Kind, MoneyRules, StrategyRules, StrategyStarted};

const NOTHING: MoneyRules = MoneyRules { max_loss: 0, lock_at: 0, lock_keep: 0 };

fn money(max_loss: f64, lock_at: f64, lock_keep: f64) -> MoneyRules {
    MoneyRules { max_loss: paise(max_loss), lock_at: paise(lock_at), lock_keep: paise(lock_keep) }
}

/// Shares with one strategy each, all of one class with these rules; no pace of orders stands in the way.
fn class(count: u32, rules: &StrategyRules) -> Day {
    let mut day = Day::bare();
    day.begin();
    for _ in 0..count {
        day.share(|_| {});
    }
    for _ in 0..count {
        day.start(|s| s.rules = StrategyRules { group: "x:Class".into(), ..rules.clone() });
    }
    day.limits(|l| l.intents = 0);
    day.feed_up("09:00");
    for share in 0..count {
        day.tick_of(share, "10:00:00", 100.0);
    }
    day.forget();
    day
}

/// A round trip of ten units within a second from this time.
fn round_trip(day: &mut Day, clock: &str) {
    day.tick(&format!("{clock}.1"), 100.0);
    day.go(1, 10);
    day.tick(&format!("{clock}.2"), 100.0);
    day.go(0, 0);
    day.tick(&format!("{clock}.3"), 100.0);
}

#[test]
fn so_many_trades_a_session_and_no_more() {
    let mut day = class(1, &StrategyRules { max_trades: 2, ..StrategyRules::default() });
    round_trip(&mut day, "10:00:01");
    round_trip(&mut day, "10:00:03");
    day.tick("10:00:05", 100.0);
    day.forget();
    day.go(1, 10);
    assert_eq!(day.news(), ["refused trades_per_day 2/2"]);
}

#[test]
fn adding_to_a_trade_is_no_new_one_but_turning_it_is() {
    let mut day = class(1, &StrategyRules { max_trades: 1, ..StrategyRules::default() });
    day.go(1, 10);
    day.tick("10:00:00.5", 100.0);
    day.forget();
    day.trade(1, 5);
    assert_eq!(day.news(), ["2.0 entry +5 @100.55 OPEN"]);
    day.tick("10:00:01", 100.0);
    day.forget();
    day.go(-1, 10);
    assert_eq!(day.news(), ["refused trades_per_day 1/1", "1.1 exit -15 @99.45 OPEN"]);
}

#[test]
fn after_a_closed_trade_the_strategy_waits_and_hears_how_long() {
    let cooldown = 900_000_000_000;
    let mut day = class(1, &StrategyRules { cooldown, ..StrategyRules::default() });
    round_trip(&mut day, "10:00:01"); // closed at 10:00:01.3
    day.tick("10:10:01.3", 100.0);
    day.forget();
    day.go(1, 10);
    assert_eq!(day.news(), ["refused cooldown 900000000000/300000000000"]);
    day.tick("10:15:01.299", 100.0);
    day.go(1, 10);
    assert_eq!(day.news(), ["refused cooldown 900000000000/1000000"]);
    day.tick("10:15:01.3", 100.0);
    day.go(1, 10);
    assert!(day.news()[0].ends_with("OPEN"), "the time is over");
}

#[test]
fn with_a_cooldown_a_turn_closes_and_does_not_open() {
    let mut day = class(1, &StrategyRules { cooldown: 60_000_000_000, ..StrategyRules::default() });
    day.go(1, 10);
    day.tick("10:00:00.5", 100.0);
    day.tick("10:05:00", 100.0);
    day.forget();
    day.go(-1, 10);
    assert_eq!(day.news(), ["refused cooldown 60000000000/60000000000", "1.1 exit -10 @99.45 OPEN"]);
}

#[test]
fn a_class_holds_positions_in_so_many_instruments() {
    let mut day = class(3, &StrategyRules { max_positions: 2, ..StrategyRules::default() });
    day.wish_of(0, Action::Go, 1).quantity(10).send();
    day.tick_of(0, "10:00:00.5", 100.0);
    day.wish_of(1, Action::Go, 1).quantity(10).send(); // works
    day.forget();
    day.wish_of(2, Action::Go, 1).quantity(10).send();
    assert_eq!(day.news(), ["refused max_positions 2/3"]);
    day.wish_of(0, Action::Go, -1).quantity(10).send();
    assert_eq!(day.news(), ["2.0 flip -20 @99.5 OPEN"], "its own place it may turn");
    day.wish_of(1, Action::CancelEntry, 0).send();
    day.forget();
    day.wish_of(2, Action::Go, 1).quantity(10).send();
    assert!(day.news()[0].ends_with("OPEN"), "an entry that was taken back makes room");
}

#[test]
fn a_loss_closes_the_instance_for_the_day() {
    let mut day = class(2, &StrategyRules { own: money(500.0, 0.0, 0.0), ..StrategyRules::default() });
    for strategy in 0..2 {
        day.wish_of(strategy, Action::Go, 1).quantity(1_000).send();
    }
    for share in 0..2 {
        day.tick_of(share, "10:00:00.5", 100.0); // at 100.05
    }
    day.tick("10:00:00.6", 99.6);
    assert_eq!(day.kernel.instances[0].trading, Trading::Active, "₹450 of ₹500");
    day.forget();
    day.tick("10:00:00.7", 99.55);
    assert_eq!(day.news(), ["s0 max_loss", "1.1 limit -1000 @99 OPEN"], "at that very tick");
    day.tick("10:00:00.8", 99.55);
    assert_eq!((day.held(), day.kernel.instances[1].book.quantity()), (0, 1_000), "the other goes on");
    day.forget();
    day.go(1, 10);
    assert_eq!(day.news(), ["refused daily_loss 0/1"]);
}

#[test]
fn profit_is_kept_and_what_is_kept_rises_with_the_best() {
    let mut day = class(1, &StrategyRules { own: money(0.0, 4_000.0, 2_000.0), ..StrategyRules::default() });
    day.go(1, 1_000);
    day.tick("10:00:00.5", 100.0); // at 100.05
    day.tick("10:00:00.6", 104.0); // ₹3,950: not locked yet
    day.tick("10:00:00.7", 101.0); // ₹950
    assert_eq!(day.kernel.instances[0].trading, Trading::Active);
    day.tick("10:00:00.8", 105.05); // ₹5,000: keeps ₹3,000
    day.tick("10:00:00.9", 103.1); // ₹3,050
    assert_eq!(day.kernel.instances[0].trading, Trading::Active);
    day.forget();
    day.tick("10:00:01", 103.05);
    assert_eq!(day.news()[..2], ["s0 profit_locked", "1.1 limit -1000 @102.45 OPEN"].map(str::to_owned));
    day.tick("10:00:01.1", 103.05);
    assert_eq!((day.held(), day.kernel.instances[0].trading), (0, Trading::ProfitLocked));
    day.forget();
    day.go(1, 10);
    // sold at 103: of ₹5,000 at best ₹3,000 were to be kept, ₹2,950 were
    assert_eq!(day.news(), ["refused profit_locked 300000000000/295000000000"]);
}

#[test]
fn the_profit_of_closed_trades_counts() {
    let mut day = class(1, &StrategyRules { own: money(0.0, 900.0, 500.0), ..StrategyRules::default() });
    day.go(1, 1_000);
    day.tick("10:00:00.5", 100.0);
    day.tick("10:00:00.6", 101.1);
    day.go(0, 0);
    day.tick("10:00:00.7", 101.1); // ₹1,050 at best: keeps ₹650
    day.go(1, 1_001);
    day.tick("10:00:00.8", 101.1); // at 101.15
    assert_eq!(day.kernel.instances[0].trading, Trading::Active);
    day.tick("10:00:00.9", 100.75); // ₹400 lost of the ₹1,000 made
    assert_eq!(day.kernel.instances[0].trading, Trading::ProfitLocked);
}

#[test]
fn what_a_class_shares_is_the_profit_of_all_its_instances() {
    let mut day = class(2, &StrategyRules { shared: money(500.0, 0.0, 0.0), ..StrategyRules::default() });
    for strategy in 0..2 {
        day.wish_of(strategy, Action::Go, 1).quantity(1_000).send();
    }
    for share in 0..2 {
        day.tick_of(share, "10:00:00.5", 100.0);
    }
    day.tick_of(0, "10:00:00.6", 99.4); // −₹650
    day.tick_of(1, "10:00:00.6", 100.3);
    assert_eq!(day.kernel.instances[0].trading, Trading::LossStopped, "₹700 lost before the other gained");
    let mut day = class(2, &StrategyRules { shared: money(500.0, 0.0, 0.0), ..StrategyRules::default() });
    for strategy in 0..2 {
        day.wish_of(strategy, Action::Go, 1).quantity(1_000).send();
    }
    for share in 0..2 {
        day.tick_of(share, "10:00:00.5", 100.0);
    }
    day.tick_of(1, "10:00:00.6", 100.3); // +₹250
    day.tick_of(0, "10:00:00.6", 99.4);
    assert_eq!(day.kernel.instances[0].trading, Trading::Active, "₹400 lost together");
    day.forget();
    day.tick_of(1, "10:00:00.7", 100.2);
    let said = day.news();
    assert_eq!(said[..2], ["s0 max_loss", "s1 max_loss"].map(str::to_owned));
    assert_eq!(said.iter().filter(|l| l.contains(" limit -1000 ") && l.ends_with("OPEN")).count(), 2);
    for share in 0..2 {
        day.tick_of(share, "10:00:01", 100.0);
    }
    assert!(day.kernel.instances.iter().all(|i| i.book.quantity() == 0 && i.trading == Trading::LossStopped));
}

#[test]
fn a_restart_on_the_same_day_washes_nothing_away_and_a_new_day_does() {
    let rules = StrategyRules {
        max_trades: 1,
        cooldown: 60_000_000_000,
        own: money(0.0, 900.0, 500.0),
        ..StrategyRules::default()
    };
    let mut day = class(1, &rules);
    day.go(1, 1_000);
    day.tick("10:00:00.5", 100.0);
    day.tick("10:00:00.6", 101.1);
    day.go(0, 0);
    day.tick("10:00:00.7", 101.1);
    let again = StrategyStarted { rules, ..super::day::strategy(0, 0) };
    day.put(Kind::StrategyStarted, &again);
    let i = &day.kernel.instances[0];
    assert_eq!((i.trades, i.closed_at, i.best >= i128::from(paise(900.0))), (1, Some(at("10:00:00.7")), true));
    day.facts.session_date += 1;
    let mut facts = super::day::facts();
    facts.session_date = day.facts.session_date;
    let night = 86_400_000_000_000;
    (facts.day_start_ns, facts.open_ns, facts.end_ns) =
        (facts.day_start_ns + night, facts.open_ns + night, facts.end_ns + night);
    for phase in facts.groups.iter_mut().flat_map(|g| &mut g.phases) {
        phase.0 += night;
    }
    day.put(Kind::FactsLoaded, &facts);
    day.put(Kind::StrategyStarted, &again);
    let i = &day.kernel.instances[0];
    assert_eq!((i.trades, i.closed_at, i.best, i.trading), (0, None, 0, Trading::Active));
}

#[test]
fn a_resume_does_not_give_a_locked_day_back() {
    let mut day = class(1, &StrategyRules { own: money(100.0, 0.0, 0.0), ..StrategyRules::default() });
    day.go(1, 1_000);
    day.tick("10:00:00.5", 100.0);
    day.tick("10:00:00.6", 99.0);
    day.tick("10:00:00.7", 99.0);
    day.command(CommandKind::Resume, "r");
    assert_eq!(day.kernel.instances[0].trading, Trading::LossStopped);
}

#[test]
fn rules_that_cannot_be_are_refused_at_the_start() {
    let mut day = Day::new();
    let mut refused = |own| {
        let rules = StrategyRules { own, ..StrategyRules::default() };
        day.try_put(Kind::StrategyStarted, &StrategyStarted { rules, ..super::day::strategy(0, 0) }).unwrap_err()
    };
    assert!(refused(MoneyRules { max_loss: -1, ..NOTHING }).contains("most loss -1"));
    assert!(
        refused(MoneyRules { lock_at: 10, lock_keep: 10, ..NOTHING }).contains("profit to keep 10 is not from 0 to 9")
    );
    assert!(refused(MoneyRules { lock_keep: 1, ..NOTHING }).contains("profit to keep 1 is not from 0 to 0"));
}

#[test]
fn wishes_that_rules_of_its_own_refuse_now_are_futile() {
    let rules = StrategyRules { cooldown: 60_000_000_000, max_positions: 1, ..StrategyRules::default() };
    let mut day = class(2, &rules);
    assert!(!day.kernel.is_futile(0, Action::Go, 1));
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    assert!(day.kernel.is_futile(0, Action::Go, 1), "the other has the only place");
    day.wish_of(1, Action::CancelEntry, 0).send();
    round_trip(&mut day, "10:00:01");
    assert!(day.kernel.is_futile(0, Action::Trade, -1) && !day.kernel.is_futile(1, Action::Go, 1));
}

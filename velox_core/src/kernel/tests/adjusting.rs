//! An open trade is made larger and smaller, and its stop and target are moved.

use super::day::{Day, at, paise};
use crate::record::{Action, CommandKind, PriceKind, PriceSpec, SizeKind};

/// Long 10 at 100.05, stop at 98.05, target at 104.
fn long() -> Day {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(98.05).target(104.0).send();
    day.tick("09:15:02", 100.0);
    day.forget();
    day
}

fn guard(day: &Day) -> (i64, i64, i64, i64) {
    let p = &day.kernel.instances[0].protection;
    (p.entry, p.stop, p.target, p.risk)
}

#[test]
fn what_is_added_is_guarded_by_the_same_stop_and_target() {
    let mut day = long();
    day.tick("09:15:05", 102.0);
    day.wish(Action::Add, 0).quantity(10).send();
    assert_eq!(day.news(), ["2.0 add +10 @102.55 OPEN"]);
    day.tick("09:15:06", 102.0);
    assert_eq!((day.held(), guard(&day)), (20, (paise(101.05), paise(98.05), paise(104.0), paise(2.0))));
    assert_eq!(day.kernel.instances[0].trade(2).map(|t| t.entry), Some(paise(101.05)), "both handles read one trade");
    day.forget();
    day.tick("09:15:08", 98.0);
    assert_eq!(day.news()[1], "1.1 stop -20 @97.45 OPEN", "the stop's quantity follows");
}

#[test]
fn cost_is_what_all_of_it_cost_and_r_stays() {
    let mut day = long();
    day.tick("09:15:05", 102.0);
    day.wish(Action::Add, 0).quantity(10).send();
    day.tick("09:15:06", 102.0);
    for (kind, value, stop) in [(PriceKind::Cost, 0.0, 101.05), (PriceKind::Risk, 0.5, 100.05)] {
        day.wish(Action::StopTo, 0).but(|i| i.stop = PriceSpec { kind, value }).send();
        assert_eq!(guard(&day).1, paise(stop));
    }
}

#[test]
fn an_addition_by_risk_counts_to_the_stop_that_is_there() {
    let mut day = long();
    day.wish(Action::Add, 0).risk_rupees(100.0).send();
    assert_eq!(day.news(), ["2.0 add +50 @100.55 OPEN"], "two rupees a unit");
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.trade(1, 10);
    day.tick("09:15:02", 100.0);
    day.forget();
    day.wish(Action::Add, 0).risk_rupees(100.0).send();
    assert_eq!(day.news(), ["s0 too_small"], "without a stop nothing is risked");
}

#[test]
fn nothing_is_added_to_nothing_and_nothing_outside_the_window() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Add, 0).quantity(10).send();
    day.wish(Action::Resize, 0).quantity(10).send();
    assert_eq!(day.news(), ["s0 no_position"; 2]);
    let mut day = long();
    day.kernel.instances[0].entry_until = at("09:15:04");
    day.tick("09:15:05", 100.0);
    day.wish(Action::Add, 0).quantity(10).send();
    assert_eq!(day.news(), ["s0 outside_window"]);
}

#[test]
fn an_addition_passes_every_rule_of_an_entry() {
    let mut day = long();
    day.command(CommandKind::Halt, "k");
    day.forget();
    day.wish(Action::Add, 0).quantity(10).send();
    assert_eq!(day.news(), ["refused kill_switch 0/1"]);
}

#[test]
fn an_addition_ends_with_its_position() {
    let mut day = long();
    day.wish(Action::Add, 0).quantity(5).limit(99.0).send();
    day.wish(Action::Exit, 0).send();
    day.tick("09:15:05", 98.9);
    day.tick("09:15:06", 98.9);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
    let mut day = long();
    day.wish(Action::Trade, -1).quantity(10).limit(100.3).send();
    day.wish(Action::Add, 0).quantity(5).limit(99.0).send();
    day.tick("09:15:04", 100.0);
    day.forget();
    day.tick("09:15:05", 100.5);
    assert_eq!(
        day.news().last().unwrap(),
        "2.0 add +5 @99 CANCELLED (the position is closed)".replace("2.0", "3.0").as_str()
    );
}

#[test]
fn an_addition_takes_a_flip_back() {
    let mut day = long();
    day.wish(Action::Go, -1).quantity(7).limit(102.0).send();
    day.forget();
    day.wish(Action::Add, 0).quantity(5).send();
    let news = day.news();
    assert_eq!(news[..2], ["2.0 flip -17 @102 CANCELLED (a newer increment)", "armed stop 98.05 target 104"]);
}

#[test]
fn a_position_is_resized_both_ways() {
    let mut day = long();
    for (units, said) in [
        (15, Some("2.0 add +5 @100.55 OPEN")),
        (15, None),
        (6, Some("1.1 reduce -9 @99.45 OPEN")),
        (7, Some("5.0 add +1 @100.55 OPEN")),
    ] {
        day.wish(Action::Resize, 0).quantity(units).send();
        assert_eq!(day.news().last().map(String::as_str), said);
        day.tick("09:15:03", 100.0);
        day.volume += 1;
        assert_eq!(day.held(), units);
        day.forget();
    }
}

#[test]
fn a_newer_size_replaces_what_works_for_the_older() {
    let mut day = long();
    day.wish(Action::Resize, 0).quantity(20).send();
    day.wish(Action::Resize, 0).quantity(5).send();
    assert_eq!(
        day.news(),
        ["2.0 add +10 @100.55 OPEN", "2.0 add +10 @100.55 CANCELLED (a newer size)", "1.1 reduce -5 @99.45 OPEN"]
    );
    day.wish(Action::Resize, 0).quantity(12).send();
    day.tick("09:15:03", 100.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (12, 0));
}

#[test]
fn a_size_may_be_lots_value_or_risk() {
    for (kind, size, units) in [
        (SizeKind::Lots, 3.0, 15),
        (SizeKind::Notional, 2_600.0, 25),
        (SizeKind::RiskRupees, 41.0, 20),
        (SizeKind::RiskPercent, 0.005, 25),
    ] {
        let mut day = long();
        day.put(crate::record::Kind::InstrumentDef, &crate::record::InstrumentDef { lot: 5, ..super::day::share(0) });
        day.wish(Action::Resize, 0).sized(kind, size).send();
        day.tick("09:15:03", 100.0);
        assert_eq!(day.held(), units, "{kind:?}");
    }
}

#[test]
fn an_entry_may_be_sized_in_lots_or_by_value() {
    for (kind, size, units) in [(SizeKind::Lots, 3.0, 15), (SizeKind::Notional, 2_600.0, 25)] {
        let mut day = Day::bare();
        day.begin();
        day.share(|d| d.lot = 5);
        day.start(|_| {});
        day.tick("09:15:01", 100.0);
        day.wish(Action::Go, 1).sized(kind, size).send();
        day.tick("09:15:02", 100.0);
        assert_eq!(day.held(), units, "{kind:?}");
        day.wish(Action::Trade, -1).sized(kind, size).send();
        day.tick("09:15:03", 100.0);
        assert_eq!(day.held(), 0, "{kind:?}");
    }
    for (kind, size) in [(SizeKind::Lots, 0.5), (SizeKind::Notional, 99.0), (SizeKind::Notional, f64::NAN)] {
        let mut day = Day::new();
        day.tick("09:15:01", 100.0);
        day.wish(Action::Go, 1).sized(kind, size).send();
        assert_eq!(day.news(), ["s0 too_small"], "{kind:?}");
    }
}

#[test]
fn an_increment_in_lots_or_by_value_turns_by_what_is_left_of_it() {
    for limit in [f64::NAN, 99.0] {
        for (kind, size) in [(SizeKind::Lots, 3.0), (SizeKind::Notional, 1_550.0), (SizeKind::Quantity, 15.0)] {
            let mut day = Day::bare();
            day.begin();
            day.share(|d| d.lot = 5);
            day.start(|_| {});
            day.limits(|l| l.intents = 0);
            day.tick("09:15:01", 100.0);
            day.go(1, 10);
            day.tick("09:15:02", 100.0);
            day.wish(Action::Trade, -1).sized(kind, size).limit(limit).send();
            for second in 3..6 {
                day.tick(&format!("09:15:0{second}"), 100.0);
            }
            assert_eq!((day.held(), day.kernel.orders.iter().count()), (-5, 0), "{kind:?}");
        }
    }
}

#[test]
fn an_increment_with_a_limit_that_may_not_turn_reduces_at_its_limit() {
    let mut day = long();
    day.limits(|l| (l.intents, l.order_quantity) = (0, 14));
    day.wish(Action::Trade, -1).quantity(15).limit(101.0).send();
    assert_eq!(day.news(), ["refused order_quantity 14/15", "1.1 reduce -10 @101 OPEN"]);
}

#[test]
fn a_part_of_nothing_leaves_an_entry_alone() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    day.forget();
    day.wish(Action::Exit, 0).sized(SizeKind::Share, 0.5).send();
    assert_eq!((day.news(), day.kernel.orders.iter().count()), (vec!["s0 no_position".to_owned()], 1));
}

#[test]
fn a_size_of_nothing_changes_nothing() {
    let mut day = long();
    for (kind, size) in [
        (SizeKind::Quantity, 0.0),
        (SizeKind::Quantity, f64::NAN),
        (SizeKind::Lots, -1.0),
        (SizeKind::Notional, 50.0),
        (SizeKind::RiskRupees, 1.0),
        (SizeKind::Share, 0.5),
        (SizeKind::None, 1.0),
    ] {
        day.wish(Action::Resize, 0).sized(kind, size).send();
        assert_eq!(day.news(), ["s0 too_small"], "{kind:?}");
    }
    day.wish(Action::Resize, 0).sized(SizeKind::Quantity, 1e300).send();
    assert!(day.news()[0].starts_with("refused order_quantity"));
}

#[test]
fn a_part_leaves_at_the_market_and_the_rest_stays_guarded() {
    for (kind, size, left) in [
        (SizeKind::Share, 0.5, 5),
        (SizeKind::Share, 0.39, 7),
        (SizeKind::Share, 1.0, 0),
        (SizeKind::Quantity, 4.0, 6),
        (SizeKind::Lots, 4.0, 6),
        (SizeKind::Quantity, 40.0, 0),
    ] {
        let mut day = long();
        day.wish(Action::Exit, 0).sized(kind, size).send();
        day.tick("09:15:03", 100.0);
        assert_eq!(day.held(), left, "{kind:?} {size}");
        day.tick("09:15:04", 98.0);
        day.tick("09:15:05", 98.0);
        assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
    }
    let mut day = long();
    for size in [0.05, 0.0, -1.0, f64::NAN] {
        day.wish(Action::Exit, 0).sized(SizeKind::Share, size).send();
        assert_eq!(day.news(), ["s0 too_small"]);
    }
    day.wish(Action::Exit, 0).sized(SizeKind::Share, 0.5).send();
    day.forget();
    day.wish(Action::Exit, 0).sized(SizeKind::Share, 0.5).send();
    assert_eq!(day.news(), ["s0 exit_working"], "every unit has at most one");
}

#[test]
fn a_third_of_nine_is_three() {
    let mut day = long();
    day.wish(Action::Resize, 0).quantity(9).send();
    day.tick("09:15:03", 100.0);
    day.wish(Action::Exit, 0).sized(SizeKind::Share, 1.0 / 3.0).send();
    day.tick("09:15:04", 100.0);
    assert_eq!(day.held(), 6);
}

#[test]
fn the_target_moves_by_price_cost_and_r() {
    let mut day = long();
    for (kind, value, target) in [
        (PriceKind::Price, 103.0, 103.0),
        (PriceKind::Risk, 1.0, 102.05),
        (PriceKind::Cost, 0.0, 100.05),
        (PriceKind::Percent, 2.0, 102.05),
    ] {
        day.wish(Action::TargetTo, 0).but(|i| i.target = PriceSpec { kind, value }).send();
        assert_eq!(guard(&day).2, paise(target), "{kind:?}");
    }
    day.wish(Action::TargetTo, 0).target(f64::NAN).send();
    assert_eq!(day.news().last().unwrap(), "refused bad_price 0/0");
    day.tick("09:15:04", 102.1);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_stop_that_is_moved_beyond_the_market_is_an_exit() {
    let mut day = long();
    day.wish(Action::StopTo, 0).stop(101.0).send();
    day.tick("09:15:03", 100.2);
    day.tick("09:15:04", 100.2);
    assert_eq!(day.held(), 0);
}

#[test]
fn the_handle_of_a_trade_that_is_over_touches_no_other() {
    let mut day = long();
    day.wish(Action::Exit, 0).send();
    day.tick("09:15:03", 100.0);
    day.wish(Action::Go, 1).quantity(4).stop(98.0).send();
    day.tick("09:15:04", 100.0);
    day.forget();
    for action in [Action::StopTo, Action::TargetTo, Action::Exit, Action::Resize, Action::Add] {
        day.wish(action, 0).quantity(2).stop(99.0).target(105.0).of(1).send();
        assert_eq!(day.news(), ["s0 trade_over"], "{action:?}");
    }
    assert_eq!((day.held(), guard(&day).1), (4, paise(98.0)));
    day.wish(Action::StopTo, 0).stop(99.0).of(3).send();
    assert_eq!(guard(&day).1, paise(99.0), "the handle of the open one does");
}

#[test]
fn leaving_a_trade_that_is_over_is_nothing_while_flat() {
    let mut day = long();
    day.wish(Action::Exit, 0).of(1).send();
    day.tick("09:15:03", 100.0);
    day.wish(Action::Go, 1).quantity(4).limit(99.0).send();
    day.forget();
    day.wish(Action::Exit, 0).of(1).send();
    assert!(day.news().is_empty());
    assert_eq!(day.kernel.orders.iter().count(), 1, "the next entry is another trade");
}

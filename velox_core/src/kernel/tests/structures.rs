//! Two legs that are one position: opened both or not at all, left together.

use super::day::{Day, Wish, at, paise};
use super::new_day::tomorrow;
use crate::record::{Action, CommandKind, CorporateAction, Kind, SizeKind, Structure};

/// Two shares at 100 and at 250, a strategy each, both without an order.
fn pair_of(change: impl FnOnce(&mut Day)) -> Day {
    let mut day = Day::bare();
    change(&mut day);
    day.begin();
    for _ in 0..2 {
        day.share(|_| {});
    }
    for _ in 0..2 {
        day.start(|_| {});
    }
    day.limits(|l| l.intents = 0);
    day.feed_up("09:00");
    day.tick_of(0, "10:00:00.1", 100.0);
    day.tick_of(1, "10:00:00.1", 250.0);
    day.forget();
    day
}

fn pair() -> Day {
    pair_of(|_| {})
}

/// Long the first and short the second, each worth so many rupees.
fn open(day: &mut Day, rupees: f64) {
    open_with(day, rupees, |s| s);
}

fn open_with(day: &mut Day, rupees: f64, change: impl FnOnce(Structure) -> Structure) {
    let sized = |wish: Wish<'_>| wish.sized(SizeKind::Notional, rupees).intent;
    let legs = [sized(day.wish_of(0, Action::Go, 1)), sized(day.wish_of(1, Action::Go, -1))];
    day.put(Kind::Structure, &change(Structure { legs, unwind: true, together: true }));
}

fn held(day: &Day) -> [i64; 2] {
    [0, 1].map(|id: usize| day.kernel.instances[id].book.quantity())
}

/// Both legs are filled at 10:00:01.
fn opened() -> Day {
    let mut day = pair();
    open(&mut day, 10_000.0);
    day.tick_of(0, "10:00:01", 100.0);
    day.tick_of(1, "10:00:01", 250.0);
    day.forget();
    day
}

#[test]
fn both_legs_have_the_same_value_and_no_more_than_was_asked_for() {
    let mut day = pair();
    open(&mut day, 10_000.0);
    day.tick_of(0, "10:00:01", 100.0);
    day.tick_of(1, "10:00:01", 250.0);
    // At 100.05 and 249.95: one more of either would be above 10,000.
    assert_eq!(held(&day), [99, -40]);
}

#[test]
fn what_limits_leave_to_one_leg_is_the_value_of_both() {
    let mut day = pair();
    day.limits(|l| (l.instance, l.position_value) = (1, paise(5_000.0)));
    open(&mut day, 10_000.0);
    day.tick_of(0, "10:00:01", 100.0);
    day.tick_of(1, "10:00:01", 250.0);
    assert_eq!(held(&day), [49, -20]);
}

#[test]
fn buying_power_is_shared_by_both_legs() {
    let mut day = pair_of(|day| day.account.capital = paise(1_000.0));
    open(&mut day, 10_000.0);
    day.tick_of(0, "10:00:01", 100.0);
    day.tick_of(1, "10:00:01", 250.0);
    let value = [held(&day)[0] * 100, held(&day)[1] * -250];
    assert!(value.iter().all(|value| (2_000..=2_375).contains(value)), "{value:?}: 950 back 4,750 at 20 %");
}

#[test]
fn a_leg_without_a_lot_leaves_no_order_at_all() {
    let mut day = pair();
    open(&mut day, 200.0);
    assert_eq!(day.kernel.orders.iter().count(), 0);
    assert_eq!(day.news(), ["s0 too_small", "s1 too_small"]);
    let why = "No order in either leg: of NSE:S1, one lot of 1 at 249.95 is worth 249.95.";
    assert!(day.kernel.out.notes.iter().all(|(_, _, sentence)| sentence == why), "{:?}", day.kernel.out.notes);
}

#[test]
fn a_leg_that_risk_refuses_takes_the_other_back_before_it_is_sent() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.share(|def| def.shortable = false);
    for _ in 0..2 {
        day.start(|_| {});
    }
    day.feed_up("09:00");
    day.tick_of(0, "10:00:00.1", 100.0);
    day.tick_of(1, "10:00:00.1", 250.0);
    day.forget();
    open(&mut day, 10_000.0);
    let said = day.said().join("\n");
    assert!(said.contains("refused not_shortable") && said.contains("refused other_leg"), "{said}");
    assert!(said.contains("CANCELLED") && !said.contains(" OPEN"), "{said}");
    day.tick_of(0, "10:00:01", 100.0);
    assert_eq!(held(&day), [0, 0]);
}

#[test]
fn outside_the_entry_window_nothing_opens() {
    let mut day = pair();
    day.tick_of(0, "15:00:01", 100.0);
    day.tick_of(1, "15:00:01", 250.0);
    day.forget();
    open(&mut day, 10_000.0);
    assert_eq!(day.news().iter().filter(|line| line.contains("outside_window")).count(), 2);
    assert_eq!(day.kernel.orders.iter().count(), 0);
}

#[test]
fn the_same_structure_again_changes_nothing() {
    let mut day = opened();
    open(&mut day, 50_000.0);
    assert_eq!((held(&day), day.news().len()), ([99, -40], 0));
}

#[test]
fn a_structure_on_a_leg_that_is_held_is_refused() {
    let mut day = pair();
    day.go(1, 5);
    day.tick_of(0, "10:00:01", 100.0);
    day.forget();
    open(&mut day, 10_000.0);
    let refused = day.news();
    assert_eq!(refused.iter().filter(|line| line.contains("refused leg_busy")).count(), 2, "{refused:?}");
    assert_eq!(held(&day), [5, 0]);
}

#[test]
fn a_leg_that_does_not_fill_in_its_time_takes_the_other_back() {
    let mut day = pair();
    open(&mut day, 10_000.0);
    day.tick_of(0, "10:00:01", 100.0);
    assert_eq!(held(&day), [99, 0]);
    day.forget();
    day.fire(at("10:01:01"));
    let news = day.news().join("\n");
    assert!(news.contains("EXPIRED") && news.contains("refused leg_unfilled"), "{news}");
    day.tick_of(0, "10:01:02", 99.9);
    assert_eq!(held(&day), [0, 0]);
    assert!(day.said().join("\n").contains("unwind"));
    day.tick_of(1, "10:01:03", 250.0);
    assert_eq!(held(&day), [0, 0], "the entry that missed is gone");
}

#[test]
fn a_leg_that_is_asked_to_stay_alone_stays() {
    let mut day = pair();
    open_with(&mut day, 10_000.0, |s| Structure { unwind: false, ..s });
    day.tick_of(0, "10:00:01", 100.0);
    day.fire(at("10:01:01"));
    day.tick_of(0, "10:01:02", 99.0);
    assert_eq!(held(&day), [99, 0]);
}

#[test]
fn a_leg_that_leaves_takes_the_other_along() {
    let mut day = opened();
    day.go(0, 0);
    day.tick_of(0, "10:00:02", 101.0);
    assert_eq!(held(&day), [0, -40]);
    day.tick_of(1, "10:00:03", 251.0);
    assert_eq!(held(&day), [0, 0]);
}

#[test]
fn a_survivor_that_may_stay_stays() {
    let mut day = pair();
    open_with(&mut day, 10_000.0, |s| Structure { together: false, ..s });
    day.tick_of(0, "10:00:01", 100.0);
    day.tick_of(1, "10:00:01", 250.0);
    day.go(0, 0);
    day.tick_of(0, "10:00:02", 101.0);
    day.tick_of(1, "10:00:03", 251.0);
    assert_eq!(held(&day), [0, -40]);
    assert!(day.kernel.are_legs(1, 0), "what its leg's hooks say of it is heard");
    open(&mut day, 10_000.0);
    assert_eq!(day.news().iter().filter(|line| line.contains("refused leg_busy")).count(), 2);
    day.wish_of(1, Action::Go, 0).send();
    day.tick_of(1, "10:00:04", 251.0);
    assert!(!day.kernel.are_legs(0, 1));
}

#[test]
fn a_stop_of_one_leg_closes_both() {
    let mut day = pair();
    let sized = |wish: Wish<'_>| wish.sized(SizeKind::Notional, 10_000.0).intent;
    let legs = [sized(day.wish_of(0, Action::Go, 1).stop(99.0)), sized(day.wish_of(1, Action::Go, -1))];
    day.put(Kind::Structure, &Structure { legs, unwind: true, together: true });
    day.tick_of(0, "10:00:01", 100.0);
    day.tick_of(1, "10:00:01", 250.0);
    for clock in ["10:00:02", "10:00:03"] {
        day.tick_of(0, clock, 98.0);
    }
    day.tick_of(1, "10:00:04", 250.0);
    assert_eq!(held(&day), [0, 0]);
}

#[test]
fn a_new_structure_can_follow_one_that_is_closed() {
    let mut day = opened();
    day.go(0, 0);
    day.tick_of(0, "10:00:02", 100.0);
    day.tick_of(1, "10:00:03", 250.0);
    open(&mut day, 20_000.0);
    day.tick_of(0, "10:00:04", 100.0);
    day.tick_of(1, "10:00:05", 250.0);
    assert_eq!(held(&day), [199, -80]);
}

#[test]
fn a_leg_that_is_split_over_the_night_stays_half_of_one_position() {
    for (new, old, after) in [(5, 1, [495, -40]), (2, 3, [66, -40])] {
        let mut day = opened();
        assert_eq!(held(&day), [99, -40]);
        day.put(Kind::FactsLoaded, &tomorrow());
        let (was, source) = (String::new(), "test".to_owned());
        let split = CorporateAction { instrument: 0, ex: 20_260_716, new, old, dividend: 0, was, source };
        day.put(Kind::CorporateAction, &split);
        assert_eq!(held(&day), after);
        let counted: Vec<_> = day.kernel.pairs.iter().map(|pair| pair.legs.map(|leg| leg.units)).collect();
        assert_eq!(counted, [after.map(i64::abs)]);
    }
}

#[test]
fn a_leg_that_is_paid_out_takes_the_other_one_along() {
    let mut day = opened();
    day.put(Kind::FactsLoaded, &tomorrow());
    let (was, source) = (String::new(), "test".to_owned());
    let split = CorporateAction { instrument: 0, ex: 20_260_716, new: 1, old: 100, dividend: 0, was, source };
    day.put(Kind::CorporateAction, &split);
    assert_eq!(held(&day), [0, -40]);
    assert!(day.kernel.instances[1].closing.is_some(), "the other leg is on its way out");
}

#[test]
fn flatten_closes_both_and_leaves_nothing_to_watch() {
    let mut day = opened();
    day.command(CommandKind::Flatten, "f");
    day.tick_of(0, "10:00:02", 100.0);
    day.tick_of(1, "10:00:02", 250.0);
    assert_eq!(held(&day), [0, 0]);
    assert!(day.kernel.pairs.is_empty());
}

#[test]
fn what_is_no_structure_is_no_record() {
    let mut day = pair();
    let sized = |wish: Wish<'_>| wish.sized(SizeKind::Notional, 10_000.0).intent;
    let (one, other) = (sized(day.wish_of(0, Action::Go, 1)), sized(day.wish_of(1, Action::Go, -1)));
    let of = |legs| Structure { legs, unwind: true, together: true };
    let units = crate::record::Intent { size_kind: SizeKind::Quantity, ..other.clone() };
    let flat = crate::record::Intent { side: 0, ..other.clone() };
    let twice = crate::record::Intent { side: 2, ..other.clone() };
    for (legs, why) in [
        ([one.clone(), one.clone()], "two strategies on one account"),
        ([one.clone(), units], "of a value"),
        ([one.clone(), flat], "long or short"),
        ([one, twice], "long or short"),
    ] {
        let refused = day.try_put(Kind::Structure, &of(legs)).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}

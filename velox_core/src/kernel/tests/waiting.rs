//! Entries that wait: stop entries for their trigger, limits for their price.

use super::day::{Day, at, paise};
use crate::kernel::order::State;
use crate::record::{Action, CommandKind, ValidKind};

/// A share at 100 and a wish to buy 10 once it has risen to 101, stop at 99.
fn waiting() -> Day {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    let wish = day.wish(Action::Go, 1).quantity(10).stop(99.0).above(101.0);
    wish.but(|i| (i.valid_kind, i.valid) = (ValidKind::Until, at("10:00"))).send();
    day
}

#[test]
fn a_stop_entry_waits_and_a_tick_at_its_trigger_sends_it() {
    let mut day = waiting();
    // expected 101.05 = trigger + a tick; limit 0.5 % above it, down to the tick
    assert_eq!(
        day.said(),
        ["1.0 entry +10 @101.55 CREATED", "1.0 entry +10 @101.55 APPROVED (it waits for its trigger)"]
    );
    day.tick("09:15:02", 100.95);
    assert!(day.news().is_empty());
    day.tick("09:15:03", 101.0);
    assert_eq!(day.news(), ["1.0 entry +10 @101.55 QUEUED (triggered)", "1.0 entry +10 @101.55 OPEN"]);
    day.tick("09:15:04", 101.2);
    let news = day.news();
    assert_eq!(news[1], "fill 1.0 entry +10 @101.25", "on the next applied tick, like any other");
    assert_eq!(news[2], "armed stop 99 target 0");
}

#[test]
fn a_stop_entry_short_waits_for_a_fall() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, -1).quantity(10).below(99.0).send();
    day.tick("09:15:02", 99.05);
    assert_eq!(day.news(), ["1.0 entry -10 @98.5 APPROVED (it waits for its trigger)"]);
    day.tick("09:15:03", 98.9);
    day.tick("09:15:04", 98.9);
    assert_eq!(day.held(), -10);
}

#[test]
fn a_trigger_is_never_nearer_than_it_was_asked_for() {
    for (above, price, trigger) in [(true, 100.51, 100.55), (false, 99.49, 99.45)] {
        let mut day = Day::new();
        day.tick("09:15:01", 100.0);
        let wish = day.wish(Action::Go, 1).quantity(10);
        if above { wish.above(price) } else { wish.below(price) }.send();
        let order = day.kernel.orders.iter().next().unwrap().1;
        assert_eq!(order.trigger.map(|t| t.price), Some(paise(trigger)));
    }
}

#[test]
fn risk_counts_from_the_trigger() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).risk_rupees(1_000.0).stop(100.05).above(102.0).send();
    let order = day.kernel.orders.iter().next().unwrap().1;
    assert_eq!(order.quantity, 500, "two rupees from 102.05 to the stop, not none from the last price");
}

#[test]
fn a_trigger_far_away_is_no_fat_finger_but_a_gap_past_it_is() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).above(110.0).send();
    assert_eq!(day.kernel.orders.iter().count(), 1);
    day.forget();
    day.tick("09:15:02", 120.0);
    assert_eq!(day.news()[1], "refused fat_finger 360000000/940000000", "judged again when it is triggered");
    assert_eq!((day.hooks(), day.kernel.orders.iter().count()), (vec!["reject fat_finger".to_owned()], 0));
}

#[test]
fn a_gap_beyond_the_stop_of_a_waiting_entry_is_no_entry() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(98.0).below(99.0).send();
    day.forget();
    day.tick("09:15:02", 97.5);
    assert_eq!(
        day.news(),
        ["1.0 entry +10 @99.5 CANCELLED (The price is beyond the stop already: no entry.)", "s0 stop_crossed"]
    );
}

#[test]
fn a_target_that_waits_is_a_target_that_works() {
    let mut day = waiting();
    day.go(1, 50);
    assert_eq!(day.kernel.orders.iter().map(|(_, o)| o.quantity).collect::<Vec<_>>(), [10], "rule 12");
    day.forget();
    day.go(-1, 10);
    assert_eq!(day.news()[0], "1.0 entry +10 @101.55 CANCELLED (a newer target)");
}

#[test]
fn what_waits_expires_and_is_cancelled_like_what_works() {
    let mut day = waiting();
    day.clock("10:00");
    assert_eq!(day.news().last().unwrap(), "s0 expired");
    let mut day = waiting();
    day.command(CommandKind::Halt, "k");
    assert_eq!(day.kernel.orders.iter().count(), 0);
    let mut day = waiting();
    day.kernel.square_off(0);
    day.tick("09:15:02", 101.0);
    day.tick("09:15:03", 101.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
}

#[test]
fn what_is_triggered_outside_the_entry_window_opens_nothing() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| s.entry_until = at("09:20"));
    day.feed_up("09:00");
    day.tick("09:19:59", 100.0);
    day.go(1, 10);
    day.wish(Action::Trade, 1).quantity(3).above(100.4).send();
    day.tick("09:20:00", 100.4);
    assert_eq!(day.news().last().unwrap(), "s0 outside_window");
    assert_eq!(day.held(), 10);
}

#[test]
fn what_waits_counts_as_position_and_needs_margin() {
    let mut day = waiting();
    assert_eq!(day.kernel.margin_used(0, None), 10 * i128::from(paise(101.55)) / 5);
    day.limits(|l| l.position_value = paise(1_500.0));
    day.trade(1, 5);
    assert!(day.news().last().unwrap().starts_with("refused position_value"));
}

#[test]
fn latency_counts_from_the_trigger() {
    let mut day = Day::with(|d| d.account.latency_ns = 500_000_000);
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).above(101.0).send();
    day.tick("09:15:05", 101.0);
    day.tick("09:15:05.4", 101.0);
    assert_eq!(day.held(), 0);
    day.tick("09:15:05.5", 101.0);
    assert_eq!(day.held(), 10);
}

/// Long 10 with a stop at 98 and the wish to turn short 7 once it has fallen to 99.
fn turning() -> Day {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(98.0).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:04", 100.0);
    day.wish(Action::Go, -1).quantity(7).stop(101.0).below(99.0).send();
    day.forget();
    day
}

#[test]
fn a_flip_that_waits_leaves_the_stop_alone() {
    let mut day = turning();
    assert!(!day.kernel.instances[0].protection.suspended);
    day.tick("09:15:05", 98.0);
    assert_eq!(day.news()[1], "2.0 flip -17 @98.5 CANCELLED (stopped out)", "the stop comes first");
    day.tick("09:15:06", 98.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_triggered_flip_closes_what_is_held_by_then() {
    let mut day = turning();
    day.tick("09:15:05", 99.0);
    assert_eq!(day.news()[1..], ["2.0 flip -17 @98.5 OPEN"]);
    assert!(day.kernel.instances[0].protection.suspended);
    day.tick("09:15:06", 98.9);
    assert_eq!(day.held(), -7);
}

#[test]
fn a_refused_flip_that_waits_closes_nothing_before_its_trigger() {
    let mut day = turning();
    day.go(1, 1);
    day.forget();
    day.wish(Action::Go, -1).quantity(7).stop(90.0).below(99.0).send();
    assert_eq!(day.news(), ["s0 stop_crossed"]);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (10, 0));
}

#[test]
fn a_flip_that_is_refused_at_its_trigger_closes_alone() {
    let mut day = turning();
    day.limits(|l| l.trades = 1);
    day.kernel.instances[0].trades = 1;
    day.tick("09:15:05", 99.0);
    let news = day.news();
    assert_eq!(news[1..], ["refused trades_per_day 1/2", "1.1 exit -10 @98.45 OPEN"].map(str::to_owned));
    assert!(news[0].starts_with("2.0 flip -17 @98.5 CANCELLED"));
}

#[test]
fn both_sides_may_wait_and_the_second_turns_the_first() {
    for (first, held) in [(10, 0), (15, 5), (4, -6)] {
        let mut day = Day::new();
        day.tick("09:15:01", 100.0);
        let long = |i: &mut crate::record::Intent| (i.valid_kind, i.valid) = (ValidKind::Until, at("10:00"));
        day.wish(Action::Trade, 1).quantity(first).stop(95.0).above(101.0).but(long).send();
        day.wish(Action::Trade, -1).quantity(10).stop(105.0).below(98.5).but(long).send();
        day.tick("09:15:02", 101.0);
        day.tick("09:15:03", 101.0);
        assert_eq!(day.held(), first);
        day.tick("09:15:05", 98.4);
        day.tick("09:15:06", 98.4);
        assert_eq!((day.held(), day.kernel.orders.iter().count()), (held, 0));
    }
}

#[test]
fn what_waits_cannot_reduce() {
    let mut day = turning();
    day.wish(Action::Trade, -1).quantity(4).below(99.0).send();
    assert_eq!(day.news(), ["refused against_position 0/0"]);
    assert_eq!(day.hooks(), ["reject against_position"]);
}

#[test]
fn a_limit_against_the_position_rests_at_its_price_and_the_stop_takes_it_back() {
    let mut day = turning();
    day.go(1, 1);
    day.forget();
    day.wish(Action::Trade, -1).quantity(4).limit(101.02).send();
    assert_eq!(day.news(), ["1.1 reduce -4 @101.05 OPEN"]);
    day.tick("09:15:06", 100.5);
    day.tick("09:15:08", 101.05);
    assert_eq!((day.held(), day.kernel.orders.iter().next().unwrap().1.limit), (10, paise(101.05)), "no chase");
    day.tick("09:15:09", 101.1);
    assert_eq!(day.news().last().unwrap(), "fill 1.1 reduce -4 @101.05");
    day.wish(Action::Trade, -1).quantity(6).limit(102.0).send();
    day.forget();
    day.tick("09:15:10", 98.0);
    assert_eq!(day.news()[1], "1.2 reduce -6 @102 CANCELLED (the whole position leaves)");
    day.tick("09:15:11", 98.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
}

#[test]
fn a_limit_against_the_position_expires_and_leaves_it_guarded() {
    let mut day = turning();
    day.wish(Action::Trade, -1).quantity(10).limit(102.0).send();
    day.forget();
    day.clock("09:17");
    assert_eq!(day.news(), ["1.1 reduce -10 @102 EXPIRED (not filled in time)", "s0 expired"]);
    day.tick("09:17:01", 98.0);
    day.tick("09:17:02", 98.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_limit_for_more_than_the_position_turns_it_in_one_order() {
    let mut day = turning();
    day.wish(Action::Trade, -1).quantity(15).limit(100.5).send();
    assert_eq!(day.news().last().unwrap(), "3.0 flip -15 @100.5 OPEN");
    day.tick("09:15:05", 100.0);
    day.tick("09:15:06", 100.6);
    assert_eq!(day.held(), -5);
}

#[test]
fn a_trigger_that_is_no_price_is_refused() {
    let mut day = Day::new();
    day.limits(|l| (l.refusals, l.intents) = (0, 0));
    day.tick("09:15:01", 100.0);
    for price in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
        day.wish(Action::Go, 1).quantity(1).above(price).send();
    }
    day.wish(Action::Go, 1).quantity(1).below(0.01).send();
    assert_eq!(day.news(), vec!["refused bad_price 0/0"; 6]);
}

#[test]
fn a_waiting_entry_is_approved_and_nowhere_else() {
    let day = waiting();
    let order = day.kernel.orders.iter().next().unwrap().1;
    assert_eq!((order.state, day.kernel.markets[0].working.len()), (State::Approved, 0));
}

#[test]
fn a_triggered_entry_risks_what_it_loses_at_its_stop() {
    let mut day = Day::new();
    day.limits(|l| l.trade_risk = 10_000_000); // 0.1 % of ten lakh: ₹1,000
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(100).stop(99.0).above(101.0).send();
    day.tick("09:15:02", 101.0);
    day.tick("09:15:03", 101.0);
    assert_eq!(day.held(), 100, "{:?}", day.news());
}

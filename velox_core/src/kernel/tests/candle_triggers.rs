//! Entries that wait for a price on a day of candles: where they fill, and what of their candle counts after it.

use super::day::{Day, at};
use crate::record::{Action, ValidKind};

/// 09:15 has closed at 100 and so does the day stand; wishes come next.
fn closed() -> Day {
    let mut day = Day::by_candles();
    day.minute("09:15", 100.0, [100.5, 99.5, 100.0]);
    day.forget();
    day
}

impl Day {
    fn wait(&mut self, action: Action, side: i8, units: i64, trigger: f64) -> super::day::Wish<'_> {
        let wish = self.wish(action, side).quantity(units);
        let wish = if side > 0 { wish.above(trigger) } else { wish.below(trigger) };
        wish.but(|i| (i.valid_kind, i.valid) = (ValidKind::Until, at("10:00")))
    }
}

/// A long of ten above 101 that waits while the candle of 09:16 begins at 100.
fn waiting(wish: impl FnOnce(super::day::Wish<'_>) -> super::day::Wish<'_>) -> Day {
    let mut day = closed();
    wish(day.wait(Action::Go, 1, 10, 101.0)).send();
    day.open("09:16", 100.0);
    day.forget();
    day
}

#[test]
fn an_entry_that_a_candle_triggers_fills_at_its_trigger_with_slippage() {
    let mut day = waiting(|w| w);
    day.rest("09:16", [100.95, 99.5, 100.0]);
    assert!(day.fills().is_empty());
    day.fire(at("09:17"));
    day.open("09:17", 100.0);
    day.rest("09:17", [101.0, 99.5, 100.0]);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @101.05"], "at the trigger is enough");
    assert_eq!(day.hooks(), ["bar 09:16:00 n2", "fill", "entered"]);
    let mut short = closed();
    short.wait(Action::Go, -1, 10, 99.0).send();
    short.minute("09:16", 100.0, [100.5, 98.0, 98.5]);
    assert_eq!(short.fills(), ["fill 1.0 entry -10 @98.95"]);
}

#[test]
fn a_gap_beyond_a_trigger_fills_at_the_open() {
    let mut day = closed();
    day.wait(Action::Go, 1, 10, 101.0).send();
    day.open("09:16", 101.4);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @101.45"]);
}

#[test]
fn the_worse_extreme_counts_after_a_triggered_entry_and_comes_first() {
    let mut stopped = waiting(|w| w.stop(99.0).target(101.8));
    stopped.rest("09:16", [102.0, 98.5, 101.5]);
    assert_eq!(stopped.fills(), ["fill 1.0 entry +10 @101.05", "fill 1.1 stop -10 @98.95"], "it may have come after");
    let mut won = waiting(|w| w.stop(99.0).target(101.8));
    won.rest("09:16", [102.0, 99.05, 101.5]);
    assert_eq!(won.fills(), ["fill 1.0 entry +10 @101.05", "fill 1.1 target -10 @101.8"], "the high came after it");
}

#[test]
fn both_triggers_of_a_wide_candle_are_met_and_its_width_is_lost() {
    for prices in [[102.0, 98.0, 100.0], [101.0, 98.0, 100.0], [102.0, 99.0, 101.9], [105.0, 98.0, 98.1]] {
        let mut day = closed();
        day.wait(Action::Trade, 1, 10, 101.0).send();
        day.wait(Action::Trade, -1, 10, 99.0).send();
        day.minute("09:16", 100.0, prices);
        let mut fills = day.fills();
        fills.sort();
        assert_eq!(fills.len(), 2, "{fills:?}");
        assert!(fills.iter().any(|f| f.contains("+10 @101.05")) && fills.iter().any(|f| f.contains("-10 @98.95")));
        assert_eq!(day.held(), 0);
    }
}

#[test]
fn a_position_that_a_trigger_turns_is_a_position_from_there_on() {
    let mut day = closed();
    day.wish(Action::Go, 1).quantity(10).send();
    day.minute("09:16", 100.0, [100.5, 99.5, 100.0]);
    day.wait(Action::Go, -1, 7, 99.0).stop(100.4).send();
    day.open("09:17", 100.0);
    day.forget();
    day.rest("09:17", [100.5, 98.0, 99.0]);
    assert_eq!(
        day.fills(),
        ["fill 2.0 flip -17 @98.95", "fill 2.1 stop +7 @100.45"],
        "the high may have come after it"
    );
}

#[test]
fn a_trigger_beyond_a_limit_entry_is_met_by_the_same_candle() {
    let mut day = closed();
    day.wish(Action::Trade, 1).quantity(10).limit(99.5).send();
    day.wait(Action::Trade, 1, 5, 101.0).send();
    day.open("09:16", 100.0);
    day.forget();
    day.rest("09:16", [102.0, 99.4, 100.0]);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @99.5", "fill 2.0 entry +5 @101.05"]);
}

#[test]
fn a_triggered_entry_with_a_nearer_limit_waits_for_it() {
    let mut day = waiting(|w| w.limit(100.5));
    day.rest("09:16", [102.0, 99.5, 100.6]);
    assert!(day.fills().is_empty());
    let mut back = waiting(|w| w.limit(100.5));
    back.rest("09:16", [102.0, 99.5, 100.0]);
    assert_eq!(back.fills(), ["fill 1.0 entry +10 @100.5"]);
}

#[test]
fn above_the_freeze_quantity_all_slices_fill_at_the_trigger() {
    let mut day = Day::bare();
    day.put(crate::record::Kind::Settings, &super::by_candles::settings());
    day.begin();
    day.share(|d| d.freeze = 8);
    day.start(|_| {});
    day.feed_up("09:15");
    day.minute("09:15", 100.0, [100.5, 99.5, 100.0]);
    day.wait(Action::Go, 1, 20, 101.0).send();
    day.open("09:16", 100.0);
    day.forget();
    day.rest("09:16", [102.0, 99.5, 101.5]);
    let ends: Vec<_> = day.fills().iter().map(|f| f.split_once(" entry ").unwrap().1.to_owned()).collect();
    assert_eq!(ends, ["+7 @101.05", "+7 @101.05", "+6 @101.05"]);
}

#[test]
fn with_latency_a_triggered_entry_meets_the_next_open() {
    let mut day = Day::bare();
    day.put(crate::record::Kind::Settings, &super::by_candles::settings());
    day.account.latency_ns = 1;
    day.begin();
    day.share(|_| {});
    day.start(|_| {});
    day.feed_up("09:15");
    day.minute("09:15", 100.0, [100.5, 99.5, 100.0]);
    day.wait(Action::Go, 1, 10, 101.0).send();
    day.minute("09:16", 100.0, [102.0, 99.5, 101.5]);
    assert_eq!(day.held(), 0);
    day.open("09:17", 101.2);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @101.25"]);
}

#[test]
fn what_the_allowed_rate_holds_back_meets_an_open_once_it_is_let_out() {
    let mut day = closed();
    day.limits(|l| l.sends = 1);
    day.wait(Action::Trade, 1, 10, 101.0).send();
    day.wait(Action::Trade, 1, 5, 101.5).send();
    day.minute("09:16", 100.0, [102.0, 99.5, 101.8]);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @101.05"]);
    day.minute("09:17", 101.7, [102.0, 101.0, 101.8]); // it is let out a second after the open
    day.open("09:18", 101.6);
    assert_eq!(day.fills(), ["fill 2.0 entry +5 @101.65"]);
}

#[test]
fn what_is_wished_for_at_an_open_is_triggered_by_its_candle_and_fills_at_the_next() {
    let mut day = closed();
    day.open("09:16", 100.0);
    day.wait(Action::Go, 1, 10, 101.0).send(); // as from on_fill, at the open
    day.rest("09:16", [102.0, 99.5, 101.5]);
    assert_eq!(day.held(), 0);
    day.fire(at("09:17"));
    day.open("09:17", 101.2);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @101.25"]);
}

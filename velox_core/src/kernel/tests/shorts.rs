//! Rule 11: what may not be sold short, and where.

use super::day::{Day, S, at, paise};
use crate::record::{Action, CandleOpen, CandleRange, Kind, Tick, TickMode};

const NEAR: &str = "refused near_upper_circuit 11820000000/11820000000";

/// A frame that tells the circuits, 80 and 120.
fn frame(day: &mut Day, clock: &str, rupees: f64) {
    let (lower, upper) = (paise(80.0), paise(120.0));
    let tick = Tick { mode: TickMode::Snap, lower, upper, ..day.packet(clock, rupees) };
    day.put_tick(&tick);
}

fn near() -> Day {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    frame(&mut day, "09:20:00", 118.2);
    day.forget();
    day
}

#[test]
fn no_short_is_opened_near_a_circuit_that_a_frame_told() {
    let mut day = near();
    day.go(-1, 10);
    assert_eq!((day.news(), day.hooks()), (vec![NEAR.to_owned()], vec!["reject near_upper_circuit".to_owned()]));
    day.tick("09:20:01", 118.15);
    day.trade(-1, 10);
    assert_eq!(day.news(), ["2.0 entry -10 @117.55 OPEN"], "a step lower one is");
}

#[test]
fn a_long_may_be_opened_and_closed_there() {
    let mut day = near();
    day.trade(1, 10);
    frame(&mut day, "09:20:01", 118.5);
    assert_eq!(day.held(), 10);
    day.trade(-1, 4);
    day.tick("09:20:02", 119.0);
    day.go(0, 0);
    day.tick("09:20:03", 119.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_flip_there_closes_alone() {
    let mut day = near();
    day.go(1, 10);
    day.tick("09:20:01", 118.2);
    day.forget();
    day.go(-1, 10);
    assert_eq!(day.news(), [NEAR, "1.1 exit -10 @117.55 OPEN"]);
}

#[test]
fn a_short_is_not_added_to_there() {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    frame(&mut day, "09:20:00", 117.0);
    day.go(-1, 10);
    day.tick("09:20:01", 118.2);
    assert_eq!(day.held(), -10);
    day.forget();
    day.wish(Action::Add, 0).quantity(5).send();
    assert_eq!(day.news(), [NEAR]);
}

#[test]
fn no_limit_waits_there_for_the_price() {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    frame(&mut day, "09:20:00", 116.0);
    day.forget();
    day.wish(Action::Trade, -1).quantity(10).limit(118.2).send();
    day.wish(Action::Trade, -1).quantity(10).limit(118.15).send();
    assert_eq!(day.news(), [NEAR, "2.0 entry -10 @118.15 OPEN"]);
}

#[test]
fn what_waits_for_a_price_is_judged_where_it_triggers() {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    frame(&mut day, "09:20:00", 117.0);
    day.forget();
    day.wish(Action::Trade, -1).quantity(10).above(118.2).send();
    assert_eq!(day.news(), [NEAR]);
    day.wish(Action::Trade, -1).quantity(10).above(118.0).send();
    day.forget();
    day.tick("09:20:01", 118.2);
    let lines = day.news();
    assert_eq!(lines[1], NEAR, "a gap went past its trigger: {lines:?}");
    assert_eq!(day.kernel.orders.iter().count(), 0);
}

#[test]
fn on_days_of_candles_the_circuit_of_the_instrument_counts() {
    let mut day = Day::bare();
    day.put(Kind::Settings, &super::by_candles::settings());
    day.begin();
    day.share(|def| (def.lower, def.upper) = (paise(80.0), paise(120.0)));
    let series = day.watch(0, 60);
    day.start(|s| s.series = vec![(series, 16)]);
    day.feed_up("09:15");
    let minute = |day: &mut Day, clock: &str, close: f64| {
        let ts_open = at(clock);
        let (open, close) = (paise(117.0), paise(close));
        day.fire(ts_open);
        let begin = CandleOpen { instrument: 0, ts_open, price: open };
        day.apply(ts_open, Kind::CandleOpen, begin.to_bytes().to_vec()).unwrap();
        let range = CandleRange { instrument: 0, ts_open, high: close, low: open, close, volume: 100, ticks: 7 };
        day.try_rest(&range).unwrap();
        day.fire(ts_open + 60 * S);
        day.forget();
    };
    minute(&mut day, "09:15", 118.2);
    day.go(-1, 10);
    assert_eq!(day.news(), [NEAR]);
    minute(&mut day, "09:16", 118.15);
    day.go(-1, 10);
    assert_eq!(day.news(), ["2.0 entry -10 @117.55 OPEN"]);
}

#[test]
fn a_name_that_may_not_be_sold_short_is_refused_and_its_long_may_leave() {
    let mut day = Day::bare();
    day.begin();
    day.share(|def| def.shortable = false);
    day.start(|_| {});
    day.limits(|l| l.intents = 0);
    day.feed_up("09:00");
    day.tick("09:20:00", 100.0);
    day.forget();
    day.go(-1, 10);
    day.wish(Action::Trade, -1).quantity(10).below(99.0).send();
    assert_eq!(day.news(), ["refused not_shortable 0/10", "refused not_shortable 0/10"]);
    day.go(1, 10);
    day.tick("09:20:01", 100.0);
    day.forget();
    day.go(-1, 10);
    assert_eq!(day.news(), ["refused not_shortable 0/10", "3.1 exit -10 @99.45 OPEN"]);
    day.tick("09:20:02", 100.0);
    assert_eq!(day.held(), 0);
}

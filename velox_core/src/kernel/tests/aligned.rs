//! Nodes on nodes, arithmetic, and nodes that join series of several instruments.

use super::day::Day;
use super::made::{S, at, paise};
use crate::record::{HistoryBar, Kind, NodeAdded};

fn node(id: u32, series: u32, (kind, params): (&str, &[f64]), source: &str, second: &str) -> NodeAdded {
    NodeAdded {
        id,
        series,
        source: source.into(),
        kind: kind.into(),
        params: params.to_vec(),
        second: second.into(),
        instance: -1,
    }
}

const JOIN: &[f64] = &[];

/// Two shares with a minute series each, and a node that is the difference of their closes.
fn pair() -> Day {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.share(|_| {});
    let series = [day.watch(0, 60), day.watch(1, 60)];
    assert_eq!(series, [0, 1]);
    day.put(Kind::NodeAdded, &node(0, 0, ("minus", JOIN), "close", "series:1:close"));
    day.feed_up("09:00");
    day
}

fn value(day: &Day, node: usize) -> f64 {
    day.kernel.nodes[node].values[0]
}

fn same(seen: f64, wanted: f64) -> bool {
    seen.to_bits() == wanted.to_bits()
}

#[test]
fn a_node_follows_another_from_the_first_value_that_this_one_has() {
    let mut day = Day::with_bars(&[60]);
    day.put(Kind::NodeAdded, &node(0, 0, ("sma", &[2.0]), "close", ""));
    day.put(Kind::NodeAdded, &node(1, 0, ("sma", &[2.0]), "node:0:0", ""));
    day.put(Kind::NodeAdded, &node(2, 0, ("minus", JOIN), "close", "node:0:0"));
    day.put(Kind::NodeAdded, &node(3, 0, ("times", JOIN), "node:2:0", "number:2.5"));
    for (minute, price) in (15..).zip([100.0, 104.0, 110.0, 1.0]) {
        day.tick(&format!("09:{minute}:01"), price);
    }
    // Closed: 100, 104, 110; means 102, 107; their mean 104.5; the last close less its mean 3.
    assert!(same(value(&day, 1), 104.5) && same(value(&day, 2), 3.0) && same(value(&day, 3), 7.5));
    assert!(day.kernel.nodes[1].history.get(0, 1).is_nan(), "one value of the first mean is not enough");
    // As if the forming candle closed at 1: mean 55.5, mean of means 81.25, difference −54.5.
    assert!(same(day.kernel.forming(1)[0], 81.25) && same(day.kernel.forming(3)[0], -136.25));
}

#[test]
fn what_joins_two_series_waits_for_the_candle_of_both() {
    let mut day = pair();
    day.tick_of(0, "09:15:01", 100.0);
    day.tick_of(1, "09:15:02", 90.0);
    day.tick_of(0, "09:16:00.1", 101.0);
    assert!(value(&day, 0).is_nan(), "the other candle is still open");
    day.tick_of(1, "09:16:00.2", 95.0);
    assert!(same(value(&day, 0), 10.0));
    assert!(same(day.kernel.forming(0)[0], 6.0), "both forming candles");
    assert_eq!(day.kernel.nodes[0].history.window(0).len(), 1, "one value an instant");
}

#[test]
fn a_series_without_a_candle_keeps_its_value_when_grace_is_over() {
    let mut day = pair();
    day.tick_of(0, "09:15:01", 100.0);
    day.tick_of(1, "09:15:02", 90.0);
    day.tick_of(0, "09:16:10", 110.0);
    day.tick_of(0, "09:17:01", 110.0);
    assert!(same(value(&day, 0), 10.0), "the first minute's, closed for both by the timer");
    day.tick_of(0, "09:17:02", 110.0);
    assert!(same(value(&day, 0), 20.0), "nobody traded the other one in the second minute");
    assert_eq!(day.kernel.nodes[0].history.window(0), [10.0, 20.0]);
}

#[test]
fn history_of_two_series_is_joined_by_time() {
    let mut day = pair();
    day.put(Kind::NodeAdded, &node(1, 0, ("sma", &[2.0]), "node:0:0", ""));
    let bar = |series: u32, minute: i64, rupees: f64| {
        let (price, ts_open) = (paise(rupees), at("15:00") - 86_400 * S + minute * 60 * S);
        HistoryBar { series, ts_open, open: price, high: price, low: price, close: price, volume: 1, ticks: 0 }
    };
    for (series, minute, price) in
        [(0, 0, 100.0), (1, 0, 90.0), (0, 1, 102.0), (0, 2, 104.0), (1, 2, 91.0), (1, 3, 99.0)]
    {
        day.put(Kind::HistoryBar, &bar(series, minute, price));
    }
    // 10; then the other one is missing: 102 − 90; 104 − 91; the last instant waits for its first series.
    assert_eq!(day.kernel.nodes[0].history.window(0), [10.0, 12.0, 13.0]);
    assert!(same(value(&day, 1), 12.5));
    assert!(day.said().is_empty(), "what is past is no decision");
}

#[test]
fn arithmetic_without_an_answer_is_not_a_number() {
    let mut day = Day::with_bars(&[60]);
    day.put(Kind::NodeAdded, &node(0, 0, ("over", JOIN), "close", "number:0"));
    day.put(Kind::NodeAdded, &node(1, 0, ("minus", JOIN), "number:1", "close"));
    day.put(Kind::NodeAdded, &node(2, 0, ("log", JOIN), "node:1:0", ""));
    day.put(Kind::NodeAdded, &node(3, 0, ("log", JOIN), "close", ""));
    day.tick("09:15:01", 100.0);
    day.tick("09:16:01", 100.0);
    assert!(value(&day, 0).is_nan() && value(&day, 2).is_nan() && same(value(&day, 1), -99.0));
    assert!((value(&day, 3) - 100f64.ln()).abs() < 1e-15);
}

#[test]
fn a_node_that_names_what_is_not_there_is_refused() {
    let mut day = pair();
    let ema: (&str, &[f64]) = ("ema", &[3.0]);
    for wrong in [
        node(1, 0, ema, "node:1:0", ""),
        node(1, 0, ema, "node:0:1", ""),
        node(1, 0, ema, "series:2:close", ""),
        node(1, 0, ema, "median", ""),
        node(1, 0, ema, "", ""),
        node(1, 0, ema, "close", "node:0:0"),
        node(1, 0, ("minus", JOIN), "close", ""),
        node(1, 0, ("log", JOIN), "close", "close"),
        node(1, 0, ("atr", &[3.0]), "node:0:0", ""),
        node(1, 2, ema, "close", ""),
        node(2, 0, ema, "close", ""),
    ] {
        assert!(day.try_put(Kind::NodeAdded, &wrong).is_err(), "{wrong:?}");
    }
}

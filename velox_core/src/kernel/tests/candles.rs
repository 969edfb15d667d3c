//! Ruling 6 and design §3.5: candles, volumes, gaps, what is late.

use super::day::{Day, S, at, paise};
use crate::kernel::candle::Candle;
use crate::record::{HistoryBar, Kind, MarkKind, NodeAdded, Tick, Verdict};

fn candles(day: &mut Day) -> Vec<String> {
    day.said().into_iter().filter(|l| l.starts_with("candle")).collect()
}

#[test]
fn candles_hold_open_high_low_close_and_the_rise_of_volume() {
    let mut day = Day::with_bars(&[60]);
    for (clock, rupees, volume) in
        [("09:15:01", 100.0, 500), ("09:15:15", 102.0, 700), ("09:15:20", 99.0, 600), ("09:16:00", 101.0, 900)]
    {
        day.volume = volume;
        day.tick(clock, rupees);
    }
    // the running maximum counts, and the first candle's baseline is the session's start
    assert_eq!(candles(&mut day), ["candle 60s 09:15:00 at 09:16:00: 100 102 99 99 volume 700 ticks 3"]);
    day.volume = 1_000;
    day.tick("09:17:00", 101.0);
    assert_eq!(candles(&mut day), ["candle 60s 09:16:00 at 09:17:00: 101 101 101 101 volume 200 ticks 1 gap"]);
}

#[test]
fn no_tick_no_candle() {
    let mut day = Day::with_bars(&[60]);
    day.tick("09:15:01", 100.0);
    day.tick("09:19:01", 100.0);
    assert_eq!(candles(&mut day), ["candle 60s 09:15:00 at 09:16:01.5: 100 100 100 100 volume 0 ticks 1"]);
    day.tick("09:20:00", 100.0);
    assert_eq!(candles(&mut day), ["candle 60s 09:19:00 at 09:20:00: 100 100 100 100 volume 0 ticks 1 gap"]);
}

#[test]
fn a_candle_closes_by_its_timer_after_the_grace() {
    let mut day = Day::with_bars(&[60]);
    day.tick("09:15:01", 100.0);
    day.clock("09:16:01.4");
    assert!(candles(&mut day).is_empty());
    day.clock("09:16:01.5");
    assert_eq!(candles(&mut day).len(), 1);
}

#[test]
fn all_candles_of_one_due_are_one_record_long_before_short() {
    let mut day = Day::bare();
    day.begin();
    let first = day.share(|_| {});
    let second = day.share(|_| {});
    let series = [day.watch(first, 60), day.watch(first, 300), day.watch(second, 60)];
    day.put(
        Kind::NodeAdded,
        &NodeAdded {
            id: 0,
            series: series[2],
            source: "close".into(),
            kind: "sma".into(),
            params: vec![1.0],
            second: String::new(),
            instance: -1,
        },
    );
    day.start(|s| s.series = vec![(series[0], 16), (series[1], 17)]);
    day.feed_up("09:00");
    day.tick_of(first, "09:19:30", 100.0);
    day.tick_of(second, "09:19:40", 50.0);
    day.forget();
    day.clock("09:20:01.5");
    assert_eq!(
        candles(&mut day),
        [
            "candle 300s 09:15:00 at 09:20:01.5: 100 100 100 100 volume 0 ticks 1",
            "candle 60s 09:19:00 at 09:20:01.5: 100 100 100 100 volume 0 ticks 1",
            "candle 60s 09:19:00 at 09:20:01.5: 50 50 50 50 volume 0 ticks 1"
        ]
    );
    assert_eq!(day.hooks(), ["bar 09:15:00 n1", "bar 09:19:00 n1"]);
    assert!(!day.kernel.nodes[0].values[0].is_nan(), "all nodes were updated before the first hook");
}

#[test]
fn a_tick_for_a_candle_that_the_timer_closed_is_late() {
    let mut day = Day::with_bars(&[60]);
    day.settings(|s| s.clock = crate::record::ClockMode::Wall);
    let tick = Tick { volume: 10, ..day.packet("09:15:30", 100.0) };
    day.put_tick_at(&tick, at("09:15:30"));
    day.fire(at("09:16:01.5"));
    let book = |price| crate::record::Level { price, quantity: 1 };
    let late = Tick {
        mode: crate::record::TickMode::Snap,
        volume: 70,
        bid: book(paise(98.0)),
        ask: book(paise(99.0)),
        ..day.packet("09:15:59", 90.0)
    };
    assert_eq!(day.put_tick_at(&late, at("09:16:02")), Verdict::Late);
    let market = &day.kernel.markets[0];
    assert_eq!((market.run_volume, market.ask.price), (70, paise(99.0)), "it sets quote and volume");
    assert_eq!((market.last, market.last_ts), (paise(100.0), at("09:15:30")), "and no candle, no price, no age");
    let tick = Tick { volume: 80, ..day.packet("09:16:03", 100.0) };
    assert_eq!(day.put_tick_at(&tick, at("09:16:03")), Verdict::Applied);
    day.fire(at("09:17:01.5"));
    assert!(candles(&mut day)[1].ends_with("volume 70 ticks 1 gap"), "what was late counts in the next candle");
}

#[test]
fn a_feed_that_missed_the_open_counts_from_its_first_tick_and_marks_the_candle() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    let series = day.watch(0, 60);
    day.start(|s| s.series = vec![(series, 16)]);
    day.feed_up("11:00");
    for (clock, volume) in [("11:00:05", 5_000), ("11:00:30", 5_300), ("11:01:00", 5_400), ("11:02:00", 5_400)] {
        day.volume = volume;
        day.tick(clock, 100.0);
    }
    assert_eq!(
        candles(&mut day),
        [
            "candle 60s 11:00:00 at 11:01:00: 100 100 100 100 volume 300 ticks 2 gap",
            "candle 60s 11:01:00 at 11:01:01.5: 100 100 100 100 volume 100 ticks 1"
        ]
        .map(|l| l.replace("11:01:01.5", "11:02:00"))
        .map(|l| l.replace(" ticks 1", " ticks 1 gap"))
    );
}

#[test]
fn a_resume_is_no_gap_and_a_reconnect_is_one() {
    let play = |mark: Option<MarkKind>, pause: i64| {
        let mut day = Day::with_bars(&[60]);
        day.tick("09:15:01", 100.0);
        if let Some(kind) = mark {
            day.session(MarkKind::FeedDown, at("09:15:02"));
            day.session(kind, at("09:15:03"));
        }
        let tick = Tick { exch_ts: at("09:15:01") + pause, ..day.packet("09:15:01", 100.0) };
        day.put_tick(&tick);
        day.clock("09:17:02");
        candles(&mut day)[0].ends_with(" gap")
    };
    assert!(!play(Some(MarkKind::FeedResumed), 5 * S));
    assert!(play(Some(MarkKind::FeedUp), 5 * S));
    assert!(!play(None, 15 * S));
    assert!(play(None, 15 * S + 1), "more than 15 s of silence");
}

#[test]
fn a_first_tick_after_a_reconnect_is_marked_too() {
    let mut day = Day::with_bars(&[60]);
    day.feed_up("09:20");
    day.tick("09:21:00", 100.0);
    day.clock("09:22:02");
    assert_eq!(candles(&mut day), ["candle 60s 09:21:00 at 09:22:01.5: 100 100 100 100 volume 0 ticks 1 gap"]);
}

#[test]
fn auction_prints_belong_to_the_day_candle_alone() {
    let mut day = Day::with_bars(&[60]);
    day.volume = 40;
    assert_eq!(day.tick("09:07:00", 98.0), Verdict::NotContinuous);
    day.volume = 100;
    day.tick("09:15:01", 100.0);
    day.volume = 150;
    assert_eq!(day.tick("15:45:00", 105.0), Verdict::NotContinuous);
    assert_eq!(day.tick("15:35:00", 1.0), Verdict::NotContinuous, "in the transition nothing is traded");
    assert_eq!(day.tick("15:55:00", 999.0), Verdict::NotContinuous);
    let whole = Candle {
        ts_open: at("09:07"),
        open: paise(98.0),
        high: paise(105.0),
        low: paise(98.0),
        close: paise(105.0),
        volume: 150,
        ticks: 3,
        flags: 0,
    };
    assert_eq!(day.kernel.markets[0].day, whole);
    assert_eq!(day.kernel.frame(0).forming.ticks, 1);
    day.clock("16:00:02");
    assert!(candles(&mut day)[0].contains("100 100 100 100 volume 100 ticks 1"), "pre-open volume is in the first");
}

#[test]
fn the_last_candles_close_with_the_day() {
    let mut day = Day::with_bars(&[60, 7200]);
    day.tick("15:29:58", 100.0);
    day.forget();
    day.clock("16:00:02");
    assert_eq!(
        candles(&mut day),
        [
            "candle 60s 15:29:00 at 15:30:01.5: 100 100 100 100 volume 0 ticks 1",
            "candle 7200s 15:15:00 at 16:00:01.5: 100 100 100 100 volume 0 ticks 1"
        ]
    );
}

#[test]
fn a_forming_value_is_what_a_close_now_would_give() {
    let mut day = Day::with_bars(&[60]);
    day.put(
        Kind::NodeAdded,
        &NodeAdded {
            id: 0,
            series: 0,
            source: "close".into(),
            kind: "sma".into(),
            params: vec![2.0],
            second: String::new(),
            instance: -1,
        },
    );
    day.tick("09:15:01", 100.0);
    day.tick("09:16:01", 102.0);
    assert!(day.kernel.nodes[0].values[0].is_nan());
    assert_eq!(day.kernel.forming(0)[0].to_bits(), 101f64.to_bits());
    day.tick("09:16:02", 104.0);
    assert_eq!(day.kernel.forming(0)[0].to_bits(), 102f64.to_bits());
}

#[test]
fn history_feeds_nodes_once_in_order_and_runs_no_hook() {
    let mut day = Day::with_bars(&[60]);
    day.put(
        Kind::NodeAdded,
        &NodeAdded {
            id: 0,
            series: 0,
            source: "close".into(),
            kind: "sma".into(),
            params: vec![2.0],
            second: String::new(),
            instance: -1,
        },
    );
    let bar = |ts_open: i64, rupees: f64| {
        let price = paise(rupees);
        HistoryBar { series: 0, ts_open, open: price, high: price, low: price, close: price, volume: 1, ticks: 0 }
    };
    let yesterday = at("15:28") - 86_400 * S;
    day.put(Kind::HistoryBar, &bar(yesterday, 100.0));
    day.put(Kind::HistoryBar, &bar(yesterday + 60 * S, 102.0));
    day.put(Kind::HistoryBar, &bar(yesterday, 500.0));
    day.put(Kind::HistoryBar, &bar(yesterday + 60 * S, 500.0));
    assert_eq!(day.kernel.nodes[0].values[0].to_bits(), 101f64.to_bits(), "what is there already does nothing");
    assert!(day.hooks().is_empty() && day.said().is_empty());
    assert!(day.try_put(Kind::HistoryBar, &bar(yesterday, 0.0)).is_err());
    assert!(day.try_put(Kind::HistoryBar, &HistoryBar { series: 9, ..bar(yesterday, 1.0) }).is_err());
}

#[test]
fn a_node_that_joins_an_old_series_is_warmed_alone() {
    let mut day = Day::with_bars(&[60]);
    let sma = |id| NodeAdded {
        id,
        series: 0,
        source: "close".into(),
        kind: "sma".into(),
        params: vec![2.0],
        second: String::new(),
        instance: -1,
    };
    let yesterday = at("15:28") - 86_400 * S;
    let bars = [100.0, 102.0, 110.0].map(paise).into_iter().zip(0..).map(|(price, n)| HistoryBar {
        series: 0,
        ts_open: yesterday + n * 60 * S,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 1,
        ticks: 0,
    });
    let bars: Vec<HistoryBar> = bars.collect();
    day.put(Kind::NodeAdded, &sma(0));
    day.put(Kind::HistoryBar, &bars[0]);
    day.put(Kind::HistoryBar, &bars[1]);
    assert_eq!(day.kernel.fed_until(0), bars[1].ts_open);
    day.put(Kind::NodeAdded, &sma(1));
    assert_eq!(day.kernel.fed_until(0), 0, "one of them has seen nothing");
    for bar in &bars {
        day.put(Kind::HistoryBar, bar);
    }
    assert_eq!(day.kernel.fed_until(0), bars[2].ts_open);
    for node in &day.kernel.nodes {
        assert_eq!(node.history.window(0).len(), 3, "each candle once");
        assert_eq!(node.values[0].to_bits(), 106f64.to_bits());
    }
    assert_eq!(day.kernel.series[0].history.window(3), [100.0, 102.0, 110.0]);
    assert_eq!(day.kernel.series[0].closed, 3);
}

#[test]
fn a_new_session_has_no_vwap_before_its_first_candle() {
    let mut day = Day::with_bars(&[60]);
    day.put(
        Kind::NodeAdded,
        &NodeAdded {
            id: 0,
            series: 0,
            source: "close".into(),
            kind: "vwap".into(),
            params: vec![],
            second: String::new(),
            instance: -1,
        },
    );
    let price = paise(100.0);
    let ts_open = at("15:28") - 86_400 * S;
    let bar =
        HistoryBar { series: 0, ts_open, open: price, high: price, low: price, close: price, volume: 5, ticks: 1 };
    day.put(Kind::HistoryBar, &bar);
    assert!(day.kernel.nodes[0].values[0].is_nan());
    day.volume = 7;
    day.tick("09:15:01", 200.0);
    day.tick("09:16:01", 200.0);
    assert_eq!(day.kernel.nodes[0].values[0].to_bits(), 200f64.to_bits());
}

#[test]
fn the_opening_range_is_of_todays_first_minutes_alone() {
    let mut day = Day::with_bars(&[60]);
    let range = NodeAdded {
        id: 0,
        series: 0,
        source: "close".into(),
        kind: "opening_range".into(),
        params: vec![2.0],
        second: String::new(),
        instance: -1,
    };
    day.put(Kind::NodeAdded, &range);
    let price = paise(500.0);
    let ts_open = at("09:15") - 86_400 * S;
    for n in 0..3 {
        let ts_open = ts_open + n * 60 * S;
        let bar =
            HistoryBar { series: 0, ts_open, open: price, high: price, low: price, close: price, volume: 5, ticks: 1 };
        day.put(Kind::HistoryBar, &bar);
        assert!(day.kernel.nodes[0].values[0].is_nan(), "yesterday's is over");
    }
    for (clock, rupees) in [("09:15:01", 100.0), ("09:15:30", 104.0), ("09:16:01", 99.0)] {
        day.tick(clock, rupees);
        assert!(day.kernel.nodes[0].values[0].is_nan(), "{clock}");
    }
    let box_of = |values: [f64; 3]| [values[0], values[1]].map(f64::to_bits);
    assert_eq!(box_of(day.kernel.forming(0)), [104.0, 99.0].map(f64::to_bits), "as if the last candle closed now");
    for (clock, rupees) in [("09:17:01", 150.0), ("09:18:01", 1.0)] {
        day.tick(clock, rupees);
        assert_eq!(box_of(day.kernel.nodes[0].values), [104.0, 99.0].map(f64::to_bits), "{clock}");
        assert_eq!(box_of(day.kernel.forming(0)), [104.0, 99.0].map(f64::to_bits), "{clock}");
    }
}

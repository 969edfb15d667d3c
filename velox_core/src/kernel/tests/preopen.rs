//! Series that leave the pre-open out of the first candle of a day.

use super::day::{Day, S, at};
use super::new_day::days_later;
use crate::kernel::Kernel;
use crate::kernel::candle::{FLAG_GAP, FLAG_WITHOUT_PREOPEN};
use crate::record::{CandleOpen, Kind, MarkKind, NodeAdded, PhaseGroup, Watch};
use proptest::prelude::*;

/// A share with candles of a minute as they are, and beside them without the pre-open; all of them are kept.
fn both(change: impl FnOnce(&mut Day)) -> Day {
    let mut day = Day::bare();
    change(&mut day);
    day.begin();
    day.share(|_| {});
    for (series, without_preopen) in [(0, false), (1, true)] {
        day.put(Kind::Watch, &Watch { series, instrument: 0, seconds: 60, kept: true, without_preopen });
    }
    day.start(|s| s.series = vec![(0, 16), (1, 17)]);
    day
}

fn traded(day: &mut Day, ticks: &[(&str, i64)]) {
    for (clock, volume) in ticks {
        day.volume = *volume;
        day.tick(clock, 100.0);
    }
}

/// Volume of each closed candle and whether it is marked.
fn counted(kernel: &Kernel, series: usize) -> Vec<(i64, bool)> {
    let kept = kernel.series[series].kept.as_ref().unwrap();
    kept.iter().map(|candle| (candle.volume, candle.flags & FLAG_GAP != 0)).collect()
}

const OPENING: [(&str, i64); 5] =
    [("09:15:01", 100), ("09:15:10", 150), ("09:16:01", 170), ("09:16:10", 190), ("09:17:01", 200)];

#[test]
fn the_first_candle_leaves_out_what_the_prints_of_the_pre_open_told() {
    let mut day = both(|_| {});
    day.feed_up("09:00");
    traded(&mut day, &[("09:01:00", 0), ("09:08:01", 60), ("09:08:00", 55)]);
    traded(&mut day, &OPENING);
    assert_eq!(counted(&day.kernel, 0), [(150, false), (40, true)]);
    assert_eq!(counted(&day.kernel, 1), [(90, false), (40, true)]);
    let said: Vec<_> = day.said().into_iter().filter(|line| line.starts_with("candle 60s 09:15")).collect();
    let whole = "candle 60s 09:15:00 at 09:16:01: 100 100 100 100 volume 150 ticks 2";
    assert_eq!(said, [whole.to_owned(), whole.replace("150", "90") + " without the pre-open"]);
    assert_eq!(day.hooks(), ["start", "bar 09:15:00 n1", "bar 09:15:00 n1", "bar 09:16:00 n2", "bar 09:16:00 n2"]);
}

#[test]
fn the_forming_candle_leaves_it_out_from_its_first_tick_on() {
    let mut day = both(|_| {});
    day.feed_up("09:00");
    traded(&mut day, &[("09:08:00", 60), ("09:15:01", 100)]);
    let volumes = [0, 1].map(|series| day.kernel.forming_candle(series).unwrap().volume);
    assert_eq!(volumes, [100, 40]);
}

#[test]
fn where_no_print_came_it_counts_from_the_first_tick_and_is_marked() {
    let mut day = both(|_| {});
    day.feed_up("09:00");
    traded(&mut day, &[("08:59:00", 900)]);
    traded(&mut day, &OPENING);
    assert_eq!(counted(&day.kernel, 0), [(150, false), (40, true)]);
    assert_eq!(counted(&day.kernel, 1), [(50, true), (40, true)]);
}

#[test]
fn a_print_that_tells_more_than_the_first_tick_tells_nothing() {
    let mut day = both(|_| {});
    day.feed_up("09:00");
    traded(&mut day, &[("09:08:00", 101)]);
    traded(&mut day, &OPENING);
    assert_eq!(counted(&day.kernel, 1)[0], (50, true));
}

#[test]
fn a_print_that_comes_after_the_first_tick_changes_nothing() {
    let mut day = both(|_| {});
    day.feed_up("09:00");
    traded(&mut day, &[("09:08:00", 60), ("09:15:01", 100), ("09:14:59", 90)]);
    traded(&mut day, &OPENING[1..]);
    assert_eq!(counted(&day.kernel, 1)[0], (90, false));
}

#[test]
fn what_has_no_pre_open_has_nothing_to_leave_out() {
    let mut day = both(|day| day.facts.groups[0].phases.retain(|(_, phase)| *phase != 1));
    day.feed_up("09:00");
    traded(&mut day, &OPENING);
    assert_eq!(counted(&day.kernel, 0), counted(&day.kernel, 1));
    assert_eq!(counted(&day.kernel, 1)[0], (150, false));
}

#[test]
fn a_call_auction_in_mid_day_is_no_pre_open_of_the_day() {
    let phases = |phases: &[u8]| PhaseGroup {
        name: String::new(),
        phases: (0..).zip(phases.iter().copied()).collect(),
        mis_cutoff_ns: 0,
        flat_auto_ns: 0,
    };
    assert!(phases(&[1, 2, 6, 1, 2]).has_preopen() && phases(&[1, 3, 2]).has_preopen());
    assert!(!phases(&[2, 6, 1, 2]).has_preopen() && !phases(&[0, 2, 4]).has_preopen() && !phases(&[]).has_preopen());
}

#[test]
fn a_feed_that_missed_the_open_makes_both_alike() {
    let mut day = both(|_| {});
    day.feed_up("09:20");
    traded(&mut day, &[("09:20:01", 300), ("09:20:20", 340), ("09:21:01", 350)]);
    assert_eq!(counted(&day.kernel, 0), [(40, true)]);
    assert_eq!(counted(&day.kernel, 1), [(40, true)]);
}

#[test]
fn a_series_that_begins_in_mid_day_leaves_nothing_out_until_the_next_one() {
    let mut day = Day::with_bars(&[60]);
    traded(&mut day, &[("09:08:00", 60)]);
    traded(&mut day, &OPENING[..3]);
    let watch = Watch { series: 1, instrument: 0, seconds: 60, kept: true, without_preopen: true };
    day.put(Kind::Watch, &watch);
    traded(&mut day, &OPENING[3..]);
    assert_eq!(counted(&day.kernel, 1), [(20, true)]);
    day.session(MarkKind::DayDone, at("16:00"));
    day.put(Kind::FactsLoaded, &days_later(1));
    day.session(MarkKind::FeedUp, at("09:00") + 86_400 * S);
    for (clock, volume) in [("09:08:00", 30), ("09:15:01", 50), ("09:16:01", 70)] {
        day.volume = volume;
        let packet = day.packet(clock, 100.0);
        day.put_tick(&crate::record::Tick { exch_ts: packet.exch_ts + 86_400 * S, ..packet });
    }
    assert_eq!(counted(&day.kernel, 1)[2..], [(20, false)]);
}

#[test]
fn nodes_read_the_candles_of_their_own_series() {
    let mut day = both(|_| {});
    for series in 0..2 {
        let (source, kind) = ("close".to_owned(), "vwap".to_owned());
        let node = NodeAdded { id: series, series, source, kind, params: vec![], second: String::new(), instance: -1 };
        day.put(Kind::NodeAdded, &node);
    }
    day.feed_up("09:00");
    for (clock, rupees, volume) in
        [("09:08:00", 90.0, 60), ("09:15:01", 100.0, 100), ("09:16:01", 130.0, 120), ("09:17:01", 130.0, 120)]
    {
        day.volume = volume;
        day.tick(clock, rupees);
    }
    let mean = |first: f64| (first * 100.0 + 20.0 * 130.0) / (first + 20.0);
    let values = [0, 1].map(|node: usize| day.kernel.nodes[node].values[0]);
    assert!((values[0] - mean(100.0)).abs() < 1e-9 && (values[1] - mean(40.0)).abs() < 1e-9, "{values:?}");
}

#[test]
fn both_are_known_apart_and_neither_becomes_the_other() {
    let mut day = both(|_| {});
    for (series, without_preopen) in [(0, true), (1, false)] {
        let wrong = Watch { series, instrument: 0, seconds: 60, kept: true, without_preopen };
        assert!(day.try_put(Kind::Watch, &wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_day_of_candles_and_a_series_without_the_pre_open_refuse_each_other() {
    let open = CandleOpen { instrument: 0, ts_open: at("09:15"), price: 1 };
    let mut day = both(|_| {});
    let refused = day.apply(at("09:15"), Kind::CandleOpen, open.to_bytes().to_vec());
    assert_eq!(refused.unwrap_err(), "a series leaves the pre-open out, and there is no day of candles with it");
    let mut day = Day::by_candles();
    day.try_open(0, at("09:15"), 100).unwrap();
    let late = Watch { series: 1, instrument: 0, seconds: 60, kept: true, without_preopen: true };
    let refused = day.try_put(Kind::Watch, &late);
    assert_eq!(refused.unwrap_err(), "on a day of candles no series leaves the pre-open out");
}

#[test]
fn a_snapshot_brings_back_what_the_pre_open_left() {
    let ticks = [("09:08:00", 60), ("09:15:01", 100), ("09:15:10", 150), ("09:16:01", 170)];
    for told in [0, 1] {
        for cut in told..ticks.len() {
            let mut day = both(|_| {});
            day.feed_up("09:00");
            traded(&mut day, &ticks[told..cut]);
            day.kernel = Kernel::restore(&day.kernel.snapshot()).unwrap();
            traded(&mut day, &ticks[cut..]);
            let first = if told == 0 { (90, false) } else { (50, true) };
            assert_eq!(counted(&day.kernel, 1), [first], "cut at {cut}");
        }
    }
}

/// A step of the clock in eighths of a second, units traded since, and a price in ticks.
fn tick() -> impl Strategy<Value = (i64, i64, i64)> {
    (prop_oneof![4 => 0..80i64, 1 => 80..1_200i64], 0..50i64, 1..2_000i64)
}

proptest! {
    #![proptest_config(crate::tests::cases(100))]

    #[test]
    fn of_a_day_only_the_first_candle_and_of_it_only_the_volume_differs(
        before in prop::collection::vec(tick(), 0..6),
        ticks in prop::collection::vec(tick(), 1..60),
        late_s in -600..600i64,
    ) {
        let mut day = both(|_| {});
        day.session(MarkKind::FeedUp, at("09:15") + late_s * S);
        let (mut told, mut first) = (None, None);
        for (from, ticks) in [("09:07:00", before), ("09:15:00", ticks)] {
            let mut clock = at(from);
            for (eighths, units, price) in ticks {
                clock += eighths * S / 8;
                day.volume += units;
                let packet = crate::record::Tick { exch_ts: clock, ..day.packet("09:15", price as f64 / 20.0) };
                day.put_tick(&packet);
                if clock < at("09:15") {
                    told = Some(day.volume);
                } else {
                    first = first.or(Some(day.volume));
                }
            }
        }
        day.session(MarkKind::DayDone, at("16:00"));
        let [whole, without] = [0, 1].map(|series: usize| day.kernel.series[series].kept.clone().unwrap());
        prop_assert_eq!(whole.len(), without.len());
        for (place, (one, other)) in whole.iter().zip(without.iter()).enumerate() {
            let mut same = *one;
            same.flags |= FLAG_WITHOUT_PREOPEN;
            if place == 0 && late_s <= 0 {
                same.volume -= told.or(first).unwrap();
                same.flags |= if told.is_none() { FLAG_GAP } else { 0 };
            }
            prop_assert_eq!(same, *other, "candle {}", place);
        }
    }
}

//! Series and nodes that join while the day runs, as a hook asks for them.

use super::day::Day;
use super::made::{S, at, paise};
use crate::kernel::Kernel;
use crate::kernel::candle::{FLAG_MISSED, KEPT};
use crate::record::{HistoryBar, Kind, NodeAdded, Watch};

type Asked<'a> = (u32, &'a str, &'a [f64], &'a str, &'a str);

/// A node of a series, declared by nobody (−1) or asked for by the first strategy (0).
fn node(id: u32, instance: i64, (series, kind, params, source, second): Asked<'_>) -> NodeAdded {
    let (source, second) = (source.to_owned(), second.to_owned());
    NodeAdded { id, series, source, kind: kind.to_owned(), params: params.to_vec(), second, instance }
}

/// Two shares with kept candles of a minute and of five, and some of yesterday; a strategy on the first.
fn kept() -> Day {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.share(|_| {});
    for (series, instrument, seconds) in [(0, 0, 60), (1, 1, 60), (2, 1, 300)] {
        day.put(Kind::Watch, &Watch { series, instrument, seconds, kept: true, without_preopen: false });
    }
    day.start(|_| {});
    day
}

fn yesterday(day: &mut Day) {
    let backs = (1..=20_i64).flat_map(|back| [(0, 60, back), (1, 60, back), (2, 300, back)]);
    let mut bars: Vec<_> = backs.map(|(series, length, back)| ((1 - back) * length, series, length, back)).collect();
    bars.sort_unstable(); // by their ends, as a day's beginning feeds them
    for (_, series, length, back) in bars {
        let price = paise(100.0 + ((back * 7 + i64::from(series)) % 11) as f64);
        let ts_open = at("15:30") - 86_400 * S - back * length * S;
        let (open, high, low, close) = (price, price + paise(2.0), price - paise(2.0), price + paise(1.0));
        day.put(Kind::HistoryBar, &HistoryBar { series, ts_open, open, high, low, close, volume: 10, ticks: 1 });
    }
    day.feed_up("09:00");
}

/// One minute's ticks; the second share is silent in every fourth.
fn minute(day: &mut Day, minute: u32) {
    for (second, instrument) in [(1, 0), (2, 1), (31, 0), (40, 1)] {
        if instrument == 0 || minute % 4 != 3 {
            day.volume += 10;
            let price = 100.0 + f64::from((minute * 13 + second * 7 + instrument * 5) % 17);
            day.tick_of(instrument, &format!("{:02}:{:02}:{second:02}", 9 + minute / 60, minute % 60), price);
        }
    }
}

fn bits(kernel: &Kernel, node: usize) -> [u64; 3] {
    kernel.nodes[node].values.map(f64::to_bits)
}

const JOIN: &[f64] = &[];
const ASKED: &[Asked<'static>] = &[
    (0, "ema", &[3.0], "close", ""),
    (0, "rsi", &[4.0], "close", ""),
    (0, "vwap", &[], "close", ""),
    (0, "supertrend", &[5.0, 2.0], "close", ""),
    (0, "opening_range", &[5.0], "close", ""),
    (1, "previous_day", &[], "close", ""),
    (0, "plus", JOIN, "close", "series:1:close"),
    (0, "ema", &[3.0], "node:6:0", ""),
    (0, "minus", JOIN, "close", "series:2:high"),
    (0, "sma", &[4.0], "node:8:0", ""),
];

/// The same nodes, asked for at the end of each minute of a day on which they were there from the beginning.
#[test]
fn a_late_node_is_what_it_were_had_it_been_there() {
    for asked_at in [17, 18, 24, 40] {
        let mut day = kept();
        for (id, asked) in (0..).zip(ASKED) {
            day.put(Kind::NodeAdded, &node(id, -1, *asked));
        }
        yesterday(&mut day);
        (15..asked_at).for_each(|at| minute(&mut day, at));
        day.clock(&format!("09:{asked_at}:01.5"));
        let first = ASKED.len() as u32;
        for (id, (series, kind, params, source, second)) in (first..).zip(ASKED) {
            let source = source.replace("node:6", "node:16").replace("node:8", "node:18");
            day.put(Kind::NodeAdded, &node(id, 0, (*series, *kind, *params, &source, second)));
            let is_told = !day.kernel.out.notes.is_empty();
            assert_eq!(is_told, day.kernel.nodes[id as usize].values[0].is_nan(), "{kind} of {asked_at}");
        }
        for at in asked_at..asked_at + 12 {
            for (here, asked) in ASKED.iter().enumerate() {
                let late = here + ASKED.len();
                assert_eq!(bits(&day.kernel, here), bits(&day.kernel, late), "{asked:?} of {asked_at} at {at}");
                let [one, other] = [here, late].map(|node| day.kernel.nodes[node].last_open);
                assert_eq!(one, other, "{asked:?} of {asked_at} at {at}");
                let [one, other] = [here, late].map(|node| day.kernel.forming(node as u32).map(f64::to_bits));
                assert_eq!(one, other, "{asked:?} of {asked_at} forming at {at}");
            }
            minute(&mut day, at);
        }
    }
}

#[test]
fn what_has_no_earlier_candles_begins_cold_and_says_so() {
    let mut day = kept();
    day.feed_up("09:00");
    (15..18).for_each(|at| minute(&mut day, at));
    day.clock("09:18:01.5");
    day.put(Kind::Watch, &Watch { series: 3, instrument: 0, seconds: 120, kept: true, without_preopen: false });
    day.put(Kind::NodeAdded, &node(0, 0, (3, "ema", &[2.0], "close", "")));
    let [(0, "no_value_yet", sentence)] = day.kernel.out.notes.as_slice() else { panic!("nothing is said") };
    assert_eq!(sentence, "ema on NSE:S0, 120 s, has no value yet: 0 earlier candles were kept.");
    day.put(Kind::NodeAdded, &node(1, 0, (0, "ema", &[2.0], "close", "")));
    assert!(day.kernel.out.notes.is_empty());
    assert!(day.kernel.nodes[0].values[0].is_nan() && !day.kernel.nodes[1].values[0].is_nan());
    (18..24).for_each(|at| minute(&mut day, at));
    assert!(!day.kernel.nodes[0].values[0].is_nan(), "it has seen candles of its own by then");
}

#[test]
fn the_candle_in_whose_midst_a_series_begins_is_marked() {
    let mut day = kept();
    day.feed_up("09:00");
    (15..18).for_each(|at| minute(&mut day, at));
    day.put(Kind::Watch, &Watch { series: 3, instrument: 0, seconds: 120, kept: true, without_preopen: false });
    (18..23).for_each(|at| minute(&mut day, at));
    let kept = day.kernel.series[3].kept.as_ref().unwrap();
    let flags: Vec<_> = kept.iter().map(|candle| candle.flags & FLAG_MISSED).collect();
    assert_eq!(flags, [FLAG_MISSED, 0], "that of 09:17, then that of 09:19");
}

#[test]
fn a_series_that_begins_within_the_grace_lets_the_others_close() {
    let closes = |late: bool| {
        let mut day = kept();
        day.feed_up("09:00");
        minute(&mut day, 16);
        day.tick_of(1, "09:17:00.2", 100.0);
        if late {
            day.put(Kind::Watch, &Watch { series: 3, instrument: 1, seconds: 300, kept: true, without_preopen: false });
        }
        day.clock("09:17:02");
        [day.kernel.series[0].closed, day.kernel.series[1].closed]
    };
    assert_eq!(closes(false), [1, 1]);
    assert_eq!(closes(true), [1, 1]);
}

#[test]
fn no_more_candles_are_kept_than_may_be() {
    let mut day = kept();
    for back in (0..700_i64).rev() {
        let ts_open = at("09:15") - 86_400 * S - back * 60 * S;
        let bar = HistoryBar { series: 0, ts_open, open: 1, high: 1, low: 1, close: 1, volume: 0, ticks: 1 };
        day.put(Kind::HistoryBar, &bar);
    }
    let kept = day.kernel.series[0].kept.as_ref().unwrap();
    assert_eq!((kept.len(), kept.back().unwrap().ts_open), (KEPT, at("09:15") - 86_400 * S));
}

#[test]
fn a_snapshot_brings_back_what_is_kept() {
    let mut day = kept();
    yesterday(&mut day);
    (15..20).for_each(|at| minute(&mut day, at));
    let mut back = Kernel::restore(&day.kernel.snapshot()).unwrap();
    let add = node(0, 0, (0, "ema", &[9.0], "close", ""));
    day.put(Kind::NodeAdded, &add);
    back.apply(back.now, &crate::record::Input::NodeAdded(add)).unwrap();
    assert_eq!(bits(&day.kernel, 0), bits(&back, 0));
    assert_eq!(day.kernel.snapshot(), back.snapshot());
}

#[test]
fn a_series_is_told_to_keep_once_more_and_never_to_be_another() {
    let mut day = Day::with_bars(&[60]);
    let watch = |instrument, seconds, kept| Watch { series: 0, instrument, seconds, kept, without_preopen: false };
    for wrong in [watch(0, 60, false), watch(0, 120, true)] {
        assert!(day.try_put(Kind::Watch, &wrong).is_err(), "{wrong:?}");
    }
    day.put(Kind::Watch, &watch(0, 60, true));
    assert!(day.kernel.series[0].kept.is_some() && day.kernel.series.len() == 1);
    let of_nobody = node(0, 9, (0, "ema", &[2.0], "close", ""));
    assert!(day.try_put(Kind::NodeAdded, &of_nobody).is_err());
}

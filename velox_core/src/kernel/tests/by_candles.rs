//! Days of candles alone: what an open does, what happens inside a candle, and that nothing knows what comes later.

use super::day::{Day, MIDNIGHT, S, at, paise};
use crate::record::{Action, CandleOpen, CandleRange, Kind, MarkKind, Schedule, Settings, TimerClass, ValidKind};

const MINUTE: i64 = 60 * S;

/// Thresholds of a day of candles: they close when they end, and a price is as old as its candle.
pub(super) fn settings() -> Settings {
    Settings { grace_ns: 0, stale_ns: MINUTE, ..Settings::default() }
}

impl Day {
    /// A day of candles alone with one share and one strategy on minutes.
    pub(super) fn by_candles() -> Self {
        Self::by_candles_of(&[60])
    }

    pub(super) fn by_candles_of(seconds: &[u32]) -> Self {
        let mut day = Self::bare();
        day.put(Kind::Settings, &settings());
        day.begin();
        day.share(|_| {});
        let series: Vec<_> = seconds.iter().map(|s| (day.watch(0, *s), 16)).collect();
        day.start(|s| s.series = series);
        day.feed_up("09:15");
        day.forget();
        day
    }

    pub(super) fn try_open(&mut self, instrument: u32, ts_open: i64, price: i64) -> Result<(), String> {
        self.fire(ts_open);
        let open = CandleOpen { instrument, ts_open, price };
        self.apply(ts_open, Kind::CandleOpen, open.to_bytes().to_vec())
    }

    pub(super) fn try_rest(&mut self, range: &CandleRange) -> Result<(), String> {
        let ts = range.ts_open + MINUTE - 1_000_000;
        self.fire(ts);
        self.apply(ts, Kind::CandleRange, range.to_bytes().to_vec())
    }

    pub(super) fn open_of(&mut self, instrument: u32, clock: &str, rupees: f64) {
        self.try_open(instrument, at(clock), paise(rupees)).unwrap();
    }

    pub(super) fn open(&mut self, clock: &str, rupees: f64) {
        self.open_of(0, clock, rupees);
    }

    /// High, low and close of the candle that began then, 100 units.
    pub(super) fn rest_of(&mut self, instrument: u32, clock: &str, [high, low, close]: [f64; 3]) {
        let (ts_open, [high, low, close]) = (at(clock), [high, low, close].map(paise));
        self.try_rest(&CandleRange { instrument, ts_open, high, low, close, volume: 100, ticks: 7 }).unwrap();
    }

    pub(super) fn rest(&mut self, clock: &str, prices: [f64; 3]) {
        self.rest_of(0, clock, prices);
    }

    /// A whole minute and the closing of its candles.
    pub(super) fn minute(&mut self, clock: &str, open: f64, prices: [f64; 3]) {
        self.open(clock, open);
        self.rest(clock, prices);
        self.fire(at(clock) + MINUTE);
    }

    pub(super) fn fills(&mut self) -> Vec<String> {
        self.said().into_iter().filter(|line| line.starts_with("fill ")).collect()
    }
}

/// A long of ten from the open of 09:16, which was 100.
fn long(wish: impl FnOnce(super::day::Wish<'_>) -> super::day::Wish<'_>) -> Day {
    held(1, wish)
}

fn held(side: i8, wish: impl FnOnce(super::day::Wish<'_>) -> super::day::Wish<'_>) -> Day {
    let mut day = Day::by_candles();
    day.minute("09:15", 100.0, [100.5, 99.5, 100.0]);
    wish(day.wish(Action::Go, side).quantity(10)).send();
    day.open("09:16", 100.0);
    assert_eq!(day.held(), 10 * i64::from(side));
    day.forget();
    day
}

#[test]
fn what_is_asked_for_at_a_close_fills_at_the_next_open() {
    let mut day = Day::by_candles();
    day.open("09:15", 100.0);
    day.rest("09:15", [103.0, 99.0, 102.0]);
    assert!(day.hooks().is_empty(), "the candle is not over yet");
    day.fire(at("09:16"));
    assert_eq!(day.hooks(), ["bar 09:15:00 n1"]);
    day.go(1, 10);
    assert_eq!((day.kernel.now, day.held()), (at("09:16"), 0));
    day.open("09:16", 101.0);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @101.05"]);
    assert_eq!(day.hooks(), ["fill", "entered"]);
}

#[test]
fn what_is_asked_for_during_a_candle_waits_for_the_next_open() {
    let mut day = long(|w| w);
    day.wish(Action::Exit, 0).send(); // as from on_fill, at the open of 09:16
    day.rest("09:16", [100.5, 99.0, 99.5]);
    assert_eq!(day.held(), 10);
    day.open("09:17", 98.0);
    assert_eq!(day.fills(), ["fill 1.1 exit -10 @97.95"]);
}

#[test]
fn a_gap_beyond_the_stop_leaves_at_the_open() {
    let mut day = long(|w| w.stop(99.0));
    day.minute("09:16", 100.0, [100.5, 99.05, 100.0]);
    assert!(day.fills().is_empty());
    day.open("09:17", 97.0);
    assert_eq!(day.fills(), ["fill 1.1 stop -10 @96.95"]);
    assert_eq!(day.hooks().last().map(String::as_str), Some("stop"));
}

#[test]
fn a_stop_inside_a_candle_leaves_at_its_own_price_with_slippage() {
    let mut day = long(|w| w.stop(99.0));
    day.rest("09:16", [101.0, 98.0, 100.0]);
    assert_eq!(day.fills(), ["fill 1.1 stop -10 @98.95"]);
    let mut touched = long(|w| w.stop(99.0));
    touched.rest("09:16", [101.0, 99.0, 100.0]);
    assert_eq!(touched.held(), 0, "at the stop is enough");
    let mut short = held(-1, |w| w.stop(101.0));
    short.rest("09:16", [101.2, 98.0, 100.0]);
    assert_eq!(short.fills(), ["fill 1.1 stop +10 @101.05"]);
}

#[test]
fn of_stop_and_target_in_one_candle_the_stop_comes_first() {
    for (side, stop, target) in [(1, 99.0, 101.0), (-1, 101.0, 99.0)] {
        let mut day = held(side, |w| w.stop(stop).target(target));
        day.rest("09:16", [103.0, 97.0, 100.0]);
        let fills = day.fills();
        assert!(fills.len() == 1 && fills[0].starts_with("fill 1.1 stop"), "{fills:?}");
    }
}

#[test]
fn a_target_fills_at_its_own_price_strictly_through() {
    let mut day = long(|w| w.stop(99.0).target(101.0));
    day.minute("09:16", 100.0, [101.0, 99.5, 100.0]);
    assert_eq!(day.held(), 10, "touched is not through");
    day.open("09:17", 100.0);
    day.rest("09:17", [101.05, 99.5, 100.0]);
    assert_eq!(day.fills(), ["fill 1.1 target -10 @101"]);
    let mut gap = long(|w| w.target(101.0));
    gap.minute("09:16", 100.0, [100.5, 99.5, 100.0]);
    gap.open("09:17", 102.0);
    assert_eq!(gap.fills(), ["fill 1.1 target -10 @101"], "a limit never does better than itself");
}

impl Day {
    /// A long of ten wished for at a limit of 99.5 that stands in the market while 09:17 goes by.
    fn limited(wish: impl FnOnce(super::day::Wish<'_>) -> super::day::Wish<'_>) -> Self {
        let mut day = Self::by_candles();
        day.minute("09:15", 100.0, [100.5, 99.5, 100.0]);
        wish(day.wish(Action::Go, 1).quantity(10).limit(99.5)).send();
        day.open("09:16", 100.0);
        day.forget();
        day
    }
}

#[test]
fn a_limit_entry_fills_inside_a_candle_at_its_own_price() {
    let mut day = Day::limited(|w| w);
    day.rest("09:16", [100.5, 99.5, 100.0]);
    assert_eq!(day.held(), 0, "touched is not through");
    let mut day = Day::limited(|w| w);
    day.rest("09:16", [100.5, 99.45, 100.0]);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @99.5"]);
}

#[test]
fn on_the_candle_of_a_limit_entry_only_prices_after_it_count() {
    let mut stopped = Day::limited(|w| w.stop(99.0).target(101.0));
    stopped.rest("09:16", [102.0, 98.5, 102.0]);
    assert_eq!(stopped.fills(), ["fill 1.0 entry +10 @99.5", "fill 1.1 stop -10 @98.95"], "the low came after it");
    let mut before = Day::limited(|w| w.stop(99.0).target(101.0));
    before.rest("09:16", [102.0, 99.4, 100.0]);
    assert_eq!(before.fills(), ["fill 1.0 entry +10 @99.5"], "the high may have come before it");
    let mut after = Day::limited(|w| w.stop(99.0).target(101.0));
    after.rest("09:16", [102.0, 99.4, 101.5]);
    assert_eq!(after.fills(), ["fill 1.0 entry +10 @99.5", "fill 1.1 target -10 @101"], "the close came after it");
}

#[test]
fn a_limit_entry_meets_a_gap_at_the_open() {
    let mut day = Day::by_candles();
    day.minute("09:15", 100.0, [100.5, 99.5, 100.0]);
    day.wish(Action::Go, 1).quantity(10).limit(99.5).send();
    day.open("09:16", 99.0);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @99.05"]);
}

#[test]
fn an_entry_that_gapped_away_waits_at_its_limit() {
    let mut day = Day::by_candles();
    day.minute("09:15", 100.0, [100.5, 99.5, 100.0]);
    day.go(1, 10); // its limit is 100.55
    day.open("09:16", 102.0);
    day.rest("09:16", [102.5, 100.5, 101.0]);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @100.55"]);
}

#[test]
fn an_entry_lives_through_the_whole_next_candle() {
    let mut day = Day::limited(|w| w.of_bar("09:15", 60));
    day.rest("09:16", [100.5, 99.6, 100.0]);
    day.fire(at("09:17"));
    assert_eq!(day.news().last().map(String::as_str), Some("s0 expired"));
    let mut late = Day::limited(|w| w.of_bar("09:15", 60));
    late.rest("09:16", [100.5, 99.0, 100.0]);
    assert_eq!(late.held(), 10);
}

#[test]
fn the_trail_follows_the_high_and_the_close_can_meet_it() {
    let mut day = long(|w| w.trail(2.0));
    day.rest("09:16", [103.0, 99.0, 102.0]); // the low of 99 is not yet 2 below the best
    assert_eq!(day.held(), 10);
    day.fire(at("09:17"));
    day.open("09:17", 102.0);
    day.rest("09:17", [104.0, 101.5, 101.6]); // trail at 101, then at 102: met on the way to the close
    assert_eq!(day.fills(), ["fill 1.1 stop -10 @101.95"]);
}

#[test]
fn an_exit_that_its_limit_held_back_meets_the_open_at_a_new_one() {
    let mut day = long(|w| w);
    day.minute("09:16", 100.0, [100.5, 99.5, 100.0]);
    day.wish(Action::Exit, 0).send(); // its limit is 99.45
    day.open("09:17", 95.0);
    assert_eq!(day.fills(), ["fill 1.1 exit -10 @94.95"]);
}

#[test]
fn the_square_off_meets_the_open_of_its_minute_after_the_candle_before_it() {
    for (low, said) in [(99.5, "fill 1.1 flat -10 @100.95"), (98.0, "fill 1.1 stop -10 @98.95")] {
        let mut day = Day::bare();
        day.put(Kind::Settings, &settings());
        day.begin();
        day.share(|_| {});
        day.start(|s| (s.entry_until, s.flat_at) = (at("15:14"), at("15:15")));
        day.feed_up("09:15");
        day.minute("15:12", 100.0, [100.5, 99.5, 100.0]);
        day.wish(Action::Go, 1).quantity(10).stop(99.0).send();
        day.minute("15:13", 100.0, [100.5, 99.5, 100.0]);
        day.forget();
        day.minute("15:14", 100.0, [100.5, low, 100.0]);
        day.open("15:15", 101.0);
        assert_eq!(day.fills(), [said]);
    }
}

#[test]
fn hooks_by_the_clock_run_between_a_close_and_the_next_open() {
    let mut day = Day::bare();
    day.put(Kind::Settings, &settings());
    day.begin();
    day.share(|_| {});
    let series = vec![(day.watch(0, 60), 16), (day.watch(0, 300), 17)];
    let schedules = vec![
        Schedule { hook: 20, first: at("09:20"), every: 0, run_late: false },
        Schedule { hook: 21, first: at("09:16"), every: 60 * S, run_late: false },
    ];
    day.start(|s| (s.series, s.schedules) = (series, schedules));
    day.feed_up("09:15");
    for minute in ["09:15", "09:16", "09:17", "09:18"] {
        day.minute(minute, 100.0, [101.0, 99.0, 100.0]);
    }
    day.open("09:19", 100.0);
    day.rest("09:19", [101.0, 99.0, 100.0]);
    day.forget();
    day.fire(at("09:20"));
    let hooks: Vec<_> = (day.kernel.out.hooks.iter()).map(|call| call.hook).collect();
    assert_eq!(hooks, [17, 16, 21, 20], "the long candle, the short one, the period, the time");
    day.go(1, 10);
    day.open("09:20", 100.3);
    assert_eq!(day.fills(), ["fill 1.0 entry +10 @100.35"]);
}

#[test]
fn no_instrument_of_a_minute_knows_what_another_one_did_in_it() {
    let mut day = Day::bare();
    day.put(Kind::Settings, &settings());
    day.begin();
    for share in 0..2 {
        day.share(|_| {});
        let series = vec![(day.watch(share, 60), 16)];
        day.start(|s| s.series = series);
    }
    day.feed_up("09:15");
    for share in 0..2 {
        day.open_of(share, "09:15", 100.0);
    }
    for share in 0..2 {
        day.rest_of(share, "09:15", [101.0, 99.0, 100.0]);
    }
    assert!(!day.hooks().iter().any(|hook| hook.starts_with("bar")));
    day.fire(at("09:16"));
    assert_eq!(day.hooks(), ["bar 09:15:00 n1", "bar 09:15:00 n1"], "both are over before either is heard of");
    day.wish_of(0, Action::Go, 1).quantity(10).send();
    day.open_of(0, "09:16", 100.0);
    day.wish_of(1, Action::Go, 1).quantity(10).send(); // from the other one's on_fill
    day.open_of(1, "09:16", 90.0);
    assert_eq!(day.kernel.instances.iter().map(|i| i.book.quantity()).collect::<Vec<_>>(), [10, 0]);
    for share in 0..2 {
        day.rest_of(share, "09:16", [101.0, 89.0, 95.0]);
    }
    day.open_of(1, "09:17", 95.0);
    assert_eq!(day.kernel.instances[1].book.average(), paise(95.05));
}

#[test]
fn long_candles_are_made_of_the_minutes() {
    let mut day = Day::by_candles_of(&[60, 300]);
    day.minute("09:15", 100.0, [101.0, 99.0, 100.5]);
    day.minute("09:17", 100.5, [104.0, 100.0, 103.0]); // nothing traded at 09:16
    day.minute("09:19", 103.0, [103.5, 98.0, 98.5]);
    let said: Vec<_> = day.said().into_iter().filter(|line| line.contains("300s")).collect();
    assert_eq!(said, ["candle 300s 09:15:00 at 09:20:00: 100 104 98 98.5 volume 300 ticks 21"]);
}

#[test]
fn candles_out_of_the_continuous_phase_make_none_and_the_first_one_counts_their_volume() {
    let mut day = Day::by_candles();
    day.minute("09:07", 100.0, [100.0, 100.0, 100.0]);
    day.minute("09:15", 100.0, [101.0, 99.0, 100.5]);
    day.minute("15:30", 100.0, [100.0, 100.0, 100.0]);
    day.minute("15:45", 107.0, [108.0, 106.0, 107.0]);
    let news = day.news();
    assert_eq!(
        news,
        [
            "tick not_continuous",
            "candle 60s 09:15:00 at 09:16:00: 100 101 99 100.5 volume 200 ticks 7",
            "s0 first_candle",
            "tick not_continuous",
            "tick not_continuous"
        ]
    );
    assert_eq!((day.kernel.markets[0].day.high, day.kernel.markets[0].last), (paise(108.0), paise(100.5)));
}

#[test]
fn accounts_are_marked_at_the_end_of_each_minute() {
    let mut day = long(|w| w);
    day.minute("09:16", 100.0, [101.0, 99.0, 99.5]);
    day.minute("09:17", 99.5, [101.0, 99.0, 100.5]);
    let marks: Vec<_> = day.said().into_iter().filter(|line| line.starts_with("mark ")).collect();
    assert_eq!(marks.len(), 2, "{marks:?}");
    assert!(marks[0].contains("equity 999994.5") && marks[1].contains("equity 1000004.5"), "{marks:?}");
    assert_eq!(day.kernel.timers.due(TimerClass::Mark, 0), Some(at("09:19")));
}

#[test]
fn a_candle_that_cannot_be_is_refused_and_changes_nothing() {
    let mut day = Day::by_candles();
    day.minute("09:15", 100.0, [101.0, 99.0, 100.0]);
    day.open("09:16", 100.0);
    let good = CandleRange {
        instrument: 0,
        ts_open: at("09:16"),
        high: paise(101.0),
        low: paise(99.0),
        close: paise(100.0),
        volume: 1,
        ticks: 1,
    };
    let before = day.kernel.snapshot();
    for bad in [
        CandleRange { high: paise(98.0), ..good },
        CandleRange { close: paise(102.0), ..good },
        CandleRange { low: paise(100.5), ..good },
        CandleRange { low: 0, ..good },
        CandleRange { volume: -1, ..good },
        CandleRange { ts_open: at("09:15"), low: -1, ..good },
    ] {
        let ts = at("09:16:59.999");
        assert!(day.apply(ts, Kind::CandleRange, bad.to_bytes().to_vec()).is_err(), "{bad:?}");
    }
    let early = CandleOpen { instrument: 0, ts_open: at("09:15"), price: paise(100.0) };
    assert!(day.apply(at("09:15"), Kind::CandleOpen, early.to_bytes().to_vec()).is_err());
    assert!(day.apply(at("09:17"), Kind::CandleOpen, early.to_bytes().to_vec()).is_err());
    assert_eq!(day.kernel.snapshot(), before);
    let stranger = CandleOpen { instrument: 9, ts_open: at("09:16"), price: paise(100.0) };
    day.apply(at("09:16"), Kind::CandleOpen, stranger.to_bytes().to_vec()).unwrap();
    assert_eq!(day.news().last().map(String::as_str), Some("tick unknown"));
}

#[test]
fn the_day_ends_with_its_last_candle() {
    let mut day = long(|w| w);
    day.minute("09:16", 100.0, [101.0, 99.0, 99.5]);
    day.open("15:29", 100.0);
    day.rest("15:29", [101.0, 99.0, 99.5]);
    day.fire(at("16:00:02"));
    assert_eq!(day.kernel.next_due(), i64::MAX);
    assert_eq!(day.kernel.candles_closed, 3);
    day.session(MarkKind::DayDone, MIDNIGHT);
}

#[test]
fn a_reduction_with_a_limit_waits_for_its_price_over_opens() {
    let mut day = long(|wish| wish.stop(95.0));
    let until = at("10:00");
    let wish = day.wish(Action::Trade, -1).quantity(4).limit(105.0);
    wish.but(|i| (i.valid_kind, i.valid) = (ValidKind::Until, until)).send();
    day.minute("09:18", 100.0, [100.5, 99.5, 100.0]);
    day.minute("09:19", 100.0, [100.5, 99.5, 100.0]);
    assert_eq!(day.held(), 10, "{:?}", day.said());
    day.minute("09:20", 100.0, [106.0, 99.5, 100.0]);
    assert_eq!(day.fills(), ["fill 1.1 reduce -4 @105"]);
}

#[test]
fn a_part_leaves_where_its_trail_is_met_and_another_at_its_target_after_it() {
    let mut day = long(|w| w.stop(90.0).part(0.5, None, Some(1.0)).part(0.5, Some(102.0), None));
    day.rest("09:16", [100.5, 99.6, 100.0]);
    day.fire(at("09:17"));
    day.open("09:17", 100.5);
    day.rest("09:17", [103.0, 99.0, 102.5]); // the worse way: down to 99 first
    assert_eq!(day.fills(), ["fill 1.1 stop -5 @99.45", "fill 1.2 target -5 @102"]);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_gap_beyond_the_trail_of_a_part_leaves_at_the_open() {
    let mut day = long(|w| w.stop(90.0).part(0.5, None, Some(1.0)).part(0.5, Some(102.0), None));
    day.rest("09:16", [100.5, 99.6, 100.0]);
    day.fire(at("09:17"));
    day.open("09:17", 98.0);
    assert_eq!((day.fills(), day.held()), (vec!["fill 1.1 stop -5 @97.95".to_owned()], 5));
    day.rest("09:17", [101.0, 97.5, 100.0]);
    day.fire(at("09:18"));
    day.open("09:18", 103.0);
    assert_eq!((day.fills(), day.held()), (vec!["fill 1.2 target -5 @102".to_owned()], 0));
}

#[test]
fn a_short_part_leaves_where_its_trail_is_met() {
    let mut day = held(-1, |w| w.stop(110.0).part(0.5, None, Some(1.0)).part(0.5, Some(97.0), None));
    day.rest("09:16", [100.4, 99.0, 99.5]); // up to the high first; then down to 99, and up to 99.5
    assert!(day.fills().is_empty());
    day.fire(at("09:17"));
    day.open("09:17", 99.5);
    day.rest("09:17", [101.0, 96.0, 98.0]);
    assert_eq!(day.fills(), ["fill 1.1 stop +5 @100.05", "fill 1.2 target +5 @97"]);
}

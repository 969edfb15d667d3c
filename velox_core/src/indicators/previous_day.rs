//! Levels of the day before: its high, low and close, the central pivot range, and the pivots above and below.
//!
//! The day is that of the closed candles, so of continuous trading: its close is the last trade, not the exchange's
//! average of the last half hour. Levels are shown only where the trading day before is known to be whole: no ticks
//! were missed, and its candles begin and end within a quarter of an hour of the session's. They stand from the first
//! moment of a session to its last.
//!
//! With P = (h + l + c) / 3: the range is P and the two sides of (h + l) / 2 mirrored at P; r1 = 2P − l, r2 = P + h − l,
//! r3 = h + 2 (P − l), and s1 = 2P − h, s2 = P − h + l, s3 = l − 2 (h − P).

use serde::{Deserialize, Serialize};

use super::{DAY_UNKNOWN, Input, NOT_READY, Study, Values};

/// How much later the first candle may begin, and how much earlier the last one end, s: a share may rest for a while.
const SLACK_S: u32 = 900;

/// Levels of the day before; no parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PreviousDay {
    levels: Levels,
    state: Days,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Levels {
    Day,
    Central,
    Highs,
    Lows,
}

/// A day as far as it has come.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Extent {
    day: i32,
    high: f64,
    low: f64,
    close: f64,
    /// It began at the open and nothing was missed.
    sound: bool,
    /// It has come to the end of the session.
    ended: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Days {
    running: Extent,
    /// High, low and close of the day before, NaN where it is not known.
    before: (f64, f64, f64),
}

impl Days {
    const NONE: Self = Days {
        running: Extent {
            day: DAY_UNKNOWN,
            high: f64::NAN,
            low: f64::NAN,
            close: f64::NAN,
            sound: false,
            ended: false,
        },
        before: (f64::NAN, f64::NAN, f64::NAN),
    };

    /// A session begins; before it was, if anybody knows, that of `previous_day`.
    fn turn(&mut self, previous_day: i32) {
        let last = self.running;
        let known = last.sound && last.ended && (previous_day == DAY_UNKNOWN || previous_day == last.day);
        self.before = if known { (last.high, last.low, last.close) } else { Self::NONE.before };
    }

    #[inline]
    fn push(&mut self, candle: &Input) {
        if candle.day != self.running.day {
            self.turn(candle.previous_day);
            let sound = candle.from_s <= SLACK_S;
            self.running = Extent { day: candle.day, high: candle.high, low: candle.low, sound, ..self.running };
        }
        let day = &mut self.running;
        (day.high, day.low, day.close) = (day.high.max(candle.high), day.low.min(candle.low), candle.close);
        day.sound &= !candle.missed;
        day.ended = candle.to_s + SLACK_S >= candle.session_s;
    }

    #[inline]
    fn shown(&self, levels: Levels) -> Values {
        let (high, low, close) = self.before;
        if high.is_nan() {
            return NOT_READY;
        }
        let pivot = (high + low + close) / 3.0;
        match levels {
            Levels::Day => [high, low, close],
            Levels::Central => {
                let middle = f64::midpoint(high, low);
                let other = 2.0 * pivot - middle;
                [pivot, middle.max(other), middle.min(other)]
            }
            Levels::Highs => [2.0 * pivot - low, pivot + (high - low), high + 2.0 * (pivot - low)],
            Levels::Lows => [2.0 * pivot - high, pivot - (high - low), low - 2.0 * (high - pivot)],
        }
    }
}

impl PreviousDay {
    /// `kind` is `previous_day`, cpr, `pivot_highs` or `pivot_lows`.
    pub(super) fn new(kind: &str) -> Self {
        let levels = match kind {
            "previous_day" => Levels::Day,
            "cpr" => Levels::Central,
            "pivot_highs" => Levels::Highs,
            _ => Levels::Lows,
        };
        PreviousDay { levels, state: Days::NONE }
    }
}

impl Study for PreviousDay {
    const OUTPUTS: &'static [&'static str] = &["high", "low", "close"];

    fn outputs(&self) -> &'static [&'static str] {
        match self.levels {
            Levels::Day => Self::OUTPUTS,
            Levels::Central => &["pivot", "top", "bottom"],
            Levels::Highs => &["r1", "r2", "r3"],
            Levels::Lows => &["s1", "s2", "s3"],
        }
    }

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state.push(candle);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(forming);
        state.shown(self.levels)
    }

    #[inline]
    fn values(&self) -> Values {
        self.state.shown(self.levels)
    }

    /// Two candles at least: one of the day before and one of the day.
    fn warm_up(&self) -> usize {
        2
    }

    fn reset_session(&mut self, previous_day: i32) {
        self.state.turn(previous_day);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION_S: u32 = 22_500;

    /// A candle of half an hour.
    fn half_hour(day: i32, number: u32, high: f64, low: f64, close: f64) -> Input {
        let (from_s, to_s) = (number * 1_800, (number + 1) * 1_800);
        Input { high, low, close, from_s, to_s, session_s: SESSION_S, day, previous_day: day - 1, ..Input::default() }
    }

    /// Day 1 runs from 100 up to 112 and closes at 109.
    fn day_one(levels: &mut PreviousDay) {
        for number in 0..13 {
            let price = 100.0 + f64::from(number);
            levels.update(&half_hour(1, number, price, price - 1.0, price - 0.5));
        }
        levels.update(&half_hour(1, 12, 112.0, 105.0, 109.0));
    }

    fn shown(kind: &str) -> PreviousDay {
        let mut levels = PreviousDay::new(kind);
        day_one(&mut levels);
        assert!(levels.values()[0].is_nan());
        levels.update(&half_hour(2, 0, 200.0, 190.0, 195.0));
        levels
    }

    fn near(seen: Values, wanted: Values) -> bool {
        seen.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn levels_are_those_of_the_whole_day_before() {
        assert!(near(shown("previous_day").values(), [112.0, 99.0, 109.0]));
        // P = 320 / 3; (h + l) / 2 = 105.5; mirrored 107.8333.
        assert!(near(shown("cpr").values(), [320.0 / 3.0, 640.0 / 3.0 - 105.5, 105.5]));
        let p = 320.0 / 3.0;
        assert!(near(shown("pivot_highs").values(), [2.0 * p - 99.0, p + 13.0, 112.0 + 2.0 * (p - 99.0)]));
        assert!(near(shown("pivot_lows").values(), [2.0 * p - 112.0, p - 13.0, 99.0 - 2.0 * (112.0 - p)]));
    }

    #[test]
    fn top_of_the_range_is_never_below_its_bottom() {
        let mut levels = PreviousDay::new("cpr");
        for number in 0..13 {
            levels.update(&half_hour(1, number, 110.0, 100.0, 101.0));
        }
        levels.update(&half_hour(2, 0, 1.0, 1.0, 1.0));
        let [_, top, bottom] = levels.values();
        assert!(top > bottom && (top - 105.0).abs() < 1e-9);
    }

    #[test]
    fn levels_are_there_before_the_first_candle_of_the_day_closes() {
        let mut levels = PreviousDay::new("previous_day");
        day_one(&mut levels);
        assert!(near(levels.peek(&half_hour(2, 0, 1.0, 1.0, 1.0)), [112.0, 99.0, 109.0]));
        levels.reset_session(1);
        assert!(near(levels.values(), [112.0, 99.0, 109.0]));
    }

    #[test]
    fn a_day_that_was_not_whole_gives_no_levels() {
        for spoil in 0..4 {
            let mut levels = PreviousDay::new("previous_day");
            for number in 0..13 {
                let mut candle = half_hour(1, number, 100.0, 99.0, 100.0);
                candle.missed = spoil == 0 && number == 5;
                let is_left_out = spoil == 1 && number < 2 || spoil == 2 && number > 10;
                if !is_left_out {
                    levels.update(&candle);
                }
            }
            levels.reset_session(1);
            levels.update(&half_hour(2, 0, 1.0, 1.0, 1.0));
            assert_eq!(levels.values()[0].is_nan(), spoil < 3, "{spoil}");
        }
    }

    #[test]
    fn the_day_before_the_day_before_is_not_the_day_before() {
        let mut levels = PreviousDay::new("previous_day");
        day_one(&mut levels);
        levels.reset_session(2);
        assert!(levels.values()[0].is_nan());
        levels.update(&half_hour(3, 0, 1.0, 1.0, 1.0));
        assert!(levels.values()[0].is_nan());
    }
}

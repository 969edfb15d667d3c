//! Arithmetic on values of candles and indicators: NaN in gives NaN out, and so does what has no answer.

use serde::{Deserialize, Serialize};

use super::{Input, Study, Values, single};

/// Two values joined, or one turned into another; no parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Arithmetic {
    how: How,
    value: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum How {
    Plus,
    Minus,
    Times,
    Over,
    Log,
    Abs,
}

impl How {
    #[inline]
    fn of(self, first: f64, second: f64) -> f64 {
        let value = match self {
            Self::Plus => first + second,
            Self::Minus => first - second,
            Self::Times => first * second,
            Self::Over => first / second,
            // Not the system's: its last bit differs between machines.
            Self::Log => libm::log(first),
            Self::Abs => first.abs(),
        };
        if value.is_finite() { value } else { f64::NAN }
    }
}

impl Arithmetic {
    /// `kind` is plus, minus, times, over, log or abs.
    pub(super) fn new(kind: &str) -> Self {
        let how = match kind {
            "plus" => How::Plus,
            "minus" => How::Minus,
            "times" => How::Times,
            "over" => How::Over,
            "log" => How::Log,
            _ => How::Abs,
        };
        Arithmetic { how, value: f64::NAN }
    }

    pub(super) fn takes_two(&self) -> bool {
        !matches!(self.how, How::Log | How::Abs)
    }
}

impl Study for Arithmetic {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.value = self.how.of(candle.source, candle.second);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        single(self.how.of(forming.source, forming.second))
    }

    #[inline]
    fn values(&self) -> Values {
        single(self.value)
    }

    fn warm_up(&self) -> usize {
        1
    }
}

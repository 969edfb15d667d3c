//! Ichimoku: the middle of a short and of a longer channel, and the cloud between two lines that are shown ahead.
//!
//! The cloud of a candle was computed `base` − 1 candles before it, as `TradingView` counts. The lagging line is the
//! close itself, drawn back: compare the close with `bars.close[base - 1]`.

use serde::{Deserialize, Serialize};

use super::window::Window;
use super::{Input, NOT_READY, Study, Values};

fn middle(range: Option<(f64, f64)>) -> f64 {
    range.map_or(f64::NAN, |(high, low)| f64::midpoint(high, low))
}

/// Both or nothing.
fn both(first: f64, second: f64) -> Values {
    let [_, _, none] = NOT_READY;
    if first.is_nan() || second.is_nan() { NOT_READY } else { [first, second, none] }
}

/// Conversion and base line; parameters: their periods.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lines {
    conversion: Window,
    base: Window,
}

impl Lines {
    pub(super) fn new(conversion: u32, base: u32) -> Self {
        Lines { conversion: Window::new(conversion), base: Window::new(base) }
    }
}

impl Study for Lines {
    const OUTPUTS: &'static [&'static str] = &["conversion", "base"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.conversion.push(candle.high, candle.low);
        self.base.push(candle.high, candle.low);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let with = |window: &Window| middle(window.with(forming.high, forming.low));
        both(with(&self.conversion), with(&self.base))
    }

    #[inline]
    fn values(&self) -> Values {
        both(middle(self.conversion.get()), middle(self.base.get()))
    }

    fn warm_up(&self) -> usize {
        self.conversion.period().max(self.base.period()) as usize
    }
}

/// The two lines of the cloud; parameters: the periods of the lines and of the wide channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cloud {
    lines: Lines,
    span: Window,
    /// The lines computed last, oldest at `next`.
    ahead: Box<[(f64, f64)]>,
    next: u32,
}

impl Cloud {
    pub(super) fn new(conversion: u32, base: u32, span: u32) -> Self {
        let ahead = vec![(f64::NAN, f64::NAN); base as usize].into_boxed_slice();
        Cloud { lines: Lines::new(conversion, base), span: Window::new(span), ahead, next: 0 }
    }

    #[inline]
    fn after(&self, place: u32) -> u32 {
        if place as usize + 1 < self.ahead.len() { place + 1 } else { 0 }
    }

    fn pair(lines: Values, span: f64) -> (f64, f64) {
        let [conversion, base, _] = lines;
        (f64::midpoint(conversion, base), span)
    }
}

impl Study for Cloud {
    const OUTPUTS: &'static [&'static str] = &["a", "b"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.lines.update(candle);
        self.span.push(candle.high, candle.low);
        self.ahead[self.next as usize] = Self::pair(self.lines.values(), middle(self.span.get()));
        self.next = self.after(self.next);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        // The newest pair counts only where it is shown at once.
        let (a, b) = if self.ahead.len() == 1 {
            Self::pair(self.lines.peek(forming), middle(self.span.with(forming.high, forming.low)))
        } else {
            self.ahead[self.after(self.next) as usize]
        };
        both(a, b)
    }

    #[inline]
    fn values(&self) -> Values {
        let (a, b) = self.ahead[self.next as usize];
        both(a, b)
    }

    fn warm_up(&self) -> usize {
        self.lines.warm_up().max(self.span.period() as usize) + self.ahead.len() - 1
    }
}

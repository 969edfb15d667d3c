//! Moving average convergence/divergence: fast EMA − slow EMA, its EMA as signal, and their difference.
//!
//! As in TA-Lib the fast EMA's seed is the mean of the values *just before* the slow one is ready, so that both
//! begin together, and no line is shown until all three are there.

use serde::{Deserialize, Serialize};

use super::ema::Average;
use super::{Input, NOT_READY, Study, Values};

/// MACD of the source; parameters: fast, slow and signal period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Macd {
    fast: u32,
    slow: u32,
    signal: u32,
    state: Lines,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Lines {
    /// Values that still pass before the fast average begins.
    skip: u32,
    fast: Average,
    slow: Average,
    signal: Average,
}

impl Macd {
    pub(super) fn new(fast: u32, slow: u32, signal: u32) -> Self {
        let state = Lines {
            skip: slow - fast,
            fast: Average::new(fast),
            slow: Average::new(slow),
            signal: Average::new(signal),
        };
        Macd { fast, slow, signal, state }
    }

    #[inline]
    fn pushed(&self, x: f64) -> Lines {
        let mut lines = self.state;
        lines.slow.push(self.slow, x);
        if lines.skip > 0 {
            lines.skip -= 1;
            return lines;
        }
        lines.fast.push(self.fast, x);
        let line = lines.fast.get(self.fast) - lines.slow.get(self.slow);
        if !line.is_nan() {
            lines.signal.push(self.signal, line);
        }
        lines
    }

    #[inline]
    fn shown(&self, lines: &Lines) -> Values {
        let signal = lines.signal.get(self.signal);
        if signal.is_nan() {
            return NOT_READY;
        }
        let line = lines.fast.get(self.fast) - lines.slow.get(self.slow);
        [line, signal, line - signal]
    }
}

impl Study for Macd {
    const OUTPUTS: &'static [&'static str] = &["line", "signal", "hist"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.state = self.pushed(candle.source);
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        self.shown(&self.pushed(forming.source))
    }

    #[inline]
    fn values(&self) -> Values {
        self.shown(&self.state)
    }

    fn warm_up(&self) -> usize {
        self.slow as usize + self.signal as usize - 1
    }
}

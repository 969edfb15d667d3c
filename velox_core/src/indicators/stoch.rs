//! Slow stochastic: where the close lies between the lowest low (0) and the highest high (100) of the last n candles,
//! averaged plainly (k), and the plain average of that (d). In a window without any range it lies at 0, as in TA-Lib.

use serde::{Deserialize, Serialize};

use super::sma::Mean;
use super::window::Window;
use super::{Input, NOT_READY, Study, Values};

/// Slow stochastic of the candle; parameters: period, smoothing of k, smoothing of d.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stoch {
    window: Window,
    /// The averages of k and of d, in a box so that this kind is no larger than the others.
    smooth: Box<[Mean; 2]>,
}

#[inline]
fn place(close: f64, (high, low): (f64, f64)) -> f64 {
    let percent = (high - low) / 100.0;
    if percent == 0.0 { 0.0 } else { (close - low) / percent }
}

#[inline]
fn shown(k: f64, d: f64) -> Values {
    let mut values = NOT_READY;
    if !d.is_nan() {
        (values[0], values[1]) = (k, d);
    }
    values
}

impl Stoch {
    pub(super) fn new(period: u32, k: u32, d: u32) -> Self {
        Stoch { window: Window::new(period), smooth: Box::new([Mean::new(k), Mean::new(d)]) }
    }
}

impl Study for Stoch {
    const OUTPUTS: &'static [&'static str] = &["k", "d"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        self.window.push(candle.high, candle.low);
        let Some(range) = self.window.get() else { return };
        let [k, d] = &mut *self.smooth;
        k.push(place(candle.close, range));
        if !k.get().is_nan() {
            d.push(k.get());
        }
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let Some(range) = self.window.with(forming.high, forming.low) else { return NOT_READY };
        let [k, d] = &*self.smooth;
        let k = k.with(place(forming.close, range));
        if k.is_nan() { NOT_READY } else { shown(k, d.with(k)) }
    }

    #[inline]
    fn values(&self) -> Values {
        let [k, d] = &*self.smooth;
        shown(k.get(), d.get())
    }

    fn warm_up(&self) -> usize {
        let [k, d] = &*self.smooth;
        (self.window.period() + k.period() + d.period()) as usize - 2
    }
}

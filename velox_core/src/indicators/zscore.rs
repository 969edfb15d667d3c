//! How far the newest value lies from the mean of the last n, in standard deviations of that window (divided by n, as
//! Bollinger bands have it). Where all values of the window are equal, the newest one is the mean: 0.

use serde::{Deserialize, Serialize};

use super::bbands::Moments;
use super::{Input, NOT_READY, Study, Values, single};

/// Z-score of the source; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ZScore {
    ring: Box<[f64]>,
    state: Moments,
    last: f64,
}

#[inline]
fn shown(state: &Moments, period: u32, x: f64) -> Values {
    match state.get(period) {
        None => NOT_READY,
        Some((mean, deviation)) if deviation > 0.0 => single((x - mean) / deviation),
        Some(_) => single(0.0),
    }
}

impl ZScore {
    pub(super) fn new(period: u32) -> Self {
        ZScore { ring: vec![0.0; period as usize].into_boxed_slice(), state: Moments::new(), last: 0.0 }
    }

    #[inline]
    fn period(&self) -> u32 {
        self.ring.len() as u32
    }
}

impl Study for ZScore {
    const OUTPUTS: &'static [&'static str] = &["value"];

    #[inline]
    fn update(&mut self, candle: &Input) {
        let period = self.period();
        let oldest = std::mem::replace(&mut self.ring[self.state.next()], candle.source);
        self.state.push(period, oldest, candle.source);
        self.last = candle.source;
    }

    #[inline]
    fn peek(&self, forming: &Input) -> Values {
        let mut state = self.state;
        state.push(self.period(), self.ring[state.next()], forming.source);
        shown(&state, self.period(), forming.source)
    }

    #[inline]
    fn values(&self) -> Values {
        shown(&self.state, self.period(), self.last)
    }

    fn warm_up(&self) -> usize {
        self.ring.len()
    }
}

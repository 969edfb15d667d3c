//! Triple exponential moving average: `3·e1 − 3·e2 + e3`, each the EMA of the one before, begun when that one is there.

use serde::{Deserialize, Serialize};

use super::ema::Average;
use super::{Input, Study, Values, single};

/// TEMA of the source; parameter: period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tema {
    period: u32,
    state: [Average; 3],
}

impl Tema {
    pub(super) fn new(period: u32) -> Self {
        Tema { period, state: [Average::new(period); 3] }
    }

    #[inline]
    fn pushed(&self, x: f64) -> [Average; 3] {
        let mut state = self.state;
        let mut next = x;
        for average in &mut state {
            average.push(self.period, next);
            next = average.get(self.period);
            if next.is_nan() {
                break;
            }
        }
        state
    }

    /// NaN as long as one of the three is.
    #[inline]
    fn shown(&self, state: &[Average; 3]) -> Values {
        let [first, second, third] = state.map(|average| average.get(self.period));
        single(third + (3.0 * first - 3.0 * second))
    }
}

impl Study for Tema {
    const OUTPUTS: &'static [&'static str] = &["value"];

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
        3 * self.period as usize - 2
    }
}

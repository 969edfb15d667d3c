//! Series whose first candle of a day leaves out what was traded in the pre-open.

use super::Kernel;
use super::check::{Checked, fault};
use crate::record::{PhaseGroup, Tick};

impl Kernel {
    /// The first tick of continuous trading: a series without the pre-open begins at the volume that the pre-open left.
    ///
    /// That is the greatest one that its prints have told. Where none came, or it was more than this tick tells, nobody
    /// knows it: the candle counts from this tick on and is marked. The tick's own trade is not counted, since the first
    /// frame of the day may repeat the auction's.
    #[cold]
    pub(super) fn leave_preopen(&mut self, index: usize, tick: &Tick) {
        let market = &mut self.markets[index];
        let group = self.facts.as_ref().and_then(|f| f.groups.get(usize::from(market.group)));
        if !group.is_some_and(PhaseGroup::has_preopen) {
            return; // all of the day's volume is of continuous trading
        }
        let is_told = market.day.ticks > 0 && market.day.volume <= tick.volume;
        for frame in &mut market.frames {
            let series = &mut self.series[frame.series as usize];
            if series.without_preopen && is_told {
                frame.base_volume = market.day.volume;
            } else if series.without_preopen {
                frame.base_volume = tick.volume;
                series.counted_from = tick.exch_ts + 1;
            }
        }
    }

    /// On a day of candles the first candle's volume is whatever its source makes of the pre-open.
    pub(super) fn check_without_preopen(&self) -> Checked {
        if self.is_by_candles() {
            return fault("on a day of candles no series leaves the pre-open out".to_owned());
        }
        Ok(())
    }

    /// As `check_without_preopen`, for the candle with which such a day begins.
    pub(super) fn check_first_open(&self) -> Checked {
        if !self.is_by_candles() && self.series.iter().any(|series| series.without_preopen) {
            return fault("a series leaves the pre-open out, and there is no day of candles with it".to_owned());
        }
        Ok(())
    }
}

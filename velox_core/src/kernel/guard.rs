//! The kernel's first step: a verdict on every tick, before it may change anything.

use super::Kernel;
use super::check::DAY_NS;
use crate::fixed::{PRICE_MAX, VOLUME_MAX};
use crate::record::{ClockMode, Kind, Level, Phase, Tick, Verdict};

/// The verdict on a tick and what goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// The first verdict that holds.
    pub verdict: Verdict,
    /// Phase at the tick's exchange time, where it got that far.
    pub phase: Phase,
}

impl Kernel {
    /// The verdict on a tick as the state is now; changes nothing.
    #[inline(always)]
    #[allow(clippy::inline_always)] // where it is made into a tick, most of what is judged is known to be zero
    pub fn judge(&self, tick: &Tick, ts: i64) -> Guarded {
        let out = |verdict, phase| Guarded { verdict, phase };
        let ahead = self.settings.clock == ClockMode::Wall && tick.exch_ts.saturating_sub(ts) > self.settings.ahead_ns;
        if !(1..=PRICE_MAX).contains(&tick.price) || !is_sane(tick) || ahead {
            return out(Verdict::Impossible, Phase::Closed);
        }
        let (Some(market), Some(facts)) = (self.markets.get(tick.instrument as usize), &self.facts) else {
            return out(Verdict::Unknown, Phase::Closed);
        };
        if !(0..DAY_NS).contains(&(tick.exch_ts.saturating_sub(facts.day_start_ns))) {
            return out(Verdict::WrongDay, Phase::Closed);
        }
        let phase = if (market.open.0..market.open.1).contains(&tick.exch_ts) {
            Phase::Continuous
        } else {
            facts.groups.get(usize::from(market.group)).map_or(Phase::Closed, |g| g.at(tick.exch_ts))
        };
        if phase != Phase::Continuous {
            return out(Verdict::NotContinuous, phase);
        }
        if tick.exch_ts < market.last_ts {
            return out(Verdict::OutOfOrder, phase);
        }
        if tick.exch_ts == market.last_ts && tick.price == market.last && tick.volume == market.last_volume {
            return out(Verdict::Duplicate, phase);
        }
        let (lower, upper) = known_band(market.lower, market.upper, tick);
        if (upper > 0 && tick.price > upper) || (lower > 0 && tick.price < lower) {
            return out(Verdict::Band, phase);
        }
        if tick.exch_ts < market.closed_until {
            return out(Verdict::Late, phase);
        }
        out(Verdict::Applied, phase)
    }

    /// The time of the record that will hold a tick, and the verdict there; in data mode only applied and duplicate
    /// ticks move the time.
    #[inline(always)]
    #[allow(clippy::inline_always)] // as for `judge`
    pub fn judge_next(&self, tick: &Tick, clock_ns: i64) -> (i64, Guarded) {
        if self.settings.clock == ClockMode::Wall {
            let ts = self.now.max(clock_ns);
            return (ts, self.judge(tick, ts));
        }
        let judged = self.judge(tick, self.now);
        let ts = match judged.verdict {
            Verdict::Applied | Verdict::Duplicate => self.data_now.max(tick.exch_ts),
            Verdict::Impossible
            | Verdict::Unknown
            | Verdict::WrongDay
            | Verdict::NotContinuous
            | Verdict::OutOfOrder
            | Verdict::Band
            | Verdict::Late => self.data_now,
        };
        (ts, judged)
    }

    /// Writes the verdict on a tick that was not applied.
    pub(super) fn decide_verdict(&mut self, tick: &Tick, verdict: Verdict) {
        let (at, ts) = (self.out.decisions.len(), self.now);
        self.out.decisions.push_raw(Kind::TickVerdict, ts, |out| {
            out.extend(tick.instrument.to_le_bytes());
            out.push(verdict as u8);
            out.extend(tick.exch_ts.to_le_bytes());
            out.extend(tick.price.to_le_bytes());
        });
        self.hash_decision(at);
    }
}

/// Whether every number that the kernel will reckon with is one: sums and differences of such cannot overflow.
fn is_sane(tick: &Tick) -> bool {
    let size = |value: i64| (0..=VOLUME_MAX).contains(&value);
    let price = |value: i64| (0..=PRICE_MAX).contains(&value);
    let level = |level: &Level| price(level.price) && size(level.quantity);
    size(tick.volume) && size(tick.last_qty) && level(&tick.bid) && level(&tick.ask)
}

/// Limits from this frame where it has them, else the last known ones; never inferred.
fn known_band(lower: i64, upper: i64, tick: &Tick) -> (i64, i64) {
    let pick = |new: i64, old: i64| if new > 0 { new } else { old };
    (pick(tick.lower, lower), pick(tick.upper, upper))
}

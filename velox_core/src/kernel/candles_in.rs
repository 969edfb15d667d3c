//! Days of which candles are kept and no ticks: what a candle does to orders and positions.
//!
//! A candle comes in two records. `CandleOpen`, at its begin, is a price like any other: waiting orders meet it, and a
//! gap beyond a stop leaves there. `CandleRange`, just before its end, tells what happened in between, and `path.rs`
//! takes it the worse way. Candles close by the timer of their end, which lies between the last range and the next open:
//! what a hook asks for then meets the next open at the earliest.

use super::Kernel;
use super::candle::Frame;
use super::check::{Checked, fault, within};
use super::guard::Guarded;
use super::protection::Due;
use crate::fixed::{PRICE_MAX, TIME_MAX, VOLUME_MAX};
use crate::record::{CandleOpen, CandleRange, Phase, Tick, Verdict};

/// Time between two marks of an account on such a day: prices change by the minute.
const CANDLE_MARK_NS: i64 = 60_000_000_000;

impl Kernel {
    /// Whether this day is run by candles.
    pub fn is_by_candles(&self) -> bool {
        self.opened_at > 0
    }

    /// A candle's open has the time at which the candle begins, and no record is earlier than what came before.
    pub(super) fn check_candle_open(&self, ts: i64, open: &CandleOpen) -> Checked {
        if self.brokered {
            return fault("candles are data of the past: no account at a broker trades on them".to_owned());
        }
        if ts != open.ts_open || ts < self.now {
            return fault(format!("the open of a candle of {} cannot come at {ts}", open.ts_open));
        }
        self.check_first_open()?;
        within("the open of a candle", &[("its price", open.price, 1..=PRICE_MAX)])
    }

    /// The rest of a candle comes later than its open and holds it.
    pub(super) fn check_candle_range(&self, ts: i64, range: &CandleRange) -> Checked {
        if ts <= range.ts_open || ts < self.now {
            return fault(format!("the rest of a candle of {} cannot come at {ts}", range.ts_open));
        }
        within(
            "a candle",
            &[
                ("begin", range.ts_open, 0..=TIME_MAX),
                ("low", range.low, 1..=PRICE_MAX),
                ("high", range.high, range.low..=PRICE_MAX),
                ("close", range.close, range.low..=range.high),
                ("volume", range.volume, 0..=VOLUME_MAX),
            ],
        )?;
        match self.markets.get(range.instrument as usize).filter(|market| market.last_ts == range.ts_open) {
            Some(market) => within("a candle", &[("open", market.last, range.low..=range.high)]),
            None => Ok(()),
        }
    }

    /// A candle begins: its open is the newest price.
    pub(super) fn apply_candle_open(&mut self, open: &CandleOpen) {
        let tick = Tick { instrument: open.instrument, exch_ts: open.ts_open, price: open.price, ..Tick::default() };
        let Guarded { verdict, phase } = self.judge(&tick, self.now);
        self.verdicts[verdict as usize] += 1;
        if verdict != Verdict::Applied {
            if verdict == Verdict::NotContinuous && matches!(phase, Phase::PreOpen | Phase::Auction) {
                self.markets[open.instrument as usize].add_to_day(open.price, 0, open.ts_open);
            }
            self.decide_verdict(&tick, verdict);
            return;
        }
        self.data_now = self.data_now.max(open.ts_open);
        self.opened_at = open.ts_open;
        let anchor = self.facts.as_ref().map_or(0, |f| f.open_ns);
        let market = &mut self.markets[open.instrument as usize];
        (market.bid, market.ask, market.last_qty) = Default::default();
        (market.last, market.last_ts, market.stale) = (open.price, open.ts_open, false);
        market.epoch = self.feed_epoch;
        market.add_to_day(open.price, 0, open.ts_open);
        for frame in &mut market.frames {
            frame.add(open.ts_open, open.price, 0, anchor);
        }
        self.chase_open(open.instrument);
        self.match_orders(open.instrument);
        for at in 0..self.markets[open.instrument as usize].traders.len() {
            let id = self.markets[open.instrument as usize].traders[at];
            self.guard_at_open(id);
        }
    }

    /// An exit that waits was priced anew every second: the open meets it at a limit of its own. What has a limit by wish
    /// keeps it.
    fn chase_open(&mut self, instrument: u32) {
        // A copy: what gives way to an exit at its new price leaves the list.
        for slot in self.markets[instrument as usize].working.clone() {
            let open = self.markets[instrument as usize].last;
            let waits = self.orders.get(slot).filter(|o| {
                let follows = !o.role.increases() && o.until == i64::MAX;
                follows && self.now >= o.live_from
            });
            if let Some(order) = waits.filter(|o| (o.limit - open) * i64::from(o.side) < 0) {
                let (id, side) = (order.instance, order.side);
                self.price_exit_anew(slot, id, side);
            }
        }
    }

    fn guard_at_open(&mut self, id: u32) {
        let side = self.instances[id as usize].book.quantity().signum() as i8;
        match if side == 0 { None } else { self.protection_due(id, side) } {
            Some(Due::Stop) => self.leave_at_stop(id, side),
            Some(Due::Target(target)) => self.leave_at_target(id, side, target),
            Some(Due::Again(role)) => _ = self.exit_position(id, role, "once more"),
            None if side != 0 => self.watch_open_parts(id, side),
            None => {}
        }
        self.meet_triggers(id);
    }

    /// A candle is over but for its close: what stood in the market meets the prices between open and close.
    pub(super) fn apply_candle_range(&mut self, range: &CandleRange) {
        let instrument = range.instrument;
        let now = self.now;
        let Some(market) = self.markets.get_mut(instrument as usize) else {
            return; // its open was judged already
        };
        if market.last_ts != range.ts_open {
            self.add_outside_session(range);
            return;
        }
        self.data_now = self.data_now.max(now);
        // What follows happens at prices of this very candle, however long it is.
        market.last_ts = now;
        let open = market.last;
        for at in 0..self.markets[instrument as usize].traders.len() {
            let id = self.markets[instrument as usize].traders[at];
            self.markets[instrument as usize].last = open;
            self.walk_candle(id, range);
        }
        let market = &mut self.markets[instrument as usize];
        market.last = range.close;
        market.run_volume = market.run_volume.saturating_add(range.volume);
        market.last_volume = market.run_volume;
        for price in [range.high, range.low, range.close] {
            market.add_to_day(price, market.run_volume, now);
        }
        market.frames.iter_mut().for_each(|frame| frame.merge(range));
    }

    /// Pre-open and auction change the day alone; the volume of the one counts in the first candle, as with ticks.
    fn add_outside_session(&mut self, range: &CandleRange) {
        let market = &mut self.markets[range.instrument as usize];
        let group = self.facts.as_ref().and_then(|f| f.groups.get(usize::from(market.group)));
        if group.is_some_and(|g| matches!(g.at(range.ts_open), Phase::PreOpen | Phase::Auction)) {
            market.run_volume = market.run_volume.saturating_add(range.volume);
            for price in [range.high, range.low, range.close] {
                market.add_to_day(price, market.run_volume, range.ts_open);
            }
        }
    }

    /// When an order that is placed now can meet a price at the earliest: not at an open that has been told already, be
    /// it another instrument's.
    pub(super) fn live_from(&self, latency_ns: i64) -> i64 {
        self.now + latency_ns + i64::from(self.opened_at == self.now)
    }

    /// When an account is marked next: by the second, on a day of candles by the minute.
    pub(super) fn next_mark(&self, now: i64) -> i64 {
        let every = if self.opened_at > 0 { CANDLE_MARK_NS } else { super::account::MARK_NS };
        if self.opened_at > 0 { (now.div_euclid(every) + 1).saturating_mul(every) } else { now + every }
    }
}

impl Frame {
    /// Takes the rest of a candle in whose open was taken in before.
    fn merge(&mut self, range: &CandleRange) {
        let forming = &mut self.forming;
        forming.high = forming.high.max(range.high);
        forming.low = forming.low.min(range.low);
        forming.close = range.close;
        forming.ticks = forming.ticks.saturating_add(range.ticks.saturating_sub(1));
    }
}

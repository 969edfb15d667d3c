//! The records that flow at market speed, in fixed layouts.

use serde::{Deserialize, Serialize};

/// The instrument number of a tick whose token nobody defined.
pub const UNKNOWN_INSTRUMENT: u32 = u32::MAX;

/// One level of an order book side. Copied at each tick: aligned, so that it is read in the pieces in which it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(align(16))]
pub struct Level {
    /// Price at 1e-8.
    pub price: i64,
    /// Quantity in units.
    pub quantity: i64,
}

/// How much of a quote a frame carried, hence how large its record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
#[repr(u8)]
pub enum TickMode {
    /// Price alone.
    #[default]
    Ltp = 1,
    /// Price, volume, session prices.
    Quote = 2,
    /// Everything, with the best bid and ask.
    Snap = 3,
}

/// A decoded quote or trade. Prices at 1e-8; zero bid, ask or circuit means unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the exchange's own words
pub struct Tick {
    pub mode: TickMode,
    pub instrument: u32,
    /// Exchange time, ns since the epoch.
    pub exch_ts: i64,
    pub price: i64,
    /// Cumulative volume of the day.
    pub volume: i64,
    pub last_qty: i64,
    pub average: i64,
    pub total_buy: i64,
    pub total_sell: i64,
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
    pub trade_ts: i64,
    pub open_interest: i64,
    pub bid: Level,
    pub ask: Level,
    pub upper: i64,
    pub lower: i64,
    /// Wall time of reception; a side field outside decisions and hashes.
    pub recv_ns: i64,
}

/// Bytes of a tick's payload by mode.
pub const TICK_BYTES: [usize; 4] = [0, 20, 108, 172];
/// Bytes of the longest.
pub const TICK_BYTES_MAX: usize = TICK_BYTES[TickMode::Snap as usize];

pub(super) struct Put<'a>(pub(super) &'a mut [u8], pub(super) usize);

impl Put<'_> {
    pub(super) fn u32(&mut self, v: u32) {
        self.0[self.1..self.1 + 4].copy_from_slice(&v.to_le_bytes());
        self.1 += 4;
    }
    pub(super) fn i64(&mut self, v: i64) {
        self.0[self.1..self.1 + 8].copy_from_slice(&v.to_le_bytes());
        self.1 += 8;
    }
}

pub(super) struct Get<'a>(pub(super) &'a [u8], pub(super) usize);

impl Get<'_> {
    pub(super) fn u32(&mut self) -> u32 {
        let mut raw = [0; 4];
        raw.copy_from_slice(&self.0[self.1..self.1 + 4]);
        self.1 += 4;
        u32::from_le_bytes(raw)
    }
    pub(super) fn i64(&mut self) -> i64 {
        let mut raw = [0; 8];
        raw.copy_from_slice(&self.0[self.1..self.1 + 8]);
        self.1 += 8;
        i64::from_le_bytes(raw)
    }
}

impl Tick {
    /// Length of the payload.
    pub fn bytes(&self) -> usize {
        TICK_BYTES[self.mode as usize]
    }

    /// The payload, written into a place that has room for any.
    #[inline]
    pub fn payload<'a>(&self, room: &'a mut [u8; TICK_BYTES_MAX]) -> &'a [u8] {
        let out = &mut room[..self.bytes()];
        self.write(out);
        out
    }

    /// Writes the payload; `out` must be exactly `bytes()` long.
    pub fn write(&self, out: &mut [u8]) {
        let mut p = Put(out, 0);
        p.u32(self.instrument);
        p.i64(self.exch_ts);
        p.i64(self.price);
        if self.mode >= TickMode::Quote {
            for v in [self.recv_ns, self.volume, self.last_qty, self.average, self.total_buy, self.total_sell] {
                p.i64(v);
            }
            for v in [self.open, self.high, self.low, self.close, self.trade_ts] {
                p.i64(v);
            }
        }
        if self.mode >= TickMode::Snap {
            for v in [self.open_interest, self.bid.price, self.bid.quantity, self.ask.price, self.ask.quantity] {
                p.i64(v);
            }
            for v in [self.upper, self.lower] {
                p.i64(v);
            }
            p.i64(0); // room for depth flags
        }
    }

    /// Reads a payload; the mode follows from its length.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mode = match payload.len() {
            20 => TickMode::Ltp,
            108 => TickMode::Quote,
            172 => TickMode::Snap,
            _ => return None,
        };
        let mut g = Get(payload, 0);
        let mut t = Self { mode, instrument: g.u32(), exch_ts: g.i64(), price: g.i64(), ..Self::default() };
        if mode >= TickMode::Quote {
            t.recv_ns = g.i64();
            t.volume = g.i64();
            t.last_qty = g.i64();
            t.average = g.i64();
            t.total_buy = g.i64();
            t.total_sell = g.i64();
            t.open = g.i64();
            t.high = g.i64();
            t.low = g.i64();
            t.close = g.i64();
            t.trade_ts = g.i64();
        }
        if mode >= TickMode::Snap {
            t.open_interest = g.i64();
            t.bid = Level { price: g.i64(), quantity: g.i64() };
            t.ask = Level { price: g.i64(), quantity: g.i64() };
            t.upper = g.i64();
            t.lower = g.i64();
        }
        Some(t)
    }
}

/// What a timer is for; at one due time the lower class fires first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum TimerClass {
    /// Candles of one time frame close (id = seconds of the frame).
    Candle = 1,
    /// An `@every` hook (id = index in the kernel's schedule).
    Every = 2,
    /// An `@at` hook (id = index in the kernel's schedule).
    At = 3,
    /// An entry expires (id = order slot).
    Expire = 4,
    /// An exit is priced anew (id = order slot).
    Reprice = 5,
    /// Queued orders may leave (id = account).
    Release = 6,
    /// An instance's square-off (id = instance).
    Flat = 7,
    /// An account is marked to market (id = account).
    Mark = 8,
    /// The session's day is over.
    DayEnd = 9,
    /// A position at a broker has had no cover for as long as it may (id = instance).
    Cover = 10,
}

impl TimerClass {
    const ALL: [Self; 10] = [
        Self::Candle,
        Self::Every,
        Self::At,
        Self::Expire,
        Self::Reprice,
        Self::Release,
        Self::Flat,
        Self::Mark,
        Self::DayEnd,
        Self::Cover,
    ];
}

/// A timer that became due; its record's ts is `due`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timer {
    /// When it was to fire, ns.
    pub due: i64,
    /// What it is for.
    pub class: TimerClass,
    /// Whom it is for.
    pub id: u32,
    /// How late it fires by the wall clock, ns; 0 in data mode.
    pub late_ns: i64,
}

impl Timer {
    /// Bytes of the payload.
    pub const BYTES: usize = 21;

    /// The payload.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[20] = self.class as u8;
        let mut p = Put(&mut out, 0);
        p.i64(self.due);
        p.u32(self.id);
        p.i64(self.late_ns);
        out
    }

    /// Reads a payload.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        if payload.len() != Self::BYTES {
            return None;
        }
        let class = *TimerClass::ALL.iter().find(|c| **c as u8 == payload[20])?;
        let mut g = Get(payload, 0);
        Some(Self { due: g.i64(), id: g.u32(), late_ns: g.i64(), class })
    }
}

/// The clock moved without a tick: timers due by then may fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeMark {
    /// The clock, ns.
    pub at: i64,
}

impl TimeMark {
    /// The payload.
    pub fn to_bytes(self) -> [u8; 8] {
        self.at.to_le_bytes()
    }

    /// Reads a payload.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        Some(Self { at: i64::from_le_bytes(payload.try_into().ok()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_reads_back_in_every_mode() {
        for mode in [TickMode::Ltp, TickMode::Quote, TickMode::Snap] {
            let mut tick = Tick { mode, instrument: 7, exch_ts: 11, price: -5, ..Tick::default() };
            if mode >= TickMode::Quote {
                (tick.volume, tick.close, tick.trade_ts, tick.recv_ns) = (1, 2, 3, 4);
            }
            if mode >= TickMode::Snap {
                tick.ask = Level { price: 9, quantity: 8 };
                tick.lower = i64::MIN;
            }
            let mut out = vec![0; tick.bytes()];
            tick.write(&mut out);
            assert_eq!(Tick::parse(&out), Some(tick));
            assert_eq!(Tick::parse(&out[1..]), None);
        }
    }

    #[test]
    fn a_price_only_record_fits_in_48_bytes() {
        assert!(TICK_BYTES[1] + 26 <= 48);
    }

    #[test]
    fn a_timer_reads_back() {
        let timer = Timer { due: -1, class: TimerClass::Flat, id: 3, late_ns: 5 };
        assert_eq!(Timer::parse(&timer.to_bytes()), Some(timer));
    }
}

//! A candle that comes as data, where no ticks are kept: first its open, and at its end all else. Nothing that the kernel
//! decides between the two can know what came later.

use super::hot::{Get, Put};

/// The first price of a candle; its record has the time at which the candle begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the market's words
pub struct CandleOpen {
    pub instrument: u32,
    /// Begin of the candle, ns.
    pub ts_open: i64,
    /// At 1e-8.
    pub price: i64,
}

impl CandleOpen {
    /// Bytes of the payload.
    pub const BYTES: usize = 20;

    /// The payload.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let mut p = Put(&mut out, 0);
        p.u32(self.instrument);
        p.i64(self.ts_open);
        p.i64(self.price);
        out
    }

    /// Reads a payload.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut g = Get(payload, 0);
        (payload.len() == Self::BYTES).then(|| Self { instrument: g.u32(), ts_open: g.i64(), price: g.i64() })
    }
}

/// High, low, close and volume of a candle whose open came before; its record has a time just before the candle's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the market's words
pub struct CandleRange {
    pub instrument: u32,
    /// Begin of the candle, ns.
    pub ts_open: i64,
    /// At 1e-8.
    pub high: i64,
    pub low: i64,
    pub close: i64,
    /// Units of this candle alone.
    pub volume: i64,
    /// How many ticks it was made of, 0 unknown.
    pub ticks: u32,
}

impl CandleRange {
    /// Bytes of the payload.
    pub const BYTES: usize = 48;

    /// The payload.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let mut p = Put(&mut out, 0);
        p.u32(self.instrument);
        for v in [self.ts_open, self.high, self.low, self.close, self.volume] {
            p.i64(v);
        }
        p.u32(self.ticks);
        out
    }

    /// Reads a payload.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut g = Get(payload, 0);
        (payload.len() == Self::BYTES).then(|| Self {
            instrument: g.u32(),
            ts_open: g.i64(),
            high: g.i64(),
            low: g.i64(),
            close: g.i64(),
            volume: g.i64(),
            ticks: g.u32(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_of_a_candle_read_back() {
        let open = CandleOpen { instrument: 7, ts_open: -3, price: i64::MAX };
        assert_eq!(CandleOpen::parse(&open.to_bytes()), Some(open));
        assert_eq!(CandleOpen::parse(&open.to_bytes()[1..]), None);
        let range = CandleRange { instrument: 1, ts_open: 2, high: 3, low: 4, close: 5, volume: 6, ticks: 7 };
        assert_eq!(CandleRange::parse(&range.to_bytes()), Some(range));
        assert_eq!(CandleRange::parse(&open.to_bytes()), None);
    }
}

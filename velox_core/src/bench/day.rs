//! A made-up market: `SnapQuote` packets of many instruments in random order, and an engine that follows them.

use crate::decode::smartapi::SNAP_QUOTE_LEN;
use crate::engine::{Engine, EngineError};
use crate::fixed::PAISA;
use crate::record::{ChargeRates, FactsLoaded, InstrumentDef, Kind, NodeAdded, PhaseGroup, Watch};
use serde::Serialize;

/// Midnight IST of the made-up day, 2026-07-15.
pub const DAY_START_NS: i64 = 1_784_053_800_000_000_000;
/// 09:15 IST.
pub const OPEN_NS: i64 = DAY_START_NS + 33_300 * 1_000_000_000;
/// 15:30 IST.
pub const CLOSE_NS: i64 = DAY_START_NS + 55_800 * 1_000_000_000;
/// The made-up day as a number.
pub const DATE: i32 = 20_260_715;
/// Lengths of the candles that are followed, s.
pub const LENGTHS: [u32; 3] = [60, 300, 900];
/// Indicators on each of them.
pub const STUDIES: [(&str, &[f64]); 4] =
    [("ema", &[20.0]), ("sma", &[20.0]), ("rsi", &[14.0]), ("macd", &[12.0, 26.0, 9.0])];

/// Price step in paise.
const STEP: i64 = 5;
const LEVELS: usize = 5;
const LEVEL_LEN: usize = 20;
const BOOK_AT: usize = 147;

/// One packet's bytes.
pub type Packet = [u8; SNAP_QUOTE_LEN];

struct Quote {
    packet: Packet,
    base: i64,
    last: i64,
    volume: i64,
}

/// A random walk in each instrument; every price differs from the one before.
pub struct Market {
    quotes: Vec<Quote>,
    random: u64,
    now_ms: i64,
    gap_ms: i64,
    sequence: i64,
}

impl std::fmt::Debug for Market {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Market({} instruments, {} ticks)", self.quotes.len(), self.sequence)
    }
}

fn put(packet: &mut [u8], at: usize, value: i64) {
    packet[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

impl Quote {
    fn new(token: &str, base: i64) -> Self {
        let mut packet = [0; SNAP_QUOTE_LEN];
        (packet[0], packet[1]) = (3, 1);
        packet[2..2 + token.len()].copy_from_slice(token.as_bytes());
        put(&mut packet, 347, base * 6 / 5);
        put(&mut packet, 355, base * 4 / 5);
        for level in 0..2 * LEVELS {
            let at = BOOK_AT + level * LEVEL_LEN;
            packet[at] = u8::from(level < LEVELS);
            put(&mut packet, at + 2, 100 + level as i64);
            packet[at + 18] = 3;
        }
        for at in [91, 107] {
            put(&mut packet, at, base);
        }
        Self { packet, base, last: base, volume: 0 }
    }

    fn step(&mut self, random: u64) {
        let step = STEP * (1 + (random % 20) as i64);
        let room = self.base / 25;
        let up = if (self.last - self.base).abs() + step > room { self.last < self.base } else { random & 64 == 0 };
        self.last += if up { step } else { -step };
        self.volume += 1 + (random >> 8 & 63) as i64;
    }

    fn write(&mut self, sequence: i64, now_ms: i64) {
        let packet = &mut self.packet;
        let last = self.last;
        for (at, value) in [(27, sequence), (35, now_ms), (43, last), (51, 10), (59, self.base), (67, self.volume)] {
            put(packet, at, value);
        }
        put(packet, 99, last.max(self.base));
        put(packet, 123, now_ms / 1_000);
        for level in 0..LEVELS {
            let away = STEP * (1 + level as i64);
            put(packet, BOOK_AT + level * LEVEL_LEN + 10, last - away);
            put(packet, BOOK_AT + (LEVELS + level) * LEVEL_LEN + 10, last + away);
        }
    }
}

impl Market {
    /// Instruments by their tokens; the clock starts at a time and moves on by `gap_ms` a tick.
    pub fn new<S: AsRef<str>>(tokens: &[S], start_ns: i64, gap_ms: i64) -> Self {
        let base = |i: usize| 100_000 + 535 * i as i64;
        let quotes = tokens.iter().enumerate().map(|(i, t)| Quote::new(t.as_ref(), base(i))).collect();
        Self { quotes, random: 0x9E37_79B9_7F4A_7C15, now_ms: start_ns / 1_000_000, gap_ms, sequence: 0 }
    }

    /// The next packets.
    pub fn fill(&mut self, packets: &mut [Packet]) {
        for packet in packets {
            let random = self.random();
            self.sequence += 1;
            self.now_ms += self.gap_ms;
            let count = self.quotes.len() as u64;
            let quote = &mut self.quotes[(random >> 32) as usize % count as usize];
            quote.step(random);
            quote.write(self.sequence, self.now_ms);
            *packet = quote.packet;
        }
    }

    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

/// Tokens of the made-up instruments.
pub fn tokens(instruments: u32) -> Vec<String> {
    (0..instruments).map(|i| (10_000 + i).to_string()).collect()
}

/// Takes a cold input in.
pub fn input<T: Serialize>(engine: &mut Engine, kind: Kind, value: &T) -> Result<(), EngineError> {
    let payload = rmp_serde::to_vec(value).expect("our own structs serialise");
    let now = engine.kernel.now;
    engine.put(now, kind, &payload).map(|_| ())
}

/// The session's facts and the instruments; with `studies` also their candles and indicators.
pub fn define(engine: &mut Engine, instruments: u32, studies: bool) -> Result<(), EngineError> {
    input(engine, Kind::FactsLoaded, &facts())?;
    for (id, token) in tokens(instruments).into_iter().enumerate() {
        let name = format!("NSE:BENCH{id}");
        let def = InstrumentDef {
            id: id as u32,
            name,
            exchange: "NSE".to_owned(),
            token,
            kind: 1,
            group: 0,
            tick: STEP * PAISA,
            lot: 1,
            freeze: 0,
            lower: 0,
            upper: 0,
            prev_close: 0,
            charges: 0,
            shortable: true,
        };
        input(engine, Kind::InstrumentDef, &def)?;
    }
    if studies { watch(engine, instruments) } else { Ok(()) }
}

fn watch(engine: &mut Engine, instruments: u32) -> Result<(), EngineError> {
    let (mut series, mut id) = (0, 0);
    for instrument in 0..instruments {
        for seconds in LENGTHS {
            input(engine, Kind::Watch, &Watch { series, instrument, seconds, kept: false, without_preopen: false })?;
            for (kind, params) in STUDIES {
                let (source, kind, params) = ("close".to_owned(), kind.to_owned(), params.to_vec());
                input(
                    engine,
                    Kind::NodeAdded,
                    &NodeAdded { id, series, source, kind, params, second: String::new(), instance: -1 },
                )?;
                id += 1;
            }
            series += 1;
        }
    }
    Ok(())
}

fn facts() -> FactsLoaded {
    let rates = ChargeRates {
        name: "cash-intraday".to_owned(),
        stt_sell: 2_500_000,
        transaction: 300_000,
        sebi: 10_000,
        stamp_buy: 300_000,
        gst: 1_800_000_000,
        brokerage_rate: 3_000_000,
        brokerage_cap: 2_000_000_000,
        ..ChargeRates::default()
    };
    let cash = PhaseGroup {
        name: "cash".to_owned(),
        phases: vec![(OPEN_NS, 2), (CLOSE_NS, 0)],
        mis_cutoff_ns: CLOSE_NS,
        flat_auto_ns: CLOSE_NS,
    };
    FactsLoaded {
        session_date: DATE,
        digest: String::new(),
        day_start_ns: DAY_START_NS,
        open_ns: OPEN_NS,
        end_ns: CLOSE_NS,
        groups: vec![cash],
        charges: vec![rates],
        notes: Vec::new(),
        previous_day_ns: 0,
    }
}

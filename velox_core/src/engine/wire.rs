//! From a decoded packet to a tick: tokens become instruments, wire units become fixed point.

#[cfg(test)]
mod tests;

use crate::decode::kite;
use crate::decode::smartapi::{Body, Packet, wire_to_fixed};
use crate::record::{Level, Tick, TickMode};
use std::hash::Hasher;

/// Mixes the words of a token key; the map is the engine's own, nobody outside chooses its keys.
#[derive(Clone, Copy, Default)]
pub(super) struct TokenHasher(u64);

impl Hasher for TokenHasher {
    fn write(&mut self, bytes: &[u8]) {
        // An array of words arrives here as its bytes.
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    }
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// SMART API's number of an exchange segment.
pub(super) fn exchange_type(exchange: &str) -> u8 {
    match exchange {
        "NFO" => 2,
        "BSE" => 3,
        "BFO" => 4,
        "MCX" => 5,
        "CDS" => 13,
        _ => 1,
    }
}

/// Kite's number of an instrument from the exchange's own token; `None` where Kite has none.
///
/// That token is what an instrument is defined with: both feeds have the same for what can be traded, not for indices.
pub(super) fn kite_instrument(exchange: &str, is_index: bool, token: &str) -> Option<u32> {
    let segment = match exchange {
        "NSE" | "BSE" if is_index => u32::from(kite::INDICES),
        "NSE" => 1,
        "NFO" => 2,
        "CDS" => 3,
        "BSE" => 4,
        "BFO" => 5,
        "BCD" => 6,
        "MCX" => 7,
        "NCO" => 12,
        _ => return None,
    };
    token.parse::<u32>().ok()?.checked_mul(256)?.checked_add(segment)
}

/// A price that does not fit becomes one that the guard calls impossible.
#[inline]
fn price(raw: i64, segment: u8) -> i64 {
    wire_to_fixed(raw, segment).unwrap_or(-1)
}

/// A float count from the wire; what is no count is unknown.
fn count(raw: f64) -> i64 {
    raw as i64 // saturates; NaN becomes 0
}

#[inline]
fn level(raw: i64, quantity: i64, segment: u8) -> Level {
    Level { price: price(raw, segment).max(0), quantity }
}

#[inline(always)]
#[allow(clippy::inline_always)] // a tick of 176 bytes is made where it is used, not copied there
pub(super) fn tick_of(packet: &Packet<'_>, instrument: u32, recv_ns: i64) -> Option<Tick> {
    let segment = packet.exchange_type;
    let mut tick = Tick {
        mode: TickMode::Ltp,
        instrument,
        exch_ts: packet.exchange_time_ms.saturating_mul(1_000_000),
        price: price(packet.last_price()?, segment),
        recv_ns,
        ..Tick::default()
    };
    if let Some(quote) = packet.quote() {
        tick.mode = TickMode::Quote;
        tick.volume = quote.volume();
        tick.last_qty = quote.last_quantity();
        tick.average = price(quote.average_price(), segment);
        tick.total_buy = count(quote.total_buy_quantity());
        tick.total_sell = count(quote.total_sell_quantity());
        tick.open = price(quote.open(), segment);
        tick.high = price(quote.high(), segment);
        tick.low = price(quote.low(), segment);
        tick.close = price(quote.close(), segment);
    }
    if let Body::SnapQuote(snap) = &packet.body {
        let top = snap.top();
        tick.mode = TickMode::Snap;
        tick.trade_ts = snap.last_trade_time_s().saturating_mul(1_000_000_000);
        tick.open_interest = snap.open_interest();
        tick.bid = level(top.bid, top.bid_quantity, segment);
        tick.ask = level(top.ask, top.ask_quantity, segment);
        tick.upper = price(snap.upper_circuit(), segment).max(0);
        tick.lower = price(snap.lower_circuit(), segment).max(0);
    }
    Some(tick)
}

/// A packet without the exchange's time is no tick: the time at which it came says nothing of when it was true, and
/// one clock beside the other would throw away the packets that tell theirs.
#[inline]
pub(super) fn kite_tick(packet: &kite::Packet<'_>, instrument: u32, recv_ns: i64) -> Option<Tick> {
    let segment = packet.segment();
    let price = |raw: u32| kite::wire_to_fixed(raw, segment);
    let mut tick = Tick {
        mode: TickMode::Quote,
        instrument,
        exch_ts: seconds(packet.exchange_time_s()?),
        price: price(packet.last_price()),
        recv_ns,
        ..Tick::default()
    };
    match packet.body {
        kite::Body::Ltp(_) | kite::Body::IndexQuote(_) | kite::Body::Quote(_) => return None,
        kite::Body::IndexFull(full) => {
            let quote = full.quote();
            (tick.open, tick.high) = (price(quote.open()), price(quote.high()));
            (tick.low, tick.close) = (price(quote.low()), price(quote.close()));
        }
        kite::Body::Full(full) => {
            let (quote, top) = (full.quote(), full.top());
            let level = |row: kite::Row| Level { price: price(row.price), quantity: i64::from(row.quantity) };
            tick.mode = TickMode::Snap;
            tick.volume = i64::from(quote.volume());
            tick.last_qty = i64::from(quote.last_quantity());
            tick.average = price(quote.average_price());
            tick.total_buy = i64::from(quote.total_buy_quantity());
            tick.total_sell = i64::from(quote.total_sell_quantity());
            (tick.open, tick.high) = (price(quote.open()), price(quote.high()));
            (tick.low, tick.close) = (price(quote.low()), price(quote.close()));
            tick.trade_ts = seconds(full.last_trade_time_s());
            tick.open_interest = i64::from(full.open_interest());
            (tick.bid, tick.ask) = (level(top.bid), level(top.ask));
        }
    }
    Some(tick)
}

/// Seconds of the wire in ns; all of them fit.
fn seconds(raw: u32) -> i64 {
    i64::from(raw) * 1_000_000_000
}

//! Messages of Zerodha Kite's ticker: packets of five kinds, told apart by their length, read in place.
//!
//! Big-endian, several packets a message. Numbers stay as sent; [`wire_to_fixed`] converts prices.

#[cfg(test)]
mod tests;
mod views;

use super::{DecodeError, Reason};
use crate::fixed::PAISA;
pub use views::{Full, IndexFull, IndexQuote, Ltp, Quote, Row, Top};

/// Bytes of a packet of the last price.
pub const LTP_LEN: usize = 8;
/// Bytes of an index's quote.
pub const INDEX_QUOTE_LEN: usize = 28;
/// Bytes of an index's quote with its time.
pub const INDEX_FULL_LEN: usize = 32;
/// Bytes of a quote.
pub const QUOTE_LEN: usize = 44;
/// Bytes of a quote with times, open interest and the best five of each side.
pub const FULL_LEN: usize = 184;

/// The segment of indices, which nobody can trade.
pub const INDICES: u8 = 9;
const CURRENCY: u8 = 3;
const BSE_CURRENCY: u8 = 6;
const NSE_COMMODITY: u8 = 12;

const COUNT_LEN: usize = 2;
const LENGTH_LEN: usize = 2;

/// What a packet says, as a view on the message.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// 8 bytes.
    Ltp(Ltp<'a>),
    /// 28 bytes.
    IndexQuote(IndexQuote<'a>),
    /// 32 bytes.
    IndexFull(IndexFull<'a>),
    /// 44 bytes.
    Quote(Quote<'a>),
    /// 184 bytes.
    Full(Full<'a>),
}

/// One packet: the instrument by value, the rest read from the message when asked for.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// The broker's number of the instrument: the exchange's own token × 256 + the segment.
    pub instrument: u32,
    /// What it says.
    pub body: Body<'a>,
}

impl Packet<'_> {
    /// Exchange segment: 1 NSE, 2 NFO, 3 CDS, 4 BSE, 5 BFO, 6 BCD, 7 MCX, 8 MCX-SX, 9 indices, 12 NCO; others pass.
    #[inline]
    pub fn segment(&self) -> u8 {
        self.instrument.to_be_bytes()[3]
    }

    /// Last traded price, wire units.
    #[inline]
    pub fn last_price(&self) -> u32 {
        match self.body {
            Body::Ltp(ltp) => ltp.last_price(),
            Body::IndexQuote(index) => index.last_price(),
            Body::IndexFull(full) => full.quote().last_price(),
            Body::Quote(quote) => quote.last_price(),
            Body::Full(full) => full.quote().last_price(),
        }
    }

    /// The exchange's time in seconds since the Unix epoch; `None` where the kind has none or the exchange gave none.
    #[inline]
    pub fn exchange_time_s(&self) -> Option<u32> {
        let time = match self.body {
            Body::Ltp(_) | Body::IndexQuote(_) | Body::Quote(_) => 0,
            Body::IndexFull(full) => full.exchange_time_s(),
            Body::Full(full) => full.exchange_time_s(),
        };
        (time > 0).then_some(time)
    }
}

/// The packets of one message, in the order sent.
///
/// A packet of unknown length is an error and the next one follows; a message that ends early is an error and the end.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    message: &'a [u8],
    at: usize,
    left: u16,
}

/// Opens a message; one byte alone is the heart-beat and has no packets.
#[inline]
pub fn packets(message: &[u8]) -> Packets<'_> {
    match message {
        // The one item will be the error.
        [] => Packets { message, at: 0, left: 1 },
        [_] => Packets { message, at: 1, left: 0 },
        [high, low, ..] => Packets { message, at: COUNT_LEN, left: u16::from_be_bytes([*high, *low]) },
    }
}

impl<'a> Packets<'a> {
    /// Bytes behind what has been read so far: once there are no more packets, those that belong to none.
    pub fn unread_bytes(&self) -> usize {
        self.message.len() - self.at
    }

    #[inline]
    fn read(&mut self) -> Result<Packet<'a>, DecodeError> {
        let begin = self.at;
        let Some((length, rest)) = self.message[begin..].split_first_chunk::<LENGTH_LEN>() else {
            return Err(self.cut(begin + LENGTH_LEN));
        };
        let length = u16::from_be_bytes(*length);
        let Some((bytes, _)) = rest.split_at_checked(usize::from(length)) else {
            return Err(self.cut(begin + LENGTH_LEN + usize::from(length)));
        };
        self.at = begin + LENGTH_LEN + bytes.len();
        packet(bytes).ok_or(DecodeError { position: begin, reason: Reason::UnknownLength(length) })
    }

    /// Nothing behind a cut can be found again.
    #[cold]
    fn cut(&mut self, needed: usize) -> DecodeError {
        (self.at, self.left) = (self.message.len(), 0);
        let reason = if self.message.is_empty() { Reason::Empty } else { Reason::PacketCut { needed } };
        DecodeError { position: self.message.len(), reason }
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(self.read())
    }
}

/// Wire units in a rupee, by segment.
#[inline]
pub fn divisor(segment: u8) -> u32 {
    match segment {
        CURRENCY => 10_000_000,
        BSE_CURRENCY | NSE_COMMODITY => 10_000,
        _ => 100,
    }
}

/// A wire price at 1e-8 rupees; every one fits.
#[inline]
pub fn wire_to_fixed(raw: u32, segment: u8) -> i64 {
    let unit = match segment {
        CURRENCY => 10,
        BSE_CURRENCY | NSE_COMMODITY => 10_000,
        _ => PAISA,
    };
    i64::from(raw) * unit
}

#[inline]
fn packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let body = match bytes.len() {
        LTP_LEN => Body::Ltp(Ltp(bytes.try_into().ok()?)),
        INDEX_QUOTE_LEN => Body::IndexQuote(IndexQuote(bytes.try_into().ok()?)),
        INDEX_FULL_LEN => Body::IndexFull(IndexFull(bytes.try_into().ok()?)),
        QUOTE_LEN => Body::Quote(Quote(bytes.try_into().ok()?)),
        FULL_LEN => Body::Full(Full(bytes.try_into().ok()?)),
        _ => return None,
    };
    Some(Packet { instrument: u32::from_be_bytes(*bytes.first_chunk()?), body })
}

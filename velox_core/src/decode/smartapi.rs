//! SMART API WebSocket V2 packets (Angel One): LTP, Quote, `SnapQuote` and Depth20, read in place.
//!
//! Little-endian, one packet per frame. Prices stay in the wire's own unit; [`wire_to_fixed`] converts them.

mod book;
#[cfg(test)]
mod tests;
mod views;

use super::{DecodeError, Reason};
use crate::fixed::PAISA;
pub use book::{DepthRow, Row, Top};
pub use views::{Depth20, Ltp, Quote, SnapQuote};

/// Bytes of an LTP packet.
pub const LTP_LEN: usize = 51;
/// Bytes of a Quote packet.
pub const QUOTE_LEN: usize = 123;
/// Bytes of a `SnapQuote` packet.
pub const SNAP_QUOTE_LEN: usize = 379;
/// Bytes of a Depth20 packet.
pub const DEPTH20_LEN: usize = 443;

const TOKEN_AT: usize = 2;
const TOKEN_LEN_MAX: usize = 25;
const CURRENCY_SEGMENT: u8 = 13;
/// The highest bit of each byte of a word.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The four kinds of packet, numbered as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Last price only.
    Ltp = 1,
    /// Last trade, day volume and open/high/low/close.
    Quote = 2,
    /// Quote, best five of each side, circuits and open interest.
    SnapQuote = 3,
    /// Best twenty of each side, without prices of trades.
    Depth20 = 4,
}

/// The fields that only one mode has, as a view on the frame.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// Mode 1.
    Ltp(Ltp<'a>),
    /// Mode 2.
    Quote(Quote<'a>),
    /// Mode 3.
    SnapQuote(SnapQuote<'a>),
    /// Mode 4.
    Depth20(Depth20<'a>),
}

/// Exchange type and token as one fixed-size value: the key of an instrument map, hashed without a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenKey(
    /// The token's bytes after NUL padding, little-endian; the last word also holds the exchange type (bits 8..16).
    pub [u64; 4],
);

impl TokenKey {
    /// The key of a token as frames carry it; `None` when it is longer than 25 bytes or contains a NUL.
    pub fn new(exchange_type: u8, token: &[u8]) -> Option<Self> {
        if token.len() > TOKEN_LEN_MAX || token.contains(&0) {
            return None;
        }
        let mut padded = [0; TOKEN_AT + TOKEN_LEN_MAX];
        padded[1] = exchange_type;
        padded[TOKEN_AT..TOKEN_AT + token.len()].copy_from_slice(token);
        Some(scan_token(&padded).0)
    }

    /// Whether the token is plain ASCII, as all tokens of exchanges are; told without looking at each byte.
    #[inline]
    fn is_ascii(self) -> bool {
        let [first, second, third, last] = self.0;
        (first | second | third | last & 0xFF) & HIGHS == 0
    }
}

/// One decoded packet: the header by value, the rest read from the frame when asked for.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Which of the four kinds.
    pub mode: Mode,
    /// Exchange segment: 1 `nse_cm`, 2 `nse_fo`, 3 `bse_cm`, 4 `bse_fo`, 5 `mcx_fo`, 7 `ncx_fo`, 13 `cde_fo`; others pass.
    pub exchange_type: u8,
    /// Exchange type and token, ready for a map.
    pub key: TokenKey,
    /// Sequence number; 0 for Depth20, which carries none, and for indices.
    pub sequence: i64,
    /// The exchange's time in ms since the Unix epoch.
    pub exchange_time_ms: i64,
    /// Bytes after the mode's last field; counted, never read.
    pub trailing_bytes: usize,
    /// What only this mode has.
    pub body: Body<'a>,
    /// UTF-8, as was checked when the packet was read.
    token: &'a [u8],
}

impl<'a> Packet<'a> {
    /// The token, without its NUL padding.
    #[inline]
    pub fn token(&self) -> &'a str {
        std::str::from_utf8(self.token).unwrap_or_default()
    }

    /// Last traded price in wire units; Depth20 carries none.
    #[inline]
    pub fn last_price(&self) -> Option<i64> {
        match self.body {
            Body::Ltp(ltp) => Some(ltp.last_price()),
            Body::Quote(quote) => Some(quote.last_price()),
            Body::SnapQuote(snap) => Some(snap.quote().last_price()),
            Body::Depth20(_) => None,
        }
    }

    /// The fields of mode 2, which mode 3 has as well.
    #[inline]
    pub fn quote(&self) -> Option<Quote<'a>> {
        match self.body {
            Body::Quote(quote) => Some(quote),
            Body::SnapQuote(snap) => Some(snap.quote()),
            Body::Ltp(_) | Body::Depth20(_) => None,
        }
    }
}

/// Read one frame. Shorter than its mode's size or an unknown mode is an error; longer is decoded and the tail counted.
#[inline(always)]
#[allow(clippy::inline_always)] // the caller reads few fields: what it does not read is never made
pub fn decode(frame: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let Some(&mode) = frame.first() else {
        return Err(DecodeError { position: 0, reason: Reason::Empty });
    };
    match mode {
        1 => decode_ltp(frame),
        2 => decode_quote(frame),
        3 => decode_snap_quote(frame),
        4 => decode_depth20(frame),
        other => Err(DecodeError { position: 0, reason: Reason::UnknownMode(other) }),
    }
}

/// A wire price at 1e-8 rupees: paise, or 1e-7 in the currency segment; `None` when it does not fit.
#[inline]
pub fn wire_to_fixed(raw: i64, exchange_type: u8) -> Option<i64> {
    raw.checked_mul(if exchange_type == CURRENCY_SEGMENT { 10 } else { PAISA })
}

#[inline]
fn decode_ltp(frame: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let body: &[u8; LTP_LEN] = sized(frame)?;
    packet(frame, body, Mode::Ltp, Body::Ltp(Ltp(body)))
}

#[inline]
fn decode_quote(frame: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let body: &[u8; QUOTE_LEN] = sized(frame)?;
    packet(frame, body, Mode::Quote, Body::Quote(Quote(body)))
}

#[inline(always)]
#[allow(clippy::inline_always)] // the caller reads few fields: what it does not read is never made
fn decode_snap_quote(frame: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let body: &[u8; SNAP_QUOTE_LEN] = sized(frame)?;
    packet(frame, body, Mode::SnapQuote, Body::SnapQuote(SnapQuote(body)))
}

#[inline]
fn decode_depth20(frame: &[u8]) -> Result<Packet<'_>, DecodeError> {
    let body: &[u8; DEPTH20_LEN] = sized(frame)?;
    packet(frame, body, Mode::Depth20, Body::Depth20(Depth20(body)))
}

#[inline]
fn sized<const N: usize>(frame: &[u8]) -> Result<&[u8; N], DecodeError> {
    frame.first_chunk().ok_or(DecodeError { position: frame.len(), reason: Reason::TooShort { needed: N } })
}

#[inline(always)]
#[allow(clippy::inline_always)] // the caller reads few fields: what it does not read is never made
fn packet<'a, const N: usize>(
    frame: &[u8],
    body: &'a [u8; N],
    mode: Mode,
    view: Body<'a>,
) -> Result<Packet<'a>, DecodeError> {
    let (key, token_len) = scan_token(body);
    let token = &body[TOKEN_AT..TOKEN_AT + token_len];
    if !key.is_ascii() {
        std::str::from_utf8(token)
            .map_err(|e| DecodeError { position: TOKEN_AT + e.valid_up_to(), reason: Reason::TokenNotUtf8 })?;
    }
    let (sequence, exchange_time_ms) = match view {
        Body::Ltp(_) | Body::Quote(_) | Body::SnapQuote(_) => (views::int(body, 27), views::int(body, 35)),
        Body::Depth20(_) => (0, views::int(body, 27)),
    };
    let trailing_bytes = frame.len() - N;
    Ok(Packet { mode, exchange_type: body[1], key, sequence, exchange_time_ms, trailing_bytes, body: view, token })
}

/// The token's key and length: eight bytes at a time, since this runs for every tick.
#[inline]
fn scan_token<const N: usize>(frame: &[u8; N]) -> (TokenKey, usize) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut words = [0; 4];
    words[3] = u64::from(frame[1]) << 8;
    for (i, slot) in words.iter_mut().take(3).enumerate() {
        let word = views::int(frame, TOKEN_AT + 8 * i) as u64;
        // The lowest set bit marks the first NUL; higher ones may be false.
        let nul = word.wrapping_sub(ONES) & !word & HIGHS;
        if nul != 0 {
            let bytes = nul.trailing_zeros() / 8;
            *slot = word & !(u64::MAX << (8 * bytes));
            return (TokenKey(words), 8 * i + bytes as usize);
        }
        *slot = word;
    }
    let last = frame[TOKEN_AT + TOKEN_LEN_MAX - 1];
    words[3] |= u64::from(last);
    (TokenKey(words), TOKEN_LEN_MAX - usize::from(last == 0))
}

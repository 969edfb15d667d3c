//! Views on the bytes of each mode: a field is read when it is asked for.

use super::{DEPTH20_LEN, LTP_LEN, QUOTE_LEN, SNAP_QUOTE_LEN};

/// The eight-byte integer at an offset; offsets are constants below the frame's fixed size.
#[inline]
pub(super) fn int<const N: usize>(frame: &[u8; N], at: usize) -> i64 {
    let mut word = [0; 8];
    word.copy_from_slice(&frame[at..at + 8]);
    i64::from_le_bytes(word)
}

#[inline]
fn float<const N: usize>(frame: &[u8; N], at: usize) -> f64 {
    f64::from_bits(int(frame, at) as u64)
}

macro_rules! fields {
    ($view:ident { $($(#[$doc:meta])* $name:ident: $kind:ty = $read:ident($at:literal),)* }) => {
        impl $view<'_> {
            $($(#[$doc])* #[inline] pub fn $name(&self) -> $kind { $read(self.0, $at) })*
        }
    };
}

/// Mode 1: the last price.
#[derive(Clone, Copy, Debug)]
pub struct Ltp<'a>(pub(super) &'a [u8; LTP_LEN]);

fields!(Ltp {
    /// Last traded price, wire units.
    last_price: i64 = int(43),
});

/// Mode 2: the last trade and the day so far; prices in wire units.
#[derive(Clone, Copy, Debug)]
pub struct Quote<'a>(pub(super) &'a [u8; QUOTE_LEN]);

fields!(Quote {
    /// Last traded price.
    last_price: i64 = int(43),
    /// Quantity of the last trade.
    last_quantity: i64 = int(51),
    /// Average traded price of the day.
    average_price: i64 = int(59),
    /// Volume traded since the session's start.
    volume: i64 = int(67),
    /// Quantity of all buy orders; a double on the wire, perhaps not finite.
    total_buy_quantity: f64 = float(75),
    /// Quantity of all sell orders; a double on the wire, perhaps not finite.
    total_sell_quantity: f64 = float(83),
    /// The day's open.
    open: i64 = int(91),
    /// The day's high.
    high: i64 = int(99),
    /// The day's low.
    low: i64 = int(107),
    /// The previous day's close.
    close: i64 = int(115),
});

/// Mode 3: mode 2's fields, the best five of each side, open interest, circuits and the year's range.
#[derive(Clone, Copy, Debug)]
pub struct SnapQuote<'a>(pub(super) &'a [u8; SNAP_QUOTE_LEN]);

fields!(SnapQuote {
    /// Time of the last trade, seconds since the Unix epoch.
    last_trade_time_s: i64 = int(123),
    /// Open interest.
    open_interest: i64 = int(131),
    /// Change of open interest in percent; documented as a dummy.
    open_interest_change: f64 = float(139),
    /// Upper circuit limit; 0 when unknown.
    upper_circuit: i64 = int(347),
    /// Lower circuit limit; 0 when unknown.
    lower_circuit: i64 = int(355),
    /// Highest price of 52 weeks.
    year_high: i64 = int(363),
    /// Lowest price of 52 weeks.
    year_low: i64 = int(371),
});

impl<'a> SnapQuote<'a> {
    /// The fields that mode 2 has as well.
    #[inline]
    pub fn quote(&self) -> Quote<'a> {
        let (head, _) = self.0.split_first_chunk().expect("a SnapQuote is longer than a Quote");
        Quote(head)
    }
}

/// Mode 4: the best twenty of each side.
#[derive(Clone, Copy, Debug)]
pub struct Depth20<'a>(pub(super) &'a [u8; DEPTH20_LEN]);

fields!(Depth20 {
    /// When the broker received the packet, ms since the Unix epoch.
    received_time_ms: i64 = int(35),
});

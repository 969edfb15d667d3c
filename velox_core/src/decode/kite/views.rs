//! Views on the bytes of each kind of packet: a field is read when it is asked for.

use super::{FULL_LEN, INDEX_FULL_LEN, INDEX_QUOTE_LEN, LTP_LEN, QUOTE_LEN};

const ROWS_AT: usize = 64;
const ROW_LEN: usize = 12;
const LEVELS: usize = 5;

/// The four-byte integer at an offset; offsets are constants below the packet's fixed size.
#[inline]
fn int<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(word)
}

macro_rules! fields {
    ($view:ident { $($(#[$doc:meta])* $name:ident: $at:literal,)* }) => {
        impl $view<'_> {
            $($(#[$doc])* #[inline] pub fn $name(&self) -> u32 { int(self.0, $at) })*
        }
    };
}

/// The last price.
#[derive(Clone, Copy, Debug)]
pub struct Ltp<'a>(pub(super) &'a [u8; LTP_LEN]);

fields!(Ltp {
    /// Last traded price, wire units.
    last_price: 4,
});

/// An index and its day so far; prices in wire units. Its order is high, low, open, close, unlike a quote's.
#[derive(Clone, Copy, Debug)]
pub struct IndexQuote<'a>(pub(super) &'a [u8; INDEX_QUOTE_LEN]);

fields!(IndexQuote {
    /// The index now.
    last_price: 4,
    /// The day's high.
    high: 8,
    /// The day's low.
    low: 12,
    /// The day's open.
    open: 16,
    /// The previous day's close.
    close: 20,
});

impl IndexQuote<'_> {
    /// Change since the previous day's close; the one signed number of this protocol.
    #[inline]
    pub fn price_change(&self) -> i32 {
        int(self.0, 24).cast_signed()
    }
}

/// An index with its time.
#[derive(Clone, Copy, Debug)]
pub struct IndexFull<'a>(pub(super) &'a [u8; INDEX_FULL_LEN]);

fields!(IndexFull {
    /// The exchange's time, seconds since the Unix epoch; 0 when unknown.
    exchange_time_s: 28,
});

impl<'a> IndexFull<'a> {
    /// The fields of an index's quote.
    #[inline]
    pub fn quote(&self) -> IndexQuote<'a> {
        IndexQuote(self.0.first_chunk().expect("an index with its time is longer than one without"))
    }
}

/// The last trade and the day so far; prices in wire units.
#[derive(Clone, Copy, Debug)]
pub struct Quote<'a>(pub(super) &'a [u8; QUOTE_LEN]);

fields!(Quote {
    /// Last traded price.
    last_price: 4,
    /// Quantity of the last trade.
    last_quantity: 8,
    /// Average traded price of the day.
    average_price: 12,
    /// Volume traded since the session's start.
    volume: 16,
    /// Quantity of all buy orders.
    total_buy_quantity: 20,
    /// Quantity of all sell orders.
    total_sell_quantity: 24,
    /// The day's open.
    open: 28,
    /// The day's high.
    high: 32,
    /// The day's low.
    low: 36,
    /// The previous day's close.
    close: 40,
});

/// A quote with times, open interest and the best five of each side.
#[derive(Clone, Copy, Debug)]
pub struct Full<'a>(pub(super) &'a [u8; FULL_LEN]);

fields!(Full {
    /// Time of the last trade, seconds since the Unix epoch; 0 when unknown.
    last_trade_time_s: 44,
    /// Open interest.
    open_interest: 48,
    /// The day's highest open interest.
    open_interest_high: 52,
    /// The day's lowest open interest.
    open_interest_low: 56,
    /// The exchange's time, seconds since the Unix epoch; 0 when unknown.
    exchange_time_s: 60,
});

/// One row of the book; price in wire units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Quantity at this price.
    pub quantity: u32,
    /// Price.
    pub price: u32,
    /// Orders at this price.
    pub orders: u16,
}

/// The best row of each side; zeros where a side is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// The highest buy.
    pub bid: Row,
    /// The lowest sell.
    pub ask: Row,
}

impl<'a> Full<'a> {
    /// The fields of a quote.
    #[inline]
    pub fn quote(&self) -> Quote<'a> {
        Quote(self.0.first_chunk().expect("a full packet is longer than a quote"))
    }

    /// The five buy rows in the order sent, padding included.
    #[inline]
    pub fn buys(&self) -> impl Iterator<Item = Row> + use<'a> {
        rows(&self.0[ROWS_AT..])
    }

    /// The five sell rows in the order sent, padding included.
    #[inline]
    pub fn sells(&self) -> impl Iterator<Item = Row> + use<'a> {
        rows(&self.0[ROWS_AT + LEVELS * ROW_LEN..])
    }

    /// Best bid and ask. Only rows with a quantity and a price count: nobody can trade with the others.
    #[inline]
    pub fn top(&self) -> Top {
        let there = |row: &Row| row.quantity > 0 && row.price > 0;
        let mut top = Top::default();
        for row in self.buys().filter(there) {
            if row.price > top.bid.price {
                top.bid = row;
            }
        }
        for row in self.sells().filter(there) {
            if top.ask.price == 0 || row.price < top.ask.price {
                top.ask = row;
            }
        }
        top
    }
}

#[inline]
fn rows(bytes: &[u8]) -> impl Iterator<Item = Row> + use<'_> {
    bytes.as_chunks::<ROW_LEN>().0.iter().take(LEVELS).map(row)
}

#[inline]
fn row(bytes: &[u8; ROW_LEN]) -> Row {
    let [q0, q1, q2, q3, p0, p1, p2, p3, o0, o1, _, _] = *bytes;
    Row {
        quantity: u32::from_be_bytes([q0, q1, q2, q3]),
        price: u32::from_be_bytes([p0, p1, p2, p3]),
        orders: u16::from_be_bytes([o0, o1]),
    }
}

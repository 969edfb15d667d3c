//! The order book inside `SnapQuote` and Depth20 packets: rows as sent, and the best of each side.

use super::views::{Depth20, SnapQuote};

const SNAP_ROWS_AT: usize = 147;
const SNAP_ROW_LEN: usize = 20;
const SNAP_ROWS: usize = 10;
const DEPTH_BUYS_AT: usize = 43;
const DEPTH_SELLS_AT: usize = 243;
const DEPTH_ROW_LEN: usize = 10;
const DEPTH_ROWS: usize = 20;

/// One row of a `SnapQuote`'s book; price in wire units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The side as sent: 0 sell, anything else buy.
    pub flag: i16,
    /// Quantity at this price.
    pub quantity: i64,
    /// Price.
    pub price: i64,
    /// Orders at this price.
    pub orders: u16,
}

impl Row {
    /// Whether the row is a buy.
    #[inline]
    pub fn is_buy(&self) -> bool {
        self.flag != 0
    }

    /// Whether the row is padding: neither quantity nor price.
    #[inline]
    pub fn is_absent(&self) -> bool {
        self.quantity == 0 && self.price == 0
    }
}

/// One row of a Depth20 side; price in wire units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthRow {
    /// Quantity at this price.
    pub quantity: i32,
    /// Price.
    pub price: i32,
    /// Orders at this price; signed, as the official decoder reads it.
    pub orders: i16,
}

impl DepthRow {
    /// Whether the row is padding: neither quantity nor price.
    #[inline]
    pub fn is_absent(&self) -> bool {
        self.quantity == 0 && self.price == 0
    }
}

/// The best price and its quantity on both sides, in wire units; zeros where a side is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// Highest buy price.
    pub bid: i64,
    /// Quantity at the highest buy price.
    pub bid_quantity: i64,
    /// Lowest sell price.
    pub ask: i64,
    /// Quantity at the lowest sell price.
    pub ask_quantity: i64,
}

impl<'a> SnapQuote<'a> {
    /// The ten rows in the order sent, padding included; the sides are told apart by flag, not by place.
    #[inline]
    pub fn rows(&self) -> impl Iterator<Item = Row> + use<'a> {
        rows_at::<SNAP_ROW_LEN>(&self.0[SNAP_ROWS_AT..], SNAP_ROWS).map(snap_row)
    }

    /// Whether any row is there; a packet of an index has ten of padding, which are not ten sells at nothing.
    #[inline]
    pub fn has_book(&self) -> bool {
        self.rows().any(|row| !row.is_absent())
    }

    /// The rows of one side that are there, in the order sent.
    #[inline]
    pub fn levels(&self, buy: bool) -> impl Iterator<Item = Row> + use<'a> {
        self.rows().filter(move |row| row.is_buy() == buy && !row.is_absent())
    }

    /// Best bid and ask. Only rows with a positive quantity and price count: nobody can trade with the others.
    #[inline]
    pub fn top(&self) -> Top {
        let mut top = Top::default();
        for row in self.rows() {
            if row.quantity <= 0 || row.price <= 0 {
                continue;
            }
            if row.is_buy() {
                if row.price > top.bid {
                    (top.bid, top.bid_quantity) = (row.price, row.quantity);
                }
            } else if top.ask == 0 || row.price < top.ask {
                (top.ask, top.ask_quantity) = (row.price, row.quantity);
            }
        }
        top
    }
}

impl<'a> Depth20<'a> {
    /// The twenty buy rows in the order sent, padding included.
    #[inline]
    pub fn buys(&self) -> impl Iterator<Item = DepthRow> + use<'a> {
        rows_at::<DEPTH_ROW_LEN>(&self.0[DEPTH_BUYS_AT..], DEPTH_ROWS).map(depth_row)
    }

    /// Whether any row is there.
    #[inline]
    pub fn has_book(&self) -> bool {
        self.buys().chain(self.sells()).any(|row| !row.is_absent())
    }

    /// The twenty sell rows in the order sent, padding included.
    #[inline]
    pub fn sells(&self) -> impl Iterator<Item = DepthRow> + use<'a> {
        rows_at::<DEPTH_ROW_LEN>(&self.0[DEPTH_SELLS_AT..], DEPTH_ROWS).map(depth_row)
    }
}

#[inline]
fn rows_at<const N: usize>(bytes: &[u8], rows: usize) -> impl Iterator<Item = &[u8; N]> {
    bytes.chunks_exact(N).take(rows).filter_map(<[u8]>::first_chunk)
}

#[inline]
fn snap_row(row: &[u8; SNAP_ROW_LEN]) -> Row {
    let [f0, f1, q0, q1, q2, q3, q4, q5, q6, q7, p0, p1, p2, p3, p4, p5, p6, p7, o0, o1] = *row;
    Row {
        flag: i16::from_le_bytes([f0, f1]),
        quantity: i64::from_le_bytes([q0, q1, q2, q3, q4, q5, q6, q7]),
        price: i64::from_le_bytes([p0, p1, p2, p3, p4, p5, p6, p7]),
        orders: u16::from_le_bytes([o0, o1]),
    }
}

#[inline]
fn depth_row(row: &[u8; DEPTH_ROW_LEN]) -> DepthRow {
    let [q0, q1, q2, q3, p0, p1, p2, p3, o0, o1] = *row;
    DepthRow {
        quantity: i32::from_le_bytes([q0, q1, q2, q3]),
        price: i32::from_le_bytes([p0, p1, p2, p3]),
        orders: i16::from_le_bytes([o0, o1]),
    }
}

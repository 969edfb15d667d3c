//! What a broker is asked and what it tells; mirrored field by field in `velox.events` and `velox.decisions`.

use super::{OrderId, as_u8};
use serde::{Deserialize, Serialize};

/// What a broker tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum ReplyKind {
    /// Somebody else traded on the account: its owner, by phone.
    #[default]
    ForeignFill,
    /// The order is in the broker's book.
    Accepted,
    /// The order is dead, or was never placed: a definite no.
    Rejected,
    /// So many units of the order have filled by now, at this average.
    Filled,
    /// The order is out of the book; so many units of it had filled, at this average.
    Cancelled,
    /// The order has the terms that were asked for.
    Modified,
    /// The order stands as it was: it was not changed, or not cancelled.
    Refused,
    /// Nobody knows what became of the request.
    Unknown,
}

/// A broker's reply or update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerReply {
    /// What it tells.
    pub kind: ReplyKind,
    /// The account.
    pub account: u32,
    /// The broker's name: of the trade for a foreign fill, so that one told twice counts once; else of the order.
    pub id: String,
    /// The instrument.
    pub instrument: u32,
    /// +1 bought, −1 sold.
    pub side: i8,
    /// Units: of the trade, or all that have filled of the order.
    pub quantity: i64,
    /// Price: of the trade, or the average of all that has filled.
    pub price: i64,
    /// The order that it is about.
    pub order: OrderId,
    /// The request that it answers, 0 for what the broker tells of its own accord.
    pub ask: u32,
    /// The broker's code for a no.
    pub code: String,
    /// The broker's words.
    pub text: String,
}

/// What a broker is to be asked about an order.
#[derive(Clone, Debug, Serialize)]
pub struct BrokerRequest<'a> {
    /// The order.
    pub order: OrderId,
    /// Counts the requests about this order from 1; the answer names it.
    pub ask: u32,
    /// `place`, `modify` or `cancel`.
    pub what: &'static str,
    /// The broker's name for the order, "" while it has told none.
    pub id: &'a str,
    /// The account.
    pub account: u32,
    /// The instrument.
    pub instrument: u32,
    /// +1 buy, −1 sell.
    pub side: i8,
    /// Units of the whole order, those that have filled included.
    pub quantity: i64,
    /// Limit price.
    pub limit: i64,
    /// Trigger of a stop, 0 for a plain limit.
    pub trigger: i64,
}

as_u8! {
    ReplyKind {
        ForeignFill = 0, Accepted = 1, Rejected = 2, Filled = 3, Cancelled = 4, Modified = 5, Refused = 6, Unknown = 7
    }
}

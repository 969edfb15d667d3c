//! What a broker tells of its own accord; mirrored field by field in `velox.events`.

use super::as_u8;
use serde::{Deserialize, Serialize};

/// What a broker tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum ReplyKind {
    /// Somebody else traded on the account: its owner, by phone.
    ForeignFill,
}

/// A broker's reply or update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerReply {
    /// What it tells.
    pub kind: ReplyKind,
    /// The account.
    pub account: u32,
    /// The broker's name for the trade, so that one told twice counts once.
    pub id: String,
    /// The instrument.
    pub instrument: u32,
    /// +1 bought, −1 sold.
    pub side: i8,
    /// Units.
    pub quantity: i64,
    /// Price.
    pub price: i64,
}

as_u8! {
    ReplyKind { ForeignFill = 0 }
}

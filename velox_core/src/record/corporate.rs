//! What befalls a share between two sessions, and what becomes of those who hold it.

use serde::{Deserialize, Serialize};

/// Splits, bonuses, dividends and renames of one instrument that take effect as a session begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorporateAction {
    /// The instrument.
    pub instrument: u32,
    /// The ex-date, yyyymmdd: that of the session, or one before it on which nothing was traded.
    pub ex: i32,
    /// So many shares …
    pub new: i64,
    /// … were made of so many.
    pub old: i64,
    /// Paid for each of the old shares, 1e-8.
    pub dividend: i64,
    /// The name until then, "" where it stays.
    pub was: String,
    /// Where it is known from.
    pub source: String,
}

/// What a corporate action made of one position.
#[derive(Clone, Debug, Serialize)]
pub struct ActionBooked {
    /// The account.
    pub account: u32,
    /// The strategy instance, or that of EXTERNAL.
    pub instance: u32,
    /// The instrument.
    pub instrument: u32,
    /// The ex-date, yyyymmdd.
    pub ex: i32,
    /// So many shares …
    pub new: i64,
    /// … were made of so many.
    pub old: i64,
    /// Signed units before it.
    pub before: i64,
    /// Signed units after it.
    pub quantity: i64,
    /// Dividend received, paid by a short below 0.
    pub dividend: i64,
    /// Received for what is left of a share, paid by a short below 0.
    pub fraction: i64,
    /// What of the position's cost went with that.
    pub fraction_cost: i64,
}

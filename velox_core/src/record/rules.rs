//! What a strategy limits of its own day; mirrored field by field in `velox.events`.

use serde::{Deserialize, Serialize};

/// What a day may lose and what it keeps of its profit; money at 1e-8, 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyRules {
    /// A loss of so much ends the day.
    pub max_loss: i64,
    /// A profit of so much is guarded from then on.
    pub lock_at: i64,
    /// What is kept of it; a fall by `lock_at` − `lock_keep` from the day's best ends the day.
    pub lock_keep: i64,
}

/// What a strategy's class body declares; 0 is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyRules {
    /// Instances of one group on one account share positions and `shared`; "" for an instance alone.
    pub group: String,
    /// Round trips a session.
    pub max_trades: u32,
    /// Time after a closed trade in which nothing is opened, ns.
    pub cooldown: i64,
    /// Instances of the group that may hold or enter a position at one time.
    pub max_positions: u32,
    /// Rules for the profit of the whole group.
    pub shared: MoneyRules,
    /// Rules for the instance's own profit.
    pub own: MoneyRules,
}

//! What a strategy limits of its own day: a loss that ends it, a profit that is locked in, positions, a cooldown.
//!
//! The lock follows the day's best profit: once that has reached `lock_at`, the day ends when the profit falls to
//! `kept` = best − (`lock_at` − `lock_keep`), which is `lock_keep` at first and rises with the best, never falls.

use super::Kernel;
use super::instance::Trading;
use super::order::Role;
use crate::record::{MoneyRules, StrategyRules};
use serde::{Deserialize, Serialize};

/// Instances that were started from one class on one account, and what they share.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// The account.
    pub account: u32,
    /// Its name.
    pub name: String,
    /// Its instances.
    pub members: Vec<u32>,
    /// Best profit of the day of all of them.
    pub best: i128,
}

/// What the strategy's own rules refuse an opening for.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnCaps {
    /// Profit that is kept and profit now, where it was locked in.
    pub locked: Option<(i64, i64)>,
    /// Cooldown and what is left of it.
    pub cooldown: (i64, i64),
    /// Positions that the group may have, and those that the others of it have.
    pub positions: (u32, u32),
}

impl MoneyRules {
    /// Whether there is anything to watch.
    pub(super) fn watches(&self) -> bool {
        self.max_loss > 0 || self.lock_at > 0
    }

    /// What must stay of the day's profit, once its best was enough.
    pub(super) fn kept(&self, best: i128) -> Option<i128> {
        let locked = self.lock_at > 0 && best >= i128::from(self.lock_at);
        locked.then(|| best - i128::from(self.lock_at - self.lock_keep))
    }

    /// How the day ends at this profit, if it does.
    fn broken(&self, best: i128, profit: i128) -> Option<Trading> {
        if self.max_loss > 0 && profit <= -i128::from(self.max_loss) {
            return Some(Trading::LossStopped);
        }
        self.kept(best).filter(|kept| profit <= *kept).map(|_| Trading::ProfitLocked)
    }
}

impl StrategyRules {
    fn shares(&self) -> bool {
        self.max_positions > 0 || self.shared.watches()
    }

    /// Whether profit must be looked at with every tick.
    pub(super) fn watch_money(&self) -> bool {
        self.own.watches() || self.shared.watches()
    }
}

impl Kernel {
    /// Puts an instance into its group; what a group shares is looked up by each member's own rules.
    pub(super) fn join_group(&mut self, id: u32) {
        for group in &mut self.groups {
            group.members.retain(|member| *member != id);
        }
        let i = &self.instances[id as usize];
        if !i.rules.shares() {
            return;
        }
        let (account, name) = (i.account, if i.rules.group.is_empty() { &i.name } else { &i.rules.group });
        match self.groups.iter_mut().find(|g| g.account == account && g.name == *name) {
            Some(group) => group.members.push(id),
            None => self.groups.push(Group { account, name: name.clone(), members: vec![id], best: 0 }),
        }
    }

    fn group_of(&self, id: u32) -> Option<usize> {
        self.groups.iter().position(|group| group.members.contains(&id))
    }

    /// Profit of the day of all members of a group, net.
    fn shared_profit(&self, group: usize) -> i128 {
        let members = self.groups[group].members.iter().map(|id| &self.instances[*id as usize]);
        members.map(|i| i.day_profit(self.markets[i.instrument as usize].last)).sum()
    }

    /// Holds an instance's profit, and its group's, against what its class body says.
    #[inline(always)]
    #[allow(clippy::inline_always)] // each tick asks, and mostly a flag answers
    pub(super) fn check_money(&mut self, id: u32) {
        if self.instances[id as usize].rules.watch_money() {
            self.hold_against_rules(id);
        }
    }

    fn hold_against_rules(&mut self, id: u32) {
        let i = &self.instances[id as usize];
        let profit = i.day_profit(self.markets[i.instrument as usize].last);
        let i = &mut self.instances[id as usize];
        i.best = i.best.max(profit);
        if let Some(ended) = i.rules.own.broken(i.best, profit) {
            self.end_trading(id, ended, "strategy");
        }
        if !self.instances[id as usize].rules.shared.watches() {
            return;
        }
        let Some(at) = self.group_of(id) else {
            return;
        };
        let profit = self.shared_profit(at);
        let group = &mut self.groups[at];
        group.best = group.best.max(profit);
        let best = group.best;
        for member in group.members.clone() {
            if let Some(ended) = self.instances[member as usize].rules.shared.broken(best, profit) {
                self.end_trading(member, ended, "class");
            }
        }
    }

    /// The day of an instance is over: its position is closed, and it may only reduce.
    fn end_trading(&mut self, id: u32, how: Trading, whose: &str) {
        let i = &mut self.instances[id as usize];
        if matches!(i.trading, Trading::LossStopped | Trading::DrawdownStopped | Trading::ProfitLocked) {
            return;
        }
        i.trading = how;
        i.waiting = None;
        let (code, sentence) = if how == Trading::ProfitLocked {
            ("profit_locked", format!("The {whose}'s profit fell to what it keeps of its best: closed for the day."))
        } else {
            ("max_loss", format!("The {whose} lost what it may lose in a day: closed for the day."))
        };
        self.tell(id, code, &sentence);
        self.cancel_entries(id, "limit of the day");
        self.exit_position(id, Role::Limit, "limit of the day");
    }

    /// What an instance's own rules say of an opening that first closes `closes` units.
    pub(super) fn own_caps(&self, id: u32, closes: i64) -> OwnCaps {
        let i = &self.instances[id as usize];
        let rules = &i.rules;
        let locked = (i.trading == Trading::ProfitLocked).then(|| self.locked(id));
        // The trade that a flip closes ends now: what it opens would follow at once.
        let since = if closes > 0 { Some(self.now) } else { i.closed_at };
        let left = since.map_or(0, |at| (at + rules.cooldown - self.now).max(0));
        let holds = i.book.quantity() != 0 && closes == 0;
        let others = match self.group_of(id) {
            Some(at) if rules.max_positions > 0 && !holds => self.positions_besides(at, id),
            Some(_) | None => 0,
        };
        OwnCaps { locked, cooldown: (rules.cooldown, left), positions: (rules.max_positions, others) }
    }

    fn positions_besides(&self, group: usize, id: u32) -> u32 {
        let others = self.groups[group].members.iter().filter(|member| **member != id);
        others.filter(|m| self.instances[**m as usize].is_engaged()).count() as u32
    }

    /// What is kept of the profit that was locked in, and the profit now.
    fn locked(&self, id: u32) -> (i64, i64) {
        use super::account::narrow;
        let i = &self.instances[id as usize];
        let profit = i.day_profit(self.markets[i.instrument as usize].last);
        if let Some(kept) = i.rules.own.kept(i.best) {
            return (narrow(kept), narrow(profit));
        }
        let group = self.group_of(id);
        let shared = group.and_then(|at| Some((i.rules.shared.kept(self.groups[at].best)?, self.shared_profit(at))));
        shared.map_or((0, narrow(profit)), |(kept, profit)| (narrow(kept), narrow(profit)))
    }

    /// Whether a strategy's own rules refuse every opening from flat just now.
    pub(super) fn is_resting(&self, id: u32) -> bool {
        let own = self.own_caps(id, 0);
        let rules = &self.instances[id as usize].rules;
        let done = rules.max_trades > 0 && self.instances[id as usize].trades >= rules.max_trades;
        done || own.cooldown.1 > 0 || (own.positions.0 > 0 && own.positions.1 >= own.positions.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: MoneyRules = MoneyRules { max_loss: 6_000, lock_at: 4_000, lock_keep: 2_000 };

    #[test]
    fn the_lock_keeps_its_distance_from_the_best_and_never_loosens() {
        for (best, kept) in [
            (0, None),
            (3_999, None),
            (4_000, Some(2_000)),
            (4_500, Some(2_500)),
            (7_000, Some(5_000)),
            (1_000_000, Some(998_000)),
        ] {
            assert_eq!(RULES.kept(best), kept, "best {best}");
        }
    }

    #[test]
    fn the_day_ends_at_the_loss_or_at_what_is_kept() {
        for (best, profit, ended) in [
            (0, -5_999, None),
            (0, -6_000, Some(Trading::LossStopped)),
            (3_999, 0, None),
            (4_000, 2_001, None),
            (4_000, 2_000, Some(Trading::ProfitLocked)),
            (7_000, 5_000, Some(Trading::ProfitLocked)),
            (7_000, -9_000, Some(Trading::LossStopped)), // a gap through both
        ] {
            assert_eq!(RULES.broken(best, profit), ended, "best {best}, profit {profit}");
        }
    }

    #[test]
    fn a_lock_may_keep_nothing_and_a_rule_of_zero_is_none() {
        let keep_nothing = MoneyRules { max_loss: 0, lock_at: 1_000, lock_keep: 0 };
        assert_eq!(keep_nothing.broken(1_000, 0), Some(Trading::ProfitLocked));
        assert_eq!(keep_nothing.broken(1_000, 1), None);
        assert_eq!(keep_nothing.broken(999, -100_000), None);
        assert!(!MoneyRules::default().watches() && MoneyRules::default().broken(0, -1).is_none());
    }
}

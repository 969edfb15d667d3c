//! A position at a broker that is without cover for too long leaves; where that fails too, it is an emergency.

use super::Kernel;
use super::order::{Order, Role};
use crate::record::{Phase, TimerClass};

/// A position without cover leaves after this time.
pub(super) const COVER_NS: i64 = 2_000_000_000;

impl Kernel {
    /// Whether a position has neither a stop that the broker has accepted for all of it nor an exit there.
    pub(super) fn is_exposed(&self, id: u32) -> bool {
        let i = &self.instances[id as usize];
        let held = i.book.quantity().abs();
        if held == 0 {
            return false;
        }
        if i.closing.is_some() {
            return !i.exit.and_then(|s| self.orders.get(s)).is_some_and(|o| o.is_accepted() && !o.is_partial());
        }
        let parked = i.parking.slot.and_then(|slot| self.orders.get(slot)).filter(|o| o.is_accepted());
        let covered = parked.map_or(0, Order::sure) + self.leaving(i);
        covered < held && i.protection.effective_stop(i.book.quantity().signum() as i8) > 0
    }

    /// Counts the time in which a position is exposed.
    pub(super) fn watch_cover(&mut self, id: u32) {
        let instrument = self.instances[id as usize].instrument;
        let counts = self.is_exposed(id) && self.phase_now(instrument) == Phase::Continuous;
        let armed = self.timers.due(TimerClass::Cover, id).is_some();
        if counts && !armed {
            self.timers.arm(TimerClass::Cover, id, self.now + COVER_NS);
        } else if !counts && armed {
            self.timers.cancel(TimerClass::Cover, id);
        }
    }

    /// A position was exposed for as long as it may be: it leaves, or its instrument is in an emergency.
    pub(super) fn miss_cover(&mut self, id: u32) {
        let instrument = self.instances[id as usize].instrument;
        if !self.is_exposed(id) || self.phase_now(instrument) != Phase::Continuous {
            return;
        }
        if self.instances[id as usize].closing.is_none() {
            self.leave_unprotected(id);
        } else {
            self.emergency(id);
        }
    }

    /// The broker keeps no stop: the position leaves.
    pub(super) fn leave_unprotected(&mut self, id: u32) {
        self.tell(id, "unprotected", "The broker keeps no stop for the position: it is closed.");
        self.cancel_entries(id, "unprotected");
        self.exit_position(id, Role::Flatten, "unprotected");
    }

    /// A position can neither be protected nor closed.
    pub(super) fn emergency(&mut self, id: u32) {
        let i = &mut self.instances[id as usize];
        let (account, instrument) = (i.account, i.instrument);
        if !std::mem::replace(&mut i.parking.alarmed, true) {
            let sentence =
                "EMERGENCY: the position can neither be protected nor closed. It is tried again: look at the account.";
            self.alarm(id, (account, instrument), sentence);
        }
    }

    /// Tells an emergency: nothing is opened in an account's instrument until an operator resumes.
    pub(super) fn alarm(&mut self, id: u32, place: (u32, u32), sentence: &str) {
        self.tell(id, "emergency", sentence);
        self.block_instrument(place);
    }

    /// Nothing is opened in an account's instrument until an operator resumes.
    pub(super) fn block_instrument(&mut self, (account, instrument): (u32, u32)) {
        self.accounts[account as usize].blocked.insert(instrument);
        for id in 0..self.instances.len() as u32 {
            let i = &mut self.instances[id as usize];
            if (i.account, i.instrument) == (account, instrument) {
                i.waiting = None;
                self.cancel_entries(id, "emergency");
            }
        }
    }
}

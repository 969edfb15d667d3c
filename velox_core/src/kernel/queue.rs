//! Approved orders wait here for the exchange's rate: exits first, then the older.

use super::Kernel;
use super::broker::Ask;
use super::order::{Event, State};
use super::rates::RATE_WINDOW_NS;
use crate::record::TimerClass;

impl Kernel {
    /// Releases what the rates allow; the rest waits for a timer.
    pub(super) fn drain_queue(&mut self) {
        // What leaves may free another's way, or take it.
        while !self.queue.is_empty() && self.drain_once() {}
    }

    /// Whether an order has left the queue.
    fn drain_once(&mut self) -> bool {
        let mut waiting = std::mem::take(&mut self.queue);
        waiting.sort_by_key(|slot| self.orders.get(*slot).map(|o| (o.role.priority(), o.number)));
        let before = waiting.len();
        waiting.retain(|slot| !self.leaves_queue(*slot));
        let left = waiting.len() < before;
        // What gave way to an exit meanwhile is new here; a slot may be another order's by now.
        waiting.retain(|slot| self.is_queued(*slot) && !self.queue.contains(slot));
        waiting.append(&mut self.queue);
        self.queue = waiting;
        left
    }

    fn is_queued(&self, slot: u32) -> bool {
        self.orders.get(slot).is_some_and(|o| matches!(o.state, State::Queued | State::Waiting))
    }

    /// Lets an order out, if nothing of its own account stands in its way and the rates allow it.
    pub(super) fn leaves_queue(&mut self, slot: u32) -> bool {
        if !self.is_queued(slot) {
            return true;
        }
        if let Some(other) = self.must_wait(slot) {
            self.hold(slot, other);
            return false;
        }
        let free_at = self.sends_from(slot);
        if free_at > self.now {
            if let Some(account) = self.orders.get(slot).map(|o| o.account) {
                self.timers.arm(TimerClass::Release, account, free_at);
            }
            return false;
        }
        if self.let_go(slot) {
            self.clear_way(slot);
            self.release(slot);
        }
        !self.is_queued(slot)
    }

    /// When the rates let the next order of an order's account out.
    pub(super) fn sends_from(&self, slot: u32) -> i64 {
        self.orders.get(slot).map_or(i64::MIN, |order| {
            let a = &self.accounts[order.account as usize];
            if a.limits.sends == 0 { i64::MIN } else { a.sent.free_at(a.limits.sends, RATE_WINDOW_NS) }
        })
    }

    /// Puts an order into the paper book, or asks the broker to place it.
    pub(super) fn release(&mut self, slot: u32) {
        self.queue.retain(|s| *s != slot);
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let (account, instrument) = (order.account, order.instrument);
        if order.wire.is_some() {
            self.step(slot, Event::Route, "");
            self.ask(slot, Ask::Place);
        } else {
            self.step(slot, Event::Accept, "");
            self.markets[instrument as usize].working.push(slot);
        }
        let now = self.now;
        let most = self.accounts[account as usize].limits.sends.max(1) as usize;
        self.accounts[account as usize].sent.note(now, most);
    }
}

//! Approved orders wait here for the exchange's rate: exits first, then the older.

use super::Kernel;
use super::broker::Ask;
use super::order::Event;
use super::rates::RATE_WINDOW_NS;
use crate::record::TimerClass;

impl Kernel {
    /// Releases what the rates allow; the rest waits for a timer.
    pub(super) fn drain_queue(&mut self) {
        if self.queue.is_empty() {
            return;
        }
        let mut waiting = std::mem::take(&mut self.queue);
        waiting.sort_by_key(|slot| self.orders.get(*slot).map(|o| (o.role.priority(), o.number)));
        for &slot in &waiting {
            let Some(order) = self.orders.get(slot) else {
                continue;
            };
            let account = order.account;
            let a = &self.accounts[account as usize];
            let free_at = if a.limits.sends == 0 { i64::MIN } else { a.sent.free_at(a.limits.sends, RATE_WINDOW_NS) };
            if free_at <= self.now {
                self.release(slot);
            } else {
                self.queue.push(slot);
                self.timers.arm(TimerClass::Release, account, free_at);
            }
        }
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

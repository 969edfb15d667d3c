//! What is said about orders: their steps, refusals, and the strategy that is refused too often.

use super::Kernel;
use super::hooks::{HookArg, HookCall, Rank, number};
use super::instance::Trading;
use super::order::Event;
use super::risk::Refusal;
use crate::record::{Intent, IntentId, Kind, OrderEvent, RiskVerdict};

/// Refusals are counted within this window.
const REFUSAL_WINDOW_NS: i64 = 60_000_000_000;

impl Kernel {
    /// Moves an order to its next state and writes it down; an impossible step is a fault of this program.
    pub(super) fn step(&mut self, slot: u32, event: Event, reason: &str) {
        let Some(order) = self.orders.get_mut(slot) else {
            return;
        };
        match order.state.after(event) {
            Ok(state) => {
                order.state = state;
                self.note_order(slot, reason);
            }
            Err(step) => unreachable!("the kernel takes no impossible step: {step:?}"),
        }
    }

    pub(super) fn note_order(&mut self, slot: u32, reason: &str) {
        let Some(o) = self.orders.get(slot) else {
            return;
        };
        let event = OrderEvent {
            order: o.id,
            state: o.state.name(),
            account: o.account,
            instrument: o.instrument,
            side: o.side,
            quantity: o.quantity,
            filled: o.filled,
            limit: o.limit,
            role: o.role.name(),
            reason,
        };
        self.decide(Kind::OrderEvent, &event);
    }

    /// An entry has other units than its wish came to.
    pub(super) fn tell_sized(&mut self, intent: &Intent, units: i64, wished: i64) {
        let (code, sentence) = if units < wished {
            ("sized_down", "Limits or buying power allow fewer units than the risk.")
        } else {
            ("sized_up", "The size is less than one lot, which is the least that was asked for.")
        };
        let verdict = RiskVerdict { intent: intent.id, verdict: code, code, sentence, limit: units, value: wished };
        self.decide(Kind::RiskVerdict, &verdict);
    }

    pub(super) fn refuse_plain(&mut self, intent: &Intent, code: &'static str, sentence: &'static str) {
        self.refuse(intent.id, &Refusal { code, sentence, limit: 0, value: 0 });
    }

    pub(super) fn hook_refusal(&mut self, intent: IntentId, refusal: &Refusal) {
        let arg = HookArg::Refusal {
            intent: intent.counter,
            code: refusal.code,
            sentence: refusal.sentence.to_owned(),
            limit: refusal.limit,
            value: refusal.value,
        };
        self.out.hooks.push(HookCall { rank: Rank::Order, instance: intent.instance, hook: number::REJECT, arg });
    }

    /// Writes a refusal, tells the strategy, and halts it when there are too many.
    pub(super) fn refuse(&mut self, intent: IntentId, refusal: &Refusal) {
        let verdict = RiskVerdict {
            intent,
            verdict: "refused",
            code: refusal.code,
            sentence: refusal.sentence,
            limit: refusal.limit,
            value: refusal.value,
        };
        self.decide(Kind::RiskVerdict, &verdict);
        let id = intent.instance;
        self.hook_refusal(intent, refusal);
        self.out.notes.push((id, refusal.code, refusal.sentence.to_owned()));
        self.count_refusal(id);
    }

    /// One refusal more, by risk or by a broker: too many of them halt the strategy.
    pub(super) fn count_refusal(&mut self, id: u32) {
        let now = self.now;
        let instance = &mut self.instances[id as usize];
        let most = self.accounts[instance.account as usize].limits_of(id).refusals;
        instance.refusal_times.note(now, most.max(1) as usize);
        let too_many = most > 0 && instance.refusal_times.count(now, REFUSAL_WINDOW_NS) >= most;
        if too_many && instance.trading == Trading::Active {
            instance.trading = Trading::Halted;
            self.tell(id, "halted", "Too many refusals within a minute: only reductions from now on.");
            self.cancel_entries(id, "halted");
        }
    }
}

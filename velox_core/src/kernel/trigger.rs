//! Stop entries: they wait in the kernel, and an applied tick at or beyond their trigger sends them.
//!
//! On a day of candles their trigger is a price that the candle goes through, and they fill there.

use super::Kernel;
use super::entry::{at_risk, bad_price, crossed};
use super::order::{Event, Order, Role, Trigger};
use super::parts::nearest_target;
use super::risk::{self, Class, Refusal};
use super::size::Basis;
use crate::fixed::{PRICE_MAX, ceil_tick, floor_tick, from_float};
use crate::record::{IntentId, TriggerKind, TriggerSpec};

/// What a trigger is in whole ticks, never nearer than it was asked for; `None` for what does not wait.
pub(super) fn trigger_of(spec: TriggerSpec, tick: i64) -> Result<Option<Trigger>, Refusal> {
    let above = match spec.kind {
        TriggerKind::None => return Ok(None),
        TriggerKind::Above => true,
        TriggerKind::Below => false,
    };
    let price = from_float(spec.price).filter(|price| (1..=PRICE_MAX).contains(price)).ok_or_else(bad_price)?;
    let price = if above { ceil_tick(price, tick) } else { floor_tick(price, tick) };
    if price > 0 { Ok(Some(Trigger { above, price })) } else { Err(bad_price()) }
}

impl Kernel {
    /// Sends what an instance's newest applied tick has triggered, the older first.
    pub(super) fn watch_triggers(&mut self, id: u32) {
        while let Some(slot) = self.first_triggered(id) {
            self.send_triggered(slot);
        }
    }

    /// As `watch_triggers`, at the open of a candle: what it has triggered fills there.
    pub(super) fn meet_triggers(&mut self, id: u32) {
        while let Some(slot) = self.first_triggered(id) {
            self.meet_trigger(slot, self.opened_at);
        }
    }

    /// The price of a candle that began at `begun` stands where it triggers an entry: that fills there, and so does what
    /// it closes instead. What was wished for later, or takes a while to arrive, is sent and meets the next open.
    pub(super) fn meet_trigger(&mut self, slot: u32, begun: i64) {
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let (id, intent, account) = (order.instance, order.id.intent, order.account);
        let prompt = order.live_from <= begun && self.accounts[account as usize].def.latency_ns == 0;
        let number = self.orders.next_number();
        self.send_triggered(slot);
        if !prompt {
            return;
        }
        while let Some(slot) = self.sent_by(id, intent, number).filter(|slot| self.leaves_queue(*slot)) {
            match self.orders.get(slot).and_then(|order| Some((order.rest(), self.paper_price(order)?))) {
                Some((quantity, price)) => self.fill(slot, quantity, price),
                None => self.rest(slot),
            }
        }
    }

    /// A queued order that comes of a triggered entry: a slice of it, or an exit that was placed since.
    fn sent_by(&self, id: u32, intent: IntentId, number: u64) -> Option<u32> {
        let of = |o: &Order| match o.role {
            Role::Exit | Role::Reduce => o.number >= number,
            role => role.increases() && o.id.intent == intent,
        };
        let sent = |slot: &u32| self.orders.get(*slot).is_some_and(|o| o.instance == id && of(o));
        self.queue.iter().copied().find(sent)
    }

    fn first_triggered(&self, id: u32) -> Option<u32> {
        let i = &self.instances[id as usize];
        let last = self.markets[i.instrument as usize].last;
        let met = |slot: &u32| self.orders.get(*slot)?.trigger.is_some_and(|t| t.is_met(last)).then_some(*slot);
        i.entries.iter().find_map(met)
    }

    /// From now on it is an order like any other, or it is no more.
    fn send_triggered(&mut self, slot: u32) {
        let Some(order) = self.orders.get(slot) else {
            return;
        };
        let id = order.instance;
        if !self.in_entry_window(id) {
            self.drop_triggered(slot, "outside_window", "Outside the entry window nothing is opened.");
        } else if let Some((code, sentence)) = self.triggered_beyond(order) {
            self.drop_triggered(slot, code, sentence);
        } else if let Some((code, sentence)) = self.cannot_trigger(order) {
            self.drop_triggered(slot, code, sentence);
        } else if self.meet_position(slot) {
            match self.judge_triggered(slot) {
                Ok(()) => self.release_triggered(slot),
                Err(refusal) => {
                    let (intent, closes) = self.orders.get(slot).map(|o| (o.id.intent, o.closes)).unwrap_or_default();
                    self.end_order(slot, Event::Cancel, refusal.sentence);
                    self.refuse(intent, &refusal);
                    self.close_alone(id, closes);
                }
            }
        }
    }

    fn drop_triggered(&mut self, slot: u32, code: &'static str, sentence: &'static str) {
        if let Some(id) = self.orders.get(slot).map(|o| o.instance) {
            self.end_order(slot, Event::Cancel, sentence);
            self.tell(id, code, sentence);
        }
    }

    /// Whether the tick that triggers an entry lies beyond its stop or target: a gap leaves nothing to win.
    fn triggered_beyond(&self, order: &Order) -> Option<(&'static str, &'static str)> {
        let market = &self.markets[order.instrument as usize];
        let slippage = self.accounts[order.account as usize].def.slippage_ticks;
        let entry = market.expected(order.side, slippage)?;
        let basis = Basis { side: order.side, entry, risk: 0, tick: market.def.tick };
        let stop = basis.price(order.protect.stop, false)?;
        let target = nearest_target(basis.with_stop(stop), order.protect.target, &order.protect.exits)?;
        crossed(entry, order.side, stop, target)
    }

    /// Fits a triggered entry to what is held by now; false when nothing of it is left to send.
    pub(super) fn meet_position(&mut self, slot: u32) -> bool {
        let Some(order) = self.orders.get(slot) else {
            return false;
        };
        let (id, flips, opens) = (order.instance, order.role == Role::Flip, order.open() - order.closes);
        let against = (self.instances[id as usize].book.quantity() * -i64::from(order.side)).max(0);
        if against > 0 {
            // What leaves in part and what else would open makes room for the order that closes all of it.
            self.cancel_reduction(id, "a triggered entry turns the position");
            let others: Vec<u32> = self.instances[id as usize].entries.iter().copied().filter(|s| *s != slot).collect();
            for other in others {
                self.end_order(other, Event::Cancel, "a triggered entry turns the position");
            }
            if self.instances[id as usize].exit.is_some() {
                self.drop_triggered(slot, "exit_working", "An exit works already: every unit has at most one.");
                return false;
            }
        }
        // A target turns the whole position; an increment only sells what it has.
        if against > 0 && !flips && opens <= against {
            self.end_order(slot, Event::Cancel, "it closes what is held instead");
            if opens < against {
                self.reduce(id, opens, None, "a triggered increment");
            } else {
                self.exit_position(id, Role::Exit, "a triggered increment");
            }
            return false;
        }
        let whole = if flips { opens + against } else { opens };
        let one = self.slice(id, whole);
        if let Some(order) = self.orders.get_mut(slot) {
            (order.quantity, order.more) = (one, whole - one);
            order.closes = against;
            order.role = match order.role {
                _ if against > 0 => Role::Flip,
                Role::Flip => Role::Entry,
                role => role,
            };
        }
        true
    }

    /// Holds a triggered order against every rule once more; what it is itself counts once.
    fn judge_triggered(&self, slot: u32) -> Result<(), Refusal> {
        let Some(order) = self.orders.get(slot) else {
            return Ok(());
        };
        let Order { side, limit, closes, .. } = *order;
        let facts = self.risk_facts(order.instance, side, limit, order.open() - closes, 0, closes);
        if closes > 0 {
            risk::approve(Class::Reduce, &risk::Order { quantity: closes, closes: 0, ..facts })?;
        }
        let facts = risk::Order {
            working: facts.working - order.open(),
            open_orders: facts.open_orders.map(|open| open - 1),
            // The buying power of an entry is what is left beside it; that of a flip leaves the strategy out.
            margin_needed: if closes > 0 { facts.margin_needed } else { 0 },
            duplicate: false,
            at_risk: self.risk_triggered(order, facts.quantity),
            ..facts
        };
        risk::approve(Class::Increase, &facts).map(drop)
    }

    /// Money that units of a triggered order lose at its stop, or at that of the position which they are added to.
    fn risk_triggered(&self, order: &Order, units: i64) -> i64 {
        let market = &self.markets[order.instrument as usize];
        let (side, tick, limit) = (order.side, market.def.tick, order.limit);
        let slippage = self.accounts[order.account as usize].def.slippage_ticks;
        let expected = market.expected(side, slippage).unwrap_or(limit);
        let entry = if (limit - expected) * i64::from(side) < 0 { limit } else { expected };
        let basis = Basis { side, entry, risk: 0, tick };
        let stop = match order.role {
            Role::Add => Some(self.instances[order.instance as usize].protection.effective_stop(side)),
            _ => basis.price(order.protect.stop, false),
        };
        let trailed = |distance: &i64| entry - i64::from(side) * distance;
        let trail = || basis.trail(order.protect.trail).filter(|distance| *distance > 0).as_ref().map(trailed);
        at_risk(units, entry, stop.filter(|stop| *stop > 0).or_else(trail), tick)
    }

    fn release_triggered(&mut self, slot: u32) {
        let Some(order) = self.orders.get_mut(slot) else {
            return;
        };
        order.trigger = None;
        let (id, account, role) = (order.instance, order.account, order.role);
        let live_from = self.live_from(self.accounts[account as usize].def.latency_ns);
        if let Some(order) = self.orders.get_mut(slot) {
            order.live_from = live_from;
        }
        self.step(slot, Event::Enqueue, "triggered");
        self.queue.push(slot);
        if role == Role::Flip {
            self.suspend_protection(id);
        }
    }
}

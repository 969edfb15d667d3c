//! From an intent to an approved entry: expected price, limit, stop, size, risk.

use super::Kernel;
use super::hooks::{HookArg, HookCall, Rank, number};
use super::instance::Trading;
use super::order::{Event, Order, ProtectSpec, Role, State};
use super::risk::{self, Approved, Class, Refusal};
use super::size::{Sized, protective};
use crate::fixed::{ceil_tick, floor_tick, from_float, mul_div};
use crate::kernel::charges::RATE_ONE;
use crate::record::{Intent, Kind, OrderEvent, OrderId, Phase, RiskVerdict, TimerClass, ValidKind};

/// An entry without candles lives this long.
const ENTRY_LIFE_NS: i64 = 60_000_000_000;
/// Refusals are counted within this window.
const REFUSAL_WINDOW_NS: i64 = 60_000_000_000;

/// What an intent amounts to.
pub(super) enum Plan {
    /// An order at a limit for a quantity, approved by risk.
    Enter { limit: i64, quantity: i64, approved: Approved },
    /// No order and no refusal: the owner was told why.
    Nothing,
}

impl Kernel {
    pub(super) fn plan_entry(&mut self, intent: &Intent, side: i8, closes: i64, rate: u32) -> Result<Plan, Refusal> {
        let id = intent.id.instance;
        if [intent.stop, intent.target, intent.trail].iter().any(|s| !s.value.is_finite()) {
            return Err(bad_price());
        }
        let instance = &self.instances[id as usize];
        let market = &self.markets[instance.instrument as usize];
        let slippage = self.accounts[instance.account as usize].def.slippage_ticks;
        let Some(expected) = market.expected(side, slippage) else {
            return Err(no_quote());
        };
        let tick = market.def.tick;
        let given = if intent.limit.is_nan() { None } else { Some(from_float(intent.limit).ok_or_else(bad_price)?) };
        let limit =
            given.unwrap_or_else(|| protected(expected, side, market.offset(expected), market.lower, market.upper));
        let limit = if side > 0 { floor_tick(limit, tick) } else { ceil_tick(limit, tick) };
        let entry = if given.is_some() && (limit - expected) * i64::from(side) < 0 { limit } else { expected };
        let stop = protective(intent.stop, side, entry, entry, tick, false);
        if stop.is_some_and(|s| (entry - s) * i64::from(side) <= 0) {
            self.tell(id, "stop_crossed", "The price is beyond the stop already: no entry.");
            return Ok(Plan::Nothing);
        }
        let distance = stop.or_else(|| trail_stop(intent, entry, side, tick));
        let quantity = match self.size_entry(intent, id, entry, distance, closes > 0) {
            Sized::Units(units, cut) => {
                if let Some(all) = cut {
                    self.tell_cut(intent, units, all);
                }
                units
            }
            Sized::TooSmall(why) => {
                self.tell(id, "too_small", &format!("No order: {why}."));
                return Ok(Plan::Nothing);
            }
        };
        let facts = self.risk_facts(id, side, limit, quantity, rate, closes);
        if closes > 0 {
            let closing =
                risk::Order { quantity: closes, position: self.instances[id as usize].book.quantity(), ..facts };
            risk::approve(Class::Reduce, &closing)?;
        }
        let approved = risk::approve(Class::Increase, &facts)?;
        Ok(Plan::Enter { limit, quantity, approved })
    }

    /// Everything that the rules look at, for an order of an instance.
    pub(super) fn risk_facts(
        &self,
        id: u32,
        side: i8,
        limit: i64,
        quantity: i64,
        rate: u32,
        closes: i64,
    ) -> risk::Order {
        let i = &self.instances[id as usize];
        let account = &self.accounts[i.account as usize];
        let market = &self.markets[i.instrument as usize];
        let limits = account.limits_of(id);
        let value = i128::from(quantity) * i128::from(limit);
        let margin = mul_div(value, i128::from(account.def.mis_margin), RATE_ONE).unwrap_or(i128::MAX);
        let total = quantity + closes;
        let recent = |(s, q, at): (i8, i64, i64)| s == side && q == total && self.now - at < limits.duplicate_ns;
        let live = |instance: Option<u32>| {
            (self.orders.iter())
                .filter(|(_, o)| o.account == i.account && instance.is_none_or(|n| n == o.instance))
                .count() as u32
        };
        let stopped = |what| i.trading == what || account.trading == what;
        risk::Order {
            kill: account.kill,
            reduce_only: account.skipped || i.trading == Trading::Halted || !i.running,
            loss_stopped: stopped(Trading::LossStopped),
            drawdown_stopped: stopped(Trading::DrawdownStopped),
            phase: self.phase_now(i.instrument),
            tradable: market.tradable(),
            shortable: market.def.shortable,
            side,
            quantity,
            limit,
            last: market.last,
            lower: market.lower,
            upper: market.upper,
            tick: market.def.tick,
            lot: market.def.lot,
            freeze: if market.def.freeze > 0 { (market.def.freeze - closes).max(1) } else { 0 },
            position: i.book.quantity() + i64::from(side) * closes,
            order_quantity_max: limits.order_quantity,
            order_value_max: limits.order_value,
            position_value_max: limits.position_value,
            fat_finger: limits.fat_finger,
            open_instance: live(Some(id)),
            open_instance_max: limits.instance_open_orders,
            open_account: live(None),
            open_account_max: limits.account_open_orders,
            intents: rate,
            intents_max: limits.intents,
            trades: i.trades,
            trades_max: limits.trades,
            margin_needed: super::account::narrow(margin),
            buying_power: super::account::narrow(self.buying_power(i.account, (closes > 0).then_some(id))),
            quote_age_ns: self.now - market.last_ts,
            quote_age_max_ns: self.settings.stale_ns,
            duplicate: i.recent.is_some_and(recent),
        }
    }

    /// Holds an order that an instance might place now against every rule; changes nothing.
    pub fn check_entry(&self, id: u32, side: i8, limit: i64, quantity: i64) -> Result<Approved, Refusal> {
        risk::approve(Class::Increase, &self.risk_facts(id, side, limit, quantity, 1, 0))
    }

    /// The phase of an instrument's session at kernel time.
    pub fn phase_now(&self, instrument: u32) -> Phase {
        let group = usize::from(self.markets[instrument as usize].def.group);
        self.facts.as_ref().and_then(|f| f.groups.get(group)).map_or(Phase::Closed, |g| g.at(self.now))
    }

    pub(super) fn enter(&mut self, intent: &Intent, role: Role, side: i8, price: (i64, i64), approved: Approved) {
        let id = intent.id.instance;
        let protect = ProtectSpec { stop: intent.stop, target: intent.target, trail: intent.trail };
        let now = self.now;
        let instance = &mut self.instances[id as usize];
        instance.recent = Some((side, price.1, now));
        let slot = self.place(OrderId { intent: intent.id, child: 0 }, role, side, price, (protect, approved));
        self.instances[id as usize].entry = Some(slot);
        let until = self.entry_until(intent);
        self.timers.arm(TimerClass::Expire, slot, until);
        if role == Role::Flip {
            self.suspend_protection(id);
        }
    }

    /// Puts an approved order into the queue; only here orders come to be.
    pub(super) fn place(
        &mut self,
        id: OrderId,
        role: Role,
        side: i8,
        price: (i64, i64),
        how: (ProtectSpec, Approved),
    ) -> u32 {
        let instance = &mut self.instances[id.intent.instance as usize];
        instance.orders += 1;
        let (account, instrument) = (instance.account, instance.instrument);
        let latency = self.accounts[account as usize].def.latency_ns;
        let slot = self.orders.insert(Order {
            id,
            number: 0,
            instance: id.intent.instance,
            account,
            instrument,
            side,
            quantity: price.1,
            filled: 0,
            filled_value: 0,
            limit: price.0,
            role,
            state: State::Created,
            live_from: self.now + latency,
            rested: false,
            protect: how.0,
        });
        self.note_order(slot, "");
        self.step(slot, Event::Approve, "");
        self.step(slot, Event::Enqueue, "");
        self.queue.push(slot);
        self.arm_mark(account);
        slot
    }

    fn entry_until(&self, intent: &Intent) -> i64 {
        let open = self.facts.as_ref().map_or(0, |f| f.open_ns);
        let first = self.instances[intent.id.instance as usize].series.first();
        let length = match (intent.bar_seconds, first) {
            (0, Some(series)) => self.series[*series as usize].length,
            (0, None) => 0,
            (seconds, _) => i64::from(seconds) * 1_000_000_000,
        };
        let slot = |ts: i64| open + (ts - open).div_euclid(length.max(1)) * length;
        let from = if intent.bar_open > 0 { intent.bar_open } else { slot(self.now) };
        match (intent.valid_kind, length) {
            (ValidKind::Until, _) => intent.valid.max(self.now),
            (ValidKind::Default | ValidKind::Bars, 0) => self.now + ENTRY_LIFE_NS,
            (ValidKind::Bars, _) => (from + (intent.valid.clamp(1, 1_000) + 1) * length).max(slot(self.now) + length),
            (ValidKind::Default, _) => (from + 2 * length).max(slot(self.now) + length),
        }
    }

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

    fn tell_cut(&mut self, intent: &Intent, units: i64, all: i64) {
        let verdict = RiskVerdict {
            intent: intent.id,
            verdict: "sized_down",
            code: "sized_down",
            sentence: "Limits or buying power allow fewer units than the risk.",
            limit: units,
            value: all,
        };
        self.decide(Kind::RiskVerdict, &verdict);
    }

    pub(super) fn refuse_plain(&mut self, intent: &Intent, code: &'static str, sentence: &'static str) {
        self.refuse(intent, &Refusal { code, sentence, limit: 0, value: 0 });
    }

    /// Writes a refusal, tells the strategy, and halts it when there are too many.
    pub(super) fn refuse(&mut self, intent: &Intent, refusal: &Refusal) {
        let verdict = RiskVerdict {
            intent: intent.id,
            verdict: "refused",
            code: refusal.code,
            sentence: refusal.sentence,
            limit: refusal.limit,
            value: refusal.value,
        };
        self.decide(Kind::RiskVerdict, &verdict);
        let id = intent.id.instance;
        let arg = HookArg::Refusal {
            intent: intent.id.counter,
            code: refusal.code,
            sentence: refusal.sentence.to_owned(),
            limit: refusal.limit,
            value: refusal.value,
        };
        self.out.hooks.push(HookCall { rank: Rank::Order, instance: id, hook: number::REJECT, arg });
        self.out.notes.push((id, refusal.code, refusal.sentence.to_owned()));
        let now = self.now;
        let instance = &mut self.instances[id as usize];
        let most = self.accounts[instance.account as usize].limits_of(id).refusals;
        instance.refusal_times.note(now, most.max(1) as usize);
        let too_many = most > 0 && instance.refusal_times.count(now, REFUSAL_WINDOW_NS) >= most;
        if too_many && instance.trading == Trading::Active {
            instance.trading = Trading::Halted;
            self.tell(id, "halted", "Too many refusals within a minute: only reductions from now on.");
            self.cancel_entry(id, "halted");
        }
    }
}

/// A protected-market limit: beyond the expected price, inside the circuits.
pub(super) fn protected(expected: i64, side: i8, offset: i64, lower: i64, upper: i64) -> i64 {
    let limit = expected.saturating_add(i64::from(side) * offset);
    let limit = if upper > 0 { limit.min(upper) } else { limit };
    limit.max(lower.max(1))
}

fn trail_stop(intent: &Intent, entry: i64, side: i8, tick: i64) -> Option<i64> {
    let distance = super::size::trail_distance(intent.trail, entry, entry, tick);
    (distance > 0).then(|| entry - i64::from(side) * distance)
}

fn no_quote() -> Refusal {
    Refusal { code: "stale_quote", sentence: "There is no price yet to open a position on.", limit: 0, value: 0 }
}

fn bad_price() -> Refusal {
    Refusal { code: "bad_price", sentence: "A limit, stop, target or trail is not a price.", limit: 0, value: 0 }
}

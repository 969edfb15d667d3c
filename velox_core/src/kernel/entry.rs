//! From an intent to an approved entry: expected price, limit, stop, size, risk.

use super::Kernel;
use super::instance::Trading;
use super::order::{Event, Order, ProtectSpec, Role, Trigger};
use super::parts::{nearest_target, shares};
use super::risk::{self, Approved, Class, Refusal};
use super::size::{Basis, Sized, risk_distance};
use super::trigger::trigger_of;
use crate::fixed::{PRICE_MAX, TIME_MAX, UNITS_MAX, ceil_tick, floor_tick, from_float, mul_div};
use crate::kernel::charges::RATE_ONE;
use crate::record::{Action, Intent, OrderId, Phase, TimerClass, ValidKind};

/// An entry without candles lives this long.
const ENTRY_LIFE_NS: i64 = 60_000_000_000;

/// What an intent amounts to.
pub(super) enum Plan {
    /// An order, approved by risk.
    Enter(Entry),
    /// No order and no refusal: the owner was told why.
    Nothing,
}

/// What opens: at which limit, how many units, once what has happened.
pub(super) struct Entry {
    limit: i64,
    quantity: i64,
    trigger: Option<Trigger>,
    approved: Approved,
}

/// The prices of an entry before it is sized.
struct Prices {
    limit: i64,
    trigger: Option<Trigger>,
    /// Price at which it would fill: the expected one, or the limit where that is passive.
    entry: i64,
    /// The stop, or where the trail begins; `None` without either.
    stop: Option<i64>,
    /// A stop or target lies on the wrong side of the entry.
    crossed: Option<(&'static str, &'static str)>,
}

impl Kernel {
    pub(super) fn plan_entry(&mut self, intent: &Intent, side: i8, closes: i64, rate: u32) -> Result<Plan, Refusal> {
        let id = intent.id.instance;
        let Prices { limit, trigger, entry, stop, crossed } = self.entry_prices(intent, side)?;
        if let Some((code, sentence)) = crossed {
            self.tell(id, code, sentence);
            return Ok(Plan::Nothing);
        }
        let quantity = match self.size_entry(intent, (entry, limit), stop, closes) {
            Sized::Units(units, wished) => {
                if let Some(wished) = wished {
                    self.tell_sized(intent, units, wished);
                }
                units
            }
            Sized::TooSmall(why) => {
                self.tell(id, "too_small", &format!("No order: {why}."));
                return Ok(Plan::Nothing);
            }
            Sized::TooLarge(units) => return Err(too_large(units)),
        };
        let facts = self.risk_facts(id, side, limit, quantity, rate, closes);
        // What waits will be sent at its trigger, however far the last price is from it now.
        let last = trigger.map_or(facts.last, |t| t.price);
        let facts = risk::Order { last, at_risk: at_risk(quantity, entry, stop, self.tick_of(id)), ..facts };
        if closes > 0 {
            risk::approve(Class::Reduce, &risk::Order { quantity: closes, closes: 0, ..facts })?;
        }
        let approved = risk::approve(Class::Increase, &facts)?;
        Ok(Plan::Enter(Entry { limit, quantity, trigger, approved }))
    }

    /// The price at which an intent's entry would fill, and its limit.
    pub(super) fn entry_at(&self, intent: &Intent, side: i8) -> Result<(i64, i64), Refusal> {
        self.entry_prices(intent, side).map(|prices| (prices.entry, prices.limit))
    }

    fn entry_prices(&self, intent: &Intent, side: i8) -> Result<Prices, Refusal> {
        let instance = &self.instances[intent.id.instance as usize];
        let market = &self.markets[instance.instrument as usize];
        let tick = market.def.tick;
        let slippage = self.accounts[instance.account as usize].def.slippage_ticks;
        let trigger = trigger_of(intent.trigger, tick)?;
        let expected = match trigger {
            // A stop entry is expected to fill at its trigger, slippage included.
            Some(trigger) => (trigger.price + i64::from(side) * slippage * tick).max(tick),
            None => market.expected(side, slippage).ok_or_else(|| self.no_quote(instance.instrument))?,
        };
        let given = given_limit(intent.limit, side, tick)?;
        let limit =
            given.unwrap_or_else(|| protected(expected, side, market.offset(expected), market.lower, market.upper));
        let limit = cautious(limit, side, tick);
        let entry = if given.is_some() && (limit - expected) * i64::from(side) < 0 { limit } else { expected };
        let basis = Basis { side, entry, risk: 0, tick };
        let stop = basis.price(intent.stop, false).ok_or_else(bad_price)?;
        let basis = basis.with_stop(stop);
        let target = nearest_target(basis, intent.target, &intent.exits).ok_or_else(bad_price)?;
        shares(&intent.exits)?;
        let trail = basis.trail(intent.trail).ok_or_else(bad_price)?;
        if side > 0 && trail >= entry {
            return Err(bad_price()); // it would follow below nothing and never stop
        }
        let crossed = crossed(entry, side, stop, target);
        let stop = match (stop, trail) {
            (0, 0) => None,
            (0, distance) => Some(entry - i64::from(side) * distance),
            (stop, _) => Some(stop),
        };
        Ok(Prices { limit, trigger, entry, stop, crossed })
    }

    /// Everything that the rules look at, for an order of an instance that first closes `closes` units.
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
        let caps = self.caps(id);
        let value = i128::from(quantity) * i128::from(limit);
        let margin = mul_div(value, i128::from(account.margin_share(market.def.kind)), RATE_ONE).unwrap_or(i128::MAX);
        let same =
            |(s, q, at): &(i8, i64, i64)| *s == side && *q == quantity + closes && self.now - at < limits.duplicate_ns;
        risk::Order {
            kill: self.kills(id),
            reduce_only: account.skipped || i.trading == Trading::Halted || i.faulted || !i.running,
            loss_stopped: caps.trading.map(|t| t == Trading::LossStopped),
            drawdown_stopped: caps.trading.map(|t| t == Trading::DrawdownStopped),
            phase: self.phase_now(i.instrument),
            tradable: market.tradable(),
            shortable: market.def.shortable,
            carried_short: market.shorts_end_today() && self.has_no_hours(id),
            side,
            quantity,
            limit,
            last: market.last,
            lower: market.lower,
            upper: market.upper,
            tick: market.def.tick,
            lot: market.def.lot,
            // What can be sliced is never above it.
            freeze: if self.slice(id, quantity + closes) <= market.def.freeze { 0 } else { market.def.freeze },
            position: i.book.quantity(),
            others: self.others_hold(id),
            closes,
            working: self.working_units(id, Some(side)),
            order_quantity_max: caps.order_quantity,
            order_value_max: caps.order_value,
            position_quantity_max: caps.position_quantity,
            position_value_max: caps.position_value,
            at_risk: super::account::narrow(value),
            at_risk_max: caps.trade_risk,
            fat_finger: caps.fat_finger,
            open_orders: caps.open,
            open_orders_max: caps.open_orders,
            intents: i64::from(rate),
            intents_max: caps.intents,
            trades: caps.made.map(|made| made + i64::from(closes > 0)),
            trades_max: caps.trades,
            margin_needed: super::account::narrow(margin),
            buying_power: super::account::narrow(self.buying_power(i.account, (closes > 0).then_some(id))),
            quote_age_ns: self.now - market.last_ts,
            quote_age_max_ns: self.settings.stale_ns,
            duplicate: i.recent.iter().any(same),
            unknown: self.has_unknown(i.account, i.instrument),
            own: self.own_caps(id, closes),
        }
    }

    /// Whether an instance neither ends its entries nor is still to be squared off: what it opens may be carried.
    fn has_no_hours(&self, id: u32) -> bool {
        let ends = self.instances[id as usize].entry_until < i64::MAX;
        !ends && self.timers.due(TimerClass::Flat, id).is_none()
    }

    /// Holds an order that an instance might place now against every rule; changes nothing.
    pub fn check_entry(&self, id: u32, side: i8, limit: i64, quantity: i64) -> Result<Approved, Refusal> {
        risk::approve(Class::Increase, &self.risk_facts(id, side, limit, quantity, 1, 0))
    }

    /// Why nothing can be opened where there is no price: before the first trade of the day the session says it better.
    fn no_quote(&self, instrument: u32) -> Refusal {
        let sentence = "There is no price yet to open a position on.";
        risk::closed(self.phase_now(instrument)).unwrap_or(Refusal {
            code: "stale_quote",
            sentence,
            limit: 0,
            value: 0,
        })
    }

    /// The phase of an instrument's session at kernel time; a day that was called over is closed.
    pub fn phase_now(&self, instrument: u32) -> Phase {
        if self.day_over {
            return Phase::Closed;
        }
        let group = usize::from(self.markets[instrument as usize].def.group);
        self.facts.as_ref().and_then(|f| f.groups.get(group)).map_or(Phase::Closed, |g| g.at(self.now))
    }

    pub(super) fn enter(&mut self, intent: &Intent, side: i8, closes: i64, entry: &Entry) {
        let id = intent.id.instance;
        let Entry { limit, quantity, trigger, approved } = *entry;
        let whole = quantity + closes;
        let now = self.now;
        let instance = &mut self.instances[id as usize];
        let window = self.accounts[instance.account as usize].limits_of(id).duplicate_ns;
        instance.recent.retain(|(_, _, at)| now - at < window);
        instance.recent.push((side, whole, now));
        let adds = matches!(intent.action, Action::Add | Action::Resize);
        let role = match closes {
            0 if adds => Role::Add,
            0 => Role::Entry,
            _ => Role::Flip,
        };
        let until = self.entry_until(intent);
        let name = OrderId { intent: intent.id, child: 0 };
        // What is added has no protection of its own: what guards the position guards it too.
        let protect = if adds { ProtectSpec::default() } else { ProtectSpec::of(intent) };
        let one = self.slice(id, whole);
        let draft = Order::draft(name, role, side, limit, one);
        self.place_entry(Order { more: whole - one, closes, trigger, until, protect, ..draft }, approved);
        if role == Role::Flip && trigger.is_none() {
            self.suspend_protection(id);
        }
    }

    /// Places what increases a position until its life is over.
    pub(super) fn place_entry(&mut self, order: Order, approved: Approved) -> u32 {
        let (id, until) = (order.instance, order.until);
        let slot = self.place(order, approved);
        self.instances[id as usize].entries.push(slot);
        self.timers.arm(TimerClass::Expire, slot, until);
        slot
    }

    /// Puts an approved order where it belongs: into the queue, or aside while it waits for its trigger.
    ///
    /// Only here orders come to be.
    pub(super) fn place(&mut self, mut order: Order, _: Approved) -> u32 {
        let instance = &mut self.instances[order.instance as usize];
        instance.orders += 1;
        let account = instance.account;
        (order.account, order.instrument, order.placed) = (account, instance.instrument, self.now);
        order.live_from = self.live_from(self.accounts[account as usize].def.latency_ns);
        if self.accounts[account as usize].is_at_broker() {
            order.wire.get_or_insert_default();
        }
        let waits = order.trigger.is_some();
        let slot = self.orders.insert(order);
        self.note_order(slot, "");
        self.step(slot, Event::Approve, if waits { "it waits for its trigger" } else { "" });
        if !waits {
            self.step(slot, Event::Enqueue, "");
            self.queue.push(slot);
        }
        self.arm_mark(account);
        slot
    }

    /// When an entry's life ends: by default with the candle after the one that caused it.
    pub(super) fn entry_until(&self, intent: &Intent) -> i64 {
        let open = self.facts.as_ref().map_or(0, |f| f.open_ns);
        let own = self.instances[intent.id.instance as usize].series.first();
        let length = match (intent.bar_seconds, own) {
            (0, Some(series)) => self.series[*series as usize].length,
            (0, None) => 0,
            (seconds, _) => i64::from(seconds.min(86_400)) * 1_000_000_000,
        };
        let forming = |ts: i64| open + (ts - open).div_euclid(length.max(1)) * length;
        let caused = (1..=self.now).contains(&intent.bar_open);
        let from = if caused { intent.bar_open } else { forming(self.now) };
        let candles = match (intent.valid_kind, length) {
            (ValidKind::Until, _) => return intent.valid.clamp(self.now, TIME_MAX),
            (ValidKind::Default | ValidKind::Bars, 0) => return self.now + ENTRY_LIFE_NS,
            (ValidKind::Bars, _) => intent.valid.clamp(1, 1_000),
            (ValidKind::Default, _) => 1,
        };
        (from + (candles + 1) * length).max(forming(self.now) + length)
    }
}

/// Money that units lose at their stop, reckoned as their size is.
pub(super) fn at_risk(units: i64, entry: i64, stop: Option<i64>, tick: i64) -> i64 {
    let distance = stop.map_or(entry, |stop| risk_distance(entry, stop, tick));
    super::account::narrow(i128::from(units) * i128::from(distance))
}

/// A protected-market limit: beyond the expected price, inside the circuits.
pub(super) fn protected(expected: i64, side: i8, offset: i64, lower: i64, upper: i64) -> i64 {
    let limit = expected.saturating_add(i64::from(side) * offset);
    let limit = if upper > 0 { limit.min(upper) } else { limit };
    limit.max(lower.max(1))
}

/// A limit in whole ticks that is never worse than what was asked for.
fn cautious(limit: i64, side: i8, tick: i64) -> i64 {
    if side > 0 { floor_tick(limit, tick) } else { ceil_tick(limit, tick) }
}

/// The limit that a strategy gave, in whole ticks; `None` where it gave none.
pub(super) fn given_limit(limit: f64, side: i8, tick: i64) -> Result<Option<i64>, Refusal> {
    if limit.is_nan() {
        return Ok(None);
    }
    let sane = from_float(limit).filter(|price| (1..=PRICE_MAX).contains(price));
    sane.map(|price| Some(cautious(price, side, tick))).ok_or_else(bad_price)
}

/// Whether an entry at a price would be beyond its own stop or target (0 for none).
pub(super) fn crossed(entry: i64, side: i8, stop: i64, target: i64) -> Option<(&'static str, &'static str)> {
    let beyond = |price: i64, side: i8| price > 0 && (entry - price) * i64::from(side) <= 0;
    if beyond(stop, side) {
        Some(("stop_crossed", "The price is beyond the stop already: no entry."))
    } else if beyond(target, -side) {
        Some(("target_crossed", "The price is beyond the target already: no entry."))
    } else {
        None
    }
}

/// No order may have as many units, whatever the limits say.
pub(super) fn too_large(units: i64) -> Refusal {
    Refusal { code: "order_quantity", sentence: "The quantity is above every limit.", limit: UNITS_MAX, value: units }
}

pub(super) fn bad_price() -> Refusal {
    Refusal { code: "bad_price", sentence: "A limit, stop, target or trail is not a price.", limit: 0, value: 0 }
}

//! Pre-trade risk: one table of rule × {increase, reduce, emergency, cancel}, every order through it.

use super::limits::{LEVELS, Levels};
use super::lock::OwnCaps;
use crate::fixed::{mul_div, to_float};
use crate::kernel::charges::RATE_ONE;
use crate::record::Phase;

/// What an order does to the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Class {
    Increase,
    Reduce,
    Emergency,
    Cancel,
}

/// A pre-trade rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is explained by its sentence in `Refusal`
pub enum Rule {
    KillSwitch,
    TradingState,
    SessionPhase,
    Tradable,
    Shortable,
    PriceBand,
    FatFinger,
    TickSize,
    LotSize,
    Freeze,
    OrderQuantity,
    OrderValue,
    PositionQuantity,
    PositionValue,
    TradeRisk,
    OpenOrders,
    IntentRate,
    TradesPerDay,
    DailyLoss,
    Drawdown,
    ProfitLock,
    Cooldown,
    MaxPositions,
    Funds,
    StaleQuote,
    Duplicate,
    UnknownOrder,
    OverReduce,
}

/// A rule, the classes that it stops (increase, reduce, emergency, cancel) and its check.
pub type Row = (Rule, [bool; 4], fn(&Order) -> Option<Refusal>);

/// The table: a reduction is stopped only by phase, tick, lot, freeze, price limits and the position itself.
pub const TABLE: [Row; 28] = [
    (Rule::KillSwitch, [true, false, false, false], check_kill),
    (Rule::TradingState, [true, false, false, false], check_reduce_only),
    (Rule::SessionPhase, [true, true, true, false], check_phase),
    (Rule::Tradable, [true, false, false, false], check_tradable),
    (Rule::Shortable, [true, false, false, false], check_short),
    (Rule::PriceBand, [true, true, true, false], check_band),
    (Rule::FatFinger, [true, false, false, false], check_fat_finger),
    (Rule::TickSize, [true, true, true, false], check_tick),
    (Rule::LotSize, [true, true, true, false], check_lot),
    (Rule::Freeze, [true, true, true, false], check_freeze),
    (Rule::OrderQuantity, [true, false, false, false], check_order_quantity),
    (Rule::OrderValue, [true, false, false, false], check_order_value),
    (Rule::PositionQuantity, [true, false, false, false], check_position_quantity),
    (Rule::PositionValue, [true, false, false, false], check_position_value),
    (Rule::TradeRisk, [true, false, false, false], check_trade_risk),
    (Rule::OpenOrders, [true, false, false, false], check_open_orders),
    (Rule::IntentRate, [true, false, false, false], check_intent_rate),
    (Rule::TradesPerDay, [true, false, false, false], check_trades),
    (Rule::DailyLoss, [true, false, false, false], check_daily_loss),
    (Rule::Drawdown, [true, false, false, false], check_drawdown),
    (Rule::ProfitLock, [true, false, false, false], check_profit_lock),
    (Rule::Cooldown, [true, false, false, false], check_cooldown),
    (Rule::MaxPositions, [true, false, false, false], check_positions),
    (Rule::Funds, [true, false, false, false], check_funds),
    (Rule::StaleQuote, [true, false, false, false], check_stale),
    (Rule::Duplicate, [true, false, false, false], check_duplicate),
    (Rule::UnknownOrder, [true, false, false, false], check_unknown),
    (Rule::OverReduce, [false, true, true, false], check_over_reduce),
];

/// Why an order may not go: a code, a sentence and the two numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule's code.
    pub code: &'static str,
    /// What it means.
    pub sentence: &'static str,
    /// What the rule allows.
    pub limit: i64,
    /// What was asked.
    pub value: i64,
}

/// Everything that the rules look at; money and prices at 1e-8, limits of 0 do not apply.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, clippy::struct_excessive_bools)] // facts, not options
pub struct Order {
    pub kill: [bool; LEVELS],
    pub reduce_only: bool,
    pub loss_stopped: [bool; LEVELS],
    pub drawdown_stopped: [bool; LEVELS],
    pub phase: Phase,
    pub tradable: bool,
    pub shortable: bool,
    /// A short would be carried over the night where that cannot be.
    pub carried_short: bool,
    pub side: i8,
    pub quantity: i64,
    pub limit: i64,
    pub last: i64,
    pub lower: i64,
    pub upper: i64,
    pub tick: i64,
    pub lot: i64,
    pub freeze: i64,
    /// Signed position before the order.
    pub position: i64,
    /// What else the account holds of the instrument.
    pub others: i64,
    /// Units of that position that the same order closes before it opens.
    pub closes: i64,
    /// Units that working entries can still add on the order's side.
    pub working: i64,
    pub order_quantity_max: Levels,
    pub order_value_max: Levels,
    pub position_quantity_max: Levels,
    pub position_value_max: Levels,
    /// Money that the order loses at its stop, or all that it costs where there is none.
    pub at_risk: i64,
    pub at_risk_max: Levels,
    pub fat_finger: Levels,
    pub open_orders: Levels,
    pub open_orders_max: Levels,
    pub intents: i64,
    pub intents_max: Levels,
    /// Round trips that are made, or will be by the order itself.
    pub trades: Levels,
    pub trades_max: Levels,
    pub margin_needed: i64,
    pub buying_power: i64,
    pub quote_age_ns: i64,
    pub quote_age_max_ns: i64,
    pub duplicate: bool,
    /// Nobody knows what became of an order of the account in the instrument.
    pub unknown: bool,
    /// What the strategy's own rules say.
    pub own: OwnCaps,
}

/// Proof that an order went through every rule of its class; only `approve` makes one.
#[derive(Clone, Copy, Debug)]
pub struct Approved(());

impl Approved {
    /// What is left of an approved order is approved: it asks for nothing more, at no other price.
    pub(super) fn rest_of(_: &super::order::Order) -> Self {
        Self(())
    }
}

/// Holds an order against every rule of its class.
pub fn approve(class: Class, order: &Order) -> Result<Approved, Refusal> {
    for (_, stops, check) in &TABLE {
        if stops[class as usize]
            && let Some(refusal) = check(order)
        {
            return Err(refusal);
        }
    }
    Ok(Approved(()))
}

/// A number of a refusal as people read it: rupees, seconds, or what is counted.
pub fn shown(code: &str, number: i64) -> f64 {
    match code {
        "near_upper_circuit" | "price_band" | "fat_finger" | "tick_size" | "order_value" | "position_value"
        | "trade_risk" | "profit_locked" | "funds" => to_float(number),
        "stale_quote" | "cooldown" => number as f64 / 1e9,
        _ => number as f64,
    }
}

fn when(broken: bool, code: &'static str, sentence: &'static str, limit: i64, value: i64) -> Option<Refusal> {
    broken.then_some(Refusal { code, sentence, limit, value })
}

/// One sentence for each level.
macro_rules! of_level {
    ($head:literal, $tail:literal) => {
        [
            concat!($head, "the account", $tail),
            concat!($head, "the strategy", $tail),
            concat!($head, "the instrument", $tail),
        ]
    };
}

/// The tightest limit that is broken, in its level's words.
fn over(maxima: &Levels, values: &Levels, code: &'static str, sentences: [&'static str; LEVELS]) -> Option<Refusal> {
    let broken = (0..LEVELS).filter(|l| maxima[*l] > 0 && values[*l] > maxima[*l]);
    let level = broken.min_by_key(|l| maxima[*l])?;
    Some(Refusal { code, sentence: sentences[level], limit: maxima[level], value: values[level] })
}

fn stopped(by: [bool; LEVELS], code: &'static str, sentences: [&'static str; LEVELS]) -> Option<Refusal> {
    let level = by.iter().position(|stopped| *stopped)?;
    Some(Refusal { code, sentence: sentences[level], limit: 0, value: 1 })
}

fn above(max: i64, value: i64, code: &'static str, sentence: &'static str) -> Option<Refusal> {
    when(max > 0 && value > max, code, sentence, max, value)
}

/// Units of the whole order, of which a flip's opening part is only the rest.
fn whole(o: &Order) -> i64 {
    o.quantity.saturating_add(o.closes)
}

fn order_money(o: &Order) -> i64 {
    i64::try_from(i128::from(whole(o)) * i128::from(o.limit)).unwrap_or(i64::MAX)
}

fn check_kill(o: &Order) -> Option<Refusal> {
    stopped(o.kill, "kill_switch", of_level!("The kill switch of ", " is on: nothing may be opened."))
}

fn check_reduce_only(o: &Order) -> Option<Refusal> {
    when(o.reduce_only, "reduce_only", "Only reductions are allowed now.", 0, 1)
}

fn check_phase(o: &Order) -> Option<Refusal> {
    closed(o.phase)
}

/// The refusal of whatever comes outside the continuous phase.
pub(super) fn closed(now: Phase) -> Option<Refusal> {
    let wanted = Phase::Continuous;
    when(now != wanted, "session_closed", "The instrument is not in continuous trading.", wanted as i64, now as i64)
}

fn check_tradable(o: &Order) -> Option<Refusal> {
    when(!o.tradable, "not_tradable", "The instrument cannot be traded.", 1, 0)
}

/// A short that locks at the upper circuit goes to auction: none within 1.5 % of it, be it by a limit that waits there.
fn check_short(o: &Order) -> Option<Refusal> {
    if o.side > 0 {
        return None;
    }
    let near = i64::try_from(i128::from(o.upper) * 985 / 1000).unwrap_or(i64::MAX);
    let price = o.last.max(o.limit);
    let locked = o.upper > 0 && price >= near;
    let hours = "A share cannot be held short over night: the strategy needs intraday hours.";
    when(!o.shortable, "not_shortable", "The instrument may not be sold short.", 0, o.quantity)
        .or_else(|| when(o.carried_short, "needs_intraday", hours, 0, o.quantity))
        .or_else(|| when(locked, "near_upper_circuit", "Too near the upper circuit to sell short.", near, price))
}

fn check_band(o: &Order) -> Option<Refusal> {
    let high = o.upper > 0 && o.limit > o.upper;
    let low = o.lower > 0 && o.limit < o.lower;
    when(high, "price_band", "The price is above the upper circuit.", o.upper, o.limit)
        .or_else(|| when(low, "price_band", "The price is below the lower circuit.", o.lower, o.limit))
}

fn check_fat_finger(o: &Order) -> Option<Refusal> {
    if o.last <= 0 {
        return None;
    }
    let room = |share: i64| mul_div(i128::from(o.last), i128::from(share), RATE_ONE).map_or(0, super::account::narrow);
    let off = o.limit.saturating_sub(o.last).saturating_abs();
    let sentences = of_level!("The price is farther from the last one than ", " allows.");
    over(&o.fat_finger.map(room), &[off; LEVELS], "fat_finger", sentences)
}

fn check_tick(o: &Order) -> Option<Refusal> {
    let broken = o.limit <= 0 || o.tick <= 0 || o.limit % o.tick != 0;
    when(broken, "tick_size", "The price is not a multiple of the tick.", o.tick, o.limit)
}

fn check_lot(o: &Order) -> Option<Refusal> {
    let broken = o.quantity <= 0 || o.lot <= 0 || o.quantity % o.lot != 0;
    when(broken, "lot_size", "The quantity is not a multiple of the lot.", o.lot, o.quantity)
}

fn check_freeze(o: &Order) -> Option<Refusal> {
    above(o.freeze, whole(o), "freeze", "The quantity is above the exchange's freeze quantity.")
}

fn check_order_quantity(o: &Order) -> Option<Refusal> {
    let sentences = of_level!("The quantity is above the order limit of ", ".");
    over(&o.order_quantity_max, &[whole(o); LEVELS], "order_quantity", sentences)
}

fn check_order_value(o: &Order) -> Option<Refusal> {
    let sentences = of_level!("The order's value is above the limit of ", ".");
    over(&o.order_value_max, &[order_money(o); LEVELS], "order_value", sentences)
}

/// Signed units that each level will hold: the strategy its own, account and instrument all of the account's.
fn held_after(o: &Order) -> [i128; LEVELS] {
    let added = i128::from(o.quantity) + i128::from(o.working) + i128::from(o.closes);
    let own = i128::from(o.position) + i128::from(o.side) * added;
    let net = own + i128::from(o.others);
    [net, own, net]
}

fn check_position_quantity(o: &Order) -> Option<Refusal> {
    let values = held_after(o).map(|units| super::account::narrow(units.abs()));
    let sentences = of_level!("The position's quantity would be above the limit of ", ".");
    over(&o.position_quantity_max, &values, "position_quantity", sentences)
}

fn check_position_value(o: &Order) -> Option<Refusal> {
    let values = held_after(o).map(|units| super::account::narrow(units.abs() * i128::from(o.limit)));
    let sentences = of_level!("The position's value would be above the limit of ", ".");
    over(&o.position_value_max, &values, "position_value", sentences)
}

fn check_trade_risk(o: &Order) -> Option<Refusal> {
    let sentences = of_level!("The trade could lose more than the limit of ", " for one trade.");
    over(&o.at_risk_max, &[o.at_risk; LEVELS], "trade_risk", sentences)
}

fn check_open_orders(o: &Order) -> Option<Refusal> {
    let values = o.open_orders.map(|open| open + 1);
    over(&o.open_orders_max, &values, "open_orders", of_level!("Too many orders of ", " are working."))
}

fn check_intent_rate(o: &Order) -> Option<Refusal> {
    let sentences = of_level!("Orders are asked for faster than ", " allows (within 1.1 s).");
    over(&o.intents_max, &[o.intents; LEVELS], "order_rate", sentences)
}

fn check_trades(o: &Order) -> Option<Refusal> {
    let sentences = of_level!("The round trips of ", " for the day are made.");
    let next = o.trades.map(|trades| trades + 1);
    let broken = over(&o.trades_max, &next, "trades_per_day", sentences)?;
    Some(Refusal { value: broken.value - 1, ..broken })
}

fn check_daily_loss(o: &Order) -> Option<Refusal> {
    stopped(o.loss_stopped, "daily_loss", of_level!("The loss limit of the day was reached by ", "."))
}

fn check_drawdown(o: &Order) -> Option<Refusal> {
    stopped(o.drawdown_stopped, "drawdown", of_level!("The drawdown limit of the day was reached by ", "."))
}

fn check_profit_lock(o: &Order) -> Option<Refusal> {
    let (kept, profit) = o.own.locked?;
    when(true, "profit_locked", "The day's profit is locked in: nothing more is opened.", kept, profit)
}

fn check_cooldown(o: &Order) -> Option<Refusal> {
    let (whole, left) = o.own.cooldown;
    when(left > 0, "cooldown", "A trade was closed a while ago: the strategy waits before the next.", whole, left)
}

fn check_positions(o: &Order) -> Option<Refusal> {
    let (max, others) = o.own.positions;
    let (most, value) = (i64::from(max), i64::from(others) + 1);
    above(most, value, "max_positions", "The strategy's class holds as many positions as it may.")
}

fn check_funds(o: &Order) -> Option<Refusal> {
    let broken = o.margin_needed > o.buying_power;
    when(broken, "funds", "The margin is above the buying power.", o.buying_power, o.margin_needed)
}

fn check_stale(o: &Order) -> Option<Refusal> {
    let broken = o.last <= 0 || o.quote_age_ns > o.quote_age_max_ns;
    let sentence = "The newest quote is too old to open a position on.";
    when(broken, "stale_quote", sentence, o.quote_age_max_ns, o.quote_age_ns)
}

fn check_duplicate(o: &Order) -> Option<Refusal> {
    when(o.duplicate, "duplicate", "The same order was asked for a moment ago.", 0, 1)
}

fn check_unknown(o: &Order) -> Option<Refusal> {
    let sentence =
        "Nobody knows yet what became of an order in the instrument: nothing is opened until the broker tells.";
    when(o.unknown, "unknown_order", sentence, 0, 1)
}

fn check_over_reduce(o: &Order) -> Option<Refusal> {
    let held = o.position.saturating_mul(-i64::from(o.side)).max(0);
    when(o.quantity > held, "over_reduce", "The order would close more than the position.", held, o.quantity)
}

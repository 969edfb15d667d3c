//! Pre-trade risk: one table of rule × {increase, reduce, emergency, cancel}, every order through it.

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
    PositionValue,
    InstanceOpenOrders,
    AccountOpenOrders,
    IntentRate,
    TradesPerDay,
    DailyLoss,
    Drawdown,
    Funds,
    StaleQuote,
    Duplicate,
    OverReduce,
}

/// A rule, the classes that it stops (increase, reduce, emergency, cancel) and its check.
pub type Row = (Rule, [bool; 4], fn(&Order) -> Option<Refusal>);

/// The table: a reduction is stopped only by phase, tick, lot, freeze, price limits and the position itself.
pub const TABLE: [Row; 23] = [
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
    (Rule::PositionValue, [true, false, false, false], check_position_value),
    (Rule::InstanceOpenOrders, [true, false, false, false], check_instance_open),
    (Rule::AccountOpenOrders, [true, false, false, false], check_account_open),
    (Rule::IntentRate, [true, false, false, false], check_intent_rate),
    (Rule::TradesPerDay, [true, false, false, false], check_trades),
    (Rule::DailyLoss, [true, false, false, false], check_daily_loss),
    (Rule::Drawdown, [true, false, false, false], check_drawdown),
    (Rule::Funds, [true, false, false, false], check_funds),
    (Rule::StaleQuote, [true, false, false, false], check_stale),
    (Rule::Duplicate, [true, false, false, false], check_duplicate),
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
    pub kill: bool,
    pub reduce_only: bool,
    pub loss_stopped: bool,
    pub drawdown_stopped: bool,
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
    /// Units of that position that the same order closes before it opens.
    pub closes: i64,
    /// Units that working entries can still add on the order's side.
    pub working: i64,
    pub order_quantity_max: i64,
    pub order_value_max: i64,
    pub position_value_max: i64,
    pub fat_finger: i64,
    pub open_instance: u32,
    pub open_instance_max: u32,
    pub open_account: u32,
    pub open_account_max: u32,
    pub intents: u32,
    pub intents_max: u32,
    pub trades: u32,
    pub trades_max: u32,
    pub margin_needed: i64,
    pub buying_power: i64,
    pub quote_age_ns: i64,
    pub quote_age_max_ns: i64,
    pub duplicate: bool,
}

/// Proof that an order went through every rule of its class; only `approve` makes one.
#[derive(Clone, Copy, Debug)]
pub struct Approved(());

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
        | "funds" => to_float(number),
        "stale_quote" => number as f64 / 1e9,
        _ => number as f64,
    }
}

fn when(broken: bool, code: &'static str, sentence: &'static str, limit: i64, value: i64) -> Option<Refusal> {
    broken.then_some(Refusal { code, sentence, limit, value })
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
    when(o.kill, "kill_switch", "The kill switch is on: nothing may be opened.", 0, 1)
}

fn check_reduce_only(o: &Order) -> Option<Refusal> {
    when(o.reduce_only, "reduce_only", "Only reductions are allowed now.", 0, 1)
}

fn check_phase(o: &Order) -> Option<Refusal> {
    let (wanted, now) = (Phase::Continuous, o.phase);
    when(now != wanted, "session_closed", "The instrument is not in continuous trading.", wanted as i64, now as i64)
}

fn check_tradable(o: &Order) -> Option<Refusal> {
    when(!o.tradable, "not_tradable", "The instrument cannot be traded.", 1, 0)
}

/// A short that locks at the upper circuit goes to auction: none within 1.5 % of it.
fn check_short(o: &Order) -> Option<Refusal> {
    if o.side > 0 {
        return None;
    }
    let near = i64::try_from(i128::from(o.upper) * 985 / 1000).unwrap_or(i64::MAX);
    let locked = o.upper > 0 && o.last >= near;
    let hours = "A share cannot be held short over night: the strategy needs intraday hours.";
    when(!o.shortable, "not_shortable", "The instrument may not be sold short.", 0, o.quantity)
        .or_else(|| when(o.carried_short, "needs_intraday", hours, 0, o.quantity))
        .or_else(|| when(locked, "near_upper_circuit", "Too near the upper circuit to sell short.", near, o.last))
}

fn check_band(o: &Order) -> Option<Refusal> {
    let high = o.upper > 0 && o.limit > o.upper;
    let low = o.lower > 0 && o.limit < o.lower;
    when(high, "price_band", "The price is above the upper circuit.", o.upper, o.limit)
        .or_else(|| when(low, "price_band", "The price is below the lower circuit.", o.lower, o.limit))
}

fn check_fat_finger(o: &Order) -> Option<Refusal> {
    if o.fat_finger <= 0 || o.last <= 0 {
        return None;
    }
    let room = super::account::narrow(mul_div(i128::from(o.last), i128::from(o.fat_finger), RATE_ONE)?);
    let off = o.limit.saturating_sub(o.last).saturating_abs();
    when(off > room, "fat_finger", "The price is too far from the last one.", room, off)
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
    above(o.order_quantity_max, whole(o), "order_quantity", "The quantity is above the order limit.")
}

fn check_order_value(o: &Order) -> Option<Refusal> {
    above(o.order_value_max, order_money(o), "order_value", "The order's value is above its limit.")
}

fn check_position_value(o: &Order) -> Option<Refusal> {
    let added = i128::from(o.quantity) + i128::from(o.working) + i128::from(o.closes);
    let after = i128::from(o.position) + i128::from(o.side) * added;
    let value = i64::try_from(after.abs() * i128::from(o.limit)).unwrap_or(i64::MAX);
    above(o.position_value_max, value, "position_value", "The position's value would be above its limit.")
}

fn check_instance_open(o: &Order) -> Option<Refusal> {
    let (max, value) = (i64::from(o.open_instance_max), i64::from(o.open_instance) + 1);
    above(max, value, "open_orders", "The strategy has too many working orders.")
}

fn check_account_open(o: &Order) -> Option<Refusal> {
    let (max, value) = (i64::from(o.open_account_max), i64::from(o.open_account) + 1);
    above(max, value, "account_open_orders", "The account has too many working orders.")
}

fn check_intent_rate(o: &Order) -> Option<Refusal> {
    let (max, value) = (i64::from(o.intents_max), i64::from(o.intents));
    above(max, value, "order_rate", "The strategy asks for orders too fast (within 1.1 s).")
}

fn check_trades(o: &Order) -> Option<Refusal> {
    let broken = o.trades_max > 0 && o.trades >= o.trades_max;
    let (max, value) = (i64::from(o.trades_max), i64::from(o.trades));
    when(broken, "trades_per_day", "The strategy has made its round trips of the day.", max, value)
}

fn check_daily_loss(o: &Order) -> Option<Refusal> {
    when(o.loss_stopped, "daily_loss", "The loss limit of the day was reached.", 0, 1)
}

fn check_drawdown(o: &Order) -> Option<Refusal> {
    when(o.drawdown_stopped, "drawdown", "The drawdown limit of the day was reached.", 0, 1)
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

fn check_over_reduce(o: &Order) -> Option<Refusal> {
    let held = o.position.saturating_mul(-i64::from(o.side)).max(0);
    when(o.quantity > held, "over_reduce", "The order would close more than the position.", held, o.quantity)
}

//! Every cell of rule × {increase, reduce, emergency, cancel}: one fact at a time is broken.

use super::day::paise;
use crate::kernel::risk::{Class, Order, Rule, TABLE, approve, shown};
use crate::record::Phase;

/// An order that breaks no rule, of a class.
fn sound(class: Class) -> Order {
    let increase = class == Class::Increase;
    Order {
        kill: false,
        reduce_only: false,
        loss_stopped: false,
        drawdown_stopped: false,
        phase: Phase::Continuous,
        tradable: true,
        shortable: true,
        carried_short: false,
        side: -1,
        quantity: 50,
        limit: paise(100.0),
        last: paise(100.0),
        lower: paise(90.0),
        upper: paise(120.0),
        tick: paise(0.05),
        lot: 25,
        freeze: 1_000,
        position: if increase { 0 } else { 50 },
        closes: 0,
        working: 0,
        order_quantity_max: 500,
        order_value_max: paise(50_000.0),
        position_value_max: paise(50_000.0),
        fat_finger: 300_000_000,
        open_instance: 1,
        open_instance_max: 10,
        open_account: 1,
        open_account_max: 50,
        intents: 1,
        intents_max: 2,
        trades: 1,
        trades_max: 50,
        margin_needed: paise(1_000.0),
        buying_power: paise(2_000.0),
        quote_age_ns: 0,
        quote_age_max_ns: 10_000_000_000,
        duplicate: false,
    }
}

/// What breaks a rule, the code that says so, and the classes that it stops.
type Case = (Rule, &'static str, fn(&mut Order), &'static str);

/// I(ncrease), R(educe), E(mergency); nothing ever stops a cancel.
const CASES: [Case; 24] = [
    (Rule::KillSwitch, "kill_switch", |o| o.kill = true, "I"),
    (Rule::TradingState, "reduce_only", |o| o.reduce_only = true, "I"),
    (Rule::SessionPhase, "session_closed", |o| o.phase = Phase::Halt, "IRE"),
    (Rule::Tradable, "not_tradable", |o| o.tradable = false, "I"),
    (Rule::Shortable, "not_shortable", |o| o.shortable = false, "I"),
    (Rule::Shortable, "needs_intraday", |o| o.carried_short = true, "I"),
    (Rule::PriceBand, "price_band", |o| o.lower = paise(100.05), "IRE"),
    (Rule::FatFinger, "fat_finger", |o| o.limit = paise(103.05), "I"),
    (Rule::TickSize, "tick_size", |o| o.limit += 1, "IRE"),
    (Rule::LotSize, "lot_size", |o| o.lot = 20, "IRE"),
    (Rule::Freeze, "freeze", |o| o.freeze = 49, "IRE"),
    (Rule::OrderQuantity, "order_quantity", |o| o.order_quantity_max = 49, "I"),
    (Rule::OrderValue, "order_value", |o| o.order_value_max = paise(4_999.99), "I"),
    (Rule::PositionValue, "position_value", |o| (o.position, o.position_value_max) = (-50, paise(9_999.99)), "I"),
    (Rule::InstanceOpenOrders, "open_orders", |o| o.open_instance = 10, "I"),
    (Rule::AccountOpenOrders, "account_open_orders", |o| o.open_account = 50, "I"),
    (Rule::IntentRate, "order_rate", |o| o.intents = 3, "I"),
    (Rule::TradesPerDay, "trades_per_day", |o| o.trades = 50, "I"),
    (Rule::DailyLoss, "daily_loss", |o| o.loss_stopped = true, "I"),
    (Rule::Drawdown, "drawdown", |o| o.drawdown_stopped = true, "I"),
    (Rule::Funds, "funds", |o| o.buying_power = o.margin_needed - 1, "I"),
    (Rule::StaleQuote, "stale_quote", |o| o.quote_age_ns = 10_000_000_001, "I"),
    (Rule::Duplicate, "duplicate", |o| o.duplicate = true, "I"),
    (Rule::OverReduce, "over_reduce", |o| o.position = 49, "RE"),
];

const CLASSES: [(Class, char); 4] =
    [(Class::Increase, 'I'), (Class::Reduce, 'R'), (Class::Emergency, 'E'), (Class::Cancel, 'C')];

#[test]
fn what_breaks_no_rule_is_approved() {
    for (class, _) in CLASSES {
        approve(class, &sound(class)).unwrap();
    }
}

#[test]
fn every_cell_of_the_table_is_what_the_design_says() {
    let mut rules = CASES.map(|case| case.0).to_vec();
    rules.dedup(); // a rule with two codes has two cases
    assert_eq!(rules, TABLE.map(|row| row.0));
    for (rule, code, spoil, stops) in CASES {
        for (class, letter) in CLASSES {
            let mut order = sound(class);
            // A position that an over-reduction is measured against does not stand in the other rules' way.
            if !(rule == Rule::PositionValue && class != Class::Increase) {
                spoil(&mut order);
            }
            let told = approve(class, &order).err().map(|r| r.code);
            assert_eq!(told, stops.contains(letter).then_some(code), "{rule:?} × {class:?}");
        }
    }
}

#[test]
fn each_limit_is_the_last_value_that_passes() {
    type Edge = (&'static str, fn(&mut Order));
    let edges: [Edge; 9] = [
        ("freeze", |o| o.freeze = 50),
        ("order quantity", |o| o.order_quantity_max = 50),
        ("order value", |o| o.order_value_max = paise(5_000.0)),
        ("position value", |o| (o.position, o.position_value_max) = (-50, paise(10_000.0))),
        ("open orders", |o| (o.open_instance, o.open_account) = (9, 49)),
        ("intents", |o| o.intents = 2),
        ("fat finger", |o| o.limit = paise(103.0)),
        ("funds", |o| o.buying_power = o.margin_needed),
        ("age", |o| o.quote_age_ns = 10_000_000_000),
    ];
    for (name, set) in edges {
        let mut order = sound(Class::Increase);
        set(&mut order);
        assert!(approve(Class::Increase, &order).is_ok(), "{name}");
    }
}

#[test]
fn a_limit_of_zero_is_none() {
    let mut order = sound(Class::Increase);
    order.quantity = 1_000_000_000;
    (order.lot, order.freeze, order.order_quantity_max, order.order_value_max) = (1, 0, 0, 0);
    (order.position_value_max, order.fat_finger, order.open_instance_max, order.open_account_max) = (0, 0, 0, 0);
    (order.intents_max, order.trades_max, order.lower, order.upper) = (0, 0, 0, 0);
    assert!(approve(Class::Increase, &order).is_ok());
}

#[test]
fn every_phase_but_the_continuous_one_stops_all_but_a_cancel() {
    for phase in [Phase::Closed, Phase::PreOpen, Phase::Transition, Phase::Auction, Phase::Post, Phase::Halt] {
        for (class, letter) in CLASSES {
            let refused = approve(class, &Order { phase, ..sound(class) }).is_err();
            assert_eq!(refused, letter != 'C', "{phase:?} × {class:?}");
        }
    }
}

#[test]
fn a_new_short_within_one_and_a_half_percent_of_the_upper_circuit_is_refused() {
    let at = |last: f64, side: i8| {
        let last = paise(last);
        let order = Order { last, limit: last, side, upper: paise(120.0), ..sound(Class::Increase) };
        approve(Class::Increase, &order).err().map(|r| r.code)
    };
    assert_eq!(at(118.15, -1), None);
    assert_eq!(at(118.2, -1), Some("near_upper_circuit"));
    assert_eq!(at(120.0, -1), Some("near_upper_circuit"));
    assert_eq!(at(120.0, 1), None);
}

#[test]
fn the_numbers_of_a_refusal_are_rupees_seconds_or_counts() {
    let number = |code| shown(code, 2_500_000_000);
    for code in
        ["near_upper_circuit", "price_band", "fat_finger", "tick_size", "order_value", "position_value", "funds"]
    {
        assert!((number(code) - 25.0).abs() < f64::EPSILON, "{code}");
    }
    assert!((number("stale_quote") - 2.5).abs() < f64::EPSILON);
    for code in ["lot_size", "freeze", "order_quantity", "open_orders", "order_rate", "trades_per_day", "over_reduce"] {
        assert!((number(code) - 2.5e9).abs() < f64::EPSILON, "{code}");
    }
}

#[test]
fn extremes_are_refused_and_overflow_nothing() {
    for extreme in [i64::MAX, i64::MIN, -1, 0] {
        let set: [fn(&mut Order, i64); 8] = [
            |o, v| o.quantity = v,
            |o, v| o.limit = v,
            |o, v| (o.quantity, o.limit) = (v, v),
            |o, v| o.position = v,
            |o, v| (o.closes, o.working, o.position, o.quantity) = (v, v, v, v),
            |o, v| (o.last, o.limit) = (v, v),
            |o, v| o.buying_power = v,
            |o, v| (o.lower, o.upper) = (v, v),
        ];
        for change in set {
            for (class, _) in CLASSES {
                let mut order = sound(class);
                change(&mut order, extreme);
                let _ = approve(class, &order);
            }
        }
    }
}

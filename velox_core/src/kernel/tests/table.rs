//! Every cell of rule × {increase, reduce, emergency, cancel}: one fact at a time is broken.

use super::day::{S, paise};
use crate::kernel::OwnCaps;
use crate::kernel::risk::{Class, Order, Rule, TABLE, approve, shown};
use crate::record::Phase;

/// An order that breaks no rule, of a class.
fn sound(class: Class) -> Order {
    let increase = class == Class::Increase;
    Order {
        kill: [false; 3],
        reduce_only: false,
        loss_stopped: [false; 3],
        drawdown_stopped: [false; 3],
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
        others: 0,
        closes: 0,
        working: 0,
        order_quantity_max: [500; 3],
        order_value_max: [paise(50_000.0); 3],
        position_quantity_max: [500; 3],
        position_value_max: [paise(50_000.0); 3],
        at_risk: paise(100.0),
        at_risk_max: [paise(200.0); 3],
        fat_finger: [300_000_000; 3],
        open_orders: [1; 3],
        open_orders_max: [50, 10, 20],
        intents: 1,
        intents_max: [2; 3],
        trades: [1; 3],
        trades_max: [150, 50, 100],
        margin_needed: paise(1_000.0),
        buying_power: paise(2_000.0),
        quote_age_ns: 0,
        quote_age_max_ns: 10_000_000_000,
        duplicate: false,
        unknown: false,
        own: OwnCaps { locked: None, cooldown: (60 * S, 0), positions: (3, 2) },
    }
}

/// What breaks a rule, the code that says so, and the classes that it stops.
type Case = (Rule, &'static str, fn(&mut Order), &'static str);

/// I(ncrease), R(educe), E(mergency); nothing ever stops a cancel.
const CASES: [Case; 29] = [
    (Rule::KillSwitch, "kill_switch", |o| o.kill[1] = true, "I"),
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
    (Rule::OrderQuantity, "order_quantity", |o| o.order_quantity_max[1] = 49, "I"),
    (Rule::OrderValue, "order_value", |o| o.order_value_max[2] = paise(4_999.99), "I"),
    (Rule::PositionQuantity, "position_quantity", |o| (o.others, o.position_quantity_max[0]) = (-50, 99), "I"),
    (Rule::PositionValue, "position_value", |o| (o.position, o.position_value_max[0]) = (-50, paise(9_999.99)), "I"),
    (Rule::TradeRisk, "trade_risk", |o| o.at_risk = paise(200.01), "I"),
    (Rule::OpenOrders, "open_orders", |o| o.open_orders[0] = 50, "I"),
    (Rule::IntentRate, "order_rate", |o| o.intents = 3, "I"),
    (Rule::TradesPerDay, "trades_per_day", |o| o.trades[1] = 50, "I"),
    (Rule::DailyLoss, "daily_loss", |o| o.loss_stopped[2] = true, "I"),
    (Rule::Drawdown, "drawdown", |o| o.drawdown_stopped[0] = true, "I"),
    (Rule::ProfitLock, "profit_locked", |o| o.own.locked = Some((2_000, 1_990)), "I"),
    (Rule::Cooldown, "cooldown", |o| o.own.cooldown.1 = 1, "I"),
    (Rule::MaxPositions, "max_positions", |o| o.own.positions.1 = 3, "I"),
    (Rule::Funds, "funds", |o| o.buying_power = o.margin_needed - 1, "I"),
    (Rule::StaleQuote, "stale_quote", |o| o.quote_age_ns = 10_000_000_001, "I"),
    (Rule::Duplicate, "duplicate", |o| o.duplicate = true, "I"),
    (Rule::UnknownOrder, "unknown_order", |o| o.unknown = true, "I"),
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
    let edges: [Edge; 11] = [
        ("freeze", |o| o.freeze = 50),
        ("order quantity", |o| o.order_quantity_max = [50; 3]),
        ("order value", |o| o.order_value_max = [paise(5_000.0); 3]),
        ("position value", |o| (o.position, o.position_value_max) = (-50, [paise(10_000.0); 3])),
        ("open orders", |o| o.open_orders = [49, 9, 19]),
        ("intents", |o| o.intents = 2),
        ("position quantity", |o| o.position_quantity_max = [50; 3]),
        ("risk of a trade", |o| o.at_risk = paise(200.0)),
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
    (order.lot, order.freeze, order.lower, order.upper) = (1, 0, 0, 0);
    (order.order_quantity_max, order.order_value_max, order.at_risk_max) = ([0; 3], [0; 3], [0; 3]);
    (order.position_quantity_max, order.position_value_max, order.fat_finger) = ([0; 3], [0; 3], [0; 3]);
    (order.open_orders_max, order.intents_max, order.trades_max) = ([0; 3], [0; 3], [0; 3]);
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
    let resting = Order { last: paise(116.0), limit: paise(118.2), upper: paise(120.0), ..sound(Class::Increase) };
    assert_eq!(
        approve(Class::Increase, &Order { side: -1, ..resting }).err().map(|r| r.code),
        Some("near_upper_circuit")
    );
}

#[test]
fn the_numbers_of_a_refusal_are_rupees_seconds_or_counts() {
    let number = |code| shown(code, 2_500_000_000);
    for code in
        ["near_upper_circuit", "price_band", "fat_finger", "tick_size", "order_value", "position_value", "funds"]
    {
        assert!((number(code) - 25.0).abs() < f64::EPSILON, "{code}");
    }
    for code in ["stale_quote", "cooldown"] {
        assert!((number(code) - 2.5).abs() < f64::EPSILON, "{code}");
    }
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

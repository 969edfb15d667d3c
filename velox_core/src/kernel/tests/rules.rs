//! Every rule of the table once more, from an intent to its refusal.

use super::day::{Day, at, paise, share};
use crate::kernel::hooks::HookArg;
use crate::record::{Action, CommandKind, Kind};

/// The code that a wish for ten units is refused with after `spoil`; none where an order came of it.
fn refusal(side: i8, spoil: impl FnOnce(&mut Day)) -> Option<String> {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    day.tick("10:00:00", 100.0);
    spoil(&mut day);
    day.forget();
    day.go(side, 10);
    assert_eq!(day.kernel.out.hooks.len(), day.kernel.instances[0].entries.len() ^ 1);
    day.news().first().filter(|l| l.starts_with("refused")).map(|l| l.split(' ').nth(1).unwrap().to_owned())
}

fn redefined(day: &mut Day, change: impl FnOnce(&mut crate::record::InstrumentDef)) {
    let mut def = share(0);
    change(&mut def);
    day.put(Kind::InstrumentDef, &def);
}

#[test]
fn a_sound_wish_is_not_refused() {
    assert_eq!(refusal(1, |_| {}), None);
    assert_eq!(refusal(-1, |_| {}), None);
}

#[test]
fn each_rule_refuses_an_intent() {
    type Spoil = fn(&mut Day);
    let cases: [(&str, i8, Spoil); 15] = [
        ("kill_switch", 1, |d| d.command(CommandKind::Halt, "k")),
        ("reduce_only", 1, |d| d.kernel.accounts[0].skipped = true),
        ("not_tradable", 1, |d| redefined(d, |i| i.kind = 0)),
        ("not_shortable", -1, |d| redefined(d, |i| i.shortable = false)),
        ("needs_intraday", -1, |d| d.kernel.instances[0].entry_until = i64::MAX),
        ("near_upper_circuit", -1, |d| redefined(d, |i| i.upper = paise(101.0))),
        ("freeze", 1, |d| redefined(d, |i| (i.freeze, i.lot) = (9, 10))),
        ("order_quantity", 1, |d| d.limits(|l| l.order_quantity = 9)),
        ("order_value", 1, |d| d.limits(|l| l.order_value = paise(1_000.0))),
        ("position_value", 1, |d| d.limits(|l| l.position_value = paise(1_000.0))),
        ("trades_per_day", 1, |d| d.kernel.instances[0].trades = 50),
        ("daily_loss", 1, |d| d.kernel.accounts[0].trading = crate::kernel::Trading::LossStopped),
        ("drawdown", 1, |d| d.kernel.instances[0].trading = crate::kernel::Trading::DrawdownStopped),
        ("funds", 1, |d| d.kernel.accounts[0].def.capital = paise(100.0)),
        ("session_closed", 1, |d| d.kernel.now = at("15:30")),
    ];
    for (code, side, spoil) in cases {
        let told = refusal(side, |day| {
            day.kernel.instances[0].entry_until = at("16:00");
            spoil(day);
        });
        assert_eq!(told.as_deref(), Some(code));
    }
}

#[test]
fn a_quantity_that_is_no_multiple_of_the_lot_makes_no_order() {
    let mut day = Day::new();
    redefined(&mut day, |i| i.lot = 7);
    day.tick("10:00:00", 100.0);
    day.go(1, 10);
    assert_eq!(day.news(), ["s0 too_small"]);
}

#[test]
fn a_limit_outside_the_circuits_or_far_from_the_price_is_refused() {
    let told = |limit: f64| {
        let mut day = Day::new();
        redefined(&mut day, |i| (i.lower, i.upper) = (paise(98.0), paise(102.0)));
        day.tick("10:00:00", 100.0);
        day.wish(Action::Go, 1).quantity(10).limit(limit).send();
        day.news()[0].clone()
    };
    assert_eq!(told(102.05), "refused price_band 10200000000/10205000000");
    assert_eq!(told(97.95), "refused price_band 9800000000/9795000000");
    let mut day = Day::new();
    day.tick("10:00:00", 100.0);
    day.wish(Action::Go, 1).quantity(10).limit(103.05).send();
    assert_eq!(day.news(), ["refused fat_finger 300000000/305000000"]);
}

#[test]
fn a_protected_price_stays_inside_the_circuits() {
    let mut day = Day::new();
    redefined(&mut day, |i| (i.lower, i.upper) = (paise(99.82), paise(100.23)));
    day.tick("10:00:00", 100.0);
    day.go(1, 10);
    assert_eq!(day.news(), ["1.0 entry +10 @100.2 OPEN"]);
    day.go(0, 0);
    day.forget();
    day.kernel.markets[0].upper = 0;
    day.go(-1, 11);
    assert_eq!(day.news(), ["3.0 entry -11 @99.85 OPEN"]);
}

#[test]
fn a_quote_older_than_ten_seconds_opens_nothing() {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    day.share(|_| {});
    day.tick("10:00:00", 100.0);
    day.tick_of(1, "10:00:10", 50.0);
    day.go(1, 10);
    day.go(0, 0);
    day.tick_of(1, "10:00:10.001", 50.0);
    day.forget();
    day.go(1, 11);
    assert_eq!(day.news(), ["refused stale_quote 10000000000/10001000000"]);
    day.tick("10:00:10.001", 100.0); // a duplicate would not help, a tick does
    day.go(1, 11);
    assert!(day.news()[0].ends_with("OPEN"));
}

#[test]
fn a_duplicate_tick_does_not_make_a_quote_younger() {
    let mut day = Day::new();
    day.share(|_| {});
    day.tick("10:00:00", 100.0);
    day.tick_of(1, "10:00:11", 50.0);
    day.tick("10:00:00", 100.0);
    day.forget();
    day.go(1, 10);
    assert_eq!(day.news(), ["refused stale_quote 10000000000/11000000000"]);
}

#[test]
fn without_a_price_nothing_is_opened() {
    let mut day = Day::new();
    day.share(|_| {});
    day.tick_of(1, "10:00:11", 50.0);
    day.go(1, 10);
    assert_eq!(day.news(), ["refused stale_quote 0/0"]);
}

#[test]
fn the_same_order_within_a_second_is_a_duplicate() {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    day.tick("10:00:00", 100.0);
    day.trade(1, 10);
    day.trade(1, 11);
    day.forget();
    day.trade(1, 10);
    assert_eq!(day.news(), ["refused duplicate 0/1"], "even with another one between");
    day.tick("10:00:01", 100.0);
    day.forget();
    day.trade(1, 10);
    assert!(day.news()[0].ends_with("OPEN"), "a second later it is none");
}

#[test]
fn eleven_orders_of_an_instance_are_too_many() {
    let mut day = Day::new();
    day.limits(|l| (l.intents, l.sends) = (0, 0));
    day.tick("10:00:00", 100.0);
    for units in 1..=10 {
        day.wish(Action::Trade, 1).quantity(units).limit(99.0).send();
    }
    day.forget();
    day.wish(Action::Trade, 1).quantity(11).limit(99.0).send();
    assert_eq!(day.news(), ["refused open_orders 10/11"]);
    day.limits(|l| (l.intents, l.sends, l.instance_open_orders, l.account_open_orders) = (0, 0, 0, 10));
    day.wish(Action::Trade, 1).quantity(11).limit(99.0).send();
    assert_eq!(day.news(), ["refused open_orders 10/11"]);
}

#[test]
fn a_refusal_reaches_the_strategy_with_code_sentence_and_numbers() {
    let mut day = Day::new();
    day.limits(|l| l.order_quantity = 9);
    day.tick("10:00:00", 100.0);
    day.go(1, 10);
    let HookArg::Refusal { intent, code, sentence, limit, value } = &day.kernel.out.hooks[0].arg else {
        panic!("no refusal");
    };
    assert_eq!((*intent, *code, *limit, *value), (1, "order_quantity", 9, 10));
    assert_eq!(sentence, "The quantity is above the order limit of the account.");
}

#[test]
fn limits_of_one_instance_hold_too() {
    let mut day = Day::new();
    day.limits(|l| (l.instance, l.order_quantity) = (0, 9));
    day.tick("10:00:00", 100.0);
    day.go(1, 10);
    assert_eq!(day.news(), ["refused order_quantity 9/10"]);
}

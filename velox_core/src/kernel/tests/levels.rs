//! Limits of account, strategy and instrument: the tightest holds, and a refusal names its level.

use super::day::{Day, paise};
use crate::kernel::Trading;
use crate::kernel::hooks::HookArg;
use crate::record::{Action, LimitsSet};

/// Two shares, each with a strategy, on one account.
fn pair() -> Day {
    let mut day = Day::bare();
    day.begin();
    for _ in 0..2 {
        day.share(|_| {});
    }
    for _ in 0..2 {
        day.start(|_| {});
    }
    day.feed_up("09:00");
    for share in 0..2 {
        day.tick_of(share, "10:00:00", 100.0);
    }
    day.limits(|l| l.intents = 0);
    day.forget();
    day
}

/// Sets limits of nothing but what `change` names, for an instance or an instrument.
fn only(day: &mut Day, instance: i64, instrument: i64, change: impl FnOnce(&mut LimitsSet)) {
    day.limits(|l| {
        *l = LimitsSet { instance, instrument, ..none() };
        change(l);
    });
}

fn none() -> LimitsSet {
    LimitsSet {
        account: 0,
        instance: -1,
        instrument: -1,
        order_value: 0,
        position_value: 0,
        order_quantity: 0,
        position_quantity: 0,
        trade_risk: 0,
        instance_open_orders: 0,
        account_open_orders: 0,
        intents: 0,
        refusals: 0,
        sends: 0,
        trades: 0,
        account_trades: 0,
        daily_loss: 0,
        drawdown: 0,
        fat_finger: 0,
        duplicate_ns: 0,
    }
}

fn sentence(day: &Day) -> String {
    match &day.kernel.out.hooks[0].arg {
        HookArg::Refusal { sentence, .. } => sentence.clone(),
        other => panic!("{other:?} is no refusal"),
    }
}

#[test]
fn the_tightest_of_the_levels_wins_and_is_named() {
    for (levels, limit, level) in [([9, 7, 8], 7, "strategy"), ([6, 7, 8], 6, "account"), ([0, 0, 5], 5, "instrument")]
    {
        let mut day = pair();
        day.limits(|l| (l.intents, l.order_quantity) = (0, levels[0]));
        only(&mut day, 0, -1, |l| l.order_quantity = levels[1]);
        only(&mut day, -1, 0, |l| l.order_quantity = levels[2]);
        day.forget();
        day.trade(1, 10);
        assert_eq!(day.news(), [format!("refused order_quantity {limit}/10")]);
        assert_eq!(sentence(&day), format!("The quantity is above the order limit of the {level}."));
        day.wish_of(1, Action::Trade, 1).quantity(5).send();
        assert!(day.news()[0].ends_with("OPEN"), "the other strategy trades another instrument");
    }
}

#[test]
fn a_level_of_its_own_never_loosens_the_account() {
    let mut day = pair();
    day.limits(|l| (l.intents, l.trades, l.instance_open_orders, l.order_quantity) = (0, 5, 3, 9));
    only(&mut day, 0, -1, |l| (l.trades, l.instance_open_orders, l.order_quantity) = (50, 30, 90));
    let limits = day.kernel.accounts[0].limits_of(0);
    assert_eq!((limits.trades, limits.instance_open_orders, limits.order_quantity), (5, 3, 9));
    only(&mut day, 0, -1, |l| (l.trades, l.duplicate_ns) = (2, 5_000_000_000));
    let limits = day.kernel.accounts[0].limits_of(0);
    assert_eq!((limits.trades, limits.duplicate_ns), (2, 5_000_000_000));
    day.limits(|l| (l.intents, l.trades) = (0, 1));
    assert_eq!(day.kernel.accounts[0].limits_of(0).trades, 1, "the account's limits may change afterwards");
}

#[test]
fn order_value_position_value_and_quantity_hold_at_every_level() {
    type Set = fn(&mut LimitsSet);
    let cases: [(Set, &str); 4] = [
        (|l| l.order_value = paise(1_005.0), "refused order_value 100500000000/100550000000"),
        (|l| l.position_value = paise(1_005.0), "refused position_value 100500000000/100550000000"),
        (|l| l.position_quantity = 9, "refused position_quantity 9/10"),
        // without a stop all of the expected price of 100.05 is at risk; ₹1,000 are 0.1 % of the capital
        (|l| l.trade_risk = 10_000_000, "refused trade_risk 100000000000/100050000000"),
    ];
    for (instance, instrument, level) in [(-1, -1, "account"), (0, -1, "strategy"), (-1, 0, "instrument")] {
        for (set, refusal) in cases {
            let mut day = pair();
            only(&mut day, instance, instrument, set);
            day.forget();
            day.trade(1, 10);
            assert_eq!(day.news(), [refusal], "{level}");
            assert!(sentence(&day).contains(&format!("the {level}")), "{}", sentence(&day));
        }
    }
}

#[test]
fn a_position_limit_counts_what_is_held_and_what_works() {
    let mut day = pair();
    only(&mut day, -1, 0, |l| l.position_quantity = 25);
    day.trade(1, 10);
    day.tick_of(0, "10:00:00.5", 100.0);
    day.wish(Action::Trade, 1).quantity(9).limit(99.0).send();
    day.forget();
    day.trade(1, 7);
    assert_eq!(day.news(), ["refused position_quantity 25/26"]);
    day.trade(1, 6);
    assert!(day.news()[0].ends_with("OPEN"));
}

#[test]
fn a_risk_size_is_cut_to_the_risk_of_one_trade() {
    let mut day = pair();
    only(&mut day, 0, -1, |l| l.trade_risk = 5_000_000); // 0.05 % of ten lakh: ₹500
    day.forget();
    day.wish(Action::Go, 1).risk_rupees(2_000.0).stop(99.05).send();
    // one rupee a unit from the expected 100.05
    assert_eq!(day.news(), ["sized_down sized_down 500/2000", "1.0 entry +500 @100.55 OPEN"]);
}

#[test]
fn open_orders_are_counted_for_account_strategy_and_instrument() {
    let mut day = pair();
    only(&mut day, -1, 0, |l| l.account_open_orders = 1);
    day.wish(Action::Trade, 1).quantity(5).limit(99.0).send();
    day.forget();
    day.trade(1, 6);
    assert_eq!(day.news(), ["refused open_orders 1/2"]);
    assert_eq!(sentence(&day), "Too many orders of the instrument are working.");
    day.wish_of(1, Action::Trade, 1).quantity(5).send();
    day.limits(|l| (l.intents, l.account_open_orders) = (0, 2));
    day.forget();
    day.wish_of(1, Action::Trade, 1).quantity(6).send();
    assert_eq!(sentence(&day), "Too many orders of the account are working.");
}

#[test]
fn round_trips_are_counted_for_account_and_instrument_too() {
    let mut day = pair();
    for clock in ["10:01:00", "10:02:00"] {
        day.tick(clock, 100.0);
        day.go(1, 10);
        day.tick(&format!("{clock}.2"), 100.0);
        day.go(0, 0);
        day.tick(&format!("{clock}.4"), 100.0);
    }
    day.tick_of(1, "10:02:01", 100.0);
    only(&mut day, -1, 0, |l| l.account_trades = 2);
    day.forget();
    day.go(1, 10);
    assert_eq!(day.news(), ["refused trades_per_day 2/2"]);
    assert_eq!(sentence(&day), "The round trips of the instrument for the day are made.");
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    assert!(day.news()[0].ends_with("OPEN"), "the other instrument has its own count");
    day.wish_of(1, Action::CancelEntry, 0).send();
    day.limits(|l| (l.intents, l.account_trades) = (0, 2));
    day.forget();
    day.wish_of(1, Action::Go, 1).quantity(11).send();
    assert_eq!(day.news(), ["refused trades_per_day 2/2"]);
    assert_eq!(sentence(&day), "The round trips of the account for the day are made.");
}

#[test]
fn an_order_pace_may_be_the_instruments_alone() {
    let mut day = pair();
    only(&mut day, -1, 0, |l| l.intents = 1);
    day.trade(1, 5);
    day.forget();
    day.trade(1, 6);
    assert_eq!(day.news(), ["refused order_rate 1/2"]);
    assert_eq!(sentence(&day), "Orders are asked for faster than the instrument allows (within 1.1 s).");
}

#[test]
fn the_round_trip_that_a_flip_completes_counts() {
    let mut day = pair();
    day.limits(|l| (l.intents, l.trades) = (0, 1));
    day.go(1, 10);
    day.tick("10:00:00.5", 100.0);
    day.forget();
    day.go(-1, 10);
    assert_eq!(day.news()[0], "refused trades_per_day 1/1");
    assert!(day.news().is_empty());
    day.tick("10:00:01", 100.0);
    assert_eq!(day.held(), 0, "the closing part went alone");
}

#[test]
fn a_loss_in_one_instrument_closes_that_one_alone() {
    let mut day = pair();
    only(&mut day, -1, 0, |l| l.daily_loss = 10_000_000); // 0.1 % of ten lakh: ₹1,000
    for strategy in 0..2 {
        day.wish_of(strategy, Action::Go, 1).quantity(1_000).send();
    }
    for share in 0..2 {
        day.tick_of(share, "10:00:01", 100.0); // at 100.05
    }
    for share in 0..2 {
        day.tick_of(share, "10:00:02", 99.1);
    }
    assert_eq!(day.kernel.accounts[0].desks[&0].trading, Trading::Active, "₹950 of ₹1,000");
    for share in 0..2 {
        day.tick_of(share, "10:00:03", 99.0);
    }
    day.clock("10:00:04");
    for share in 0..2 {
        day.tick_of(share, "10:00:04.5", 99.0);
    }
    assert_eq!((day.held(), day.kernel.instances[1].book.quantity()), (0, 1_000));
    assert_eq!(day.kernel.accounts[0].desks[&0].trading, Trading::LossStopped);
    assert_eq!(day.kernel.accounts[0].trading, Trading::Active);
    day.tick("10:00:10", 99.0);
    day.forget();
    day.go(1, 5);
    assert_eq!(day.news(), ["refused daily_loss 0/1"]);
    assert_eq!(sentence(&day), "The loss limit of the day was reached by the instrument.");
}

#[test]
fn a_fall_below_the_days_best_in_one_instrument_closes_it() {
    let mut day = pair();
    only(&mut day, -1, 0, |l| l.drawdown = 10_000_000);
    day.go(1, 1_000);
    day.tick("10:00:01", 100.0);
    day.tick("10:00:02", 103.0);
    day.clock("10:00:03"); // best: ₹2,950
    day.tick("10:00:03.5", 102.1);
    day.clock("10:00:05");
    assert_eq!(day.kernel.accounts[0].desks[&0].trading, Trading::Active);
    day.tick("10:00:05.5", 102.0);
    day.clock("10:00:07");
    assert_eq!(day.kernel.accounts[0].desks[&0].trading, Trading::DrawdownStopped);
}

#[test]
fn limits_of_what_is_not_there_are_refused() {
    let mut day = pair();
    let mut refused = |instance, instrument| {
        let limits = LimitsSet { instance, instrument, ..none() };
        day.try_put(crate::record::Kind::LimitsSet, &limits).unwrap_err()
    };
    assert_eq!(refused(-1, 2), "limits for instrument 2, which is not there");
    assert_eq!(refused(0, 0), "limits are of an instance or of an instrument, not of both");
}

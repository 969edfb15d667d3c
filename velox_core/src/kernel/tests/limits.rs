//! The paper defaults: rates, refusals, losses, drawdown, marks, margin.

use super::day::{Day, at, paise};
use crate::fixed::ONE;
use crate::kernel::Trading;
use crate::record::{Action, InstrumentDef, Kind};

#[test]
fn the_defaults_are_those_of_the_table() {
    let l = super::super::account::default_limits(0);
    assert_eq!((l.order_value, l.position_value, l.order_quantity), (5_000_000 * ONE, 5_000_000 * ONE, 0));
    assert_eq!((l.instance_open_orders, l.account_open_orders), (10, 50));
    assert_eq!((l.intents, l.refusals, l.sends, l.trades), (2, 20, 8, 50));
    let percent = 100_000_000;
    assert_eq!((l.daily_loss, l.drawdown, l.fat_finger), (3 * percent, 5 * percent, 3 * percent));
    assert_eq!(l.duplicate_ns, 1_000_000_000);
}

#[test]
fn a_third_order_intent_within_1_1_s_is_refused() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    for units in 1..=3 {
        day.trade(1, units);
    }
    assert_eq!(day.news().last().unwrap(), "refused order_rate 2/3");
    day.tick("09:15:02.1", 100.0);
    day.trade(1, 4);
    assert_eq!(day.news().last().unwrap(), "1.0 entry +4 @100.55 OPEN".replace("1.0", "4.0").as_str());
}

#[test]
fn rates_never_refuse_a_reduction() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.trade(1, 10);
    day.trade(1, 5);
    day.tick("09:15:01.5", 100.0);
    day.forget();
    day.trade(-1, 3);
    assert_eq!(day.news(), ["1.1 reduce -3 @99.45 OPEN"]);
}

#[test]
fn twenty_refusals_within_a_minute_halt_the_instance() {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    day.tick("09:15:01.2", 100.0);
    day.trade(1, 5);
    for _ in 0..19 {
        day.trade(1, 1_000_000);
    }
    assert_eq!(day.kernel.instances[0].trading, Trading::Active);
    day.forget();
    day.trade(1, 1_000_000);
    assert_eq!(
        day.news(),
        [
            "refused order_value 500000000000000/10055000000000000",
            "s0 halted",
            "2.0 entry +5 @100.55 CANCELLED (halted)"
        ]
    );
    day.tick("09:15:03", 100.0);
    day.trade(1, 1);
    assert_eq!(day.news(), ["refused reduce_only 0/1"]);
    day.go(0, 0);
    day.tick("09:15:04", 100.0);
    assert_eq!(day.held(), 0, "it may still reduce");
}

#[test]
fn refusals_a_minute_apart_do_not_halt() {
    let mut day = Day::new();
    for minute in 20..50 {
        day.tick(&format!("09:{minute}:01"), 100.0);
        day.trade(1, 1_000_000);
        day.trade(1, 1_000_000);
    }
    assert_eq!(day.kernel.instances[0].trading, Trading::Active);
}

/// Ten shares, each with a strategy, ticking at the same time.
fn ten() -> Day {
    let mut day = Day::bare();
    day.begin();
    for _ in 0..10 {
        day.share(|_| {});
    }
    for _ in 0..8 {
        day.start(|_| {});
    }
    day.feed_up("09:00");
    for share in 0..8 {
        day.tick_of(share, "09:15:01", 100.0);
    }
    day
}

#[test]
fn eight_orders_leave_in_1_1_s_and_exits_go_first() {
    let mut day = ten();
    for strategy in 0..7 {
        day.wish_of(strategy, Action::Trade, 1).quantity(10).send();
    }
    for share in 0..8 {
        day.tick_of(share, "09:15:01.1", 100.0);
    }
    day.wish_of(7, Action::Trade, 1).quantity(10).send(); // the eighth
    day.forget();
    for strategy in 0..3 {
        day.wish_of(strategy, Action::Trade, 1).quantity(5).send();
    }
    day.wish_of(3, Action::Go, 0).send();
    assert!(day.news().is_empty(), "all of them wait");
    assert_eq!(day.kernel.queue.len(), 4);
    day.clock("09:15:02.1");
    let opened: Vec<_> = day.news().into_iter().filter(|l| l.ends_with(" OPEN")).collect();
    assert_eq!(opened[0], "1.1 exit -10 @99.5 OPEN", "the exit leaves before the older entries");
    assert_eq!(opened.len(), 4);
    assert_eq!(day.kernel.queue.len(), 0, "seven places became free at once");
}

#[test]
fn the_kill_switch_empties_the_queue_in_the_same_apply() {
    let mut day = ten();
    for strategy in 0..8 {
        day.wish_of(strategy, Action::Trade, 1).quantity(10).send();
    }
    for strategy in 0..2 {
        day.wish_of(strategy, Action::Trade, 1).quantity(5).send();
    }
    assert_eq!(day.kernel.queue.len(), 2);
    day.command(crate::record::CommandKind::Halt, "k");
    assert_eq!((day.kernel.queue.len(), day.kernel.orders.iter().count()), (0, 0));
}

#[test]
fn a_daily_loss_closes_the_position_and_leaves_reductions() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10_000);
    day.tick("09:15:01.5", 100.0); // at 100.05
    day.tick("09:15:01.9", 97.06);
    day.tick("09:15:02", 97.06);
    assert_eq!(day.kernel.instances[0].trading, Trading::Active, "₹29,900 of ₹30,000");
    day.tick("09:15:02.9", 97.05);
    day.forget();
    day.tick("09:15:03", 97.05);
    assert_eq!(
        day.said()[..5],
        [
            "s0 strategy_limit",
            "1.1 limit -10000 @96.5 CREATED",
            "1.1 limit -10000 @96.5 APPROVED",
            "1.1 limit -10000 @96.5 QUEUED",
            "s0 account_limit"
        ]
        .map(str::to_owned)
    );
    day.tick("09:15:03.5", 97.05);
    assert_eq!(day.held(), 0);
    day.tick("09:15:05", 97.05);
    day.forget();
    day.go(1, 1);
    assert_eq!(day.news(), ["refused daily_loss 0/1"]);
}

#[test]
fn an_instance_has_its_own_capital_and_its_own_loss() {
    let mut day = Day::bare();
    day.begin();
    day.share(|_| {});
    day.start(|s| s.capital = 100_000 * ONE);
    day.tick("09:15:01", 100.0);
    day.go(1, 1_000);
    day.tick("09:15:01.5", 100.0);
    day.tick("09:15:02.5", 96.9);
    day.clock("09:15:03");
    assert_eq!(day.kernel.instances[0].trading, Trading::LossStopped);
    assert_eq!(day.kernel.accounts[0].trading, Trading::Active);
}

#[test]
fn a_drawdown_from_the_days_best_stops_too() {
    let mut day = Day::new();
    day.limits(|l| l.daily_loss = 0);
    day.tick("09:15:01", 100.0);
    day.go(1, 10_000);
    day.tick("09:15:01.5", 100.0);
    day.tick("09:15:03", 110.0); // equity 10,99,500
    day.tick("09:15:04", 104.6);
    assert_eq!(day.kernel.accounts[0].trading, Trading::Active);
    day.tick("09:15:05.1", 104.4); // 5 % below 10,99,500 is 10,44,525
    assert_eq!(day.kernel.accounts[0].trading, Trading::Active);
    day.tick("09:15:06", 104.4);
    assert_eq!(day.kernel.accounts[0].trading, Trading::DrawdownStopped);
    assert_eq!(day.kernel.instances[0].trading, Trading::DrawdownStopped);
    day.tick("09:15:07", 104.4);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_limit_exit_that_is_refused_is_tried_until_the_position_is_closed() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10_000);
    day.tick("09:15:01.5", 100.0);
    let def = InstrumentDef { lot: 7, ..super::day::share(0) };
    day.put(Kind::InstrumentDef, &def);
    day.tick("09:15:02.5", 90.0);
    day.tick("09:15:03", 90.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (10_000, 0));
    day.put(Kind::InstrumentDef, &InstrumentDef { lot: 1, ..def });
    day.tick("09:15:04.5", 90.0);
    day.tick("09:15:05", 90.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn the_account_is_marked_every_second_while_something_is_open() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.clock("09:15:05");
    assert!(day.said().is_empty(), "nothing is open");
    day.tick("09:15:05", 100.0);
    day.go(1, 10);
    day.tick("09:15:05.5", 100.0);
    day.said();
    day.tick("09:15:08", 101.0);
    let marks: Vec<_> = day.said().into_iter().filter(|l| l.starts_with("mark")).collect();
    assert_eq!(
        marks,
        [
            "mark equity 999999.5 drawdown 0.5 margin 200.1",
            "mark equity 999999.5 drawdown 0.5 margin 200.1",
            "mark equity 999999.5 drawdown 0.5 margin 200.1"
        ]
    );
    day.go(0, 0);
    day.tick("09:15:08.5", 101.0);
    day.forget();
    day.tick("09:20:00", 101.0);
    assert_eq!(day.said(), ["mark equity 1000009 drawdown 0 margin 0"], "one last time after it was closed");
}

#[test]
fn nothing_is_marked_after_the_day() {
    let mut day = Day::new();
    day.tick("15:29:00", 100.0);
    day.tick("09:15:01", 100.0);
    day.wish(Action::Trade, 1).quantity(10).send();
    assert!(day.kernel.next_due() < i64::MAX);
    day.clock("16:00:02");
    assert_eq!((day.kernel.next_due(), day.kernel.orders.iter().count()), (i64::MAX, 0));
}

#[test]
fn profit_is_first_in_first_out_per_strategy_and_net_per_account() {
    let mut day = ten();
    day.wish_of(0, Action::Trade, 1).quantity(10).send();
    day.wish_of(1, Action::Trade, -1).quantity(4).send();
    for share in 0..2 {
        day.tick_of(share, "09:15:01.5", 100.0);
    }
    day.tick_of(0, "09:15:03", 110.0);
    day.wish_of(0, Action::Trade, 1).quantity(10).send();
    day.tick_of(0, "09:15:03.5", 110.0);
    day.wish_of(0, Action::Trade, -1).quantity(15).send();
    day.tick_of(0, "09:15:04", 120.0);
    // bought 10 at 100.05 and 10 at 110.05, sold 15 at 119.95
    let realised = i128::from(10 * (paise(119.95) - paise(100.05)) + 5 * (paise(119.95) - paise(110.05)));
    assert_eq!(day.kernel.instances[0].book.realised(), realised);
    assert_eq!(day.kernel.accounts[0].realised(), realised);
    let open = i128::from(5 * (paise(120.0) - paise(110.05)) + 4 * (paise(99.95) - paise(100.0)));
    assert_eq!(day.kernel.unrealised(0), open);
    assert_eq!(day.kernel.equity(0), i128::from(1_000_000 * ONE) + realised + open);
}

#[test]
fn round_trips_of_the_day_are_counted() {
    let mut day = Day::new();
    day.limits(|l| (l.trades, l.intents) = (2, 0));
    for (minute, side) in [(20, 1), (21, -1)] {
        day.tick(&format!("09:{minute}:00"), 100.0);
        day.go(side, 10);
        day.tick(&format!("09:{minute}:00.5"), 100.0);
        day.go(0, 0);
        day.tick(&format!("09:{minute}:01"), 100.0);
    }
    day.tick("09:25:00", 100.0);
    day.forget();
    day.go(1, 10);
    assert_eq!(day.news(), ["refused trades_per_day 2/2"]);
}

#[test]
fn working_entries_hold_margin_back() {
    let mut day = Day::with(|d| d.account.capital = 2_000 * ONE);
    day.limits(|l| (l.daily_loss, l.drawdown) = (0, 0));
    day.tick("09:15:01", 100.0);
    day.trade(1, 60); // ₹1,206.60
    day.trade(1, 40); // ₹804.40 of ₹793.40 left
    assert_eq!(day.news().last().unwrap(), "refused funds 79340000000/80440000000");
    assert_eq!(day.kernel.orders.iter().next().unwrap().1.until, at("09:16:01"));
}

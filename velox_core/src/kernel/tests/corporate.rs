//! Splits, bonuses and dividends of what is held over the night.

use super::day::{Day, at, paise};
use super::new_day::{again, tick, tomorrow};
use crate::record::{Action, BrokerReply, CorporateAction, HistoryBar, Kind, MarkKind, NodeAdded, ReplyKind};

type Change = fn(&mut CorporateAction);

fn action(new: i64, old: i64, dividend: f64) -> CorporateAction {
    let (was, source) = (String::new(), "test".to_owned());
    CorporateAction { instrument: 0, ex: 20_260_716, new, old, dividend: paise(dividend), was, source }
}

/// So many units from 100.05 held over the night, stop 95, target 120, last price 110.
fn held(units: i64) -> Day {
    let mut day = Day::with_bars(&[60]);
    day.tick("14:00:00", 100.0);
    let side = units.signum() as i8;
    let away = f64::from(side);
    day.wish(Action::Trade, side).quantity(units.abs()).stop(100.0 - 5.0 * away).target(100.0 + 20.0 * away).send();
    day.tick("14:00:01", 100.0);
    day.tick("14:00:05", 100.0 + 10.0 * away);
    assert_eq!(day.held(), units);
    day.put(Kind::FactsLoaded, &tomorrow());
    day.forget();
    day
}

fn started(mut day: Day) -> Day {
    day.put(Kind::StrategyStarted, &again());
    day.session(MarkKind::FeedUp, at("09:00") + 86_400_000_000_000);
    day.forget();
    day
}

#[test]
fn a_split_changes_units_and_prices_and_no_money() {
    let mut day = held(10);
    let (equity, unrealised) = (day.kernel.equity(0), day.kernel.unrealised(0));
    day.put(Kind::CorporateAction, &action(5, 1, 0.0));
    assert_eq!(
        day.said(),
        [
            "action +50 of +10 dividend 0 fraction 0",
            "position +50 @20.01 realised 0",
            "moved stop 19 target 24",
            "s0 corporate_action"
        ]
    );
    assert_eq!((day.kernel.equity(0), day.kernel.unrealised(0)), (equity, unrealised));
    let i = &day.kernel.instances[0];
    assert_eq!((i.protection.entry, i.protection.risk), (paise(20.01), paise(1.01)));
    assert_eq!((day.kernel.markets[0].last, i.book.quantity(), i.dividends), (paise(22.0), 50, 0));
    let mut day = started(day);
    assert_eq!(day.kernel.instances[0].day_profit(paise(22.0)), 0, "nothing of it is a profit of the day");
    tick(&mut day, "09:15:05", 22.0);
    assert_eq!(day.held(), 50, "the price of after meets no stop of before");
    tick(&mut day, "09:15:06", 24.01);
    assert_eq!((day.held(), day.kernel.equity(0) - equity), (0, i128::from(50 * paise(2.0))));
}

#[test]
fn a_dividend_is_that_of_the_old_shares_where_they_are_split_too() {
    let mut day = held(10);
    let equity = day.kernel.equity(0);
    day.put(Kind::CorporateAction, &action(2, 1, 10.0));
    assert_eq!(
        day.said(),
        [
            "action +20 of +10 dividend 100 fraction 0",
            "position +20 @50.025 realised 100",
            "moved stop 47.5 target 60",
            "s0 corporate_action"
        ]
    );
    assert_eq!((day.kernel.equity(0), day.kernel.instances[0].dividends), (equity, i128::from(paise(100.0))));
    assert_eq!((day.kernel.accounts[0].dividends, day.kernel.markets[0].last), (i128::from(paise(100.0)), paise(50.0)));
}

#[test]
fn a_short_pays_the_dividend() {
    let mut day = held(-10);
    let equity = day.kernel.equity(0);
    day.put(Kind::CorporateAction, &action(1, 1, 4.0));
    assert_eq!(
        day.said(),
        ["action -10 of -10 dividend -40 fraction 0", "position -10 @99.95 realised -40", "s0 corporate_action"]
    );
    assert_eq!(day.kernel.equity(0), equity);
}

#[test]
fn a_dividend_moves_no_stop_and_is_no_profit_of_the_day() {
    let mut day = held(10);
    let (equity, guard) = (day.kernel.equity(0), day.kernel.instances[0].protection.clone());
    day.put(Kind::CorporateAction, &action(1, 1, 4.0));
    assert_eq!((day.kernel.equity(0), &day.kernel.instances[0].protection), (equity, &guard));
    let mut day = started(day);
    tick(&mut day, "09:15:05", 106.0);
    assert_eq!((day.held(), day.kernel.equity(0)), (10, equity), "the fall is what was paid");
    assert_eq!(day.kernel.instances[0].day_profit(paise(106.0)), 0);
    tick(&mut day, "09:15:06", 95.0);
    tick(&mut day, "09:15:08", 95.0);
    assert_eq!(day.held(), 0, "the stop of before is met where it stands");
}

#[test]
fn what_is_left_of_a_share_is_paid_at_the_adjusted_price() {
    let mut day = held(7);
    let equity = day.kernel.equity(0);
    day.put(Kind::CorporateAction, &action(3, 2, 0.0));
    let said = day.said();
    // Ten and a half: half a share of 110 × 2 ÷ 3.
    assert_eq!(said[0], "action +10 of +7 dividend 0 fraction 36.66666667");
    assert_eq!(day.held(), 10);
    assert!((day.kernel.equity(0) - equity).abs() <= 10, "but for the rounding of the last price");
    assert_eq!(day.kernel.accounts[0].net[&0].quantity(), 10);
}

#[test]
fn a_position_of_less_than_a_new_share_is_paid_out_and_its_trade_is_over() {
    let mut day = held(3);
    day.put(Kind::CorporateAction, &action(1, 10, 0.0));
    let said = day.said();
    assert_eq!(said[0], "action +0 of +3 dividend 0 fraction 330");
    assert!(said.contains(&"disarmed stop 0 target 0".to_owned()), "{said:?}");
    let i = &day.kernel.instances[0];
    assert_eq!((day.held(), i.book.realised(), i.trades), (0, i128::from(paise(3.0 * 9.95)), 1));
}

#[test]
fn what_others_hold_is_converted_too() {
    let mut day = held(7);
    let reply = BrokerReply {
        kind: ReplyKind::ForeignFill,
        account: 0,
        id: "t".into(),
        instrument: 0,
        side: 1,
        quantity: 7,
        price: paise(100.0),
        ..BrokerReply::default()
    };
    day.put(Kind::BrokerReply, &reply);
    day.forget();
    day.put(Kind::CorporateAction, &action(3, 2, 1.0));
    assert_eq!(day.said().iter().filter(|line| line.starts_with("action +10 of +7 dividend 7 ")).count(), 2);
    let account = &day.kernel.accounts[0];
    assert_eq!((account.external.books[&0].quantity(), account.net[&0].quantity()), (10, 20));
    assert_eq!(account.dividends, i128::from(paise(14.0)));
}

#[test]
fn parts_trails_and_the_best_price_move_along() {
    let mut day = Day::with_bars(&[60]);
    day.tick("14:00:00", 100.0);
    let wish = day.wish(Action::Trade, 1).quantity(9).stop(95.0);
    wish.part(1.0 / 3.0, Some(120.0), None).part(0.0, None, Some(6.0)).send();
    day.tick("14:00:01", 100.0);
    day.tick("14:00:05", 110.0);
    day.put(Kind::FactsLoaded, &tomorrow());
    day.put(Kind::CorporateAction, &action(2, 1, 0.0));
    let guard = &day.kernel.instances[0].protection;
    assert_eq!(guard.best, paise(55.0));
    let parts: Vec<_> = guard.parts.iter().map(|part| (part.left, part.target, part.trail)).collect();
    assert_eq!(parts, [(6, paise(60.0), 0), (12, 0, paise(3.0))]);
}

#[test]
fn indicators_begin_anew_with_what_they_are_joined_with() {
    let mut day = Day::bare();
    day.begin();
    (0..3).for_each(|_| _ = day.share(|_| {}));
    let series: Vec<u32> = (0..3).map(|share| day.watch(share, 60)).collect();
    let node = |id, series, source: &str, kind: &str, second: &str| NodeAdded {
        id,
        series,
        source: source.into(),
        kind: kind.into(),
        params: if kind == "ema" { vec![2.0] } else { vec![] },
        second: second.into(),
        instance: -1,
    };
    day.put(Kind::NodeAdded, &node(0, series[2], "close", "ema", ""));
    day.put(Kind::NodeAdded, &node(1, series[0], "close", "minus", "series:1:close"));
    for (at_ns, series) in [("10:00", 0), ("10:00", 1), ("10:00", 2), ("10:01", 0), ("10:01", 1), ("10:01", 2)] {
        let price = paise(50.0);
        let (ts_open, volume, ticks) = (at(at_ns) - 86_400_000_000_000, 1, 1);
        day.put(
            Kind::HistoryBar,
            &HistoryBar { series, ts_open, open: price, high: price, low: price, close: price, volume, ticks },
        );
    }
    let ready = |day: &Day| day.kernel.nodes.iter().map(|node| !node.values[0].is_nan()).collect::<Vec<_>>();
    assert_eq!(ready(&day), [true, true]);
    day.put(Kind::FactsLoaded, &tomorrow());
    day.put(Kind::CorporateAction, &action(5, 1, 0.0));
    assert_eq!(ready(&day), [true, false]);
    assert_eq!((0..3).map(|s| day.kernel.fed_until(s) > 0).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn a_name_alone_changes_nothing() {
    let mut day = held(10);
    let before = (day.kernel.equity(0), day.kernel.instances[0].book.clone());
    day.put(Kind::CorporateAction, &CorporateAction { was: "NSE:OLD".into(), ..action(1, 1, 0.0) });
    assert!(day.said().is_empty());
    assert_eq!((day.kernel.equity(0), day.kernel.instances[0].book.clone()), before);
    assert_eq!(day.kernel.date_before, 20_260_715);
    assert_eq!(day.kernel.acted, [(0, 20_260_716)]);
}

#[test]
fn what_cannot_be_is_refused() {
    let cases: [(Change, &str); 7] = [
        (|a| a.instrument = 9, "is not there"),
        (|a| a.new = 0, "the new count"),
        (|a| a.old = 2_000_000, "the old count"),
        (|a| a.dividend = -1, "dividend"),
        (|a| a.dividend = paise(110.0), "not less than the last price"),
        (|a| a.ex = 20_260_717, "after the session"),
        (|a| a.old = 1_000_000, "too large"),
    ];
    for (change, said) in cases {
        let mut bad = action(1, 1, 0.0);
        change(&mut bad);
        let mut day = held(10);
        let told = day.try_put(Kind::CorporateAction, &bad).unwrap_err();
        assert!(told.contains(said), "{told}");
    }
    let mut day = held(10);
    day.put(Kind::CorporateAction, &action(5, 1, 0.0));
    assert!(day.try_put(Kind::CorporateAction, &action(5, 1, 0.0)).unwrap_err().contains("booked already"));
    let mut day = started(held(10));
    tick(&mut day, "09:15:05", 110.0);
    assert!(day.try_put(Kind::CorporateAction, &action(5, 1, 0.0)).unwrap_err().contains("has begun"));
}

#[test]
fn a_last_price_that_cannot_be_scaled_refuses_the_action() {
    let mut day = Day::new();
    day.tick("14:00:00", 100.0);
    day.trade(1, 1);
    day.tick("14:00:01", 100.0);
    day.tick("14:00:02", 9_000_000.0);
    day.put(Kind::FactsLoaded, &tomorrow());
    let equity = day.kernel.equity(0);
    assert!(day.try_put(Kind::CorporateAction, &action(2, 3, 0.0)).unwrap_err().contains("too large"));
    assert_eq!((day.kernel.equity(0), day.kernel.markets[0].last), (equity, paise(9_000_000.0)));
}

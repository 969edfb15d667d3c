//! What one part of the kernel does to another: parts, entries and limits that meet.

use super::day::{Day, paise};
use crate::record::{Action, BrokerReply, Kind, ReplyKind, StrategyRules};

/// A share at 100, partial fills, a strategy that may begin one trade.
fn one_trade() -> Day {
    let mut day = Day::bare();
    day.account.partial = true;
    day.begin();
    day.share(|_| {});
    day.start(|s| s.rules = StrategyRules { max_trades: 1, ..StrategyRules::default() });
    day.feed_up("09:00");
    day.limits(|l| l.intents = 0);
    day.tick("09:15:01", 100.0);
    day
}

fn trade_tick(day: &mut Day, clock: &str, rupees: f64, units: i64) {
    let mut tick = day.packet(clock, rupees);
    tick.last_qty = units;
    day.put_tick(&tick);
}

#[test]
fn the_last_part_that_leaves_takes_the_rest_of_its_entry_back() {
    let mut day = one_trade();
    day.wish(Action::Go, 1).quantity(10).limit(100.0).stop(98.0).part(1.0, Some(101.0), None).send();
    trade_tick(&mut day, "09:15:02", 99.9, 4);
    assert_eq!(day.held(), 4);
    trade_tick(&mut day, "09:15:03", 101.5, 4);
    assert_eq!(day.held(), 0);
    trade_tick(&mut day, "09:15:04", 99.0, 6);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0), "the trade is over");
}

#[test]
fn an_increment_that_rests_does_not_begin_a_trade_too_many() {
    let mut day = one_trade();
    day.wish(Action::Go, 1).quantity(10).stop(95.0).send();
    trade_tick(&mut day, "09:15:02", 100.0, 0);
    day.wish(Action::Trade, -1).quantity(10).limit(101.0).send();
    day.wish(Action::Trade, 1).quantity(5).limit(99.0).send();
    trade_tick(&mut day, "09:15:03", 100.0, 0);
    trade_tick(&mut day, "09:15:04", 101.5, 0);
    assert_eq!(day.held(), 0);
    trade_tick(&mut day, "09:15:05", 98.0, 0);
    assert_eq!(day.held(), 0);
}

#[test]
fn parts_that_a_new_increment_brings_are_not_closed_by_the_order_of_an_old_one() {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(90.0).part(0.5, None, Some(1.0)).part(0.5, Some(110.0), None).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 99.0); // the first part leaves, down to 98.4
    day.wish(Action::Trade, 1).quantity(6).stop(90.0).part(0.1, Some(108.0), None).part(0.9, Some(109.0), None).send();
    day.tick("09:15:04", 97.5);
    day.tick("09:15:05", 97.5);
    day.tick("09:15:06", 97.5);
    day.tick("09:15:07", 110.5);
    assert_eq!(day.held(), 0, "{:?}", day.news());
}

#[test]
fn an_entry_that_rests_against_a_position_does_not_begin_a_trade_too_many() {
    let mut day = one_trade();
    day.wish(Action::Trade, 1).quantity(10).limit(99.0).send();
    day.wish(Action::Trade, -1).quantity(15).limit(101.0).send();
    trade_tick(&mut day, "09:15:02", 100.0, 0);
    trade_tick(&mut day, "09:15:03", 98.5, 0);
    assert_eq!(day.held(), 10);
    trade_tick(&mut day, "09:15:04", 101.5, 0);
    assert_eq!(day.held(), 10, "the sale of 15 was taken back");
}

#[test]
fn an_increment_that_fills_while_a_part_leaves_spreads_no_unit_twice() {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(90.0).part(0.5, None, Some(1.0)).part(0.5, Some(110.0), None).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 99.0);
    day.wish(Action::Add, 0).quantity(6).send();
    day.tick("09:15:04", 97.5);
    day.tick("09:15:05", 97.5);
    day.tick("09:15:06", 97.5);
    day.tick("09:15:07", 97.5);
    day.tick("09:15:08", 110.5);
    assert_eq!(day.held(), 0, "{:?}", day.news());
}

#[test]
fn what_somebody_else_sells_leaves_no_order_that_turns_the_position() {
    let mut day = one_trade();
    day.wish(Action::Trade, 1).quantity(10).limit(99.0).send();
    day.wish(Action::Trade, -1).quantity(10).limit(101.0).send();
    trade_tick(&mut day, "09:15:02", 100.0, 0);
    trade_tick(&mut day, "09:15:03", 98.5, 0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (10, 1), "the sale closes what is held");
    let (kind, id, price) = (ReplyKind::ForeignFill, "a".to_owned(), paise(100.0));
    let sold =
        BrokerReply { kind, account: 0, id, instrument: 0, side: -1, quantity: 4, price, ..BrokerReply::default() };
    day.put(Kind::BrokerReply, &sold);
    trade_tick(&mut day, "09:15:04", 101.5, 0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (6, 0));
}

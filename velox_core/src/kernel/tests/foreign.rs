//! Rule 22: what somebody else trades on the account.

use super::day::{Day, paise};
use crate::record::{Action, BrokerReply, CommandKind, Kind, ReplyKind};

fn told(side: i8, quantity: i64, price: f64, id: &str) -> BrokerReply {
    let kind = ReplyKind::ForeignFill;
    let price = paise(price);
    BrokerReply { kind, account: 0, id: id.into(), instrument: 0, side, quantity, price, ..BrokerReply::default() }
}

/// Long ten from 100.05 with a stop at 99.
fn long() -> Day {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    day.tick("10:00:00", 100.0);
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.tick("10:00:00.5", 100.0);
    day.forget();
    day
}

fn external(day: &Day) -> i64 {
    day.kernel.accounts[0].external.books.get(&0).map_or(0, super::super::book::Fifo::quantity)
}

#[test]
fn a_foreign_sale_reduces_our_book_and_the_stop_covers_what_is_left() {
    let mut day = long();
    day.put(Kind::BrokerReply, &told(-1, 4, 101.0, "a"));
    assert_eq!(day.hooks(), ["external"]);
    let realised = "position +6 @100.05 realised 3.8";
    assert_eq!(day.said(), ["fill 0.0 external -4 @101", realised, "s0 external"]);
    assert_eq!((day.held(), external(&day)), (6, 0));
    day.tick("10:00:02", 98.9);
    assert_eq!(day.news(), ["hit_stop stop 99 target 0", "1.1 stop -6 @98.35 OPEN"]);
}

#[test]
fn a_foreign_sale_of_all_disarms_the_stop_and_takes_entries_back() {
    let mut day = long();
    day.wish(Action::Trade, 1).quantity(5).limit(99.5).send();
    day.forget();
    day.put(Kind::BrokerReply, &told(-1, 10, 101.0, "a"));
    assert_eq!(
        day.news(),
        [
            "2.0 entry +5 @99.5 CANCELLED (closed from outside)",
            "fill 0.0 external -10 @101",
            "s0 external",
            "disarmed stop 0 target 0"
        ]
    );
    day.tick("10:00:02", 98.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count(), day.kernel.instances[0].trades), (0, 0, 1));
}

#[test]
fn an_exit_on_its_way_shrinks_with_the_position_or_ends() {
    let mut day = long();
    day.go(0, 0);
    day.forget();
    day.put(Kind::BrokerReply, &told(-1, 4, 100.0, "a"));
    assert_eq!(day.news()[0], "1.1 exit -6 @99.45 OPEN (reduced from outside)");
    day.put(Kind::BrokerReply, &told(-1, 6, 100.0, "b"));
    assert_eq!(day.news()[0], "1.1 exit -6 @99.45 CANCELLED (closed from outside)");
    day.tick("10:00:02", 100.0);
    assert_eq!((day.held(), external(&day)), (0, 0), "nothing was sold twice");
}

#[test]
fn a_flip_closes_less_and_opens_as_much() {
    let mut day = long();
    day.go(-1, 7);
    day.forget();
    day.put(Kind::BrokerReply, &told(-1, 4, 100.0, "a"));
    assert_eq!(day.news()[0], "2.0 flip -13 @99.5 OPEN (reduced from outside)");
    day.tick("10:00:02", 100.0);
    assert_eq!(day.held(), -7);
}

#[test]
fn what_increases_is_external_and_comes_first_from_us_when_it_goes() {
    let mut day = long();
    day.put(Kind::BrokerReply, &told(1, 5, 100.0, "a"));
    assert!(day.hooks().is_empty(), "it is no business of a strategy");
    assert_eq!((day.held(), external(&day)), (10, 5));
    day.put(Kind::BrokerReply, &told(-1, 12, 101.0, "b"));
    assert_eq!((day.held(), external(&day)), (0, 3), "ours first: no stop of ours may sell what is not there");
    day.put(Kind::BrokerReply, &told(-1, 8, 101.0, "c"));
    assert_eq!(external(&day), -5);
    assert_eq!(day.kernel.accounts[0].net[&0].quantity(), -5);
}

#[test]
fn a_sale_beyond_the_position_is_external() {
    let mut day = long();
    day.put(Kind::BrokerReply, &told(-1, 15, 101.0, "a"));
    assert_eq!((day.held(), external(&day)), (0, -5));
}

#[test]
fn a_trade_that_is_told_twice_counts_once() {
    let mut day = long();
    day.put(Kind::BrokerReply, &told(-1, 4, 101.0, "a"));
    day.forget();
    day.put(Kind::BrokerReply, &told(-1, 4, 101.0, "a"));
    assert!(day.said().is_empty());
    assert_eq!(day.held(), 6);
}

#[test]
fn what_others_hold_counts_in_the_accounts_limits() {
    let mut day = long();
    day.put(Kind::BrokerReply, &told(1, 85, 100.0, "a"));
    day.limits(|l| (l.intents, l.position_quantity) = (0, 100));
    day.forget();
    day.trade(1, 6);
    assert_eq!(day.news(), ["refused position_quantity 100/101"]);
}

#[test]
fn what_is_told_before_the_first_tick_is_marked_from_the_open_on() {
    let mut day = Day::new();
    assert_eq!(day.kernel.now, 0);
    day.put(Kind::BrokerReply, &told(1, 5, 100.0, "a"));
    assert_eq!(day.kernel.next_due(), super::day::at("09:15:01"));
}

#[test]
fn a_flatten_names_what_others_hold_and_leaves_it() {
    let mut day = long();
    day.share(|_| {});
    day.put(Kind::BrokerReply, &told(1, 7, 100.0, "a"));
    day.command(CommandKind::Flatten, "f");
    day.tick("10:00:02", 100.0);
    let sentence = day.kernel.command_sentence("f").unwrap();
    assert!(sentence.ends_with(" Closed: s0 +10 NSE:S0 at 99.95. Others hold: +7 NSE:S0 on paper."), "{sentence}");
    assert_eq!((day.held(), external(&day)), (0, 7));
    day.command_for(CommandKind::Flatten, "g", (-1, -1, 1));
    day.command_for(CommandKind::Flatten, "h", (-1, 0, -1));
    for key in ["g", "h"] {
        assert_eq!(
            day.kernel.command_sentence(key),
            Some("Every position in scope is closed."),
            "{key}: of theirs nothing"
        );
    }
}

#[test]
fn a_flatten_that_somebody_finishes_by_hand_is_flat() {
    let mut day = long();
    day.command(CommandKind::Flatten, "f");
    day.put(Kind::BrokerReply, &told(-1, 10, 101.0, "a"));
    assert_eq!(day.kernel.command_state("f"), Some("flat"));
    assert_eq!(day.kernel.orders.iter().count(), 0);
}

#[test]
fn a_reply_that_cannot_be_is_refused() {
    let mut day = long();
    for (change, what) in [
        (BrokerReply { account: 1, ..told(1, 1, 1.0, "a") }, "account 1"),
        (BrokerReply { instrument: 1, ..told(1, 1, 1.0, "a") }, "instrument 1"),
        (told(0, 1, 1.0, "a"), "side 0"),
        (told(1, 0, 1.0, "a"), "quantity 0"),
        (told(1, 1, 0.0, "a"), "price 0"),
    ] {
        let refused = day.try_put(Kind::BrokerReply, &change).unwrap_err();
        assert!(refused.contains(what), "{refused}");
    }
}

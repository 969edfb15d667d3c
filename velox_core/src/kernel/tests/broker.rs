//! Orders at a broker: requests, and whatever is answered, in whatever order.

use super::day::{Day, paise};
use crate::record::{Action, BrokerReply, IntentId, Kind, OrderId, ReplyKind, SameInstrument};

/// A broker that says what a test wants it to.
impl Day {
    /// A day whose account is at a broker, with a price and without a limit on wishes.
    pub(super) fn at_broker() -> Self {
        let mut day = Self::with(|day| day.account.venue = "broker".into());
        day.limits(|l| (l.intents, l.duplicate_ns) = (0, 0));
        day.tick("10:00:00", 100.0);
        day.forget();
        day
    }

    /// What the broker tells of an order (counter of its intent, child) in answer to a request.
    pub(super) fn reply(&mut self, kind: ReplyKind, order: (u32, u32), ask: u32) -> &mut Self {
        self.reply_with(kind, order, ask, (0, 0.0))
    }

    /// So many units have filled at this average by now.
    pub(super) fn filled(&mut self, order: (u32, u32), units: i64, average: f64) -> &mut Self {
        self.reply_with(ReplyKind::Filled, order, 0, (units, average))
    }

    /// The order is out of the book; so many units had filled.
    pub(super) fn cancelled(&mut self, order: (u32, u32), units: i64, average: f64) -> &mut Self {
        self.reply_with(ReplyKind::Cancelled, order, 0, (units, average))
    }

    fn reply_with(&mut self, kind: ReplyKind, order: (u32, u32), ask: u32, filled: (i64, f64)) -> &mut Self {
        let reply = self.about(kind, order, ask, filled);
        self.put(Kind::BrokerReply, &reply);
        self
    }

    /// A reply about an order of the first strategy, whose side is found by its name.
    pub(super) fn about(&self, kind: ReplyKind, order: (u32, u32), ask: u32, filled: (i64, f64)) -> BrokerReply {
        let intent = IntentId { instance: 0, date: self.facts.session_date, counter: order.0 };
        let order = OrderId { intent, child: order.1 };
        let side = self.kernel.orders.iter().find(|(_, o)| o.id == order).map_or(1, |(_, o)| o.side);
        let (code, text) = match kind {
            ReplyKind::Rejected | ReplyKind::Refused => ("AB1010".into(), "no".into()),
            _ => (String::new(), String::new()),
        };
        BrokerReply {
            kind,
            id: format!("B{}.{}", order.intent.counter, order.child),
            side,
            quantity: filled.0,
            price: paise(filled.1),
            order,
            ask,
            code,
            text,
            ..BrokerReply::default()
        }
    }

    /// States of the live orders by name.
    pub(super) fn working(&self) -> Vec<String> {
        let words = |(_, o): (u32, &crate::kernel::order::Order)| {
            format!("{}.{} {} {}", o.id.intent.counter, o.id.child, o.role.name(), o.state.name())
        };
        self.kernel.orders.iter().map(words).collect()
    }
}

/// An entry of ten without a stop, asked for.
fn asked() -> Day {
    let mut day = Day::at_broker();
    day.trade(1, 10);
    day
}

#[test]
fn an_order_is_a_request_and_lives_by_replies_alone() {
    let mut day = asked();
    assert_eq!(
        day.said(),
        [
            "1.0 entry +10 @100.55 CREATED",
            "1.0 entry +10 @100.55 APPROVED",
            "1.0 entry +10 @100.55 QUEUED",
            "1.0 entry +10 @100.55 ROUTING",
            "place 1.0#1 +10 @100.55"
        ]
    );
    day.tick("10:00:01", 99.0);
    assert_eq!(day.held(), 0, "no tick fills what is at a broker");
    day.reply(ReplyKind::Accepted, (1, 0), 1);
    day.filled((1, 0), 4, 100.0).filled((1, 0), 10, 100.3);
    assert_eq!(
        day.news(),
        [
            "1.0 entry +10 @100.55 OPEN",
            "1.0 entry +10 @100.55 PARTIALLY_FILLED",
            "fill 1.0 entry +4 @100",
            "1.0 entry +10 @100.55 FILLED",
            "fill 1.0 entry +6 @100.5"
        ]
    );
    assert_eq!(day.hooks(), ["fill", "fill", "entered"]);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (10, 0));
}

#[test]
fn a_fill_before_the_answer_a_fill_told_twice_and_an_older_one_count_once() {
    let mut day = asked();
    day.filled((1, 0), 6, 100.0).filled((1, 0), 6, 100.0).filled((1, 0), 2, 100.0);
    day.reply(ReplyKind::Accepted, (1, 0), 1).reply(ReplyKind::Accepted, (1, 0), 1);
    assert_eq!((day.held(), day.working()), (6, vec!["1.0 entry PARTIALLY_FILLED".to_owned()]));
    day.filled((1, 0), 10, 100.0);
    day.forget();
    day.filled((1, 0), 10, 100.0).filled((1, 0), 6, 100.0).cancelled((1, 0), 10, 100.0);
    assert_eq!((day.held(), day.said().len()), (10, 0), "what is told late of an order that is over changes nothing");
}

#[test]
fn a_rejection_reaches_the_strategy_in_the_brokers_words() {
    let mut day = asked();
    day.forget();
    day.reply(ReplyKind::Rejected, (1, 0), 1);
    assert_eq!(day.news(), ["1.0 entry +10 @100.55 REJECTED (by the broker: AB1010 no)", "s0 rejected"]);
    assert_eq!(day.hooks(), ["reject rejected"]);
    assert!(day.working().is_empty());
}

#[test]
fn an_unknown_order_is_never_sent_again_and_blocks_the_instrument_until_it_is_known() {
    let mut day = asked();
    day.forget();
    day.reply(ReplyKind::Unknown, (1, 0), 1).reply(ReplyKind::Unknown, (1, 0), 1);
    assert_eq!(
        day.news(),
        ["1.0 entry +10 @100.55 UNKNOWN (the broker does not say what became of it)", "s0 unknown_order"]
    );
    day.tick("10:00:30", 100.0);
    day.trade(1, 5);
    assert_eq!(day.news(), ["refused unknown_order 0/1"]);
    day.reply(ReplyKind::Accepted, (1, 0), 1);
    day.forget();
    day.trade(1, 5);
    assert_eq!(day.news(), ["place 3.0#1 +5 @100.55"]);
}

#[test]
fn an_unknown_order_that_was_never_placed_is_rejected_and_one_that_filled_counts() {
    let mut day = asked();
    day.reply(ReplyKind::Unknown, (1, 0), 1).reply(ReplyKind::Rejected, (1, 0), 1);
    assert_eq!((day.held(), day.working().len()), (0, 0));
    day.trade(1, 5);
    day.reply(ReplyKind::Unknown, (2, 0), 1).filled((2, 0), 5, 100.0);
    assert_eq!((day.held(), day.working().len()), (5, 0));
}

#[test]
fn an_unknown_entry_never_keeps_a_position_from_leaving() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.filled((1, 0), 10, 100.0).reply(ReplyKind::Accepted, (1, 1), 1);
    day.trade(1, 5);
    day.reply(ReplyKind::Unknown, (2, 0), 1);
    day.forget();
    day.go(0, 0);
    assert_eq!(day.news(), ["modify 1.1#2 -10 @99.45"]);
    day.filled((1, 1), 10, 99.9);
    day.forget();
    day.filled((2, 0), 2, 100.0);
    let news = day.news();
    assert!(news.contains(&"cancel 2.0#2 +5 @100.55".to_owned()), "it is taken back once it is known");
    assert_eq!(news.last().unwrap(), "place 2.2#1 -2 @99.45", "and what it filled leaves");
}

#[test]
fn too_many_rejections_halt_the_strategy() {
    let mut day = Day::at_broker();
    day.limits(|l| (l.intents, l.duplicate_ns, l.refusals) = (0, 0, 2));
    for counter in 1..=2 {
        day.trade(1, 10);
        day.reply(ReplyKind::Rejected, (counter, 0), 1);
    }
    assert_eq!(day.news().last().unwrap(), "s0 halted");
}

#[test]
fn a_stray_order_takes_back_what_works() {
    let mut day = asked();
    day.reply(ReplyKind::Accepted, (1, 0), 1);
    day.forget();
    day.filled((9, 0), 4, 100.0);
    assert_eq!(day.news(), ["cancel 1.0#2 +10 @100.55", "s0 stray_order"]);
}

#[test]
fn an_increment_of_the_other_side_does_not_cross_an_entry() {
    let mut day = asked();
    day.forget();
    day.trade(-1, 5);
    assert_eq!(day.news(), ["refused opposite 0/0"]);
}

#[test]
fn an_unknown_order_counts_at_full_size() {
    let mut day = asked();
    day.reply(ReplyKind::Unknown, (1, 0), 1);
    assert_eq!(day.kernel.margin_used(0, None), i128::from(paise(10.0 * 100.55 * 0.2)));
}

#[test]
fn an_entry_that_expires_counts_until_its_end_is_confirmed_and_may_fill_meanwhile() {
    let mut day = asked();
    day.reply(ReplyKind::Accepted, (1, 0), 1);
    day.forget();
    day.clock("10:01:01");
    assert_eq!(day.news(), ["cancel 1.0#2 +10 @100.55", "s0 expired"]);
    day.filled((1, 0), 3, 100.0);
    day.reply(ReplyKind::Unknown, (1, 0), 2);
    day.forget();
    day.cancelled((1, 0), 4, 100.0);
    assert_eq!(day.news()[..2], ["1.0 entry +10 @100.55 PARTIALLY_FILLED", "fill 1.0 entry +1 @100"]);
    assert_eq!((day.held(), day.working().len(), day.hooks()), (4, 0, vec!["fill".to_owned(), "entered".into()]));
}

#[test]
fn what_is_to_end_before_it_was_accepted_is_cancelled_once_it_is() {
    let mut day = asked();
    day.forget();
    day.wish(Action::CancelEntry, 0).send();
    assert!(day.news().is_empty(), "nothing is asked of what may not be there");
    day.reply(ReplyKind::Accepted, (1, 0), 1);
    assert_eq!(day.news(), ["1.0 entry +10 @100.55 OPEN", "cancel 1.0#2 +10 @100.55"]);
    day.cancelled((1, 0), 0, 0.0);
    assert_eq!(day.news(), ["1.0 entry +10 @100.55 CANCELLED (cancelled by the strategy)"]);
}

#[test]
fn a_refused_cancel_is_asked_again_a_second_later() {
    let mut day = asked();
    day.reply(ReplyKind::Accepted, (1, 0), 1);
    day.wish(Action::CancelEntry, 0).send();
    day.reply(ReplyKind::Refused, (1, 0), 2);
    day.forget();
    day.reply(ReplyKind::Refused, (1, 0), 2);
    assert!(day.said().is_empty(), "a refusal told twice refuses once");
    day.clock("10:00:01");
    assert_eq!(day.news(), ["cancel 1.0#3 +10 @100.55"]);
}

#[test]
fn a_target_waits_for_the_end_of_the_entry_that_it_replaces() {
    let mut day = Day::at_broker();
    day.go(1, 10);
    day.reply(ReplyKind::Accepted, (1, 0), 1);
    day.forget();
    day.go(-1, 10);
    assert_eq!(day.news(), ["cancel 1.0#2 +10 @100.55"]);
    day.cancelled((1, 0), 0, 0.0);
    assert_eq!(day.news(), ["1.0 entry +10 @100.55 CANCELLED (a newer target)", "place 2.0#1 -10 @99.5"]);
}

#[test]
fn what_an_unwanted_entry_still_fills_leaves_at_once() {
    let mut day = Day::at_broker();
    day.go(1, 10);
    day.reply(ReplyKind::Accepted, (1, 0), 1);
    day.go(0, 0);
    day.forget();
    day.filled((1, 0), 3, 100.0);
    assert_eq!(
        day.news(),
        ["1.0 entry +10 @100.55 PARTIALLY_FILLED", "fill 1.0 entry +3 @100", "place 1.1#1 -3 @99.45"]
    );
    day.cancelled((1, 0), 5, 100.0);
    day.reply(ReplyKind::Accepted, (1, 1), 1);
    assert_eq!(day.news().last().unwrap(), "modify 1.1#2 -5 @99.45", "all of it leaves by one order");
}

#[test]
fn an_order_that_lives_after_it_was_rejected_is_taken_back_and_the_instrument_blocked() {
    let mut day = asked();
    let accepted = day.about(ReplyKind::Accepted, (1, 0), 1, (0, 0.0));
    day.reply(ReplyKind::Rejected, (1, 0), 1);
    day.forget();
    day.put(Kind::BrokerReply, &accepted);
    day.put(Kind::BrokerReply, &accepted);
    assert_eq!(day.news(), ["cancel 1.0#2 +0 @0", "s0 emergency"], "once");
    let filled = BrokerReply { kind: ReplyKind::Filled, quantity: 4, price: paise(100.0), ..accepted };
    day.put(Kind::BrokerReply, &filled);
    assert_eq!(day.held(), 0, "what fills then is nobody's strategy's");
    assert_eq!(day.kernel.accounts[0].external.books[&0].quantity(), 4);
    day.trade(1, 1);
    assert!(day.news().contains(&"refused kill_switch 0/1".to_owned()));
}

#[test]
fn a_reply_about_an_order_that_was_never_ours_opens_nothing() {
    let mut day = Day::at_broker();
    day.filled((9, 0), 4, 100.0).reply(ReplyKind::Cancelled, (9, 0), 0);
    assert_eq!(day.news(), ["s0 stray_order"]);
    assert_eq!((day.held(), day.kernel.accounts[0].net.len()), (0, 0));
    day.trade(1, 1);
    assert_eq!(day.news(), ["refused kill_switch 0/1"]);
}

#[test]
fn what_no_stop_at_a_broker_could_cover_is_refused() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).part(0.5, Some(101.0), None).send();
    assert_eq!(day.news(), ["refused not_at_broker 0/0"]);
}

#[test]
fn a_position_is_no_larger_than_one_stop_covers() {
    let mut day = Day::bare();
    day.account.venue = "broker".into();
    day.begin();
    day.share(|d| d.freeze = 8);
    day.start(|_| {});
    day.feed_up("09:00");
    day.tick("10:00:00", 100.0);
    day.forget();
    day.trade(1, 8);
    assert_eq!(day.news(), ["refused position_quantity 7/8"]);
    day.trade(1, 7);
    assert_eq!(day.news(), ["place 2.0#1 +7 @100.55"]);
    day.filled((2, 0), 12, 100.0);
    day.go(0, 0);
    assert_eq!(day.news().last().unwrap(), "place 2.1#1 -7 @99.45", "what is larger leaves in slices");
}

#[test]
fn an_account_stays_at_its_venue_and_the_past_trades_on_paper() {
    let mut day = Day::at_broker();
    let account = crate::record::AccountDef { venue: "paper".into(), ..day.account.clone() };
    assert!(day.try_put(Kind::AccountDef, &account).unwrap_err().contains("venue"));
    let account = crate::record::AccountDef { same_instrument: SameInstrument::Wait, ..day.account.clone() };
    assert!(day.try_put(Kind::AccountDef, &account).unwrap_err().contains("one strategy trades an instrument"));
    assert!(day.try_open(0, super::day::at("10:01"), paise(100.0)).unwrap_err().contains("past"));
}

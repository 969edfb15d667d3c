//! Rules 18 to 22 at a broker: stops that stand there, exits, chases, foreign fills.

use super::day::{Day, at};
use crate::record::{Action, BrokerReply, Kind, ReplyKind};
use ReplyKind::{Accepted, Modified, Refused, Rejected, Unknown};

/// Long ten from 100 with a stop at 99 that is asked for.
fn filled() -> Day {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.reply(Accepted, (1, 0), 1);
    day.forget();
    day.filled((1, 0), 10, 100.0);
    day
}

/// The same, and the broker keeps the stop.
fn parked() -> Day {
    let mut day = filled();
    day.reply(Accepted, (1, 1), 1);
    day.forget();
    day
}

#[test]
fn the_stop_is_an_order_of_its_own_and_protects_once_it_is_accepted() {
    let mut day = filled();
    let entered = ["1.0 entry +10 @100.55 FILLED", "fill 1.0 entry +10 @100", "armed stop 99 target 0"];
    let news = day.news();
    assert_eq!(news[..3], entered);
    assert_eq!(news[3..], ["place 1.1#1 -10 @98.5 trigger 99"]);
    assert!(day.kernel.is_exposed(0));
    day.reply(Accepted, (1, 1), 1);
    assert!(!day.kernel.is_exposed(0));
    day.forget();
    day.clock("10:00:30");
    assert!(day.news().is_empty(), "a position that is protected stays");
}

#[test]
fn the_stop_of_an_option_stands_farther_from_its_trigger() {
    let mut day = Day::bare();
    day.account.venue = "broker".into();
    day.begin();
    day.share(|d| d.kind = crate::record::KIND_OPTION);
    day.start(|_| {});
    day.feed_up("09:00");
    day.tick("10:00:00", 100.0);
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.filled((1, 0), 10, 100.0);
    assert_eq!(day.news().last().unwrap(), "place 1.1#1 -10 @94.05 trigger 99");
}

#[test]
fn a_stop_that_is_not_accepted_within_two_seconds_means_out() {
    let mut day = filled();
    day.forget();
    day.clock("10:00:01.9");
    assert!(day.news().is_empty());
    day.clock("10:00:02");
    assert_eq!(day.news(), ["s0 unprotected"], "nothing is sent beside a stop that may stand there");
    day.reply(Accepted, (1, 1), 1);
    assert_eq!(day.news(), ["1.1 stop -10 @98.5 OPEN", "modify 1.1#2 -10 @99.45"], "a late stop becomes the exit");
    day.reply(Modified, (1, 1), 2).filled((1, 1), 10, 99.9);
    assert_eq!((day.held(), day.working().len()), (0, 0));
}

#[test]
fn a_stop_without_any_answer_is_an_emergency() {
    let mut day = filled();
    day.clock("10:00:02");
    day.forget();
    day.clock("10:00:04");
    assert_eq!(day.news(), ["s0 emergency"]);
    day.clock("10:00:20");
    assert!(day.news().is_empty(), "it is told once");
    day.trade(1, 1);
    assert_eq!(day.news(), ["refused kill_switch 0/1"]);
}

#[test]
fn a_stop_of_unknown_outcome_blocks_a_second_exit_until_it_is_known() {
    let mut day = filled();
    day.reply(Unknown, (1, 1), 1);
    day.go(0, 0);
    day.clock("10:00:03");
    let exits = day.news().into_iter().filter(|line| line.starts_with("place")).count();
    assert_eq!(exits, 1, "only the stop itself was ever placed");
    day.reply(Rejected, (1, 1), 1);
    assert_eq!(day.news().last().unwrap(), "place 1.2#1 -10 @99.45", "it is not there: the exit goes");
}

#[test]
fn a_rejected_stop_is_tried_once_more_in_coarser_steps() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.05).send();
    day.filled((1, 0), 10, 100.0);
    assert_eq!(day.news().last().unwrap(), "place 1.1#1 -10 @98.55 trigger 99.05");
    day.reply(Rejected, (1, 1), 1);
    let again = ["1.1 stop -10 @98.55 REJECTED (by the broker: AB1010 no)", "place 1.2#1 -10 @99 trigger 99.5"];
    assert_eq!(day.news(), again, "toward the market, within its limit");
    day.reply(Accepted, (1, 2), 1);
    assert!(!day.kernel.is_exposed(0));
}

#[test]
fn a_stop_that_is_rejected_twice_means_out_at_once() {
    let mut day = filled();
    day.reply(Rejected, (1, 1), 1);
    day.forget();
    day.reply(Rejected, (1, 2), 1);
    let out = ["s0 unprotected", "place 1.3#1 -10 @99.45"];
    assert_eq!(day.news()[1..], out);
    day.reply(Accepted, (1, 3), 1).filled((1, 3), 10, 99.9);
    assert_eq!((day.held(), day.working().len()), (0, 0));
}

#[test]
fn an_exit_that_fails_too_is_an_emergency_and_is_tried_again() {
    let mut day = filled();
    day.reply(Rejected, (1, 1), 1).reply(Rejected, (1, 2), 1);
    day.forget();
    day.reply(Rejected, (1, 3), 1);
    let news = ["1.3 flatten -10 @99.45 REJECTED (by the broker: AB1010 no)", "s0 rejected", "s0 emergency"];
    assert_eq!(day.news(), news);
    day.clock("10:00:04");
    assert_eq!(day.news(), ["place 1.4#1 -10 @99.45"]);
    assert!(day.kernel.kills(0)[2], "nothing is opened in the instrument");
}

#[test]
fn a_stop_that_lives_after_its_rejection_is_taken_back_when_the_exit_has_gone() {
    let mut day = filled();
    let late = day.about(Accepted, (1, 1), 1, (0, 0.0));
    day.reply(Rejected, (1, 1), 1).reply(Rejected, (1, 2), 1);
    day.reply(Accepted, (1, 3), 1).filled((1, 3), 10, 99.9);
    day.forget();
    day.put(Kind::BrokerReply, &late);
    assert_eq!(day.news(), ["cancel 1.1#2 -0 @0", "s0 emergency"].map(|s| s.replace("-0", "+0")));
}

#[test]
fn a_stop_that_somebody_cancels_is_parked_again() {
    let mut day = parked();
    day.cancelled((1, 1), 0, 0.0);
    assert_eq!(day.news(), ["1.1 stop -10 @98.5 CANCELLED (by the broker)", "place 1.2#1 -10 @98.5 trigger 99"]);
}

#[test]
fn the_stop_follows_what_has_filled() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.reply(Accepted, (1, 0), 1).filled((1, 0), 4, 100.0);
    assert_eq!(day.news().last().unwrap(), "place 1.1#1 -4 @98.5 trigger 99");
    day.filled((1, 0), 7, 100.0);
    assert_eq!(day.news().last().unwrap(), "armed stop 99 target 0", "an answer is awaited first");
    day.reply(Accepted, (1, 1), 1);
    assert_eq!(day.news(), ["1.1 stop -4 @98.5 OPEN", "modify 1.1#2 -7 @98.5 trigger 99"]);
    day.filled((1, 0), 10, 100.0).reply(Modified, (1, 1), 2);
    assert_eq!(day.news().last().unwrap(), "modify 1.1#3 -10 @98.5 trigger 99");
    assert!(day.kernel.is_exposed(0));
    day.reply(Modified, (1, 1), 3);
    assert!(!day.kernel.is_exposed(0));
}

#[test]
fn a_stop_that_fills_while_it_grows_is_not_over_with_its_old_number() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.reply(Accepted, (1, 0), 1).filled((1, 0), 4, 100.0).reply(Accepted, (1, 1), 1).filled((1, 0), 10, 100.0);
    day.forget();
    day.filled((1, 1), 4, 98.9);
    assert!(!day.news().iter().any(|line| line.starts_with("place")), "the larger stop may have filled in part");
    day.reply(Modified, (1, 1), 2).filled((1, 1), 10, 98.9);
    assert_eq!((day.held(), day.working().len()), (0, 0));
}

#[test]
fn a_stop_that_has_filled_all_of_its_old_number_when_it_cannot_grow_is_over() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.reply(Accepted, (1, 0), 1).filled((1, 0), 4, 100.0).reply(Accepted, (1, 1), 1).filled((1, 0), 10, 100.0);
    day.filled((1, 1), 4, 98.9);
    day.reply(Refused, (1, 1), 2);
    assert_eq!(day.news().last().unwrap(), "place 1.2#1 -6 @98.5 trigger 99");
}

#[test]
fn units_whose_stop_cannot_grow_leave_with_all_others() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.reply(Accepted, (1, 0), 1).filled((1, 0), 4, 100.0).reply(Accepted, (1, 1), 1);
    day.filled((1, 0), 10, 100.0).reply(Refused, (1, 1), 2);
    day.clock("10:00:01");
    day.forget();
    day.reply(Refused, (1, 1), 3);
    assert_eq!(day.news()[1..], ["s0 unprotected", "modify 1.1#4 -10 @99.45"]);
}

#[test]
fn an_exit_is_the_unfilled_stop_changed() {
    let mut day = parked();
    day.go(0, 0);
    assert_eq!(day.news(), ["modify 1.1#2 -10 @99.45"]);
    day.reply(Modified, (1, 1), 2).filled((1, 1), 10, 99.9);
    assert_eq!(day.news()[0], "1.1 exit -10 @99.45 OPEN (changed)");
    assert_eq!((day.held(), day.working().len()), (0, 0));
}

#[test]
fn a_stop_that_fills_while_it_is_changed_sells_once() {
    let mut day = parked();
    day.go(0, 0);
    day.filled((1, 1), 10, 98.9).reply(Refused, (1, 1), 2).reply(Modified, (1, 1), 2);
    assert_eq!((day.held(), day.working().len()), (0, 0));
    assert!(day.kernel.accounts[0].external.books.is_empty());
}

#[test]
fn of_a_partly_filled_stop_the_rest_leaves_once_its_end_is_confirmed() {
    let mut day = parked();
    day.filled((1, 1), 4, 98.9);
    day.forget();
    day.go(0, 0);
    assert_eq!(day.news(), ["cancel 1.1#2 -10 @98.5 trigger 99"]);
    day.filled((1, 1), 6, 98.9);
    assert!(!day.news().iter().any(|line| line.starts_with("place")), "not before it is confirmed");
    day.cancelled((1, 1), 7, 98.9);
    assert_eq!(day.news().last().unwrap(), "place 1.2#1 -3 @99.45");
}

#[test]
fn a_refused_change_leaves_the_stop_and_tells_the_strategy() {
    let mut day = parked();
    day.go(0, 0);
    day.forget();
    day.reply(Refused, (1, 1), 2);
    assert_eq!(day.hooks(), ["reject rejected"]);
    assert_eq!(day.working(), ["1.1 stop OPEN"]);
    assert!(!day.kernel.is_exposed(0));
}

#[test]
fn a_part_leaves_once_the_stop_has_left_its_units() {
    let mut day = parked();
    day.trade(-1, 4);
    assert_eq!(day.news(), ["modify 1.1#2 -6 @98.5 trigger 99"]);
    day.reply(Modified, (1, 1), 2);
    assert_eq!(day.news(), ["1.1 stop -6 @98.5 OPEN (changed)", "place 1.2#1 -4 @99.45"]);
    day.reply(Rejected, (1, 2), 1);
    assert_eq!(day.news().last().unwrap(), "modify 1.1#3 -10 @98.5 trigger 99", "it stays: the stop covers it again");
}

#[test]
fn a_part_that_rests_at_its_limit_is_taken_back_when_the_stop_is_met() {
    let mut day = parked();
    day.wish(Action::Trade, -1).quantity(4).limit(103.0).send();
    day.reply(Modified, (1, 1), 2).reply(Accepted, (1, 2), 1);
    day.forget();
    day.tick("10:00:05", 98.9);
    assert_eq!(day.news(), ["hit_stop stop 99 target 0", "cancel 1.2#2 -4 @103"]);
    day.filled((1, 1), 6, 98.9);
    day.forget();
    day.cancelled((1, 2), 0, 0.0);
    assert!(day.news()[1].starts_with("hit_stop"), "what is left is beyond the stop");
    assert_eq!(day.working(), ["1.3 stop ROUTING"]);
}

#[test]
fn a_flip_closes_first_and_opens_alone() {
    let mut day = parked();
    day.wish(Action::Go, -1).quantity(5).stop(101.0).send();
    assert_eq!(day.news(), ["modify 1.1#2 -10 @99.45"]);
    day.reply(Modified, (1, 1), 2);
    day.forget();
    day.filled((1, 1), 10, 99.9);
    assert_eq!(day.news().last().unwrap(), "place 2.0#1 -5 @99.5");
}

#[test]
fn a_stop_that_triggers_and_is_not_filled_is_chased_every_second() {
    let mut day = parked();
    day.tick("10:00:05", 98.9);
    assert_eq!(day.news(), ["hit_stop stop 99 target 0"], "the broker has its second");
    day.tick("10:00:05.5", 98.0);
    assert!(day.news().is_empty());
    day.clock("10:00:06");
    assert_eq!(day.news(), ["modify 1.1#2 -10 @97.45"]);
    day.reply(Modified, (1, 1), 2);
    day.tick("10:00:06.5", 97.0);
    day.forget();
    day.clock("10:00:07");
    assert_eq!(day.news(), ["modify 1.1#3 -10 @96.5"]);
}

#[test]
fn a_chase_ends_at_the_band_with_an_alert() {
    let mut day = parked();
    day.kernel.markets[0].lower = super::day::paise(97.0);
    day.tick("10:00:05", 97.2);
    day.clock("10:00:06");
    day.reply(Modified, (1, 1), 2);
    day.forget();
    day.clock("10:00:07");
    assert_eq!(day.news(), ["s0 locked_at_circuit"], "it stands at the band already");
    day.clock("10:00:20");
    assert!(day.news().is_empty(), "it is told once");
    assert_eq!(day.working(), ["1.1 stop OPEN"]);
}

#[test]
fn of_a_stop_that_triggered_and_filled_in_part_the_rest_is_chased() {
    let mut day = parked();
    day.tick("10:00:05", 98.9);
    day.filled((1, 1), 4, 98.9);
    day.forget();
    day.clock("10:00:06");
    assert_eq!(day.news(), ["cancel 1.1#2 -10 @98.5 trigger 99"]);
    day.cancelled((1, 1), 4, 98.9);
    assert_eq!(day.news().last().unwrap(), "place 1.2#1 -6 @98.35");
}

#[test]
fn a_trail_moves_the_stop_at_the_broker_at_most_once_a_second() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).trail(1.0).send();
    day.filled((1, 0), 10, 100.0).reply(Accepted, (1, 1), 1);
    day.tick("10:00:01", 100.5);
    assert_eq!(day.news().last().unwrap(), "modify 1.1#2 -10 @99 trigger 99.5");
    day.reply(Modified, (1, 1), 2);
    day.forget();
    day.tick("10:00:01.5", 101.0);
    assert!(day.news().is_empty());
    day.tick("10:00:02", 101.2);
    assert_eq!(day.news(), ["modify 1.1#3 -10 @99.5 trigger 100"], "as it stood when the second was over");
}

#[test]
fn a_trail_that_the_broker_does_not_know_yet_makes_the_exit_itself() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).trail(1.0).send();
    day.filled((1, 0), 10, 100.0).reply(Accepted, (1, 1), 1);
    day.tick("10:00:01", 102.0);
    day.reply(Modified, (1, 1), 2);
    day.tick("10:00:01.2", 102.8);
    day.forget();
    day.tick("10:00:01.4", 101.7);
    assert_eq!(day.news(), ["hit_stop stop 99 target 0", "modify 1.1#3 -10 @101.1"]);
}

#[test]
fn a_target_is_the_stop_changed() {
    let mut day = Day::at_broker();
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).target(102.0).send();
    day.filled((1, 0), 10, 100.0).reply(Accepted, (1, 1), 1);
    day.forget();
    day.tick("10:00:05", 102.05);
    assert_eq!(day.news(), ["hit_target stop 99 target 102", "modify 1.1#2 -10 @101.45"]);
    day.filled((1, 1), 10, 102.0);
    assert_eq!(day.hooks(), ["fill", "target"]);
}

fn phone(side: i8, quantity: i64, id: &str) -> BrokerReply {
    let price = super::day::paise(100.0);
    BrokerReply { id: id.into(), side, quantity, price, ..BrokerReply::default() }
}

#[test]
fn a_foreign_sale_shrinks_the_stop_before_anything_else() {
    let mut day = parked();
    day.put(Kind::BrokerReply, &phone(-1, 4, "a"));
    let news = ["modify 1.1#2 -6 @98.5 trigger 99", "fill 0.0 external -4 @100", "s0 external"];
    assert_eq!((day.news(), day.hooks()), (news.map(str::to_owned).to_vec(), vec!["external".to_owned()]));
}

#[test]
fn a_foreign_sale_of_all_cancels_the_stop() {
    let mut day = parked();
    day.put(Kind::BrokerReply, &phone(-1, 10, "a"));
    assert_eq!(day.news()[0], "cancel 1.1#2 -10 @98.5 trigger 99");
    day.trade(1, 5);
    assert_eq!(
        day.news().last().unwrap(),
        "refused unsettled 0/0",
        "nothing is opened beside a stop that still stands"
    );
    day.cancelled((1, 1), 0, 0.0);
    assert!(day.working().is_empty());
}

#[test]
fn a_stop_that_fills_although_the_position_has_left_by_phone_is_nobodys() {
    let mut day = parked();
    day.put(Kind::BrokerReply, &phone(-1, 4, "a"));
    day.forget();
    day.filled((1, 1), 10, 98.9);
    assert_eq!(day.held(), 0);
    assert_eq!(day.kernel.accounts[0].external.books[&0].quantity(), -4);
    assert!(day.news().contains(&"s0 emergency".to_owned()));
}

#[test]
fn an_exit_that_works_shrinks_with_a_foreign_sale() {
    let mut day = parked();
    day.go(0, 0);
    day.reply(Modified, (1, 1), 2);
    day.forget();
    day.put(Kind::BrokerReply, &phone(-1, 4, "a"));
    assert_eq!(day.news()[0], "modify 1.1#3 -6 @99.45");
    day.filled((1, 1), 6, 99.9);
    assert_eq!((day.held(), day.working().len()), (0, 1));
    day.reply(Modified, (1, 1), 3);
    assert_eq!(day.working().len(), 0, "what was asked for has filled");
}

#[test]
fn a_kill_switch_leaves_the_stop_and_flatten_turns_it() {
    let mut day = parked();
    day.command(crate::record::CommandKind::Halt, "h");
    assert!(!day.news().iter().any(|line| line.starts_with("cancel")));
    day.command(crate::record::CommandKind::Flatten, "f");
    assert!(day.news().contains(&"modify 1.1#2 -10 @99.45".to_owned()));
    day.filled((1, 1), 10, 99.9);
    assert_eq!(day.kernel.command_state("f"), Some("flat"));
}

#[test]
fn a_flatten_outlives_the_refusal_of_the_wish_to_leave_that_it_found() {
    let mut day = Day::at_broker();
    day.trade(1, 10);
    day.filled((1, 0), 10, 100.0);
    day.go(0, 0);
    day.command(crate::record::CommandKind::Flatten, "f");
    day.forget();
    day.reply(Rejected, (1, 1), 1);
    assert_eq!(day.news(), ["1.1 exit -10 @99.45 REJECTED (by the broker: AB1010 no)", "s0 rejected", "s0 emergency"]);
    day.clock("10:00:01");
    assert_eq!(day.news(), ["place 1.2#1 -10 @99.45"]);
    day.filled((1, 2), 10, 99.9);
    assert_eq!(day.kernel.command_state("f"), Some("flat"));
}

#[test]
fn a_flatten_outlives_the_refusal_of_the_change_that_a_wish_has_asked_for() {
    let mut day = parked();
    day.go(0, 0);
    day.command(crate::record::CommandKind::Flatten, "f");
    day.forget();
    day.reply(Refused, (1, 1), 2);
    day.clock("10:00:01");
    assert_eq!(day.news().last().unwrap(), "modify 1.1#3 -10 @99.45");
    day.filled((1, 1), 10, 99.9);
    assert_eq!(day.kernel.command_state("f"), Some("flat"));
}

#[test]
fn a_stop_that_answers_in_a_halt_shrinks_to_what_a_foreign_sale_has_left() {
    let mut day = Day::with(|d| {
        d.account.venue = "broker".into();
        d.facts.groups[0].phases =
            [("09:15", 2), ("10:00:03", 6), ("10:45", 2), ("15:30", 0)].map(|(c, p)| (at(c), p)).into();
    });
    day.tick("10:00:00", 100.0);
    day.wish(Action::Trade, 1).quantity(10).stop(99.0).send();
    day.filled((1, 0), 10, 100.0);
    day.clock("10:00:02"); // not accepted yet: the position is to leave by it
    day.clock("10:00:04");
    day.put(Kind::BrokerReply, &phone(-1, 4, "a"));
    day.forget();
    day.reply(Accepted, (1, 1), 1);
    let news = ["1.1 stop -10 @98.5 OPEN", "s0 cannot_exit", "modify 1.1#2 -6 @98.5 trigger 99"];
    assert_eq!(day.news(), news);
}

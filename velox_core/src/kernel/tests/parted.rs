//! A position that leaves in parts: targets and trails of their own, one stop, no unit twice.

use super::day::{Day, Wish, at, paise};
use crate::kernel::Kernel;
use crate::kernel::hooks::HookArg;
use crate::kernel::parts::{Part, spread};
use crate::record::{Action, CommandKind, PriceKind, PriceSpec, SizeKind, Tick};

/// Thirds: at 101, at 102, the last by a trail of two rupees.
fn thirds(wish: Wish<'_>) -> Wish<'_> {
    wish.part(1.0 / 3.0, Some(101.0), None).part(1.0 / 3.0, Some(102.0), None).part(0.0, None, Some(2.0))
}

/// Long in thirds at 100.05 with a stop at 98.
fn long(units: i64) -> Day {
    let mut day = Day::new();
    day.limits(|l| l.intents = 0);
    day.tick("09:15:01", 100.0);
    thirds(day.wish(Action::Go, 1).quantity(units).stop(98.0)).send();
    day.tick("09:15:02", 100.0);
    day.forget();
    day
}

fn left(day: &Day) -> Vec<i64> {
    day.kernel.instances[0].protection.parts.iter().map(|part| part.left).collect()
}

/// Which parts the hooks about a trade named.
fn told(kernel: &Kernel) -> Vec<u8> {
    let part = |arg: &HookArg| if let HookArg::Trade { part, .. } = arg { Some(*part) } else { None };
    kernel.out.hooks.iter().filter_map(|call| part(&call.arg)).collect()
}

#[test]
fn each_target_takes_its_part_and_the_trail_the_rest() {
    let mut day = long(10);
    assert_eq!(left(&day), [3, 3, 4], "whole units, the remainder to the last");
    day.tick("09:15:03", 101.05);
    let news = day.news();
    assert_eq!(news[0], "hit_target stop 98 target 101");
    assert!(news.contains(&"fill 1.1 target -3 @101".to_owned()));
    assert_eq!((day.hooks(), told(&day.kernel)), (vec!["fill".to_owned(), "target".to_owned()], vec![1]));
    day.tick("09:15:04", 102.05);
    assert_eq!((left(&day), day.held()), (vec![0, 0, 4], 4));
    day.tick("09:15:05", 103.0);
    day.forget();
    day.tick("09:15:06", 101.0);
    assert_eq!(day.news(), ["hit_stop stop 98 target 0", "1.3 stop -4 @100.4 OPEN"]);
    day.tick("09:15:07", 101.0);
    assert_eq!((day.held(), day.hooks(), told(&day.kernel)), (0, vec!["fill".into(), "stop".into()], vec![3]));
}

#[test]
fn one_tick_may_take_several_targets() {
    let mut day = long(9);
    day.tick("09:15:03", 105.0);
    assert_eq!((day.held(), told(&day.kernel)), (3, vec![1, 2]));
    let realised = i128::from(paise(101.0) + paise(102.0) - 2 * paise(100.05)) * 3;
    assert_eq!(day.kernel.instances[0].book.realised(), realised);
}

#[test]
fn the_stop_takes_all_that_is_left_in_one_order() {
    let mut day = long(10);
    day.tick("09:15:03", 101.05);
    day.forget();
    day.tick("09:15:04", 98.0);
    assert_eq!(day.news()[1], "1.2 stop -7 @97.45 OPEN");
    day.tick("09:15:05", 98.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
    assert_eq!(told(&day.kernel), [0], "the whole trade");
}

#[test]
fn break_even_after_the_first_part() {
    let mut day = long(9);
    day.tick("09:15:03", 101.05);
    day.wish(Action::StopTo, 0).but(|i| i.stop = PriceSpec { kind: PriceKind::Cost, value: 0.0 }).of(1).send();
    day.tick("09:15:04", 100.0);
    day.tick("09:15:05", 100.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn a_part_on_its_way_out_leaves_the_others_guarded() {
    let mut day = long(9);
    day.tick("09:15:03", 100.95);
    day.tick("09:15:03.5", 98.95); // the trail of the last
    assert_eq!(day.news(), ["hit_stop stop 98 target 101", "1.1 stop -3 @98.4 OPEN"]);
    day.tick("09:15:03.6", 98.0); // past its limit, and the stop of all
    let news = day.news();
    assert_eq!(news[1], "1.1 stop -3 @98.4 CANCELLED (the whole position leaves)");
    assert_eq!(news[2], "1.2 stop -9 @97.45 OPEN");
    day.tick("09:15:04", 98.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count()), (0, 0));
}

#[test]
fn a_trail_that_was_met_is_not_forgotten_while_another_part_leaves() {
    let mut day = Day::with(|d| d.account.latency_ns = 1_000_000_000);
    day.tick("09:15:01", 100.0);
    let wish = day.wish(Action::Go, 1).quantity(10).stop(95.0);
    wish.part(0.5, None, Some(1.0)).part(0.0, None, Some(2.0)).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 99.0);
    day.tick("09:15:03.2", 98.0); // the second trail, while the first part's order is not live yet
    day.tick("09:15:03.5", 100.0); // back above it
    assert_eq!(day.kernel.orders.iter().map(|(_, o)| o.quantity).collect::<Vec<_>>(), [5]);
    day.tick("09:15:04", 100.0);
    assert_eq!((day.held(), left(&day)), (5, vec![0, 5]));
    assert_eq!(day.kernel.orders.iter().count(), 1, "now the second goes");
    day.tick("09:15:05", 100.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn the_strategys_own_order_makes_room_for_a_part() {
    for (price, reason) in [(101.05, "a part reached its target"), (98.05, "a part is stopped out")] {
        let mut day = long(9);
        day.wish(Action::Trade, -1).quantity(9).limit(102.5).but(|i| i.valid = 0).send();
        day.forget();
        day.tick("09:15:03", price);
        assert!(day.news().contains(&format!("1.1 reduce -9 @102.5 CANCELLED ({reason})")));
        day.tick("09:15:04", price);
        assert_eq!((day.held(), day.kernel.orders.iter().count()), (6, 0));
    }
}

#[test]
fn what_the_strategy_sells_is_taken_from_every_part() {
    let mut day = long(12);
    day.wish(Action::Exit, 0).sized(SizeKind::Share, 0.5).send();
    day.tick("09:15:03", 100.0);
    assert_eq!((day.held(), left(&day)), (6, vec![2, 2, 2]));
    day.tick("09:15:04", 101.05);
    assert_eq!((day.held(), left(&day)), (4, vec![0, 2, 2]));
}

#[test]
fn what_is_added_goes_to_the_parts_that_are_left() {
    let mut day = long(9);
    day.tick("09:15:03", 101.05);
    day.wish(Action::Add, 0).quantity(4).send();
    day.tick("09:15:04", 101.05);
    assert_eq!((day.held(), left(&day)), (10, vec![0, 5, 5]));
    day.tick("09:15:05", 101.1);
    assert_eq!(day.held(), 10, "the first target is done");
}

#[test]
fn parts_follow_an_entry_that_fills_in_pieces() {
    let mut day = Day::with(|d| d.account.partial = true);
    let trade = |day: &mut Day, clock: &str, price: f64, units: i64| {
        let tick = Tick { last_qty: units, ..day.packet(clock, price) };
        day.put_tick(&tick)
    };
    trade(&mut day, "09:15:01", 100.0, 50);
    thirds(day.wish(Action::Go, 1).quantity(10).stop(98.0)).send();
    trade(&mut day, "09:15:02", 100.0, 4);
    assert_eq!(left(&day), [1, 1, 2]);
    trade(&mut day, "09:15:03", 101.05, 4); // past the entry's limit: nothing more fills
    assert_eq!(left(&day), [0, 1, 2]);
    trade(&mut day, "09:15:04", 99.9, 50);
    assert_eq!((day.held(), left(&day)), (9, vec![0, 4, 5]), "what has left gets nothing any more");
}

#[test]
fn shares_need_not_add_up_and_the_remainder_has_the_stop() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(10).stop(98.0).part(0.5, Some(101.0), None).send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 110.0);
    assert_eq!((day.held(), left(&day)), (5, vec![0, 5]));
    day.tick("09:15:04", 98.0);
    day.tick("09:15:05", 98.0);
    assert_eq!(day.held(), 0);
}

#[test]
fn parts_that_are_none_are_refused() {
    let mut day = Day::new();
    day.limits(|l| (l.refusals, l.intents) = (0, 0));
    day.tick("09:15:01", 100.0);
    for shares in
        [vec![0.6, 0.6], vec![0.0, 0.0], vec![1.0, 0.0], vec![-0.5], vec![f64::NAN], vec![2.0], vec![0.01; 17]]
    {
        let mut wish = day.wish(Action::Go, 1).quantity(10);
        for share in &shares {
            wish = wish.part(*share, Some(101.0), None);
        }
        wish.send();
        assert!(day.news()[0].starts_with("refused bad_exits"), "{shares:?}");
    }
    day.wish(Action::Go, 1).quantity(10).part(0.5, Some(f64::INFINITY), None).send();
    day.wish(Action::Go, 1).quantity(10).part(0.5, None, Some(200.0)).send();
    assert_eq!(day.news(), ["refused bad_price 0/0"; 2]);
    day.wish(Action::Go, 1).quantity(10).part(0.5, Some(103.0), None).part(0.5, Some(99.0), None).send();
    assert_eq!(day.news(), ["s0 target_crossed"]);
}

#[test]
fn too_few_units_for_every_part_leave_with_the_last() {
    let mut day = long(2);
    assert_eq!(left(&day), [0, 0, 2]);
    day.tick("09:15:03", 102.5);
    assert_eq!((day.held(), day.hooks()), (2, vec![]), "no part was sold, none is told of");
    day.tick("09:15:04", 100.5);
    day.tick("09:15:05", 100.5);
    assert_eq!(day.held(), 0);
}

#[test]
fn parts_are_whole_lots() {
    let part = |share| Part { share, target: 0, trail: 0, left: 0, hit: false, done: false };
    let mut parts = [part(333_333_333), part(333_333_333), part(333_333_334)];
    for (held, lot, wanted) in
        [(9, 1, [3, 3, 3]), (225, 75, [75, 75, 75]), (150, 75, [0, 0, 150]), (375, 75, [75, 75, 225])]
    {
        spread(&mut parts, held, lot);
        assert_eq!(parts.each_ref().map(|part| part.left), wanted);
    }
    parts[0].done = true;
    spread(&mut parts, 6, 1);
    assert_eq!(parts.each_ref().map(|part| part.left), [0, 3, 3]);
}

#[test]
fn parts_above_the_freeze_quantity_leave_in_slices() {
    let mut day = long(9);
    day.wish(Action::Add, 0).quantity(21).send();
    day.tick("09:15:03", 100.0);
    day.put(crate::record::Kind::InstrumentDef, &crate::record::InstrumentDef { freeze: 5, ..super::day::share(0) });
    day.tick("09:15:04", 101.05);
    assert_eq!((day.held(), left(&day)), (20, vec![0, 10, 10]));
    day.tick("09:15:05", 99.0);
    for second in 6..9 {
        let most = day.kernel.orders.iter().map(|(_, o)| o.quantity).max();
        assert!(most.is_none_or(|units| units <= 4));
        day.tick(&format!("09:15:0{second}"), 99.0);
    }
    assert_eq!((day.held(), left(&day)), (10, vec![0, 10, 0]));
}

#[test]
fn a_flip_takes_all_parts_and_one_that_fails_gives_them_back() {
    let mut day = long(9);
    day.wish(Action::Go, -1).quantity(6).limit(102.5).stop(104.0).send();
    day.tick("09:15:03", 101.5);
    assert_eq!((day.held(), left(&day)), (9, vec![3, 3, 3]), "it will close them");
    day.go(1, 1);
    day.tick("09:15:04", 101.5);
    assert_eq!((day.held(), left(&day)), (6, vec![0, 3, 3]));
    day.go(-1, 5);
    day.tick("09:15:06", 101.5);
    assert_eq!((day.held(), left(&day)), (-5, vec![]));
}

#[test]
fn square_off_halt_and_limits_close_what_the_parts_left() {
    let mut day = long(9);
    day.tick("09:15:03", 101.05);
    day.tick("09:15:03.5", 99.0); // the last part is on its way
    day.command(CommandKind::Flatten, "k");
    day.tick("09:15:04", 99.0);
    assert_eq!((day.held(), day.kernel.orders.iter().count(), day.kernel.command_state("k")), (0, 0, Some("flat")));
}

#[test]
fn a_part_that_is_refused_is_tried_again_a_second_later() {
    let mut day = long(9);
    let lots = |day: &mut Day, lot| {
        day.put(crate::record::Kind::InstrumentDef, &crate::record::InstrumentDef { lot, ..super::day::share(0) });
        day.forget();
    };
    lots(&mut day, 2);
    day.tick("09:15:03", 101.05);
    assert_eq!(day.news()[1..], ["refused lot_size 2/3", "s0 cannot_exit"].map(str::to_owned));
    day.tick("09:15:03.5", 101.1);
    assert!(day.news().is_empty(), "not at every tick");
    lots(&mut day, 1);
    day.tick("09:15:04", 101.1);
    assert_eq!(day.held(), 6);
}

#[test]
fn the_next_target_can_be_moved() {
    let mut day = long(9);
    day.tick("09:15:03", 101.05);
    day.wish(Action::TargetTo, 0).target(103.0).send();
    day.tick("09:15:04", 102.5);
    assert_eq!(day.held(), 6);
    day.tick("09:15:05", 103.05);
    assert_eq!(day.held(), 3);
}

#[test]
fn parts_live_through_a_snapshot() {
    let mut day = long(9);
    day.tick("09:15:03", 101.05);
    let restored = Kernel::restore(&day.kernel.snapshot()).unwrap();
    assert_eq!(restored.instances[0].protection, day.kernel.instances[0].protection);
    day.kernel = restored;
    day.tick("09:15:04", 102.05);
    assert_eq!((day.held(), left(&day)), (3, vec![0, 0, 3]));
}

#[test]
fn a_halt_of_the_exchange_freezes_parts() {
    let mut day = Day::with(|d| {
        d.facts.groups[0].phases =
            [("09:15", 2), ("10:00", 6), ("10:45", 2), ("15:30", 0)].map(|(c, p)| (at(c), p)).into();
    });
    day.tick("09:59:30", 100.0);
    thirds(day.wish(Action::Go, 1).quantity(9).stop(98.0)).send();
    day.tick("09:59:31", 100.0);
    day.tick("10:20", 101.5);
    assert_eq!(day.held(), 9);
    day.tick("10:45", 101.5);
    assert_eq!(day.held(), 6);
}

#[test]
fn sixteen_parts_and_a_rest_leave_one_by_one() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    let mut wish = day.wish(Action::Go, 1).quantity(100).stop(98.0);
    for at in 0..16 {
        wish = wish.part(0.05, Some(101.0 + f64::from(at)), None);
    }
    wish.send();
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 101.5);
    assert_eq!(day.held(), 95);
}

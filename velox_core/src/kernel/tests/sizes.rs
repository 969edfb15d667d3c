//! Ruling 9: from risk to units.

use super::day::{Day, paise};
use crate::fixed::ONE;
use crate::record::{Action, PriceKind, PriceSpec, SameInstrument, SizeKind};

/// Units of the one working order, none where there is none.
fn units(day: &Day) -> Option<i64> {
    day.kernel.orders.iter().next().map(|(_, o)| o.quantity)
}

fn sized(stop: f64, rupees: f64) -> Option<i64> {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).risk_rupees(rupees).stop(stop).send();
    units(&day)
}

#[test]
fn risk_over_distance_from_the_expected_entry() {
    // expected entry 100.05
    assert_eq!(sized(99.05, 500.0), Some(500));
    assert_eq!(sized(99.05, 500.9), Some(500));
}

#[test]
fn the_distance_is_at_least_three_ticks_and_a_thousandth() {
    assert_eq!(sized(100.0, 15.0), Some(100), "three ticks of 0.05");
    let mut day = Day::new();
    day.tick("09:15:01", 1000.0);
    day.wish(Action::Go, 1).risk_rupees(1000.05).stop(1000.0).send();
    assert_eq!(units(&day), Some(1000), "0.1 % of 1000.05");
}

#[test]
fn percent_is_of_the_strategys_capital() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    let wish = day.wish(Action::Go, 1).stop(98.05);
    wish.but(|i| (i.size_kind, i.size) = (SizeKind::RiskPercent, 0.5)).send();
    assert_eq!(units(&day), Some(2_500), "₹5,000 at ₹2 a share");
}

#[test]
fn limits_and_buying_power_cut_and_say_so() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).risk_rupees(100_000.0).stop(99.05).send();
    // 0.95 × ₹10,00,000 ÷ (20 % of 100.05) = 47,476
    assert_eq!(day.news()[0], "sized_down sized_down 47476/100000");
    assert_eq!(units(&day), Some(47_476));
    let mut day = Day::new();
    day.limits(|l| l.order_value = 100_000 * ONE);
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).risk_rupees(100_000.0).stop(99.05).send();
    assert_eq!(units(&day), Some(994), "at the limit of 100.55, which risk will look at");
}

#[test]
fn lots_round_down_and_what_is_above_the_freeze_quantity_follows() {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| (d.lot, d.freeze) = (30, 100));
    day.start(|_| {});
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).risk_rupees(1_000.0).stop(99.05).send();
    assert_eq!(units(&day), Some(90));
    assert_eq!(day.kernel.working_units(0, None), 990);
}

#[test]
fn what_rounds_to_nothing_is_too_small_and_no_order() {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| d.lot = 30);
    day.start(|_| {});
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).risk_rupees(29.0).stop(99.05).send();
    assert_eq!((day.news(), units(&day)), (vec!["s0 too_small".to_owned()], None));
    for size in [31.0, 0.0, -30.0, 1.5, f64::NAN, f64::INFINITY] {
        day.wish(Action::Go, 1).quantity(0).but(|i| i.size = size).send();
    }
    day.wish(Action::Go, 1).stop(99.0).send();
    day.wish(Action::Go, 1).risk_rupees(100.0).send();
    day.wish(Action::Go, 1).risk_rupees(-100.0).stop(99.0).send();
    assert_eq!((day.news(), units(&day)), (vec!["s0 too_small".to_owned(); 9], None));
}

/// A day with lots of 30 and a last price of 100.
fn lots_of_thirty() -> Day {
    let mut day = Day::bare();
    day.begin();
    day.share(|d| d.lot = 30);
    day.start(|_| {});
    day.tick("09:15:01", 100.0);
    day
}

#[test]
fn one_lot_is_the_least_only_where_that_was_asked_for() {
    for (plain, floored, size, wished) in [
        (SizeKind::RiskRupees, SizeKind::RiskRupeesOrLot, 29.0, 29),
        (SizeKind::RiskPercent, SizeKind::RiskPercentOrLot, 0.001, 10),
        (SizeKind::Notional, SizeKind::NotionalOrLot, 90.0, 0),
    ] {
        let mut day = lots_of_thirty();
        day.wish(Action::Go, 1).sized(plain, size).stop(99.05).send();
        assert_eq!(day.news(), ["s0 too_small"], "{plain:?}");
        day.forget();
        day.wish(Action::Go, 1).sized(floored, size).stop(99.05).send();
        let told = format!("sized_up sized_up 30/{wished}");
        assert_eq!(day.news(), [&told, "2.0 entry +30 @100.55 OPEN"], "{floored:?}");
    }
}

#[test]
fn a_least_of_one_lot_leaves_larger_sizes_as_they_are() {
    for (plain, floored, size) in [
        (SizeKind::RiskRupees, SizeKind::RiskRupeesOrLot, 95.0),
        (SizeKind::RiskPercent, SizeKind::RiskPercentOrLot, 100.0),
        (SizeKind::Notional, SizeKind::NotionalOrLot, 9_000.0),
    ] {
        let news = [plain, floored].map(|kind| {
            let mut day = lots_of_thirty();
            day.wish(Action::Go, 1).sized(kind, size).stop(99.05).send();
            day.news()
        });
        assert_eq!(news[0], news[1], "{plain:?}");
    }
}

#[test]
fn a_least_of_one_lot_never_passes_a_limit() {
    let limits: [fn(&mut crate::record::LimitsSet); 3] =
        [|l| l.order_value = 3_000 * ONE, |l| l.position_quantity = 29, |l| l.trade_risk = 2_000];
    for limit in limits {
        let mut day = lots_of_thirty();
        day.limits(limit);
        day.wish(Action::Go, 1).sized(SizeKind::RiskRupeesOrLot, 5.0).stop(99.05).send();
        assert_eq!((day.news(), units(&day)), (vec!["s0 too_small".to_owned()], None));
    }
    for size in [0.0, -5.0, f64::NAN, f64::INFINITY] {
        for kind in [SizeKind::RiskRupeesOrLot, SizeKind::RiskPercentOrLot, SizeKind::NotionalOrLot] {
            let mut day = lots_of_thirty();
            day.wish(Action::Go, 1).sized(kind, size).stop(99.05).send();
            assert_eq!((day.news(), units(&day)), (vec!["s0 too_small".to_owned()], None), "{kind:?} {size}");
        }
    }
}

#[test]
fn a_least_of_one_lot_opens_and_never_closes_more() {
    let mut day = lots_of_thirty();
    day.go(1, 60);
    day.tick("09:15:02", 100.0);
    day.forget();
    day.wish(Action::Trade, -1).sized(SizeKind::NotionalOrLot, 90.0).send();
    assert_eq!((day.news(), day.held()), (vec!["s0 too_small".to_owned()], 60));
    day.forget();
    day.wish(Action::Add, 0).sized(SizeKind::NotionalOrLot, 90.0).send();
    assert_eq!(day.news(), ["sized_up sized_up 30/0", "3.0 add +30 @100.55 OPEN"]);
}

#[test]
fn a_stop_or_target_beyond_the_expected_entry_is_no_entry() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(1).stop(100.05).send();
    day.wish(Action::Go, -1).quantity(1).stop(99.95).send();
    day.wish(Action::Go, 1).quantity(1).target(100.05).send();
    day.wish(Action::Go, -1).quantity(1).target(99.95).send();
    assert_eq!(day.news(), ["s0 stop_crossed", "s0 stop_crossed", "s0 target_crossed", "s0 target_crossed"]);
}

#[test]
fn a_trail_alone_gives_the_distance() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).risk_rupees(100.0).trail(2.0).send();
    assert_eq!(units(&day), Some(50));
}

#[test]
fn what_is_no_price_is_refused_before_it_is_sized() {
    let mut day = Day::new();
    day.limits(|l| (l.refusals, l.intents) = (0, 0));
    day.tick("09:15:01", 100.0);
    let kinds = [PriceKind::Price, PriceKind::Percent, PriceKind::Points, PriceKind::Risk];
    let mut asked = 0;
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -5.0, 0.0, 9e10, i64::MAX as f64] {
        for kind in kinds {
            for place in 0..3 {
                let spec = PriceSpec { kind, value };
                let wish = day.wish(Action::Go, 1).quantity(1);
                wish.but(|i| *[&mut i.stop, &mut i.target, &mut i.trail][place] = spec).send();
                asked += 1;
            }
        }
        if !value.is_nan() {
            day.wish(Action::Go, 1).quantity(1).limit(value).send();
            asked += 1;
        }
    }
    let news = day.news();
    assert_eq!((news.len(), units(&day)), (asked, None));
    assert!(news.iter().all(|l| l == "refused bad_price 0/0"), "{news:?}");
}

#[test]
fn a_target_in_r_needs_a_stop() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    let r = PriceSpec { kind: PriceKind::Risk, value: 2.0 };
    day.wish(Action::Go, 1).quantity(1).but(|i| i.target = r).send();
    assert_eq!(day.news(), ["refused bad_price 0/0"]);
    day.wish(Action::Go, 1).quantity(1).stop(99.05).but(|i| i.target = r).send();
    day.tick("09:15:02", 100.0);
    assert_eq!(day.kernel.instances[0].protection.target, paise(102.05));
}

#[test]
fn prices_round_to_the_tick_toward_the_entry() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(1).stop(98.98).target(101.03).limit(100.02).send();
    assert_eq!(day.kernel.orders.iter().next().unwrap().1.limit, paise(100.0));
    day.tick("09:15:02", 99.0);
    let p = &day.kernel.instances[0].protection;
    assert_eq!((p.stop, p.target), (paise(99.0), paise(101.0)));
}

#[test]
fn a_stop_rounds_toward_the_price_however_and_whenever_it_is_set() {
    // one tick above or below 100.00, so that cost is no help: 1 % of it lies between two ticks
    let cases = [
        (PriceKind::Price, 98.98, 101.02, 99.0, 101.0),
        (PriceKind::Percent, 1.0, 1.0, 99.05, 100.9),
        (PriceKind::Points, 1.02, 1.02, 99.05, 100.95),
    ];
    for (kind, below, above, long, short) in cases {
        for (side, value, stop) in [(1, below, long), (-1, above, short)] {
            let spec = PriceSpec { kind, value };
            let mut day = Day::new();
            day.tick("09:15:01", 100.0);
            day.wish(Action::Go, side).quantity(1).but(|i| i.stop = spec).send();
            day.tick("09:15:02", 100.0);
            assert_eq!(day.kernel.instances[0].protection.stop, paise(stop), "{kind:?} {side}");
            day.wish(Action::StopTo, 0).stop(if side > 0 { 95.0 } else { 105.0 }).send();
            day.wish(Action::StopTo, 0).but(|i| i.stop = spec).send();
            assert_eq!(day.kernel.instances[0].protection.stop, paise(stop), "{kind:?} {side} moved");
        }
    }
}

#[test]
fn a_stop_at_a_cost_between_two_ticks_rounds_toward_the_price() {
    for (side, second, stop) in [(1, 100.1, 100.1), (-1, 99.9, 99.9)] {
        let mut day = Day::new();
        day.tick("09:15:01", 100.0);
        day.go(side, 2);
        day.tick("09:15:02", 100.0);
        day.tick("09:15:03", second);
        day.wish(Action::Add, 0).quantity(1).send();
        day.tick("09:15:04", second);
        assert_ne!(day.kernel.instances[0].protection.entry % day.kernel.markets[0].def.tick, 0);
        day.wish(Action::StopTo, 0).but(|i| i.stop = PriceSpec { kind: PriceKind::Cost, value: 0.0 }).send();
        assert_eq!(day.kernel.instances[0].protection.stop, paise(stop));
    }
}

#[test]
fn more_units_than_any_order_may_have_are_refused() {
    let mut day = Day::new();
    day.limits(|l| (l.intents, l.order_value, l.position_value) = (0, 0, 0));
    day.tick("09:15:01", 100.0);
    day.go(1, 1_000_000_001);
    day.wish(Action::Go, 1).quantity(0).but(|i| i.size = 9e30).send();
    assert_eq!(
        day.news(),
        ["refused order_quantity 1000000000/1000000001", "refused order_quantity 1000000000/9223372036854775807"]
    );
}

#[test]
fn a_trail_longer_than_the_price_protects_nothing() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).quantity(5).trail(100.05).send();
    assert_eq!(day.news(), ["refused bad_price 0/0"]);
    day.wish(Action::Go, -1).quantity(5).trail(100.05).send();
    assert_eq!(day.news(), ["2.0 entry -5 @99.5 OPEN"], "above a short it is a price like any other");
}

#[test]
fn a_limit_that_waits_is_where_its_risk_begins() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(Action::Go, 1).risk_rupees(500.0).limit(98.0).stop(97.0).send();
    assert_eq!(day.news(), ["1.0 entry +500 @98 OPEN"], "500 over one rupee, not over three");
    day.wish(Action::Trade, 1).quantity(5).limit(98.0).stop(98.5).send();
    assert_eq!(day.news(), ["s0 stop_crossed"]);
    day.tick("09:15:03", 100.0);
    day.wish(Action::Trade, 1).risk_rupees(500.0).limit(101.0).stop(98.05).send();
    assert_eq!(day.news(), ["3.0 entry +250 @101 OPEN"], "an eager limit costs what the market asks");
}

#[test]
fn working_entries_of_both_sides_take_their_room_of_a_position_limit() {
    let mut day = Day::new();
    day.limits(|l| (l.position_value, l.intents) = (100_000 * ONE, 0));
    day.tick("09:15:01", 100.0);
    day.trade(1, 300);
    day.tick("09:15:02", 100.0);
    day.wish(Action::Trade, 1).quantity(200).limit(99.0).send();
    assert_eq!((day.held(), day.kernel.working_units(0, None)), (300, 200));
    day.forget();
    day.wish(Action::Trade, 1).risk_rupees(100_000.0).stop(99.05).send();
    // ₹1,00,000 at the limit of 100.55 are 994 units
    assert_eq!(day.news(), ["sized_down sized_down 494/100000", "3.0 entry +494 @100.55 OPEN"]);
}

#[test]
fn the_room_of_a_limit_is_that_of_all_strategies_of_the_account() {
    let mut day = Day::with(|day| day.account.same_instrument = SameInstrument::Wait);
    day.start(|s| s.instrument = 0);
    day.limits(|l| (l.position_value, l.intents) = (100_000 * ONE, 0));
    day.tick("09:15:01", 100.0);
    day.wish_of(1, Action::Go, 1).quantity(400).send();
    day.tick("09:15:02", 100.0);
    day.forget();
    day.wish(Action::Trade, 1).risk_rupees(100_000.0).stop(99.05).send();
    assert_eq!(day.news()[0], "sized_down sized_down 594/100000");
}

#[test]
fn margin_without_a_strategy_is_without_its_position_and_its_orders() {
    let mut day = Day::bare();
    day.begin();
    for _ in 0..2 {
        day.share(|_| {});
        day.start(|_| {});
    }
    day.limits(|l| l.intents = 0);
    day.feed_up("09:00");
    for (instance, price, units) in [(0, 100.0, 10), (1, 50.0, 30)] {
        day.tick_of(instance, "09:15:01", price);
        day.wish_of(instance, Action::Trade, 1).quantity(units).send();
        day.tick_of(instance, "09:15:02", price);
        day.wish_of(instance, Action::Trade, 1).quantity(units / 2).limit(price - 1.0).send();
    }
    let margin = |held: f64, works: f64| i128::from(paise(held + works)) / 5;
    let first = margin(10.0 * 100.05, 5.0 * 99.0);
    let second = margin(30.0 * 50.05, 15.0 * 49.0);
    let used = |except| day.kernel.margin_used(0, except);
    assert_eq!((used(None), used(Some(0)), used(Some(1))), (first + second, second, first));
}

#[test]
fn a_flip_is_paid_for_by_what_it_closes() {
    let mut day = Day::with(|day| day.account.capital = paise(21_000.0));
    day.tick("09:15:01", 100.0);
    day.go(1, 1_000);
    day.tick("09:15:02", 100.0);
    assert!(day.kernel.margin_used(0, None) > i128::from(paise(20_000.0)));
    day.forget();
    day.go(-1, 1_000);
    assert_eq!(day.news(), ["2.0 flip -2000 @99.5 OPEN"]);
}

//! Rulings 8, 10 and 11: when and at what price an order fills on paper.

use super::day::{Day, S, at};
use crate::record::{InstrumentDef, Kind, Tick, TickMode, ValidKind};

#[test]
fn an_intent_fills_on_the_next_tick_at_last_and_slippage() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    assert_eq!(
        day.said(),
        [
            "1.0 entry +10 @100.55 CREATED",
            "1.0 entry +10 @100.55 APPROVED",
            "1.0 entry +10 @100.55 QUEUED",
            "1.0 entry +10 @100.55 OPEN"
        ]
    );
    day.tick("09:15:01.5", 100.2);
    assert_eq!(
        day.said(),
        ["1.0 entry +10 @100.55 FILLED", "fill 1.0 entry +10 @100.25", "position +10 @100.25 realised 0"]
    );
    assert_eq!(day.hooks(), ["fill", "entered"]);
}

#[test]
fn a_known_book_gives_expected_price_and_fill() {
    let mut day = Day::new();
    day.quote("09:15:01", 100.0, 99.9, 100.1);
    day.go(1, 10);
    // expected 100.15 = ask + a tick; limit 0.5 % above it, down to the tick
    assert_eq!(day.news(), ["1.0 entry +10 @100.65 OPEN"]);
    day.quote("09:15:02", 100.0, 99.9, 100.3);
    assert!(day.news().contains(&"fill 1.0 entry +10 @100.35".to_owned()));
    day.go(-1, 5);
    day.quote("09:15:03", 100.0, 99.7, 100.3);
    assert!(day.news().contains(&"fill 2.0 flip -15 @99.65".to_owned()));
}

#[test]
fn slippage_never_goes_past_the_limit() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(crate::record::Action::Go, 1).quantity(10).limit(100.0).send();
    day.tick("09:15:02", 100.0);
    assert!(day.news().contains(&"fill 1.0 entry +10 @100".to_owned()));
}

#[test]
fn a_tick_without_a_book_matches_against_its_price_alone() {
    let mut day = Day::new();
    day.quote("09:15:01", 100.0, 99.9, 100.1);
    day.go(1, 10);
    let bare = Tick { mode: TickMode::Ltp, ..day.packet("09:15:02", 100.4) };
    day.put_tick(&bare);
    assert!(day.news().contains(&"fill 1.0 entry +10 @100.45".to_owned()));
}

#[test]
fn a_resting_limit_fills_at_its_own_price_strictly_through() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(crate::record::Action::Go, 1).quantity(10).limit(99.5).send();
    day.tick("09:15:02", 99.6);
    day.tick("09:15:03", 99.5);
    assert_eq!(day.held(), 0, "at the limit is not through it");
    day.tick("09:15:04", 99.4);
    assert!(day.news().contains(&"fill 1.0 entry +10 @99.5".to_owned()));
}

#[test]
fn a_resting_limit_fills_by_the_opposite_quote_too() {
    let mut day = Day::new();
    day.quote("09:15:01", 100.0, 99.9, 100.1);
    day.wish(crate::record::Action::Go, -1).quantity(10).limit(101.0).send();
    day.quote("09:15:02", 100.0, 100.5, 100.6);
    assert_eq!(day.held(), 0);
    day.quote("09:15:03", 100.0, 101.05, 101.1);
    assert!(day.news().contains(&"fill 1.0 entry -10 @101".to_owned()));
}

#[test]
fn a_suspect_tick_neither_matches_nor_triggers() {
    let mut day = Day::new();
    day.tick("09:15:10", 100.0);
    day.go(1, 10);
    day.tick("09:15:09", 100.0); // out of order
    day.tick("09:15:10", 100.0); // duplicate
    day.tick("09:15:11", -1.0);
    assert_eq!(day.held(), 0);
    assert_eq!(day.news(), ["1.0 entry +10 @100.55 OPEN", "tick out_of_order", "tick duplicate", "tick impossible"]);
    day.tick("09:15:11", 100.0);
    assert_eq!(day.held(), 10);
}

#[test]
fn latency_keeps_an_order_out_of_the_book() {
    let mut day = Day::with(|d| d.account.latency_ns = S / 2);
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    day.tick("09:15:01.4", 100.0);
    assert_eq!(day.held(), 0);
    day.tick("09:15:01.5", 100.0);
    assert_eq!(day.held(), 10);
}

#[test]
fn partial_fills_take_what_the_tick_traded_and_enter_once() {
    let mut day = Day::with(|d| d.account.partial = true);
    day.tick("09:15:01", 100.0);
    day.go(1, 10);
    for (second, traded) in [(2, 4), (3, 1), (4, 50)] {
        let tick = Tick { last_qty: traded, ..day.packet(&format!("09:15:0{second}"), 100.0) };
        day.put_tick(&tick);
    }
    // the rest fills at its own price once last is strictly through it
    let fills: Vec<_> = day.news().into_iter().filter(|l| l.starts_with("fill")).collect();
    assert_eq!(fills, ["fill 1.0 entry +4 @100.05", "fill 1.0 entry +1 @100.05", "fill 1.0 entry +5 @100.05"]);
    assert_eq!(day.hooks(), ["fill", "fill", "fill", "entered"]);
}

#[test]
fn an_entry_that_got_a_part_before_it_expired_is_entered_too() {
    let mut day = Day::with(|d| d.account.partial = true);
    day.tick("09:15:01", 100.0);
    day.wish(crate::record::Action::Go, 1).quantity(10).stop(99.0).send();
    let tick = Tick { last_qty: 4, ..day.packet("09:15:02", 100.0) };
    day.put_tick(&tick);
    day.hooks();
    day.tick("09:16:05", 100.9);
    assert_eq!((day.held(), day.hooks()), (4, vec!["entered".to_owned()]));
    day.forget();
    day.tick("09:16:06", 99.0);
    day.tick("09:16:07", 99.0);
    assert_eq!(day.held(), 0, "the stop's quantity follows what was filled");
}

#[test]
fn without_candles_an_entry_lives_sixty_seconds() {
    let mut day = Day::new();
    day.tick("09:15:01", 100.0);
    day.wish(crate::record::Action::Go, 1).quantity(10).limit(90.0).but(|i| i.stop.value = 0.0).send();
    // 10 % off: a fat finger
    assert_eq!(day.news(), ["refused fat_finger 300000000/1000000000"]);
    day.wish(crate::record::Action::Go, 1).quantity(10).limit(98.0).send();
    day.tick("09:16:00", 99.0);
    day.news();
    day.clock("09:16:01");
    assert_eq!(
        day.news(),
        ["1.0 entry +10 @98 EXPIRED (not filled in time)", "s0 expired"].map(|s| s.replace("1.0", "2.0"))
    );
}

#[test]
fn an_entry_expires_at_the_end_of_the_next_candle() {
    let mut day = Day::with_bars(&[300]);
    day.tick("09:15:01", 100.0);
    day.tick("09:20:00.2", 100.0);
    day.wish(crate::record::Action::Go, 1).quantity(10).limit(99.0).of_bar("09:15", 300).send();
    day.tick("09:24:59", 99.5);
    assert_eq!(day.kernel.orders.iter().count(), 1);
    day.tick("09:25:00", 98.0);
    assert_eq!((day.kernel.orders.iter().count(), day.held()), (0, 0), "it expires before the tick of that time");
}

#[test]
fn an_entry_from_a_tick_lives_through_the_candle_after_the_forming_one() {
    let mut day = Day::with_bars(&[60]);
    day.tick("09:15:01", 100.0);
    day.wish(crate::record::Action::Go, 1).quantity(10).limit(99.0).send();
    assert_eq!(day.kernel.orders.iter().next().unwrap().1.until, at("09:17"));
}

#[test]
fn an_entry_lives_as_long_as_it_was_given() {
    let mut day = Day::with_bars(&[60]);
    day.tick("09:16:01", 100.0);
    let wish = day.wish(crate::record::Action::Go, 1).quantity(10).limit(99.0).of_bar("09:15", 60);
    wish.but(|i| (i.valid_kind, i.valid) = (ValidKind::Bars, 3)).send();
    assert_eq!(day.kernel.orders.iter().next().unwrap().1.until, at("09:19"));
    day.go(0, 0);
    let wish = day.wish(crate::record::Action::Go, 1).quantity(11).limit(99.0);
    wish.but(|i| (i.valid_kind, i.valid) = (ValidKind::Until, at("09:16:30"))).send();
    day.clock("09:16:30");
    assert_eq!(day.kernel.orders.iter().count(), 0);
}

#[test]
fn charges_accrue_unrounded_with_each_fill() {
    // NIFTY options of April 2026: buy 65 × ₹100, sell 65 × ₹110; the documentation's total is ₹63.859
    let mut day = Day::with(|d| {
        d.account.slippage_ticks = 0;
        d.facts.charges[0] = crate::record::ChargeRates {
            name: "options".into(),
            stt_sell: 15_000_000,
            transaction: 3_553_000,
            sebi: 10_000,
            stamp_buy: 300_000,
            gst: 1_800_000_000,
            brokerage_cap: 20 * crate::fixed::ONE,
            ..Default::default()
        };
    });
    day.tick("09:15:01", 100.0);
    day.go(1, 65);
    day.tick("09:15:02", 100.0);
    day.tick("09:15:03", 110.0);
    day.go(0, 0);
    day.tick("09:15:04", 110.0);
    let total = day.kernel.instances[0].charges.total();
    assert_eq!((day.held(), (total + 50_000) / 100_000), (0, 63_859));
    assert_eq!(day.kernel.instances[0].book.realised(), 650 * i128::from(crate::fixed::ONE));
}

#[test]
fn a_partial_fill_is_at_least_a_lot() {
    let mut day = Day::with(|d| d.account.partial = true);
    let def = InstrumentDef { lot: 10, ..super::day::share(0) };
    day.put(Kind::InstrumentDef, &def);
    let trade = |day: &mut Day, clock: &str, units: i64| {
        let tick = Tick { last_qty: units, ..day.packet(clock, 100.0) };
        day.put_tick(&tick)
    };
    trade(&mut day, "09:15:01", 3);
    day.go(1, 50);
    trade(&mut day, "09:15:02", 3);
    assert_eq!(day.held(), 10);
    trade(&mut day, "09:15:03", 29);
    assert_eq!(day.held(), 30);
}

#[test]
fn a_protected_price_leaves_at_least_five_ticks() {
    let mut day = Day::new();
    day.tick("09:15:01", 10.0);
    day.go(1, 10);
    assert_eq!(day.news(), ["1.0 entry +10 @10.3 OPEN"], "0.5 % would be one tick");
}

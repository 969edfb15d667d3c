//! Design §3.4: the first verdict that holds, in its order, and what a suspect tick may still change.

use super::day::{Day, S, at, paise};
use crate::record::{Level, Tick, TickMode, Verdict};

#[test]
fn verdicts_hold_in_their_order() {
    type Case = (Verdict, fn(&mut Tick));
    let mut day = Day::new();
    day.kernel.markets[0].upper = paise(110.0);
    day.kernel.markets[0].lower = paise(90.0);
    day.volume = 5;
    assert_eq!(day.tick("09:15:10", 100.0), Verdict::Applied);
    let base = day.packet("09:15:11", 100.0);
    let cases: [Case; 10] = [
        (Verdict::Impossible, |t| (t.price, t.instrument) = (0, 99)),
        (Verdict::Impossible, |t| t.last_qty = -1),
        (Verdict::Unknown, |t| (t.instrument, t.exch_ts) = (99, 0)),
        (Verdict::WrongDay, |t| t.exch_ts -= 86_400 * S),
        (Verdict::WrongDay, |t| t.exch_ts += 86_400 * S),
        (Verdict::NotContinuous, |t| t.exch_ts = at("09:14:59")),
        (Verdict::OutOfOrder, |t| (t.exch_ts, t.price) = (at("09:15:09"), paise(200.0))),
        (Verdict::Duplicate, |t| t.exch_ts = at("09:15:10")),
        (Verdict::Band, |t| t.price = paise(110.05)),
        (Verdict::Band, |t| t.price = paise(89.95)),
    ];
    for (verdict, change) in cases {
        let mut tick = base;
        change(&mut tick);
        assert_eq!(day.put_tick(&tick), verdict, "{tick:?}");
    }
    assert_eq!(day.kernel.ticks(), 11);
    assert_eq!(day.put_tick(&base), Verdict::Applied);
}

#[test]
fn a_duplicate_is_equal_in_time_price_and_volume() {
    let mut day = Day::new();
    day.tick("09:15:10", 100.0);
    assert_eq!(day.tick("09:15:10", 100.05), Verdict::Applied);
    day.volume = 1;
    assert_eq!(day.tick("09:15:10", 100.05), Verdict::Applied);
    assert_eq!(day.tick("09:15:10", 100.05), Verdict::Duplicate);
}

#[test]
fn a_duplicate_refreshes_the_book_and_never_the_age() {
    let mut day = Day::new();
    day.tick("09:15:10", 100.0);
    let level = |rupees| Level { price: paise(rupees), quantity: 3 };
    let (bid, ask) = (level(99.9), level(100.1));
    let again = Tick { mode: TickMode::Snap, bid, ask, open_interest: 9, ..day.packet("09:15:10", 100.0) };
    assert_eq!(day.put_tick(&again), Verdict::Duplicate);
    let market = &day.kernel.markets[0];
    assert_eq!((market.bid, market.ask, market.open_interest, market.last_ts), (bid, ask, 9, at("09:15:10")));
}

#[test]
fn the_band_is_known_from_a_frame_or_the_instrument_and_never_inferred() {
    let mut day = Day::new();
    day.tick("09:15:10", 100.0);
    assert_eq!(day.tick("09:15:11", 500.0), Verdict::Applied, "no limit is known");
    let framed = Tick { mode: TickMode::Snap, upper: paise(110.0), ..day.packet("09:15:12", 111.0) };
    assert_eq!(day.put_tick(&framed), Verdict::Band, "by its own frame");
    assert_eq!(day.kernel.markets[0].upper, 0, "a suspect frame teaches nothing");
    let framed = Tick { mode: TickMode::Snap, upper: paise(110.0), ..day.packet("09:15:12", 105.0) };
    assert_eq!(day.put_tick(&framed), Verdict::Applied);
    assert_eq!(day.tick("09:15:13", 111.0), Verdict::Band, "by the frame before");
}

#[test]
fn a_suspect_tick_moves_no_indicator() {
    let mut day = Day::with_bars(&[60]);
    day.tick("09:15:10", 100.0);
    let before = (day.kernel.frame(0).forming, day.kernel.markets[0].day);
    for (clock, rupees) in [("09:15:09", 1.0), ("09:15:10", 100.0), ("09:15:20", -5.0), ("15:35", 7.0)] {
        day.tick(clock, rupees);
    }
    assert_eq!((day.kernel.frame(0).forming, day.kernel.markets[0].day), before);
}

#[test]
fn before_the_facts_every_tick_is_unknown() {
    let mut day = Day::bare();
    day.share(|_| {});
    assert_eq!(day.tick("09:15:10", 100.0), Verdict::Unknown);
}

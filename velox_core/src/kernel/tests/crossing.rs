//! Rule 23: opposite orders of two strategies of one account do not cross in the market.

use super::day::{Day, S, at, paise};
use crate::kernel::order::State;
use crate::record::{AccountDef, Action, CandleRange, CommandKind, Kind, SameInstrument, Tick, ValidKind};

/// Three strategies of one account on one share, at 100 rupees.
pub(super) fn day(change: impl FnOnce(&mut Day)) -> Day {
    let mut day = Day::with(|day| {
        day.account.same_instrument = SameInstrument::Wait;
        change(day);
    });
    for _ in 0..2 {
        day.start(|s| s.instrument = 0);
    }
    day.limits(|l| (l.intents, l.sends) = (0, 0));
    day.tick("09:20:00", 100.0);
    day.forget();
    day
}

pub(super) fn trade(day: &mut Day, instance: u32, units: i64, limit: f64) {
    let wish = day.wish_of(instance, Action::Trade, units.signum() as i8).quantity(units.abs());
    wish.limit(limit).but(|i| (i.valid_kind, i.valid) = (ValidKind::Until, at("09:30"))).send();
}

/// A trade of so many units, of which an account that fills in parts gets no more.
pub(super) fn print(day: &mut Day, clock: &str, rupees: f64, last_qty: i64) {
    let tick = Tick { last_qty, ..day.packet(clock, rupees) };
    day.put_tick(&tick);
}

pub(super) fn held(day: &Day) -> [i64; 3] {
    [0, 1, 2].map(|id: usize| day.kernel.instances[id].book.quantity())
}

/// Orders that wait, by their strategy.
pub(super) fn waiting(day: &Day) -> Vec<u32> {
    let waits = day.kernel.orders.iter().filter(|(_, o)| o.state == State::Waiting);
    waits.map(|(_, o)| o.instance).collect()
}

#[test]
fn the_later_of_two_opposite_entries_waits_until_the_earlier_has_filled() {
    let mut day = day(|_| {});
    day.trade(1, 10);
    day.wish_of(1, Action::Go, -1).quantity(5).send();
    assert_eq!(day.news(), ["1.0 entry +10 @100.55 OPEN", "1.0 entry -5 @99.5 WAITING (waits for an order of s0)"]);
    day.tick("09:20:01", 100.0);
    let told = ["1.0 entry +10 @100.55 FILLED", "fill 1.0 entry +10 @100.05"];
    let then = ["1.0 entry -5 @99.5 QUEUED (nothing is in its way any more)", "1.0 entry -5 @99.5 OPEN"];
    assert_eq!(day.news(), [told, then].concat());
    assert_eq!(held(&day), [10, 0, 0], "it fills on the next tick at the earliest");
    day.tick("09:20:02", 100.0);
    assert_eq!(held(&day), [10, -5, 0]);
}

#[test]
fn latency_counts_from_where_an_order_stops_waiting() {
    let mut day = day(|day| day.account.latency_ns = 2_000_000_000);
    trade(&mut day, 0, 10, 100.5);
    trade(&mut day, 1, -5, 99.5);
    day.tick("09:20:02", 100.0);
    day.tick("09:20:03.9", 100.0);
    assert_eq!(held(&day), [10, 0, 0]);
    day.tick("09:20:04", 100.0);
    assert_eq!(held(&day), [10, -5, 0]);
}

#[test]
fn only_orders_that_could_trade_with_each_other_wait() {
    let mut day = day(|_| {});
    trade(&mut day, 0, 10, 99.4);
    trade(&mut day, 1, -10, 99.45);
    assert_eq!(waiting(&day), [0; 0]);
    trade(&mut day, 2, -10, 99.4);
    assert_eq!(waiting(&day), [2], "at one price they could");
    trade(&mut day, 0, -10, 99.3);
    trade(&mut day, 2, 10, 99.25);
    assert_eq!(waiting(&day), [2], "one's own orders and those of one side are no reason");
}

#[test]
fn another_account_and_another_share_are_no_reason_to_wait() {
    let mut day = day(|_| {});
    let other = AccountDef { id: 1, name: "second".into(), ..day.account.clone() };
    day.put(Kind::AccountDef, &other);
    day.share(|_| {});
    day.start(|s| (s.account, s.instrument) = (1, 0));
    day.start(|s| s.instrument = 1);
    day.tick_of(1, "09:20:00", 100.0);
    trade(&mut day, 0, 10, 100.5);
    trade(&mut day, 3, -10, 99.5);
    trade(&mut day, 4, -10, 99.5);
    assert_eq!(waiting(&day), [0; 0]);
}

#[test]
fn an_order_that_waits_ends_by_its_own_time() {
    let mut day = day(|_| {});
    trade(&mut day, 0, 10, 99.5);
    let wish = day.wish_of(1, Action::Go, -1).quantity(5);
    wish.but(|i| (i.valid_kind, i.valid) = (ValidKind::Until, at("09:20:30"))).send();
    day.forget();
    day.clock("09:20:29");
    assert_eq!(waiting(&day), [1]);
    day.clock("09:20:30");
    assert_eq!(day.news(), ["1.0 entry -5 @99.5 EXPIRED (not filled in time)", "s1 expired"]);
}

#[test]
fn what_waits_goes_as_soon_as_the_earlier_order_ends() {
    let mut day = day(|_| {});
    trade(&mut day, 0, 10, 99.5);
    trade(&mut day, 1, -5, 99.5);
    day.forget();
    day.wish(Action::CancelEntry, 0).send();
    assert_eq!(waiting(&day), [0; 0]);
    assert_eq!(day.news().last().unwrap(), "1.0 entry -5 @99.5 OPEN");
}

#[test]
fn of_several_that_wait_each_goes_when_nothing_is_in_its_way() {
    let mut day = day(|_| {});
    trade(&mut day, 0, 10, 99.5);
    trade(&mut day, 1, -5, 99.5);
    trade(&mut day, 2, -5, 99.4);
    assert_eq!(waiting(&day), [1, 2]);
    day.wish(Action::CancelEntry, 0).send();
    assert_eq!(waiting(&day), [0; 0]);
    trade(&mut day, 0, 9, 99.4);
    assert_eq!(waiting(&day), [0], "now it is the later one");
}

#[test]
fn a_halt_and_the_days_end_take_what_waits_too() {
    let mut day = day(|_| {});
    trade(&mut day, 0, 10, 99.5);
    trade(&mut day, 1, -5, 99.5);
    day.command_for(CommandKind::Halt, "k", (-1, 1, -1));
    assert_eq!(waiting(&day), [0; 0]);
    assert_eq!(day.kernel.instances[1].entries, [0; 0]);
    trade(&mut day, 2, -5, 99.5);
    assert_eq!(waiting(&day), [2]);
    day.clock("16:00:02");
    assert_eq!(day.kernel.orders.iter().count(), 0);
}

#[test]
fn the_rates_hold_for_what_stops_waiting() {
    let mut day = day(|_| {});
    day.limits(|l| (l.intents, l.sends) = (0, 1));
    trade(&mut day, 0, 10, 99.5);
    trade(&mut day, 1, -5, 99.5);
    day.wish(Action::CancelEntry, 0).send();
    assert_eq!(waiting(&day), [1], "nothing is in its way but the rate");
    day.clock("09:20:01.2");
    assert_eq!(waiting(&day), [0; 0]);
}

#[test]
fn an_entry_waits_for_an_exit_that_works() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    day.tick("09:20:01", 100.0);
    day.wish_of(1, Action::Go, 0).send();
    day.trade(1, 5);
    assert_eq!(waiting(&day), [0]);
    day.tick("09:20:02", 100.0);
    day.tick("09:20:03", 100.0);
    assert_eq!(held(&day), [5, 0, 0]);
}

#[test]
fn two_exits_both_go() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.0).send();
    day.tick("09:20:01", 100.0);
    day.wish_of(2, Action::Go, -1).quantity(10).stop(101.0).send();
    day.tick("09:20:02", 100.0);
    day.wish_of(1, Action::Go, 0).send();
    day.wish_of(2, Action::Go, 0).send();
    assert_eq!(waiting(&day), [0; 0]);
    day.tick("09:20:03", 100.0);
    assert_eq!(held(&day), [0, 0, 0]);
}

#[test]
fn a_flip_at_a_price_of_its_own_waits_and_leaves_the_stop_on_watch() {
    let mut day = day(|day| day.account.partial = true);
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.0).send();
    print(&mut day, "09:20:01", 100.0, 10);
    day.trade(1, 100);
    trade(&mut day, 1, -20, 100.5);
    assert_eq!(waiting(&day), [1]);
    assert!(!day.kernel.instances[1].protection.suspended);
    print(&mut day, "09:20:02", 99.0, 1);
    assert_eq!(waiting(&day), [0], "the stop takes the flip back and goes");
    print(&mut day, "09:20:03", 99.0, 10);
    assert_eq!(held(&day), [1, 0, 0]);
}

#[test]
fn a_flip_that_waited_closes_what_is_held_by_then() {
    let mut day = day(|day| day.account.partial = true);
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.0).send();
    print(&mut day, "09:20:01", 100.0, 10);
    day.trade(1, 100);
    trade(&mut day, 1, -20, 100.5);
    assert_eq!(waiting(&day), [1]);
    day.wish(Action::CancelEntry, 0).send();
    assert_eq!(waiting(&day), [0; 0]);
    assert!(day.kernel.instances[1].protection.suspended, "from here on the flip closes it");
    print(&mut day, "09:20:02", 100.55, 100);
    print(&mut day, "09:20:03", 100.55, 100);
    assert_eq!(held(&day), [0, -10, 0]);
}

#[test]
fn a_reduction_at_its_limit_waits_and_one_at_the_market_does_not() {
    let mut day = day(|day| day.account.partial = true);
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.0).send();
    print(&mut day, "09:20:01", 100.0, 10);
    day.trade(1, 100);
    trade(&mut day, 1, -4, 100.5);
    assert_eq!(waiting(&day), [1]);
    day.wish_of(1, Action::Exit, 0).quantity(4).send();
    assert_eq!(waiting(&day), [1], "an exit works already");
    day.wish_of(1, Action::Resize, 0).quantity(6).send();
    assert_eq!(waiting(&day), [0], "it leaves now");
    print(&mut day, "09:20:02", 100.0, 10);
    assert_eq!(held(&day), [0, 6, 0]);
}

/// A day of candles with three strategies on one share, whose first minute is over.
pub(super) fn candles() -> Day {
    candles_of(SameInstrument::Wait)
}

pub(super) fn candles_of(same_instrument: SameInstrument) -> Day {
    let mut day = Day::bare();
    day.account.same_instrument = same_instrument;
    day.put(Kind::Settings, &super::by_candles::settings());
    day.begin();
    day.share(|_| {});
    let series = day.watch(0, 60);
    for _ in 0..3 {
        day.start(|s| (s.instrument, s.series) = (0, vec![(series, 16)]));
    }
    day.limits(|l| (l.intents, l.sends) = (0, 0));
    day.feed_up("09:15");
    minute(&mut day, "09:15", 100.0, [100.5, 99.5, 100.0]);
    day.forget();
    day
}

pub(super) fn open(day: &mut Day, clock: &str, rupees: f64) {
    day.try_open(0, at(clock), paise(rupees)).unwrap();
}

pub(super) fn minute(day: &mut Day, clock: &str, rupees: f64, rest: [f64; 3]) {
    open(day, clock, rupees);
    let (ts_open, [high, low, close]) = (at(clock), rest.map(paise));
    day.try_rest(&CandleRange { instrument: 0, ts_open, high, low, close, volume: 100, ticks: 7 }).unwrap();
    day.fire(ts_open + 60 * S);
}

#[test]
fn on_days_of_candles_the_later_fills_an_open_after_the_earlier() {
    let mut day = candles();
    day.trade(1, 10);
    day.wish_of(1, Action::Go, -1).quantity(5).send();
    minute(&mut day, "09:16", 100.0, [100.5, 99.5, 100.0]);
    assert_eq!(held(&day), [10, 0, 0]);
    open(&mut day, "09:17", 100.0);
    assert_eq!(held(&day), [10, -5, 0]);
}

#[test]
fn a_flip_that_waited_is_as_large_as_the_position_is_by_then() {
    let mut day = day(|day| day.account.partial = true);
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.0).send();
    print(&mut day, "09:20:01", 100.0, 10);
    day.trade(1, 100);
    trade(&mut day, 1, -20, 100.5);
    trade(&mut day, 1, 1, 100.1);
    print(&mut day, "09:20:02", 100.0, 1);
    assert_eq!((held(&day)[1], waiting(&day)), (11, vec![1]), "it has grown meanwhile");
    day.wish(Action::CancelEntry, 0).send();
    let flip = day.kernel.orders.iter().next().unwrap().1;
    assert_eq!((flip.quantity, flip.closes), (21, 11));
    print(&mut day, "09:20:03", 100.55, 100);
    print(&mut day, "09:20:04", 100.55, 100);
    assert_eq!(held(&day)[1], -10);
}

#[test]
fn a_reduction_at_the_market_never_waits_however_the_price_runs_from_its_limit() {
    let mut day = day(|day| day.account.partial = true);
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    print(&mut day, "09:20:01", 100.0, 10);
    day.trade(1, 100);
    day.limits(|l| (l.intents, l.sends) = (0, 1));
    print(&mut day, "09:20:02.5", 100.0, 1);
    trade(&mut day, 2, 5, 98.0);
    day.wish_of(1, Action::Exit, 0).quantity(4).send();
    print(&mut day, "09:20:03.55", 99.0, 1);
    assert_eq!(waiting(&day), [0; 0], "nobody gives way to what is queued");
    day.clock("09:20:03.6");
    assert_eq!(waiting(&day), [0], "it went, at 99.5 while the market gives 98.95");
}

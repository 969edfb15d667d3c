//! Rule 23: opposite orders of two strategies are netted inside the account, when that is enabled.

use super::crossing::{held, print, trade, waiting};
use super::day::{Day, S, at, paise};
use crate::record::{AccountDef, Action, CandleOpen, ChargeRates, CommandKind, Kind, SameInstrument};

/// Brokerage of 0.1 %, at most 20 rupees an order.
fn rates() -> ChargeRates {
    ChargeRates {
        name: "plain".into(),
        brokerage_rate: 10_000_000,
        brokerage_cap: paise(20.0),
        ..ChargeRates::default()
    }
}

/// Three strategies of one account on one share, at 100 rupees.
fn day(change: impl FnOnce(&mut Day)) -> Day {
    super::crossing::day(|day| {
        day.account.same_instrument = SameInstrument::Net;
        day.facts.charges = vec![rates()];
        change(day);
    })
}

/// What each strategy has been charged, 1e-8 rupees.
fn charged(day: &Day) -> [i128; 3] {
    [0, 1, 2].map(|id: usize| day.kernel.instances[id].charges.total())
}

fn first_alone(rupees: f64) -> [i128; 3] {
    [i128::from(paise(rupees)), 0, 0]
}

fn netted(day: &mut Day) -> Vec<String> {
    day.news().into_iter().filter(|line| line.starts_with("netted") || line.starts_with("fill")).collect()
}

#[test]
fn two_entries_trade_with_each_other_in_the_middle_and_the_rest_goes_to_the_market() {
    let mut day = day(|_| {});
    day.trade(1, 10);
    day.wish_of(1, Action::Go, -1).quantity(4).send();
    assert_eq!((waiting(&day), held(&day)), (vec![1], [0, 0, 0]), "not on the price that they were wished at");
    day.forget();
    day.quote("09:20:01", 100.0, 99.8, 100.2);
    let told = ["netted 4 @100 from s1 to s0", "fill 1.0 entry +4 @100", "fill 1.0 entry -4 @100"];
    assert_eq!(netted(&mut day), [&told[..], &["fill 1.0 entry +6 @100.25"]].concat());
    assert_eq!((held(&day), waiting(&day)), ([10, -4, 0], vec![]));
    let net = &day.kernel.accounts[0].net[&0];
    assert_eq!((net.quantity(), net.realised()), (6, 0));
    assert_eq!(charged(&day), first_alone(0.6015), "0.1 % of what the market saw");
}

#[test]
fn an_account_that_only_waits_nets_nothing() {
    let mut day = day(|day| day.account.same_instrument = SameInstrument::Wait);
    day.trade(1, 10);
    day.wish_of(1, Action::Go, -1).quantity(4).send();
    day.forget();
    day.quote("09:20:01", 100.0, 99.8, 100.2);
    assert_eq!(netted(&mut day), ["fill 1.0 entry +10 @100.25"]);
}

#[test]
fn nobody_gets_a_price_beyond_his_limit() {
    let mut day = day(|_| {});
    trade(&mut day, 0, 10, 99.5);
    trade(&mut day, 1, -10, 99.0);
    day.forget();
    day.quote("09:20:01", 100.0, 99.9, 100.1);
    assert_eq!((netted(&mut day), waiting(&day)), (vec![], vec![1]), "99.5 is too little where the market gives 99.9");
    day.quote("09:20:02", 99.6, 99.35, 99.65);
    assert_eq!(netted(&mut day)[0], "netted 10 @99.5 from s1 to s0");
}

#[test]
fn the_price_is_the_middle_in_whole_ticks_or_the_last_one_inside_what_is_known() {
    let level = |price: f64| crate::record::Level { price: paise(price), quantity: 1 };
    for (bid, ask, price) in [
        (99.9, 100.05, "99.95"),
        (0.0, 0.0, "100"),
        (100.1, 0.0, "100.1"),
        (0.0, 99.9, "99.9"),
        (99.0, 0.0, "100"),
        (100.2, 100.1, "100"), // no book at all
    ] {
        let mut day = day(|_| {});
        day.trade(1, 10);
        day.wish_of(1, Action::Go, -1).quantity(10).send();
        day.forget();
        let tick = crate::record::Tick {
            mode: crate::record::TickMode::Snap,
            bid: level(bid),
            ask: level(ask),
            ..day.packet("09:20:01", 100.0)
        };
        day.put_tick(&tick);
        assert_eq!(netted(&mut day)[0], format!("netted 10 @{price} from s1 to s0"), "{bid} {ask}");
    }
}

#[test]
fn a_stop_takes_what_gave_way_to_it_and_the_rest_leaves_at_once() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).stop(99.5).send();
    day.tick("09:20:01", 100.0);
    trade(&mut day, 0, 7, 99.5);
    day.tick("09:20:01.5", 99.9);
    day.tick("09:20:02", 99.5);
    assert_eq!(waiting(&day), [0]);
    day.forget();
    day.quote("09:20:03", 99.45, 99.4, 99.5);
    let told = ["netted 7 @99.45 from s1 to s0", "fill 1.1 stop -7 @99.45", "fill 1.1 entry +7 @99.45"];
    let rest = ["fill 1.1 stop -3 @99.35"];
    let mut lines = netted(&mut day);
    lines[1..3].sort_by_key(|line| !line.contains("stop"));
    assert_eq!(lines, [&told[..], &rest].concat());
    assert_eq!(held(&day), [7, 0, 0]);
}

#[test]
fn two_exits_leave_through_each_other() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    day.tick("09:20:01", 100.0);
    day.wish_of(2, Action::Go, -1).quantity(10).send();
    day.tick("09:20:02", 100.0);
    let before = charged(&day);
    day.wish_of(1, Action::Go, 0).send();
    day.command_for(CommandKind::Flatten, "k", (-1, 2, -1));
    day.forget();
    day.tick("09:20:03", 100.0);
    assert_eq!(netted(&mut day)[0], "netted 10 @100 from s1 to s2");
    assert_eq!((held(&day), charged(&day), day.kernel.command_state("k")), ([0, 0, 0], before, Some("flat")));
    assert_eq!(day.kernel.accounts[0].net[&0].quantity(), 0);
}

#[test]
fn latency_holds_for_both() {
    let mut day = day(|day| day.account.latency_ns = 2 * S);
    day.trade(1, 10);
    day.tick("09:20:01", 100.0);
    day.wish_of(1, Action::Go, -1).quantity(10).send();
    day.forget();
    day.tick("09:20:01.9", 100.0);
    assert_eq!(netted(&mut day), [""; 0]);
    day.tick("09:20:02.5", 100.0);
    assert_eq!(netted(&mut day), ["fill 1.0 entry +10 @100.05"], "the second is not there yet");
}

#[test]
fn a_loss_limit_that_one_side_breaks_does_not_undo_the_other() {
    let mut day = day(|_| {});
    day.wish_of(1, Action::Go, 1).quantity(10_000).send();
    day.tick("09:20:01", 100.0);
    day.limits(|l| (l.intents, l.sends, l.daily_loss) = (0, 0, 0));
    day.tick("09:20:03", 96.5);
    day.limits(|l| (l.intents, l.sends) = (0, 0));
    day.trade(1, 10_000);
    day.wish_of(1, Action::Go, 0).send();
    day.forget();
    day.tick("09:20:03.5", 96.5);
    let lines = netted(&mut day);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!((held(&day), day.kernel.accounts[0].net[&0].quantity()), ([10_000, 0, 0], 10_000));
    assert_eq!(day.kernel.accounts[0].trading, crate::kernel::Trading::LossStopped);
    day.tick("09:20:04", 96.5);
    assert_eq!(held(&day), [0, 0, 0]);
}

#[test]
fn the_oldest_of_several_that_wait_is_first() {
    let mut day = day(|_| {});
    day.trade(1, 10);
    day.wish_of(2, Action::Go, -1).quantity(6).send();
    day.wish_of(1, Action::Go, -1).quantity(6).send();
    day.forget();
    day.tick("09:20:01", 100.0);
    let pairs: Vec<String> = netted(&mut day).into_iter().filter(|line| line.starts_with("netted")).collect();
    assert_eq!(pairs, ["netted 6 @100 from s2 to s0", "netted 4 @100 from s1 to s0"]);
    assert_eq!(waiting(&day), [0; 0], "nothing is in the way of the rest");
    day.tick("09:20:02", 100.0);
    assert_eq!(held(&day), [10, -6, -6]);
}

#[test]
fn a_flip_that_waits_is_not_netted_before_it_fits_its_position() {
    let mut day = day(|day| day.account.partial = true);
    day.wish_of(1, Action::Go, 1).quantity(10).send();
    print(&mut day, "09:20:01", 100.0, 10);
    day.trade(1, 100);
    trade(&mut day, 1, -20, 100.5);
    day.forget();
    print(&mut day, "09:20:02", 100.5, 1);
    assert_eq!(netted(&mut day), ["fill 1.0 entry +1 @100.55"]);
    assert_eq!(waiting(&day), [1], "100.5 is within the limits of both, and it waits");
}

#[test]
fn on_days_of_candles_both_get_the_next_open() {
    let mut day = super::crossing::candles_of(SameInstrument::Net);
    day.trade(1, 10);
    day.wish_of(1, Action::Go, -1).quantity(10).send();
    day.forget();
    let ts_open = at("09:16");
    let open = CandleOpen { instrument: 0, ts_open, price: paise(101.0) };
    day.apply(ts_open, Kind::CandleOpen, open.to_bytes().to_vec()).unwrap();
    assert_eq!((waiting(&day), held(&day)), (vec![1], [0, 0, 0]), "beyond a limit of 100.55");
    let mut day = super::crossing::candles_of(SameInstrument::Net);
    day.trade(1, 10);
    day.wish_of(1, Action::Go, -1).quantity(10).send();
    day.forget();
    day.apply(ts_open, Kind::CandleOpen, CandleOpen { price: paise(100.5), ..open }.to_bytes().to_vec()).unwrap();
    assert_eq!(netted(&mut day)[0], "netted 10 @100.5 from s1 to s0");
    assert_eq!(held(&day), [10, -10, 0]);
}

#[test]
fn the_brokerage_of_an_order_counts_what_the_market_saw_of_it_together() {
    let mut day = day(|day| day.account.partial = true);
    day.trade(1, 900);
    day.wish_of(1, Action::Go, -1).quantity(300).send();
    print(&mut day, "09:20:01", 100.0, 300);
    assert_eq!((held(&day), charged(&day)), ([600, -300, 0], first_alone(20.0)), "30,000 at 0.1 %, at most 20");
    print(&mut day, "09:20:02", 100.0, 300);
    assert_eq!((held(&day), charged(&day)), ([900, -300, 0], first_alone(20.0)));
}

#[test]
fn of_two_accounts_each_does_as_it_says() {
    let mut day = day(|_| {});
    let waits = AccountDef { id: 1, same_instrument: SameInstrument::Wait, ..day.account.clone() };
    day.put(Kind::AccountDef, &waits);
    for _ in 0..2 {
        day.start(|s| (s.account, s.instrument) = (1, 0));
    }
    for (instance, side) in [(0, 1), (1, -1), (3, 1), (4, -1)] {
        day.wish_of(instance, Action::Go, side).quantity(10).send();
    }
    assert_eq!(waiting(&day), [1, 4]);
    day.tick("09:20:01", 100.0);
    let held = [0, 1, 3, 4].map(|id: usize| day.kernel.instances[id].book.quantity());
    assert_eq!((held, waiting(&day)), ([10, -10, 10, 0], vec![]));
}

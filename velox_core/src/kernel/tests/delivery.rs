//! What shares cost that are kept over the day, or sold from before it.

use super::day::{Day, at, paise};
use crate::record::{
    AccountDef, Action, BrokerReply, ChargeRates, FactsLoaded, Input, Kind, MarkKind, ReplyKind, SameInstrument,
    StrategyStarted, Tick, TimerClass,
};

/// Of 1 July 2026, the brokerage of a discount plan; at 1e-10 of the value.
fn rates() -> Vec<ChargeRates> {
    let both = |name: &str| ChargeRates {
        name: name.into(),
        transaction: 307_000,
        sebi: 10_000,
        gst: 1_800_000_000,
        ..ChargeRates::default()
    };
    let intraday = ChargeRates {
        stt_sell: 2_500_000,
        stamp_buy: 300_000,
        brokerage_rate: 3_000_000,
        brokerage_cap: paise(20.0),
        ..both("cash-intraday")
    };
    let delivery =
        ChargeRates { stt_buy: 10_000_000, stt_sell: 10_000_000, stamp_buy: 1_500_000, ..both("cash-delivery") };
    vec![intraday, delivery]
}

fn day() -> Day {
    Day::with(|day| {
        day.facts.charges = rates();
        day.account.slippage_ticks = 0;
    })
}

impl Day {
    /// Buys or sells at a price, at once.
    fn deal(&mut self, clock: &str, side: i8, units: i64, price: f64) {
        self.tick(clock, price);
        self.wish(Action::Trade, side).quantity(units).send();
        let next = format!("{clock}.5");
        self.tick(&next, price);
    }

    fn lines(&self) -> [i128; 6] {
        let c = self.kernel.instances[0].charges;
        assert_eq!(self.kernel.accounts[0].charges, c);
        [c.brokerage, c.stt, c.transaction, c.sebi, c.stamp, c.gst]
    }
}

fn money(rupees: [f64; 6]) -> [i128; 6] {
    rupees.map(|r| i128::from(paise(r)))
}

#[test]
fn what_is_bought_and_sold_on_one_day_is_not_delivered() {
    let mut day = day();
    day.deal("09:15:01", 1, 100, 1000.0);
    day.deal("09:16:01", -1, 100, 1010.0);
    let before = day.lines();
    day.forget();
    day.session(MarkKind::DayDone, at("15:31"));
    assert_eq!(day.lines(), before);
    assert!(!day.said().iter().any(|line| line.starts_with("delivered")));
    assert_eq!(before[1], i128::from(paise(25.25)));
}

#[test]
fn what_is_kept_over_the_day_costs_delivery() {
    let mut day = day();
    day.deal("09:15:01", 1, 100, 1000.0);
    assert_eq!(day.lines()[..2], money([20.0, 0.0, 0.0, 0.0, 0.0, 0.0])[..2]);
    day.session(MarkKind::DayDone, at("15:31"));
    // 0.1 % and 0.015 % of 1,00,000; no brokerage; GST on 3.07 + 0.1 alone.
    assert_eq!(day.lines(), money([0.0, 100.0, 3.07, 0.1, 15.0, 0.5706]));
}

#[test]
fn what_is_kept_over_a_day_whose_end_was_passed_over_is_charged_as_the_next_one_begins() {
    let mut day = day();
    day.deal("09:15:01", 1, 100, 1000.0);
    while let Some(timer) = day.kernel.due_timer(i64::MAX) {
        if timer.class == TimerClass::DayEnd {
            day.kernel.pass_over(&Input::Timer(timer));
            break;
        }
        day.fire(timer.due);
    }
    assert_eq!(day.lines()[1], 0);
    day.put(Kind::FactsLoaded, &super::new_day::days_later(1));
    assert_eq!(day.lines(), money([0.0, 100.0, 3.07, 0.1, 15.0, 0.5706]));
}

#[test]
fn of_a_day_that_bought_more_than_it_sold_the_rest_is_delivered_at_the_average() {
    let mut day = day();
    day.deal("09:15:01", 1, 60, 1000.0);
    day.deal("09:16:01", 1, 40, 1010.0);
    day.deal("09:17:01", -1, 25, 1020.0);
    day.forget();
    day.session(MarkKind::DayDone, at("15:31"));
    let delivered = 75.0 * 1004.0;
    let stt = 25.0 * 1020.0 * 0.00025 + delivered * 0.001;
    let stamp = delivered * 0.00015 + 25.0 * 1004.0 * 0.00003;
    let brokerage = (60_000.0 * 0.0003 + 40_400.0 * 0.0003) * 0.25 + 25_500.0 * 0.0003;
    let lines = day.lines();
    assert_eq!([lines[0], lines[1], lines[4]], [brokerage, stt, stamp].map(|r| i128::from(paise(r))));
    assert_eq!(day.said().iter().filter(|line| line.starts_with("delivered +75 ")).count(), 1);
}

#[test]
fn what_is_sold_from_before_is_delivered_and_todays_own_is_not() {
    let mut day = day();
    day.deal("09:15:01", 1, 100, 1000.0);
    day.put(Kind::FactsLoaded, &crate::record::FactsLoaded { charges: rates(), ..super::new_day::days_later(1) });
    let before = day.lines();
    let mut start = super::day::strategy(0, 0);
    start.entry_from = 0;
    start.entry_until = i64::MAX;
    day.put(Kind::StrategyStarted, &start);
    let later = 86_400 * super::day::S;
    for (clock, side, units, price) in [("09:15:01", -1, 60, 1100.0), ("09:16:01", 1, 20, 1100.0)] {
        for half in [0, super::day::S / 2] {
            let tick = crate::record::Tick { exch_ts: at(clock) + later + half, ..day.packet(clock, price) };
            day.put_tick(&tick);
            if half == 0 {
                day.wish(Action::Trade, side).quantity(units).send();
            }
        }
    }
    assert_eq!(day.held(), 60);
    day.session(MarkKind::DayDone, at("15:31") + later);
    // 20 of the 60 were squared by the purchase of the day, 40 came from before.
    let stt = 40.0 * 1100.0 * 0.001 + 20.0 * 1100.0 * 0.00025;
    assert_eq!(day.lines()[1] - before[1], i128::from(paise(stt)));
    assert_eq!(day.lines()[4] - before[4], i128::from(paise(20.0 * 1100.0 * 0.00003)));
}

/// Two strategies of one account on one share, one of them long 100 from the day before at 1,000.
fn two() -> Day {
    let mut day = Day::with(|day| {
        day.facts.charges = rates();
        day.account.slippage_ticks = 0;
        day.account.same_instrument = SameInstrument::Wait;
    });
    day.start(|s| s.instrument = 0);
    day.deal("09:15:01", 1, 100, 1000.0);
    let facts = FactsLoaded { charges: rates(), ..super::new_day::days_later(1) };
    day.put(Kind::FactsLoaded, &facts);
    for id in 0..2 {
        let whole = StrategyStarted { entry_from: 0, entry_until: i64::MAX, ..super::day::strategy(id, 0) };
        day.put(Kind::StrategyStarted, &whole);
    }
    day.forget();
    day
}

fn tomorrow(day: &mut Day, clock: &str, price: f64) {
    let tick = Tick { exch_ts: at(clock) + 86_400 * super::day::S, ..day.packet(clock, price) };
    day.put_tick(&tick);
}

fn delivered(day: &mut Day) -> Vec<String> {
    day.session(MarkKind::DayDone, at("15:31") + 86_400 * super::day::S);
    let told = day.said().into_iter().filter(|line| line.starts_with("delivered"));
    told.map(|line| line.split(" stamp").next().unwrap().to_owned()).collect()
}

#[test]
fn what_one_strategy_sells_from_before_and_another_buys_is_not_delivered() {
    let mut day = two();
    tomorrow(&mut day, "09:15:01", 1000.0);
    day.wish(Action::Trade, -1).quantity(100).send();
    tomorrow(&mut day, "09:15:02", 1000.0);
    day.wish_of(1, Action::Trade, 1).quantity(100).send();
    tomorrow(&mut day, "09:15:03", 1000.0);
    let held = [0, 1].map(|id: usize| day.kernel.instances[id].book.quantity());
    assert_eq!((held, delivered(&mut day)), ([0, 100], vec![]), "the exchange sees one client's purchase and sale");
}

#[test]
fn what_two_strategies_keep_is_charged_to_each_for_its_own() {
    let mut day = two();
    tomorrow(&mut day, "09:15:01", 1000.0);
    day.wish(Action::Trade, 1).quantity(30).send();
    day.wish_of(1, Action::Trade, 1).quantity(10).send();
    tomorrow(&mut day, "09:15:02", 1000.0);
    // 0.1 % of 30,000 and of 10,000
    assert_eq!(delivered(&mut day), ["delivered +30 stt 30", "delivered +10 stt 10"]);
}

#[test]
fn of_what_one_strategy_keeps_the_units_that_another_sold_are_not_delivered() {
    let mut day = two();
    tomorrow(&mut day, "09:15:01", 1000.0);
    day.wish(Action::Trade, -1).quantity(70).send();
    tomorrow(&mut day, "09:15:02", 1000.0);
    day.wish_of(1, Action::Trade, 1).quantity(100).send();
    tomorrow(&mut day, "09:15:03", 1000.0);
    assert_eq!(delivered(&mut day), ["delivered +30 stt 30"]);
}

#[test]
fn what_somebody_else_sells_of_a_days_purchase_is_not_delivered_and_what_is_from_before_is() {
    for (bought, told) in [(40, vec![]), (10, vec!["delivered -30 stt 22.5".to_owned()])] {
        let mut day = two();
        tomorrow(&mut day, "09:15:01", 1000.0);
        day.wish_of(1, Action::Trade, 1).quantity(bought).send();
        tomorrow(&mut day, "09:15:02", 1000.0);
        let (kind, account, instrument, side, quantity) = (ReplyKind::ForeignFill, 0, 0, -1, 40);
        let (id, price) = ("t".to_owned(), paise(1000.0));
        let reply = BrokerReply { kind, account, id, instrument, side, quantity, price, ..BrokerReply::default() };
        day.put(Kind::BrokerReply, &reply);
        let held: i64 = day.kernel.instances.iter().map(|i| i.book.quantity()).sum();
        assert_eq!((held, delivered(&mut day)), (100 + bought - 40, told));
    }
}

#[test]
fn whoever_holds_what_another_strategy_bought_pays_for_its_delivery() {
    let mut day = two();
    day.put(Kind::AccountDef, &AccountDef { same_instrument: SameInstrument::Net, ..day.account.clone() });
    tomorrow(&mut day, "09:15:01", 1000.0);
    day.wish(Action::Go, 0).send();
    tomorrow(&mut day, "09:15:02", 1000.0);
    day.wish(Action::Trade, 1).quantity(130).send();
    tomorrow(&mut day, "09:15:03", 1000.0);
    // 100 of the 130 are those that were sold today; all of them go to the other strategy inside the account.
    day.wish(Action::Go, 0).send();
    day.wish_of(1, Action::Trade, 1).quantity(130).send();
    tomorrow(&mut day, "09:15:05", 1002.0);
    let held = [0, 1].map(|id: usize| day.kernel.instances[id].book.quantity());
    let bought = day.kernel.instances[1].charges;
    assert_eq!((held, bought.total()), ([0, 130], 0), "{:?}", day.news());
    assert_eq!(delivered(&mut day), ["delivered +30 stt 30"], "at what the market was paid");
    assert!(day.kernel.instances[1].charges.stt > 0);
}

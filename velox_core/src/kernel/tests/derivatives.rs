//! Futures and bought options: their margin, their lots, and what may be carried over the night.

use super::day::{Day, at, paise};
use crate::record::{AccountDef, Action, InstrumentDef, KIND_FUTURE, KIND_OPTION, Kind};

/// One contract with a strategy on it; three crore of capital.
fn day(strategy_until: i64, change: impl FnOnce(&mut InstrumentDef)) -> Day {
    let mut day = Day::bare();
    day.account.capital = paise(30_000_000.0);
    day.account.slippage_ticks = 0;
    day.begin();
    day.share(|def| {
        (def.kind, def.lot) = (KIND_FUTURE, 65);
        change(def);
    });
    day.start(|s| s.entry_until = strategy_until);
    day.feed_up("09:00");
    day.forget();
    day
}

impl Day {
    fn account_money(&mut self, rupees: f64) {
        let account = AccountDef { capital: paise(rupees), ..self.account.clone() };
        self.put(Kind::AccountDef, &account);
    }

    fn buy_or_sell(&mut self, side: i8, units: i64, price: f64) {
        self.tick("09:15:01", price);
        self.wish(Action::Trade, side).quantity(units).send();
        self.tick("09:15:01.5", price);
    }
}

#[test]
fn a_future_takes_the_margin_of_futures() {
    let mut day = day(at("15:00"), |_| {});
    day.buy_or_sell(1, 130, 24_000.0);
    assert_eq!(day.held(), 130);
    let value = 130.0 * 24_000.0;
    assert_eq!(day.kernel.margin_used(0, None), i128::from(paise(value * 0.15)), "not the 20 % of shares");
}

#[test]
fn a_bought_option_takes_its_whole_premium() {
    let mut day = day(at("15:00"), |def| (def.kind, def.shortable) = (KIND_OPTION, false));
    day.buy_or_sell(1, 65, 100.0);
    assert_eq!(day.kernel.margin_used(0, None), i128::from(paise(6_500.0)));
}

#[test]
fn an_exit_of_an_option_goes_five_percent_and_at_least_ten_ticks_beyond_its_price() {
    for (price, limit) in [(100.0, 95.0), (9.0, 8.5)] {
        let mut day = day(at("15:00"), |def| (def.kind, def.shortable) = (KIND_OPTION, false));
        day.buy_or_sell(1, 65, price);
        day.wish(Action::Exit, 0).send();
        assert_eq!(day.kernel.orders.iter().next().unwrap().1.limit, paise(limit));
    }
}

#[test]
fn an_option_that_the_money_does_not_pay_for_is_refused() {
    let mut day = day(at("15:00"), |def| (def.kind, def.shortable) = (KIND_OPTION, false));
    day.account_money(6_000.0);
    day.tick("09:15:01", 100.0);
    day.wish(Action::Trade, 1).quantity(65).send();
    assert!(day.news()[0].starts_with("refused funds"), "a fifth of it, as for a share, would have been enough");
}

#[test]
fn an_option_is_not_sold_before_it_is_bought() {
    let mut day = day(i64::MAX, |def| (def.kind, def.shortable) = (KIND_OPTION, false));
    day.buy_or_sell(-1, 65, 100.0);
    assert_eq!(day.news(), ["refused not_shortable 0/65"]);
}

#[test]
fn a_future_may_be_held_short_over_the_night() {
    let mut day = day(i64::MAX, |_| {});
    day.buy_or_sell(-1, 65, 24_000.0);
    assert_eq!(day.held(), -65);
}

#[test]
fn a_risk_size_is_whole_lots_within_the_margin_of_futures() {
    let mut day = day(at("15:00"), |_| {});
    day.account_money(600_000.0);
    day.tick("09:15:01", 24_000.0);
    day.wish(Action::Go, 1).risk_rupees(1_000_000.0).stop(23_990.0).send();
    day.tick("09:15:01.5", 24_000.0);
    assert_eq!(day.held(), 130, "0.95 x 6 lakh over 3,600 a unit is 158, two lots; at a share's margin one");
}

#[test]
fn a_part_of_a_lot_is_no_order() {
    let mut day = day(at("15:00"), |_| {});
    day.buy_or_sell(1, 100, 24_000.0);
    assert_eq!(day.held(), 0);
}

//! Whatever candles come and whatever is wished for: nothing fills better than at prices that its candle has.

use super::day::{Day, S, at, paise};
use crate::record::{Action, CandleRange, Kind, PriceKind, PriceSpec, TriggerKind, TriggerSpec, ValidKind};
use proptest::prelude::*;

const TICK: f64 = 0.05;

/// A minute in ticks: open against the close before it, high and low beyond open and close, close against the open.
type Minute = (i64, i64, i64, i64);
/// A wish at its close: side, stop, target, trail, limit and trigger in ticks of distance, 0 for none.
type Wished = (i8, i64, i64, i64, i64, i64);

fn minute() -> impl Strategy<Value = (Minute, Option<Wished>)> {
    let prices = (-8..=8i64, 0..12i64, 0..12i64, -9..=9i64);
    let far = prop_oneof![1 => Just(0i64), 2 => 1..12i64];
    let wished = (prop_oneof![Just(-1i8), Just(0), Just(1)], far.clone(), far.clone(), far, -6..=6i64, -9..=9i64);
    (prices, prop::option::weighted(0.4, wished))
}

fn wish(day: &mut Day, (side, stop, target, trail, limit, trigger): Wished) {
    let last = day.kernel.markets[0].last as f64 / 1e8;
    let near = |ticks: i64, sign: f64| match ticks {
        0 => PriceSpec::default(),
        far => PriceSpec { kind: PriceKind::Price, value: last + sign * f64::from(side) * far as f64 * TICK },
    };
    let trails = PriceSpec { kind: PriceKind::Points, value: trail as f64 * TICK };
    // One that waits beyond the price, as a breakout does, and others whose trigger is met at the next open.
    let waits = TriggerSpec {
        kind: if trigger % 2 == 0 { TriggerKind::Above } else { TriggerKind::Below },
        price: last + trigger as f64 * TICK,
    };
    let action = if trigger % 3 == 0 { Action::Go } else { Action::Trade };
    day.wish(action, if action == Action::Trade && side == 0 { 1 } else { side })
        .quantity(10)
        .but(|i| {
            i.trigger = if trigger == 0 { TriggerSpec::default() } else { waits };
            (i.valid_kind, i.valid) = (ValidKind::Bars, 5);
            (i.stop, i.target) = (near(stop, -1.0), near(target, 1.0));
            i.trail = if trail > 0 { trails } else { PriceSpec::default() };
            i.limit = if limit == 0 { f64::NAN } else { last + limit as f64 * TICK };
        })
        .send();
}

/// Side and price of the fills said since the last time.
fn fills(day: &mut Day) -> Vec<(i64, i64)> {
    let said = day.said();
    let fills = said.iter().filter_map(|line| line.strip_prefix("fill ")?.rsplit_once(" @"));
    fills.map(|(what, price)| (if what.contains(" +") { 1 } else { -1 }, paise(price.parse().unwrap()))).collect()
}

proptest! {
    #![proptest_config(crate::tests::cases(200))]

    #[test]
    fn no_fill_is_better_than_its_candle(minutes in prop::collection::vec(minute(), 2..60)) {
        let mut day = Day::with(|day| day.account.slippage_ticks = 0);
        day.put(Kind::Settings, &super::by_candles::settings());
        let mut close = paise(100.0);
        for (n, ((gap, up, down, change), wished)) in (0..).zip(minutes) {
            let ts_open = at("09:15") + n * 60 * S;
            let tick = paise(TICK);
            let open = (close + gap * tick).max(paise(20.0));
            close = (open + change * tick).max(paise(20.0));
            let (high, low) = (open.max(close) + up * tick, open.min(close) - down * tick);
            day.try_open(0, ts_open, open).unwrap();
            for (side, price) in fills(&mut day) {
                // A limit that the open has jumped over fills at its own price, which is worse.
                prop_assert!((price - open) * side >= 0, "{price} is better than the open of {open}");
            }
            let range = CandleRange { instrument: 0, ts_open, high, low, close, volume: 1, ticks: 1 };
            day.try_rest(&range).unwrap();
            for (side, price) in fills(&mut day) {
                // A target that the open has jumped over is left at its own price, which is worse.
                let best = if side > 0 { low } else { high };
                prop_assert!((price - best) * side >= 0, "{price} is better than any from {low} to {high}");
            }
            day.fire(ts_open + 60 * S);
            if let Some(wished) = wished {
                wish(&mut day, wished);
            }
        }
    }
}

//! The values that make each indicator itself, worked out by hand.

use super::contract::{bits, candle, feed};
use super::*;

fn after(kind: &str, params: &[f64], prices: &[f64]) -> Values {
    let mut indicator = Indicator::new(kind, params).expect("good parameters");
    feed(&mut indicator, prices);
    indicator.values()
}

fn near(seen: f64, wanted: f64) -> bool {
    (seen - wanted).abs() <= 1e-12 * wanted.abs().max(1.0)
}

#[test]
fn ema_begins_with_the_mean() {
    assert!(near(after("ema", &[3.0], &[1.0, 2.0, 6.0])[0], 3.0));
    assert!(near(after("ema", &[3.0], &[1.0, 2.0, 6.0, 7.0])[0], 5.0));
}

#[test]
fn macd_seeds_the_fast_average_just_before_the_slow_one_is_ready() {
    // Slow: mean of 1, 2, 3, 8 = 3.5; fast: mean of 3, 8 = 5.5, not an EMA running since the first value.
    let values = after("macd", &[2.0, 4.0, 1.0], &[1.0, 2.0, 3.0, 8.0]);
    assert!(near(values[0], 2.0) && near(values[1], 2.0) && near(values[2], 0.0), "{values:?}");
}

#[test]
fn macd_refuses_a_fast_period_that_is_not_the_shorter_one() {
    let said = Indicator::new("macd", &[26.0, 12.0, 9.0]).expect_err("swapped").to_string();
    assert!(said.contains("26") && said.contains("12"), "{said}");
}

#[test]
fn rsi_of_flat_prices_is_zero() {
    assert!(near(after("rsi", &[3.0], &[5.0; 10])[0], 0.0));
    assert!(near(after("rsi", &[3.0], &[1.0, 2.0, 3.0, 4.0])[0], 100.0));
}

#[test]
fn atr_leaves_the_first_candle_out() {
    let mut atr = Indicator::new("atr", &[2.0]).expect("good parameters");
    for (close, spread) in [(100.0, 50.0), (100.0, 1.0), (103.0, 1.0)] {
        atr.update(&candle(close, spread, 1.0));
    }
    // 2 and max(2, 104−100, |102−100|) = 4; the first candle's 100 does not count.
    assert!(near(atr.values()[0], 3.0));
}

#[test]
fn vwap_is_nothing_until_something_is_traded() {
    let mut vwap = Indicator::new("vwap", &[]).expect("no parameters");
    vwap.update(&candle(100.0, 1.0, 0.0));
    assert!(!vwap.ready());
    vwap.update(&candle(100.0, 1.0, 30.0));
    vwap.update(&candle(110.0, 1.0, 10.0));
    assert!(near(vwap.values()[0], 102.5));
}

#[test]
fn an_unknown_kind_is_named() {
    let said = Indicator::new("emma", &[5.0]).expect_err("no such kind").to_string();
    assert!(said.contains("emma") && said.contains("ema, sma"), "{said}");
}

#[test]
fn sma_does_not_drift() {
    let mut sma = Indicator::new("sma", &[7.0]).expect("good parameters");
    for n in 0..100_000u32 {
        // Huge values leave rounding errors behind in a plain running sum.
        let price = if n % 1000 == 0 { 1e12 / 3.0 } else { f64::from(n % 13) / 10.0 };
        sma.update(&candle(price, 0.1, 1.0));
    }
    let last: f64 = (99_993..100_000u32).map(|n| f64::from(n % 13) / 10.0).sum();
    assert!(near(sma.values()[0], last / 7.0));
}

#[test]
fn no_kind_makes_every_node_larger() {
    let (all, macd) = (size_of::<Indicator>(), size_of::<Macd>());
    assert!(all <= macd + 8, "{all} bytes, MACD alone {macd}");
}

#[test]
fn bbands_of_flat_prices_have_no_width() {
    let values = after("bbands", &[20.0, 2.0], &[vec![9e4, 1.0, 3.3], vec![71_234.55; 20]].concat());
    assert_eq!(bits(values), bits([71_234.55; 3]));
}

#[test]
fn bbands_see_a_small_spread_of_large_prices() {
    let prices: Vec<f64> = (0..50_001).map(|n| 1e9 + f64::from(n % 2)).collect();
    let values = after("bbands", &[10.0, 2.0], &prices);
    assert!(near(values[0] - values[1], 1.0) && near(values[1] - values[2], 1.0), "{values:?}");
}

#[test]
fn cci_of_flat_prices_is_zero() {
    assert_eq!(after("cci", &[14.0], &[0.05; 40])[0].to_bits(), 0);
}

#[test]
fn a_window_without_range_is_at_its_low_for_stoch_and_at_its_high_for_willr() {
    let mut indicators = [("stoch", vec![3.0, 1.0, 1.0]), ("willr", vec![3.0])]
        .map(|(kind, params)| Indicator::new(kind, &params).expect("good parameters"));
    for indicator in &mut indicators {
        for _ in 0..5 {
            indicator.update(&candle(100.0, 0.0, 1.0));
        }
        assert!(near(indicator.values()[0], 0.0), "{indicator:?}");
    }
}

#[test]
fn obv_begins_with_the_first_volume_and_ignores_an_equal_close() {
    assert!(near(after("obv", &[], &[5.0, 6.0, 6.0, 7.0, 1.0])[0], 20.0));
}

#[test]
fn donchian_counts_the_newest_candle_and_drops_the_oldest() {
    let values = after("donchian", &[3.0], &[50.0, 10.0, 20.0, 15.0]);
    assert_eq!(values.map(f64::to_bits), [20.5, 9.5, 15.0].map(f64::to_bits));
}

#[test]
fn supertrend_begins_falling_turns_on_a_close_and_never_steps_back() {
    let mut trend = Indicator::new("supertrend", &[2.0, 1.0]).expect("good parameters");
    let seen: Vec<(f64, f64)> = [100.0, 100.0, 100.0, 104.0, 103.0, 99.0]
        .map(|price| {
            trend.update(&candle(price, 1.0, 1.0));
            (trend.values()[0], trend.values()[1])
        })
        .to_vec();
    // Ranges 2, 2, 5, 2, 5: averages 2 (third candle), 3.5, 2.75, 3.875. The close of 104 freed the upper band.
    let wanted = [(102.0, 0.0), (100.5, 1.0), (100.5, 1.0), (102.875, 0.0)];
    for ((line, up), (wanted_line, wanted_up)) in seen[2..].iter().zip(wanted) {
        assert!(near(*line, wanted_line) && near(*up, wanted_up), "{seen:?}");
    }
}

#[test]
fn hma_of_a_straight_line_is_the_line() {
    let line: Vec<f64> = (0..200).map(|n| f64::from(n) * 2.5).collect();
    let value = after("hma", &[16.0], &line)[0];
    // WMA(n) lags (n−1)/3: 2·7/3 − 15/3 is 1/3 behind the line, and WMA(4) one step more gives (4−1)/3 = 1.
    assert!(near(value, 2.5 * (199.0 + 1.0 / 3.0 - 1.0)), "{value}");
}

/// High and low of a range of five minutes after candles (from, to, price) in minutes since the open.
fn five_minutes(candles: &[(u32, u32, f64)]) -> Option<(f64, f64)> {
    let mut range = Indicator::new("opening_range", &[5.0]).expect("good parameters");
    for (from, to, price) in candles {
        let next = Input { from_s: from * 60, to_s: to * 60, ..candle(*price, 1.0, 1.0) };
        let peeked = range.peek(&next);
        range.update(&next);
        assert_eq!(bits(peeked), bits(range.values()));
    }
    range.ready().then(|| (range.values()[0], range.values()[1]))
}

#[test]
fn opening_range_is_shown_once_its_minutes_are_over_and_then_stays() {
    let mut candles = vec![(0, 1, 100.0), (1, 2, 105.0), (3, 4, 98.0)];
    assert_eq!(five_minutes(&candles), None);
    candles.push((4, 5, 99.0));
    assert_eq!(five_minutes(&candles), Some((106.0, 97.0)));
    candles.push((5, 6, 200.0));
    assert_eq!(five_minutes(&candles), Some((106.0, 97.0)));
    // Its last minute had no trade: the next candle tells that it is over, and is no part of it.
    assert_eq!(five_minutes(&[(0, 1, 100.0), (7, 8, 300.0)]), Some((101.0, 99.0)));
}

#[test]
fn opening_range_that_is_not_whole_is_none() {
    assert_eq!(five_minutes(&[(1, 2, 100.0), (4, 5, 101.0), (5, 6, 102.0)]), None);
    assert_eq!(five_minutes(&[(0, 3, 100.0), (3, 6, 101.0), (6, 9, 102.0)]), None);
    assert_eq!(five_minutes(&[(30, 31, 100.0), (31, 32, 101.0)]), None);
}

#[test]
fn opening_range_of_a_new_session_is_a_new_one() {
    let mut range = Indicator::new("opening_range", &[1.0]).expect("good parameters");
    range.update(&candle(100.0, 1.0, 1.0));
    range.reset_session(DAY_UNKNOWN);
    assert!(!range.ready());
    range.update(&candle(50.0, 1.0, 1.0));
    assert_eq!(bits(range.values())[..2], [51.0, 49.0].map(f64::to_bits));
}

//! What every indicator keeps, as one macro; and the values that make each one itself.

use proptest::prelude::*;

use super::*;

fn candle(close: f64, spread: f64, volume: f64) -> Input {
    Input { open: close, high: close + spread, low: close - spread, close, volume, source: close }
}

fn candles(prices: &[f64]) -> Vec<Input> {
    prices.iter().map(|price| candle(*price, 0.5, 10.0)).collect()
}

fn feed(indicator: &mut Indicator, prices: &[f64]) {
    for candle in candles(prices) {
        indicator.update(&candle);
    }
}

fn bits(values: Values) -> [u64; 3] {
    values.map(f64::to_bits)
}

fn after(kind: &str, params: &[f64], prices: &[f64]) -> Values {
    let mut indicator = Indicator::new(kind, params).expect("good parameters");
    feed(&mut indicator, prices);
    indicator.values()
}

fn near(seen: f64, wanted: f64) -> bool {
    (seen - wanted).abs() <= 1e-12 * wanted.abs().max(1.0)
}

macro_rules! keeps_the_contract {
    ($($kind:ident: $params:expr, $outputs:expr, $warm_up:expr;)*) => {$(
        mod $kind {
            use super::*;

            const KIND: &str = stringify!($kind);
            const PARAMS: &[f64] = &$params;

            fn fresh() -> Indicator {
                Indicator::new(KIND, PARAMS).expect("good parameters")
            }

            #[test]
            fn is_ready_at_the_end_of_its_warm_up_and_not_before() {
                let mut indicator = fresh();
                assert_eq!(indicator.warm_up(), $warm_up);
                assert_eq!(indicator.outputs(), &$outputs);
                for n in 1..=2 * $warm_up {
                    assert_eq!(indicator.ready(), n > $warm_up, "before candle {n}");
                    indicator.update(&candle(100.0 + f64::from(n % 7), 1.0, 5.0));
                    let there = indicator.values().iter().filter(|value| !value.is_nan()).count();
                    assert_eq!(there, if n >= $warm_up { indicator.outputs().len() } else { 0 }, "candle {n}");
                }
            }

            #[test]
            fn refuses_parameters_that_are_no_period() {
                for place in 0..PARAMS.len() {
                    for bad in [0.0, -1.0, 2.5, f64::NAN, f64::INFINITY, 1e9, 100_001.0] {
                        let mut params = PARAMS.to_vec();
                        params[place] = bad;
                        let said = Indicator::new(KIND, &params).expect_err("no period").to_string();
                        assert!(said.contains(KIND) && said.contains(&bad.to_string()), "{said}");
                    }
                }
                let too_many = [PARAMS, &[3.0]].concat();
                assert!(Indicator::new(KIND, &too_many).is_err());
            }

            proptest! {
                #[test]
                fn peek_is_update_that_did_not_happen(
                    rows in prop::collection::vec((1.0f64..1e5, 0.0f64..50.0, 0.0f64..1e6), 1..120),
                ) {
                    let mut indicator = fresh();
                    for (price, spread, volume) in rows {
                        let input = candle(price, spread, volume);
                        let before = format!("{indicator:?}");
                        let peeked = indicator.peek(&input);
                        prop_assert_eq!(format!("{indicator:?}"), before);
                        indicator.update(&input);
                        prop_assert_eq!(bits(peeked), bits(indicator.values()));
                    }
                }

                #[test]
                fn a_snapshot_goes_on_where_it_was_taken(prices in prop::collection::vec(1.0f64..1e5, 2..80)) {
                    let mut indicator = fresh();
                    let (early, late) = prices.split_at(prices.len() / 2);
                    feed(&mut indicator, early);
                    let bytes = postcard::to_stdvec(&indicator).expect("plain values");
                    let mut restored: Indicator = postcard::from_bytes(&bytes).expect("its own bytes");
                    for candle in candles(late) {
                        indicator.update(&candle);
                        restored.update(&candle);
                        prop_assert_eq!(bits(indicator.values()), bits(restored.values()));
                    }
                }

                #[test]
                fn a_session_means_nothing_except_to_vwap(prices in prop::collection::vec(1.0f64..1e5, 1..80)) {
                    let mut indicator = fresh();
                    feed(&mut indicator, &prices);
                    let before = bits(indicator.values());
                    indicator.reset_session();
                    let wanted = if KIND == "vwap" { bits(NOT_READY) } else { before };
                    prop_assert_eq!(bits(indicator.values()), wanted);
                }
            }
        }
    )*};
}

keeps_the_contract! {
    ema: [5.0], ["value"], 5;
    sma: [5.0], ["value"], 5;
    rsi: [5.0], ["value"], 6;
    macd: [3.0, 6.0, 4.0], ["line", "signal", "hist"], 9;
    atr: [5.0], ["value"], 6;
    vwap: [], ["value"], 1;
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

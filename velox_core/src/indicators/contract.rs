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

/// The kinds that forget when a session begins.
const OF_ONE_SESSION: &[&str] = &["vwap", "vwap_bands"];

/// Whether a parameter is how many deviations or ranges a band lies away, which need not be whole.
fn is_multiple(kind: &str, place: usize) -> bool {
    [("bbands", 1), ("keltner", 2), ("supertrend", 1), ("vwap_bands", 0)].contains(&(kind, place))
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
                    let half = if is_multiple(KIND, place) { -2.5 } else { 2.5 };
                    for bad in [0.0, -1.0, half, f64::NAN, f64::INFINITY, 1e9, 100_001.0] {
                        let mut params = PARAMS.to_vec();
                        params[place] = bad;
                        let said = Indicator::new(KIND, &params).expect_err("no period").to_string();
                        assert!(said.contains(KIND) && said.contains(&bad.to_string()), "{said}");
                    }
                }
                assert!(PARAMS.is_empty() || Indicator::new(KIND, &[]).is_err());
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
                fn a_session_means_nothing_except_to_those_of_one(prices in prop::collection::vec(1.0f64..1e5, 1..80)) {
                    let mut indicator = fresh();
                    feed(&mut indicator, &prices);
                    let before = bits(indicator.values());
                    indicator.reset_session();
                    let wanted = if OF_ONE_SESSION.contains(&KIND) { bits(NOT_READY) } else { before };
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
    bbands: [5.0, 2.0], ["upper", "middle", "lower"], 5;
    stoch: [5.0, 3.0, 2.0], ["k", "d"], 8;
    adx: [5.0], ["adx", "plus", "minus"], 10;
    cci: [5.0], ["value"], 5;
    willr: [5.0], ["value"], 5;
    obv: [], ["value"], 1;
    tema: [5.0], ["value"], 13;
    donchian: [5.0], ["high", "low", "middle"], 5;
    keltner: [5.0, 7.0, 1.5], ["upper", "middle", "lower"], 8;
    supertrend: [5.0, 3.0], ["line", "up"], 6;
    hma: [9.0], ["value"], 11;
    vwap_bands: [2.0], ["upper", "middle", "lower"], 1;
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
    assert!(size_of::<Indicator>() <= 112, "{} bytes", size_of::<Indicator>());
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

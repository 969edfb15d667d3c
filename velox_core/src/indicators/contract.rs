//! What every indicator keeps, as one macro.

use proptest::prelude::*;

use super::*;

pub(super) fn candle(close: f64, spread: f64, volume: f64) -> Input {
    Input {
        open: close,
        high: close + spread,
        low: close - spread,
        close,
        volume,
        to_s: 60,
        source: close,
        second: 2.0,
        ..Input::default()
    }
}

fn candles(prices: &[f64]) -> Vec<Input> {
    prices.iter().map(|price| candle(*price, 0.5, 10.0)).collect()
}

pub(super) fn feed(indicator: &mut Indicator, prices: &[f64]) {
    for candle in candles(prices) {
        indicator.update(&candle);
    }
}

pub(super) fn bits(values: Values) -> [u64; 3] {
    values.map(f64::to_bits)
}

/// The kinds that forget when a session begins.
const OF_ONE_SESSION: &[&str] = &["vwap", "vwap_bands", "opening_range"];

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
                #![proptest_config(crate::tests::cases(256))]

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
                    indicator.reset_session(DAY_UNKNOWN);
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
    opening_range: [1.0], ["high", "low"], 1;
    ichimoku: [3.0, 5.0, 8.0], ["conversion", "base"], 5;
    ichimoku_cloud: [3.0, 5.0, 8.0], ["a", "b"], 12;
    zscore: [5.0], ["value"], 5;
    plus: [], ["value"], 1;
    minus: [], ["value"], 1;
    times: [], ["value"], 1;
    over: [], ["value"], 1;
    log: [], ["value"], 1;
    abs: [], ["value"], 1;
}

//! Packets of Kite become the ticks that they tell of, and nothing that they do not tell.

use super::*;
use crate::decode::kite::{FULL_LEN, INDEX_FULL_LEN, INDEX_QUOTE_LEN, LTP_LEN, QUOTE_LEN, packets};
use crate::fixed::{ONE, PAISA};

const TIME_S: u32 = 1_784_088_900;

fn message(len: usize, put: &[(usize, u32)]) -> Vec<u8> {
    let mut out = vec![0, 1];
    out.extend((len as u16).to_be_bytes());
    out.resize(4 + len, 0);
    for (at, word) in put {
        out[4 + at..8 + at].copy_from_slice(&word.to_be_bytes());
    }
    out
}

fn tick(len: usize, put: &[(usize, u32)]) -> Option<Tick> {
    let bytes = message(len, put);
    let packet = packets(&bytes).next().expect("one packet").expect("a whole one");
    kite_tick(&packet, 3, 77)
}

#[test]
fn a_full_packet_gives_the_whole_tick() {
    let day =
        [(4, 10_005), (8, 5), (12, 10_001), (16, 900), (20, 70), (24, 80), (28, 9_900), (32, 10_100), (36, 9_800)];
    let times = [(0, 2885 * 256 + 1), (40, 9_950), (44, TIME_S - 1), (48, 6), (60, TIME_S)];
    let book = [(64, 11), (68, 10_000), (124, 12), (128, 10_010)];
    let seen = tick(FULL_LEN, &[&day[..], &times, &book].concat()).expect("it has a time");
    let wanted = Tick {
        mode: TickMode::Snap,
        instrument: 3,
        exch_ts: 1_784_088_900_000_000_000,
        price: 10_005 * PAISA,
        volume: 900,
        last_qty: 5,
        average: 10_001 * PAISA,
        total_buy: 70,
        total_sell: 80,
        open: 9_900 * PAISA,
        high: 10_100 * PAISA,
        low: 9_800 * PAISA,
        close: 9_950 * PAISA,
        trade_ts: 1_784_088_899_000_000_000,
        open_interest: 6,
        bid: Level { price: 10_000 * PAISA, quantity: 11 },
        ask: Level { price: 10_010 * PAISA, quantity: 12 },
        upper: 0,
        lower: 0,
        recv_ns: 77,
    };
    assert_eq!(seen, wanted);
}

#[test]
fn an_index_with_its_time_is_a_tick_without_volume_and_book() {
    let day = [(0, 256_265), (4, 2_500_000), (8, 2_510_000), (12, 2_490_000), (16, 2_495_000), (20, 2_480_000)];
    let seen = tick(INDEX_FULL_LEN, &[&day[..], &[(28, TIME_S)]].concat()).expect("it has a time");
    assert_eq!((seen.mode, seen.price, seen.volume), (TickMode::Quote, 25_000 * ONE, 0));
    let prices = [seen.high, seen.low, seen.open, seen.close];
    assert_eq!(prices, [25_100 * ONE, 24_900 * ONE, 24_950 * ONE, 24_800 * ONE]);
}

#[test]
fn a_packet_without_a_time_is_no_tick() {
    for len in [LTP_LEN, INDEX_QUOTE_LEN, INDEX_FULL_LEN, QUOTE_LEN, FULL_LEN] {
        assert_eq!(tick(len, &[(0, 257), (4, 100)]), None, "{len} bytes");
    }
}

#[test]
fn currencies_have_finer_units() {
    let price =
        |segment: u32, raw| tick(FULL_LEN, &[(0, 256 + segment), (4, raw), (60, TIME_S)]).expect("a tick").price;
    let (cds, bcd, nco) = (price(3, 845_225_000), price(6, 845_225), price(12, 845_225));
    assert_eq!((cds, bcd, nco, price(1, 8_452)), (8_452_250_000, 8_452_250_000, 8_452_250_000, 8_452_000_000));
}

#[test]
fn an_instrument_is_known_to_kite_by_exchange_and_token() {
    let known = |exchange, token| kite_instrument(exchange, false, token);
    assert_eq!(known("NSE", "2885"), Some(738_561));
    assert_eq!(known("BSE", "500325"), Some(128_083_204));
    assert_eq!(known("CDS", "1612"), Some(412_675));
    let segments = [("NFO", 2), ("BFO", 5), ("BCD", 6), ("MCX", 7), ("NCO", 12)];
    assert!(segments.iter().all(|(exchange, segment)| known(exchange, "1") == Some(256 + segment)));
    assert_eq!(kite_instrument("NSE", true, "1001"), Some(256_265), "the index, not the share of that token");
    assert_eq!(kite_instrument("BSE", true, "1"), Some(265));
    for (exchange, token) in [("NSE", "99926000"), ("NSE", ""), ("NSE", "-1"), ("NSE", "RELIANCE"), ("XYZ", "1")] {
        assert_eq!(known(exchange, token), None, "{exchange} {token}");
    }
}

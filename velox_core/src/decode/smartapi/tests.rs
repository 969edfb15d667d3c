//! Encode, decode, compare: each field comes back from where it was put, and nothing panics.

use proptest::prelude::*;

use super::*;

/// A packet under construction.
struct Frame(Vec<u8>);

impl Frame {
    fn new(mode: u8, exchange_type: u8, token: &[u8]) -> Self {
        let len = match mode {
            1 => LTP_LEN,
            2 => QUOTE_LEN,
            3 => SNAP_QUOTE_LEN,
            4 => DEPTH20_LEN,
            other => panic!("no mode {other}"),
        };
        Frame(vec![0; len]).put(0, &[mode, exchange_type]).put(TOKEN_AT, token)
    }

    fn put(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn row(self, place: usize, row: Row) -> Self {
        let at = 147 + 20 * place;
        self.put(at, &row.flag.to_le_bytes())
            .put(at + 2, &row.quantity.to_le_bytes())
            .put(at + 10, &row.price.to_le_bytes())
            .put(at + 18, &row.orders.to_le_bytes())
    }
}

fn row(flag: i16, quantity: i64, price: i64) -> Row {
    Row { flag, quantity, price, orders: 1 }
}

fn snap(frame: &Frame) -> SnapQuote<'_> {
    match decode(&frame.0).expect("a whole frame").body {
        Body::SnapQuote(snap) => snap,
        Body::Ltp(_) | Body::Quote(_) | Body::Depth20(_) => panic!("not a SnapQuote"),
    }
}

#[test]
fn the_error_names_the_first_missing_byte() {
    for (mode, len) in [(1, 51), (2, 123), (3, 379), (4, 443)] {
        let frame = Frame::new(mode, 1, b"2885").0;
        assert!(decode(&frame).is_ok());
        for cut in 1..len {
            let error = decode(&frame[..cut]).expect_err("cut");
            assert_eq!(error, DecodeError { position: cut, reason: Reason::TooShort { needed: len } });
        }
    }
}

#[test]
fn empty_and_unknown_modes_are_errors() {
    assert_eq!(decode(&[]).expect_err("empty").reason, Reason::Empty);
    for mode in (0..=255).filter(|mode| !(1..=4).contains(mode)) {
        let error = decode(&[mode; 500]).expect_err("no such mode");
        assert_eq!(error, DecodeError { position: 0, reason: Reason::UnknownMode(mode) });
    }
    assert_eq!(decode(&[9]).expect_err("no such mode").to_string(), "byte 0: unknown mode 9");
}

#[test]
fn a_token_that_is_no_text_is_named_at_its_byte() {
    let error = decode(&Frame::new(1, 1, b"28\xff5").0).map(|_| ()).expect_err("not UTF-8");
    assert_eq!(error, DecodeError { position: 4, reason: Reason::TokenNotUtf8 });
    let behind_the_end = Frame::new(1, 1, b"28\0\xff");
    assert_eq!(decode(&behind_the_end.0).expect("padding is not read").token(), "28");
}

#[test]
fn the_tail_is_counted() {
    let mut frame = Frame::new(2, 1, b"2885").0;
    frame.extend([0xde, 0xad, 0xbe, 0xef]);
    assert_eq!(decode(&frame).expect("longer is fine").trailing_bytes, 4);
}

#[test]
fn sides_go_by_flag_and_padding_is_absent() {
    let frame = Frame::new(3, 1, b"1")
        .row(0, row(0, 5, 105))
        .row(1, row(1, 7, 99))
        .row(2, row(0, 6, 104))
        .row(9, row(-1, 8, 100));
    let snap = snap(&frame);
    assert_eq!(snap.top(), Top { bid: 100, bid_quantity: 8, ask: 104, ask_quantity: 6 });
    assert_eq!(snap.levels(true).map(|r| r.price).collect::<Vec<_>>(), [99, 100]);
    assert_eq!(snap.levels(false).map(|r| r.price).collect::<Vec<_>>(), [105, 104]);
    assert_eq!(snap.rows().count(), 10);
}

#[test]
fn nobody_trades_with_a_row_without_price_or_quantity() {
    let frame = Frame::new(3, 1, b"1")
        .row(0, row(1, 0, 500))
        .row(1, row(1, -5, 600))
        .row(2, row(0, 9, 0))
        .row(3, row(0, 9, -1));
    assert_eq!(snap(&frame).top(), Top::default());
    let index = Frame::new(3, 1, b"99926000");
    assert_eq!(snap(&index).top(), Top::default());
    assert!(!snap(&index).has_book() && snap(&frame).has_book());
}

#[test]
fn prices_scale_by_segment_or_do_not_fit() {
    assert_eq!(wire_to_fixed(286_315, 1), Some(286_315_000_000));
    assert_eq!(wire_to_fixed(845_225_000, 13), Some(8_452_250_000));
    assert_eq!(wire_to_fixed(-250, 2), Some(-250_000_000));
    assert_eq!(wire_to_fixed(i64::MAX, 13), None);
    assert_eq!(wire_to_fixed(i64::MIN, 1), None);
}

#[test]
fn a_key_tells_tokens_and_segments_apart() {
    let key = |exchange, token: &[u8]| TokenKey::new(exchange, token);
    assert_ne!(key(1, b"2885"), key(2, b"2885"));
    assert_ne!(key(1, b"2885"), key(1, b"28850"));
    assert_eq!(key(1, &[b'7'; 26]), None);
    assert_eq!(key(1, b"1\x002"), None);
}

proptest! {
    #![proptest_config(crate::tests::cases(256))]

    #[test]
    fn header_round_trips(
        mode in 1u8..=4, exchange in any::<u8>(), token in "[ -~]{0,25}", sequence in any::<i64>(),
        time in any::<i64>(), tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let frame = Frame::new(mode, exchange, token.as_bytes());
        let frame = if mode == 4 {
            frame.put(27, &time.to_le_bytes())
        } else {
            frame.put(27, &sequence.to_le_bytes()).put(35, &time.to_le_bytes())
        };
        let mut bytes = frame.0;
        bytes.extend(&tail);
        let packet = decode(&bytes).expect("a whole frame");
        prop_assert_eq!((packet.mode as u8, packet.exchange_type), (mode, exchange));
        prop_assert_eq!(packet.token(), token.as_str());
        prop_assert_eq!(Some(packet.key), TokenKey::new(exchange, token.as_bytes()));
        prop_assert_eq!(packet.sequence, if mode == 4 { 0 } else { sequence });
        prop_assert_eq!(packet.exchange_time_ms, time);
        prop_assert_eq!(packet.trailing_bytes, tail.len());
    }

    #[test]
    fn quote_fields_round_trip(words in prop::array::uniform10(any::<i64>())) {
        let frame = words.iter().enumerate().fold(Frame::new(2, 1, b"1"), |f, (i, w)| f.put(43 + 8 * i, &w.to_le_bytes()));
        let quote = decode(&frame.0).expect("a whole frame").quote().expect("mode 2 has it");
        let seen = [
            quote.last_price(), quote.last_quantity(), quote.average_price(), quote.volume(),
            quote.total_buy_quantity().to_bits() as i64, quote.total_sell_quantity().to_bits() as i64,
            quote.open(), quote.high(), quote.low(), quote.close(),
        ];
        prop_assert_eq!(seen, words);
    }

    #[test]
    fn snap_quote_fields_round_trip(words in prop::array::uniform7(any::<i64>()), price in any::<i64>()) {
        let places = [123, 131, 139, 347, 355, 363, 371];
        let frame = places.iter().zip(words).fold(Frame::new(3, 1, b"1"), |f, (at, w)| f.put(*at, &w.to_le_bytes()));
        let frame = frame.put(43, &price.to_le_bytes());
        let snap = snap(&frame);
        let seen = [
            snap.last_trade_time_s(), snap.open_interest(), snap.open_interest_change().to_bits() as i64,
            snap.upper_circuit(), snap.lower_circuit(), snap.year_high(), snap.year_low(),
        ];
        prop_assert_eq!(seen, words);
        prop_assert_eq!(snap.quote().last_price(), price);
    }

    #[test]
    fn book_rows_round_trip(rows in prop::array::uniform10((any::<i16>(), any::<i64>(), any::<i64>(), any::<u16>()))) {
        let rows = rows.map(|(flag, quantity, price, orders)| Row { flag, quantity, price, orders });
        let frame = rows.iter().enumerate().fold(Frame::new(3, 1, b"1"), |f, (place, row)| f.row(place, *row));
        prop_assert_eq!(snap(&frame).rows().collect::<Vec<_>>(), rows);
    }

    #[test]
    fn the_best_of_an_ordered_book_is_its_first_row(bids in 1usize..=5, asks in 1usize..=5, mid in 1000i64..1_000_000) {
        let frame = (0..bids).fold(Frame::new(3, 1, b"1"), |f, i| f.row(i, row(1, 10 + i as i64, mid - 1 - i as i64)));
        let frame = (0..asks).fold(frame, |f, i| f.row(5 + i, row(0, 20 + i as i64, mid + 1 + i as i64)));
        prop_assert_eq!(snap(&frame).top(), Top { bid: mid - 1, bid_quantity: 10, ask: mid + 1, ask_quantity: 20 });
    }

    #[test]
    fn depth_rows_round_trip(rows in prop::collection::vec((any::<i32>(), any::<i32>(), any::<i16>()), 40)) {
        let frame = rows.iter().enumerate().fold(Frame::new(4, 1, b"1"), |f, (i, (quantity, price, orders))| {
            f.put(43 + 10 * i, &quantity.to_le_bytes()).put(47 + 10 * i, &price.to_le_bytes()).put(51 + 10 * i, &orders.to_le_bytes())
        });
        let Body::Depth20(depth) = decode(&frame.0).expect("a whole frame").body else { panic!("not a Depth20") };
        let seen: Vec<_> = depth.buys().chain(depth.sells()).map(|r| (r.quantity, r.price, r.orders)).collect();
        prop_assert_eq!(seen, rows);
    }

    #[test]
    fn any_bytes_give_a_value(bytes in prop::collection::vec(any::<u8>(), 0..500), mode in 0u8..6) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = mode;
        }
        match decode(&bytes) {
            Ok(packet) => prop_assert!(packet.trailing_bytes < bytes.len()),
            Err(error) => prop_assert!(error.position <= bytes.len()),
        }
    }
}

//! Encode, decode, compare: each field comes back from where it was put, and nothing panics.

use proptest::prelude::*;

use super::*;

const LENGTHS: [usize; 5] = [LTP_LEN, INDEX_QUOTE_LEN, INDEX_FULL_LEN, QUOTE_LEN, FULL_LEN];

fn words(len: usize, put: &[(usize, u32)]) -> Vec<u8> {
    let mut packet = vec![0; len];
    for (at, word) in put {
        packet[*at..*at + 4].copy_from_slice(&word.to_be_bytes());
    }
    packet
}

/// A message that counts and measures what it holds.
fn message(bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut out = (bodies.len() as u16).to_be_bytes().to_vec();
    for body in bodies {
        out.extend((body.len() as u16).to_be_bytes());
        out.extend(body);
    }
    out
}

fn only(message: &[u8]) -> Packet<'_> {
    let mut all = packets(message);
    let first = all.next().expect("one packet").expect("a whole one");
    assert!(all.next().is_none() && all.unread_bytes() == 0);
    first
}

fn errors(message: &[u8]) -> Vec<DecodeError> {
    packets(message).filter_map(Result::err).collect()
}

fn full_with(rows: &[Row]) -> Vec<u8> {
    let mut packet = words(FULL_LEN, &[]);
    for (place, row) in rows.iter().enumerate() {
        let at = 64 + 12 * place;
        packet[at..at + 4].copy_from_slice(&row.quantity.to_be_bytes());
        packet[at + 4..at + 8].copy_from_slice(&row.price.to_be_bytes());
        packet[at + 8..at + 10].copy_from_slice(&row.orders.to_be_bytes());
    }
    message(&[packet])
}

fn full(message: &[u8]) -> Full<'_> {
    match only(message).body {
        Body::Full(full) => full,
        Body::Ltp(_) | Body::IndexQuote(_) | Body::IndexFull(_) | Body::Quote(_) => panic!("not a full packet"),
    }
}

#[test]
fn a_heart_beat_and_a_count_of_nothing_have_no_packets() {
    for frame in [&[0][..], &[0xFF], &[0, 0]] {
        let mut all = packets(frame);
        assert!(all.next().is_none());
        assert_eq!(all.unread_bytes(), 0);
    }
    assert_eq!(errors(&[]), [DecodeError { position: 0, reason: Reason::Empty }]);
}

#[test]
fn a_cut_ends_the_message_and_names_the_first_missing_byte() {
    let whole = message(&LENGTHS.map(|len| words(len, &[(0, 7)])));
    assert_eq!(packets(&whole).flatten().count(), 5);
    let mut end = 2;
    for (before, len) in LENGTHS.into_iter().enumerate() {
        let begin = end;
        end += 2 + len;
        for cut in begin..end {
            let seen: Vec<_> = packets(&whole[..cut]).collect();
            assert_eq!(seen.len(), before + 1, "whole ones, then the error, then nothing");
            let needed = if cut < begin + 2 { begin + 2 } else { end };
            let error = DecodeError { position: cut, reason: Reason::PacketCut { needed } };
            assert_eq!(seen[before].as_ref().expect_err("cut"), &error);
        }
    }
}

#[test]
fn an_unknown_length_is_an_error_and_the_next_packet_follows() {
    let known = words(LTP_LEN, &[(0, 9), (4, 5)]);
    for len in (0..400).filter(|len| !LENGTHS.contains(len)) {
        let bytes = message(&[known.clone(), vec![1; len], known.clone()]);
        let seen: Vec<_> = packets(&bytes).collect();
        let error = DecodeError { position: 12, reason: Reason::UnknownLength(len as u16) };
        assert_eq!(seen[1].as_ref().expect_err("no such packet"), &error);
        assert_eq!(seen.iter().flatten().map(Packet::last_price).collect::<Vec<_>>(), [5, 5]);
    }
}

#[test]
fn the_errors_say_what_is_wrong() {
    assert_eq!(
        errors(&[0, 1, 0])[0].to_string(),
        "byte 3: the message ends within a packet: up to here it needs 4 bytes"
    );
    assert_eq!(errors(&[0, 1, 0, 1, 7])[0].to_string(), "byte 2: no packet has 1 bytes");
}

#[test]
fn bytes_behind_the_last_packet_are_counted() {
    let mut bytes = message(&[words(LTP_LEN, &[])]);
    bytes.extend([1, 2, 3]);
    let mut all = packets(&bytes);
    assert_eq!(all.by_ref().flatten().count(), 1);
    assert_eq!(all.unread_bytes(), 3);
}

#[test]
fn prices_scale_by_segment() {
    for (segment, in_rupee) in [(3, 10_000_000), (6, 10_000), (12, 10_000), (1, 100), (8, 100), (9, 100), (200, 100)] {
        assert_eq!(divisor(segment), in_rupee);
        assert_eq!(wire_to_fixed(in_rupee, segment), crate::fixed::ONE);
    }
    assert_eq!(wire_to_fixed(u32::MAX, 1), 4_294_967_295_000_000);
}

#[test]
fn only_a_time_that_the_exchange_gave_is_one() {
    let time = |len: usize, at: usize| only(&message(&[words(len, &[(at, 1_784_088_900)])])).exchange_time_s();
    assert_eq!((time(INDEX_FULL_LEN, 28), time(FULL_LEN, 60)), (Some(1_784_088_900), Some(1_784_088_900)));
    assert_eq!((time(INDEX_FULL_LEN, 24), time(FULL_LEN, 44)), (None, None), "0 is no time, nor is the last trade's");
    assert_eq!((time(LTP_LEN, 4), time(INDEX_QUOTE_LEN, 24), time(QUOTE_LEN, 40)), (None, None, None));
}

#[test]
fn nobody_trades_with_a_row_without_price_or_quantity() {
    let row = |quantity, price| Row { quantity, price, orders: 1 };
    let bids = [row(0, 900), row(5, 0), row(3, 99), row(4, 100), row(0, 0)];
    let asks = [row(0, 1), row(9, 0), row(7, 103), row(8, 102), row(0, 0)];
    let bytes = full_with(&[bids, asks].concat());
    assert_eq!(full(&bytes).top(), Top { bid: row(4, 100), ask: row(8, 102) });
    assert_eq!(full(&full_with(&[])).top(), Top::default());
}

proptest! {
    #![proptest_config(crate::tests::cases(256))]

    #[test]
    fn quote_fields_round_trip(instrument in any::<u32>(), sent in prop::array::uniform10(any::<u32>()), is_full in any::<bool>()) {
        let places = [4, 8, 12, 16, 20, 24, 28, 32, 36, 40];
        let put: Vec<_> = places.into_iter().zip(sent).chain([(0, instrument)]).collect();
        let bytes = message(&[words(if is_full { FULL_LEN } else { QUOTE_LEN }, &put)]);
        let packet = only(&bytes);
        let quote = match packet.body {
            Body::Quote(quote) => quote,
            Body::Full(full) => full.quote(),
            Body::Ltp(_) | Body::IndexQuote(_) | Body::IndexFull(_) => panic!("not a quote"),
        };
        let seen = [
            quote.last_price(), quote.last_quantity(), quote.average_price(), quote.volume(),
            quote.total_buy_quantity(), quote.total_sell_quantity(), quote.open(), quote.high(), quote.low(), quote.close(),
        ];
        prop_assert_eq!(seen, sent);
        prop_assert_eq!((packet.instrument, u32::from(packet.segment())), (instrument, instrument % 256));
        prop_assert_eq!(packet.last_price(), sent[0]);
    }

    #[test]
    fn index_fields_round_trip(sent in prop::array::uniform5(any::<u32>()), change in any::<i32>(), time in any::<u32>()) {
        let put: Vec<_> = [4, 8, 12, 16, 20, 24, 28].into_iter().zip(sent.into_iter().chain([change.cast_unsigned(), time])).collect();
        let short = message(&[words(INDEX_QUOTE_LEN, &put[..6])]);
        let long = message(&[words(INDEX_FULL_LEN, &put)]);
        let (Body::IndexQuote(quote), Body::IndexFull(full)) = (only(&short).body, only(&long).body) else { panic!("indices") };
        for index in [quote, full.quote()] {
            prop_assert_eq!([index.last_price(), index.high(), index.low(), index.open(), index.close()], sent);
            prop_assert_eq!(index.price_change(), change);
        }
        prop_assert_eq!(full.exchange_time_s(), time);
        prop_assert_eq!((only(&short).last_price(), only(&long).last_price()), (sent[0], sent[0]));
    }

    #[test]
    fn full_fields_round_trip(sent in prop::array::uniform5(any::<u32>())) {
        let put: Vec<_> = [44, 48, 52, 56, 60].into_iter().zip(sent).collect();
        let bytes = message(&[words(FULL_LEN, &put)]);
        let full = full(&bytes);
        let seen = [
            full.last_trade_time_s(), full.open_interest(), full.open_interest_high(), full.open_interest_low(),
            full.exchange_time_s(),
        ];
        prop_assert_eq!(seen, sent);
    }

    #[test]
    fn book_rows_round_trip(rows in prop::collection::vec((any::<u32>(), any::<u32>(), any::<u16>()), 10)) {
        let rows: Vec<_> = rows.into_iter().map(|(quantity, price, orders)| Row { quantity, price, orders }).collect();
        let bytes = full_with(&rows);
        let full = full(&bytes);
        prop_assert_eq!(full.buys().collect::<Vec<_>>(), &rows[..5]);
        prop_assert_eq!(full.sells().collect::<Vec<_>>(), &rows[5..]);
    }

    #[test]
    fn packets_come_in_the_order_sent(kinds in prop::collection::vec((0usize..5, any::<u32>()), 0..60)) {
        let bodies: Vec<_> = kinds.iter().map(|(kind, instrument)| words(LENGTHS[*kind], &[(0, *instrument)])).collect();
        let bytes = message(&bodies);
        let seen: Vec<_> = packets(&bytes).map(|packet| packet.expect("whole").instrument).collect();
        prop_assert_eq!(seen, kinds.into_iter().map(|(_, instrument)| instrument).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_end(count in 0u16..9, bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(8), any::<u8>()], 0..500)) {
        let bytes: Vec<_> = count.to_be_bytes().into_iter().chain(bytes).collect();
        let mut all = packets(&bytes);
        let seen: Vec<_> = all.by_ref().collect();
        prop_assert!(seen.len() <= usize::from(count));
        for error in seen.iter().filter_map(|packet| packet.as_ref().err()) {
            prop_assert!(error.position <= bytes.len());
        }
        prop_assert!(all.unread_bytes() <= bytes.len());
    }
}

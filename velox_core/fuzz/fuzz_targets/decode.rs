//! Any bytes: no panic, and what is decoded stands in the frame where the format says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velox_core::decode::smartapi::{
    Body, DEPTH20_LEN, Depth20, LTP_LEN, Mode, Packet, QUOTE_LEN, SNAP_QUOTE_LEN, SnapQuote, TokenKey, decode,
    wire_to_fixed,
};
use velox_core::decode::{DecodeError, Reason};

fuzz_target!(|frame: &[u8]| {
    match decode(frame) {
        Ok(packet) => check_packet(frame, &packet),
        Err(error) => check_error(frame, error),
    }
});

fn word(frame: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(frame[at..at + 8].try_into().expect("eight bytes"))
}

fn len_of(mode: Mode) -> usize {
    match mode {
        Mode::Ltp => LTP_LEN,
        Mode::Quote => QUOTE_LEN,
        Mode::SnapQuote => SNAP_QUOTE_LEN,
        Mode::Depth20 => DEPTH20_LEN,
    }
}

fn check_packet(frame: &[u8], packet: &Packet<'_>) {
    assert_eq!(packet.mode as u8, frame[0]);
    assert_eq!(packet.exchange_type, frame[1]);
    assert_eq!(frame.len(), len_of(packet.mode) + packet.trailing_bytes);
    check_token(frame, packet);
    let (sequence, time_at) = match packet.mode {
        Mode::Ltp | Mode::Quote | Mode::SnapQuote => (word(frame, 27), 35),
        Mode::Depth20 => (0, 27),
    };
    assert_eq!((packet.sequence, packet.exchange_time_ms), (sequence, word(frame, time_at)));
    if let Some(price) = packet.last_price() {
        assert_eq!(price, word(frame, 43));
        check_scale(price, packet.exchange_type);
    }
    if let Some(quote) = packet.quote() {
        assert_eq!(quote.last_price(), word(frame, 43));
        assert_eq!((quote.volume(), quote.close()), (word(frame, 67), word(frame, 115)));
    }
    match packet.body {
        Body::Ltp(_) | Body::Quote(_) => {}
        Body::SnapQuote(snap) => check_book(frame, &snap),
        Body::Depth20(depth) => check_depth(frame, &depth),
    }
}

fn check_token(frame: &[u8], packet: &Packet<'_>) {
    let padded = &frame[2..27];
    let len = padded.iter().position(|byte| *byte == 0).unwrap_or(padded.len());
    assert_eq!(packet.token().as_bytes(), &padded[..len]);
    assert_eq!(Some(packet.key), TokenKey::new(packet.exchange_type, &padded[..len]));
}

fn check_scale(price: i64, exchange_type: u8) {
    let unit = if exchange_type == 13 { 10 } else { 1_000_000 };
    let wide = i128::from(price) * unit;
    assert_eq!(wire_to_fixed(price, exchange_type), i64::try_from(wide).ok());
}

fn check_book(frame: &[u8], snap: &SnapQuote<'_>) {
    let rows: Vec<_> = snap.rows().collect();
    assert_eq!(rows.len(), 10);
    for (place, row) in rows.iter().enumerate() {
        let at = 147 + 20 * place;
        assert_eq!((row.quantity, row.price), (word(frame, at + 2), word(frame, at + 10)));
    }
    let there = rows.iter().filter(|row| !row.is_absent()).count();
    assert_eq!(snap.levels(true).count() + snap.levels(false).count(), there);
    assert_eq!(snap.has_book(), there > 0);
    let good = |buy: bool| {
        let side = rows.iter().filter(move |row| row.is_buy() == buy);
        side.filter(|row| row.quantity > 0 && row.price > 0)
    };
    let top = snap.top();
    assert_eq!(top.bid, good(true).map(|row| row.price).max().unwrap_or(0));
    assert_eq!(top.ask, good(false).map(|row| row.price).min().unwrap_or(0));
    assert_eq!((top.bid > 0, top.ask > 0), (top.bid_quantity > 0, top.ask_quantity > 0));
    assert_eq!(snap.year_low(), word(frame, 371));
}

fn check_depth(frame: &[u8], depth: &Depth20<'_>) {
    let rows: Vec<_> = depth.buys().chain(depth.sells()).collect();
    assert_eq!(rows.len(), 40);
    for (place, row) in rows.iter().enumerate() {
        let bytes = &frame[43 + 10 * place..53 + 10 * place];
        assert_eq!(row.quantity.to_le_bytes(), bytes[..4]);
        assert_eq!(row.price.to_le_bytes(), bytes[4..8]);
        assert_eq!(row.orders.to_le_bytes(), bytes[8..]);
    }
    assert_eq!(depth.received_time_ms(), word(frame, 35));
}

fn check_error(frame: &[u8], error: DecodeError) {
    assert!(!error.to_string().is_empty());
    match error.reason {
        Reason::Empty => assert!(frame.is_empty()),
        Reason::UnknownMode(mode) => assert!(frame[0] == mode && !(1..=4).contains(&mode)),
        Reason::TooShort { needed } => {
            assert!(error.position == frame.len() && frame.len() < needed);
        }
        Reason::TokenNotUtf8 => assert!((2..27).contains(&error.position)),
        Reason::PacketCut { .. } | Reason::UnknownLength(_) => panic!("one packet a frame: {error}"),
    }
}

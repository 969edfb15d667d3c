//! Any bytes: no panic, and a plain second reader of the format finds the same packets, errors and fields.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velox_core::decode::kite::{Body, Full, Packet, divisor, packets, wire_to_fixed};
use velox_core::decode::{DecodeError, Reason};

fuzz_target!(|message: &[u8]| {
    let mut all = packets(message);
    let mut at = 2;
    let counted = if message.len() > 1 { number(message, 0, 2) } else { u64::from(message.is_empty()) };
    let mut seen = 0;
    let mut is_cut = false;
    for packet in &mut all {
        assert!(!is_cut, "nothing follows a cut");
        seen += 1;
        match packet {
            Ok(packet) => {
                let len = number(message, at, 2) as usize;
                check_packet(&message[at + 2..at + 2 + len], &packet);
                at += 2 + len;
            }
            Err(error) => match check_error(message, at, error) {
                Some(next) => at = next,
                None => is_cut = true,
            },
        }
    }
    assert!(is_cut || seen == counted);
    let read = if is_cut { message.len() } else { at.min(message.len()) };
    assert_eq!(all.unread_bytes(), message.len() - read);
});

fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    bytes[at..at + len].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn word(bytes: &[u8], place: usize) -> u32 {
    number(bytes, 4 * place, 4) as u32
}

/// Where the next packet begins; `None` where the message ends.
fn check_error(message: &[u8], at: usize, error: DecodeError) -> Option<usize> {
    assert!(!error.to_string().is_empty());
    match error.reason {
        Reason::Empty => assert!(message.is_empty()),
        Reason::PacketCut { needed } => {
            assert!(error.position == message.len() && needed > message.len());
            let known = at + 2 <= message.len();
            assert_eq!(needed, at + 2 + if known { number(message, at, 2) as usize } else { 0 });
        }
        Reason::UnknownLength(len) => {
            assert!(error.position == at && u64::from(len) == number(message, at, 2));
            assert!(![8, 28, 32, 44, 184].contains(&len));
            return Some(at + 2 + usize::from(len));
        }
        Reason::UnknownMode(_) | Reason::TooShort { .. } | Reason::TokenNotUtf8 => {
            panic!("not of this format: {error}")
        }
    }
    None
}

fn check_packet(bytes: &[u8], packet: &Packet<'_>) {
    assert_eq!(packet.instrument, word(bytes, 0));
    assert_eq!(packet.segment(), bytes[3]);
    assert_eq!(packet.last_price(), word(bytes, 1));
    let (price, one) = (i128::from(wire_to_fixed(packet.last_price(), packet.segment())), 100_000_000);
    assert_eq!(price * i128::from(divisor(packet.segment())), i128::from(packet.last_price()) * one);
    let time = match packet.body {
        Body::Ltp(_) => check_len(bytes, 8, 0),
        Body::IndexQuote(index) => {
            assert_eq!([index.high(), index.low(), index.open(), index.close()], [2, 3, 4, 5].map(|p| word(bytes, p)));
            check_len(bytes, 28, 0)
        }
        Body::IndexFull(full) => {
            assert_eq!(full.quote().price_change() as u32, word(bytes, 6));
            check_len(bytes, 32, word(bytes, 7))
        }
        Body::Quote(quote) => {
            assert_eq!((quote.volume(), quote.close()), (word(bytes, 4), word(bytes, 10)));
            check_len(bytes, 44, 0)
        }
        Body::Full(full) => {
            check_book(bytes, &full);
            check_len(bytes, 184, word(bytes, 15))
        }
    };
    assert_eq!(packet.exchange_time_s(), (time > 0).then_some(time));
}

fn check_len(bytes: &[u8], len: usize, time: u32) -> u32 {
    assert_eq!(bytes.len(), len);
    time
}

fn check_book(bytes: &[u8], full: &Full<'_>) {
    let rows: Vec<_> = full.buys().chain(full.sells()).collect();
    assert_eq!(rows.len(), 10);
    for (place, row) in rows.iter().enumerate() {
        let at = 16 + 3 * place;
        assert_eq!((row.quantity, row.price), (word(bytes, at), word(bytes, at + 1)));
        assert_eq!(u64::from(row.orders), number(bytes, 4 * at + 8, 2));
    }
    let good = |side: &'static str| {
        let half = if side == "buy" { &rows[..5] } else { &rows[5..] };
        half.iter().filter(|row| row.quantity > 0 && row.price > 0).map(|row| row.price)
    };
    let top = full.top();
    assert_eq!(top.bid.price, good("buy").max().unwrap_or(0));
    assert_eq!(top.ask.price, good("sell").min().unwrap_or(0));
    assert_eq!((top.bid.price > 0, top.ask.price > 0), (top.bid.quantity > 0, top.ask.quantity > 0));
}

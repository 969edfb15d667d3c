//! Any bytes as a trading day: no panic, sound books after every step, and the same decisions once more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use velox_core_fuzz::bytes::Bytes;
use velox_core_fuzz::play::Play;

fuzz_target!(|bytes: &[u8]| {
    let mut from = Bytes::new(bytes);
    let mut play = Play::begin(&mut from);
    play.run(&mut from);
    play.watched.assert_repeats();
});

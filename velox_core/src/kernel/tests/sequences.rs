//! A million random sequences of events: books, exits and money stay sound after each event of each.
//!
//! `VELOX_SEQUENCES` says how many are played and `VELOX_SEED` where they begin; a failure tells the seed with which it
//! comes again, and the shortest sequence that shows it.

use super::acts::{Act, World, act, world};
use super::random::Play;
use crate::record::MarkKind;
use crate::tests::from_environment;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

/// Long enough for an entry, its fill, its exit and what interferes.
const ACTS_MAX: usize = 40;

/// So many streams of sequences begin at one seed, however many cores play them.
const STREAMS: u32 = 16;

/// Plays sequences from a seed on all cores; the first failure is told.
fn play(sequences: u32, seed: u64) {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    let streams = |from: u32| (from..STREAMS).step_by(threads as usize);
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads.min(STREAMS))
            .map(|from| scope.spawn(move || streams(from).find_map(|stream| play_stream(sequences, seed, stream))))
            .collect();
        for part in parts {
            if let Some(failure) = part.join().unwrap() {
                panic!("{failure}");
            }
        }
    });
}

/// A stream's share of all sequences.
fn play_stream(all: u32, seed: u64, stream: u32) -> Option<String> {
    let sequences = all.div_ceil(STREAMS);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..12].copy_from_slice(&stream.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { cases: sequences, max_shrink_iters: 20_000, failure_persistence: None, ..Config::default() };
    let given = (world(), prop::collection::vec(act(), 1..ACTS_MAX));
    let told = TestRunner::new_with_rng(config, rng).run(&given, |(world, acts)| {
        day(world, &acts);
        Ok(())
    });
    match told {
        Ok(()) => None,
        Err(TestError::Fail(why, (world, acts))) => {
            Some(format!("VELOX_SEED={seed} VELOX_SEQUENCES={all}: {why}\n{world:?}\n{acts:#?}"))
        }
        Err(TestError::Abort(why)) => Some(format!("VELOX_SEED={seed}: gave up: {why}")),
    }
}

/// One sequence and the end of its day; `Day` looks after every record.
fn day(world: World, acts: &[Act]) {
    let mut play = Play::new(world);
    play.acts(acts);
    play.day.session(MarkKind::DayDone, play.day.kernel.now);
    assert_eq!(play.day.kernel.orders.iter().count(), 0, "no order outlives its day");
}

#[test]
fn some_random_sequences_stay_sound() {
    play(1_000, from_environment("VELOX_SEED", 1));
}

#[test]
#[ignore = "a million of them take minutes: scripts/sequences"]
fn a_million_random_sequences_stay_sound() {
    let sequences = from_environment("VELOX_SEQUENCES", 1_000_000);
    play(u32::try_from(sequences).expect("fewer sequences"), from_environment("VELOX_SEED", 1));
}

#[test]
fn a_seed_gives_the_same_sequences_again() {
    let first = |seed: u64| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let acts = prop::collection::vec(act(), 1..ACTS_MAX).new_tree(&mut runner).unwrap();
        format!("{:?}", proptest::strategy::ValueTree::current(&acts))
    };
    assert_eq!(first(7), first(7));
    assert_ne!(first(7), first(8));
}

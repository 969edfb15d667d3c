//! A million random sequences of events: books, exits and money stay sound after each event of each.
//!
//! `VELOX_SEQUENCES` says how many are played and `VELOX_SEED` where they begin; a failure tells the seed with which it
//! comes again, and the shortest sequence that shows it.

use super::random::{Act, Play, World, act, world};
use crate::record::MarkKind;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

/// Long enough for an entry, its fill, its exit and what interferes.
const ACTS_MAX: usize = 40;

/// Plays sequences from a seed on all cores; the first failure is told.
fn play(sequences: u32, seed: u64) {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let share = sequences.div_ceil(threads as u32);
    std::thread::scope(|scope| {
        let played: Vec<_> = (0..threads).map(|thread| scope.spawn(move || play_share(share, seed, thread))).collect();
        for outcome in played {
            if let Some(failure) = outcome.join().unwrap() {
                panic!("{failure}");
            }
        }
    });
}

fn play_share(sequences: u32, seed: u64, thread: u64) -> Option<String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&thread.to_le_bytes());
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
            Some(format!("VELOX_SEED={seed} VELOX_SEQUENCES={sequences}: {why}\n{world:?}\n{acts:#?}"))
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

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[test]
fn some_random_sequences_stay_sound() {
    play(400, from_environment("VELOX_SEED", 1));
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

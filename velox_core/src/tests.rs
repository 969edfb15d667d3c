//! What the tests of all modules share: how many cases a property test draws.

use proptest::test_runner::Config;

/// So many cases, times `VELOX_CASES_TIMES`.
pub(crate) fn cases(usual: u32) -> Config {
    let times = from_environment("VELOX_CASES_TIMES", 1);
    let cases = u32::try_from(u64::from(usual).saturating_mul(times)).expect("fewer cases");
    // Shrinking is bounded by itself: by default it would go on for a multiple of the cases.
    Config { cases, max_shrink_iters: 4_000, ..Config::default() }
}

/// A whole number that the environment sets.
pub(crate) fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

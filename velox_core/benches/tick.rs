//! The hot path and risk under criterion: the same loops as `velox bench`, for judging a change beside its base.
//!
//! Run with `cargo bench -p velox_core --bench tick`. Machine and last figures: `benchmarks/results/`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;
use velox_core::bench::{risk, tick};

const PLAN: tick::Plan = tick::Plan { instruments: 1_000, gap_ms: 1, warm_up: 100_000, ticks: 400_000 };

fn hot_path(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core");
    group.sample_size(10).throughput(Throughput::Elements(1));
    group.bench_function("tick_without_journal", |bencher| {
        bencher.iter_custom(|count| {
            let run = tick::run(None, PLAN).expect("a core in memory takes every tick");
            Duration::from_secs_f64(run.blocks.mean_ns() * 1e-9 * count as f64)
        });
    });
    group.bench_function("risk_check", |bencher| {
        bencher.iter_custom(|count| {
            let run = risk::run(100_000).expect("a core in memory takes every order");
            Duration::from_secs_f64(run.blocks.mean_ns() * 1e-9 * count as f64)
        });
    });
    group.finish();
}

criterion_group!(benches, hot_path);
criterion_main!(benches);

//! The journal's cost: appending on the owner thread, making an intent durable among ticks, reading back.
//!
//! Run with `cargo bench -p velox_core --bench journal`; `VELOX_BENCH_FOLDER` names the disk (else the temporary
//! folder). Last figures, on two cores of an AMD EPYC that others kept busy (load 3):
//!
//! | what | figure |
//! |---|---|
//! | append 190 bytes | 37–43 ns |
//! | read 190 bytes, checksum included | 42 ns (24 M/s) |
//! | intent durable among 50,000 ticks/s, ext4 | p50 250 µs, p99 3.3 ms; a bare fdatasync beside it: 360 µs, 7.2 ms |
//! | the same on tmpfs | p50 16 µs, p99 1.0–1.7 ms, which is the scheduler alone |

use std::hint::black_box;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group};
use tempfile::TempDir;
use velox_core::journal::{Error, FirstRecord, Lock, Options, Reader, SegmentMeta, Start, Writer};

const TICK_KIND: u8 = 10;
/// With the header of 26 bytes a record of 190.
const PAYLOAD: [u8; 164] = [0x5A; 164];
/// Appended between two waits for the disk, so that the owner's cost is measured and not the disk's.
const BURST_LEN: u64 = 1_000;
const TICK_NS: u64 = 20_000; // 50,000 ticks/s
const INTENTS: u64 = 1_000;
const TICKS_PER_INTENT: u64 = 250;
const READ_RECORDS: u64 = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

fn folder() -> TempDir {
    let base = std::env::var_os("VELOX_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    tempfile::tempdir_in(base).expect("a folder can be made on the disk to measure")
}

fn open(dir: &TempDir) -> Result<Writer, Error> {
    let meta = SegmentMeta {
        run: 1,
        kernel_version: "bench".to_owned(),
        config_digest: [0; 32],
        facts_digest: [0; 32],
        created_ns: 0,
    };
    let first = FirstRecord { seq: 1, ts: 0, snapshot: vec![0; 1_000] };
    Writer::create(Lock::acquire(dir.path())?, Options::default(), meta, &first)
}

fn append_burst(writer: &mut Writer, seq: &mut u64, count: u64) -> Result<Duration, Error> {
    let since = Instant::now();
    for _ in 0..count {
        *seq += 1;
        writer.append(*seq, *seq as i64, TICK_KIND, 0, black_box(&PAYLOAD))?;
    }
    let spent = since.elapsed();
    writer.wait_synced(*seq, PATIENCE)?;
    Ok(spent)
}

fn append(criterion: &mut Criterion) {
    let dir = folder();
    let mut writer = open(&dir).expect("an empty folder takes a journal");
    let mut seq = 1;
    let mut group = criterion.benchmark_group("journal");
    group.sample_size(20).measurement_time(Duration::from_secs(3)).throughput(Throughput::Elements(1));
    group.bench_function("append_190_bytes", |bencher| {
        bencher.iter_custom(|count| {
            let mut spent = Duration::ZERO;
            for begin in (0..count).step_by(BURST_LEN as usize) {
                let burst = append_burst(&mut writer, &mut seq, BURST_LEN.min(count - begin));
                spent += burst.expect("the disk takes the records");
            }
            spent
        });
    });
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let dir = folder();
    let mut writer = open(&dir).expect("an empty folder takes a journal");
    append_burst(&mut writer, &mut 1, READ_RECORDS).expect("the disk takes the records");
    writer.close().expect("the disk takes the records");
    let mut group = criterion.benchmark_group("journal");
    group.sample_size(10).throughput(Throughput::Elements(READ_RECORDS));
    group.bench_function("read_190_bytes", |bencher| {
        bencher.iter(|| {
            let mut reader = Reader::open(dir.path(), Start::First).expect("the journal is whole");
            let mut sum = 0u64;
            while let Some(record) = reader.next_record().expect("the journal is whole") {
                sum = sum.wrapping_add(record.seq + u64::from(record.payload.last().copied().unwrap_or(0)));
            }
            sum
        });
    });
    group.finish();
}

/// Ticks at their rate; every 250th is an intent whose time to durability is taken while the ticks go on.
fn sync_latencies() -> Result<Vec<u64>, Error> {
    let dir = folder();
    let mut writer = open(&dir)?;
    let mut latencies = Vec::with_capacity(INTENTS as usize);
    let begin = Instant::now();
    let mut intent: Option<(u64, Instant)> = None;
    for tick in 0..INTENTS * TICKS_PER_INTENT {
        let due = Duration::from_nanos(tick * TICK_NS);
        while begin.elapsed() < due {
            if let Some((_, since)) = intent.take_if(|(seq, _)| writer.synced_seq() >= *seq) {
                latencies.push(since.elapsed().as_nanos() as u64);
            }
            std::hint::spin_loop();
        }
        let seq = tick + 2;
        let is_intent = tick % TICKS_PER_INTENT == 0 && intent.is_none();
        let since = Instant::now();
        writer.append(seq, tick as i64, TICK_KIND, 0, &PAYLOAD)?;
        if is_intent {
            writer.request_sync(seq)?;
            intent = Some((seq, since));
        }
    }
    latencies.sort_unstable();
    Ok(latencies)
}

fn sync() {
    let latencies = sync_latencies().expect("the disk takes the records");
    let at = |share: usize| latencies.get((latencies.len() - 1) * share / 1000).copied().unwrap_or(0) / 1_000;
    let line = format!(
        "journal/sync at 50,000 ticks/s: p50 {} µs, p99 {} µs, p99.9 {} µs, {} intents\n",
        at(500),
        at(990),
        at(999),
        latencies.len()
    );
    std::io::stdout().write_all(line.as_bytes()).expect("standard output is open");
}

criterion_group!(throughput, append, read);

fn main() {
    throughput();
    sync();
    Criterion::default().configure_from_args().final_summary();
}
